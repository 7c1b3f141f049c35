"""Requests for holds: made by salespeople, answered by the desk (decisions 4)."""

from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from contracts.forms.requests import AnswerForm, RequestFilter, RequestForm, WishForm
from contracts.models import HoldRequest
from contracts.queries import requests as queries
from contracts.queries.people import named
from contracts.services import requests
from contracts.states import RequestState
from contracts.views.base import InClaims, InUnit, NamedRows, WithCustomer
from salescontrol.core import tables
from salescontrol.core.forms import OnceForm
from salescontrol.core.permissions import Permission
from salescontrol.core.templatetags import sales
from salescontrol.core.views import ActionPage, DetailPage, FormPage, ListPage
from salescontrol.core.words import listed

TONES = {
    RequestState.REQUESTED: "pending",
    RequestState.PLACED: "good",
    RequestState.REJECTED: "bad",
    RequestState.WITHDRAWN: "withheld",
}


def wished(request: HoldRequest) -> str:
    """The unit, or what the customer wants instead."""
    if request.unit is not None:
        return request.unit.number
    parts = [_("layout %(code)s") % {"code": request.layout.code}] if request.layout else []
    low, high = request.floor_from, request.floor_to
    if low is not None and high is not None:
        parts.append(_("floors %(low)s–%(high)s") % {"low": low, "high": high})
    elif low is not None:
        parts.append(_("from floor %(low)s") % {"low": low})
    elif high is not None:
        parts.append(_("up to floor %(high)s") % {"high": high})
    if request.budget is not None:
        parts.append(_("up to %(amount)s 万") % {"amount": sales.wan(request.budget)})
    return listed(parts)


class Asking(WithCustomer, FormPage):
    """The base of asking for a hold: a customer of one's own, chosen or new, and the reason."""

    permission = Permission.HOLD_REQUEST
    submit_label = gettext_lazy("Ask for the hold")
    success = gettext_lazy("The desk was asked. You will be told the answer.")

    def get_form_kwargs(self) -> dict:
        return {"customers": self.customers}

    def ask(self, form, unit_id: int | None, wish: requests.Wish) -> HoldRequest:
        values = form.cleaned_data
        return requests.ask_for_hold(
            op_id=values["op_id"], project=self.project, unit_id=unit_id, wish=wish, customer=self.customer_of(form),
            reason=values["reason"], by=self.request.user,
        )  # fmt: skip

    def get_success_url(self, result: HoldRequest) -> str:
        return self.address("request", result.number)


class RequestNew(InUnit, Asking):
    """Ask for a hold on one unit."""

    form_class = RequestForm

    def get_title(self) -> str:
        return _("Ask for a hold on %(unit)s") % {"unit": self.unit.number}

    def get_context(self) -> dict:
        return {"context_line": _("The unit stays free until the desk has answered."), "back_url": self.get_back_url()}

    def perform(self, form) -> HoldRequest:
        return self.ask(form, self.unit.pk, requests.Wish())


class WishNew(InClaims, Asking):
    """Ask for a hold by the customer's wish; the desk picks the unit."""

    form_class = WishForm
    title = gettext_lazy("Ask for a hold by the customer's wish")

    def get_form_kwargs(self) -> dict:
        return {**super().get_form_kwargs(), "layouts": self.project.layouts.order_by("code")}

    def get_context(self) -> dict:
        return {"context_line": _("The desk picks a unit that fits."), "back_url": self.address("request_list")}

    def perform(self, form) -> HoldRequest:
        values = form.cleaned_data
        layout = values["layout"]
        wish = requests.Wish(layout and layout.pk, values["floor_from"], values["floor_to"], values["budget"])
        return self.ask(form, None, wish)


