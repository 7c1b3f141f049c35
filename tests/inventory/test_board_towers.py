"""How units stand in towers: floors, columns, holes, duplexes, lines of parking, and the counts beside them."""

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal

from inventory.models import Building, Layout
from inventory.queries.board import (
    Board,
    Place,
    Standing,
    Summary,
    Wanted,
    count_asked,
    matching,
    remaining,
    summarise,
)
from inventory.queries.towers import SPACES_PER_LINE, towers
from inventory.states import Status

BUILDINGS = {1: Building(pk=1, name="3#", key="3"), 2: Building(pk=2, name="10#", key="10")}
LAYOUTS = {1: Layout(pk=1, code="C", bedrooms=3), 2: Layout(pk=2, code="D", bedrooms=4)}


def place(pk: int, floor: int, stack: str = "01", **fields) -> Place:
    values = {
        "building_id": 1, "entrance": "", "floor_to": None, "floor_label": str(floor), "room": f"{floor}{stack}",
        "number": f"3-{floor}{stack}", "layout_id": 1, "orientation": "S", "property_type": "HOME",
        "planned_area": Decimal("118.40"), "surveyed_area": None,
    }  # fmt: skip
    return Place(pk=pk, floor=floor, stack=stack, **{**values, **fields})


def board(*places: Place, **standings: Standing) -> Board:
    stands = {
        item.pk: standings.get(f"u{item.pk}", Standing("AVAILABLE", Decimal(2_706_624), "", False)) for item in places
    }
    return Board(list(places), stands, BUILDINGS, LAYOUTS, datetime(2026, 11, 23, tzinfo=UTC), whole=True)


def drawn(*places: Place, attached: bool = False) -> list:
    """Each tower as rows of (floor label, room or None …)."""
    found = towers(board(*places), places, attached=attached)
    return [[(row.label, *(slot and slot.place.room for slot in row.cells)) for row in tower.rows] for tower in found]


def test_floors_stand_top_first_with_roof_above_and_basement_below():
    rows = drawn(place(1, 1), place(2, -1, floor_label="B1"), place(3, 900, floor_label="天面"), place(4, 10))
    assert [[row[0] for row in tower] for tower in rows] == [["天面", "10", "1", "B1"]]


def test_columns_stand_in_natural_order_and_a_missing_room_leaves_a_hole():
    assert drawn(place(1, 2, "10"), place(2, 2, "2"), place(3, 1, "10")) == [[("2", "22", "210"), ("1", None, "110")]]


def test_a_duplex_spans_its_floors_and_the_cell_below_is_left_out():
    found = towers(board(), [])
    assert found == []
    duplex, plain = place(1, 5, "02", floor_to=6), [place(2, 5), place(3, 6)]
    rows = towers(board(duplex, *plain), [duplex, *plain])[0].rows
    assert [(row.label, len(row.cells)) for row in rows] == [("6", 2), ("5", 1)]
    assert [slot.span for slot in rows[0].cells if slot] == [1, 2]


def test_the_upper_floor_of_a_lone_duplex_is_named_by_its_number():
    assert drawn(place(1, 31, floor_to=32, floor_label="31-32")) == [[("32", "3101"), ("31",)]]


def test_two_units_on_one_spot_get_two_lanes_so_that_none_is_hidden():
    both = [place(1, 3, room="301"), place(2, 3, room="301A"), place(3, 4, room="401")]
    assert drawn(*both) == [[("4", "401", None), ("3", "301", "301A")]]


def test_a_duplex_and_a_unit_on_its_upper_floor_get_two_lanes():
    assert drawn(place(1, 3, floor_to=4, room="301"), place(2, 4, room="401")) == [[("4", "301", "401"), ("3", None)]]


def test_towers_follow_the_order_of_buildings_and_entrances():
    units = [place(1, 1, building_id=2), place(2, 1, entrance="10"), place(3, 1, entrance="2")]
    found = towers(board(*units), units)
    assert [(tower.building, tower.entrance) for tower in found] == [("3#", "2"), ("3#", "10"), ("10#", "")]


