"""The empty workbook that shows which columns a list may have: heads, what belongs under each, choices as lists."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.comments import Comment
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from enquiries.intake.fields import FIELDS, LISTS, Field
from enquiries.states import IntakeContent
from salescontrol.core import xlsx

ROWS, READY = 5_000, 50
_AS_TEXT = ("phones", "phone", "paper")


def template_workbook(content: IntakeContent, salespeople: Sequence[Any]) -> Workbook:
    """One sheet to fill in, and one that holds the choices."""
    book, fields = Workbook(), FIELDS[content]
    sheet = book.active
    sheet.title = xlsx.sheet_name(str(content.label))
    sheet.freeze_panes = "A2"
    choices = [(number, _choices(entry, salespeople)) for number, entry in enumerate(fields, start=1)]
    for number, words in choices:
        letter = get_column_letter(number)
        sheet.column_dimensions[letter].width = 18
        if words:
            rule = DataValidation(
                type="list", formula1=f"={LISTS}!${letter}$1:${letter}${len(words)}", showErrorMessage=False
            )
            rule.add(f"{letter}2:{letter}{ROWS}")
            sheet.add_data_validation(rule)
    sheet.append([_head(sheet, entry) for entry in fields])
    for _row in range(READY):
        sheet.append([_blank(sheet, entry) for entry in fields])
    _write_choices(book, choices)
    return book


def _choices(entry: Field, salespeople: Sequence[Any]) -> list[str]:
    if entry.choices:
        return [str(label) for _code, label in entry.choices.choices]
    return [person.employee_no for person in salespeople] if entry.kind == "person" else []


def _head(sheet: Any, entry: Field) -> Any:
    cell = xlsx.head(sheet, str(entry.label))
    parts = [_("Needed.") if entry.need else "", str(entry.hint), _example(entry)]
    if said := " ".join(filter(None, parts)):
        cell.comment = Comment(said, _("Import"))
    return cell


def _example(entry: Field) -> str:
    return _("Example: %(value)s") % {"value": entry.example} if entry.example else ""


def _blank(sheet: Any, entry: Field) -> Any:
    """An empty cell; where a spreadsheet would spoil long numbers it is text beforehand."""
    cell = WriteOnlyCell(sheet)
    if entry.kind in _AS_TEXT:
        cell.number_format = "@"
    return cell


def _write_choices(book: Workbook, choices: Sequence[tuple[int, list[str]]]) -> None:
    sheet = book.create_sheet(LISTS)
    sheet.sheet_state = "hidden"
    longest = max(len(words) for _number, words in choices)
    for row in range(longest):
        sheet.append(
            [xlsx.put(WriteOnlyCell(sheet), words[row] if row < len(words) else None) for _n, words in choices]
        )
