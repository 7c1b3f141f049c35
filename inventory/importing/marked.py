"""A copy of a file in which every problem stands in its cell, for whoever corrects it (R1.2)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill

from salescontrol.core import xlsx

from .process import Grid
from .table import letter

ERROR, NOTICE = PatternFill("solid", fgColor="F6D5D2"), PatternFill("solid", fgColor="FBEBC8")


def marked_workbook(grid: Grid, *, problems: Iterable[Mapping[str, Any]]) -> Workbook:
    """The file's sheets as texts in their places, cells with problems coloured and commented, sentences behind each row.

    `problems`: mappings with `sheet`, `row`, `column`, `place`, `text` and `error`.
    """
    book = Workbook(write_only=True)
    by_cell: dict[tuple[str, int, str], list[Mapping[str, Any]]] = defaultdict(list)
    by_row: dict[tuple[str, int], list[Mapping[str, Any]]] = defaultdict(list)
    for problem in problems:
        by_cell[problem["sheet"], problem["row"], problem["column"]].append(problem)
        by_row[problem["sheet"], problem["row"]].append(problem)
    for title, rows in grid:
        sheet = book.create_sheet(xlsx.sheet_name(title))
        for number, texts in enumerate(rows, start=1):
            cells = [
                _cell(sheet, text, by_cell.get((title, number, letter(index)), [])) for index, text in enumerate(texts)
            ]
            found = by_row.get((title, number), [])
            sheet.append([*cells, *(_cell(sheet, f"{item['place']}: {item['text']}", [item]) for item in found)])
    return book


def _cell(sheet: Any, text: str, problems: list[Mapping[str, Any]]) -> WriteOnlyCell:
    cell = xlsx.put(WriteOnlyCell(sheet), text)
    if problems:
        cell.fill = ERROR if any(item["error"] for item in problems) else NOTICE
        cell.comment = Comment("\n".join(xlsx.clean(item["text"]) for item in problems), _("Import"))
    return cell
