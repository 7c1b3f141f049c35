"""The board in a real Chromium: panel, keyboard, address, wall, phone, no JavaScript, axe."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from inventory.states import Status
from tests import build

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SERIOUS = {"serious", "critical"}


@pytest.fixture
def tower(people):
    """Building 3#: floors 1 to 6, rooms 01, 02, 04; room 302 is missing, 504 is a duplex over 5 and 6."""
    where = build.building(people.a)
    layout = build.layout(people.a, "C", bedrooms=3)
    statuses = list(Status)
    people.rooms = {}
    for floor in range(1, 7):
        for position, room in enumerate(("01", "02", "04")):
            if (floor, room) in ((3, "02"), (6, "04")):
                continue
            extra = {"floor_to": 6} if (floor, room) == (5, "04") else {}
            unit = build.unit(
                where, floor, room, by=people.specialist, layout=layout, orientation="SN", salesperson=people.salesperson,
                status=statuses[(floor + position) % len(statuses)], locks="PRICE" if floor == 4 else "", **extra,
            )  # fmt: skip
            people.rooms[unit.room] = unit.pk
    other = build.building(people.a, "5#", position=2)
    people.next_door = build.unit(other, 6, "01", by=people.specialist).pk
    build.unit(other, -1, "P1", by=people.specialist, property_type="PARKING", floor_label="B1")
    return people


def board(page, live_server, enter, person, query: str = ""):
    enter(page, person)
    page.goto(f"{live_server.url}/p/AAA/board/{query}")
    page.locator(".unit, .empty").first.wait_for()
    return page


def cell(page, unit: int):
    return page.locator(f'a.unit[data-unit="{unit}"]')


def faults(page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{item['id']}: {item['nodes'][0]['html'][:200]}" for item in found if item["impact"] in SERIOUS]


def no_sideways(page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_a_click_opens_the_panel_and_the_address_carries_it(tower, page, live_server, enter):
    board(page, live_server, enter, tower.supervisor, "?status=HELD")
    cell(page, tower.rooms["201"]).click()
    expect(page.locator("[data-open] h2")).to_have_text("3#-201")
    expect(page).to_have_url(re.compile(rf"/p/AAA/board/\?status=HELD&unit={tower.rooms['201']}$"))
    expect(cell(page, tower.rooms["201"])).to_have_attribute("aria-current", "true")
    cell(page, tower.rooms["202"]).click()
    expect(page.locator("[data-open] h2")).to_have_text("3#-202")
    page.go_back()
    expect(page.locator("[data-open] h2")).to_have_text("3#-201")
    page.reload()
    expect(cell(page, tower.rooms["201"])).to_have_attribute("aria-current", "true")
    expect(page.locator("[data-open] h2")).to_have_text("3#-201")
    page.locator("[data-close]").click()
    expect(page.locator("[data-open]")).to_have_count(0)
    expect(page).to_have_url(f"{live_server.url}/p/AAA/board/?status=HELD")


def test_arrow_keys_walk_the_grid_and_skip_holes(tower, page, live_server, enter):
    board(page, live_server, enter, tower.supervisor)
    assert page.locator('a.unit[tabindex="0"]').count() == 1
    cell(page, tower.rooms["402"]).focus()

    def press(key: str, room: str) -> None:
        page.keyboard.press(key)
        expect(cell(page, tower.rooms[room])).to_be_focused()

    press("ArrowDown", "202")
    press("ArrowUp", "402")
    press("ArrowRight", "404")
    press("ArrowUp", "504")
    press("ArrowLeft", "602")
    press("ArrowRight", "504")
    press("ArrowDown", "404")
    press("Home", "401")
    press("End", "404")
    press("Control+Home", "601")
    page.keyboard.press("ArrowUp")
    expect(cell(page, tower.rooms["601"])).to_be_focused()
    press("End", "504")
    page.keyboard.press("ArrowRight")
    expect(cell(page, tower.next_door)).to_be_focused()
    press("ArrowLeft", "504")
    assert page.locator('a.unit[tabindex="0"]').count() == 1


def test_enter_opens_escape_closes_and_the_focus_stays_on_the_unit(tower, page, live_server, enter):
    board(page, live_server, enter, tower.supervisor)
    unit = cell(page, tower.rooms["301"])
    unit.focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-open] h2")).to_have_text("3#-301")
    expect(unit).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("[data-open]")).to_have_count(0)
    expect(unit).to_be_focused()
    expect(page.get_by_text("Remaining by layout")).to_be_visible()


