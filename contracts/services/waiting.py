"""The waiting list of a unit 候补名单 (domain B3): joined, left, and offered to the next in line when the unit comes free.

The unit's lock orders everything; an offer is a hold like any other, placed by the clock. Its operation id follows from the
place in the list, so that a message which comes twice offers once.
"""

import uuid
from datetime import datetime
from functools import partial

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from contracts.models import Claim, WaitingEntry
from contracts.queries.scope import waiting_visible_to
from contracts.queries.unit import WAITED_FOR
from contracts.services import claims, holds
from contracts.states import Evidence, HoldKind, WaitingState
from enquiries.models import Customer
from enquiries.services.rows import hold_still
from inventory.models import Unit
from inventory.queries.blocks import blocking
from inventory.services import units as inventory
from inventory.states import Status
from salescontrol.core import clock, notices, options
from salescontrol.core.access import Access, access_of, deciding_users
from salescontrol.core.errors import Conflict, NotVisible, Refusal
from salescontrol.core.history import save_tracked
from salescontrol.core.operations import once
from salescontrol.core.permissions import Permission, Role

DESK = (Role.SPECIALIST, Role.SUPERVISOR)
OPEN = (WaitingState.WAITING, WaitingState.OFFERED)


def join(*, op_id: uuid.UUID, unit_id: int, customer: Customer, salesperson, note: str, by) -> WaitingEntry:
    """A customer waits for a unit that somebody has: entered by the desk, or by the customer's own salesperson.

    Raises NotVisible, Forbidden, Conflict (`free`: it can be held at once; `twice`: the customer waits already).
    """
    content = {"unit": unit_id, "customer": customer.pk, "salesperson": salesperson.pk, "note": note}
    reference = once(
        op_id=op_id, by=by, action="waiting.join", content=content,
        run=lambda: _join(unit_id, customer, salesperson, note.strip()[:300], by),
    )  # fmt: skip
    return WaitingEntry.every.select_related("unit__project").get(number=reference["entry"])


def leave(*, op_id: uuid.UUID, number: str, reason: str, by) -> WaitingEntry:
    """A customer waits no longer. An offer that runs is declined by releasing its hold, which is the desk's."""
    reference = once(
        op_id=op_id, by=by, action="waiting.leave", content={"entry": number, "reason": reason},
        run=lambda: _leave(number, reason, by),
    )  # fmt: skip
    return WaitingEntry.every.select_related("unit__project").get(number=reference["entry"])


def take_offer(*, op_id: uuid.UUID, number: str, evidence: Evidence, reason: str, override: str = "", by) -> Claim:
    """The customer takes the offer: the same claim goes on as their ordinary hold, from now, under the rules of any hold.

    One event (`claim.take`) says so; the unit is held all the while. `number` is the offer's claim.
    """
    do = partial(_take, evidence=evidence, override=override)
    return holds.change(op_id, "claim.take", number, reason, by, do, evidence=evidence, override=override)


@transaction.atomic
def offer_next(*, unit_id: int) -> Claim | None:
    """Offer a unit that came free to the next in its waiting list for some hours (setting `hold.offer_hours`).

    Returns the offer's claim; None when the unit is not free, something lies on it, or nobody waits.
    """
    found = inventory.locked([unit_id], visible=Unit.every.all())
    if not found or found[0].status != Status.AVAILABLE or blocking(found[0], desk=False):
        return None
    entry = _first(found[0])
    return _offer(found[0], entry, clock.now()) if entry else None


def offer_free() -> int:
    """Offer every free unit for which somebody waits: whatever kept it from being offered before is over. Returns how many."""
    free = Unit.every.filter(status=Status.AVAILABLE, locks="", waiting__state=WaitingState.WAITING)
    return sum(offer_next(unit_id=pk) is not None for pk in free.order_by("pk").values_list("pk", flat=True).distinct())


def _join(unit_id: int, customer: Customer, salesperson, note: str, by) -> dict:
    access = access_of(by)
    unit = claims.lock_unit(unit_id, access)
    _require_may_join(access, unit, customer, salesperson)
    hold_still(customer)
    if unit.status not in WAITED_FOR:
        raise Conflict(_not_waited_for(unit), code="free")
    if WaitingEntry.every.filter(unit=unit, customer=customer, state__in=OPEN).exists():
        raise Conflict(_("This customer waits for %(unit)s already.") % {"unit": unit}, code="twice")
    entry = WaitingEntry(
        project_id=unit.project_id, unit=unit, customer=customer, salesperson=salesperson, note=note, placed_by=by
    )
    save_tracked(entry, action="waiting.join", by=by)
    if by != salesperson:
        _tell([salesperson], "waiting.joined", entry)
    return {"entry": entry.number}


