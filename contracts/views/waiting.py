"""The waiting list of a unit: who waits in which order, joining it, leaving it (domain B3)."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.forms.holds import ReasonForm
from contracts.forms.requests import JoinForm
from contracts.models import WaitingEntry
from contracts.queries import waiting as queries
from contracts.queries.people import named
from contracts.services import waiting
from contracts.states import WaitingState
from contracts.views.base import InClaims, InUnit, WithCustomer
from salescontrol.core.permissions import Permission
from salescontrol.core.views import ActionPage, DetailPage, FormPage

TONES = {
    WaitingState.WAITING: "pending",
    WaitingState.OFFERED: "held",
    WaitingState.TAKEN: "good",
    WaitingState.LAPSED: "withheld",
    WaitingState.WITHDRAWN: "withheld",
}


class WaitingList(InUnit, DetailPage):
    """Everybody who waits or has waited for the unit, in order."""

    permission = Permission.CLAIM_SEE_ALL
    template_name = "contracts/waiting_list.html"

    def get_title(self) -> str:
        return _("Waiting list of %(unit)s") % {"unit": self.unit.number}

    def get_context(self) -> dict:
        access = self.request.access
        places = queries.of_unit(access, self.unit)
        self.note_listed(len(places))
        return {
            "context_line": _("When the unit comes free, the next in line is offered it."),
            "unit": self.unit,
            "board_url": self.board_url(self.unit.pk),
            "open": [self.line(place) for place in places if place.closed_at is None],
            "closed": [self.line(place) for place in places if place.closed_at is not None],
            "actions": self.actions(),
        }

    def actions(self) -> list[dict]:
        if not (self.desk and queries.may_join(self.unit)):
            return []
        return [
            {"label": _("Join the waiting list"), "url": self.address("waiting_join", self.unit.pk), "style": "primary"}
        ]

    def line(self, place: WaitingEntry) -> dict:
        waits = place.state == WaitingState.WAITING
        return {
            "place": place,
            "customer": named(self.request.access, place.customer),
            "tone": TONES[WaitingState(place.state)],
            "offer_url": self.address("hold", place.offer.number) if place.offer else "",
            "leave_url": self.address("waiting_leave", place.number) if waits and self.desk else "",
        }


class WaitingJoin(WithCustomer, InUnit, FormPage):
    """A customer waits for the unit."""

    form_class = JoinForm
    submit_label = gettext_lazy("Join the waiting list")
    success = gettext_lazy("The customer is on the waiting list.")

    def prepare_in_project(self) -> None:
        super().prepare_in_project()
        if not self.desk:
            self.request.access.require(Permission.HOLD_REQUEST, self.project.pk)

    def get_title(self) -> str:
        return _("Wait for %(unit)s") % {"unit": self.unit.number}

    def get_form_kwargs(self) -> dict:
        people = self.people() if self.desk else {"customers": self.customers, "salespeople": [self.request.user]}
        return {**people, "otherwise": self.unit.salesperson if self.desk else self.request.user, "own": not self.desk}

    def get_context(self) -> dict:
        return {
            "context_line": _("When the unit comes free, the next in line is offered it."),
            "back_url": self.get_back_url(),
        }

    def perform(self, form) -> WaitingEntry:
        values = form.cleaned_data
        return waiting.join(
            op_id=values["op_id"], unit_id=self.unit.pk, customer=self.customer_of(form), salesperson=values["salesperson"],
            note=values["note"], by=self.request.user,
        )  # fmt: skip

    def get_success_url(self, result: WaitingEntry) -> str:
        return self.board_url(result.unit_id)


class WaitingLeave(InClaims, ActionPage):
    """A customer waits no longer."""

    form_class = ReasonForm
    title = gettext_lazy("Leave the waiting list")
    submit_label = gettext_lazy("Leave the waiting list")
    success = gettext_lazy("The customer is off the waiting list.")

    def prepare_in_project(self) -> None:
        self.place = queries.find(self.request.access, self.project, self.kwargs["number"])
        if not self.desk:
            self.request.access.require(Permission.HOLD_REQUEST, self.project.pk)

    def get_back_url(self) -> str:
        return self.address("waiting_list", self.place.unit_id) if self.desk else self.url("board")

    def get_sentence(self) -> str:
        return _("%(customer)s waits for %(unit)s no longer; everybody behind moves up.") % {
            "customer": self.place.customer.number,
            "unit": self.place.unit.number,
        }

    def perform(self, form) -> WaitingEntry:
        values = form.cleaned_data
        return waiting.leave(
            op_id=values["op_id"], number=self.place.number, reason=values["reason"], by=self.request.user
        )

    def get_success_url(self, result: WaitingEntry) -> str:
        return self.get_back_url()
