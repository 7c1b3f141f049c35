"""Putting on sale and withholding (T3, T4): what is needed, who acts and who proposes, one and many."""

from datetime import date, timedelta

import pytest

from inventory.models import Permit, Unit, UnitEvent
from inventory.queries.scope import units_visible_to
from inventory.services import release
from inventory.services.units import may_act
from inventory.states import SALE_TABLE, Lock, Review, Status
from salescontrol.core import approvals, clock
from salescontrol.core.access import access_of
from salescontrol.core.errors import Conflict, Forbidden, Refusal
from salescontrol.core.models import Approval, Notice
from salescontrol.core.permissions import Permission
from security.models import Deputy
from tests import build
from tests.inventory import stock

ACTIONS = {"unit.release": release.release_units, "unit.withhold": release.withhold_units}


@pytest.fixture
def house(people):
    return build.building(people.a)


def act(action, people, units, by, reason="Phase 2 opens"):
    return ACTIONS[action](
        project=people.a,
        unit_ids=[unit.pk for unit in units],
        visible=units_visible_to(access_of(by)),
        reason=reason,
        by=by,
    )


def test_the_supervisor_puts_many_on_sale_at_once(people, house):
    units = stock.stock(house, people.specialist, 5, Status.WITHHELD)
    build.permit(house)
    outcome = act("unit.release", people, units, people.supervisor)
    assert len(outcome.moved) == 5
    assert stock.statuses(units) == {Status.AVAILABLE}
    assert stock.events_agree(units)
    event = units[0].events.order_by("-seq").first()
    assert (event.seq, event.action, event.reason, event.actor) == (
        2,
        "unit.release",
        "Phase 2 opens",
        people.supervisor,
    )


def test_withholding_keeps_the_reason_with_the_unit(people, house):
    units = stock.stock(house, people.specialist)
    act("unit.withhold", people, units, people.supervisor, "For the bank")
    assert set(Unit.objects.values_list("status", "status_reason")) == {(Status.WITHHELD, "For the bank")}


def no_permit(house, unit):
    Permit.objects.all().delete()


def permit_of_tomorrow(house, unit):
    Permit.objects.update(issued_on=clock.today() + timedelta(days=1))


def permit_of_another_building(house, unit):
    Permit.objects.get().buildings.set([build.building(house.project, "9#")])


def no_price(house, unit):
    Unit.objects.filter(pk=unit.pk).update(list_total=None)


def locked(house, unit):
    Unit.objects.filter(pk=unit.pk).update(locks=Lock.PRICE)


def sold(house, unit):
    build.place_in(Status.CONTRACTED, unit)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (no_permit, "permit"),
        (permit_of_tomorrow, "permit"),
        (permit_of_another_building, "permit"),
        (no_price, "list price"),
        (locked, "locked"),
        (sold, "Contracted"),
    ],
)
def test_what_stands_in_the_way_is_named_and_nothing_moves(people, house, spoil, words):
    units = stock.stock(house, people.specialist, 2, Status.WITHHELD)
    build.permit(house)
    spoil(house, units[1])
    with pytest.raises(Conflict) as refusal:
        act("unit.release", people, units, people.supervisor)
    assert units[1].number in str(refusal.value.message)
    assert words in str(refusal.value.message)
    assert Unit.objects.get(pk=units[0].pk).status == Status.WITHHELD
    assert UnitEvent.objects.filter(action="unit.release").count() == 0


def test_a_long_refusal_names_twenty_and_counts_the_rest(people, house):
    units = stock.stock(house, people.specialist, 25, Status.WITHHELD)
    with pytest.raises(Conflict) as refusal:
        act("unit.release", people, units, people.supervisor)
    message = str(refusal.value.message)
    assert message.count("permit covers") == 20
    assert "5 more" in message
    assert "25 units" in message


@pytest.mark.parametrize("action", ACTIONS)
def test_a_reason_and_a_unit_are_needed(people, house, action):
    units = stock.stock(house, people.specialist)
    with pytest.raises(Refusal) as refusal:
        act(action, people, units, people.supervisor, " ")
    assert refusal.value.fields.keys() == {"reason"}
    with pytest.raises(Refusal):
        act(action, people, [], people.supervisor)


@pytest.mark.parametrize("who", ["salesperson", "finance", "marketing", "management", "head", "administrator"])
@pytest.mark.parametrize("action", ACTIONS)
def test_others_neither_act_nor_propose(people, house, who, action):
    units = stock.stock(house, people.specialist)
    with pytest.raises(Forbidden):
        act(action, people, units, getattr(people, who))


def test_units_of_another_project_cannot_be_named(people, house):
    elsewhere = build.unit(build.building(people.b), by=people.other_supervisor)
    with pytest.raises(Refusal):
        act("unit.withhold", people, [elsewhere], people.supervisor)
    assert Unit.objects.get(pk=elsewhere.pk).status == Status.AVAILABLE


