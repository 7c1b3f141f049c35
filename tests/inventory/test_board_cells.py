"""The renderer: what a cell shows and says, and that nothing from data becomes markup."""

import re
from decimal import Decimal

import pytest
from django.utils.html import escape

from inventory.board import Look, Renderer, Words, column_names, floor_name, tower_name
from inventory.queries.board import Standing
from inventory.queries.towers import Column, Tower, towers
from tests.inventory.test_board_towers import BUILDINGS, LAYOUTS, board, place

HELD = Standing("HELD", Decimal(2_706_624), "", False)


def html(*places, look=None, **standings) -> str:
    found = board(*places, **standings)
    return str(Renderer(found, "CNY", look or Look(link="/p/AAA/board/?unit=")).towers(towers(found, places)))


def test_a_cell_shows_room_mark_area_and_total_and_says_them_in_words():
    text = html(place(7, 12, "02"), u7=HELD)
    assert 'class="unit held" href="/p/AAA/board/?unit=7" data-unit="7"' in text
    assert 'aria-label="1202, Held, 118.40 ㎡, 2,706,624 yuan"' in text
    assert "<b>1202</b><em>H</em><small>118㎡ · 271万</small>" in text


def test_locks_are_striped_marked_and_said():
    text = html(place(7, 12, "02"), u7=HELD._replace(locks="PRICE,STOP"))
    assert 'class="unit held locked"' in text
    assert "<em><i>PZ</i>H</em>" in text
    assert "Price under decision, Sales stopped" in text


def test_mine_has_a_corner_and_is_said_unless_the_look_leaves_it_out():
    mine = HELD._replace(mine=True)
    assert 'unit held mine"' in html(place(7, 12), u7=mine)
    wall = html(place(7, 12), look=Look(mine=False), u7=mine)
    assert "mine" not in wall
    assert "yours" not in wall


def test_a_cell_without_a_price_shows_the_area_alone():
    text = html(place(7, 12), u7=Standing("AVAILABLE", None, "", False))
    assert "<small>118㎡</small>" in text


def test_a_look_without_prices_names_none_and_has_no_links():
    text = html(place(7, 12), look=Look(prices=False))
    assert "万" not in text
    assert "yuan" not in text
    assert "<a " not in text


def test_what_the_filter_leaves_out_is_dimmed():
    text = html(place(7, 12), place(8, 13), look=Look(link="?unit=", asked=frozenset({8})))
    assert re.findall(r'class="unit available( dim)?" href="\?unit=(\d)"', text) == [("", "8"), (" dim", "7")]


def test_the_open_unit_is_current():
    assert 'aria-label="1201, Available, 118.40 ㎡, 2,706,624 yuan" aria-current="true"' in html(
        place(7, 12), look=Look(link="?unit=", chosen=7)
    )


def test_a_duplex_is_one_tall_cell():
    text = html(place(7, 12, floor_to=13))
    assert text.count("<tr>") == 3
    assert '<td rowspan="2" class="tall">' in text


def test_abuse_45_no_text_of_a_unit_becomes_markup():
    evil = '"><img src=x onerror=alert(1)>{{7*7}}</script>\u202e'
    BUILDINGS[1].name, kept_name = evil, BUILDINGS[1].name
    LAYOUTS[1].code, kept_code = evil, LAYOUTS[1].code
    try:
        text = html(place(7, 12, evil, room=evil, number=evil, entrance=evil, floor_label=evil))
    finally:
        BUILDINGS[1].name, LAYOUTS[1].code = kept_name, kept_code
    assert "<img" not in text
    assert "</script>" not in text
    assert text.count(str(escape(evil))) >= 5
    assert {tag.lower() for tag in re.findall(r"<([a-z0-9]+)", text)} <= {
        "section", "h2", "table", "thead", "tbody", "tr", "th", "td", "a", "b", "em", "small", "span",
    }  # fmt: skip


def test_the_link_is_escaped_too():
    assert 'href="?a=1&amp;b=2&amp;unit=7"' in html(place(7, 12), look=Look(link="?a=1&b=2&unit="))


@pytest.mark.parametrize(
    ("total", "shown"),
    [("2706624", "271万"), ("2705000", "271万"), ("2704999.99", "270万"), ("185000", "18.5万"), ("90000", "9万"),
     ("123456789", "12,346万")],
)  # fmt: skip
def test_totals_in_wan_are_rounded_half_up(total, shown):
    assert Words("CNY").in_wan(Decimal(total)) == shown


@pytest.mark.parametrize(("currency", "said"), [("CNY", "yuan"), ("TWD", "New Taiwan dollars"), ("HKD", "Hong Kong dollars")])  # fmt: skip
def test_the_spoken_amount_names_the_currency_of_the_project(currency, said):
    assert Words(currency).spoken(place(1, 1), HELD).endswith(f"2,706,624 {said}")


def test_names_of_towers_floors_and_columns():
    tower = Tower(1, "3#", "2", (), ())
    assert tower_name(tower) == "3# · Entrance 2"
    assert tower_name(Tower(1, "3#", "二单元", (), ())) == "3# · 二单元"
    assert tower_name(Tower(1, "3#", "", (), ())) == "3#"
    assert (floor_name("18"), floor_name("B1"), floor_name("十二层")) == ("18F", "B1", "十二层")
    assert column_names(Column("01", ("C",), 3, 118, 118)) == ("C · 3BR", "118㎡")
    assert column_names(Column("01", (), None, 90, 118)) == ("01", "90–118㎡")
    assert column_names(Column("01", ("A", "B", "C"), None, 90, 90)) == ("A / B …", "90㎡")
