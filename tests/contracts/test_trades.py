"""What every step of a trade shares (R3.1, R3.5, domain B2.4, B6, B7)."""

import uuid
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from contracts.models import Buyer, Claim, IssuedNumber, Subscription, Trade
from contracts.services import claims, contracts, numbers, trades
from contracts.states import ClaimState, NumberKind, NumberState, Stage
from inventory.models import Unit, UnitEvent
from inventory.states import CLAIM_TABLE, TRADE_TABLE, Status
from salescontrol.core import clock, options
from salescontrol.core.access import access_of
from salescontrol.core.errors import Conflict, Refusal
from salescontrol.core.permissions import Role
from security.queries import consistency
from tests import build
from tests.contracts.stock import contracted, customer, shares_of, subscribed

pytestmark = pytest.mark.django_db


@pytest.fixture
def room(people):
    """A unit on sale and a customer who buys it."""
    people.unit = build.unit(build.building(people.a), by=people.specialist)
    people.customer = customer(people.a, people.salesperson)
    return people


def buy(room):
    return subscribed(room.unit, room.customer, room.salesperson, room.specialist)


def test_a_subscription_keeps_the_one_claim_and_is_consistent(room):
    subscription = buy(room)

    unit = Unit.every.get(pk=room.unit.pk)
    claim = Claim.every.get(unit=unit, released_at__isnull=True)
    assert (unit.status, claim.stage, claim.trade) == (Status.SUBSCRIBED, Stage.SUBSCRIPTION, subscription.trade)
    assert unit.claim_ends_at is None
    assert consistency.problems() == []


def test_a_contract_is_the_same_claim_one_stage_further(room):
    contract = contracted(room.unit, room.customer, room.salesperson, room.specialist)

    assert Unit.every.get(pk=room.unit.pk).status == Status.CONTRACTED
    assert [event.action for event in UnitEvent.every.filter(claim=contract.claim.number)] == [
        "trade.subscribe", "trade.sign",
    ]  # fmt: skip
    assert consistency.problems() == []


@pytest.mark.parametrize("status", [status for status in Status if status != Status.DRAFT])
def test_every_move_of_a_claim_is_refused_from_any_status_that_the_table_does_not_name(room, status):
    unit = Unit(status=status, number="1-1-0101")
    for action, move in {**CLAIM_TABLE, **TRADE_TABLE}.items():
        if status in move.sources:
            assert claims._target(unit, action) == move.target
        else:
            with pytest.raises(Conflict, match="so this cannot be done"):
                claims._target(unit, action)


@pytest.mark.parametrize(
    ("action", "after"), [("trade.refund", Status.WITHHELD), ("trade.refund_open", Status.AVAILABLE)]
)
def test_the_end_of_a_trade_leaves_the_unit_as_it_was_chosen(room, action, after):
    trade = buy(room).trade
    with transaction.atomic():
        step = trades.locked(trade, access_of(room.supervisor), by=room.supervisor, op_id=uuid.uuid4(), reason="Ill")
        claims.end(
            unit=step.unit, claim=step.claim, state=ClaimState.RELEASED, action=action, by=room.supervisor,
            op_id=step.op_id, reason="Ill", now=step.now,
        )  # fmt: skip
    assert Unit.every.get(pk=room.unit.pk).status == after
    with pytest.raises(Conflict, match="over"), transaction.atomic():
        trades.locked(trade, access_of(room.supervisor), by=room.supervisor, op_id=uuid.uuid4())


@pytest.mark.parametrize(("shares", "said"), [((60, 30), "make 90 percent"), ((60, 60), "make 120 percent")])
def test_shares_that_do_not_make_a_whole_are_refused(room, shares, said):
    buyers = [
        trades.Purchaser(customer(room.a, room.salesperson, name=name), Decimal(share))
        for name, share in zip(("Wu Jie", "Xu Yan"), shares, strict=True)
    ]
    with pytest.raises(Refusal, match=said), transaction.atomic():
        trades.open_trade(project=room.a, salesperson=room.salesperson, buyers=buyers, by=room.specialist)
    assert not Trade.every.exists()


