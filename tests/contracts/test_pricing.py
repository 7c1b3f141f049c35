"""The arithmetic of a quotation (domain B4) and amounts in capitals (domain B14), against cases worked out by hand."""

from decimal import Decimal
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.queries import pricing
from contracts.queries.pricing import Discount
from contracts.states import Consent
from inventory.models import Unit
from inventory.models.unit import PricingMode
from salescontrol.core import money

D = Decimal


def off(percent=None, amount=None, policy=1) -> Discount:
    return Discount("x", percent and D(percent), amount and D(amount), policy)


def test_the_ledgers_own_case():
    assert money.total_of(D("5353"), D("78.13")) == D("418230.00")
    total = pricing.deal_total(D("418230"), [off("2"), off("1")])
    assert total == D("405767.00") and str(total) == "405767.00"
    assert pricing.deal_unit_price(total, D("78.13")) == D("5193.49")


@pytest.mark.parametrize(
    ("price", "discounts", "total"),
    [
        ("1000000", [], "1000000"),
        ("1000000", [off("2"), off(amount="10000")], "970000"),
        ("1000000", [off(amount="10000"), off("2")], "970200"),  # the order counts between percents and amounts
        ("101", [off("0.5")], "100"),  # 100.495
        ("100.5", [], "101"),  # half up
        ("99.5", [off(amount="0.01")], "99"),
        (
            "333333",
            [off("3"), off("3"), off("3")],
            "304224",
        ),  # 304,224.26 at the end; rounded at each step it is 304,225
        ("2706624", [off("1.25"), off("0.75"), off(amount="8888")], "2643857"),
    ],
)
def test_discounts_are_taken_in_their_order_and_rounded_once(price, discounts, total):
    assert pricing.deal_total(D(price), discounts) == D(total)


percents = st.decimals("0.01", "99.99", places=2)


@given(st.decimals("10000", "99999999", places=2), st.lists(percents, max_size=4))
def test_percents_alone_come_to_the_same_in_any_order_and_never_to_more(price, taken):
    discounts = [off(percent) for percent in taken]
    totals = {pricing.deal_total(price, list(order)) for order in permutations(discounts)}
    assert len(totals) == 1
    [total] = totals
    assert total == total.to_integral_value() and 0 <= total <= money.whole(price)
    assert abs(total - pricing.exact_total(price, discounts)) <= D("0.5")


@given(st.decimals("500000", "9999999", places=2), st.integers(1, 30), st.decimals("0", "20", places=2))
def test_the_monthly_payments_pay_the_loan_back_to_the_end(loan, years, rate):
    payment, rest = pricing.monthly_payment(loan, years, rate), loan
    for _month in range(years * 12):
        rest = rest * (1 + rate / 1200) - payment
    growth = (1 + rate / 1200) ** (years * 12)
    assert abs(rest) <= D("0.006") * years * 12 * growth


@pytest.mark.parametrize(
    ("loan", "years", "rate", "payment"),
    [
        ("1200000", 10, "0", "10000.00"),
        ("1000000", 30, "0", "2777.78"),
        ("1000000", 30, "4.9", "5307.27"),
        ("1000000", 20, "3.1", "5596.17"),
    ],
)
def test_the_annuity_against_the_banks_tables(loan, years, rate, payment):
    assert pricing.monthly_payment(D(loan), years, D(rate)) == D(payment)


@pytest.mark.parametrize(
    ("total", "extra", "approval", "consent"),
    [
        ("100", "0", False, Consent.NONE),
        ("100", "0", True, Consent.SUPERVISOR),
        ("100", "0.01", False, Consent.SUPERVISOR),
        ("100", "1", False, Consent.SUPERVISOR),
        ("100", "1.0001", False, Consent.MANAGEMENT),
        ("100", "3", True, Consent.MANAGEMENT),
        ("100", "3.0001", False, Consent.FINANCE),
        ("99", "0", False, Consent.FINANCE),
        ("99", "0.5", True, Consent.FINANCE),
    ],
)
def test_whose_consent_a_price_needs_at_the_borders(total, extra, approval, consent):
    found = pricing.consent_for(
        total=D(total), floor=D(100), extra=D(extra), needs_approval=approval, supervisor_to=D(1), management_to=D(3)
    )
    assert found == consent


def test_without_a_floor_price_only_the_extra_counts():
    terms = {"extra": D(0), "needs_approval": False, "supervisor_to": D(1), "management_to": D(3)}
    assert pricing.consent_for(total=D(1), floor=None, **terms) == Consent.NONE