def test_the_legend_filters_and_keeps_the_open_unit_out_of_the_way(tower, page, live_server, enter):
    board(page, live_server, enter, tower.supervisor)
    page.get_by_role("link", name="A Available").click()
    expect(page).to_have_url(re.compile(r"\?status=AVAILABLE$"))
    expect(page.locator("a.unit.dim").first).to_be_visible()
    assert page.locator("a.unit:not(.dim)").count() == page.locator("a.unit.available").count()
    page.get_by_role("link", name="A Available").click()
    expect(page).to_have_url(re.compile(r"/board/\?$"))
    expect(page.locator("a.unit").first).to_be_visible()
    assert page.locator("a.unit.dim").count() == 0


def test_without_javascript_cells_are_links_and_the_panel_opens(tower, live_server, enter, browser):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    board(page, live_server, enter, tower.salesperson)
    cell(page, tower.rooms["402"]).click()
    expect(page.locator("[data-open] h2")).to_have_text("3#-402")
    page.locator("[data-close]").click()
    expect(page).to_have_url(f"{live_server.url}/p/AAA/board/?plain=1")
    page.goto(f"{live_server.url}/p/AAA/board/wall/")
    assert page.locator("[data-screen]:visible").count() == 1
    context.close()


def test_the_wall_rotates_and_pauses(tower, page, live_server, enter):
    page.clock.install()
    enter(page, tower.supervisor)
    page.goto(f"{live_server.url}/p/AAA/board/wall/")
    shown = page.locator("[data-screen]:visible h2")
    expect(shown).to_have_text("3#")
    page.clock.run_for(20_500)
    expect(shown).to_have_text("5#")
    page.get_by_role("button", name="Pause").click()
    page.clock.run_for(60_000)
    expect(shown).to_have_text("5#")
    page.get_by_role("button", name="Resume").click()
    page.clock.run_for(20_500)
    expect(shown).to_have_text("3#")


@pytest.mark.parametrize("address", ["", "?tab=attached", "?area_from=x&status=HELD", "wall/", "print/"])
def test_nothing_scrolls_sideways_on_a_phone_and_axe_finds_nothing_serious(tower, page, live_server, enter, address):
    page.set_viewport_size({"width": 390, "height": 844})
    board(page, live_server, enter, tower.supervisor, address)
    no_sideways(page)
    assert faults(page) == []


def test_the_panel_is_a_sheet_on_a_phone_and_floor_labels_stay(tower, page, live_server, enter):
    page.set_viewport_size({"width": 390, "height": 844})
    board(page, live_server, enter, tower.supervisor)
    cell(page, tower.rooms["601"]).click()
    sheet = page.locator(".unit-panel")
    expect(sheet).to_be_visible()
    box = sheet.bounding_box()
    assert box["x"] == 0
    assert box["width"] == 390
    assert 780 < box["y"] + box["height"] < 792
    assert faults(page) == []
    no_sideways(page)
    page.locator("[data-close]").click()
    label = page.locator("th.floor").first
    before = label.bounding_box()["x"]
    page.locator("[data-board]").evaluate("element => { element.scrollLeft = 60; }")
    assert abs(label.bounding_box()["x"] - before) < 15


def test_the_wide_board_with_panel_and_filter_has_no_serious_fault(tower, page, live_server, enter):
    board(page, live_server, enter, tower.supervisor, f"?status=HELD&unit={tower.rooms['402']}")
    assert faults(page) == []
    no_sideways(page)


def test_a_lost_connection_is_said(tower, live_server, enter, browser):
    page = browser.new_page()
    board(page, live_server, enter, tower.supervisor)
    page.route("**/board/unit/**", lambda route: route.abort())
    cell(page, tower.rooms["601"]).click()
    expect(page.locator("#messages")).to_contain_text("The panel could not be loaded.")
    page.close()


def test_abuse_45_a_room_named_like_markup_is_shown_as_text(tower, page, live_server, enter):
    evil = "<img src=x onerror>"
    where = build.building(tower.a, '"><script>alert(1)</script>', position=3)
    build.unit(where, 2, by=tower.specialist, layout=build.layout(tower.a, evil))
    board(page, live_server, enter, tower.supervisor)
    expect(page.get_by_role("heading", name='"><script>alert(1)</script>')).to_be_visible()
    assert page.locator("main img").count() == 0
