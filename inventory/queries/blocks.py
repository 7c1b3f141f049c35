"""What stands in the way of a new claim on a unit: overlay locks, encumbrances, a stop of sales (domain B2.3, R1.7)."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from inventory.models import Unit, UnitLock
from inventory.queries.stops import stops_on
from inventory.states import Lock


def blocking(unit: Unit, *, desk: bool) -> list[str]:
    """One sentence for each thing that blocks the (locked) unit; empty, and no query, when nothing lies on it.

    The reason of a lock is for the desk; the reason of a stop for everybody who may see the unit.
    """
    found = encumbrances(unit)
    return [*found, *_locks(unit, desk)] if unit.locks else found


def encumbrances(unit: Unit) -> list[str]:
    """What lies on the unit by law or agreement (domain B2.1)."""
    flags = (
        (unit.mortgaged, _("Mortgaged")),
        (unit.sealed, _("Sealed by a court")),
        (unit.contractor_owned, _("Given to a contractor")),
    )
    return [label for on, label in flags if on]


def _locks(unit: Unit, desk: bool) -> Iterator[str]:
    codes = unit.lock_codes
    if Lock.STOP in codes:
        yield from _stops(unit)
    others = [Lock(code) for code in codes if code != Lock.STOP]
    reasons = _reasons(unit) if others and desk else {}
    for lock in others:
        reason = reasons.get(lock)
        yield _("%(lock)s (%(reason)s)") % {"lock": lock.label, "reason": reason} if reason else str(lock.label)


def _stops(unit: Unit) -> list[str]:
    named = [
        _("sales of %(scope)s are stopped (%(reason)s)") % {"scope": stop, "reason": stop.reason}
        for stop in stops_on(unit)
    ]
    return named or [str(Lock.STOP.label)]


def _reasons(unit: Unit) -> dict[str, str]:
    return dict(UnitLock.every.filter(unit=unit, lifted_at__isnull=True).values_list("kind", "reason"))