def test_extra_is_what_the_special_discount_takes_beyond_the_public_ones():
    public = [off("2"), off("1")]
    assert pricing.extra_percent(D("1000000"), public) == 0
    assert pricing.extra_percent(D("1000000"), [*public, off("1", policy=None)]) == 1
    assert pricing.extra_percent(D("1000000"), [*public, off(amount="9702", policy=None)]) == 1
    assert pricing.extra_percent(D("1000000"), [*public, off(amount="9703", policy=None)]) > 1
    assert pricing.extra_percent(D("100"), [off(amount="100")]) == 100


@pytest.mark.parametrize(
    ("mode", "facts", "area"),
    [
        (PricingMode.BUILT, {}, "118.40"),
        (PricingMode.INNER, {}, "94.12"),
        (PricingMode.UNIT, {}, "118.40"),
        (PricingMode.BUILT, {"surveyed_built_area": D("119")}, "119"),
        (PricingMode.INNER, {"surveyed_built_area": D("119")}, "94.12"),
        (PricingMode.INNER, {"surveyed_inner_area": D("95")}, "95"),
        (PricingMode.INNER, {"inner_area": None}, "118.40"),
    ],
)
def test_which_area_counts(mode, facts, area):
    unit = Unit(**{"built_area": D("118.40"), "inner_area": D("94.12"), "pricing_mode": mode, **facts})
    assert pricing.counted_area(unit) == D(area)


def test_the_filed_price_is_by_the_total_else_by_the_unit_price_and_a_yuan_is_nothing():
    area = D("100")
    assert not pricing.above_filed(Unit(), D("9"), area)
    assert not pricing.above_filed(Unit(filed_total=D("1000000.50")), D("1000001"), area)
    assert pricing.above_filed(Unit(filed_total=D("1000000")), D("1000001"), area)
    assert pricing.above_filed(Unit(filed_unit_price=D("10000")), D("1000001"), area)
    assert not pricing.above_filed(Unit(filed_unit_price=D("10000")), D("1000000"), area)


@pytest.mark.parametrize(
    ("amount", "capitals"),
    [
        ("0", "零元整"), ("1", "壹元整"), ("10", "壹拾元整"), ("11", "壹拾壹元整"), ("100", "壹佰元整"), ("101", "壹佰零壹元整"),
        ("110", "壹佰壹拾元整"), ("1001", "壹仟零壹元整"), ("1010", "壹仟零壹拾元整"), ("1100", "壹仟壹佰元整"),
        ("10000", "壹万元整"), ("10001", "壹万零壹元整"), ("10100", "壹万零壹佰元整"), ("11000", "壹万壹仟元整"),
        ("100000", "壹拾万元整"), ("101000", "壹拾万壹仟元整"), ("100100", "壹拾万零壹佰元整"), ("405767", "肆拾万伍仟柒佰陆拾柒元整"),
        ("2706624", "贰佰柒拾万陆仟陆佰贰拾肆元整"), ("10000000", "壹仟万元整"), ("20000005", "贰仟万零伍元整"),
        ("100000000", "壹亿元整"), ("100000001", "壹亿零壹元整"), ("100010000", "壹亿零壹万元整"),
        ("110000000", "壹亿壹仟万元整"), ("1000000000", "壹拾亿元整"), ("1020304050", "壹拾亿贰仟零叁拾万肆仟零伍拾元整"),
        ("1000100000000", "壹万零壹亿元整"), ("0.05", "伍分"), ("0.10", "壹角整"), ("0.55", "伍角伍分"), ("10.05", "壹拾元零伍分"),
        ("10.50", "壹拾元伍角整"), ("1409.50", "壹仟肆佰零玖元伍角整"), ("6007.14", "陆仟零柒元壹角肆分"),
        ("1680.32", "壹仟陆佰捌拾元叁角贰分"), ("16409.02", "壹万陆仟肆佰零玖元零贰分"), ("325.04", "叁佰贰拾伍元零肆分"),
        ("1.005", "壹元零壹分"), ("-12.3", "负壹拾贰元叁角整"),
    ],
)  # fmt: skip
def test_amounts_in_capitals(amount, capitals):
    assert money.capitals(D(amount)) == capitals


@given(st.decimals("0", "9999999999999.99", places=2))
def test_capitals_have_no_two_zeros_in_a_row_and_none_before_the_unit(amount):
    text = money.capitals(amount)
    assert "零零" not in text and text[-1] in "整分"
    assert amount < 1 or "零元" not in text
