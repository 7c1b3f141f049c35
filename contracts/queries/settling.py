"""What follows from figures: the settlement of a surveyed area, and whose consent a lower price needs (domain B4, B9)."""

from decimal import Decimal

from salescontrol.core.money import whole

HUNDRED = Decimal(100)
# How far below the present price, in percent of it, the supervisor decides without the management (domain B4).
SUPERVISOR_TO = Decimal(1)


def settle_area(*, agreed: Decimal, surveyed: Decimal, unit_price: Decimal, tolerance: Decimal) -> Decimal:
    """What the buyer pays (above zero) or gets back (below) 面积补差: within `tolerance` percent the difference at the price of the
    contract; of a surplus beyond it nothing more; of a shortfall beyond it twice the price."""
    difference, within = surveyed - agreed, agreed * tolerance / HUNDRED
    if difference >= 0:
        return whole(min(difference, within) * unit_price)
    short = -difference
    beyond = max(short - within, Decimal(0))
    return -whole((min(short, within) + 2 * beyond) * unit_price)


def beyond_tolerance(*, agreed: Decimal, surveyed: Decimal, tolerance: Decimal) -> bool:
    """Whether the buyer may rescind."""
    return abs(surveyed - agreed) > agreed * tolerance / HUNDRED


def needs_management(*, old: Decimal, new: Decimal, floor: Decimal | None) -> bool:
    """Whether a price is beyond what the supervisor and finance decide: below the floor, or more than one percent down."""
    return (floor is not None and new < floor) or (old - new) * HUNDRED > old * SUPERVISOR_TO
