"""Holds: placed, listed, read, extended, released (R1.5, domain B3)."""

from django.db.models import F, QuerySet
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from contracts.forms.holds import CompleteForm, HoldFilter, HoldForm, ReasonForm, TakeForm
from contracts.models import Claim, HoldRequest
from contracts.queries import holds as queries
from contracts.queries import requests as request_queries
from contracts.queries.people import named
from contracts.services import holds, requests, waiting
from contracts.states import ClaimState, Evidence, HoldKind, Stage
from contracts.views.base import InClaims, InHold, InUnit, NamedRows, WithCustomer
from contracts.views.panel import claim_facts, hold_actions, quotation_action
from contracts.views.subscription_sections import subscribable, subscribe_button
from enquiries.models import Customer
from salescontrol.core import clock, tables
from salescontrol.core.access import Access
from salescontrol.core.permissions import Permission
from salescontrol.core.views import ActionPage, DetailPage, FormPage, ListPage

TONES = {
    ClaimState.ACTIVE: "held",
    ClaimState.CONVERTED: "good",
    ClaimState.EXPIRED: "withheld",
    ClaimState.RELEASED: "withheld",
}


def held_until(claim: Claim) -> str:
    until = clock.local(claim.expires_at, claim.unit.project.zone)
    return _("%(unit)s is held until %(until)s. Hold %(number)s.") % {
        "unit": claim.unit.number,
        "until": until.strftime("%Y-%m-%d %H:%M"),
        "number": claim.number,
    }


class HoldPlace(WithCustomer, InUnit, FormPage):
    """Hold a unit for a customer; `?request=NUMBER` answers a salesperson's request with it."""

    permission = Permission.HOLD_PLACE
    submit_label = gettext_lazy("Hold")
    form_class = HoldForm

    def get_title(self) -> str:
        return _("Hold %(unit)s") % {"unit": self.unit.number}

    @cached_property
    def asked(self) -> HoldRequest | None:
        """The request that this hold answers, if the address names one."""
        number = self.request.GET.get("request", "")
        return request_queries.find(self.request.access, self.project, number) if number else None

    @property
    def customers(self) -> QuerySet[Customer]:
        """With a request its customer alone."""
        found = super().customers
        return found.filter(pk=self.asked.customer_id) if self.asked else found

    def get_form_kwargs(self) -> dict:
        return {
            **self.people(),
            "otherwise": self.unit.salesperson,
            "may_override": self.may_override,
            "fixed": self.asked is not None,
        }

    def get_initial(self) -> dict:
        if self.asked is None:
            return {}
        return {
            "customer": self.asked.customer_id,
            "salesperson": self.asked.salesperson_id,
            "reason": self.asked.reason,
        }

    def get_context(self) -> dict:
        line = (
            _("Request %(number)s by %(name)s") % {"number": self.asked.number, "name": self.asked.salesperson.name}
            if self.asked
            else self.project.name
        )
        return {"context_line": line, "back_url": self.get_back_url()}

    def perform(self, form: HoldForm) -> Claim:
        values = form.cleaned_data
        terms = holds.Terms(
            customer=self.customer_of(form),
            salesperson=values["salesperson"],
            reason=values["reason"],
            evidence=Evidence(values["evidence"]),
            kind=HoldKind(values["kind"]),
            override=values.get("override", ""),
        )
        what = {"op_id": values["op_id"], "unit_id": self.unit.pk, "terms": terms, "by": self.request.user}
        return requests.place_requested(number=self.asked.number, **what) if self.asked else holds.place_hold(**what)

    def get_success(self, result: Claim) -> str:
        return held_until(result)

    def get_success_url(self, result: Claim) -> str:
        return self.board_url(result.unit_id)


def _what(claim: Claim) -> str:
    return claim.get_kind_display() if claim.stage == Stage.HOLD else claim.get_stage_display()


def _ended(claim: Claim):
    return claim.released_at or (claim.expires_at if claim.state_now == ClaimState.EXPIRED else None)


