"""Salespeople ask the desk for a hold (decisions 4): on a unit they see, or by their customer's wish. One request, one answer.

A request does not block the unit. An answer locks the request after unit and customer, so that of two desks one answers.
"""

import uuid
from dataclasses import asdict, dataclass, replace
from decimal import Decimal

from django.urls import reverse
from django.utils.translation import gettext as _

from contracts.models import Claim, HoldRequest
from contracts.queries import losing
from contracts.queries.live import is_live
from contracts.queries.scope import claims_visible_to, requests_visible_to
from contracts.services import claims, holds
from contracts.states import HoldKind, RequestState
from enquiries.models import Customer
from enquiries.services.rows import hold_still
from inventory.models import Project, Unit
from inventory.queries.scope import units_visible_to
from inventory.queries.standing import standing
from inventory.states import Status
from salescontrol.core import audit, clock, notices
from salescontrol.core.access import Access, access_of, deciding_users
from salescontrol.core.errors import Conflict, NotVisible, Refusal
from salescontrol.core.history import save_tracked
from salescontrol.core.operations import once
from salescontrol.core.permissions import Permission, Role

DESK = (Role.SPECIALIST, Role.SUPERVISOR)


@dataclass(frozen=True)
class Wish:
    """What the customer wants when no unit is named: at least one of these; the budget in the project's currency."""

    layout_id: int | None = None
    floor_from: int | None = None
    floor_to: int | None = None
    budget: Decimal | None = None


def ask_for_hold(
    *, op_id: uuid.UUID, project: Project, unit_id: int | None, wish: Wish, customer: Customer, reason: str, by
) -> HoldRequest:
    """A salesperson asks for a hold for a customer of their own. The unit stays free until the desk has answered.

    Raises NotVisible (a unit that they do not see), Conflict (`taken` without naming a holder, `twice`), Refusal (`no_wish`,
    `not_own`, `no_reason`).
    """
    content = {"unit": unit_id, "wish": asdict(wish), "customer": customer.pk, "reason": reason}
    reference = once(
        op_id=op_id, by=by, action="request.make", content=content,
        run=lambda: _ask(project, unit_id, wish, customer, reason, by),
    )  # fmt: skip
    return HoldRequest.every.get(number=reference["request"])


def withdraw_request(*, op_id: uuid.UUID, number: str, by) -> HoldRequest:
    """The salesperson takes their own open request back."""

    def run() -> dict:
        request = _locked(number, access_of(by))
        if request.salesperson_id != by.pk:
            raise NotVisible(_("There is no such request."))
        claims.answer_request(request, RequestState.WITHDRAWN, by=by, now=clock.now())
        return {"request": number}

    once(op_id=op_id, by=by, action="request.withdraw", content={"request": number}, run=run)
    return HoldRequest.every.get(number=number)


def reject_request(*, op_id: uuid.UUID, number: str, answer: str, by) -> HoldRequest:
    """The desk says no, with an answer that the salesperson reads."""

    def run() -> dict:
        access = access_of(by)
        _seen(number, access, Permission.HOLD_PLACE)
        holds.require_reason(answer)
        request = _locked(number, access)
        claims.answer_request(request, RequestState.REJECTED, by=by, now=clock.now(), answer=answer)
        _tell([request.salesperson], "request.rejected", request)
        return {"request": number}

    once(op_id=op_id, by=by, action="request.reject", content={"request": number, "answer": answer}, run=run)
    return HoldRequest.every.get(number=number)


def place_requested(*, op_id: uuid.UUID, number: str, unit_id: int, terms: holds.Terms, by) -> Claim:
    """The desk places the hold that was asked for, on the unit named or on one picked for the wish; answers the request.

    Customer and salesperson are those of the request. Raises what `place_hold` raises, and Conflict when somebody answered it.
    """
    content = {
        "request": number, "unit": unit_id, "kind": terms.kind, "evidence": terms.evidence, "reason": terms.reason,
        "override": terms.override,
    }  # fmt: skip
    reference = once(
        op_id=op_id, by=by, action="request.place", content=content,
        run=lambda: _place(op_id, number, unit_id, terms, by),
    )  # fmt: skip
    return Claim.every.select_related("unit__project").get(number=reference["claim"])


