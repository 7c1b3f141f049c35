"""How the board's units stand in towers (ui.md): columns from `stack`, rows from floors, holes, duplexes, lines of parking."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from inventory.queries.board import Board, Place

SPACES_PER_LINE = 8


@dataclass(frozen=True)
class Slot:
    """One place of the grid that is taken, over `span` rows."""

    place: Place
    span: int = 1


@dataclass(frozen=True)
class Column:
    """One column: what its homes have in common (layouts' codes, smallest and largest area in whole ㎡)."""

    stack: str
    layouts: tuple[str, ...]
    bedrooms: int | None
    area_from: int
    area_to: int


@dataclass(frozen=True)
class Row:
    """One floor (or one more line of it: then `label` is empty); a cell is a slot, a hole (None) or left out under a span."""

    label: str
    cells: tuple[Slot | None, ...]
    lines: int = 1


@dataclass(frozen=True)
class Tower:
    """One entrance of one building."""

    building_id: int
    building: str
    entrance: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


@lru_cache(maxsize=8192)
def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """A sort key in which 2 stands before 10."""
    parts = re.findall(r"\d+|\D+", text)
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts)


def towers(board: Board, places: Iterable[Place], *, attached: bool = False) -> list[Tower]:
    """The towers of these places in the order of buildings and entrances; parking and storage stand in lines instead."""
    groups: dict[tuple[int, str], list[Place]] = defaultdict(list)
    for place in places:
        groups[place.building_id, place.entrance].append(place)
    order = {pk: number for number, pk in enumerate(board.buildings)}
    keys = sorted(groups, key=lambda key: (order[key[0]], natural(key[1])))
    build = _lines if attached else _grid
    return [build(board, *key, groups[key]) for key in keys]


def _grid(board: Board, building_id: int, entrance: str, places: list[Place]) -> Tower:
    labels = floor_labels(places)
    floors = sorted(labels, reverse=True)
    lanes = _lanes(places)
    row_of = {floor: number for number, floor in enumerate(floors)}
    cells: list[list[Slot | bool | None]] = [[None] * len(lanes) for _floor in floors]
    for number, (_stack, lane) in enumerate(lanes):
        for place in lane:
            top, bottom = row_of[_top(place)], row_of[place.floor]
            cells[top][number] = Slot(place, bottom - top + 1)
            for row in range(top + 1, bottom + 1):
                cells[row][number] = True
    rows = tuple(
        Row(labels[floor], tuple(cell for cell in line if not isinstance(cell, bool)))
        for floor, line in zip(floors, cells, strict=True)
    )
    columns = tuple(_column(board, stack, lane) for stack, lane in lanes)
    return Tower(building_id, board.buildings[building_id].name, entrance, columns, rows)


def _lines(board: Board, building_id: int, entrance: str, places: list[Place]) -> Tower:
    """Each floor wraps after some spaces, so that two hundred parking spaces are not one endless row."""
    by_floor: dict[int, list[Place]] = defaultdict(list)
    for place in places:
        by_floor[place.floor].append(place)
    rows: list[Row] = []
    for floor in sorted(by_floor, reverse=True):
        found = sorted(by_floor[floor], key=lambda place: (natural(place.stack), natural(place.room), place.pk))
        lines = [found[at : at + SPACES_PER_LINE] for at in range(0, len(found), SPACES_PER_LINE)]
        for number, line in enumerate(lines):
            label = found[0].floor_label if number == 0 else ""
            rows.append(Row(label, tuple(Slot(place) for place in line), len(lines) if number == 0 else 0))
    return Tower(building_id, board.buildings[building_id].name, entrance, (), tuple(rows))


def floor_labels(places: Iterable[Place]) -> dict[int, str]:
    """The floors that these places stand on, each with its name; upper floors of duplexes get their number."""
    labels: dict[int, str] = {}
    for place in places:
        if place.floor_to is None:
            labels[place.floor] = place.floor_label
    for place in places:
        labels.setdefault(place.floor, str(place.floor) if place.floor_to else place.floor_label)
        labels.setdefault(_top(place), str(_top(place)))
    return labels


def _top(place: Place) -> int:
    return place.floor if place.floor_to is None else max(place.floor, place.floor_to)


def _lanes(places: Iterable[Place]) -> list[tuple[str, list[Place]]]:
    """Columns in natural order; where two units claim the same spot of a column, it gets a second lane: nobody is hidden."""
    by_stack: dict[str, list[Place]] = defaultdict(list)
    for place in places:
        by_stack[place.stack].append(place)
    found: list[tuple[str, list[Place]]] = []
    for stack in sorted(by_stack, key=natural):
        lanes: list[list[Place]] = []
        for place in sorted(by_stack[stack], key=lambda item: (item.floor, natural(item.room), item.pk)):
            lane = next((lane for lane in lanes if _top(lane[-1]) < place.floor), None)
            if lane is None:
                lanes.append([place])
            else:
                lane.append(place)
        found += [(stack, lane) for lane in lanes]
    return found


def _column(board: Board, stack: str, lane: Sequence[Place]) -> Column:
    layouts = [board.layouts[pk] for pk in dict.fromkeys(place.layout_id for place in lane) if pk is not None]
    bedrooms = {layout.bedrooms for layout in layouts}
    areas = [whole_area(place.area) for place in lane]
    return Column(
        stack=stack,
        layouts=tuple(layout.code for layout in layouts),
        bedrooms=bedrooms.pop() if len(bedrooms) == 1 else None,
        area_from=min(areas),
        area_to=max(areas),
    )


def whole_area(area: Decimal) -> int:
    """Whole ㎡, half up, as a cell shows them."""
    return int(area.quantize(Decimal(1), ROUND_HALF_UP))
