"""Hostile text in every field of every row is shown as text (abuse 45)."""

import re

import pytest

from tests.crawl import Stage
from tests.world import HOSTILE

pytestmark = pytest.mark.django_db
# Whoever sees most, the two who see little, and whoever keeps accounts.
READERS = ("supervisor", "salesperson", "marketing", "administrator")
# As it must never stand in a page: the element, the bare quote, or the sum of the template signs.
RAW = re.compile(r'<i>zq\d|zq\d{4}k"|zq\d{4}k49')


@pytest.fixture(scope="module")
def hostile(django_db_setup, django_db_blocker):
    """The world of the crawl, with markup, template signs and a quote around every token."""
    with django_db_blocker.unblock(), Stage() as stage:
        yield stage.crawl(HOSTILE)


def pages(hostile):
    """Everything as the first reader, and each address once as the others."""
    for found in hostile.addresses.values():
        for address in found:
            if not address.nowhere and address.kind != "abroad":
                for reader in READERS if address.first else READERS[:1]:
                    yield hostile.ask(reader, address)


def test_abuse_45_markup_in_any_field_stays_text_on_every_page(hostile, settings):
    settings.MEDIA_ROOT = hostile.folder
    shown = escaped = 0
    wrong = []
    for answer in pages(hostile):
        if answer.status != 200 or not answer.headers["Content-Type"].startswith("text/html"):
            assert answer.status != 500, f"{answer} {answer.error}"
            continue
        body = answer.body.decode()
        shown += 1
        escaped += len(set(re.findall(r"&lt;i&gt;(zq\d{4}k)", body)))
        if RAW.search(body):
            wrong.append(f"{answer}: {RAW.search(body)[0]}")
    assert wrong == []
    assert shown > 150
    assert escaped > 1000, "the pages must show the texts, or this shows nothing"


def test_abuse_45_no_link_runs_a_script(hostile, settings):
    """No address in a page is made of what somebody typed: every link stays on our site."""
    settings.MEDIA_ROOT = hostile.folder
    targets = {
        target
        for path in (
            "/",
            "/inbox/",
            "/approvals/",
            "/p/AAA/units/",
            "/p/AAA/board/",
            "/p/AAA/batches/",
            "/p/AAA/prices/",
            "/search/?q=zq",
        )
        for target in re.findall(
            r'(?:href|action|src|hx-get|hx-post)="([^"]*)"', hostile.get("supervisor", path).body.decode()
        )
    }
    assert [target for target in targets if not target.startswith(("/", "?", "#"))] == []


def test_abuse_45_a_hostile_file_name_stays_in_its_header(hostile, settings):
    settings.MEDIA_ROOT = hostile.folder
    material = hostile.world.rows.material_mine_file
    answer = hostile.get("supervisor", f"/p/AAA/materials/{material.pk}/file/")

    assert answer.status == 200
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "\n" not in answer.headers["Content-Disposition"]
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
