"""The one way to the one claim on a unit (R1.5, R7.5, reliability 3.1): locked, checked on the locked row, written with its event.

Four guards stand behind each other: the unit's row lock and the compare-and-swap on its event number (`record_move`),
UNIQUE(unit, seq), UNIQUE(op_id), and the partial unique constraint on live claims.
"""

import uuid
from datetime import datetime
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from contracts.models import Claim, HoldRequest, WaitingEntry
from contracts.queries import losing
from contracts.states import ClaimState, HoldKind, RequestState, WaitingState
from inventory.models import Unit, UnitEvent, UnitInterest
from inventory.queries.blocks import blocking
from inventory.queries.concerned import concerned
from inventory.queries.scope import units_visible_to
from inventory.services import units as inventory
from inventory.states import CLAIM_TABLE, TRADE_TABLE, Status
from salescontrol.core import jobs, notices
from salescontrol.core.access import Access
from salescontrol.core.errors import Conflict, NotVisible
from salescontrol.core.history import save_tracked
from salescontrol.core.permissions import Permission
from salescontrol.core.words import listed

INTEREST = "hold"
MOVES = {**CLAIM_TABLE, **TRADE_TABLE}


def lock_unit(unit_id: int, access: Access) -> Unit:
    """The unit, its row locked, a hold that ran out written down. Raises NotVisible. Needs the caller's transaction."""
    found = inventory.locked([unit_id], visible=units_visible_to(access))
    if not found:
        raise NotVisible(_("There is no such unit."))
    return found[0]


def require_free(unit: Unit, access: Access, now: datetime) -> None:
    """Raise Conflict unless the locked unit can be claimed now: available, and nothing lies on it."""
    if unit.status not in CLAIM_TABLE["claim.hold"].sources:
        raise losing.taken(access, unit, now)
    require_unblocked(unit, access)


def require_unblocked(unit: Unit, access: Access) -> None:
    """Raise Conflict `locked` while something lies on the locked unit (domain B2.3)."""
    reasons = blocking(unit, desk=access.can(Permission.CLAIM_SEE_ALL, unit.project_id))
    if reasons:
        raise Conflict(
            _("%(unit)s cannot be held now: %(reasons)s") % {"unit": unit, "reasons": listed(reasons)}, code="locked"
        )


def begin(
    *,
    unit: Unit,
    claim: Claim,
    by,
    op_id: uuid.UUID,
    reason: str,
    now: datetime,
    action: str = "claim.hold",
    approval=None,
) -> Claim:
    """Write a new claim on a locked, free unit together with its event; the price valid now stays with it (decisions 11).

    `action` says to which status the unit goes; `approval` is what allowed it, where one had to.
    """
    claim.project_id, claim.event_seq = unit.project_id, unit.event_seq + 1
    claim.placed_by, claim.placed_at = by, now
    claim.list_unit_price, claim.list_total = unit.list_unit_price, unit.list_total
    _event(unit, claim, action, by=by, op_id=op_id, reason=reason, now=now, approval=approval)
    claim.save(force_insert=True)
    show_to_salesperson(claim)
    _tell_others(unit, claim, by)
    return claim


def alter(
    *,
    unit: Unit,
    claim: Claim,
    action: str,
    by,
    op_id: uuid.UUID,
    why: str,
    now: datetime,
    approval=None,
    **changes: Any,
) -> Claim:
    """Change a live claim of a locked unit together with its event, which keeps `why`: a later end, an offer that was taken,
    its customer named, the next stage of its trade."""
    for name, value in {**changes, "event_seq": unit.event_seq + 1}.items():
        setattr(claim, name, value)
    _event(unit, claim, action, by=by, op_id=op_id, reason=why, now=now, approval=approval)
    claim.save(update_fields=[*changes, "event_seq"])
    show_to_salesperson(claim)
    return claim


def end(
    *,
    unit: Unit,
    claim: Claim,
    state: ClaimState,
    action: str,
    by,
    op_id: uuid.UUID,
    reason: str,
    now: datetime,
    approval=None,
) -> Claim:
    """End the live claim of a locked unit: the unit is available again or withheld, as `action` says; whoever waits for an
    available one is offered it (domain B3)."""
    claim.event_seq = unit.event_seq + 1
    _event(unit, claim, action, by=by, op_id=op_id, reason=reason, now=now, approval=approval)
    claim.state, claim.released_at, claim.released_by, claim.release_reason = state, now, by, reason[:300]
    claim.save(update_fields=["event_seq", "state", "released_at", "released_by", "release_reason"])
    hide_from_salesperson(claim)
    _tell_others(unit, claim, by)
    if claim.kind == HoldKind.OFFER:
        _close_offer(claim, by, now)
    free = unit.status == Status.AVAILABLE
    if free and WaitingEntry.every.filter(unit=unit, state=WaitingState.WAITING).exists():
        jobs.enqueue("waiting.offer", unit_id=unit.pk)
    return claim


