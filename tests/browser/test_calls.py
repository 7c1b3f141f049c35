"""A call is logged without a mouse while the phone is at the ear, and the salesperson knows within two seconds (R2.1–R2.3)."""

import os
import re
from decimal import Decimal
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from enquiries.models import Call
from tests import build
from tests.browser.conftest import listen

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
KEYSTROKES, MILLISECONDS, SECONDS = 120, 120, 30
SERIOUS = {"serious", "critical"}


class Keys:
    """Counts what is pressed; text that is typed is counted apart."""

    def __init__(self, page) -> None:
        self.page, self.pressed, self.typed = page, 0, 0

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.pressed += 1

    def write(self, text: str) -> None:
        self.page.keyboard.type(text)
        self.typed += len(text)

    def into(self, name: str, text: str) -> None:
        """Tab until the field is reached, then write."""
        while self.page.evaluate("document.activeElement.name") != name:
            self.press("Tab")
            assert self.pressed < KEYSTROKES, name
        self.write(text)


@pytest.fixture
def office(people):
    """Units for sale of one layout, and a salesperson to be told."""
    house, kind = build.building(people.a), build.layout(people.a, "C2", description="3 bedrooms")
    for floor in range(2, 8):
        build.unit(house, floor, by=people.specialist, layout=kind, list_total=Decimal(2_000_000 + floor * 10_000))
    return people


@pytest.fixture
def screens(browser, browser_context_args, live_server, enter):
    """A browser of its own for each person: `screens(person, address)`; none of them may complain."""
    opened = []

    def screen(person, address: str, **size):
        page = browser.new_context(**{**browser_context_args, **size}).new_page()
        opened.append(listen(page))
        enter(page, person)
        page.goto(live_server.url + address)
        return page

    yield screen
    assert [complaint for complaints in opened for complaint in complaints] == []


def picture(page, name: str) -> None:
    """Keep a picture for a person to look at, where `SHOTS` says."""
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=Path(folder) / f"calls-{name}.png", full_page=True)


def test_a_call_is_logged_by_keyboard_and_the_salesperson_sees_it_within_two_seconds(office, screens):
    seller = screens(office.salesperson, "/")
    expect(seller.get_by_text("No call waits for you.")).to_be_visible()
    desk = screens(office.specialist, "/p/AAA/calls/new/")
    keys = Keys(desk)
    assert desk.evaluate("document.activeElement.name") == "phone"

    keys.write("13800138000")
    keys.into("rings", "2")
    expect(desk.locator("#caller")).to_contain_text("does not know yet")
    keys.into("caller", "Chen Lan")
    keys.into("channel", "We")
    keys.into("layout", "C2")
    keys.into("budget_to", "204")
    expect(desk.locator("#answers tbody tr")).to_have_count(3)
    keys.into("asked", "A school near by?")
    keys.into("answered", "Ten minutes on foot")
    keys.into("salesperson", office.salesperson.employee_no)
    expect(desk.locator("#saved")).to_contain_text("Draft kept", timeout=8000)
    picture(desk, "form-1440")
    keys.press("Control+Enter")
    desk.wait_for_url(re.compile(r"/calls/[0-9A-Z]{8}/$"))
    expect(seller.locator(".todo").get_by_text(Call.every.get().number, exact=True)).to_be_visible(timeout=2000)

    call = Call.every.get()
    assert (call.rings, call.channel, call.state, call.salesperson) == ("2", "WEB", "LOGGED", office.salesperson)
    assert keys.pressed <= KEYSTROKES
    assert (keys.pressed + keys.typed) * MILLISECONDS < SECONDS * 1000

    seller.locator(".todo").get_by_text(call.number, exact=True).click()
    seller.get_by_role("button", name="Confirm").click()
    expect(seller.get_by_text("Confirmed.")).to_be_visible()
    assert Call.every.get().state == "CONFIRMED"
    picture(seller, "page-1440")


def test_a_call_survives_a_crash_of_the_browser(office, screens):
    desk = screens(office.specialist, "/p/AAA/calls/new/")
    desk.keyboard.type("13800138000")
    desk.locator("#id_asked").fill("A school near by?")
    expect(desk.locator("#saved")).to_contain_text("Draft kept", timeout=8000)
    desk.context.close()

    again = screens(office.specialist, "/p/AAA/calls/")
    again.locator(".todo a").first.click()
    expect(again.locator("#id_asked")).to_have_value("A school near by?")
    expect(again.get_by_text("138****8000")).to_be_visible()


@pytest.mark.parametrize("width", [390, 1440])
def test_the_pages_of_calls_are_for_everybody_and_fit(office, screens, width):
    pages = {
        "new": "calls/new/",
        "list": "calls/",
        "measures": "calls/measures/",
        "answers": "answers/",
        "talk": "talk/new/",
    }
    for name, address in pages.items():
        page = screens(office.supervisor, f"/p/AAA/{address}", viewport={"width": width, "height": 900})
        found = Axe().run(page).response["violations"]
        assert [(name, v["id"]) for v in found if v["impact"] in SERIOUS] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        picture(page, f"{name}-{width}")
