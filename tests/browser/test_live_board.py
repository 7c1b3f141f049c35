"""The live board in real browsers: what one desk does, the others see; and an old state is never shown as live."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from playwright.sync_api import expect

from inventory import wire
from inventory.queries import live
from inventory.services import displays
from inventory.states import Status
from salescontrol.core import clock
from security.models import Session
from tests import build

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SOON = 2_000
WATCH_SHIFTS = """window.moved = 0; new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.moved += entry.value;
}).observe({ type: "layout-shift", buffered: true });"""


@pytest.fixture
def tower(people):
    """3#: floors 1 to 4, rooms 01 and 02; 302 spans two floors, so that 402 is missing; statuses in turn; a price lock; parking."""
    live.forget()
    wire.forget()
    where, layout = build.building(people.a), build.layout(people.a, "C", bedrooms=3)
    statuses, people.units = list(Status), {}
    for floor in range(1, 5):
        for number, room in enumerate(("01", "02")):
            if (floor, room) == (4, "02"):
                continue
            people.units[f"{floor}{room}"] = build.unit(
                where, floor, room, by=people.specialist, layout=layout, status=statuses[(floor * 2 + number) % 8],
                salesperson=people.salesperson, locks="PRICE,STOP" if floor == 2 else "",
                floor_to=4 if (floor, room) == (3, "02") else None,
            )  # fmt: skip
    other = build.building(people.a, "5#", position=2)
    people.units["free"] = build.unit(other, 6, "01", by=people.specialist, salesperson=people.salesperson)
    people.units["next"] = build.unit(other, 5, "01", by=people.specialist, list_total=None)
    return people


@pytest.fixture
def sign_in_alone(live_server, settings):
    """Sign somebody in on a page without signing anybody else out."""

    def let_in(page, person) -> None:
        client = Client()
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        key = client.cookies[settings.SESSION_COOKIE_NAME].value
        page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": key, "url": live_server.url}])

    return let_in


def open_board(page, live_server, enter, person, query: str = "") -> None:
    enter(page, person)
    page.goto(f"{live_server.url}/p/AAA/board/{query}")
    page.locator("a.unit").first.wait_for()


def cell(page, unit):
    return page.locator(f'a.unit[data-unit="{unit.pk}"]')


def drawn(page) -> list:
    """Every cell as it is read and seen, with its place in its table; without what only the browser adds."""
    return page.evaluate(
        """() => [...document.querySelectorAll("[data-board] section")].map((tower) => [
             tower.className, tower.querySelector("h2").textContent,
             [...tower.querySelectorAll("tr")].map((row) => [...row.cells].map((cell) => {
               const copy = cell.cloneNode(true), unit = copy.querySelector(".unit");
               if (unit) { unit.removeAttribute("tabindex"); unit.href = unit.getAttribute("href").replace("plain=1&", ""); }
               copy.querySelectorAll("time").forEach((left) => left.remove());
               return copy.outerHTML;
             }))])"""
    )


@pytest.mark.parametrize("query", ["", "?status=HELD", "?tab=attached", "?mine=on&total_from=200"])
@pytest.mark.parametrize("who", ["supervisor", "salesperson"])
def test_the_browser_draws_exactly_the_cells_that_the_server_draws(tower, page, live_server, enter, who, query):
    build.unit(tower.units["free"].building, -1, "P1", by=tower.specialist, property_type="PARKING", floor_label="B1",
               salesperson=tower.salesperson, layout=None)  # fmt: skip
    open_board(page, live_server, enter, getattr(tower, who), query)
    by_browser = drawn(page)
    open_board(page, live_server, enter, getattr(tower, who), f"{query}{'&' if query else '?'}plain=1")
    assert by_browser == drawn(page)


def test_a_change_of_one_desk_is_seen_by_the_others_within_two_seconds(tower, live_server, sign_in_alone, browser):
    pages = [browser.new_page() for _ in range(2)]
    for page, person in zip(pages, (tower.supervisor, tower.salesperson), strict=True):
        open_board(page, live_server, sign_in_alone, person)
        expect(cell(page, tower.units["free"])).to_have_class(re.compile(r"\bavailable\b"))
    build.place_in(Status.SUBSCRIBED, tower.units["free"])
    for page in pages:
        expect(cell(page, tower.units["free"])).to_have_class(re.compile(r"\breserved\b"), timeout=SOON)
        expect(cell(page, tower.units["free"])).to_have_attribute("aria-label", re.compile("Subscribed"))
    expect(pages[0].locator('[data-count="SUBSCRIBED"]').first).to_have_text("2")
    for page in pages:
        page.close()