def test_who_buys_no_longer_stays_on_record(room):
    trade, other = buy(room).trade, customer(room.a, room.salesperson, name="Xu Yan")
    with transaction.atomic():
        trades.name_buyers(trade=trade, buyers=[trades.Purchaser(other)], by=room.specialist)
    assert list(Buyer.every.filter(trade=trade, until__isnull=True).values_list("customer", flat=True)) == [other.pk]
    assert Buyer.every.filter(trade=trade, customer=room.customer, until__isnull=False).exists()
    assert shares_of(trade) == 100


def test_b16_9_numbers_are_given_once_and_void_ones_stay(room):
    with transaction.atomic():
        first = numbers.give(project=room.a, kind=NumberKind.CONTRACT, trade=None, by=room.specialist)
        numbers.make_void(
            project=room.a, kind=NumberKind.CONTRACT, number=first.number, reason="Torn", by=room.supervisor
        )  # fmt: skip
        second = numbers.give(project=room.a, kind=NumberKind.CONTRACT, trade=None, by=room.specialist)
    year = clock.today(room.a.zone).year
    assert [first.number, second.number] == [f"AAA-{year}-HT-00001", f"AAA-{year}-HT-00002"]
    assert IssuedNumber.objects.get(pk=first.pk).state == NumberState.VOID


def test_a_number_brought_along_is_never_given_again(room):
    year = clock.today(room.a.zone).year
    with transaction.atomic():
        numbers.reserve(
            project=room.a, kind=NumberKind.CONTRACT, number=f"AAA-{year}-HT-00001", trade=None, year=year, by=room.supervisor
        )  # fmt: skip
        given = numbers.give(project=room.a, kind=NumberKind.CONTRACT, trade=None, by=room.specialist)
        with pytest.raises(Conflict, match="something else"):
            numbers.reserve(
                project=room.a, kind=NumberKind.CONTRACT, number=given.number, trade=None, year=year, by=room.supervisor
            )  # fmt: skip
    assert given.number == f"AAA-{year}-HT-00002"


@pytest.mark.parametrize(
    ("pattern", "number"), [("{KIND}/({YYYY}){3}", "HT/(2026)007"), ("{PROJECT}{YY}{KIND}{6}", "AAA26HT000007")]
)
def test_the_office_writes_its_numbers_as_it_does(room, pattern, number):
    assert numbers.written(numbers.check_pattern(pattern), room.a, NumberKind.CONTRACT, 2026, 7) == number


@pytest.mark.parametrize(
    "pattern", ["", "{KIND}-{5}", "{YYYY}-{5}", "{YYYY}{KIND}", "{YYYY}{KIND}{5}{DAY}", "{YYYY}" * 9]
)
def test_a_pattern_that_would_repeat_a_number_is_refused(pattern):
    with pytest.raises(Refusal, match="A pattern holds a year"):
        numbers.check_pattern(pattern)


def test_a_pattern_is_checked_where_it_is_set(room):
    with pytest.raises(Refusal, match="A pattern holds a year"):
        options.change(by=room.supervisor, project_id=room.a.pk, changes={numbers.PATTERN: "{YYYY}"})


def test_two_projects_whose_pattern_leaves_the_project_out_number_alike(room):
    """A number is its project's: a company may number each project from 1 (domain B7, B16.9)."""
    build.permit(room.unit.building)
    house = build.building(room.b)
    build.permit(house)
    desk = build.user(Role.SPECIALIST, room.b)
    there = build.unit(house, by=desk)
    theirs = customer(room.b, room.other_salesperson, by=desk)
    for project, supervisor in ((room.a, room.supervisor), (room.b, room.other_supervisor)):
        options.change(by=supervisor, project_id=project.pk, changes={numbers.PATTERN: "{YYYY}-{KIND}-{5}"})
    one = buy(room)
    other = subscribed(there, theirs, room.other_salesperson, desk)
    assert one.number == other.number
    made = [
        contracts.make_contract(op_id=uuid.uuid4(), subscription=row.code, by=by)
        for row, by in ((one, room.specialist), (other, desk))
    ]
    assert made[0].number == made[1].number == one.number.replace("RG", "HT")
    assert consistency.problems() == []


def test_a_number_is_given_to_one_sale_of_its_project_only(room):
    """The database is the last judge (B16.9)."""
    one, unit = buy(room), build.unit(room.unit.building, 13, by=room.specialist)
    other = subscribed(unit, room.customer, room.salesperson, room.specialist)
    with pytest.raises(IntegrityError, match="number"), transaction.atomic():
        Subscription.every.filter(pk=other.pk).update(number=one.number)
