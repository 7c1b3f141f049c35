"""Important changes of approved units (R6.2, domain B12): request → decide → applied once, with history; locks; floor prices."""

from decimal import Decimal

import pytest

from inventory.models import Unit, UnitLock
from inventory.queries.prices import PRICE_QUESTIONS_A_DAY
from inventory.queries.scope import units_visible_to
from inventory.services import changes
from inventory.states import CLAIMED, Lock, Review, Status
from salescontrol.core import approvals
from salescontrol.core.access import access_of
from salescontrol.core.errors import Conflict, Forbidden, NotVisible, Refusal
from salescontrol.core.models import Approval
from salescontrol.core.permissions import Permission, Role
from tests import build
from tests.inventory import stock

STATE = Approval.State


@pytest.fixture
def house(people):
    return build.building(people.a)


@pytest.fixture
def unit(people, house):
    return build.unit(house, by=people.marketing)


def ask(people, unit, values=None, by=None, status="", reason="Surveyed anew", version=None) -> Approval:
    by = by or people.specialist
    return changes.request_change(
        unit_id=unit.pk,
        visible=units_visible_to(access_of(by)),
        values=values or {},
        status=status,
        version=unit.version if version is None else version,
        reason=reason,
        by=by,
    )


def decide(approval, by, agree=True, comment="") -> Approval:
    return approvals.decide(approval_id=approval.pk, by=by, agree=agree, comment=comment)


def test_a_fact_changes_only_when_somebody_else_approves(people, unit):
    approval = ask(people, unit, {"orientation": "SN"})
    unit.refresh_from_db()
    assert (unit.orientation, unit.locks, unit.version) == ("", "CHANGE", 1)
    assert (approval.before, approval.after) == ({"orientation": ""}, {"orientation": "SN"})
    with pytest.raises(Forbidden):
        decide(approval, people.specialist)
    decide(approval, people.supervisor)
    unit.refresh_from_db()
    assert (unit.orientation, unit.locks, unit.version) == ("SN", "", 2)
    newest = unit.history.first()
    assert newest.history_change_reason == "unit.change: Surveyed anew"
    assert newest.history_user == people.supervisor
    assert stock.events_agree([unit])


def test_returning_or_withdrawing_lifts_the_lock_and_changes_nothing(people, unit):
    decide(ask(people, unit, {"finish": "BARE"}), people.supervisor, agree=False, comment="Which?")
    approvals.withdraw(approval_id=ask(people, unit, {"finish": "BARE"}).pk, by=people.specialist)
    unit.refresh_from_db()
    assert (unit.finish, unit.locks, unit.version) == ("", "", 1)
    assert UnitLock.objects.filter(unit=unit, lifted_at__isnull=True).count() == 0


def test_a_unit_with_a_pending_change_gets_no_other(people, unit):
    ask(people, unit, {"finish": "BARE"})
    with pytest.raises(Conflict) as refusal:
        ask(people, unit, {"orientation": "S"}, by=people.supervisor)
    assert refusal.value.code == "pending"


@pytest.mark.parametrize("lock", [Lock.PRICE, Lock.CHANGE])
def test_nor_one_inside_an_undecided_price_list_or_batch(people, unit, lock):
    Unit.objects.filter(pk=unit.pk).update(locks=lock)
    with pytest.raises(Conflict):
        ask(people, unit, {"orientation": "S"})


def test_abuse_11_the_request_is_out_of_date_when_the_unit_changed(people, unit):
    approval = ask(people, unit, {"orientation": "SN"})
    Unit.objects.filter(pk=unit.pk).update(version=2)
    assert decide(approval, people.supervisor).state == STATE.STALE
    unit.refresh_from_db()
    assert (unit.orientation, unit.locks) == ("", "")


def test_a_form_that_was_open_too_long_is_refused(people, unit):
    Unit.objects.filter(pk=unit.pk).update(version=2)
    with pytest.raises(Conflict) as refusal:
        ask(people, unit, {"orientation": "SN"}, version=1)
    assert refusal.value.code == "raced"


