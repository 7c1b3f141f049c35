"""Pages of the emergency stop: what is stopped, stop, ask to reopen; and the banner wherever units are shown (R1.7)."""

from django.http import Http404
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from inventory.forms.stops import ReopenForm, StopForm
from inventory.models import Project, SalesStop, Unit
from inventory.queries import stops
from inventory.services import stops as service
from inventory.states import Lock
from inventory.views.base import InProject
from salescontrol.core import approvals, tables
from salescontrol.core.access import Access
from salescontrol.core.models import Approval
from salescontrol.core.permissions import Permission
from salescontrol.core.views import ActionPage, ListPage


class StopList(InProject, ListPage):
    """The stops of the project, live and lifted, with the way to end each."""

    permission = Permission.APPROVAL_SEE
    title = gettext_lazy("Sales stops")
    default_order = ("-stopped_at", "-pk")
    empty = gettext_lazy("Sales were never stopped here. In an emergency the supervisor or management stops them.")

    def get_rows(self):
        return stops.stops_of(self.project)

    @cached_property
    def asked(self) -> dict[int | None, Approval]:
        """Stop id → the request to reopen that waits."""
        waiting = Approval.objects.filter(kind=service.KIND, project_id=self.project_id, state=Approval.State.PENDING)
        return {approval.target_id: approval for approval in waiting}

    def get_columns(self):
        may_ask = self.request.access.can(Permission.UNIT_RELEASE_PROPOSE, self.project_id)
        return (
            tables.Column("scope", _("Sales of"), str),
            tables.Column("state", _("State"), _state, tone=lambda row: "good" if row.lifted_at else "bad"),
            tables.Column("reason", _("Reason"), wrap=True),
            tables.Column("stopped_at", _("Since"), format="moment", sort=("stopped_at",)),
            tables.Column("stopped_by", _("By"), "stopped_by.name", sort=("stopped_by__name",)),
            tables.Column("lifted_at", _("Lifted"), format="moment", sort=("lifted_at",)),
            tables.Column("lifted_by", _("Lifted by"), "lifted_by.name", sort=("lifted_by__name",)),
            tables.Column("reopen", _("Reopening"), lambda row: self.next_step(row, may_ask)[0],
                          link=lambda row: self.next_step(row, may_ask)[1]),
        )  # fmt: skip

    def next_step(self, stop: SalesStop, may_ask: bool) -> tuple[str, str]:
        """What can be done about the stop, or was: a label and its address."""
        if stop.approval is not None:
            return _("Request"), approvals.page_url(stop.approval)
        if stop.pk in self.asked:
            return _("Waits for a decision"), approvals.page_url(self.asked[stop.pk])
        return (_("Ask to reopen"), self.url("stop_reopen", stop.pk)) if may_ask else ("", "")

    def get_context(self) -> dict:
        if not self.request.access.can(Permission.SALES_STOP, self.project_id):
            return {"context_line": self.project.name}
        button = {"url": self.url("stop_new"), "label": _("Stop sales"), "style": "seal"}
        return {"context_line": self.project.name, "actions": [button]}


def _state(stop: SalesStop) -> str:
    return pgettext("a stop", "lifted") if stop.lifted_at else _("stopped")


class StopNew(InProject, ActionPage):
    """Stop sales of the project or a part of it, at once."""

    permission = Permission.SALES_STOP
    title = gettext_lazy("Stop sales")
    submit_label = gettext_lazy("Stop sales")
    form_class = StopForm
    final = True

    def get_sentence(self) -> str:
        return _(
            "From this instant nobody can hold or buy a unit of the chosen part. Holds, subscriptions and contracts that exist "
            "stay. Everybody concerned is told. Sales open again only when a request to reopen is approved."
        )

    def get_back_url(self) -> str:
        return self.url("stops")

    def get_form_kwargs(self) -> dict:
        return {"scopes": stops.scopes(self.project)}

    def perform(self, form) -> SalesStop:
        return service.stop_sales(
            op_id=form.cleaned_data["op_id"],
            project=self.project,
            reason=form.cleaned_data["reason"],
            by=self.request.user,
            **form.chosen(),
        )

    def get_success(self, result: SalesStop) -> str:
        return _("Sales of %(scope)s are stopped.") % {"scope": result}

    def get_success_url(self, result: SalesStop) -> str:
        return self.url("stops")


class StopReopen(InProject, ActionPage):
    """Ask for the end of a stop."""

    permission = Permission.UNIT_RELEASE_PROPOSE
    submit_label = gettext_lazy("Ask to reopen")
    success = gettext_lazy("Asked for. Sales stay stopped until it is approved.")
    form_class = ReopenForm

    def prepare_in_project(self) -> None:
        stop = stops.stops_of(self.project).filter(pk=self.kwargs["pk"]).first()
        if stop is None:
            raise Http404
        self.stop = stop

    def get_title(self) -> str:
        return _("Ask to reopen sales of %(scope)s") % {"scope": self.stop}

    def get_sentence(self) -> str:
        return _(
            "Stopped: %(reason)s. Somebody else decides whether sales open again; until then nothing can be held."
        ) % {"reason": self.stop.reason}

    def get_back_url(self) -> str:
        return self.url("stops")

    def perform(self, form) -> Approval:
        return service.ask_to_reopen(
            project=self.project, stop_id=self.stop.pk, reason=form.cleaned_data["reason"], by=self.request.user
        )

    def get_success_url(self, result: Approval) -> str:
        return approvals.page_url(result)


def banner(access: Access, project: Project | None) -> dict | None:
    """The live stops that this reader meets in the project, for the board and the workbench; None when there is none."""
    if project is None or not access.can(Permission.BOARD_SEE, project.pk):
        return None
    return _banner(access, project.pk, stops.stops_seen(access, project))


def unit_banner(access: Access, unit: Unit) -> dict | None:
    """The live stops that cover the unit, for its panel; no query when none does."""
    return _banner(access, unit.project_id, stops.stops_on(unit) if Lock.STOP in unit.lock_codes else [])


def _banner(access: Access, project_id: int, found: list[SalesStop]) -> dict | None:
    people = access.can(Permission.UNIT_SEE_PEOPLE, project_id)
    return {"stops": found, "people": people} if found else None


def count(access: Access, project: Project) -> int:
    """How many stops are live, for the rail."""
    return stops.count_live(project.pk)
