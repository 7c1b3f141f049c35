"""Workbooks that are safe to open: nothing is ever a formula, nothing odd stops an export (quality U3, abuse 65, 66)."""

import io
from datetime import date
from decimal import Decimal

import openpyxl
import pytest
from openpyxl import Workbook

from salescontrol.core import xlsx
from tests import build

FORMULAS = [
    "=1+1",
    "=cmd|' /C calc'!A0",
    "+SUM(A1)",
    "-2+3",
    "@x",
    "\t=1",
    "\r=1",
    "＝1+1",
    "＋1",
    "－1",
    "＠x",
    "-张三",
    "+8613800001234",
    '=HYPERLINK("http://x")',
    "%0A=1",
    "'=1",
]
ODD = [
    "\x0b",
    "a\x00b",
    "\x1f",
    "\ud800",
    "\ufffe",
    "𠮷",
    "㐀",
    "买买提·吐尔逊·阿布都热依木·艾山江" * 2,
    "e\u0301",
    "a\u202eb",
    "😀",
    "x" * 40_000,
    "",
    " ",
]


def written(*values, heads=None):
    book = Workbook(write_only=True)
    heads = heads or [("Text", "text")] * len(values)
    assert xlsx.table(book, "List", heads, [list(values)]) == 1
    response = xlsx.response(book, "List")
    return openpyxl.load_workbook(io.BytesIO(response.content)).worksheets[0]


@pytest.mark.parametrize("text", FORMULAS)
def test_abuse_65_text_stays_text_whatever_it_begins_with(text):
    cell = written(text).cell(2, 1)
    assert cell.data_type == "s"
    assert cell.value == text.replace("\r", "\n") or cell.value.endswith(text[1:])


def test_abuse_65_heads_titles_and_file_names_are_text_too():
    book = Workbook(write_only=True)
    xlsx.table(book, "=[a]:b*?/\\" + "x" * 40, [("=1+1", "text")], [["a"]])
    response = xlsx.response(book, '=a"\r\nSet-Cookie: x')
    sheet = openpyxl.load_workbook(io.BytesIO(response.content)).worksheets[0]
    assert sheet.cell(1, 1).data_type == "s"
    assert len(sheet.title) <= 31
    assert "\n" not in response["Content-Disposition"]


def test_phones_and_identity_numbers_keep_every_digit():
    sheet = written("13800001234", "440301199211034813", "+86 138 0000 1234")
    assert [sheet.cell(2, column).value for column in (1, 2, 3)] == [
        "13800001234",
        "440301199211034813",
        "+86 138 0000 1234",
    ]


def test_numbers_stay_numbers_with_their_format():
    heads = [("Price", "money"), ("Area", "area"), ("Count", "int"), ("Day", "day"), ("Price", "money")]
    sheet = written(Decimal("-2706624.50"), Decimal("118.40"), 3, date(2026, 11, 22), None, heads=heads)
    assert [sheet.cell(2, column).value for column in (1, 2, 3)] == [-2706624.5, 118.4, 3]
    assert sheet.cell(2, 1).number_format == "#,##0.00"
    assert sheet.cell(2, 4).is_date
    assert sheet.cell(2, 5).value is None


@pytest.mark.parametrize("text", ODD)
def test_abuse_66_odd_characters_never_stop_an_export(text):
    cell = written(text, "kept")
    assert cell.cell(2, 2).value == "kept"
    assert len(cell.cell(2, 1).value or "") <= 32767


def test_abuse_66_rare_characters_and_long_names_arrive_unchanged():
    for text in ("𠮷野家", "买买提·吐尔逊", "😀"):
        assert written(text).cell(2, 1).value == text


def test_the_footer_says_who_took_what(db):
    person = build.user(name="=Lin Yue")
    book = Workbook(write_only=True)
    xlsx.footer(book, by=person, what="Units", filters="", rows=3, number="E7")
    response = xlsx.response(book, "Units")
    rows = list(openpyxl.load_workbook(io.BytesIO(response.content)).worksheets[0].iter_rows(values_only=True))
    assert ("Exported by", f"=Lin Yue ({person.employee_no})") in rows
    assert ("Export number", "E7") in rows
    assert ("Filter", "none") in rows
