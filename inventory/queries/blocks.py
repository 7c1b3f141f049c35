"""What stands in the way of a new claim on a unit: overlay locks, encumbrances, a stop of sales (domain B2.3, R1.7)."""

from django.utils.translation import gettext as _

from inventory.models import SalesStop, Unit, UnitLock
from inventory.states import Lock


def blocking(unit: Unit, *, desk: bool) -> list[str]:
    """One sentence for each thing that blocks, with its reason for the desk; no query when nothing lies on the unit."""
    found = [str(label) for on, label in _encumbrances(unit) if on]
    return found + (_locks(unit, desk) if unit.locks else [])


def _encumbrances(unit: Unit):
    return (
        (unit.mortgaged, _("Mortgaged")),
        (unit.sealed, _("Sealed by a court")),
        (unit.contractor_owned, _("Given to a contractor")),
    )


def _locks(unit: Unit, desk: bool) -> list[str]:
    reasons = {lock.kind: lock.reason for lock in UnitLock.objects.filter(unit=unit, lifted_at__isnull=True)}
    if Lock.STOP in unit.lock_codes:
        stop = SalesStop.objects.filter(project_id=unit.project_id, lifted_at__isnull=True).first()
        reasons.setdefault(Lock.STOP, stop.reason if stop else "")
    return [_sentence(Lock(code), reasons.get(code, ""), desk) for code in unit.lock_codes]


def _sentence(lock: Lock, reason: str, desk: bool) -> str:
    told = reason and (desk or lock == Lock.STOP)
    return _("%(lock)s (%(reason)s)") % {"lock": lock.label, "reason": reason} if told else str(lock.label)
