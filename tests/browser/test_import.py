"""Handing over a price list in a real Chromium: file, progress, preview, acceptance; phone, three languages, axe."""

import os
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from playwright.sync_api import expect

from inventory.models import ListingBatch, Unit
from inventory.services import imports
from tests.inventory.workbooks import HEADS, row, workbook

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SERIOUS = {"serious", "critical"}


def faults(page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{item['id']}: {item['nodes'][0]['html'][:200]}" for item in found if item["impact"] in SERIOUS]


def picture(page, name: str) -> None:
    """Keep what the page looks like where PICTURES names a folder."""
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@pytest.fixture
def path(tmp_path):
    """A list with new rooms, refused rows, a rounded area, a total row and a column that is not imported."""
    good = [[*row(房号=f"{number:02d}"), "x"] for number in range(1, 9)]
    bad = [[*row(楼层="8", 建筑面积="一百"), ""], [*row(楼层="8", 房号="02", 朝向="上", 总价="2000001"), ""]]
    rounded = [[*row(楼层="9", 建筑面积="100.004"), ""]]
    return workbook(tmp_path / "list.xlsx", [[*HEADS, "说明列"], *good, *bad, *rounded, ["合计"]])


def test_from_file_to_drafts(people, page, live_server, enter, path):
    enter(page, people.marketing)
    page.goto(f"{live_server.url}/p/AAA/batches/")
    page.get_by_role("link", name="Hand over a price list").click()
    picture(page, "import-new")
    page.get_by_label("File", exact=True).set_input_files(path)
    page.get_by_role("button", name="Hand over").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    picture(page, "import-reading")
    imports.read_batch(batch_id=ListingBatch.objects.get().pk)
    expect(page.get_by_text("9 new, 0 changed, 0 unchanged, 2 refused.")).to_be_visible(timeout=5000)
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_role("alert")).to_contain_text("2 rows are refused")
    page.get_by_label("Leave the refused rows out").check()
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_role("link", name="Submit for review")).to_be_visible()
    assert Unit.objects.count() == 9


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("language", ["en", "zh-hans", "zh-hant"])
def test_the_preview_reads_well_in_every_language_wide_and_narrow(
    people, page, live_server, enter, path, language, width
):
    made = imports.submit_file(
        project=people.a, upload=SimpleUploadedFile("list.xlsx", path.read_bytes()), by=people.marketing
    )
    imports.read_batch(batch_id=made.pk)
    page.set_viewport_size({"width": width, "height": 900})
    enter(page, people.marketing).post(reverse("security:language"), {"language": language})
    for name, address in (("preview", ""), ("refused", "?kind=refused"), ("columns", "columns/")):
        page.goto(f"{live_server.url}/p/AAA/batches/{made.pk}/{address}")
        picture(page, f"import-{name}-{language}-{width}")
        assert page.locator("html").get_attribute("lang").lower() == language
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), name
        assert faults(page) == []
