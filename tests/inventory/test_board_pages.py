"""The board's pages: who gets in, what the head counts, filters in the address, the panel, the wall and the paper."""

import re
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.models import UnitLock
from inventory.states import Lock, Status
from salescontrol.core.models import AuditEvent
from tests import build

pytestmark = pytest.mark.django_db
URL = "/p/AAA/board/"
PLAIN = {"plain": "1"}


@pytest.fixture
def stock(people):
    """Building 3# of project A: one unit of every status, a draft, and a parking space."""
    where, by = build.building(people.a), people.specialist
    people.layout = build.layout(people.a, "C", bedrooms=3)
    people.units = {
        status: build.unit(where, floor, by=by, status=status, layout=people.layout, orientation="SN")
        for floor, status in enumerate(Status, start=11)
    }
    people.parking = build.unit(
        where, -1, "P1", by=by, property_type="PARKING", floor_label="B1", built_area=Decimal("12.50"),
        inner_area=None, shared_area=None, layout=None, list_total=Decimal(185_000),
    )  # fmt: skip
    people.building = where
    return people


def rooms(page: str) -> set[str]:
    return set(re.findall(r"<b>([^<]+)</b><em>", page))


def dimmed(page: str) -> set[str]:
    return set(re.findall(r'class="unit [^"]*\bdim\b[^"]*"[^>]*><b>([^<]+)</b>', page))


def text_of(response) -> str:
    assert response.status_code == 200
    return response.content.decode()


def test_the_supervisor_sees_every_unit_with_legend_counts_and_the_base_of_sell_through(stock, sign_in):
    page = text_of(sign_in(stock.supervisor).get(URL, PLAIN))
    assert rooms(page) == {f"{floor}02" for floor in range(11, 19)}
    assert ">7 units · 6 released · 50.0% sold through (of released)</span> · " in page
    assert re.search(r">as of \d\d:\d\d:\d\d</span>", page)
    assert '<span class="tag held">H Held</span> <b data-count="HELD">1</b>' in page
    assert re.search(r'<span class="tag pending">R In review</span>\s*</a>', page)
    assert '<svg class="bar" viewBox="0 0 7 8"' in page
    assert "style=" not in page


def test_parking_stands_in_its_own_tab_and_is_counted_apart(stock, sign_in):
    page = text_of(sign_in(stock.supervisor).get(URL, {**PLAIN, "tab": "attached"}))
    assert rooms(page) == {"-1P1"}
    assert "1 unit · 1 released" in page


def test_a_link_to_a_parking_space_opens_its_own_tab(stock, sign_in):
    page = text_of(sign_in(stock.supervisor).get(URL, {**PLAIN, "unit": stock.parking.pk}))
    assert rooms(page) == {"-1P1"}
    assert f'data-open="{stock.parking.pk}"' in page


@pytest.mark.parametrize(
    ("role", "status"),
    [("supervisor", 200), ("specialist", 200), ("salesperson", 200), ("finance", 200), ("marketing", 200),
     ("management", 200), ("head", 403), ("administrator", 404), ("other_supervisor", 404)],
)  # fmt: skip
@pytest.mark.parametrize("path", ["", "wall/", "print/"])
def test_who_may_open_the_board(stock, sign_in, role, status, path):
    assert sign_in(getattr(stock, role)).get(f"{URL}{path}").status_code == status


def test_drafts_are_drawn_for_those_who_review_and_for_nobody_else(stock, sign_in):
    draft = stock.units[Status.DRAFT].room
    assert draft in rooms(text_of(sign_in(stock.specialist).get(URL, PLAIN)))
    assert draft not in rooms(text_of(sign_in(stock.finance).get(URL, PLAIN)))
    assert draft not in rooms(text_of(sign_in(stock.supervisor).get(f"{URL}wall/")))


def test_legend_entries_toggle_the_status_filter(stock, sign_in):
    page = text_of(
        sign_in(stock.supervisor).get(URL, {**PLAIN, "status": ["HELD", "AVAILABLE"], "layout": stock.layout.pk})
    )
    assert dimmed(page) == rooms(page) - {stock.units[Status.HELD].room, stock.units[Status.AVAILABLE].room}
    assert "2 units match" in page
    layout = f"layout={stock.layout.pk}"
    assert f'class="key chosen" href="?status=AVAILABLE&amp;{layout}&amp;plain=1"' in page
    assert (
        f'class="key" href="?status=AVAILABLE&amp;status=HELD&amp;status=SUBSCRIBED&amp;{layout}&amp;plain=1"' in page
    )


