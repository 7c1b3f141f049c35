"""The one way a unit's status moves (R1.5, domain B2.4), and how locks are laid and lifted."""

import uuid
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import NamedTuple, TypeVar

from django.db import transaction as db_transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from inventory.models import Unit, UnitEvent, UnitLock
from inventory.queries.standing import standing
from inventory.services import expiry
from inventory.states import BROUGHT_TABLE, CORRECTIONS, SALE_TABLE, Lock, Review
from salescontrol.core import clock, journal
from salescontrol.core.access import Access, access_of
from salescontrol.core.errors import Conflict, Refusal
from salescontrol.core.forgetting import forget_evidence
from salescontrol.core.history import create_tracked, update_tracked
from salescontrol.core.permissions import Permission
from salescontrol.core.transitions import check

Row = TypeVar("Row")


def transition(
    *, unit: Unit, action: str, by, reason: str = "", op_id: uuid.UUID | None = None, approval=None, on_behalf_of=None
) -> UnitEvent:
    """Move the locked unit by `action` of the sale table, and write its numbered event. Needs an open transaction.

    Raises Forbidden (permission), Conflict (the status has moved on, or an overlay lock is on), Refusal (a reason is needed).
    """
    assert db_transaction.get_connection().in_atomic_block, "transition() needs the caller's transaction (decisions 20)"
    rule = check(SALE_TABLE, action, unit, state=unit.status, by=by, project_id=unit.project_id)
    if rule.reason and not reason.strip():
        raise Refusal(
            _("Give the reason: it is kept with the unit."),
            code="no_reason",
            fields={"reason": [_("Give the reason.")]},
        )
    return record_move(
        unit=unit,
        action=action,
        to=rule.target,
        by=by,
        reason=reason,
        op_id=op_id,
        approval=approval,
        on_behalf_of=on_behalf_of,
    )


def record_move(
    *,
    unit: Unit,
    action: str,
    to: str,
    by,
    reason: str,
    op_id=None,
    approval=None,
    on_behalf_of=None,
    claim: str = "",
    ends_at: datetime | None = None,
    now: datetime | None = None,
) -> UnitEvent:
    """Write event number n + 1 and the unit's new status together; the compare-and-swap on `event_seq` refuses a lost race.

    `by` None is the clock; `claim` is the number of the claim that moves, `ends_at` when it ends by itself from here on.
    """
    now = now or clock.now()
    moved = Unit.every.filter(pk=unit.pk, event_seq=unit.event_seq, status=unit.status).update(
        status=to,
        status_reason=reason[:300],
        status_at=now,
        event_seq=unit.event_seq + 1,
        claim_ends_at=ends_at,
    )
    if moved != 1:
        raise Conflict(
            _("%(unit)s changed while you were working. Reload the page to see where it stands.") % {"unit": unit},
            code="raced",
        )
    event = UnitEvent.every.create(
        unit=unit,
        seq=unit.event_seq + 1,
        op_id=op_id or uuid.uuid4(),
        action=action,
        from_status=unit.status,
        to_status=to,
        actor=by,
        on_behalf_of=on_behalf_of,
        reason=reason[:300],
        approval=approval,
        claim=claim,
        ends_at=ends_at,
        at=now,
        business_date=business_date(now, unit.project.zone),
    )
    db_transaction.on_commit(journal.keep_up, robust=True)
    unit.claim_ends_at = ends_at
    unit.status, unit.status_reason, unit.status_at, unit.event_seq = to, reason[:300], now, unit.event_seq + 1
    return event


def record_moves(
    *,
    units: Sequence[Unit],
    action: str,
    to: str,
    by,
    reason: str,
    approval=None,
    on_behalf_of_id: int | None = None,
    **fields,
) -> list[UnitEvent]:
    """`record_move` for many locked units of one project that all have the same status: the same event and the same refusal
    of a lost race, in a number of queries that does not grow with every unit.

    `fields` are set in the same update (a unit leaves DRAFT only together with its approval) with a history row each.
    """
    now = clock.now()
    reason = reason[:300]
    for part in batched(units):
        moved = Unit.every.filter(_as_seen(part)).update(
            status=to, status_reason=reason, status_at=now, event_seq=F("event_seq") + 1, **fields
        )
        if moved != len(part):
            raise _raced()
    events = [
        UnitEvent(
            unit=unit,
            seq=unit.event_seq + 1,
            action=action,
            from_status=unit.status,
            to_status=to,
            actor=by,
            on_behalf_of_id=on_behalf_of_id,
            reason=reason,
            approval=approval,
            at=now,
            business_date=business_date(now, unit.project.zone),
        )
        for unit in units
    ]
    UnitEvent.every.bulk_create(events, batch_size=500)
    db_transaction.on_commit(journal.keep_up, robust=True)
    for unit in units:
        unit.status, unit.status_reason, unit.status_at, unit.event_seq = to, reason, now, unit.event_seq + 1
        for name, value in fields.items():
            setattr(unit, name, value)
    if fields:
        update_tracked(units, [], action=action, by=by)
    return events


