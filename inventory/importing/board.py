"""Boards: floors × rooms, one block a building, as price boards and 销控表 are drawn (R1.2)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from inventory.rules.fields import PLACE, parse_status
from inventory.rules.places import parse_floor
from inventory.rules.text import fold, tidy

from .grid import Sheet, is_total
from .heads import HEADS, take_apart
from .table import Remark, Skipped, SourceCell, SourceRow, Table, letter

_ROOM_HEAD = re.compile(r"([a-z]?[0-9]{1,4}[a-z]?|[a-z])(室|房|户|号|户型)?")
_NUMBER = re.compile(r"[0-9][0-9,]*(\.[0-9]+)?(万元?)?")
_NUMERAL = "[0-9一二三四五六七八九十]+"
_BUILDING = re.compile(
    rf"([A-Za-z]|{_NUMERAL})(号楼|號樓|栋|棟|幢|座|#)({_NUMERAL}[单單]元)?|(building|block|tower) ?[A-Za-z0-9]+",
    re.IGNORECASE,
)
_KINDS = (
    ("备案单价", "filed_unit_price"),
    ("备案总价", "filed_total"),
    ("单价", "list_unit_price"),
    ("总价", "list_total"),
    ("套内面积", "inner_area"),
    ("面积", "built_area"),
    ("unitprice", "list_unit_price"),
    ("total", "list_total"),
    ("area", "built_area"),
)
HOLES = frozenset({"", "-", "--", "—", "——", "/", "\\", "×", "x", "0"})
LARGEST_AREA, LARGEST_UNIT_PRICE = 2_000, 300_000


@dataclass
class Block:
    """One board: where its heads stand, which column holds floors, which hold rooms, and the building's column if any."""

    head: int
    floor: int
    rooms: list[int]
    building: int | None
    last: int

    @property
    def left(self) -> int:
        return self.floor if self.building is None else self.building


def find_blocks(sheet: Sheet) -> list[Block]:
    """Every board of the sheet, from its row of heads (a floor column and at least two rooms) down to the next one."""
    blocks = [block for row in range(len(sheet.rows)) for block in _blocks_at(sheet, row)]
    for index, block in enumerate(blocks):
        below = [other.head for other in blocks[index + 1 :] if other.head > block.head]
        block.last = min(below, default=len(sheet.rows)) - 1
    return blocks


def _blocks_at(sheet: Sheet, row: int) -> Iterator[Block]:
    texts = sheet.rows[row]
    for column, text in enumerate(texts):
        if not text or HEADS.get(take_apart(text).words, ("", 0))[0] != "floor":
            continue
        rooms = []
        for right in range(column + 1, len(texts)):
            if not _ROOM_HEAD.fullmatch(fold(texts[right])):
                break
            rooms.append(right)
        if len(rooms) >= 2:
            before = HEADS.get(take_apart(texts[column - 1]).words, ("", 0))[0] if column else ""
            yield Block(row, column, rooms, column - 1 if before == "building" else None, row)


def read_board(sheet: Sheet, table: Table) -> bool:
    """Add the sheet's boards to the table; False when it holds none. Sheets of other figures join the same units."""
    blocks = find_blocks(sheet)
    tall = {(top, left): bottom - top for top, left, bottom, right in sheet.merged if bottom > top and right == left}
    for block in blocks:
        name, unit = _figure(sheet, block)
        for row in range(block.head + 1, block.last + 1):
            _read_row(sheet, block, row, name, unit, tall, table)
    if blocks:
        table.form = "board"
    return bool(blocks)


