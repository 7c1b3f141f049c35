"""A viewing between two browsers (R2.4): the desk books, the salesperson hears of it within two seconds, confirms and reports."""

import os
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from enquiries.models import Viewing
from enquiries.states import ViewingState
from salescontrol.core import clock
from salescontrol.core.history import save_tracked
from tests import build
from tests.browser.conftest import listen
from tests.enquiries.stock import customer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SERIOUS = {"serious", "critical"}
# The two seconds, and what a busy test machine takes to answer.
SOON = 2000 + 1500


@pytest.fixture
def office(people):
    people.unit = build.unit(build.building(people.a), by=people.specialist)
    people.guest = customer(people.a, people.salesperson, name="Zhou Min")
    people.tomorrow = clock.today(people.a.zone) + timedelta(days=1)
    return people


@pytest.fixture
def screens(browser, browser_context_args, live_server, enter):
    """A browser of its own for each person; none of them may complain."""
    opened = []

    def screen(person, address: str, **size):
        page = browser.new_context(**{**browser_context_args, **size}).new_page()
        opened.append(listen(page))
        enter(page, person)
        page.goto(live_server.url + address)
        return page

    yield screen
    assert [complaint for complaints in opened for complaint in complaints] == []


def sound(page) -> None:
    """Nothing serious for keyboard and screen reader, and nothing wider than the page."""
    found = Axe().run(page).response["violations"]
    assert [item["id"] for item in found if item["impact"] in SERIOUS] == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    if folder := os.environ.get("SHOTS"):
        name = page.url.split("/", 3)[3].split("?")[0].strip("/").replace("/", "-") or "home"
        page.screenshot(path=f"{folder}/viewings-{name}-{page.viewport_size['width']}.png", full_page=True)


def begin(viewing: Viewing) -> None:
    """The time has come. The clock cannot be put forward: the browsers would be signed out."""
    viewing.refresh_from_db()
    viewing.starts_at, viewing.ends_at = (clock.now() + timedelta(minutes=shift) for shift in (-10, 50))
    save_tracked(viewing, action="viewing.move", by=viewing.booked_by, fields=["starts_at", "ends_at"])


def test_the_desk_books_and_the_salesperson_confirms_and_reports(office, screens):
    desk = screens(office.specialist, "/p/AAA/viewings/book/")
    desk.locator("select[name=customer]").select_option(str(office.guest.pk))
    desk.locator("select[name=salesperson]").select_option(str(office.salesperson.pk))
    desk.locator("[name=day]").fill(office.tomorrow.isoformat())
    desk.locator("[name=rooms]").fill(office.unit.number)
    desk.get_by_role("button", name="Show free times").click()
    sound(desk)
    desk.locator("button[name=time][value='10:00']").click()
    expect(desk.locator("#messages")).to_contain_text("is booked for")
    row = Viewing.every.get()

    phone = screens(office.salesperson, "/inbox/", viewport={"width": 390, "height": 844})
    phone.get_by_role("button", name=f"A viewing was booked with you: {row.number}").click(timeout=SOON)
    sound(phone)
    phone.get_by_role("link", name="Confirm").click()
    phone.get_by_role("button", name="Confirm").click()
    expect(phone.locator("#messages")).to_contain_text("Confirmed.")
    desk.reload()
    expect(desk.locator("h1")).to_contain_text("Confirmed", timeout=SOON)

    begin(row)
    phone.goto(phone.url + "outcome/")
    phone.locator("[name=outcome]").fill("Comes back with the parents")
    phone.locator("select").first.select_option("LIKED")
    sound(phone)
    phone.get_by_role("button", name="Record").click()
    expect(phone.locator("#messages")).to_contain_text("Recorded.")
    desk.reload()
    expect(desk.locator("main")).to_contain_text("Comes back with the parents", timeout=SOON)
    row.refresh_from_db()
    assert row.state == ViewingState.VISITED


@pytest.mark.parametrize("width", [1440, 390])
def test_the_pages_of_viewings_are_for_everybody(office, screens, width):
    size = {"viewport": {"width": width, "height": 900}}
    page = screens(office.supervisor, "/p/AAA/viewings/roster/", **size)
    home = page.url.split("/p/")[0]
    sound(page)
    for name in ("day/", "week/", "", "sheet/", "book/"):
        page.goto(f"{home}/p/AAA/viewings/{name}")
        sound(page)
    phone = screens(office.salesperson, "/day/", **size)
    sound(phone)
    phone.goto(f"{home}/me/")
    sound(phone)