def test_prices_are_settled_by_the_rules_of_entry(people, unit):
    approval = ask(people, unit, {"list_unit_price": "23,000", "list_total": ""})
    assert approval.after == {"list_unit_price": "23000.00", "list_total": "2723200.00"}
    unit.refresh_from_db()
    assert unit.locks == "PRICE"
    decide(approval, people.supervisor)
    unit.refresh_from_db()
    assert (unit.list_unit_price, unit.list_total) == (Decimal("23000.00"), Decimal("2723200.00"))


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"built_area": "-1"}, "built_area"),
        ({"built_area": "0"}, "built_area"),
        ({"built_area": "NaN"}, "built_area"),
        ({"built_area": "1e309"}, "built_area"),
        ({"list_total": "0", "list_unit_price": ""}, "list_total"),
        ({"list_total": "-5", "list_unit_price": ""}, "list_total"),
        ({"list_total": "1.234"}, "list_total"),
        ({"list_unit_price": "30000"}, "list_total"),
        ({"inner_area": "200", "shared_area": ""}, "inner_area"),
        ({"orientation": "up"}, "orientation"),
        ({"built_area": ""}, "built_area"),
        ({"list_unit_price": "", "list_total": ""}, "list_total"),
    ],
)
def test_abuse_8_wrong_figures_are_refused_at_their_field(people, unit, values, field):
    with pytest.raises(Refusal) as refusal:
        ask(people, unit, values)
    assert field in refusal.value.fields
    assert not Approval.objects.exists()


def test_abuse_8_full_width_digits_and_commas_are_read(people, unit):
    approval = ask(people, unit, {"list_total": "２，７２３，２００", "list_unit_price": ""})
    assert approval.after["list_total"] == "2723200.00"


@pytest.mark.parametrize(
    "name", ["status", "salesperson", "review", "version", "project", "event_seq", "locks", "number"]
)
def test_abuse_6_other_fields_cannot_be_smuggled_in(people, unit, name):
    with pytest.raises(Refusal) as refusal:
        ask(people, unit, {name: "1"})
    assert refusal.value.code == "nothing_changed"


def test_nothing_different_is_no_request(people, unit):
    with pytest.raises(Refusal) as refusal:
        ask(people, unit, changes.current_texts(Unit.objects.get(pk=unit.pk), floor_prices=False))
    assert refusal.value.code == "nothing_changed"


def test_a_draft_is_edited_itself(people, house):
    draft = build.unit(house, by=people.specialist, status=Status.DRAFT, review=Review.DRAFT)
    with pytest.raises(Conflict) as refusal:
        ask(people, draft, {"orientation": "S"})
    assert refusal.value.code == "draft"


@pytest.mark.parametrize("who", ["salesperson", "colleague", "marketing", "other_supervisor"])
def test_others_do_not_find_the_unit(people, unit, who):
    unit.entered_by = people.specialist
    unit.save()
    with pytest.raises(NotVisible):
        ask(people, unit, {"orientation": "S"}, by=getattr(people, who))


@pytest.mark.parametrize("who", ["finance", "management"])
def test_who_sees_a_unit_but_may_not_propose(people, unit, who):
    with pytest.raises(Forbidden):
        ask(people, unit, {"orientation": "S"}, by=getattr(people, who))


# ---------------------------------------------------------------- floor prices


def test_a_price_below_the_floor_needs_management_too(people, unit):
    approval = ask(people, unit, {"list_unit_price": "22000", "list_total": ""})
    assert [stage.role for stage in approval.stages.all()] == [Role.SUPERVISOR, Role.MANAGEMENT]
    assert decide(approval, people.supervisor).state == STATE.PENDING
    unit.refresh_from_db()
    assert unit.list_unit_price == Decimal("22860.00")
    decide(approval, people.management)
    unit.refresh_from_db()
    assert unit.list_total == Decimal("2604800.00")


