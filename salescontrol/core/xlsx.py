"""Workbooks that are safe to open and look like somebody made them (quality U3, abuse 65 and 66)."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from io import BytesIO

from django.http import HttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HEAD_FONT, HEAD_FILL = Font(bold=True, color="FFFFFF"), PatternFill("solid", fgColor="17212F")
LINE = Border(bottom=Side(style="thin", color="DFE3E8"))
_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
FORMATS = {"money": "#,##0.00", "area": "#,##0.00", "int": "#,##0", "day": "yyyy-mm-dd", "moment": "yyyy-mm-dd hh:mm"}


def clean(text: str) -> str:
    """The text without characters that a workbook cannot hold."""
    return _ILLEGAL.sub("", unicodedata.normalize("NFC", text))[:32767]


def put(cell: Cell, value, number_format: str = "") -> Cell:
    """Fill a cell: text stays text whatever it begins with (no formula is ever made of it), numbers stay numbers."""
    if isinstance(value, str):
        cell.value = clean(value)
        cell.data_type = "s"
    else:
        cell.value = value
        if number_format:
            cell.number_format = number_format
    return cell


def sheet_name(title: str) -> str:
    """A name that Excel accepts: 31 characters, none of []:*?/\\."""
    return re.sub(r"[\[\]:*?/\\]", " ", clean(title))[:31] or "Sheet"


def table(book: Workbook, title: str, heads: Sequence[tuple[str, str]], rows: Iterable[Sequence]) -> int:
    """Write one sheet: `heads` are (label, format) pairs, then `rows`; heads are frozen. Returns the number of rows."""
    sheet = book.create_sheet(sheet_name(title))
    sheet.freeze_panes = "A2"
    for number, (_label, kind) in enumerate(heads, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = 16 if kind != "text" else 20
    sheet.append([head(sheet, str(label)) for label, _kind in heads])
    count = 0
    for row in rows:
        sheet.append(
            [
                put(WriteOnlyCell(sheet), value, FORMATS.get(kind, ""))
                for value, (_label, kind) in zip(row, heads, strict=True)
            ]
        )
        count += 1
    return count


def head(sheet, label: str) -> Cell:
    """A cell of a row of heads."""
    cell = put(WriteOnlyCell(sheet), label)
    cell.font, cell.fill, cell.alignment = HEAD_FONT, HEAD_FILL, Alignment(vertical="center", wrap_text=True)
    return cell


def footer(book: Workbook, *, by, what: str, filters: str, rows: int, number: str) -> None:
    """The sheet that says who took this out, when, of what, how many rows, under which export number."""
    sheet = book.create_sheet(sheet_name(_("About this file")))
    for label, value in (
        (_("Content"), what),
        (_("Exported by"), _("%(name)s (%(number)s)") % {"name": by.name, "number": by.employee_no}),
        (_("Time"), timezone.localtime().strftime("%Y-%m-%d %H:%M:%S")),
        (_("Filter"), filters or _("none")),
        (_("Rows"), rows),
        (_("Export number"), number),
    ):
        sheet.append([put(WriteOnlyCell(sheet), label), put(WriteOnlyCell(sheet), value)])


def response(book: Workbook, name: str) -> HttpResponse:
    """The workbook as a download named `name`.xlsx."""
    buffer = BytesIO()
    book.save(buffer)
    answer = HttpResponse(buffer.getvalue(), content_type=CONTENT_TYPE)
    answer["Content-Disposition"] = content_disposition_header(True, f"{clean(name)}.xlsx")
    return answer