def ask_to_release(*, op_id: uuid.UUID, number: str, reason: str, by) -> Claim:
    """T7 begins here when the customer has changed their mind: the salesperson asks, the desk releases."""

    def run() -> dict:
        claim = claims_visible_to(access_of(by)).filter(number=number, salesperson=by).first()
        if claim is None:
            raise NotVisible(_("There is no such hold."))
        access_of(by).require(Permission.HOLD_REQUEST, claim.project_id)
        holds.require_on(claim, clock.now())
        holds.require_reason(reason)
        audit.record(
            "claim.ask_release", by=by, project_id=claim.project_id, target=claim, detail={"reason": reason[:300]}
        )
        notices.tell(
            deciding_users(DESK, claim.project_id), "claim.ask_release", key=f"claim.ask_release-{claim.number}-{op_id}",
            url=reverse("contracts:hold", args=[claim.project.code, number]), project_id=claim.project_id,
            unit=claim.unit.number,
        )  # fmt: skip
        return {"claim": number}

    once(op_id=op_id, by=by, action="claim.ask_release", content={"claim": number, "reason": reason}, run=run)
    return Claim.every.select_related("unit__project").get(number=number)


def _ask(project: Project, unit_id: int | None, wish: Wish, customer: Customer, reason: str, by) -> dict:
    access = access_of(by)
    access.require(Permission.HOLD_REQUEST, project.pk)
    holds.require_reason(reason)
    _require_own(customer, project, by)
    unit = _free_unit(access, project, unit_id, customer) if unit_id is not None else None
    if unit is None and wish == Wish():
        raise Refusal(_("Say what the customer wants: layout, floors or budget."), code="no_wish")
    hold_still(customer)
    if (
        unit
        and HoldRequest.every.filter(
            unit=unit, customer=customer, salesperson=by, state=RequestState.REQUESTED
        ).exists()
    ):
        raise Conflict(_("You have asked for this already. The desk answers."), code="twice")
    request = HoldRequest(
        project=project, unit=unit, customer=customer, salesperson=by, reason=reason.strip()[:300], **asdict(wish)
    )  # fmt: skip
    save_tracked(request, action="request.make", by=by)
    _tell(deciding_users(DESK, project.pk), "request.made", request)
    return {"request": request.number}


def _require_own(customer: Customer, project: Project, by) -> None:
    if customer.owner_id != by.pk or customer.project_id != project.pk:
        raise Refusal(
            _("Choose a customer of your own."), code="not_own", fields={"customer": [_("Choose one of your own.")]}
        )


def _free_unit(access: Access, project: Project, unit_id: int, customer: Customer) -> Unit:
    """The unit, if it is free, or offered to this very customer from the waiting list."""
    unit = units_visible_to(access).filter(project=project, pk=unit_id).select_related("project").first()
    if unit is None:
        raise NotVisible(_("There is no such unit."))
    now = clock.now()
    offered = Claim.every.filter(is_live(now), unit=unit, customer=customer, kind=HoldKind.OFFER)
    if standing(unit, now) != Status.AVAILABLE and not offered.exists():
        raise losing.taken(access, unit, now)
    return unit


def _place(op_id: uuid.UUID, number: str, unit_id: int, terms: holds.Terms, by) -> dict:
    access = access_of(by)
    seen = _seen(number, access, Permission.HOLD_PLACE)
    if not units_visible_to(access).filter(project_id=seen.project_id, pk=unit_id).exists():
        raise NotVisible(_("There is no such unit."))
    theirs = replace(terms, customer=seen.customer, salesperson=seen.salesperson)
    claim = holds.place(op_id, unit_id, theirs, by)
    answered = HoldRequest.every.filter(pk=seen.pk, claim=claim).exists()
    if not answered:
        claims.answer_request(_locked(number, access), RequestState.PLACED, by=by, now=clock.now(), claim=claim)
    return {"claim": claim.number}


def _seen(number: str, access: Access, permission: Permission) -> HoldRequest:
    """The open request among those that the user may read and answer."""
    seen = requests_visible_to(access).filter(number=number).select_related("customer", "salesperson").first()
    if seen is None:
        raise NotVisible(_("There is no such request."))
    access.require(permission, seen.project_id)
    _require_open(seen)
    return seen


def _locked(number: str, access: Access) -> HoldRequest:
    """The request, its row locked, still open."""
    visible = requests_visible_to(access).filter(number=number).values("pk")
    rows = HoldRequest.every.select_for_update(of=("self",)).filter(pk__in=visible)
    request = rows.select_related("salesperson", "project").first()
    if request is None:
        raise NotVisible(_("There is no such request."))
    _require_open(request)
    return request


def _require_open(request: HoldRequest) -> None:
    if request.state != RequestState.REQUESTED:
        raise Conflict(
            _("This request was answered meanwhile: %(state)s.") % {"state": request.get_state_display()},
            code="answered",
        )


def _tell(people: list, code: str, request: HoldRequest) -> None:
    notices.tell(
        people, code, key=f"{code}-{request.number}", project_id=request.project_id, request=request.number,
        url=reverse("contracts:request", args=[request.project.code, request.number]),
    )  # fmt: skip
