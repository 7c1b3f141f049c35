"""Published price lists of real projects, where REAL_DATA names their folder: counts, areas and values to the last digit."""

import json
import os
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from inventory.importing import read_file
from inventory.models import Unit, UnitEvent
from inventory.queries.batches import remarks
from inventory.rules import clean_row
from inventory.services import imports, review
from inventory.states import BatchState, Review, Status
from salescontrol.core.errors import Refusal
from tests import build

pytestmark = [pytest.mark.real_data, pytest.mark.django_db]
DATA = Path(os.environ.get("REAL_DATA", "/nowhere"))


@pytest.fixture
def hand_over(people):
    def give(name: str, accept: bool = False):
        path = DATA / name
        made = imports.submit_file(
            project=people.a, upload=SimpleUploadedFile(path.name, path.read_bytes()), by=people.marketing
        )
        batch = imports.read_batch(batch_id=made.pk)
        return imports.accept_batch(batch=batch, version=batch.version, by=people.marketing) if accept else batch

    return give


def counts(batch) -> tuple[int, ...]:
    return tuple(batch.outcome["counts"][kind] for kind in ("new", "changed", "unchanged", "refused"))


def test_songfeng_by_building_as_published(hand_over):
    published = json.loads((DATA / "songfeng/songfeng.expected.json").read_text())
    batch = hand_over("songfeng/project.xls", accept=True)
    assert counts(batch) == (published["units"], 0, 0, 0)
    assert [problem for line in batch.lines.all() for problem in line.problems] == []
    for wanted, sums in zip(published["buildings"], batch.outcome["buildings"], strict=True):
        units = list(Unit.objects.filter(building__name=wanted["building"], entrance=wanted["entrance"]))
        assert (sums["building"], sums["entrance"], sums["units"], len(units)) == (
            wanted["building"], wanted["entrance"], wanted["units"], wanted["units"],
        )  # fmt: skip
        assert (
            sum(unit.built_area for unit in units) == Decimal(sums["gross_area"]) == Decimal(str(wanted["gross_area"]))
        )
        assert sum(unit.inner_area for unit in units) == Decimal(sums["net_area"]) == Decimal(str(wanted["net_area"]))
        exact = sum(unit.list_unit_price * unit.built_area for unit in units)
        assert exact.quantize(Decimal("0.01")) == Decimal(str(wanted["value_exact"]))
        assert sum(unit.list_total for unit in units) == Decimal(sums["value"])
        assert abs(Decimal(sums["value"]) - exact) < len(units)
    assert Unit.objects.count() == 416


def test_songfeng_board_over_its_list_changes_nothing(hand_over):
    hand_over("songfeng/project.xls", accept=True)
    assert counts(hand_over("songfeng/result.xlsx")) == (0, 0, 416, 0)
    build.place_in(Status.WITHHELD, *Unit.objects.all(), review=Review.APPROVED)
    assert counts(hand_over("songfeng/result.xlsx")) == (0, 0, 416, 0)


def test_songfeng_from_marketing_to_the_sales_board(people, hand_over):
    batch = hand_over("songfeng/project.xls", accept=True)
    review.submit_batch(batch=batch, by=people.marketing)
    with pytest.raises(Refusal):
        review.approve_batch(batch=batch, by=people.supervisor)
    people.a.optional_before_approval = ["layout", "orientation", "floor_plan", "discount"]
    people.a.optional_reason = "The filing names neither layouts nor orientations."
    people.a.save()
    review.approve_batch(batch=batch, by=people.supervisor)
    assert set(Unit.objects.values_list("review", "status")) == {(Review.APPROVED, Status.WITHHELD)}
    assert UnitEvent.objects.count() == 416
    assert counts(hand_over("songfeng/project.xls")) == counts(hand_over("songfeng/result.xlsx")) == (0, 0, 416, 0)


def test_abuse_16_songfeng_twice_changes_nothing(hand_over):
    hand_over("songfeng/project.xls", accept=True)
    again = hand_over("songfeng/project.xls")
    assert (again.state, counts(again)) == (BatchState.PREVIEW, (0, 0, 416, 0))
    assert Unit.objects.count() == 416


def test_songfeng_board_alone_names_what_is_missing(hand_over):
    batch = hand_over("songfeng/result.xlsx")
    assert counts(batch) == (0, 0, 0, 416)
    assert {problem["code"] for line in batch.lines.all() for problem in line.problems} == {"unknown_unit_without_area"}


def test_vanke_rooms_with_rounded_areas_and_without_prices(hand_over):
    batch = hand_over("vanke-origin/units_flat.csv", accept=True)
    assert counts(batch) == (1027, 0, 0, 0)
    assert Counter(Unit.objects.values_list("property_type", flat=True)) == {"HOME": 823, "OTHER": 204}
    problems = [problem for line in batch.lines.all() for problem in line.problems]
    assert {problem["code"] for problem in problems} == {"rounded"}
    assert any("The file gives no prices" in sentence for sentence in remarks(batch))
    assert Unit.objects.filter(list_total__isnull=False).count() == 0
    assert Unit.objects.filter(floor=900).count() == 4
    assert Unit.objects.filter(mortgaged=True).count() == 380
    assert counts(hand_over("vanke-origin/units_flat.csv")) == (0, 0, 1027, 0)


@pytest.mark.parametrize(
    ("name", "rows", "fields"),
    [
        ("dali/original.csv", 575, {"room", "floor", "built_area", "list_unit_price", "list_total", "property_type"}),
        (
            "dali/normalized.csv",
            575,
            {"room", "building", "floor", "layout", "built_area", "list_unit_price", "list_total"},
        ),
        ("zaoan/original.csv", 500, {"room", "floor", "built_area", "list_unit_price", "list_total", "property_type"}),
        (
            "zaoan/normalized.csv",
            500,
            {"room", "building", "floor", "layout", "built_area", "list_unit_price", "list_total"},
        ),
    ],
)
def test_traditional_lists_are_understood_and_their_totals_with_parking_are_not_taken_for_unit_price_by_area(
    name, rows, fields
):
    table = read_file(DATA / name, name=name)
    assert (table.form, len(table.rows)) == ("list", rows)
    assert fields <= {*table.fields}
    cleaned = [clean_row(source.texts(), project_names=table.project_names) for source in table.rows]
    assert all(row.place is not None for row in cleaned)
    assert {problem.code for row in cleaned for problem in row.problems} == {"total_mismatch"}


def test_a_list_of_parking_spaces_alone_is_no_list_of_units(hand_over):
    batch = hand_over("dali/parking.csv")
    assert (batch.state, batch.outcome["refused"]) == (BatchState.REFUSED, "no_heads")