def test_numbers_are_read_full_width_with_separators_and_unit(stock, sign_in):
    page = text_of(
        sign_in(stock.supervisor).get(
            URL, {**PLAIN, "total_from": "２７０万", "area_from": "118.40", "area_to": "1,118"}
        )
    )
    assert dimmed(page) == set()
    assert "7 units match" in page
    assert dimmed(text_of(sign_in(stock.supervisor).get(URL, {**PLAIN, "total_to": "270"}))) == rooms(page)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("area_from", "abc", "Enter a number"),
        ("total_to", "-3", "Enter a number"),
        ("total_from", "9" * 60, "at most 40 characters"),
        ("area_to", "\x00", "Null characters"),
        ("building", "9999999999999999999999", "not one of the available choices"),
        ("layout", "x' OR 1=1", "not one of the available choices"),
        ("orientation", "UP", "not one of the available choices"),
        ("lock", "KEY", "not one of the available choices"),
        ("building", "²", "not one of the available choices"),
    ],
)
def test_what_cannot_be_read_is_said_at_its_filter_and_filters_nothing(stock, sign_in, field, value, message):
    page = text_of(sign_in(stock.supervisor).get(URL, {**PLAIN, field: value}))
    assert message in page
    assert dimmed(page) == set()


def test_a_range_that_ends_before_it_begins_is_refused(stock, sign_in):
    page = text_of(sign_in(stock.supervisor).get(URL, {**PLAIN, "area_from": "120", "area_to": "100"}))
    assert "Enter at least as much as on the left." in page


def test_unknown_parameters_and_statuses_change_nothing(stock, sign_in):
    page = text_of(
        sign_in(stock.supervisor).get(URL, {**PLAIN, "salesperson__name": "x", "ordering": "id", "status": "GONE"})
    )
    assert dimmed(page) == set()
    assert len(rooms(page)) == 8


def test_a_building_is_shown_alone_with_its_own_counts(stock, sign_in):
    other = build.building(stock.a, "5#", position=2)
    build.unit(other, 3, by=stock.specialist)
    page = text_of(sign_in(stock.supervisor).get(URL, {**PLAIN, "building": other.pk}))
    assert rooms(page) == {"302"}
    assert "1 unit · 1 released" in page


def test_the_address_opens_the_panel_without_javascript(stock, sign_in):
    unit = stock.units[Status.AVAILABLE]
    build.permit(stock.building, number="PS-2026-018")
    page = text_of(sign_in(stock.supervisor).get(URL, {**PLAIN, "unit": unit.pk}))
    assert f'data-open="{unit.pk}"' in page
    for shown in ("¥2,706,624", "¥22,860/㎡ list", "floor ¥22,100/㎡", "118.40 ㎡ (inner 94.12)", "PS-2026-018"):
        assert shown in page, shown
    assert re.search(rf'data-unit="{unit.pk}"[^>]* aria-current="true"', page)


def test_the_panel_alone_answers_htmx_and_the_whole_page_without(stock, sign_in):
    client, unit = sign_in(stock.supervisor), stock.units[Status.HELD]
    part = text_of(client.get(f"{URL}unit/{unit.pk}/", PLAIN, headers={"HX-Request": "true"}))
    assert part.lstrip().startswith("<aside")
    assert "<html" not in part
    whole = text_of(client.get(f"{URL}unit/{unit.pk}/", PLAIN))
    assert part.strip() in whole
    assert len(rooms(whole)) == 8


@pytest.mark.parametrize("wanted", ["999999", "abc", "²", "-1", "9" * 40, "1 OR 1"])
def test_a_unit_that_is_not_there_is_404(stock, sign_in, wanted):
    assert sign_in(stock.supervisor).get(URL, {**PLAIN, "unit": wanted}).status_code == 404


def test_the_floor_price_is_read_by_those_who_may_alone(stock, sign_in):
    path = f"{URL}unit/{stock.units[Status.AVAILABLE].pk}/"
    for role, allowed in (("supervisor", True), ("finance", True), ("management", True), ("specialist", False)):
        page = text_of(sign_in(getattr(stock, role)).get(path))
        assert ("22,100" in page) is allowed, role
        assert ("2,616,640" in page) is False, role


