"""What the unit panel reads besides the unit: discounts in force, permits, the locks that are on."""

from inventory.models import DiscountPolicy, Unit, UnitLock
from inventory.queries.discounts import discounts_for
from salescontrol.core import clock


def discounts_on(unit: Unit) -> list[DiscountPolicy]:
    """The policies that apply to this unit today, in their order; none when that was stated on purpose (domain B4)."""
    return [] if unit.no_discount else discounts_for(unit, clock.today(unit.project.zone))


def permit_numbers(unit: Unit) -> list[str]:
    """The pre-sale permits of the unit's building."""
    return list(unit.building.permits.order_by("issued_on", "pk").values_list("number", flat=True))


def live_locks(unit: Unit) -> list[UnitLock]:
    """The overlay locks that are on, with who set them (domain B2.3)."""
    return list(UnitLock.every.filter(unit=unit, lifted_at__isnull=True).select_related("set_by").order_by("set_at"))
