"""Pages of visits: the sheet, the list with Excel, one visit, the section on a customer's page (R2.5)."""

from dataclasses import replace

from django.http import HttpResponse
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enquiries.forms.visits import VisitFilter, VisitForm
from enquiries.models import Customer, Visit
from enquiries.queries import visits as query
from enquiries.queries.customers import OFFERED, customer_choices
from enquiries.queries.present import sees_people
from enquiries.services import customers, looks, visits
from enquiries.views.lists import PersonalList
from inventory.services.assignment import salespeople
from inventory.views.base import InProject
from salescontrol.core import clock, tables
from salescontrol.core.access import Access
from salescontrol.core.permissions import Permission
from salescontrol.core.views import DetailPage, FormPage

SHOWN = 8
COLUMNS = (
    tables.Column("number", gettext_lazy("Visit")),
    tables.Column("at", gettext_lazy("Came"), format="moment", sort=("at",)),
    tables.Column("name", gettext_lazy("Customer")),
    tables.Column("phone", gettext_lazy("Phone")),
    tables.Column("kind", gettext_lazy("Kind of visit"), sort=("kind",)),
    tables.Column("channel", gettext_lazy("Channel"), sort=("channel",)),
    tables.Column("grade", gettext_lazy("Grade"), sort=("grade",)),
    tables.Column("wishes", gettext_lazy("Looks for"), wrap=True, minor=True),
    tables.Column("salesperson", gettext_lazy("Salesperson"), sort=("salesperson__name",)),
)
_APART = ("op_id", "customer", "new_name", "new_phone", "salesperson", "kind", "at", "late_reason", "carry")


class InVisits(InProject):
    """Mixin: a page of a project for those who may read visits: the desk all of them, a salesperson their own."""

    def prepare_in_project(self) -> None:
        if not self.may(Permission.VISIT_SEE_OWN):
            self.request.access.require(Permission.VISIT_SEE_ALL, self.project_id)

    def address(self, name: str, *args) -> str:
        return reverse(f"enquiries:{name}", args=[self.project.code, *args])

    def may(self, permission: Permission) -> bool:
        return self.request.access.can(permission, self.project_id)


class VisitList(InVisits, PersonalList):
    """The visits that the reader may see, phones masked; Excel of exactly that. Each showing is on record first."""

    title = gettext_lazy("Visits")
    filterset_class = VisitFilter
    default_order = ("-at", "-pk")
    export_permission = Permission.VISIT_SEE_ALL
    empty = gettext_lazy("No visits yet. Log the first one when somebody comes.")

    @property
    def people(self) -> bool:
        return sees_people(self.request.access, self.project_id)

    def get_rows(self):
        return query.listed(self.request.access, self.project)

    def get_filterset_kwargs(self) -> dict:
        return {"people": query.salespeople(self.request.access, self.project) if self.people else None}

    def get_columns(self):
        first, *others = COLUMNS if self.people else COLUMNS[:-1]
        return [replace(first, link=lambda shown: self.address("visit", shown.number)), *others]

    def page_of(self, rows) -> dict:
        context = super().page_of(query.Cards(self.request.access, rows))
        visits.note_listed(project=self.project, count=context["page"].paginator.count, by=self.request.user)
        return context

    def export(self, rows) -> HttpResponse:
        return super().export(query.Cards(self.request.access, rows))

    def get_context(self) -> dict:
        actions = []
        if self.may(Permission.VISIT_LOG):
            actions.append({"url": self.address("visit_new"), "label": _("Log a visit"), "style": "primary"})
        return {"actions": actions, "context_line": self.project.name}


