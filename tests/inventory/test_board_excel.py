"""The board as a workbook: same grid, same colours, a flat list, on record, and safe to open."""

import re
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest
from django.conf import settings

from inventory.exports import COLOURS
from inventory.queries.present import TONES
from inventory.states import Status
from salescontrol.core.models import AuditEvent
from tests import build

pytestmark = pytest.mark.django_db
URL = "/p/AAA/board/excel/"


@pytest.fixture
def stock(people):
    where, by = build.building(people.a), people.specialist
    people.layout = build.layout(people.a, "C", bedrooms=3)
    for floor, status in enumerate(Status, start=11):
        build.unit(where, floor, by=by, status=status, layout=people.layout, orientation="SN")
    build.unit(where, 12, "03", by=by, floor_to=13, locks="PRICE", salesperson=people.salesperson)
    build.unit(build.building(people.a, "5#", position=2), 1, by=by)
    people.building = where
    return people


def book_of(response) -> openpyxl.Workbook:
    assert response.status_code == 200
    return openpyxl.load_workbook(BytesIO(response.content))


def cells(sheet) -> dict[str, openpyxl.cell.Cell]:
    """Cells of the grid by room."""
    found = {}
    for row in sheet.iter_rows(min_row=6):
        for cell in row:
            if cell.value and "\n" in str(cell.value):
                found[str(cell.value).split()[0]] = cell
    return found


def rows_of(sheet) -> list[dict]:
    heads, *rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    return [dict(zip(heads, row, strict=True)) for row in rows]


def test_a_sheet_per_building_then_the_list_then_who_took_it(stock, sign_in):
    book = book_of(sign_in(stock.supervisor).get(URL))
    assert book.sheetnames == ["3#", "5#", "List", "About this file"]
    about = {row[0].value: row[1].value for row in book["About this file"].iter_rows()}
    event = AuditEvent.objects.get(action="export")
    assert about["Exported by"] == f"Lin Yue ({stock.supervisor.employee_no})"
    assert (about["Rows"], about["Export number"], about["Filter"]) == (10, f"E{event.pk}", "none")
    assert event.detail == {"what": "board", "filter": "", "units": 10}


def test_the_grid_has_the_colours_marks_and_places_of_the_page(stock, sign_in):
    sheet = book_of(sign_in(stock.supervisor).get(URL))["3#"]
    found = cells(sheet)
    assert found["1102"].value == "1102  R\n118㎡ · 271万"
    for floor, status in enumerate(Status, start=11):
        cell = found[f"{floor}02"]
        fill, _edge, text = COLOURS[status]
        colour = cell.fill.bgColor if status is Status.WITHHELD else cell.fill.fgColor
        assert colour.rgb[-6:] == fill, status
        assert cell.font.color.rgb[-6:] == text, status
    assert found["1102"].border.left.style == "dashed"
    assert found["1202"].fill.fill_type == "lightUp"
    assert found["1202"].row == found["1302"].row + 1, "top floor first"
    assert found["1203"].column == found["1202"].column + 1
    duplex = found["1203"]
    assert [str(area) for area in sheet.merged_cells.ranges] == [f"C{duplex.row}:C{duplex.row + 1}"]
    assert "PA" in duplex.value
    assert sheet.cell(found["1202"].row, 1).value == "12F"
    assert sheet.cell(5, 2).value == "C · 3BR\n118㎡"


def test_the_colours_are_those_of_the_page():
    css = (Path(settings.BASE_DIR) / "static/css/app.css").read_text() + (
        "--pending: #ffffff; --pending-edge: #5b6675; --pending-text: #3b4757;"
    )
    for status, (fill, edge, text) in COLOURS.items():
        tone = TONES[status]
        for name, value in ((tone, fill), (f"{tone}-edge", edge), (f"{tone}-text", text)):
            assert re.search(rf"--{name}: #{value};", css, re.IGNORECASE), (status, name)


def test_the_list_has_numbers_as_numbers_and_people_for_those_who_may_read_them(stock, sign_in):
    rows = rows_of(book_of(sign_in(stock.supervisor).get(URL))["List"])
    duplex = next(row for row in rows if row["Room"] == "1203")
    assert duplex["List price"] == 2706624
    assert duplex["Built area ㎡"] == pytest.approx(118.4)
    assert (duplex["Status"], duplex["Locks"], duplex["Salesperson"]) == (
        "Available",
        "Price under decision",
        "Zhao Ming",
    )
    assert not any("floor price" in str(head).lower() for head in duplex)


def test_a_filter_is_carried_over_to_the_list_and_dims_the_grid(stock, sign_in):
    book = book_of(sign_in(stock.supervisor).get(URL, {"status": "HELD"}))
    assert [row["Status"] for row in rows_of(book["List"])] == ["Held"]
    found = cells(book["3#"])
    assert found["1402"].fill.fgColor.rgb[-6:] == COLOURS[Status.HELD][0]
    assert found["1302"].fill.fgColor.rgb[-6:] == "FFFFFF"
    assert AuditEvent.objects.get(action="export").detail["filter"] == "status=HELD"


EXPORTERS = {"specialist": 200, "finance": 200, "management": 200, "salesperson": 403, "marketing": 403, "head": 403}


@pytest.mark.parametrize(("role", "status"), [*EXPORTERS.items(), ("other_supervisor", 404)])
def test_only_those_who_may_export_do(stock, sign_in, role, status):
    assert sign_in(getattr(stock, role)).get(URL).status_code == status
    assert AuditEvent.objects.filter(action="export").count() == (status == 200)


def test_finance_gets_no_drafts(stock, sign_in):
    book = book_of(sign_in(stock.finance).get(URL))
    assert "1102" not in cells(book["3#"])
    assert "In review" not in {row["Status"] for row in rows_of(book["List"])}


EVIL = ["=cmd|' /C calc'!A0", "+SUM(1)", "-2+3", "@x", "＝1+1"]


def test_abuse_65_no_text_becomes_a_formula_and_numbers_stay_numbers(stock, sign_in):
    for number, text in enumerate(EVIL):
        layout = build.layout(stock.a, text)
        _evil_unit(stock, number, text, layout)
    book = book_of(sign_in(stock.supervisor).get(URL))
    for sheet in book:
        for row in sheet.iter_rows():
            assert all(cell.data_type != "f" for cell in row)
    rows = [row for row in rows_of(book["List"]) if row["Layout"] in EVIL]
    assert sorted(row["Unit"] for row in rows) == sorted(EVIL)
    assert {row["List price"] for row in rows} == {2706624.5}


def _evil_unit(stock, number: int, text: str, layout) -> None:
    unit = build.unit(stock.building, 30 + number, by=stock.specialist, layout=layout, list_total=Decimal("2706624.50"))
    type(unit).objects.filter(pk=unit.pk).update(room=text[:20], number=text, floor_label=text[:12], entrance=text[:20])


def test_a_building_whose_name_is_no_sheet_name_is_exported_too(stock, sign_in):
    odd = build.building(stock.a, "A/B:[1]*?", position=7)
    build.unit(odd, 2, by=stock.specialist)
    build.unit(build.building(stock.a, "A B  1 ??", position=8), 2, by=stock.specialist)
    assert len(book_of(sign_in(stock.supervisor).get(URL)).sheetnames) == 6