def _require_may_join(access: Access, unit: Unit, customer: Customer, salesperson) -> None:
    """The desk enters anybody; a salesperson only their own customers, for themselves."""
    if access.can(Permission.HOLD_PLACE, unit.project_id):
        holds.require_of_project(unit, customer, salesperson)
        return
    access.require(Permission.HOLD_REQUEST, unit.project_id)
    if salesperson != access.user or customer.owner_id != access.user.pk:
        raise Refusal(
            _("Choose a customer of your own."), code="not_own", fields={"customer": [_("Choose one of your own.")]}
        )


def _not_waited_for(unit: Unit) -> str:
    if unit.status == Status.AVAILABLE:
        return _("%(unit)s is available, so nobody needs to wait: it can be held now.") % {"unit": unit}
    return _("Nobody can wait for %(unit)s: it is %(status)s.") % {"unit": unit, "status": unit.get_status_display()}


def _leave(number: str, reason: str, by) -> dict:
    access = access_of(by)
    seen = waiting_visible_to(access).filter(number=number).first()
    if seen is None:
        raise NotVisible(_("There is no such place in a waiting list."))
    if not access.can(Permission.HOLD_PLACE, seen.project_id):
        access.require(Permission.HOLD_REQUEST, seen.project_id)
    inventory.locked([seen.unit_id], visible=Unit.every.all())
    entry = WaitingEntry.every.select_for_update(of=("self",)).get(pk=seen.pk)
    if entry.state != WaitingState.WAITING:
        raise Conflict(
            _("This place is %(state)s by now. An offer is declined by releasing its hold.")
            % {"state": entry.get_state_display()},
            code="wrong_state",
        )
    entry.state, entry.closed_at = WaitingState.WITHDRAWN, clock.now()
    save_tracked(entry, action="waiting.leave", by=by, fields=["state", "closed_at"], reason=reason)
    return {"entry": entry.number}


def _first(unit: Unit) -> WaitingEntry | None:
    waiting = WaitingEntry.every.filter(unit=unit, state=WaitingState.WAITING).select_related("salesperson", "customer")
    return waiting.order_by("placed_at", "pk").first()


def _offer(unit: Unit, entry: WaitingEntry, now: datetime) -> Claim:
    hours = holds.duration(HoldKind.OFFER, options.values(unit.project_id))
    claim = Claim(
        customer=entry.customer, salesperson=entry.salesperson, kind=HoldKind.OFFER, evidence=Evidence.NONE,
        reason=entry.note, expires_at=now + hours,
    )  # fmt: skip
    op_id = uuid.uuid5(uuid.NAMESPACE_URL, f"claim.offer/{entry.number}")
    claims.begin(unit=unit, claim=claim, by=None, op_id=op_id, reason=entry.note, now=now, action="claim.offer")
    entry.state, entry.offer = WaitingState.OFFERED, claim
    save_tracked(entry, action="waiting.offer", by=None, fields=["state", "offer"])
    _tell([entry.salesperson, *deciding_users(DESK, unit.project_id)], "waiting.offered", entry, claim)
    return claim


def _take(
    unit: Unit, claim: Claim, *, by, op_id: uuid.UUID, reason: str, now: datetime, access: Access, evidence: Evidence,
    override: str,
) -> Claim:  # fmt: skip
    if claim.kind != HoldKind.OFFER:
        raise Conflict(_("This is no offer any more: the unit is held for the customer."), code="no_offer")
    terms = holds.Terms(claim.customer, claim.salesperson, reason, evidence, HoldKind.CUSTOMER, override)
    settings = options.values(unit.project_id)
    holds.require_within(unit, terms, access, now)
    claims.alter(
        unit=unit, claim=claim, action="claim.take", by=by, op_id=op_id, why=reason, now=now, kind=HoldKind.CUSTOMER,
        reason=reason[:300], evidence=evidence, expires_at=now + holds.duration(HoldKind.CUSTOMER, settings),
    )  # fmt: skip
    for entry in WaitingEntry.every.filter(offer=claim, state=WaitingState.OFFERED):
        entry.state, entry.closed_at = WaitingState.TAKEN, now
        save_tracked(entry, action="waiting.taken", by=by, fields=["state", "closed_at"])
    holds.conclude(claim, terms, by=by, now=now)
    return claim


def _tell(people: list, code: str, entry: WaitingEntry, claim: Claim | None = None) -> None:
    code_of_project = entry.unit.project.code
    url = (
        reverse("contracts:hold", args=[code_of_project, claim.number])
        if claim
        else f"{reverse('inventory:board', args=[code_of_project])}?unit={entry.unit_id}"
    )
    notices.tell(
        people, code, key=f"{code}-{entry.number}", url=url, project_id=entry.project_id, unit=entry.unit.number
    )
