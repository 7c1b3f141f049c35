"""The board as of any moment, rebuilt from the events (invariant 2 of domain B16), and two moments compared."""

import uuid
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contracts.services import holds
from inventory.models import SalesStop, Unit
from inventory.queries.board import read_board
from inventory.queries.past import board_at, differences, moves
from inventory.services import units
from inventory.states import Lock, Status
from salescontrol.core import clock
from salescontrol.core.access import access_of
from salescontrol.core.history import save_tracked
from tests import build
from tests.contracts.stock import customer, hold

pytestmark = pytest.mark.django_db


@pytest.fixture
def days(people, monkeypatch):
    """Two units of project A, and a clock that the test puts forward by hours."""
    real, ahead = clock.now, SimpleNamespace(by=timedelta(0))
    people.building = build.building(people.a)
    people.unit = build.unit(people.building, by=people.specialist, salesperson=people.salesperson)
    people.other = build.unit(people.building, 13, by=people.specialist)
    people.customer = customer(people.a, people.salesperson)
    people.built = clock.now()
    monkeypatch.setattr(clock, "now", lambda: real() + ahead.by)

    def pass_hours(count: float):
        before = clock.now()
        ahead.by += timedelta(hours=count)
        return before

    people.pass_hours = pass_hours
    return people


def stands(days, moment, who=None) -> dict[str, str]:
    board = board_at(access_of(who or days.specialist), days.a, moment)
    return {place.room: board.standings[place.pk].status for place in board.places}


def test_every_step_of_a_life_is_found_again_at_its_time(days):
    free = days.pass_hours(1)
    claim = hold(days.unit, days.customer, days.salesperson, days.specialist)
    held = days.pass_hours(2)
    holds.release_hold(op_id=uuid.uuid4(), number=claim.number, reason="Changed their mind", by=days.specialist)
    again = days.pass_hours(1)

    assert stands(days, days.built - timedelta(days=1)) == {}
    assert [stands(days, moment)["1202"] for moment in (free, held, again)] == ["AVAILABLE", "HELD", "AVAILABLE"]


def test_a_hold_past_its_end_was_available_although_nobody_wrote_it_down(days):
    hold(days.unit, days.customer, days.salesperson, days.specialist)
    days.pass_hours(23.9)
    before = days.pass_hours(0.2)
    assert stands(days, before)["1202"] == "HELD"
    assert stands(days, clock.now())["1202"] == "AVAILABLE"
    assert Unit.objects.get(pk=days.unit.pk).status == Status.HELD


def test_now_is_what_the_board_shows_now(days):
    hold(days.unit, days.customer, days.salesperson, days.specialist)
    units.lay_lock(unit=days.other, kind=Lock.OPENING, reason="Opening", by=days.supervisor)
    now = read_board(access_of(days.specialist), days.a)
    rebuilt = board_at(access_of(days.specialist), days.a, clock.now())

    assert rebuilt.standings.keys() == now.standings.keys()
    for pk, standing in now.standings.items():
        assert rebuilt.standings[pk][:3] == standing[:3]


def test_prices_and_locks_are_those_of_the_moment(days):
    days.unit._history_date = clock.now() + timedelta(hours=5)
    days.unit.list_total = Decimal(2_800_000)
    save_tracked(days.unit, action="price_list.apply", by=days.supervisor, fields=["list_total"])
    days.pass_hours(6)
    units.lay_lock(unit=days.unit, kind=Lock.OPENING, reason="Opening", by=days.supervisor)
    days.unit.overlay_locks.update(set_at=clock.now())
    access = access_of(days.specialist)
    early, late = (board_at(access, days.a, moment) for moment in (days.built + timedelta(hours=1), clock.now()))

    assert (early.standings[days.unit.pk].total, late.standings[days.unit.pk].total) == (2_706_624, 2_800_000)
    assert (early.standings[days.unit.pk].locks, late.standings[days.unit.pk].locks) == ("", "OPENING")


def test_a_stop_of_sales_is_seen_on_every_unit_it_covered_while_it_lasted(days):
    SalesStop.objects.create(
        project=days.a, building=days.building, scope=f"building:{days.building.pk}", reason="Fire drill",
        stopped_by=days.supervisor, stopped_at=days.built + timedelta(hours=2), lifted_at=days.built + timedelta(hours=3),
        lifted_by=days.management,
    )  # fmt: skip
    access = access_of(days.specialist)
    on = [board_at(access, days.a, days.built + timedelta(hours=hours)).standings for hours in (1, 2.5, 4)]
    assert [{row.locks for row in rows.values()} for rows in on] == [{""}, {"STOP"}, {""}]


def test_two_moments_are_compared_unit_by_unit(days):
    before = days.pass_hours(1)
    hold(days.unit, days.customer, days.salesperson, days.specialist)
    access = access_of(days.specialist)
    found = differences(board_at(access, days.a, before), board_at(access, days.a, clock.now()))

    assert [(row.place.room, row.old_status, row.new_status) for row in found] == [("1202", "AVAILABLE", "HELD")]
    assert [(move.old_status, move.new_status, move.count) for move in moves(found)] == [("AVAILABLE", "HELD", 1)]


def test_a_salesperson_reads_the_past_of_their_own_units_only(days):
    days.pass_hours(1)
    assert stands(days, clock.now(), days.salesperson) == {"1202": "AVAILABLE"}
    assert stands(days, clock.now(), days.colleague) == {}


def test_with_the_projects_switch_the_past_of_other_units_stays_closed(days):
    days.a.share_for_sale = True
    save_tracked(days.a, action="project.change", by=days.supervisor)
    assert stands(days, clock.now(), days.salesperson) == {"1202": "AVAILABLE"}


def test_the_number_of_queries_does_not_grow_with_the_board(days):
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            board_at(access_of(days.specialist), days.a, clock.now())
        return len(seen)

    queries()
    few = queries()
    for floor in range(20, 40):
        build.unit(days.building, floor, by=days.specialist)
    assert queries() == few


def test_the_page_shows_both_moments_and_keeps_what_was_typed(days, sign_in):
    days.pass_hours(0.1)
    before = clock.local(days.pass_hours(0.1))
    hold(days.unit, days.customer, days.salesperson, days.specialist)
    days.pass_hours(0.1)
    page = sign_in(days.supervisor).get(
        "/p/AAA/board/past/",
        {"at": f"{clock.local(clock.now()):%Y-%m-%dT%H:%M:%S}", "since": f"{before:%Y-%m-%dT%H:%M:%S}"},
    )
    text = page.content.decode()
    assert page.status_code == 200
    assert "1 unit stood differently" in text
    assert f"{before:%Y-%m-%d %H:%M}" in text

    refused = sign_in(days.supervisor).get("/p/AAA/board/past/", {"at": "2099-01-01T10:00"})
    assert refused.status_code == 422
    assert "This moment is still to come" in refused.content.decode()


def test_a_salesperson_without_units_reads_that_there_are_none(days, sign_in):
    page = sign_in(days.colleague).get("/p/AAA/board/past/")
    assert "No unit was on the board at that moment." in page.content.decode()