def columns(access: Access, address) -> list[tables.Column]:
    """What the list of holds shows: expired ones stay, with when and why (domain B3)."""
    place = ("unit__building__position", "unit__entrance", "unit__floor", "unit__stack")
    return [
        tables.Column("unit", _("Unit"), "unit.number", link=lambda row: address("hold", row.number), sort=place),
        tables.Column("state", _("State"), lambda row: ClaimState(row.state_now).label, sort=("state_now",),
                      tone=lambda row: TONES[ClaimState(row.state_now)]),
        tables.Column("what", _("Kind"), _what, sort=("stage", "kind"), minor=True),
        tables.Column("customer", _("Customer"), lambda row: named(access, row.customer) or _("to be named")),
        tables.Column("salesperson", _("Salesperson"), "salesperson.name", sort=("salesperson__name",)),
        tables.Column("placed_at", pgettext("moment", "Placed"), format="moment", sort=("placed_at",)),
        tables.Column("expires_at", _("Until"), format="moment", sort=("expires_at",)),
        tables.Column("extensions", _("Extensions"), format="int", sort=("extensions",), minor=True),
        tables.Column("ended_at", pgettext("moment", "Ended"), _ended, format="moment", sort=("released_at",)),
        tables.Column("release_reason", _("Reason of the end"), lambda row: _end_reason(row), wrap=True),
    ]  # fmt: skip


def _end_reason(claim: Claim) -> str:
    return claim.release_reason or (_("ran out") if claim.state_now == ClaimState.EXPIRED else "")


class HoldList(NamedRows, InClaims, ListPage):
    """The holds of the project: live ones first, the first to end on top, then what is over."""

    filterset_class = HoldFilter
    export_permission = Permission.UNIT_EXPORT
    default_order = (F("soon").asc(nulls_last=True), "-placed_at", "-pk")
    empty = gettext_lazy("No unit was held yet. Open a unit on the board to hold it for a customer.")

    def prepare_in_project(self) -> None:
        self.require_reader()

    def get_title(self) -> str:
        return _("Holds") if self.sees_all else _("My holds")

    @property
    def sees_all(self) -> bool:
        return self.request.access.can(Permission.CLAIM_SEE_ALL, self.project_id)

    def get_rows(self):
        return queries.listed(self.request.access, self.project)

    def get_filterset_kwargs(self) -> dict:
        return {"choices": queries.choices(self.request.access, self.project), "desk": self.sees_all}

    def get_columns(self):
        return columns(self.request.access, self.address)

    def get_context(self) -> dict:
        return {"context_line": self.project.name}


class HoldPage(InHold, DetailPage):
    """One claim: for whom, by whom, on what ground, until when, and each of its events."""

    template_name = "contracts/hold.html"

    def get_title(self) -> str:
        return _("Hold %(number)s") % {"number": self.claim.number}

    def get_context(self) -> dict:
        claim, access = self.claim, self.request.access
        self.note_seen(claim.customer)
        return {
            "claim": claim,
            "facts": claim_facts(access, claim),
            "state": ClaimState(claim.state_now),
            "tone": TONES[ClaimState(claim.state_now)],
            "live": claim.state_now == ClaimState.ACTIVE,
            "ended_at": _ended(claim),
            "end_reason": _end_reason(claim),
            "steps": queries.steps(access, claim),
            "asked": queries.release_asked(claim),
            "board_url": self.board_url(claim.unit_id),
            "actions": self.actions(),
        }

    def actions(self) -> list[dict]:
        claim, access = self.claim, self.request.access
        if claim.state_now != ClaimState.ACTIVE or claim.stage != Stage.HOLD:
            return []
        if self.desk:
            further = subscribable(claim) and access.can(Permission.DEAL_WRITE, self.project_id)
            quote = quotation_action(access, claim.unit, claim)
            return [*hold_actions(access, claim), *quote, *([subscribe_button(claim)] if further else [])]
        if claim.salesperson_id == access.user.pk and access.can(Permission.HOLD_REQUEST, self.project_id):
            return [
                *quotation_action(access, claim.unit, claim),
                {"label": _("Ask the desk to release"), "url": self.address("release_ask", claim.number), "style": ""},
            ]
        return []


