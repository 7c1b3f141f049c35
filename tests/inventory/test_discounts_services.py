"""Discount policies (domain B4): proposed, approved, replaced by versions, ended; which are in force for a unit."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.models import DiscountPolicy, Unit
from inventory.models.price import DiscountKind
from inventory.queries import discounts as queries
from inventory.services import discounts
from inventory.services.discounts import Terms
from inventory.states import DISCOUNT_TABLE, DiscountState
from salescontrol.core import approvals, clock
from salescontrol.core.access import access_of
from salescontrol.core.errors import Conflict, Forbidden, Refusal
from salescontrol.core.models import Approval, Notice
from salescontrol.core.permissions import Role
from salescontrol.core.transitions import move
from tests import build
from tests.inventory import stock

STATE = DiscountState


@pytest.fixture
def house(people):
    return build.building(people.a)


def terms(**fields) -> Terms:
    today = clock.today()
    return Terms(
        **{
            "name": "Opening",
            "kind": DiscountKind.PERCENT,
            "percent": Decimal("2.00"),
            "amount": None,
            "valid_from": today,
            "valid_to": today + timedelta(days=30),
            **fields,
        }
    )


def propose(people, by=None, replaces=None, building_ids=(), layout_ids=(), **fields) -> DiscountPolicy:
    return discounts.propose_discount(
        project=people.a,
        terms=terms(**fields),
        by=by or people.marketing,
        reason="Opening month",
        building_ids=building_ids,
        layout_ids=layout_ids,
        replaces=replaces,
    )


def decide(policy, by, agree=True, comment="") -> Approval:
    approval = Approval.objects.get(kind=discounts.KIND, target_id=policy.pk, state=Approval.State.PENDING)
    return approvals.decide(approval_id=approval.pk, by=by, agree=agree, comment=comment)


def state(policy) -> str:
    return DiscountPolicy.objects.get(pk=policy.pk).state


def approved(people, **fields) -> DiscountPolicy:
    policy = propose(people, **fields)
    decide(policy, people.supervisor)
    policy.refresh_from_db()
    return policy


def test_a_policy_is_in_force_only_after_the_supervisor_approved_it(people, house):
    unit = build.unit(house, by=people.specialist)
    policy = propose(people)
    assert state(policy) == STATE.SUBMITTED
    assert queries.discounts_for(unit, clock.today()) == []
    with pytest.raises(Forbidden):
        decide(policy, people.specialist)
    decide(policy, people.supervisor)
    assert queries.discounts_for(unit, clock.today()) == [policy]
    assert policy.history.first().history_change_reason == "discount.approve"


def test_approving_takes_no_more_queries_for_thirty_units_than_for_one(people, house):
    """Whoever has business with a unit in scope is told; finding them does not ask unit by unit."""
    counted = []
    for floors in (range(1, 2), range(2, 32)):
        for floor in floors:
            build.unit(house, floor, "01", by=people.specialist, salesperson=people.salesperson)
        policy = propose(people, name=f"Opening {floors.stop}", building_ids=[house.pk])
        with CaptureQueriesContext(connection) as queries_made:
            decide(policy, people.supervisor)
        counted.append(len(queries_made))
    assert counted[1] <= counted[0]


def test_nobody_approves_their_own_policy(people):
    policy = propose(people, by=people.supervisor)
    with pytest.raises(Forbidden):
        decide(policy, people.supervisor)
    decide(policy, people.management)
    assert state(policy) == STATE.EFFECTIVE


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({"percent": Decimal("100")}, "percent"),
        ({"percent": Decimal("150")}, "percent"),
        ({"percent": Decimal("0")}, "percent"),
        ({"percent": Decimal("-5")}, "percent"),
        ({"percent": None}, "percent"),
        ({"amount": Decimal("1000")}, "percent"),
        ({"percent": None, "amount": Decimal("0")}, "amount"),
        ({"percent": None, "amount": Decimal("-1")}, "amount"),
        ({"percent": None, "amount": Decimal("2706624")}, "amount"),
        ({"percent": None, "amount": Decimal("9999999")}, "amount"),
        ({"valid_to": date(2020, 1, 1)}, "valid_to"),
        ({"kind": DiscountKind.SPECIAL}, "needs_approval"),
    ],
)
def test_abuse_9_a_discount_that_leaves_nothing_of_the_price_is_refused(people, house, fields, at):
    build.unit(house, by=people.specialist)
    with pytest.raises(Refusal) as refusal:
        propose(people, **fields)
    assert at in refusal.value.fields
    assert not DiscountPolicy.objects.exists()


def test_abuse_9_what_leaves_nothing_by_the_time_of_the_decision_is_not_approved(people, house):
    unit = build.unit(house, by=people.specialist)
    policy = propose(people, kind=DiscountKind.FIXED, percent=None, amount=Decimal(2_000_000))
    Unit.objects.filter(pk=unit.pk).update(list_total=Decimal(1_900_000))
    with pytest.raises(Refusal) as refusal:
        decide(policy, people.supervisor)
    assert refusal.value.code == "too_much" and state(policy) == STATE.SUBMITTED
    decide(policy, people.supervisor, agree=False, comment="Prices fell")


def test_the_amount_is_compared_with_the_units_in_scope_only(people, house):
    build.unit(house, by=people.specialist, list_total=Decimal("100000.00"))
    dear = build.building(people.a, "9#")
    build.unit(dear, by=people.specialist)
    assert propose(people, percent=None, amount=Decimal("100000"), building_ids=[dear.pk]).pk


@pytest.mark.parametrize("who", ["salesperson", "finance", "management", "head", "administrator", "other_supervisor"])
def test_who_does_not_propose(people, who):
    with pytest.raises(Forbidden):
        propose(people, by=getattr(people, who))


def test_a_returned_policy_is_corrected_and_asked_for_again(people):
    policy = propose(people)
    decide(policy, people.supervisor, agree=False, comment="Too much")
    assert state(policy) == STATE.REJECTED
    discounts.edit_discount(
        policy=policy, terms=terms(percent=Decimal("1.00")), by=people.marketing, reason="As you say"
    )
    decide(policy, people.supervisor)
    assert DiscountPolicy.objects.get().percent == Decimal("1.00")


def test_whoever_edited_a_policy_before_does_not_approve_it_when_somebody_else_asks_again(people):
    policy = propose(people, by=people.supervisor)
    decide(policy, people.management, agree=False, comment="Longer, please")
    discounts.edit_discount(policy=policy, terms=terms(), by=people.marketing, reason="As asked")
    with pytest.raises(Forbidden) as caught:
        decide(policy, people.supervisor)
    assert caught.value.code == "four_eyes"


def test_an_editor_in_between_does_not_approve_it_either(people):
    policy = propose(people)
    decide(policy, people.supervisor, agree=False, comment="Less")
    second = build.user(Role.SUPERVISOR, people.a)
    discounts.edit_discount(policy=policy, terms=terms(percent=Decimal(1)), by=second, reason="Less")
    decide(policy, people.supervisor, agree=False, comment="Still less")
    discounts.edit_discount(policy=policy, terms=terms(percent=Decimal(1)), by=people.marketing, reason="No")
    with pytest.raises(Forbidden) as caught:
        decide(policy, second)
    assert caught.value.code == "four_eyes"


def test_a_new_version_that_begins_now_replaces_the_old_one_at_once(people):
    old = approved(people)
    new = propose(people, replaces=old, percent=Decimal("1.50"))
    assert (new.version, new.replaces) == (2, old)
    assert queries.discounts_in_force(people.a, clock.today()) == [old]
    decide(new, people.supervisor)
    assert queries.discounts_in_force(people.a, clock.today()) == [new]
    assert state(old) == STATE.ENDED
    new.refresh_from_db()
    assert [item.version for item in queries.versions(new)] == [2, 1]


def test_a_new_version_of_next_week_leaves_the_old_one_until_the_day_before(people):
    today = clock.today()
    old = approved(people)
    new = approved(people, replaces=old, valid_from=today + timedelta(days=7))
    assert queries.discounts_in_force(people.a, today + timedelta(days=6)) == [old]
    assert queries.discounts_in_force(people.a, today + timedelta(days=7)) == [new]


def test_two_new_versions_are_not_under_way_at_once(people):
    old = approved(people)
    propose(people, replaces=old)
    with pytest.raises(Conflict):
        propose(people, replaces=old)


def test_only_a_policy_in_force_is_replaced(people):
    with pytest.raises(Conflict):
        propose(people, replaces=propose(people))


def test_the_supervisor_ends_a_policy_early_with_a_reason(people):
    policy = approved(people)
    with pytest.raises(Refusal):
        discounts.end_discount(policy=policy, by=people.supervisor, reason=" ")
    with pytest.raises(Forbidden):
        discounts.end_discount(policy=policy, by=people.marketing, reason="Sold out")
    discounts.end_discount(policy=policy, by=people.supervisor, reason="Sold out")
    assert queries.discounts_in_force(people.a, clock.today()) == []
    assert policy.history.first().history_change_reason == "discount.end: Sold out"


def test_a_policy_is_out_of_force_the_day_after_its_last_and_shown_as_ended(people):
    policy = stock.policy(people.a, people.marketing, valid_to=clock.today() - timedelta(days=1))
    last = stock.policy(people.a, people.marketing, valid_to=clock.today())
    assert queries.discounts_in_force(people.a, clock.today()) == [last]
    assert discounts.end_expired() == 1
    assert (state(policy), state(last)) == (STATE.ENDED, STATE.EFFECTIVE)
    assert discounts.end_expired() == 0


def test_the_scope_is_buildings_and_layouts_together(people, house):
    other, shape = build.building(people.a, "9#"), build.layout(people.a)
    unit = build.unit(house, by=people.specialist, layout=shape)
    bare = build.unit(house, 13, by=people.specialist)
    elsewhere = build.unit(other, by=people.specialist, layout=shape)
    here = stock.policy(people.a, people.marketing, name="Here", position=2)
    here.buildings.set([house])
    both = stock.policy(people.a, people.marketing, name="Both", position=1)
    both.buildings.set([house])
    both.layouts.set([shape])
    found = queries.discounts_by_unit(people.a, [unit, bare, elsewhere], clock.today())
    assert found == {unit.pk: [both, here], bare.pk: [here], elsewhere.pk: []}


def test_the_bulk_query_costs_the_same_for_one_unit_and_for_thirty(people, house, django_assert_num_queries):
    units = stock.stock(house, people.specialist, 30)
    for _number in range(3):
        stock.policy(people.a, people.marketing).buildings.set([house])
    today = clock.today()
    for count in (1, 30):
        with django_assert_num_queries(3):
            queries.discounts_by_unit(people.a, units[:count], today)


def test_undecided_policies_are_read_only_by_those_concerned(people):
    draft = propose(people)
    for who, sees in (
        ("supervisor", 1),
        ("specialist", 1),
        ("marketing", 1),
        ("salesperson", 0),
        ("other_supervisor", 0),
    ):
        assert queries.discounts_visible_to(access_of(getattr(people, who))).count() == sees, who
    decide(draft, people.supervisor)
    assert queries.discounts_visible_to(access_of(people.salesperson)).count() == 1
    assert queries.discounts_visible_to(access_of(people.other_salesperson)).count() == 0


def test_whoever_has_business_with_a_unit_hears_of_a_new_policy(people, house):
    build.unit(house, by=people.specialist, salesperson=people.salesperson)
    build.unit(house, 13, by=people.specialist, salesperson=people.colleague, no_discount=True)
    approved(people)
    assert {notice.to for notice in Notice.objects.filter(code="discount.effective")} == {people.salesperson}
    assert Unit.objects.count() == 2


TABLE = {
    "discount.submit": {STATE.DRAFT, STATE.REJECTED},
    "discount.approve": {STATE.SUBMITTED},
    "discount.return": {STATE.SUBMITTED},
    "discount.withdraw": {STATE.SUBMITTED},
    "discount.end": {STATE.EFFECTIVE},
}


@pytest.mark.parametrize("action", DISCOUNT_TABLE)
@pytest.mark.parametrize("start", STATE.values)
def test_every_state_times_every_action(people, start, action):
    policy = stock.policy(people.a, people.marketing, state=start)
    if start in TABLE[action]:
        moved = move(DISCOUNT_TABLE, action, policy, by=people.supervisor, project_id=people.a.pk)
        assert moved.state == DISCOUNT_TABLE[action].target
    else:
        with pytest.raises(Conflict):
            move(DISCOUNT_TABLE, action, policy, by=people.supervisor, project_id=people.a.pk)
    assert DISCOUNT_TABLE.keys() == TABLE.keys()