class PastMove(NamedTuple):
    """One step of a unit's life before this system was used: what, when, and the number of the claim that it belongs to."""

    action: str
    at: datetime
    claim: str = ""


def bring_along(*, lives: Sequence[tuple[Unit, Sequence[PastMove]]], by, reason: str) -> None:
    """Write the past of many locked units, each with its own moves in order, and where it leads to (past-sales import).

    Drafts come out approved, with a history row each. Needs the caller's transaction. Raises Conflict when a unit is not where
    its first move begins, or moved meanwhile.
    """
    events: list[UnitEvent] = []
    groups: dict[tuple, list[Unit]] = defaultdict(list)
    drafts = [unit for unit, _moves in lives if unit.review != Review.APPROVED]
    for unit, moves in lives:
        written = [*_past_events(unit, moves, by=by, reason=reason[:300])]
        events += written
        last = written[-1]
        groups[unit.status, unit.event_seq, last.to_status, last.seq, last.at].append(unit)
    for (status, event_seq, to, seq, at), units in groups.items():
        moved = Unit.every.filter(pk__in=[unit.pk for unit in units], status=status, event_seq=event_seq).update(
            status=to,
            status_reason=reason[:300],
            status_at=at,
            event_seq=seq,
            claim_ends_at=None,
            review=Review.APPROVED,
        )
        if moved != len(units):
            raise _raced()
        for unit in units:
            unit.status, unit.status_reason, unit.status_at, unit.event_seq = to, reason[:300], at, seq
            unit.claim_ends_at, unit.review = None, Review.APPROVED.value
    UnitEvent.every.bulk_create(events, batch_size=500)
    db_transaction.on_commit(journal.keep_up, robust=True)
    update_tracked(drafts, [], action="unit.bring_approved", by=by)


def _past_events(unit: Unit, moves: Sequence[PastMove], *, by, reason: str) -> Iterator[UnitEvent]:
    status = unit.status
    for seq, move in enumerate(moves, start=unit.event_seq + 1):
        rule = BROUGHT_TABLE[move.action]
        if status not in rule.sources:
            raise _raced()
        yield UnitEvent(
            unit=unit, seq=seq, action=move.action, from_status=status, to_status=rule.target, actor=by, reason=reason,
            claim=move.claim, at=move.at, business_date=business_date(move.at, unit.project.zone),
        )  # fmt: skip
        status = rule.target


def _raced() -> Conflict:
    return Conflict(
        _("Some of these units changed while you were working. Reload the page and look again."), code="raced"
    )


def forget_reasons(*, claims: Collection[str], by, about: str) -> None:
    """Empty what was written as the reason of these claims' events, and where it is the unit's latest: it may say who somebody is
    (R7.6). The events stay, and the rewriting is on record. Needs the caller's transaction."""
    events = UnitEvent.every.filter(claim__in=claims)
    latest = Q(events__claim__in=claims, events__seq=F("event_seq"))
    units = list(Unit.every.select_for_update(of=("self",)).filter(latest).order_by("pk").values_list("pk", flat=True))
    Unit.every.filter(pk__in=units).update(status_reason="")
    forget_evidence(events, by=by, about=about)


def _as_seen(units: Sequence[Unit]) -> Q:
    """These units, each still with the status and the event number that the caller saw."""
    seen: dict[tuple[str, int], list[int]] = defaultdict(list)
    for unit in units:
        seen[unit.status, unit.event_seq].append(unit.pk)
    found = Q(pk__in=[])
    for (status, event_seq), pks in seen.items():
        found |= Q(pk__in=pks, status=status, event_seq=event_seq)
    return found


def batched(rows: Sequence[Row], size: int = 500) -> Iterator[Sequence[Row]]:
    """The rows in pieces that one statement takes."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def business_date(moment, zone: str) -> date:
    """The day an event counts for: the calendar day in the project's zone."""
    return clock.local(moment, zone).date()