class VisitPage(InVisits, DetailPage):
    """One visit: who came, what they look for and what they said."""

    template_name = "enquiries/visit.html"

    def prepare_in_project(self) -> None:
        self._visit = query.find(self.request.access, self.project, self.kwargs["number"])

    def get_title(self) -> str:
        return _("Visit %(number)s") % {"number": self._visit.number}

    def show(self, status: int = 200, **extra) -> HttpResponse:
        visits.note_seen(visit=self._visit, by=self.request.user)
        return super().show(status, **extra)

    def get_context(self) -> dict:
        shown = query.card(self.request.access, self._visit)
        call = query.call_of(self.request.access, self._visit)
        return {
            "card": shown,
            "project": self.project,
            "customer_url": self.address("customer", shown.customer) if shown.customer else "",
            "call": call,
            "call_url": self.address("call", call) if call else "",
        }


class VisitNew(InVisits, FormPage):
    """A visit is written down on its day; the address may name the customer, of whom the kind is proposed."""

    permission = Permission.VISIT_LOG
    title = gettext_lazy("Log a visit")
    submit_label = gettext_lazy("Log the visit")
    success = gettext_lazy("Logged.")
    form_class = VisitForm

    @cached_property
    def choices(self):
        return customer_choices(self.request.access, self.project)

    def get_form_kwargs(self) -> dict:
        desk = self.may(Permission.VISIT_SEE_ALL)
        return {
            "customers": self.choices,
            "salespeople": salespeople(self.project) if desk else None,
            "late": self.may(Permission.VISIT_LATE),
        }

    def get_initial(self) -> dict:
        customer = self.choices.filter(number=self.request.GET.get("customer", "")).first()
        known = {"customer": customer.pk, "kind": visits.proposed(customer)[0]} if customer else {}
        return {"at": clock.now(), **known}

    def get_context(self) -> dict:
        return {"context_line": self.project.name, "back_url": self.address("visit_list")}

    def show(self, status: int = 200, **extra) -> HttpResponse:
        count = min(self.choices.count(), OFFERED)
        looks.note_listed(project=self.project, count=count, filtered_by=(), by=self.request.user)
        return super().show(status, **extra)

    def perform(self, form) -> Visit:
        values = form.cleaned_data
        report = visits.Report(
            customer=self.customer_of(values), salesperson=values.get("salesperson"), kind=values["kind"], at=values["at"],
            late_reason=values.get("late_reason", ""), carry=values["carry"],
            said={name: value for name, value in values.items() if name not in _APART},
        )  # fmt: skip
        return visits.log_visit(op_id=values["op_id"], project=self.project, report=report, by=self.request.user)

    def customer_of(self, values: dict) -> Customer:
        """The customer chosen or entered; entering has a transaction of its own, so that a look-up stays on record (abuse 21)."""
        return values["customer"] or customers.find_or_enter(
            project=self.project, name=values["new_name"], phone=values["new_phone"], owner=values.get("salesperson"),
            channel=values["channel"], by=self.request.user,
        )  # fmt: skip

    def get_success_url(self, result: Visit) -> str:
        return self.address("visit", result.number)


def of_customer(access: Access, customer: Customer) -> dict | None:
    """The visits of a customer on their page."""
    readers = (Permission.VISIT_SEE_ALL, Permission.VISIT_SEE_OWN)
    if not any(access.can(right, customer.project_id) for right in readers):
        return None
    code = customer.project.code
    new = f"{reverse('enquiries:visit_new', args=[code])}?customer={customer.number}"
    return {
        "title": _("Visits"),
        "lines": [_line(access, code, row) for row in query.of_customer(access, customer)[:SHOWN]],
        "empty": _("No visit yet."),
        "url": new if access.can(Permission.VISIT_LOG, customer.project_id) else "",
        "all": _("Log a visit"),
    }


def _line(access: Access, code: str, visit: Visit) -> dict:
    shown = query.card(access, visit)
    return {
        "tag": shown.kind, "tone": "available", "number": shown.number, "what": shown.grade, "seller": shown.salesperson,
        "at": shown.at, "url": reverse("enquiries:visit", args=[code, shown.number]),
    }  # fmt: skip