def test_a_hold_counts_down_and_flips_by_itself_even_when_nothing_is_heard(tower, live_server, enter, browser):
    unit = tower.units["free"]
    build.place_in(Status.HELD, unit, claim_ends_at=clock.now() + timedelta(seconds=7))
    page = browser.new_page()
    page.route("**/board/changes/**", lambda route: route.abort())
    open_board(page, live_server, enter, tower.supervisor)
    expect(cell(page, unit).locator("time")).to_have_text(re.compile(r"^0:0\d$"))
    expect(cell(page, unit)).to_have_class(re.compile(r"\bavailable\b"), timeout=10_000)
    page.close()


def test_a_lost_connection_is_said_with_since_when_and_recovers_by_itself(tower, live_server, enter, browser):
    page = browser.new_page()
    open_board(page, live_server, enter, tower.supervisor)
    page.route("**/board/changes/**", lambda route: route.abort())
    note = page.locator("[data-live-note]")
    expect(note).to_have_text(re.compile(r"^No connection since \d\d:\d\d:\d\d\."), timeout=8_000)
    expect(page.locator("[data-board]")).to_have_class(re.compile(r"\bstale\b"))
    build.place_in(Status.SUBSCRIBED, tower.units["free"])
    page.unroute("**/board/changes/**")
    expect(note).to_be_hidden(timeout=8_000)
    expect(page.locator("[data-board]")).not_to_have_class(re.compile(r"\bstale\b"))
    expect(cell(page, tower.units["free"])).to_have_class(re.compile(r"\breserved\b"))
    page.close()


def test_who_is_signed_out_is_told_so_with_the_way_back(tower, live_server, enter, browser):
    page = browser.new_page()
    open_board(page, live_server, enter, tower.supervisor)
    Session.objects.update(ended_at=clock.now())
    expect(page.locator("[data-live-note]")).to_contain_text("You are signed out.", timeout=8_000)
    expect(page.locator("[data-live-note] a")).to_have_text("Sign in")
    page.close()


def test_the_open_panel_follows_its_unit_unless_something_is_typed_in_it(tower, page, live_server, enter):
    unit = tower.units["free"]
    open_board(page, live_server, enter, tower.supervisor, f"?unit={unit.pk}")
    tag = page.locator("[data-open] header .tag")
    expect(tag).to_contain_text("Available")
    build.place_in(Status.SUBSCRIBED, unit)
    expect(tag).to_contain_text("Subscribed", timeout=5_000)
    page.locator("[data-open]").evaluate("panel => panel.dispatchEvent(new Event('input', { bubbles: true }))")
    build.place_in(Status.CONTRACTED, unit)
    expect(cell(page, unit)).to_have_class(re.compile(r"\bsold\b"), timeout=5_000)
    expect(tag).to_contain_text("Subscribed")


def test_a_unit_that_comes_into_sight_appears_and_the_rest_stays(tower, page, live_server, enter):
    open_board(page, live_server, enter, tower.salesperson)
    assert cell(page, tower.units["next"]).count() == 0
    build.place_in(Status.AVAILABLE, tower.units["next"], salesperson=tower.salesperson)
    expect(cell(page, tower.units["next"])).to_be_visible(timeout=5_000)
    assert page.locator('a.unit[tabindex="0"]').count() == 1


def test_a_display_shows_changes_and_goes_dark_when_it_is_revoked(tower, live_server, browser):
    display, secret = displays.add_display(project=tower.a, name="Hall", prices=False, by=tower.supervisor)
    page = browser.new_page()
    page.goto(f"{live_server.url}/wall/{secret}/")
    expect(page.locator(".unit", has_text="601")).to_have_class(re.compile(r"\bavailable\b"))
    assert "万" not in page.content()
    build.place_in(Status.SUBSCRIBED, tower.units["free"])
    expect(page.locator(".unit", has_text="601")).to_have_class(re.compile(r"\breserved\b"), timeout=5_000)
    displays.revoke_display(display=display, by=tower.supervisor)
    expect(page.locator(".unit")).to_have_count(0, timeout=6_000)
    page.close()


def test_nothing_moves_while_the_board_is_drawn_and_changes(tower, page, live_server, enter):
    page.add_init_script(WATCH_SHIFTS)
    open_board(page, live_server, enter, tower.supervisor)
    build.place_in(Status.SUBSCRIBED, tower.units["free"])
    expect(cell(page, tower.units["free"])).to_have_class(re.compile(r"\breserved\b"), timeout=5_000)
    assert page.evaluate("window.moved") < 0.02
