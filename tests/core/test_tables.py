"""The shared list: columns, sorting by an allow-list, cells as text, totals (ui.md, abuse 27, 45)."""

from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace

import pytest

from salescontrol.core import tables
from salescontrol.core.templatetags import sales

COLUMNS = (
    tables.Column("name", "Name", sort=("name", "pk"), link=lambda row: f"/x/{row.name}"),
    tables.Column("price", "Price", format="money", sort=("-price",)),
    tables.Column("secret", "Secret"),
    tables.Column("state", "State", tone=lambda row: "good" if row.state else ""),
    tables.Column("boss", "Boss", "boss.name", wrap=True),
)
ROW = SimpleNamespace(name="3#", price=Decimal("1234.50"), secret="s", state="on", boss=None)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("name", ("name", "pk")),
        ("-name", ("-name", "-pk")),
        ("price", ("-price",)),
        ("-price", ("price",)),
        ("secret", ()),
        ("boss", ()),
        ("boss__password", ()),
        ("", ()),
        ("-", ()),
        ("--name", ("-name", "-pk")),
    ],
)
def test_abuse_27_only_declared_columns_can_be_sorted_by(wanted, expected):
    assert tables.ordering(COLUMNS, wanted) == expected


def test_heads_name_the_next_direction_and_the_present_one():
    heads = {str(head["label"]): head for head in tables.heads(COLUMNS, "name")}
    assert (heads["Name"]["next"], heads["Name"]["direction"]) == ("-name", "ascending")
    assert (heads["Price"]["next"], heads["Price"]["style"], heads["Price"]["direction"]) == ("price", "num", "none")
    assert heads["Secret"]["next"] == ""


def test_a_row_is_cells_with_link_tone_label_and_style():
    assert tables.drawer(COLUMNS)(ROW) == (
        '<td data-label="Name"><a href="/x/3#">3#</a></td>'
        '<td data-label="Price" class="num">1,234.50</td>'
        '<td data-label="Secret">s</td>'
        '<td data-label="State"><span class="tag good">on</span></td>'
        '<td data-label="Boss" class="text">–</td>'
    )


@pytest.mark.parametrize("evil", ["<img src=x onerror=alert(1)>", '"><script>', "' onclick='x", "{{7*7}}", "a&b"])
def test_abuse_45_cells_hold_text_whatever_was_typed(evil):
    column = tables.Column("name", evil, link=lambda row: row.name, tone=lambda row: row.name)
    html = tables.drawer([column])(SimpleNamespace(name=evil))
    for raw in ("<img", "<script", "' onclick", "a&b"):
        assert raw not in html
    assert html.count("<td") == 1
    assert html.count("<a ") == 1


def test_the_total_line_stands_under_its_columns():
    cells = tables.foot(COLUMNS, {"price": Decimal("99.00"), "count": 3})
    assert [cell["text"] for cell in cells] == ["", "99", "", "", ""]


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (Decimal("1.50"), Decimal("1.50")),
        (None, None),
        (3, 3),
        (date(2026, 1, 2), date(2026, 1, 2)),
        (datetime(2026, 1, 31, 16, 30, tzinfo=UTC), datetime(2026, 2, 1, 0, 30, tzinfo=UTC).replace(tzinfo=None)),
        ("=1+1", "=1+1"),
        (["a"], "['a']"),
    ],
)
def test_excel_gets_numbers_as_numbers_and_moments_in_local_time(value, plain):
    assert tables.plain(value) == plain


def test_sheet_rows_are_the_bare_values_of_what_is_shown():
    assert list(tables.sheet_rows(COLUMNS, [ROW])) == [["3#", Decimal("1234.50"), "s", "on", None]]


def test_sums_in_ten_thousands_round_half_up_like_every_amount():
    assert [sales.wan(amount) for amount in ("25000", "34999.99", "1005000")] == ["3", "3", "101"]
