"""Price lists (domain B4): draft, percentages, files, decision, effective time, claims, what they replace."""

from datetime import timedelta
from decimal import Decimal

import pytest

from inventory.models import PriceLine, PriceList, Unit
from inventory.models.price import PriceKind
from inventory.models.unit import PricingMode
from inventory.queries import prices as queries
from inventory.queries.scope import units_visible_to
from inventory.services import changes, price_effect, price_file, prices
from inventory.states import CLAIMED, PRICE_TABLE, Lock, PriceListState, Status
from salescontrol.core import approvals, clock, jobs
from salescontrol.core.access import access_of
from salescontrol.core.errors import Conflict, Forbidden, Refusal
from salescontrol.core.models import Approval, Notice
from salescontrol.core.permissions import Role
from salescontrol.core.transitions import move
from security.services import grants
from tests import build
from tests.inventory import stock
from tests.inventory.workbooks import workbook

STATE = PriceListState


@pytest.fixture
def house(people):
    return build.building(people.a)


@pytest.fixture
def units(people, house):
    return stock.stock(house, people.specialist)


def propose(people, by=None, percent=None, kind=PriceKind.LIST, due=None, **fields) -> PriceList:
    by = by or people.specialist
    return prices.create_price_list(
        **{
            "project": people.a,
            "kind": kind,
            "title": "Autumn",
            "effective_from": due or clock.now() - timedelta(minutes=1),
            "reason": "Sell-through above 60 %",
            "visible": units_visible_to(access_of(by)),
            "percent": Decimal(percent) if percent is not None else None,
            "by": by,
            **fields,
        }
    )


def submit(found, by) -> Approval:
    found.refresh_from_db()
    return prices.submit_price_list(price_list=found, version=found.version, by=by)


def decide(approval, by, agree=True, comment="") -> Approval:
    return approvals.decide(approval_id=approval.pk, by=by, agree=agree, comment=comment)


def state(found) -> str:
    return PriceList.objects.get(pk=found.pk).state


def prices_now(units, *names) -> set:
    return set(
        Unit.objects.filter(pk__in=[unit.pk for unit in units]).values_list(
            *(names or ("list_unit_price", "list_total"))
        )
    )


def test_a_percentage_steps_the_unit_price_and_rounds_the_total_once(people, units):
    found = propose(people, percent="2.5")
    line = found.lines.first()
    assert (line.unit_price, line.total) == (Decimal("23431.50"), Decimal("2774290.00"))
    assert (line.old_unit_price, line.old_total) == (Decimal("22860.00"), Decimal("2706624.00"))
    assert found.number.startswith("AAA-")


def test_a_unit_priced_as_a_whole_steps_its_total(people, house):
    build.unit(
        house,
        by=people.specialist,
        pricing_mode=PricingMode.UNIT,
        list_unit_price=None,
        list_total=Decimal("150000.00"),
    )
    line = propose(people, percent="-1").lines.get()
    assert (line.total, line.unit_price) == (Decimal("148500.00"), Decimal("1254.22"))


@pytest.mark.parametrize("percent", ["0", "51", "-51", "NaN", "Infinity"])
def test_abuse_8_impossible_percentages_are_refused(people, units, percent):
    with pytest.raises(Refusal) as refusal:
        propose(people, percent=percent)
    assert refusal.value.fields.keys() == {"percent"}


def test_a_list_needs_a_title_a_reason_and_units(people, units):
    with pytest.raises(Refusal) as refusal:
        propose(people, title=" ", reason="")
    assert refusal.value.fields.keys() == {"title", "reason"}
    Unit.objects.update(list_total=None, list_unit_price=None)
    with pytest.raises(Refusal) as refusal:
        propose(people)
    assert refusal.value.code == "no_units"


def test_only_chosen_buildings_are_taken(people, house, units):
    other = build.building(people.a, "9#")
    build.unit(other, by=people.specialist)
    assert propose(people, building_ids=[other.pk]).lines.count() == 1
    assert propose(people).lines.count() == 4


def test_submitted_units_are_locked_until_the_decision(people, units):
    found = propose(people, percent="1")
    approval = submit(found, people.specialist)
    assert state(found) == STATE.SUBMITTED
    assert prices_now(units, "locks") == {(Lock.PRICE,)}
    decide(approval, people.supervisor, agree=False, comment="Too early")
    assert state(found) == STATE.REJECTED
    assert prices_now(units, "locks") == {("",)}
    decide(submit(found, people.specialist), people.supervisor)
    assert state(found) == STATE.EFFECTIVE


