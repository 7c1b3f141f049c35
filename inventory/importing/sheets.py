"""A file's sheets as plain texts: workbooks through python-calamine, text files through the csv module."""

import codecs
import csv
import datetime
import io
import posixpath
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

from defusedxml.ElementTree import fromstring
from python_calamine import CalamineError, PasswordError, SheetTypeEnum, load_workbook

from inventory.rules.text import fold

from .grid import Sheet
from .guard import MAX_COLUMNS, MAX_ROWS, Flaws, too_large
from .heads import HEADS
from .refusals import Refused

# Words in the heads of nearly every list of customers or calls, as `fold` leaves them.
OF_PEOPLE = ("姓名", "电话", "電话", "手机", "手機", "客户", "地址", "日期", "时间", "時间")
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def read_sheets(path: Path, kind: str, flaws: Flaws) -> list[Sheet]:
    """Every worksheet with its texts; hidden rows and sheets are read like others, formulas by their stored results."""
    return [_read_text(path)] if kind == ".csv" else _read_workbook(path, kind, flaws)


def text_of(value: Any) -> str:
    """A cell as text: numbers with the 15 digits that spreadsheet programs keep, dates in ISO form."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return f"{Decimal(format(value, '.15g')):f}"
    if isinstance(value, datetime.datetime):
        return value.isoformat() if value.time() != datetime.time() else value.date().isoformat()
    return value.isoformat() if isinstance(value, datetime.date | datetime.time) else str(value)


def _read_workbook(path: Path, kind: str, flaws: Flaws) -> list[Sheet]:
    try:
        book = load_workbook(str(path))
        parts = _sheet_parts(path) if kind == ".xlsx" else {}
        sheets = []
        for meta in book.sheets_metadata:
            if meta.typ != SheetTypeEnum.WorkSheet:
                continue
            source = book.get_sheet_by_name(meta.name)
            if source.end is not None and (source.end[0] >= MAX_ROWS + 1 or source.end[1] >= MAX_COLUMNS):
                raise too_large()
            rows = [[text_of(value) for value in row] for row in source.to_python(skip_empty_area=False)]
            merged = [(top, left, bottom, right) for (top, left), (bottom, right) in source.merged_cell_ranges or []]
            sheets.append(_with_flaws(Sheet(meta.name, rows, merged), flaws.cells.get(parts.get(meta.name, ""), {})))
    except PasswordError as error:
        raise Refused("password") from error
    except (CalamineError, OSError, ValueError, KeyError) as error:
        raise Refused("unreadable") from error
    return sheets


def _sheet_parts(path: Path) -> dict[str, str]:
    """Sheet name → part of the archive (`xl/worksheets/sheet1.xml`)."""
    with zipfile.ZipFile(path) as archive:
        book = fromstring(archive.read("xl/workbook.xml"), forbid_dtd=True)
        relations = fromstring(archive.read("xl/_rels/workbook.xml.rels"), forbid_dtd=True)
    targets = {entry.get("Id"): entry.get("Target", "") for entry in relations}
    parts = {}
    for entry in book.iter():
        if entry.tag.endswith("}sheet"):
            target = targets.get(entry.get(_RELATION), "")
            parts[entry.get("name", "")] = posixpath.normpath(
                target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            )
    return parts


def _with_flaws(sheet: Sheet, flaws: dict[tuple[int, int], str]) -> Sheet:
    """The sheet with error cells and formulas without a result shown as such, instead of as empty."""
    for (row, column), text in flaws.items():
        while row >= len(sheet.rows):
            sheet.rows.append([""] * sheet.width)
        for line in sheet.rows if column >= sheet.width else ():
            line.extend([""] * (column + 1 - len(line)))
        if not sheet.rows[row][column]:
            sheet.rows[row][column] = text
    return sheet


def _read_text(path: Path) -> Sheet:
    text = decode(path.read_bytes())
    if "\0" in text:
        raise Refused("content_mismatch", extension=".csv", found="binary")
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text)):
            rows.append([value.strip() for value in row])
            if len(rows) > MAX_ROWS + 1 or len(row) > MAX_COLUMNS:
                raise too_large()
    except csv.Error as error:
        raise Refused("unreadable") from error
    width = max(map(len, rows), default=0)
    return Sheet("CSV", [row + [""] * (width - len(row)) for row in rows])


def _delimiter(text: str) -> str:
    first = "\n".join(text.splitlines()[:5])
    return max(",\t;", key=first.count)


def decode(data: bytes) -> str:
    """The text of a file in UTF-8 or UTF-16 (with or without mark), GB18030 or Big5; Refused when it is none of them.

    GB18030 and Big5 share bytes: the one in which more heads of price lists, or of lists of people, can be read is taken.
    """
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            return _decoded(data, encoding) or _refuse_charset()
    sample = data[:2000]
    if sample.count(0) > len(sample) // 5:
        encoding = "utf-16-le" if sample[1::2].count(0) >= sample[::2].count(0) else "utf-16-be"
        return _decoded(data, encoding) or _refuse_charset()
    plain = _decoded(data, "utf-8")
    if plain is not None:
        return plain
    candidates = [text for text in (_decoded(data, "gb18030"), _decoded(data, "big5hkscs")) if text is not None]
    return max(candidates, key=_known_words) if candidates else _refuse_charset()


def _decoded(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _refuse_charset() -> str:
    raise Refused("charset")


def _known_words(text: str) -> int:
    start = fold(text[:3000])
    return sum(head in start for head in (*HEADS, *OF_PEOPLE) if not head.isascii())
