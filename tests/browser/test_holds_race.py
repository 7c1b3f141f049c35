"""Two people hold the same unit at the same moment: one wins, the other reads why and is led on (I1, P1).

On PostgreSQL, where the two requests have connections of their own; in memory the test server's threads would share one.
"""

import pytest
from playwright.sync_api import expect

from contracts.models import Claim
from tests.browser.test_holds import fill, office, screens  # noqa: F401 the fixtures

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def test_abuse_01_of_two_at_the_same_moment_one_wins_and_the_other_is_led_on(office, screens):  # noqa: F811
    form = f"/p/AAA/holds/units/{office.unit.pk}/hold/"
    desks = screens(office.specialist, form), screens(office.supervisor, form)
    for page, who in zip(desks, (office.first, office.second), strict=True):
        fill(page, who)
    for page in desks:
        page.evaluate("document.querySelector('main form').requestSubmit()")

    for page in desks:
        page.locator("#messages p, [role=alert]").first.wait_for()
    won = next(page for page in desks if page.url.endswith(f"?unit={office.unit.pk}"))
    lost = next(page for page in desks if page is not won)
    expect(won.locator("#messages")).to_contain_text(f"Hold {Claim.objects.get().number}.")
    alert = lost.get_by_role("alert")
    expect(alert).to_contain_text("is held for a customer of")
    expect(lost.locator("[name=reason]")).to_have_value("Decides tonight")
    alert.get_by_role("link", name=f"{office.other.number} is free").click()
    expect(lost.locator("[data-open] h2")).to_have_text(office.other.number)
    lost.get_by_role("link", name="Hold", exact=True).click()
    expect(lost.get_by_role("heading", name=f"Hold {office.other.number}")).to_be_visible()
