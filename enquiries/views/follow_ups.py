"""Follow-ups: writing one, who is due, and the sections on the workbench and on a salesperson's day."""

from dataclasses import replace
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from enquiries.forms.details import FollowUpForm
from enquiries.models import FollowUp
from enquiries.queries import customers as query
from enquiries.queries.follow_ups import Due, DueLines, due
from enquiries.queries.present import sees_people
from enquiries.services import follow_ups, looks
from enquiries.views.customers import CustomerForm, InCustomers
from inventory.models import Project
from inventory.queries.scope import projects_visible_to
from salescontrol.core import clock, tables
from salescontrol.core.access import Access
from salescontrol.core.permissions import Permission
from salescontrol.core.views import ListPage

SHOWN = 8
COLUMNS = (
    tables.Column("number", gettext_lazy("Customer")),
    tables.Column("name", pgettext_lazy("of a person", "Name")),
    tables.Column("next_on", gettext_lazy("Due"), format="day", sort=("next_on",)),
    tables.Column("way", gettext_lazy("Last time")),
    tables.Column("content", gettext_lazy("What was said")),
    tables.Column("owner", gettext_lazy("Salesperson")),
)


class FollowUpWrite(CustomerForm):
    """Write down a contact; whose the customer is runs anew from it."""

    title = gettext_lazy("Write a follow-up")
    success = gettext_lazy("Saved. The customer stays with the salesperson for another term.")
    form_class = FollowUpForm

    def perform(self, form) -> FollowUp:
        return follow_ups.follow_up(customer=self._customer, by=self.request.user, **form.cleaned_data)


class DueList(InCustomers, ListPage):
    """Whom somebody promised to speak with by today. Each showing is on record first."""

    title = gettext_lazy("Due today")
    default_order = ("next_on", "pk")
    empty = gettext_lazy("Nobody is due today. The date of the next contact is written with a follow-up.")

    def get_rows(self):
        return due(self.request.access, self.project, clock.today(self.project.zone))

    def get_columns(self):
        first, *others = COLUMNS if sees_people(self.request.access, self.project_id) else COLUMNS[:-1]
        return [replace(first, link=lambda line: self.address("customer", line.number)), *others]

    def page_of(self, rows) -> dict:
        context = super().page_of(DueLines(self.request.access, rows))
        count = context["page"].paginator.count
        looks.note_listed(project=self.project, count=count, filtered_by=[], by=self.request.user)
        return context

    def get_context(self) -> dict:
        return {"context_line": self.project.name}


def tile(access: Access, project: Project | None) -> dict | None:
    """On the workbench: who is due today, and for the desk how many are to be given to somebody."""
    if project is None or not _reads(access, project):
        return None
    rows = due(access, project, clock.today(project.zone))
    desk = access.can(Permission.CUSTOMER_SEE_ALL, project.pk) and access.can(Permission.CUSTOMER_ENTER, project.pk)
    url = reverse("enquiries:customer_list", args=[project.code])
    return {
        "count": rows.count(),
        "lines": [_line(project, line) for line in DueLines(access, rows)[:SHOWN]],
        "url": reverse("enquiries:follow_ups_due", args=[project.code]),
        "ownerless": query.listed(access, project).filter(owner=None).count() if desk else 0,
        "ownerless_url": f"{url}?owner=none",
    }


def of_day(access: Access, subject: Any) -> dict | None:
    """On a person's day: whom they promised to speak with by that day, in every project of theirs.

    `subject` is the day, or the project whose today is meant.
    """
    if isinstance(subject, Project):
        projects, day = [subject], clock.today(subject.zone)
    else:
        projects = list(projects_visible_to(access))
        day = subject if isinstance(subject, date) else clock.today()
    lines = []
    for project in projects:
        if _reads(access, project):
            rows = due(access, project, day).filter(customer__owner=access.user)
            lines += [_line(project, line) for line in DueLines(access, rows)[:SHOWN]]
    return {"lines": lines} if lines else None


def _reads(access: Access, project: Project) -> bool:
    return access.can(Permission.CUSTOMER_SEE_OWN, project.pk) or access.can(Permission.CUSTOMER_SEE_ALL, project.pk)


def _line(project: Project, line: Due) -> dict:
    """By number only: the name stands on the customer's page, where the look is on record."""
    url = reverse("enquiries:customer", args=[project.code, line.number])
    return {"number": line.number, "way": line.way, "next_on": line.next_on, "owner": line.owner, "url": url,
            "title": _("Speak with customer %(number)s") % {"number": line.number}}  # fmt: skip
