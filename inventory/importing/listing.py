"""Lists: a row a unit (R1.2)."""

import re

from inventory.rules.fields import PRICE_FIELDS
from inventory.rules.places import parse_floor
from inventory.rules.text import fold

from .grid import Sheet, is_total
from .heads import HeadRow, is_list
from .table import Column, Remark, Skipped, SourceCell, SourceRow, Table, letter

_NOTE = re.compile(r"(注|备注|说明|制表|打印|note|审核)")
_NUMBER = re.compile(r"[0-9][0-9,]*(\.[0-9]+)?|\.[0-9]+")
_BUILDING_NAME = re.compile(r"[a-z]?[0-9一二三四五六七八九十]{0,4}(号楼|栋|幢|座|#楼?)", re.IGNORECASE)
_PREFIXED = re.compile(r"(?P<name>\D{2,}?)(?P<building>[a-z]?[0-9]{1,3}(号楼|栋|幢|座|#).*)", re.IGNORECASE)


def read_list(sheet: Sheet, heads: HeadRow, table: Table) -> None:
    """Add the sheet's columns, rows, skipped rows and remarks to the table."""
    sheet.fill_merged()
    letters = [letter(index) for index in range(sheet.width)]
    used = {index: name for index, name in enumerate(heads.fields) if name}
    _describe_columns(sheet, heads, table, letters)
    if not is_list(heads):
        table.form = "unclear"
    by_sheet = "building" not in heads.fields and _BUILDING_NAME.fullmatch(fold(sheet.name)) is not None
    no_floor = "floor" not in heads.fields
    parking = "property_type" not in heads.fields and _names_parking(heads)
    first = len(table.rows)
    for number, texts in enumerate(sheet.rows[heads.last + 1 :], heads.last + 2):
        reason = skip_reason(texts, heads, sheet)
        if reason == "blank":
            table.blank_rows += 1
        elif reason:
            table.skipped.append(Skipped(sheet.name, number, reason, " ".join(filter(None, texts))[:80]))
        else:
            cells = {
                name: SourceCell(
                    with_unit(texts[index], heads.heads[index].unit, name), letters[index], sheet.name, number
                )
                for index, name in used.items()
            }
            if by_sheet:
                cells["building"] = SourceCell(sheet.name, "", sheet.name, number)
            if no_floor and "room" in cells:
                cells["floor"] = SourceCell(floor_of(cells["room"].text), cells["room"].column, sheet.name, number)
            if parking:
                cells["property_type"] = SourceCell("车位", cells["room"].column, sheet.name, number)
            table.rows.append(SourceRow(sheet.name, number, cells))
    if len(table.rows) > first:
        _remark(sheet, heads, table, by_sheet=by_sheet, no_floor=no_floor)


def skip_reason(texts: list[str], heads: HeadRow, sheet: Sheet) -> str:
    """Why a row is no unit: `blank`, `total`, `heading`, `note`; "" for a unit."""
    filled = [text for text in texts if text]
    if not filled:
        return "blank"
    if any(is_total(text) for text in filled[:2]):
        return "total"
    if texts == sheet.rows[heads.last] or texts == sheet.rows[heads.first]:
        return "heading"
    if len(set(filled)) == 1 and _NOTE.match(fold(filled[0])):
        return "note"
    return ""


def with_unit(text: str, unit: str, name: str) -> str:
    """A bare number under a head in 万元 carries its unit along, so that it is read and shown as what it is."""
    return f"{text}万元" if unit.startswith("万") and name in PRICE_FIELDS and _NUMBER.fullmatch(text) else text


def _names_parking(heads: HeadRow) -> bool:
    """Whether the column of rooms says that they are parking spaces: `车位号`."""
    return any(
        name == "room" and head.words.startswith("车位") for head, name in zip(heads.heads, heads.fields, strict=True)
    )


def floor_of(room: str) -> str:
    """The floor that a room number of three to five digits begins with; empty when it does not."""
    found = re.fullmatch(r"(?:.*[^0-9])?0?([0-9]{1,3})[0-9]{2}[a-z]?(室|号|房|户)?", fold(room))
    return found[1] if found and parse_floor(found[1]) else ""


def _describe_columns(sheet: Sheet, heads: HeadRow, table: Table, letters: list[str]) -> None:
    if table.columns:
        return
    for index, head in enumerate(heads.heads):
        values = [row[index] for row in sheet.rows[heads.last + 1 : heads.last + 200] if row[index]]
        if head.text or values:
            table.columns.append(
                Column(letters[index], head.text[:60], heads.fields[index], head.unit, [v[:40] for v in values[:3]])
            )


def _remark(sheet: Sheet, heads: HeadRow, table: Table, *, by_sheet: bool, no_floor: bool) -> None:
    named = [(head, name) for head, name in zip(heads.heads, heads.fields, strict=True) if head.text]
    table.fields = sorted(
        {*table.fields, *(name for _head, name in named if name), *(["building"] if by_sheet else [])}
    )
    if by_sheet:
        table.remarks.append(Remark("building_from_sheet", {"sheet": sheet.name}))
    if no_floor:
        table.fields.append("floor")
        table.remarks.append(Remark("floor_from_room", {}))
    codes = {"status": "status_not_imported", "permit_number": "permit_not_imported"}
    codes |= {"floor_unit_price": "floor_price_not_imported", "floor_total": "floor_price_not_imported"}
    for head, name in named:
        if name in codes:
            table.remarks.append(Remark(codes[name], {"head": head.text}))
        if name in PRICE_FIELDS and head.unit.startswith("万"):
            table.remarks.append(Remark("in_ten_thousands", {"head": head.text}))
        if "坪" in head.unit or "亩" in head.unit:
            table.remarks.append(Remark("unit_not_supported", {"head": head.text, "unit": head.unit}))
    ignored = [head.text for head, name in named if not name]
    if ignored:
        table.remarks.append(Remark("columns_ignored", {"heads": ", ".join(ignored)}))


def project_name(rows: list[SourceRow]) -> str:
    """The words in front of every building's name, as in 松风明月花园3栋; empty when they are not in every row."""
    names = {row.cells["building"].text for row in rows if "building" in row.cells and row.cells["building"].text}
    found = {match["name"] if (match := _PREFIXED.fullmatch(name)) else "" for name in names}
    return found.pop() if len(found) == 1 else ""
