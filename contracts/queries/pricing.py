"""What a quotation counts, and nothing else: discounts, deal price, loan, and whose consent the price needs (domain B4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext

from contracts.states import Consent
from inventory.models import Unit
from inventory.models.unit import PricingMode
from salescontrol.core import money

HUNDRED = Decimal(100)
LOAN_STEP = Decimal(10_000)
# So many digits that nothing is rounded before the end.
_EXACT = 120


@dataclass(frozen=True)
class Discount:
    """One discount: percent off or an amount off. `policy` is the public policy that it stands on; a special one has none."""

    name: str
    percent: Decimal | None = None
    amount: Decimal | None = None
    policy: int | None = None
    needs_approval: bool = False

    def kept(self) -> dict:
        """As a quotation keeps it: figures as text."""
        size = {"percent": str(self.percent)} if self.percent is not None else {"amount": str(self.amount)}
        return {"policy": self.policy, "name": self.name, **size}


def exact_total(price: Decimal, discounts: Sequence[Discount]) -> Decimal:
    """The price after the discounts in their listed order, percents multiplied and amounts subtracted, not rounded."""
    with localcontext(prec=_EXACT):
        total = price
        for discount in discounts:
            if discount.percent is not None:
                total = total * (HUNDRED - discount.percent) / HUNDRED
            else:
                total -= discount.amount or Decimal(0)
        return total


def deal_total(price: Decimal, discounts: Sequence[Discount]) -> Decimal:
    """The deal price: rounded once, at the end, half up to whole yuan."""
    with localcontext(prec=_EXACT):
        return money.whole(exact_total(price, discounts))


def deal_unit_price(total: Decimal, area: Decimal) -> Decimal:
    """Total ÷ area, two decimals."""
    return money.cents(total / area)


def counted_area(unit: Unit) -> Decimal:
    """The area that the price is by: inner or built as the pricing mode says, the surveyed one as soon as there is one."""
    built = unit.surveyed_built_area or unit.built_area
    if unit.pricing_mode == PricingMode.INNER:
        return unit.surveyed_inner_area or unit.inner_area or built
    return built


def extra_percent(price: Decimal, discounts: Sequence[Discount]) -> Decimal:
    """How much the special discount takes off beyond the public ones, in percent of the price after these; not rounded."""
    with localcontext(prec=_EXACT):
        public = exact_total(price, [discount for discount in discounts if discount.policy is not None])
        if public <= 0:
            return HUNDRED
        return (public - exact_total(price, discounts)) / public * HUNDRED


def consent_for(
    *, total: Decimal, floor: Decimal | None, extra: Decimal, needs_approval: bool, supervisor_to: Decimal,
    management_to: Decimal,
) -> Consent:  # fmt: skip
    """Whose consent a price needs: below the floor or beyond `management_to` percent extra finance's too, and so on down."""
    if (floor is not None and total < floor) or extra > management_to:
        return Consent.FINANCE
    if extra > supervisor_to:
        return Consent.MANAGEMENT
    return Consent.SUPERVISOR if extra > 0 or needs_approval else Consent.NONE


def monthly_payment(loan: Decimal, years: int, rate: Decimal) -> Decimal:
    """The equal monthly payment of an annuity loan; `rate` is the yearly interest in percent and may be zero."""
    months = years * 12
    with localcontext(prec=50):
        interest = rate / HUNDRED / 12
        if interest == 0:
            return money.cents(loan / months)
        growth = (1 + interest) ** months
        return money.cents(loan * interest * growth / (growth - 1))


def above_filed(unit: Unit, total: Decimal, area: Decimal) -> bool:
    """Whether the deal would cost more than the city has on file (one price per unit); less than a yuan is the same."""
    filed = unit.filed_total
    if filed is None and unit.filed_unit_price is not None:
        filed = money.total_of(unit.filed_unit_price, area)
    return filed is not None and total > filed and not money.same_total(total, filed)


def below_floor(total: Decimal, floor: Decimal | None) -> tuple[Decimal, Decimal] | None:
    """By how much and by what percentage a price is below the floor; only for those who may read the floor price."""
    if floor is None or total >= floor:
        return None
    return floor - total, money.cents((floor - total) / floor * HUNDRED)