def _figure(sheet: Sheet, block: Block) -> tuple[str, str]:
    """(field, unit) of the figures in a block: from the sheet's name or the titles above, else from their size."""
    titles = [text for row in sheet.rows[max(0, block.head - 3) : block.head] for text in row if text]
    for text in (*reversed(titles), sheet.name):
        words = fold(text)
        for word, name in _KINDS:
            if word in words:
                return name, "万元" if "万元" in words and name.endswith("total") else ""
    figures = sorted(
        float(match[0].rstrip("万元").replace(",", ""))
        for row in sheet.rows[block.head + 1 : block.last + 1]
        for column in block.rooms
        if (match := _NUMBER.fullmatch(row[column]))
    )
    middle = figures[len(figures) // 2] if figures else 0
    if middle < LARGEST_AREA:
        return "built_area", ""
    return ("list_unit_price", "") if middle < LARGEST_UNIT_PRICE else ("list_total", "")


def _read_row(
    sheet: Sheet, block: Block, row: int, name: str, unit: str, tall: dict[tuple[int, int], int], table: Table
) -> None:
    texts = sheet.rows[row]
    floor = texts[block.floor]
    filled = {column: texts[column] for column in block.rooms if texts[column] not in HOLES}
    if not floor and not filled:
        table.blank_rows += not any(texts)
        return
    if is_total(floor) or is_total(texts[block.left]):
        table.skipped.append(Skipped(sheet.name, row + 1, "total", tidy(" ".join(filter(None, texts)))[:80]))
        return
    if parse_floor(floor) is None and not any(_NUMBER.fullmatch(text) for text in filled.values()):
        table.skipped.append(Skipped(sheet.name, row + 1, "heading", tidy(" ".join(filter(None, texts)))[:80]))
        return
    building = _building(sheet, block, row)
    for column, text in filled.items():
        floors = [floor, *(sheet.rows[row + down][block.floor] for down in range(1, tall.get((row, column), 0) + 1))]
        cells = {
            "building": building,
            "floor": SourceCell(_span(floors), letter(block.floor), sheet.name, row + 1),
            "room": SourceCell(sheet.rows[block.head][column], letter(column), sheet.name, block.head + 1),
        }
        field = "status" if parse_status(text) else name
        figure = f"{text}{unit}" if unit and _NUMBER.fullmatch(text) and not text.endswith(("万", "元")) else text
        cells[field] = SourceCell(figure, letter(column), sheet.name, row + 1)
        table.rows.append(SourceRow(sheet.name, row + 1, cells))


def _span(floors: list[str]) -> str:
    levels = sorted((parsed.level, text) for text in floors if (parsed := parse_floor(text)))
    return f"{levels[0][1]}-{levels[-1][1]}" if len(levels) > 1 else floors[0]


def _building(sheet: Sheet, block: Block, row: int) -> SourceCell:
    """The building of a board's row: its own column (merged or written once), the title above, or the sheet's name."""
    if block.building is not None:
        for above in range(row, block.head, -1):
            text = sheet.rows[above][block.building]
            if text:
                return SourceCell(text, letter(block.building), sheet.name, above + 1)
    for above in range(block.head - 1, max(-1, block.head - 6), -1):
        for column in range(block.left, block.rooms[-1] + 1):
            named = _BUILDING.search(sheet.rows[above][column])
            if named:
                return SourceCell(named.group(), letter(column), sheet.name, above + 1)
    named = _BUILDING.search(sheet.name)
    return SourceCell(named.group() if named else "", "", sheet.name, block.head + 1)


def join_boards(table: Table) -> None:
    """One row a unit: boards of totals, unit prices and areas are put together by building, floor and room."""
    joined: dict[tuple[str, ...], SourceRow] = {}
    for row in table.rows:
        key = tuple(fold(row.cells[name].text) for name in PLACE)
        kept = joined.get(key)
        figures = {name: cell for name, cell in row.cells.items() if name not in PLACE}
        if kept is None or figures.keys() & kept.cells.keys():
            joined[key if kept is None else (*key, row.sheet, str(row.row), str(len(joined)))] = row
        else:
            kept.cells |= figures
    table.rows = list(joined.values())
    table.fields = sorted({name for row in table.rows for name in row.cells})
    status = next((row.cells["status"].text for row in table.rows if "status" in row.cells), "")
    if status:
        table.remarks.append(Remark("status_not_imported", {"head": status}))
