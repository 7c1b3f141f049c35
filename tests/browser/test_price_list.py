"""A published price list from the file to the sales board, as three people do it in the browser (R1.1–R1.6)."""

import json
import os
import re
from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from inventory.models import ListingBatch, Unit
from inventory.states import Status
from salescontrol.core import jobs
from tests import build

pytestmark = [pytest.mark.browser, pytest.mark.real_data, pytest.mark.django_db(transaction=True)]


def published(name: str) -> Path:
    return Path(os.environ["REAL_DATA"]) / "songfeng" / name


@pytest.fixture
def hand_over(live_server, page):
    """Upload a file as whoever is signed in, let the background work read it, and open its preview."""

    def upload(code: str, file: Path) -> ListingBatch:
        page.goto(live_server.url + reverse("inventory:batch_new", args=[code]))
        page.get_by_label("File").set_input_files(file)
        page.locator("main form.form .buttons button").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(file.stem)
        jobs.run_due()
        # The page asks by itself how far the reading is, and shows the preview when it is done.
        expect(page.locator("main")).to_contain_text("refused.", timeout=15_000)
        return ListingBatch.objects.latest("pk")

    return upload


def test_a_published_price_list_comes_to_the_board(live_server, page, enter, people, hand_over):
    expected = json.loads(published("songfeng.expected.json").read_text())
    project = people.a
    project.name = expected["development"]
    project.save()
    visit = lambda name, *args: page.goto(live_server.url + reverse(f"inventory:{name}", args=[project.code, *args]))  # noqa: E731

    # Marketing hands the list over and submits it.
    enter(page, people.marketing)
    batch = hand_over(project.code, published("project.xls"))
    expect(page.get_by_text("416 new, 0 changed, 0 unchanged, 0 refused.")).to_be_visible()
    assert not Unit.objects.exists(), "nothing is written before somebody accepts"
    page.get_by_role("button", name="Accept").click()
    visit("batch_submit", batch.pk)
    page.locator("main form.form .buttons button").click()
    assert set(Unit.objects.values_list("review", flat=True)) == {"SUBMITTED"}

    # The supervisor sees that facts are missing, relaxes them with a reason, and approves.
    enter(page, people.supervisor)
    visit("batch_review", batch.pk)
    expect(page.locator("a.kpi", has_text="Lack something")).to_contain_text("416")
    visit("review_rules")
    for box in page.get_by_role("main").get_by_role("checkbox").all():
        box.check()
    page.get_by_label("Reason").fill("The filing names neither layout nor orientation")
    page.get_by_role("button", name="Save").click()
    page.goto(live_server.url + reverse("approval_list"))
    page.get_by_role("checkbox", name=re.compile("project")).check()
    page.get_by_role("button", name="Approve the chosen").click()
    expect(page.locator(".message.success")).to_be_visible()
    assert Unit.objects.filter(status=Status.WITHHELD).count() == 416

    # With a permit they go on sale.
    visit("permit_new")
    page.get_by_label("Permit number").fill("深房许字(2020)龙华038号")
    page.get_by_label("Issued on").fill("2020-12-18")
    for box in page.get_by_role("main").get_by_role("checkbox").all():
        box.check()
    page.get_by_role("button", name="Save").click()
    visit("release")
    page.get_by_label("All that match the filter").check()
    page.get_by_label("Reason").fill("Opening")
    page.get_by_role("main").get_by_role("button", name="Put on sale").click()
    assert Unit.objects.filter(status=Status.AVAILABLE).count() == 416

    # They stand on the board, building by building.
    visit("board")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sales board")
    expect(page.locator("[data-unit]")).to_have_count(416)
    assert [text.split("·")[0].strip() for text in page.locator("section.board h2").all_inner_texts()] == [
        "3栋",
        "6栋",
        "7栋",
    ]

    # The board of floors × rooms over it, and the same file again, propose nothing.
    enter(page, people.marketing)
    for name in ("result.xlsx", "project.xls"):
        hand_over(project.code, published(name))
        expect(page.get_by_text("0 new, 0 changed, 416 unchanged, 0 refused.")).to_be_visible()
        expect(page.get_by_role("button", name="Accept")).to_have_count(0)


def test_a_salesperson_looks_at_the_board_and_finds_only_the_own_unit(live_server, page, enter, people):
    tower = build.building(people.a)
    mine = build.unit(tower, 12, "02", by=people.specialist, salesperson=people.salesperson)
    theirs = build.unit(tower, 13, "03", by=people.specialist, salesperson=people.colleague)
    enter(page, people.salesperson)
    page.goto(live_server.url + reverse("inventory:board", args=[people.a.code]))
    expect(page.locator(f"[data-unit='{mine.pk}']")).to_be_visible()
    assert theirs.room not in page.content()
    page.goto(live_server.url + reverse("inventory:board", args=[people.a.code]) + f"?unit={theirs.pk}")
    assert theirs.room not in page.content()
