"""Deputies: the list, naming one, ending one early."""

from datetime import timedelta

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from salescontrol.core import clock
from salescontrol.core.forms import Form
from salescontrol.core.permissions import Permission
from salescontrol.core.tables import Column
from salescontrol.core.views import ActionPage, FormPage, ListPage
from security.forms.deputies import DeputyForm
from security.models import Deputy, User
from security.queries import (
    deputies_visible_to,
    possible_deputies,
    project_names,
    projects_to_deputise,
    state_of_deputy,
)
from security.services import deputies

STATES = {
    "planned": (gettext_lazy("planned"), "pending"),
    "running": (gettext_lazy("now"), "available"),
    "over": (gettext_lazy("over"), "withheld"),
    "ended": (pgettext_lazy("a deputyship", "ended early"), "withheld"),
}


class DeputyList(ListPage):
    """Who stands in for whom."""

    template_name = "components/list_page.html"
    title = gettext_lazy("Deputies")
    default_order = ("-starts_at", "-pk")
    empty = gettext_lazy(
        "No deputies. A supervisor who is away names somebody who decides in their place for that time."
    )

    def get_columns(self):
        names = project_names()
        return (
            Column("supervisor", gettext_lazy("Supervisor"), "supervisor.name", sort=("supervisor__name", "pk")),
            Column("deputy", gettext_lazy("Deputy"), "deputy.name", sort=("deputy__name", "pk")),
            Column("project", gettext_lazy("Project"), lambda row: names.get(row.project_id, "")),
            Column("starts_at", gettext_lazy("From"), format="moment", sort=("starts_at", "pk")),
            Column("ends_at", gettext_lazy("Until"), format="moment", sort=("ends_at", "pk")),
            Column("reason", gettext_lazy("Reason")),
            Column(
                "state",
                gettext_lazy("State"),
                lambda row: STATES[state_of_deputy(row)][0],
                tone=lambda row: STATES[state_of_deputy(row)][1],
            ),
            Column(
                "act",
                "",
                lambda row: _("End") if self.may_end(row) else "",
                link=lambda row: reverse("security:deputy_end", args=[row.pk]) if self.may_end(row) else "",
            ),
        )

    def may_end(self, row: Deputy) -> bool:
        return self.request.user.pk in (row.supervisor_id, row.deputy_id) and state_of_deputy(row) in (
            "planned",
            "running",
        )

    def get_rows(self) -> QuerySet[Deputy]:
        return deputies_visible_to(self.request.access)

    def get_context(self) -> dict:
        may = projects_to_deputise(self.request.access).exists()
        return {
            "actions": [{"url": reverse("security:deputy_name"), "label": _("Name a deputy"), "style": "primary"}]
            if may
            else []
        }


class DeputyName(FormPage):
    """Names a deputy for a time."""

    permission = Permission.DEPUTY_NAME
    title = gettext_lazy("Name a deputy")
    form_class = DeputyForm
    submit_label = gettext_lazy("Name the deputy")
    success = gettext_lazy("The deputy is named and was told.")

    @cached_property
    def projects(self):
        return projects_to_deputise(self.request.access)

    def get_form_kwargs(self) -> dict:
        people = User.objects.none()
        for project in self.projects:
            people = people | possible_deputies(project.pk, self.request.user)
        return {"projects": self.projects, "people": people.distinct()}

    def get_initial(self) -> dict:
        now = clock.local(clock.now()).replace(second=0, microsecond=0)
        return {"starts_at": now, "ends_at": now.replace(hour=21, minute=0) + timedelta(days=1)}

    def get_context(self) -> dict:
        return {"back_url": reverse("security:deputies")}

    def perform(self, form: DeputyForm):
        data = dict(form.cleaned_data)
        return deputies.name_deputy(by=self.request.user, project_id=data.pop("project").pk, **data)

    def get_success_url(self, result) -> str:
        return reverse("security:deputies")


class DeputyEnd(ActionPage):
    """Ends a deputyship before its time."""

    title = gettext_lazy("End the deputyship")
    form_class = Form
    submit_label = gettext_lazy("End it now")
    success = gettext_lazy("The deputyship is ended.")
    final = True

    def prepare(self) -> None:
        self.row = get_object_or_404(deputies_visible_to(self.request.access), pk=self.kwargs["pk"])

    def get_sentence(self) -> str:
        return _("%(deputy)s no longer decides for %(supervisor)s. Both are told.") % {
            "deputy": self.row.deputy.name,
            "supervisor": self.row.supervisor.name,
        }

    def get_back_url(self) -> str:
        return reverse("security:deputies")

    def perform(self, form: Form):
        return deputies.end_deputy(deputy_id=self.row.pk, by=self.request.user)

    def get_success_url(self, result) -> str:
        return reverse("security:deputies")
