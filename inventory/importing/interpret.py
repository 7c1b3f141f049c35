"""Sheets → one table of units: every sheet as a list or as boards, the best reading of the file as a whole."""

from collections.abc import Mapping, Sequence

from inventory.rules.fields import PRICE_FIELDS
from inventory.rules.places import strip_project

from .board import find_blocks, join_boards, read_board
from .grid import Sheet
from .heads import HeadRow, find_heads, is_list
from .listing import project_name, read_list
from .refusals import Refused
from .table import Remark, Table, heads_digest


def interpret(
    sheets: Sequence[Sheet],
    *,
    remembered: Mapping[str, Mapping[str, str]],
    mapping: Mapping[str, str],
    names: Sequence[str],
) -> Table:
    """The table of units in a file. Raises Refused for a workbook of another kind (R1.2).

    `mapping`: folded head → field as just chosen by a person; `remembered`: the same, by digest of all heads, as chosen for
    earlier files of the project; `names`: names of the project, cut off building names.
    """
    sheets = [sheet for sheet in sheets if any(any(row) for row in sheet.rows)]
    if not sheets:
        raise Refused("empty")
    lists = {id(sheet): _heads(sheet, remembered, mapping) for sheet in sheets}
    table = Table(form="list")
    has_list = any(is_list(heads) for heads in lists.values())
    boards = not has_list and any(find_blocks(sheet) for sheet in sheets)
    for sheet in sheets:
        heads = lists[id(sheet)]
        if boards and read_board(sheet, table):
            continue
        if not boards and heads is not None and (is_list(heads) or not has_list):
            read_list(sheet, heads, table)
        else:
            table.remarks.append(Remark("sheet_without_units", {"sheet": sheet.name}))
    if boards:
        join_boards(table)
    _finish(table, sheets, names)
    return table


def _heads(sheet: Sheet, remembered: Mapping[str, Mapping[str, str]], mapping: Mapping[str, str]) -> HeadRow | None:
    found = find_heads(sheet, mapping)
    kept = (
        remembered.get(heads_digest([head.text for head in found.heads if head.text]))
        if found and not mapping
        else None
    )
    return find_heads(sheet, kept) if kept else found


def _finish(table: Table, sheets: Sequence[Sheet], names: Sequence[str]) -> None:
    if not table.rows and not table.columns:
        first = next((" | ".join(filter(None, row)) for sheet in sheets for row in sheet.rows if any(row)), "")
        raise Refused("no_heads", found=first[:120])
    if not table.rows:
        raise Refused("no_rows")
    prefix = project_name(table.rows)
    table.project_names = [prefix] if prefix else []
    if prefix and strip_project(f"{prefix}1", names) != "1":
        table.remarks.append(Remark("project_name_removed", {"name": prefix}))
    if table.form == "list" and not set(PRICE_FIELDS) & set(table.fields):
        table.remarks.append(Remark("prices_missing", {}))