class RequestList(NamedRows, InClaims, ListPage):
    """The desk's inbox of requests, oldest first, then what was answered; a salesperson's own."""

    filterset_class = RequestFilter
    default_order = ("turn", "waits_since", "-requested_at", "-pk")

    def prepare_in_project(self) -> None:
        self.require_reader()

    def get_title(self) -> str:
        return _("Hold requests") if self.desk else _("My requests")

    @property
    def empty(self):
        if self.desk:
            return _("Nobody asks for a hold. Requests of salespeople arrive here.")
        return _("No requests yet. Ask for a hold on a unit, or by what your customer wants.")

    def get_rows(self):
        return queries.listed(self.request.access, self.project)

    def get_columns(self):
        access = self.request.access
        return [
            tables.Column("number", _("Request"), link=lambda row: self.address("request", row.number)),
            tables.Column("wish", _("Unit or wish"), wished, wrap=True),
            tables.Column("customer", _("Customer"), lambda row: named(access, row.customer)),
            tables.Column("salesperson", _("Salesperson"), "salesperson.name", sort=("salesperson__name",)),
            tables.Column("requested_at", pgettext("moment", "Requested"), format="moment", sort=("requested_at",)),
            tables.Column("state", _("State"), lambda row: row.get_state_display(), sort=("state",),
                          tone=lambda row: TONES[RequestState(row.state)]),
            tables.Column("answer", pgettext("of the desk", "Answer"), wrap=True),
        ]  # fmt: skip

    def get_context(self) -> dict:
        actions = []
        if self.request.access.can(Permission.HOLD_REQUEST, self.project_id):
            actions.append({"label": _("Ask by a wish"), "url": self.address("wish_new"), "style": "primary"})
        return {"context_line": self.project.name, "actions": actions}


class InRequest(InClaims):
    """Mixin: `self.asked` among those that the reader may read, or 404."""

    asked: HoldRequest

    def prepare_in_project(self) -> None:
        self.asked = queries.find(self.request.access, self.project, self.kwargs["number"])

    def get_back_url(self) -> str:
        return self.address("request", self.asked.number)

    def get_success_url(self, result: HoldRequest) -> str:
        return self.get_back_url()


class RequestPage(InRequest, DetailPage):
    """One request: for whom, what, why, and the answer; for the desk the units that would answer a wish."""

    template_name = "contracts/request.html"

    def get_title(self) -> str:
        return _("Request %(number)s") % {"number": self.asked.number}

    @property
    def is_open(self) -> bool:
        return self.asked.state == RequestState.REQUESTED

    @cached_property
    def fitting(self) -> list[dict] | None:
        """Free units for the desk to pick from; None when there is nothing to pick."""
        if not (self.is_open and self.desk and self.asked.unit_id is None):
            return None
        return [
            {"unit": unit, "url": self.place_url(unit.pk)} for unit in queries.answers(self.request.access, self.asked)
        ]

    def get_context(self) -> dict:
        asked, access = self.asked, self.request.access
        self.note_seen(asked.customer)
        return {
            "asked": asked,
            "wished": wished(asked),
            "customer": named(access, asked.customer),
            "tone": TONES[RequestState(asked.state)],
            "claim_url": self.address("hold", asked.claim.number) if asked.claim else "",
            "board_url": self.board_url(asked.unit_id) if asked.unit_id else "",
            "names_desk": self.desk,
            "fitting": self.fitting,
            "currency": self.project.currency,
            "actions": self.actions() if self.is_open else [],
        }

    def place_url(self, unit_id: int) -> str:
        return f"{self.address('hold_place', unit_id)}?request={self.asked.number}"

    def actions(self) -> list[dict]:
        number, shown = self.asked.number, []
        if self.asked.salesperson_id == self.request.user.pk:
            shown.append({"label": _("Withdraw"), "url": self.address("request_withdraw", number), "style": ""})
        if self.desk:
            shown.append({"label": _("Reject"), "url": self.address("request_reject", number), "style": ""})
            if self.asked.unit_id:
                shown.append({"label": _("Hold"), "url": self.place_url(self.asked.unit_id), "style": "primary"})
        return shown


class RequestReject(InRequest, ActionPage):
    """The desk says no, with an answer."""

    permission = Permission.HOLD_PLACE
    form_class = AnswerForm
    title = gettext_lazy("Reject the request")
    submit_label = gettext_lazy("Reject")
    success = gettext_lazy("Rejected. The salesperson was told.")

    def perform(self, form) -> HoldRequest:
        values = form.cleaned_data
        return requests.reject_request(
            op_id=values["op_id"], number=self.asked.number, answer=values["answer"], by=self.request.user
        )


class RequestWithdraw(InRequest, ActionPage):
    """Take one's own request back."""

    permission = Permission.HOLD_REQUEST
    form_class = OnceForm
    title = gettext_lazy("Withdraw the request")
    submit_label = gettext_lazy("Withdraw")
    success = gettext_lazy("Withdrawn.")

    def get_sentence(self) -> str:
        return _("The desk will not answer this request any more. You may ask again.")

    def perform(self, form) -> HoldRequest:
        return requests.withdraw_request(
            op_id=form.cleaned_data["op_id"], number=self.asked.number, by=self.request.user
        )