def test_how_far_below_is_read_only_by_who_sees_floor_prices(people, unit):
    approval = ask(people, unit, {"list_unit_price": "22000", "list_total": ""})
    whole = str(changes.present(approval, access_of(people.supervisor)))
    assert "11,840" in whole
    assert "0.45" in whole
    short = str(changes.present(approval, access_of(people.specialist)))
    assert "11,840" not in short
    assert "0.45" not in short
    assert "needs approval of management" in short


def test_a_floor_price_is_asked_for_only_by_who_sees_it(people, unit):
    with pytest.raises(Refusal) as refusal:
        ask(people, unit, {"floor_unit_price": "22200", "floor_total": ""})
    assert refusal.value.code == "nothing_changed"
    second = build.user(Role.SUPERVISOR, people.a)
    approval = ask(people, unit, {"floor_unit_price": "22200", "floor_total": ""}, by=second)
    assert {stage.role for stage in approval.stages.all()} == {Role.SUPERVISOR, Role.MANAGEMENT}
    assert "2,628,480" not in str(changes.present(approval, access_of(people.specialist)))
    assert approval not in approvals.visible_to(access_of(people.specialist))
    assert approval in approvals.visible_to(access_of(people.finance))
    assert ask(people, build.unit(unit.building, 13, by=people.specialist), {"finish": "BARE"}) in approvals.visible_to(
        access_of(people.finance)
    )
    decide(approval, people.supervisor)
    decide(approval, people.management)
    unit.refresh_from_db()
    assert unit.floor_total == Decimal("2628480.00")


def test_probing_for_the_floor_price_ends_after_five_requests_a_day(people, unit):
    for step in range(PRICE_QUESTIONS_A_DAY):
        approval = ask(people, unit, {"list_unit_price": str(22000 + step), "list_total": ""})
        approvals.withdraw(approval_id=approval.pk, by=people.specialist)
    with pytest.raises(Refusal) as refusal:
        ask(people, unit, {"list_unit_price": "22099", "list_total": ""})
    assert refusal.value.code == "too_often"


@pytest.mark.parametrize("status", sorted(CLAIMED))
def test_a_claim_keeps_its_price(people, house, status):
    claimed = build.unit(house, by=people.specialist, status=Status(status))
    with pytest.raises(Conflict) as refusal:
        ask(people, claimed, {"list_unit_price": "23000", "list_total": ""})
    assert refusal.value.code == "claimed"
    assert ask(people, claimed, {"finish": "BARE"}).state == STATE.PENDING


# ---------------------------------------------------------------- status corrections

CORRECTIONS = {(Status.WITHHELD, Status.AVAILABLE), (Status.AVAILABLE, Status.WITHHELD)}


@pytest.mark.parametrize("target", Status.values)
@pytest.mark.parametrize("source", [status for status in Status.values if status != Status.DRAFT])
def test_every_status_correction_but_two_is_refused(people, house, source, target):
    row = build.unit(house, by=people.specialist, status=Status(source))
    build.permit(house)
    if (source, target) in CORRECTIONS:
        decide(ask(people, row, status=target), people.supervisor)
        row.refresh_from_db()
        assert row.status == target
        assert row.events.order_by("-seq").first().reason == "Surveyed anew"
    else:
        with pytest.raises((Refusal, Conflict)):
            ask(people, row, status=target)
        row.refresh_from_db()
        assert (row.status, row.locks) == (source, "")
    assert stock.events_agree([row])


def test_a_correction_to_available_needs_what_putting_on_sale_needs(people, house):
    row = build.unit(house, by=people.specialist, status=Status.WITHHELD)
    with pytest.raises(Conflict, match="permit"):
        ask(people, row, status=Status.AVAILABLE)


def test_the_permissions_of_changes(people):
    assert access_of(people.supervisor).can(Permission.UNIT_CHANGE_DECIDE, people.a.pk)
    assert not access_of(people.specialist).can(Permission.UNIT_CHANGE_DECIDE, people.a.pk)
