"""A salesperson finds another's unit nowhere (R6.4): list, board, count, search, panel, history, export, file."""

import re

import pytest

from inventory.models import Project
from tests.leaks.rules import leaks, normal

pytestmark = pytest.mark.django_db
HIDDEN = ("colleague", "held", "sold", "free", "withheld", "changing", "lapsed", "draft", "foreign")


@pytest.fixture
def see(crawl):
    """Open an address as the salesperson."""
    return lambda path, **extra: crawl.get("salesperson", path, **extra)


def hidden(crawl) -> list:
    return [getattr(crawl.world.rows, name) for name in HIDDEN]


def assert_only_mine(crawl, answer) -> None:
    text = "\n".join(answer.texts())
    assert answer.status == 200
    assert leaks(crawl.world, answer) == []
    assert crawl.world.rows.mine.number in text or crawl.world.rows.mine.room in text


def test_not_in_the_list(crawl, see):
    assert_only_mine(crawl, see("/p/AAA/units/"))
    assert_only_mine(crawl, see("/p/AAA/units/?size=200"))


def test_not_on_the_board(crawl, see):
    assert_only_mine(crawl, see("/p/AAA/board/?plain=1"))
    assert_only_mine(crawl, see("/p/AAA/board/wall/?prices=1"))


def test_not_in_print(crawl, see):
    assert_only_mine(crawl, see("/p/AAA/board/print/"))


def test_not_in_the_count(crawl, see):
    """Nine units are theirs, one by a hold and six by sales: the board counts nine and the list ends with nine, whatever else there
    is."""
    counted = re.findall(r"\b(\d+)\s+units?\b", re.sub(r"<[^>]+>", " ", see("/p/AAA/board/").body.decode()))
    listed = re.findall(r"/p/AAA/units/(\d+)/", see("/p/AAA/units/?size=200").body.decode())

    rows = crawl.world.rows

    sold = (
        rows.subscription_mine,
        rows.subscribed_mine,
        rows.drafted_mine,
        rows.contract_mine,
        rows.quoted_mine,
        rows.change_mine,
    )
    theirs = {rows.mine.pk, rows.named.pk, rows.claim_mine.unit_id, *(row.unit_id for row in sold)}
    assert set(counted) <= {str(number) for number in range(10)}
    assert "9" in counted
    assert set(listed) == {str(pk) for pk in theirs}


def visible_text(answer) -> str:
    return "\n".join(answer.texts())


def test_not_by_search(crawl, see):
    for unit in hidden(crawl):
        for words in (unit.number, unit.room, unit.note, unit.number[:4]):
            found = see(f"/search/?q={words}")
            assert found.status == 200
            assert [leak for leak in leaks(crawl.world, found) if words not in leak] == []
            assert f"/units/{unit.pk}/" not in visible_text(found)


def test_not_by_filter(crawl, see):
    """Filtering for a hidden unit's own facts finds none, with the same words as for facts that no unit has."""
    for unit in hidden(crawl):
        found = normal(see(f"/p/AAA/units/?q={unit.number}"))
        assert f"/units/{unit.pk}/" not in found
        nothing = "y" * len(unit.number)
        assert found.replace(unit.number, "") == normal(see(f"/p/AAA/units/?q={nothing}")).replace(nothing, "")


@pytest.mark.parametrize("address", ["/p/AAA/board/unit/{}/", "/p/AAA/board/?unit={}", "/p/AAA/units/{}/"])
def test_not_by_a_panels_or_a_pages_address(crawl, see, address):
    missing = see(address.format(99_999_999))
    for unit in hidden(crawl):
        for headers in ({}, {"HX-Request": "true"}):
            answer = see(address.format(unit.pk), headers=headers)
            assert answer.status == 404, str(answer)
        assert normal(see(address.format(unit.pk))).replace(address.format(unit.pk), "") == normal(missing).replace(
            address.format(99_999_999), ""
        )


def test_not_in_any_history(crawl, see):
    """One's own unit tells its own life, and no other's; who had it before and who looks at it besides is not said."""
    for unit in (crawl.world.rows.mine, crawl.world.rows.named):
        page = see(f"/p/AAA/units/{unit.pk}/")
        assert page.status == 200
        assert leaks(crawl.world, page) == []


@pytest.mark.parametrize(
    "address", ["/p/AAA/units/?format=xlsx", "/p/AAA/board/excel/", "/approvals/?format=xlsx", "/inbox/?format=xlsx"]
)
def test_not_in_an_export(crawl, see, address):
    answer = see(address)
    assert leaks(crawl.world, answer) == []
    assert answer.status in (200, 403)
    assert not answer.body.startswith(b"PK\x03\x04")


def test_not_by_a_files_address(crawl, see):
    rows = crawl.world.rows
    for name in ("colleague", "draft", "foreign", "foreign_layout"):
        for kind, address in (("floor_plan", "picture"), ("file", "file")):
            material = getattr(rows, f"material_{name}_{kind}")
            assert see(f"/p/AAA/materials/{material.pk}/{address}/").status == 404
            assert see(f"/p/BBB/materials/{material.pk}/{address}/").status == 404
    assert see(f"/p/AAA/materials/{rows.material_mine_file.pk}/file/").status == 200


def test_not_in_the_inbox_or_on_the_workbench(crawl, see):
    for address in ("/", "/inbox/", "/approvals/"):
        assert leaks(crawl.world, see(address)) == []


def test_no_longer_when_the_interest_has_run_out_or_the_unit_went_to_somebody_else(crawl, see):
    """`lapsed` was named by a viewing that is over; it is as hidden as any other."""
    assert see(f"/p/AAA/units/{crawl.world.rows.lapsed.pk}/").status == 404


def test_with_the_projects_switch_only_facts_price_and_status_of_what_is_for_sale(crawl, see):
    """The switch shows other units for sale, never whose they are, their notes, floor prices or what happened to them."""
    rows, world = crawl.world.rows, crawl.world
    Project.objects.filter(pk=rows.a.project.pk).update(share_for_sale=True)
    try:
        for unit in (rows.colleague, rows.free):
            page = see(f"/p/AAA/units/{unit.pk}/")
            assert page.status == 200
            text = visible_text(page)
            assert unit.number in text
            for token in (unit.note, unit.status_reason, world.people["colleague"].name.split()[-1]):
                assert token not in text
            assert f"{unit.floor_total:,.0f}".split(".")[0] not in text
        for unit in (rows.held, rows.sold, rows.withheld, rows.draft, rows.foreign):
            assert see(f"/p/AAA/units/{unit.pk}/").status == 404
        for address in ("/p/AAA/board/?plain=1", "/p/AAA/units/", "/p/AAA/board/print/"):
            text = visible_text(see(address))
            assert rows.colleague.number in text or rows.colleague.room in text
            for token in (
                rows.held.number,
                rows.held.room,
                rows.draft.room,
                world.people["colleague"].name.split()[-1],
                rows.colleague.note,
            ):
                assert token not in text
    finally:
        Project.objects.filter(pk=rows.a.project.pk).update(share_for_sale=False)
