"""The rounding rules, all of them (domain B4, B14; decisions 9). Money in the project's currency, areas in ㎡."""

from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
YUAN = Decimal("1")


def cents(value) -> Decimal:
    """Two decimals, half up: unit prices, receipts, areas."""
    return Decimal(value).quantize(CENT, ROUND_HALF_UP)


def whole(value) -> Decimal:
    """Whole yuan, half up, with the two stored decimals: totals that we compute."""
    return Decimal(value).quantize(YUAN, ROUND_HALF_UP).quantize(CENT)


def total_of(unit_price: Decimal, area: Decimal) -> Decimal:
    """Unit price × area, rounded once to whole yuan."""
    return whole(unit_price * area)


def same_total(one: Decimal | None, other: Decimal | None) -> bool:
    """Totals that differ by less than one yuan are the same (a published list cuts or rounds to the yuan)."""
    if one is None or other is None:
        return one is other
    return abs(one - other) < YUAN
