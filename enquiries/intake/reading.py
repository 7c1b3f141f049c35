"""Sheets of texts → rows of texts by field, with their places, and what was left out."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from enquiries.intake.fields import FIELDS, LISTS, named
from inventory.importing import Grid, Refused
from inventory.importing.grid import Sheet
from inventory.importing.heads import HeadRow, find_heads
from inventory.importing.listing import skip_reason
from inventory.importing.table import letter

SKIPPED_KEPT = 200


@dataclass(frozen=True)
class Source:
    """One row of the file: where it stands, its texts by field; by field also the columns' letters, heads and units."""

    sheet: str
    row: int
    texts: dict[str, str]
    columns: dict[str, str]
    heads: dict[str, str]
    units: dict[str, str]


@dataclass
class Listing:
    """What a file holds: rows, rows that are none (sheet, row, reason, text), blank ones counted, and remarks (code, parameters)."""

    rows: list[Source] = field(default_factory=list)
    skipped: list[tuple[str, int, str, str]] = field(default_factory=list)
    blank_rows: int = 0
    remarks: list[tuple[str, dict[str, Any]]] = field(default_factory=list)


def read(grid: Grid, content: str) -> Listing:
    """The rows of every sheet with the heads of such a list. Raises Refused (`empty`, `no_list`, `no_entries`)."""
    sheets = [Sheet(title, rows) for title, rows in grid if title != LISTS and any(any(row) for row in rows)]
    if not sheets:
        raise Refused("empty")
    listing, found = Listing(), 0
    for sheet in sheets:
        heads = find_heads(sheet, {}, partial(named, content))
        if heads is None or not _is_list(heads, content):
            listing.remarks.append(("sheet_left_out", {"sheet": sheet.name}))
        else:
            found += 1
            _read_sheet(sheet, heads, listing)
    if not found:
        raise Refused("no_list")
    if not listing.rows:
        raise Refused("no_entries")
    return listing


def _is_list(heads: HeadRow, content: str) -> bool:
    """A list names what every row must have."""
    return {entry.name for entry in FIELDS[content] if entry.need} <= {*heads.fields}


def _read_sheet(sheet: Sheet, heads: HeadRow, listing: Listing) -> None:
    used = {index: name for index, name in enumerate(heads.fields) if name}
    columns = {name: letter(index) for index, name in used.items()}
    titles = {name: heads.heads[index].text for index, name in used.items()}
    units = {name: heads.heads[index].unit for index, name in used.items()}
    for number, texts in enumerate(sheet.rows[heads.last + 1 :], heads.last + 2):
        reason = skip_reason(texts, heads, sheet)
        if reason == "blank":
            listing.blank_rows += 1
        elif reason:
            if len(listing.skipped) < SKIPPED_KEPT:
                listing.skipped.append((sheet.name, number, reason, " ".join(filter(None, texts))[:80]))
        else:
            cells = {name: texts[index] for index, name in used.items() if texts[index]}
            listing.rows.append(Source(sheet.name, number, cells, columns, titles, units))
    ignored = [*_ignored(heads)]
    if ignored:
        listing.remarks.append(("columns_ignored", {"heads": ", ".join(ignored)}))


def _ignored(heads: HeadRow) -> Iterator[str]:
    for head, name in zip(heads.heads, heads.fields, strict=True):
        if head.text and not name:
            yield head.text[:30]