def test_a_specialist_proposes_and_the_supervisor_decides(people, house):
    units = stock.stock(house, people.specialist, 3, Status.WITHHELD)
    build.permit(house)
    outcome = act("unit.release", people, units, people.specialist)
    assert stock.statuses(units) == {Status.WITHHELD}
    with pytest.raises(Forbidden):
        approvals.decide(approval_id=outcome.approval.pk, by=people.specialist, agree=True)
    approvals.decide(approval_id=outcome.approval.pk, by=people.supervisor, agree=True)
    assert stock.statuses(units) == {Status.AVAILABLE}
    event = units[0].events.order_by("-seq").first()
    assert (event.approval, event.actor, event.reason) == (outcome.approval, people.supervisor, "Phase 2 opens")


def test_the_same_is_not_proposed_twice(people, house):
    units = stock.stock(house, people.specialist, 2)
    act("unit.withhold", people, units, people.specialist)
    with pytest.raises(Conflict, match=units[1].number):
        act("unit.withhold", people, units[1:], people.specialist)


def test_abuse_11_a_proposal_is_checked_again_when_it_is_decided(people, house):
    units = stock.stock(house, people.specialist, 2)
    outcome = act("unit.withhold", people, units, people.specialist)
    act("unit.withhold", people, units[:1], people.supervisor)
    with pytest.raises(Conflict, match=units[0].number):
        approvals.decide(approval_id=outcome.approval.pk, by=people.supervisor, agree=True)
    assert Approval.objects.get().state == Approval.State.PENDING
    assert Unit.objects.get(pk=units[1].pk).status == Status.AVAILABLE


def test_a_deputy_acts_and_the_supervisor_is_told_at_once(people, house):
    now = clock.now()
    Deputy.objects.create(
        supervisor=people.supervisor,
        deputy=people.specialist,
        project_id=people.a.pk,
        starts_at=now - timedelta(hours=1),
        ends_at=now + timedelta(hours=1),
    )
    units = stock.stock(house, people.specialist, 1)
    stock.forget(people.specialist)
    act("unit.withhold", people, units, people.specialist)
    event = units[0].events.order_by("-seq").first()
    assert (event.actor, event.on_behalf_of) == (people.specialist, people.supervisor)
    assert Notice.objects.get(to=people.supervisor).code == "unit.withhold.for_you"


def test_a_salesperson_hears_of_their_own_units_only(people, house):
    units = stock.stock(house, people.specialist, 2, salesperson=None)
    Unit.objects.filter(pk=units[0].pk).update(salesperson=people.salesperson)
    act("unit.withhold", people, units, people.supervisor)
    notice = Notice.objects.get(to=people.salesperson)
    assert notice.params == {"units": units[0].number}
    assert not Notice.objects.filter(to=people.colleague).exists()


SALE = {
    "unit.approve": ({Status.DRAFT}, Status.WITHHELD, Permission.UNIT_REVIEW),
    "unit.release": ({Status.WITHHELD}, Status.AVAILABLE, Permission.UNIT_RELEASE),
    "unit.withhold": ({Status.AVAILABLE}, Status.WITHHELD, Permission.UNIT_RELEASE),
}


@pytest.mark.parametrize("status", Status.values)
@pytest.mark.parametrize("action", ACTIONS)
def test_every_status_times_both_actions(people, house, status, action):
    review = Review.DRAFT if status == Status.DRAFT else Review.APPROVED
    unit = build.unit(house, by=people.specialist, status=Status(status), review=review)
    build.permit(house)
    if status in SALE[action][0]:
        act(action, people, [unit], people.supervisor)
        assert Unit.objects.get(pk=unit.pk).status == SALE[action][1]
    else:
        with pytest.raises(Conflict):
            act(action, people, [unit], people.supervisor)
        assert Unit.objects.get(pk=unit.pk).status == status
    assert stock.events_agree([unit])


def test_the_three_moves_of_this_table_are_exactly_these():
    found = {
        name: (set(SALE_TABLE[name].sources), SALE_TABLE[name].target, SALE_TABLE[name].permission) for name in SALE
    }
    assert found == SALE


def test_permits_count_from_their_day_on(people, house):
    units = stock.stock(house, people.specialist, 1, Status.WITHHELD)
    build.permit(house)
    Permit.objects.update(issued_on=date(2026, 1, 1))
    assert release.obstacles(Unit.objects.filter(pk=units[0].pk).select_related("project"), "unit.release") == {}


@pytest.mark.parametrize(
    ("who", "status", "locks", "buttons"),
    [
        ("supervisor", Status.WITHHELD, "", ["unit.release"]),
        ("supervisor", Status.AVAILABLE, "", ["unit.withhold"]),
        ("specialist", Status.WITHHELD, "", ["unit.release"]),
        ("specialist", Status.AVAILABLE, "PRICE", ["unit.withhold"]),
        ("supervisor", Status.WITHHELD, "PRICE", []),
        ("supervisor", Status.CONTRACTED, "", []),
        ("salesperson", Status.AVAILABLE, "", []),
        ("finance", Status.AVAILABLE, "", []),
    ],
)
def test_the_buttons_of_a_unit_are_what_its_reader_may_do_or_propose(people, house, who, status, locks, buttons):
    unit = build.unit(house, by=people.specialist, status=status, locks=locks)
    assert may_act(getattr(people, who), unit) == buttons