def test_a_column_head_names_layouts_and_the_span_of_areas():
    units = [place(1, 1), place(2, 2, layout_id=2, planned_area=Decimal("143.50"))]
    column = towers(board(*units), units)[0].columns[0]
    assert (column.layouts, column.bedrooms, column.area_from, column.area_to) == (("C", "D"), None, 118, 144)


def test_surveyed_area_counts_once_it_is_known():
    assert place(1, 1, surveyed_area=Decimal("119.02")).area == Decimal("119.02")


def test_parking_wraps_into_lines_instead_of_one_endless_row():
    spaces = [place(n, -1, str(n), property_type="PARKING", room=f"P{n}") for n in range(1, SPACES_PER_LINE + 3)]
    rows = towers(board(*spaces), spaces, attached=True)[0].rows
    assert [(row.label, row.lines, len(row.cells)) for row in rows] == [("-1", 2, SPACES_PER_LINE), ("", 0, 2)]
    assert [slot.place.room for slot in rows[1].cells] == ["P9", "P10"]


def test_sell_through_is_subscribed_and_sold_of_released_units():
    statuses = ["WITHHELD", "AVAILABLE", "HELD", "SMALL_DEPOSIT", "SUBSCRIBED", "CONTRACTED", "DELIVERED", "DRAFT"]
    places = [place(n, n) for n in range(1, 9)]
    stands = {f"u{n}": Standing(status, None, "", False) for n, status in enumerate(statuses, start=1)}
    summary = summarise(board(*places, **stands), places)
    assert (summary.units, summary.released, summary.drafts) == (7, 6, 1)
    assert summary.sold_through == Decimal(50)


def test_nothing_released_has_no_sell_through():
    assert Summary(by_status={"WITHHELD": 3}).sold_through is None


def test_what_remains_is_told_by_layout_with_those_without_one_last():
    found = remaining(LAYOUTS, Counter({1: 1, 2: 1, None: 1}), Counter({1: 1, None: 1}))
    assert [(row.layout, row.units, row.available) for row in found] == [("C", 1, 1), ("D", 1, 0), ("", 1, 1)]
    assert remaining(LAYOUTS, Counter({None: 3}), Counter()) == []


def test_no_filter_dims_nothing_and_a_building_alone_is_no_filter():
    places = [place(1, 1)]
    assert matching(board(*places), places, Wanted()) is None
    assert matching(board(*places), places, Wanted(building_id=1)) is None


def test_each_filter_takes_exactly_its_units():
    places = [
        place(1, 1),
        place(2, 2, layout_id=2, planned_area=Decimal("143.20"), orientation="SN"),
        place(3, 3),
        place(4, 4),
    ]
    found = board(
        *places,
        u2=Standing("HELD", Decimal(3_300_000), "PRICE,STOP", True),
        u3=Standing("CONTRACTED", None, "", False),
    )

    def asked(**wanted) -> set[int]:
        return set(matching(found, places, Wanted(**wanted)))

    assert asked(statuses=frozenset({"HELD", "CONTRACTED"})) == {2, 3}
    assert asked(layout_id=2) == asked(orientation="SN") == asked(lock="STOP") == asked(mine=True) == {2}
    assert asked(area_from=Decimal("118.41")) == asked(total_from=Decimal(2_706_625)) == {2}
    assert asked(area_to=Decimal("118.40")) == {1, 3, 4}
    assert asked(total_from=Decimal(1)) == {1, 2, 4}
    assert asked(lock="EXCHANGE") == set()


def test_drafts_count_among_matches_only_when_asked_for():
    places = [place(1, 1), place(2, 2)]
    found = board(*places, u2=Standing(Status.DRAFT.value, None, "", False))
    assert count_asked(found, {1, 2}, Wanted(layout_id=1)) == 1
    assert count_asked(found, {2}, Wanted(statuses=frozenset({"DRAFT"}))) == 1