def test_the_panel_tells_locks_encumbrances_and_reasons(stock, sign_in):
    unit = stock.units[Status.WITHHELD]
    UnitLock.objects.create(unit=unit, kind=Lock.STOP, reason="Court letter 12", set_by=stock.supervisor)
    type(unit).objects.filter(pk=unit.pk).update(locks="STOP", mortgaged=True, status_reason="Model home")
    page = text_of(sign_in(stock.specialist).get(f"{URL}unit/{unit.pk}/"))
    for shown in ("Sales stopped: Court letter 12", "Lin Yue", "Mortgaged", "Model home"):
        assert shown in page, shown


def test_the_panel_offers_only_what_this_user_may_do_now(stock, sign_in):
    def buttons(person, status):
        page = text_of(sign_in(person).get(f"{URL}unit/{stock.units[status].pk}/", headers={"HX-Request": "true"}))
        return re.findall(r'<a class="btn[^"]*"[^>]*>([^<]+)</a>', page)

    keep, book, deal = "Keep for an opening event", "Book a viewing", ["Quotation", "Subscribe"]
    assert buttons(stock.supervisor, Status.WITHHELD) == [book, "Put on sale", "Propose a change", "Assign", keep]
    assert buttons(stock.supervisor, Status.AVAILABLE) == [
        "Hold", *deal, book, "Withhold", "Propose a change", "Assign", keep,
    ]  # fmt: skip
    assert buttons(stock.specialist, Status.AVAILABLE) == [
        "Hold",
        *deal,
        book,
        "Propose to withhold",
        "Propose a change",
    ]
    assert buttons(stock.specialist, Status.WITHHELD) == [book, "Propose to put on sale", "Propose a change"]
    assert buttons(stock.specialist, Status.HELD) == ["Join the waiting list", book, "Propose a change"]
    assert buttons(stock.finance, Status.AVAILABLE) == []
    assert "Put on sale" not in buttons(stock.supervisor, Status.DRAFT)


def test_the_wall_names_no_person_and_shows_prices_only_on_request(stock, sign_in):
    unit = stock.units[Status.HELD]
    type(unit).objects.filter(pk=unit.pk).update(salesperson=stock.salesperson)
    client = sign_in(stock.salesperson)
    wall = text_of(client.get(f"{URL}wall/"))
    assert rooms(wall) == {unit.room}
    for hidden in ("Zhao Ming", "万", "yuan", " mine"):
        assert hidden not in wall, hidden
    assert "271万" in text_of(client.get(f"{URL}wall/", {"prices": "1"}))


def test_a_printed_board_is_on_record_with_who_and_when(stock, sign_in):
    page = text_of(sign_in(stock.supervisor).get(f"{URL}print/", {"status": "HELD"}))
    event = AuditEvent.objects.get(action="board.print")
    assert (event.actor, event.project_id) == (stock.supervisor, stock.a.pk)
    assert event.detail == {"filter": "status=HELD", "units": 8}
    assert f"Printed by Lin Yue ({stock.supervisor.employee_no}) · as of " in page
    assert f"no. P{event.pk}" in page
    assert "filtered" in page
    assert "Riverside Court · 3# · Sales board" in page


def test_an_empty_board_says_what_belongs_here(people, sign_in):
    assert "No units yet." in text_of(sign_in(people.supervisor).get(URL, PLAIN))
    assert "The supervisor assigns them." in text_of(sign_in(people.salesperson).get(URL, PLAIN))


@pytest.mark.parametrize("path", ["", "wall/", "print/"])
def test_the_number_of_queries_does_not_grow_with_the_board(stock, sign_in, path):
    def count() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            text_of(client.get(f"{URL}{path}"))
        return len(queries)

    client = sign_in(stock.supervisor)
    text_of(client.get(f"{URL}{path}"))
    few = count()
    for number in range(30):
        where = build.building(stock.a, f"{40 + number}#", position=number + 5)
        build.unit(where, 5, by=stock.specialist, layout=build.layout(stock.a, f"L{number}"))
    assert count() == few


def test_the_board_speaks_chinese(stock, sign_in):
    client = sign_in(stock.supervisor)
    session = client.session
    session["language"] = "zh-hans"
    session.save()
    assert '<html lang="zh-Hans">' in text_of(client.get(URL, PLAIN))
