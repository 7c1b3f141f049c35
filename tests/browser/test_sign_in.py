"""Signing in as a person does it: by keyboard, on a page that the browser has nothing to say against."""

import pytest
from playwright.sync_api import expect

from salescontrol.core.permissions import Role
from tests import build

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_somebody_signs_in_by_keyboard_and_leaves_again(live_server, page):
    where = build.project()
    person = build.user(Role.SPECIALIST, where, name="Wu Qian")
    person.set_password("a-long-Password-7")
    person.save()

    page.goto(live_server.url + "/")
    expect(page).to_have_url(f"{live_server.url}/sign-in/?next=/")
    page.keyboard.type(person.employee_no)
    page.keyboard.press("Tab")
    page.keyboard.type("a-long-Password-7")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_contain_text("Wu Qian")
    page.goto(live_server.url + "/me/")
    page.locator("details.user summary").press("Enter")
    page.get_by_role("button", name="Sign out").first.press("Enter")
    expect(page).to_have_url(f"{live_server.url}/sign-in/")


def test_abuse_36_the_back_button_shows_nothing_after_leaving(live_server, page, enter):
    person = build.user(Role.SPECIALIST, build.project(), name="Wu Qian")
    enter(page, person)
    page.goto(live_server.url + "/me/")
    expect(page.locator("main")).to_contain_text(person.employee_no)

    page.locator("details.user summary").click()
    page.get_by_role("button", name="Sign out").first.click()
    page.wait_for_url("**/sign-in/")
    page.go_back()

    page.wait_for_url("**/sign-in/?next=/me/")
    assert person.employee_no not in page.content()
