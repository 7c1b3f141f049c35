"""Holding in real browsers: a third sees it within two seconds; its pages are for everybody (I1, P1)."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from contracts.models import Claim
from tests import build
from tests.browser.conftest import listen
from tests.contracts.stock import customer, hold

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SERIOUS = {"serious", "critical"}


@pytest.fixture
def office(people):
    """One unit that two want, another one like it that is free, and a customer for each."""
    where = build.building(people.a)
    layout = build.layout(people.a, "C", bedrooms=3)
    people.unit, people.other = (
        build.unit(where, floor, by=people.specialist, layout=layout, salesperson=people.salesperson)
        for floor in (12, 13)
    )
    people.first = customer(people.a, people.salesperson, name="Zhou Min")
    people.second = customer(people.a, people.colleague, name="Qian Hua")
    return people


@pytest.fixture
def screens(browser, browser_context_args, live_server, enter):
    """A browser of its own for each person: `screens(person, address)`; none of them may complain."""
    opened = []

    def screen(person, address: str):
        page = browser.new_context(**browser_context_args).new_page()
        opened.append(listen(page))
        enter(page, person)
        page.goto(live_server.url + address)
        return page

    yield screen
    assert [complaint for complaints in opened for complaint in complaints] == []


def fill(page, who) -> None:
    page.locator("select[name=customer]").select_option(str(who.pk))
    page.locator("[name=reason]").fill("Decides tonight")


def test_a_third_sees_the_cell_change_within_two_seconds(office, screens):
    watching = screens(office.management, "/p/AAA/board/")
    seen = watching.locator(f'a.unit[data-unit="{office.unit.pk}"]')
    expect(seen).to_have_class(re.compile(r"\bavailable\b"))
    desk = screens(office.specialist, f"/p/AAA/holds/units/{office.unit.pk}/hold/")
    fill(desk, office.first)
    desk.evaluate("document.querySelector('main form').requestSubmit()")

    # The two seconds, and what a busy test machine takes to answer the form.
    expect(seen).to_have_class(re.compile(r"\bheld\b"), timeout=2000 + 1500)


def test_the_pages_of_a_hold_are_for_everybody(office, screens):
    """Keyboard and screen reader: nothing serious from axe in panel, form, refusal and page of a hold."""
    claim = hold(office.unit, office.first, office.salesperson, office.specialist)
    page = screens(office.specialist, f"/p/AAA/board/?unit={office.unit.pk}")
    expect(page.locator("[data-ends-at]").first).to_be_attached()
    for address in (
        None,
        f"/p/AAA/holds/{claim.number}/",
        "/p/AAA/holds/",
        f"/p/AAA/holds/units/{office.other.pk}/hold/",
    ):
        if address:
            page.goto(page.url.split("/p/")[0] + address)
        found = Axe().run(page).response["violations"]
        assert [item["id"] for item in found if item["impact"] in SERIOUS] == []


def test_abuse_02_a_double_click_is_one_hold(office, screens):
    page = screens(office.specialist, f"/p/AAA/holds/units/{office.unit.pk}/hold/")
    fill(page, office.first)
    page.locator("form[data-guard] button").dblclick()
    expect(page.locator("#messages")).to_contain_text("is held until")
    assert Claim.objects.count() == 1
