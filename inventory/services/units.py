"""The one way a unit's status moves (R1.5, domain B2.4), and how locks are laid and lifted."""

import uuid
from collections.abc import Iterable
from datetime import date

from django.db import transaction as db_transaction
from django.utils.translation import gettext as _

from inventory.models import Unit, UnitEvent, UnitLock
from inventory.states import SALE_TABLE, Lock
from salescontrol.core import clock
from salescontrol.core.access import access_of
from salescontrol.core.errors import Conflict, Refusal
from salescontrol.core.transitions import check


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
    *, unit: Unit, action: str, to: str, by, reason: str, op_id=None, approval=None, on_behalf_of=None
) -> UnitEvent:
    """Write event number n + 1 and the unit's new status together; the compare-and-swap on `event_seq` refuses a lost race."""
    now = clock.now()
    moved = Unit.objects.filter(pk=unit.pk, event_seq=unit.event_seq, status=unit.status).update(
        status=to, status_reason=reason[:300], status_at=now, event_seq=unit.event_seq + 1
    )
    if moved != 1:
        raise Conflict(
            _("%(unit)s changed while you were working. Reload the page to see where it stands.") % {"unit": unit},
            code="raced",
        )
    event = UnitEvent.objects.create(
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
        at=now,
        business_date=business_date(now, unit.project.zone),
    )
    unit.status, unit.status_reason, unit.status_at, unit.event_seq = to, reason[:300], now, unit.event_seq + 1
    return event


def business_date(moment, zone: str) -> date:
    """The day an event counts for: the calendar day in the project's zone."""
    return clock.local(moment, zone).date()


def locked(unit_ids: Iterable[int], *, visible) -> list[Unit]:
    """Lock these units of the queryset `visible` in the fixed order (by pk) and return them; units not visible are left out."""
    return list(
        visible.filter(pk__in=list(unit_ids)).select_for_update(of=("self",)).order_by("pk").select_related("project")
    )


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
    lock = UnitLock.objects.filter(unit=unit, kind=kind, lifted_at__isnull=True).first()
    if lock is not None:
        lock.lifted_at = clock.now()
        lock._history_user, lock._change_reason = by, "unit.unlock"
        lock.save(update_fields=["lifted_at"])
    _show_locks(unit, [code for code in unit.lock_codes if code != kind.value])


def _show_locks(unit: Unit, codes: list[str]) -> None:
    unit.locks = ",".join(sorted(codes))
    Unit.objects.filter(pk=unit.pk).update(locks=unit.locks)


def may_act(by, unit: Unit) -> list[str]:
    """The actions of the sale table that this user may do on the unit now (for its buttons)."""
    access = access_of(by)
    return [
        name
        for name, rule in SALE_TABLE.items()
        if unit.status in rule.sources and access.can(rule.permission, unit.project_id) and not unit.locks
    ]
