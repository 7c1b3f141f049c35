"""The one way to the one claim on a unit (R1.5, R7.5, reliability 3.1): locked, checked on the locked row, written with its event.

Four guards stand behind each other: the unit's row lock and the compare-and-swap on its event number (`record_move`),
UNIQUE(unit, seq), UNIQUE(op_id), and the partial unique constraint on live claims.
"""

import uuid
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from contracts.models import Claim, WaitingEntry
from contracts.queries import losing
from contracts.states import ClaimState, WaitingState
from inventory.models import Unit, UnitEvent, UnitInterest
from inventory.queries.blocks import blocking
from inventory.queries.scope import units_visible_to
from inventory.services import units as inventory
from inventory.states import CLAIM_TABLE, Status
from salescontrol.core import jobs, notices
from salescontrol.core.access import Access
from salescontrol.core.errors import Conflict, NotVisible
from salescontrol.core.permissions import Permission
from salescontrol.core.words import listed

INTEREST = "hold"


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
    reasons = blocking(unit, desk=access.can(Permission.CLAIM_SEE_ALL, unit.project_id))
    if reasons:
        raise Conflict(
            _("%(unit)s cannot be held now: %(reasons)s") % {"unit": unit, "reasons": listed(reasons)}, code="locked"
        )


def begin(*, unit: Unit, claim: Claim, by, op_id: uuid.UUID, reason: str, now: datetime) -> Claim:
    """Write a new claim on a locked, free unit together with its event; the price valid now stays with it (decisions 11)."""
    claim.project_id, claim.unit, claim.event_seq = unit.project_id, unit, unit.event_seq + 1
    claim.placed_by, claim.placed_at = by, now
    claim.list_unit_price, claim.list_total = unit.list_unit_price, unit.list_total
    _event(unit, claim, "claim.hold", Status.HELD, by=by, op_id=op_id, reason=reason, now=now)
    claim.save(force_insert=True)
    show_to_salesperson(claim)
    return claim


def prolong(*, unit: Unit, claim: Claim, until: datetime, by, op_id: uuid.UUID, reason: str, now: datetime) -> Claim:
    """Give a live hold of a locked unit a later end."""
    claim.expires_at, claim.extensions, claim.event_seq = until, claim.extensions + 1, unit.event_seq + 1
    _event(unit, claim, "claim.extend", Status.HELD, by=by, op_id=op_id, reason=reason, now=now)
    claim.save(update_fields=["expires_at", "extensions", "event_seq"])
    show_to_salesperson(claim)
    return claim


def end(
    *, unit: Unit, claim: Claim, state: ClaimState, action: str, by, op_id: uuid.UUID, reason: str, now: datetime
) -> Claim:
    """End the live hold of a locked unit: the unit is available again."""
    claim.event_seq = unit.event_seq + 1
    _event(unit, claim, action, Status.AVAILABLE, by=by, op_id=op_id, reason=reason, now=now)
    claim.state, claim.released_at, claim.released_by, claim.release_reason = state, now, by, reason[:300]
    claim.save(update_fields=["event_seq", "state", "released_at", "released_by", "release_reason"])
    UnitInterest.objects.filter(unit=unit, user_id=claim.salesperson_id, kind=INTEREST).delete()
    if WaitingEntry.objects.filter(unit=unit, state=WaitingState.WAITING).exists():
        jobs.enqueue("waiting.offer", unit_id=unit.pk)
    return claim


def write_expiry(unit: Unit, now: datetime) -> Claim | None:
    """Write down that the hold of this locked unit has run out. Its operation id follows from the claim and its end, so that
    the sweep and the next claimant together write it once."""
    claim = Claim.objects.filter(unit=unit, released_at__isnull=True).select_related("salesperson").first()
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


def tell(claim: Claim, code: str, *, by) -> None:
    """The salesperson hears what happened to their customer's hold, unless they did it themselves."""
    if claim.salesperson is not None and claim.salesperson != by:
        notices.tell(
            [claim.salesperson],
            code,
            key=f"{code}-{claim.number}-{claim.event_seq}",
            project_id=claim.project_id,
            unit=claim.unit.number,
        )


def show_to_salesperson(claim: Claim) -> None:
    """The salesperson sees the unit for as long as the claim runs (decisions 3)."""
    if claim.salesperson_id is None:
        return
    UnitInterest.objects.update_or_create(
        unit_id=claim.unit_id, user_id=claim.salesperson_id, kind=INTEREST, defaults={"until": claim.expires_at}
    )


def _event(
    unit: Unit, claim: Claim, action: str, to: Status, *, by, op_id: uuid.UUID, reason: str, now: datetime
) -> UnitEvent:
    assert transaction.get_connection().in_atomic_block, "a claim moves inside its caller's transaction (decisions 20)"
    ends_at = claim.expires_at if to == Status.HELD else None
    return inventory.record_move(
        unit=unit, action=action, to=to, by=by, reason=reason, op_id=op_id, claim=claim.number, ends_at=ends_at, now=now
    )