def locked(unit_ids: Iterable[int | None], *, visible) -> list[Unit]:
    """Lock these units of the queryset `visible` in the fixed order (by pk) and return them; units not visible are left out.

    A hold that has run out is written down first, so that it stands in nobody's way (decisions 14).
    """
    rows = visible.filter(pk__in=list(unit_ids)).select_for_update(of=("self",), no_key=True).order_by("pk")
    found = list(rows.select_related("project"))
    expiry.settle(found)
    return found


def lay_lock(*, unit: Unit, kind: Lock, reason: str, by, reference: str = "") -> UnitLock:
    """Put an overlay lock on the unit; raises Conflict when one of that kind is on."""
    if kind.value in unit.lock_codes:
        raise Conflict(_("%(unit)s is locked already: %(lock)s.") % {"unit": unit, "lock": kind.label}, code="locked")
    lock = UnitLock(unit=unit, kind=kind, reason=reason[:300], reference=reference, set_by=by)
    lock._history_user, lock._change_reason = by, "unit.lock"
    lock.save()
    _show_locks(unit, [*unit.lock_codes, kind.value])
    return lock


def lift_lock(*, unit: Unit, kind: Lock, by) -> None:
    """Take an overlay lock off; nothing happens when none is on."""
    lock = UnitLock.every.filter(unit=unit, kind=kind, lifted_at__isnull=True).first()
    if lock is not None:
        lock.lifted_at = clock.now()
        lock._history_user, lock._change_reason = by, "unit.unlock"
        lock.save(update_fields=["lifted_at"])
    _show_locks(unit, [code for code in unit.lock_codes if code != kind.value])


def lay_locks(*, units: Sequence[Unit], kind: Lock, reason: str, by, reference: str = "") -> list[UnitLock]:
    """`lay_lock` for many locked units at once; raises Conflict naming one that has a lock of that kind."""
    taken = next((unit for unit in units if kind.value in unit.lock_codes), None)
    if taken is not None:
        raise Conflict(_("%(unit)s is locked already: %(lock)s.") % {"unit": taken, "lock": kind.label}, code="locked")
    locks = create_tracked(
        [UnitLock(unit=unit, kind=kind, reason=reason[:300], reference=reference, set_by=by) for unit in units],
        action="unit.lock",
        by=by,
    )
    show_locks(units, lambda codes: [*codes, kind.value])
    return locks


def lift_locks(*, units: Sequence[Unit], kind: Lock, by, reference: str = "", reason: str = "") -> None:
    """Take off the locks of that kind that were laid under this reference; units without one stay as they are."""
    on = UnitLock.every.filter(
        unit__in=[unit.pk for unit in units], kind=kind, reference=reference, lifted_at__isnull=True
    )
    locks, now = list(on), clock.now()
    for lock in locks:
        lock.lifted_at = now
    update_tracked(locks, ["lifted_at"], action="unit.unlock", by=by, reason=reason)
    lifted = {lock.unit_id for lock in locks}
    show_locks(
        [unit for unit in units if unit.pk in lifted], lambda codes: [code for code in codes if code != kind.value]
    )


def show_locks(units: Sequence[Unit], change: Callable[[list[str]], list[str]]) -> None:
    """Write what the board shows of the locks of these locked units, one update for all that come out alike."""
    alike: dict[str, list[int]] = defaultdict(list)
    for unit in units:
        unit.locks = ",".join(sorted(change(unit.lock_codes)))
        alike[unit.locks].append(unit.pk)
    for locks, pks in alike.items():
        for part in batched(pks):
            Unit.every.filter(pk__in=part).update(locks=locks)


def _show_locks(unit: Unit, codes: list[str]) -> None:
    unit.locks = ",".join(sorted(codes))
    Unit.every.filter(pk=unit.pk).update(locks=unit.locks)


def may_act(by, unit: Unit) -> list[str]:
    """The actions of the sale table that this user may do, or propose, on the unit now (for its buttons).

    Withholding is the safe side: a lock does not stand in its way.
    """
    access = access_of(by)
    return [
        name
        for name, rule in SALE_TABLE.items()
        if standing(unit) in rule.sources
        and (access.can(rule.permission, unit.project_id) or _may_propose(access, name, unit.project_id))
        and (not unit.locks or name == "unit.withhold")
    ]


def _may_propose(access: Access, action: str, project_id: int) -> bool:
    return action in CORRECTIONS.values() and access.can(Permission.UNIT_RELEASE_PROPOSE, project_id)