class HoldAction(InHold, ActionPage):
    """The base of what the desk does with a live hold."""

    permission = Permission.HOLD_PLACE
    form_class = ReasonForm

    def get_success(self, result: Claim) -> str:
        return held_until(result)


class HoldExtend(HoldAction):
    """A later end (T8)."""

    submit_label = gettext_lazy("Extend")

    def get_title(self) -> str:
        return _("Extend the hold on %(unit)s") % {"unit": self.claim.unit.number}

    def get_sentence(self) -> str:
        facts = claim_facts(self.request.access, self.claim)
        return _("Extended %(used)s of %(allowed)s times so far. Beyond that only the supervisor extends a hold.") % {
            "used": self.claim.extensions,
            "allowed": facts["allowed"],
        }

    def perform(self, form) -> Claim:
        values = form.cleaned_data
        return holds.extend_hold(
            op_id=values["op_id"], number=self.claim.number, reason=values["reason"], by=self.request.user
        )


class HoldRelease(HoldAction):
    """Let a unit go before the hold ends (T7)."""

    submit_label = gettext_lazy("Release")
    success = gettext_lazy("Released.")

    def get_title(self) -> str:
        return _("Release %(unit)s") % {"unit": self.claim.unit.number}

    def get_sentence(self) -> str:
        return _("The unit is available from now on; if customers wait for it, the next of them is offered it.")

    def get_success(self, result: Claim) -> str:
        return _("%(unit)s was released.") % {"unit": result.unit.number}

    def perform(self, form) -> Claim:
        values = form.cleaned_data
        return holds.release_hold(
            op_id=values["op_id"], number=self.claim.number, reason=values["reason"], by=self.request.user
        )


class HoldComplete(WithCustomer, HoldAction):
    """Name the customer of a hold that has none (decisions 18)."""

    form_class = CompleteForm
    submit_label = gettext_lazy("Name the customer")

    def get_title(self) -> str:
        return _("Name the customer of hold %(number)s") % {"number": self.claim.number}

    def get_form_kwargs(self) -> dict:
        return {**self.people(), "otherwise": self.claim.salesperson or self.claim.unit.salesperson}

    def get_sentence(self) -> str:
        return _("The hold stays as it is; from now on it is this customer's.")

    def perform(self, form) -> Claim:
        values = form.cleaned_data
        return holds.complete_hold(
            op_id=values["op_id"], number=self.claim.number, customer=self.customer_of(form),
            salesperson=values["salesperson"], reason=values["reason"], by=self.request.user,
        )  # fmt: skip


class OfferTake(HoldAction):
    """The customer from the waiting list takes the unit: the offer becomes their hold."""

    form_class = TakeForm
    submit_label = gettext_lazy("Take the offer")

    def get_title(self) -> str:
        return _("Hold %(unit)s for the customer who waited") % {"unit": self.claim.unit.number}

    def get_form_kwargs(self) -> dict:
        return {"may_override": self.may_override}

    def get_sentence(self) -> str:
        return _("The offer becomes an ordinary hold for %(customer)s, from now on.") % {
            "customer": self.claim.customer.number if self.claim.customer else _("to be named")
        }

    def perform(self, form) -> Claim:
        values = form.cleaned_data
        return waiting.take_offer(
            op_id=values["op_id"], number=self.claim.number, evidence=Evidence(values["evidence"]),
            reason=values["reason"], override=values.get("override", ""), by=self.request.user,
        )  # fmt: skip


class ReleaseAsk(InHold, ActionPage):
    """A salesperson asks the desk to let a hold of theirs go early."""

    permission = Permission.HOLD_REQUEST
    form_class = ReasonForm
    submit_label = gettext_lazy("Ask the desk")
    success = gettext_lazy("The desk was asked to release it.")

    def get_title(self) -> str:
        return _("Ask the desk to release %(unit)s") % {"unit": self.claim.unit.number}

    def get_sentence(self) -> str:
        return _("The unit stays held until the desk releases it.")

    def perform(self, form) -> Claim:
        values = form.cleaned_data
        return requests.ask_to_release(
            op_id=values["op_id"], number=self.claim.number, reason=values["reason"], by=self.request.user
        )