def _close_offer(claim: Claim, by, now: datetime) -> None:
    """The place in the waiting list whose offer has ended: it lapsed, or was declined."""
    ended = WaitingState.LAPSED if claim.state == ClaimState.EXPIRED else WaitingState.WITHDRAWN
    for entry in WaitingEntry.every.filter(offer=claim, state=WaitingState.OFFERED):
        entry.state, entry.closed_at = ended, now
        save_tracked(entry, action=f"waiting.{ended.lower()}", by=by, fields=["state", "closed_at"])


def write_expiry(unit: Unit, now: datetime) -> Claim | None:
    """Write down that the hold of this locked unit has run out. Its operation id follows from the claim and its end, so that
    the sweep and the next claimant together write it once."""
    claim = Claim.every.filter(unit=unit, released_at__isnull=True).select_related("salesperson").first()
    if claim is None:
        return None
    op_id = uuid.uuid5(uuid.NAMESPACE_URL, f"claim.expire/{claim.number}/{claim.expires_at.isoformat()}")
    end(
        unit=unit,
        claim=claim,
        state=ClaimState.EXPIRED,
        action="claim.expire",
        by=None,
        op_id=op_id,
        reason="",
        now=now,
    )
    tell(claim, "claim.expired", by=None)
    return claim


def answer_requests(claim: Claim, *, by, now: datetime) -> None:
    """Whoever had asked for this unit for this customer is answered by the claim."""
    asked = HoldRequest.every.select_for_update(of=("self",)).filter(
        unit_id=claim.unit_id, customer_id=claim.customer_id, state=RequestState.REQUESTED
    )
    for request in asked.order_by("pk"):
        answer_request(request, RequestState.PLACED, by=by, now=now, claim=claim)


def answer_request(
    request: HoldRequest, state: RequestState, *, by, now: datetime, answer: str = "", claim=None
) -> None:
    """Write the one answer to a locked, open request; its notice is dealt with in every inbox."""
    request.state, request.answer, request.claim = state, answer.strip()[:300], claim
    request.answered_at, request.answered_by = now, by
    save_tracked(
        request,
        action=f"request.{state.lower()}",
        by=by,
        fields=["state", "answer", "claim", "answered_at", "answered_by"],
    )
    notices.settle(f"request.made-{request.number}")


def tell(claim: Claim, code: str, *, by) -> None:
    """The salesperson hears what happened to their customer's hold, unless they did it themselves."""
    if claim.salesperson is not None and claim.salesperson != by:
        notices.tell(
            [claim.salesperson],
            code,
            key=f"{code}-{claim.number}-{claim.event_seq}",
            url=reverse("contracts:hold", args=[claim.unit.project.code, claim.number]),
            project_id=claim.project_id,
            unit=claim.unit.number,
        )


def _tell_others(unit: Unit, claim: Claim, by) -> None:
    """Everybody else whose business the unit is hears that it was taken, or is free again; never whose it is (R1.8)."""
    if unit.status == Status.WITHHELD:
        return  # Not for sale again: there is nothing that they could do.
    others = [person for person in concerned([unit]) if person not in (claim.salesperson, by)]
    notices.tell(
        others,
        "unit.free" if unit.status == Status.AVAILABLE else "unit.taken",
        key=f"status-{unit.pk}-{claim.event_seq}",
        url=reverse("inventory:board", args=[unit.project.code]),
        project_id=unit.project_id,
        unit=unit.number,
    )


def show_to_salesperson(claim: Claim) -> None:
    """The salesperson sees the unit for as long as the claim runs (decisions 3)."""
    if claim.salesperson_id is None:
        return
    shown = UnitInterest(unit_id=claim.unit_id, user_id=claim.salesperson_id, kind=INTEREST, until=claim.expires_at)
    UnitInterest.objects.bulk_create(
        [shown], update_conflicts=True, unique_fields=["unit", "user", "kind"], update_fields=["until"]
    )


def hide_from_salesperson(claim: Claim) -> None:
    """The claim is over, or somebody else's from now on."""
    UnitInterest.objects.filter(unit_id=claim.unit_id, user_id=claim.salesperson_id, kind=INTEREST).delete()


def _event(
    unit: Unit, claim: Claim, action: str, *, by, op_id: uuid.UUID, reason: str, now: datetime, approval=None
) -> UnitEvent:
    """The unit's event of this move of its claim; to which status and from where, the table says (domain B2.4, B16.13)."""
    assert transaction.get_connection().in_atomic_block, "a claim moves inside its caller's transaction (decisions 20)"
    claim.unit = unit
    to = _target(unit, action)
    ends_at = claim.expires_at if to == Status.HELD else None
    return inventory.record_move(
        unit=unit, action=action, to=to, by=by, reason=reason, op_id=op_id, claim=claim.number, ends_at=ends_at, now=now,
        approval=approval,
    )  # fmt: skip


def _target(unit: Unit, action: str) -> str:
    """Where the action leads to. Raises Conflict from any other status than the table names."""
    move = MOVES[action]
    if unit.status not in move.sources:
        raise Conflict(
            _("%(unit)s is %(status)s by now, so this cannot be done. Reload the page to see where it stands.")
            % {"unit": unit, "status": unit.get_status_display()},
            code="wrong_state",
        )
    return move.target