def test_approval_of_a_due_list_writes_prices_with_history(people, units):
    found = propose(people, percent="1")
    decide(submit(found, people.specialist), people.supervisor)
    assert state(found) == STATE.EFFECTIVE
    assert prices_now(units, "list_unit_price", "list_total", "version", "locks") == {
        (Decimal("23088.60"), Decimal("2733690.00"), 2, "")
    }
    newest = Unit.objects.first().history.first()
    assert (newest.history_change_reason, newest.history_user) == ("price_list.apply", people.supervisor)
    assert found.lines.filter(applied_at__isnull=True).count() == 0
    assert Notice.objects.filter(code="price_list.effective", to=people.specialist).count() == 1


def test_whoever_has_business_with_a_unit_hears_of_its_price(people, units):
    Unit.objects.filter(pk=units[0].pk).update(salesperson=people.salesperson)
    decide(submit(propose(people, percent="1"), people.specialist), people.supervisor)
    notice = Notice.objects.get(to=people.salesperson)
    assert notice.params == {"count": 1, "units": units[0].number}
    assert not Notice.objects.filter(to=people.colleague).exists()


def test_a_list_of_tomorrow_waits_and_the_clock_puts_it_into_force(people, units, monkeypatch):
    found = propose(people, percent="1", due=clock.now() + timedelta(days=1))
    decide(submit(found, people.specialist), people.supervisor)
    assert state(found) == STATE.APPROVED
    assert prices_now(units, "list_total", "locks") == {(Decimal("2706624.00"), "")}
    price_effect.run_due()
    assert state(found) == STATE.APPROVED
    later = clock.now() + timedelta(days=1, minutes=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    jobs.run_due()
    assert state(found) == STATE.EFFECTIVE
    assert prices_now(units, "list_total") == {(Decimal("2733690.00"),)}
    assert Unit.objects.first().history.first().history_user == people.supervisor
    assert price_effect.take_due_effect(price_list_id=found.pk) is None


@pytest.mark.parametrize("status", sorted(CLAIMED))
def test_a_claim_keeps_the_price_until_it_ends(people, house, units, status):
    claimed = build.unit(house, 30, by=people.specialist, status=Status(status))
    found = propose(people, percent="1")
    decide(submit(found, people.specialist), people.supervisor)
    assert prices_now([claimed], "list_total", "version") == {(Decimal("2706624.00"), 1)}
    assert prices_now(units, "list_total") == {(Decimal("2733690.00"),)}
    assert queries.effect(found).waiting == 1
    build.place_in(Status.AVAILABLE, claimed)
    price_effect.run_due()
    assert prices_now([claimed], "list_total", "version") == {(Decimal("2733690.00"), 2)}
    price_effect.run_due()
    assert prices_now([claimed], "version") == {(2,)}


def test_a_hold_past_its_end_does_not_keep_the_price(people, house):
    held = build.unit(house, by=people.specialist, status=Status.HELD, claim_ends_at=clock.now() - timedelta(seconds=1))
    decide(submit(propose(people, percent="1"), people.specialist), people.supervisor)
    assert prices_now([held], "list_total") == {(Decimal("2733690.00"),)}


def test_after_a_claim_the_list_that_took_effect_last_counts(people, house):
    claimed = build.unit(house, by=people.specialist, status=Status.HELD)
    first, second = propose(people, percent="1"), propose(people, percent="10")
    decide(submit(first, people.specialist), people.supervisor)
    decide(submit(second, people.specialist), people.supervisor)
    build.place_in(Status.AVAILABLE, claimed)
    price_effect.run_due()
    assert prices_now([claimed], "list_unit_price", "version") == {(Decimal("25146.00"), 2)}


def test_a_list_decided_after_its_time_takes_effect_when_it_is_decided(people, units):
    """Else a list of yesterday's date would be called effective while the list of this morning went on counting."""
    decide(submit(propose(people, percent="1"), people.specialist), people.supervisor)
    late = propose(people, percent="5", due=clock.now() - timedelta(days=1))
    decide(submit(late, people.specialist), people.supervisor)
    assert prices_now(units, "list_total") == {(late.lines.first().total,)}
    assert state(late) == STATE.EFFECTIVE
    assert PriceList.objects.get(pk=late.pk).effective_from > clock.now() - timedelta(minutes=1)


def test_an_earlier_list_is_superseded_when_nothing_of_it_is_in_force(people, house, units):
    other = build.building(people.a, "9#")
    build.unit(other, by=people.specialist)
    whole, part, rest = (
        propose(people, percent="1"),
        propose(people, percent="2", building_ids=[house.pk]),
        propose(people, percent="3", building_ids=[other.pk]),
    )
    decide(submit(whole, people.specialist), people.supervisor)
    decide(submit(part, people.specialist), people.supervisor)
    assert (state(whole), state(part)) == (STATE.EFFECTIVE, STATE.EFFECTIVE)
    decide(submit(rest, people.specialist), people.supervisor)
    assert (state(whole), state(part), state(rest)) == (STATE.SUPERSEDED, STATE.EFFECTIVE, STATE.EFFECTIVE)


def test_a_unit_stands_in_one_undecided_list_only(people, units):
    submit(propose(people, percent="1"), people.specialist)
    with pytest.raises(Conflict) as refusal:
        submit(propose(people, percent="2"), people.supervisor)
    assert refusal.value.code == "locked"
    assert units[0].number in str(refusal.value.message)


def test_nobody_approves_a_list_they_worked_on(people, units):
    second = build.user(Role.SUPERVISOR, people.a)
    found = propose(people, percent="1")
    prices.adjust_lines(price_list=found, percent=Decimal(1), version=found.version, by=second)
    approval = submit(found, people.specialist)
    with pytest.raises(Forbidden):
        decide(approval, second)
    decide(approval, people.supervisor)


def test_management_decides_what_the_only_supervisor_proposed(people, units):
    approval = submit(propose(people, by=people.supervisor, percent="1"), people.supervisor)
    with pytest.raises(Forbidden):
        decide(approval, people.supervisor)
    decide(approval, people.management)
    assert prices_now(units, "list_total") == {(Decimal("2733690.00"),)}


def test_a_withdrawn_list_is_a_draft_again(people, units):
    found = propose(people, percent="1")
    approval = submit(found, people.specialist)
    approvals.withdraw(approval_id=approval.pk, by=people.specialist)
    assert state(found) == STATE.DRAFT
    assert prices_now(units, "locks") == {("",)}


# ---------------------------------------------------------------- floor prices


def test_lines_below_the_floor_need_management_and_show_only_to_who_may_know(people, units):
    approval = submit(propose(people, percent="-4"), people.specialist)
    assert [stage.role for stage in approval.stages.all()] == [Role.SUPERVISOR, Role.MANAGEMENT]
    kind = approvals.KINDS[prices.KIND]
    assert "Below the floor price" in str(kind.present(approval, access_of(people.supervisor)))
    assert "Below the floor price" not in str(kind.present(approval, access_of(people.specialist)))
    decide(approval, people.supervisor)
    assert prices_now(units, "list_total") == {(Decimal("2706624.00"),)}
    decide(approval, people.management)
    assert prices_now(units, "list_unit_price") == {(Decimal("21945.60"),)}


def test_a_supervisor_alone_does_not_approve_prices_that_fell_below_the_floor_meanwhile(people, units):
    """A floor price decided for tomorrow takes effect while the list waits; below it only management approves (decisions 11)."""
    approval = submit(propose(people, percent="-1"), people.specialist)
    assert [stage.role for stage in approval.stages.all()] == [Role.SUPERVISOR]
    Unit.objects.update(floor_total=Decimal("2700000.00"))
    with pytest.raises(Conflict) as refusal:
        decide(approval, people.supervisor)
    assert refusal.value.code == "below_floor"
    assert prices_now(units, "list_total") == {(Decimal("2706624.00"),)}
    decide(approval, people.supervisor, agree=False, comment="Ask again")


def test_floor_prices_are_proposed_and_seen_only_with_sight_of_them(people, units):
    with pytest.raises(Forbidden):
        propose(people, kind=PriceKind.FLOOR, percent="1")
    found = propose(people, by=people.supervisor, kind=PriceKind.FLOOR, percent="1")
    assert found not in queries.price_lists_visible_to(access_of(people.specialist))
    approval = submit(found, people.supervisor)
    assert [stage.role for stage in approval.stages.all()] == [Role.MANAGEMENT]
    present, figure = approvals.KINDS[prices.KIND].present, "7,928,418"
    assert approval in approvals.visible_to(access_of(people.finance))
    assert approval not in approvals.visible_to(access_of(people.specialist))
    assert figure in str(present(approval, access_of(people.management)))
    assert figure not in str(present(approval, access_of(people.specialist)))
    decide(approval, people.management)
    assert prices_now(units, "floor_unit_price", "list_unit_price") == {(Decimal("22321.00"), Decimal("22860.00"))}


def test_an_own_list_of_floor_prices_is_hidden_once_the_role_that_reads_them_is_gone(people, units):
    second = build.user(Role.SUPERVISOR, people.a)
    found = propose(people, by=second, kind=PriceKind.FLOOR, percent="1")
    assert found in queries.price_lists_visible_to(access_of(second))
    grants.set_roles(user=second, project_id=people.a.pk, roles=[Role.SPECIALIST], by=people.management)
    assert found not in queries.price_lists_visible_to(access_of(second))


def test_marketing_sees_its_own_lists_and_no_others(people, house):
    stock.stock(house, people.marketing)
    own, other = propose(people, by=people.marketing), propose(people)
    visible = queries.price_lists_visible_to(access_of(people.marketing))
    assert set(visible) == {own}
    assert other in queries.price_lists_visible_to(access_of(people.supervisor))
    assert not queries.price_lists_visible_to(access_of(people.salesperson)).exists()
    assert not queries.price_lists_visible_to(access_of(people.other_supervisor)).exists()


def test_probing_ends_after_five_submissions_a_day(people, units):
    for _step in range(queries.PRICE_QUESTIONS_A_DAY):
        approval = submit(propose(people, percent="-1"), people.specialist)
        approvals.withdraw(approval_id=approval.pk, by=people.specialist)
    with pytest.raises(Refusal) as refusal:
        submit(propose(people, percent="-2"), people.specialist)
    assert refusal.value.code == "too_often"


# ---------------------------------------------------------------- lines


def test_probing_does_not_go_on_by_taking_units_out_of_lists_or_by_asking_for_changes(people, units):
    probed, spare = units[0], units[1]
    for _step in range(queries.PRICE_QUESTIONS_A_DAY - 1):
        found = propose(people, percent="-1", unit_ids=[probed.pk, spare.pk])
        approvals.withdraw(approval_id=submit(found, people.specialist).pk, by=people.specialist)
        line = found.lines.get(unit=probed)
        found.refresh_from_db()
        prices.remove_lines(price_list=found, line_ids=[line.pk], version=found.version, by=people.specialist)
    visible = units_visible_to(access_of(people.specialist))
    asked = {"values": {"list_unit_price": "22000", "list_total": ""}, "visible": visible, "reason": "x"}
    probed.refresh_from_db()
    last = changes.request_change(unit_id=probed.pk, version=probed.version, by=people.specialist, **asked)
    approvals.withdraw(approval_id=last.pk, by=people.specialist)
    with pytest.raises(Refusal) as refusal:
        submit(propose(people, percent="-1", unit_ids=[probed.pk]), people.specialist)
    assert refusal.value.code == "too_often"
    with pytest.raises(Refusal) as refusal:
        changes.request_change(unit_id=probed.pk, version=probed.version, by=people.specialist, **asked)
    assert refusal.value.code == "too_often"


def edit(found, people, line, unit_price="", total="", note=""):
    return prices.edit_lines(
        price_list=found, typed={line.pk: (unit_price, total, note)}, version=found.version, by=people.specialist
    )


def test_of_two_prices_the_one_left_alone_is_computed(people, units):
    found = propose(people)
    line = found.lines.first()
    found = edit(found, people, line, "23,000", "2706624.00", "Corner")
    line.refresh_from_db()
    assert (line.unit_price, line.total, line.note) == (Decimal("23000.00"), Decimal("2723200.00"), "Corner")
    edit(found, people, line, "23000.00", "2600000")
    line.refresh_from_db()
    assert (line.unit_price, line.total) == (Decimal("21959.46"), Decimal("2600000.00"))


@pytest.mark.parametrize("typed", ["-1", "0", "NaN", "1e309", "abc", "1.2345", ""])
def test_abuse_8_wrong_prices_are_refused_at_their_cell(people, units, typed):
    found = propose(people)
    line = found.lines.first()
    with pytest.raises(Refusal) as refusal:
        edit(found, people, line, "", typed)
    assert set(refusal.value.fields) <= {f"unit_price_{line.pk}", f"total_{line.pk}"}
    assert refusal.value.fields
    line.refresh_from_db()
    assert line.total == Decimal("2706624.00")


def test_a_total_that_disagrees_with_its_unit_price_is_refused(people, units):
    found = propose(people)
    line = found.lines.first()
    with pytest.raises(Refusal) as refusal:
        edit(found, people, line, "23000", "2600000")
    assert refusal.value.fields.keys() == {f"total_{line.pk}"}


def test_two_people_editing_one_draft_do_not_overwrite_each_other(people, units):
    found = propose(people)
    prices.adjust_lines(price_list=found, percent=Decimal(1), version=1, by=people.supervisor)
    with pytest.raises(Conflict):
        prices.adjust_lines(price_list=found, percent=Decimal(1), version=1, by=people.specialist)


def test_lines_are_taken_out_but_for_the_last(people, units):
    found = propose(people)
    ids = list(found.lines.values_list("pk", flat=True))
    found = prices.remove_lines(price_list=found, line_ids=ids[:1], version=found.version, by=people.specialist)
    assert found.lines.count() == 2
    with pytest.raises(Refusal):
        prices.remove_lines(price_list=found, line_ids=ids, version=found.version, by=people.specialist)


# ---------------------------------------------------------------- files

HEADS = ["楼栋", "单元", "楼层", "房号", "建筑面积", "单价", "总价", "备注"]


def read(found, people, path):
    return price_file.read_prices(
        price_list=found,
        path=path,
        name=path.name,
        version=found.version,
        visible=units_visible_to(access_of(people.specialist)),
        by=people.specialist,
    )


def test_a_filled_in_workbook_sets_the_lines_it_names(people, units, tmp_path):
    found = propose(people)
    rows = [["3#", "", "1", "102", 118.40, 23000, None, "Corner"], ["3#", "", "2", "202", 118.40, None, 2600000, ""]]
    read(found, people, workbook(tmp_path / "prices.xlsx", [HEADS, *rows]))
    totals = dict(found.lines.values_list("unit__number", "total"))
    assert totals[units[0].number] == Decimal("2723200.00")
    assert totals[units[1].number] == Decimal("2600000.00")
    assert totals[units[2].number] == Decimal("2706624.00")


def test_a_workbook_with_wrong_rows_changes_nothing_and_names_them(people, units, tmp_path):
    found = propose(people)
    rows = [["3#", "", "1", "102", 118.40, 23000, None, ""], ["3#", "", "9", "902", 118.40, 23000, None, ""]]
    with pytest.raises(Refusal) as refusal:
        read(found, people, workbook(tmp_path / "prices.xlsx", [HEADS, *rows]))
    assert any("row 3" in message for message in refusal.value.fields["file"])
    assert set(found.lines.values_list("total", flat=True)) == {Decimal("2706624.00")}


def test_a_file_of_another_kind_is_refused_at_its_field(people, units, tmp_path):
    found = propose(people)
    path = tmp_path / "prices.xlsx"
    path.write_text("not a workbook")
    with pytest.raises(Refusal) as refusal:
        read(found, people, path)
    assert refusal.value.fields.keys() == {"file"}


# ---------------------------------------------------------------- table

TABLE = {
    "price_list.submit": {STATE.DRAFT, STATE.REJECTED},
    "price_list.approve": {STATE.SUBMITTED},
    "price_list.return": {STATE.SUBMITTED},
    "price_list.withdraw": {STATE.SUBMITTED},
    "price_list.take_effect": {STATE.APPROVED},
    "price_list.supersede": {STATE.EFFECTIVE},
}


@pytest.mark.parametrize("action", PRICE_TABLE)
@pytest.mark.parametrize("start", STATE.values)
def test_every_state_times_every_action(people, start, action):
    found = PriceList.objects.create(
        project=people.a,
        number="PL-1",
        title="T",
        reason="R",
        effective_from=clock.now(),
        state=start,
        made_by=people.specialist,
    )
    if start in TABLE[action]:
        moved = move(PRICE_TABLE, action, found, by=people.supervisor, project_id=people.a.pk)
        assert moved.state == PRICE_TABLE[action].target
    else:
        with pytest.raises(Conflict):
            move(PRICE_TABLE, action, found, by=people.supervisor, project_id=people.a.pk)
    assert PRICE_TABLE.keys() == TABLE.keys()


@pytest.mark.parametrize("start", [item for item in STATE.values if item not in (STATE.DRAFT, STATE.REJECTED)])
def test_a_list_that_is_not_open_is_not_edited(people, units, start):
    found = propose(people)
    PriceList.objects.filter(pk=found.pk).update(state=start)
    for act in (
        lambda: prices.adjust_lines(price_list=found, percent=Decimal(1), version=1, by=people.specialist),
        lambda: prices.submit_price_list(price_list=found, version=1, by=people.specialist),
        lambda: edit(found, people, PriceLine.objects.first(), "1", ""),
    ):
        with pytest.raises(Conflict):
            act()


@pytest.mark.parametrize("who", ["salesperson", "finance", "management", "head", "administrator"])
def test_who_does_not_propose_prices(people, units, who):
    with pytest.raises(Forbidden):
        propose(people, by=getattr(people, who))
