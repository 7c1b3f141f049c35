"""Workbooks and text files made for tests: price lists as people send them, and files that mean harm."""

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from openpyxl import Workbook

HEADS = ("楼栋", "单元", "楼层", "房号", "业态", "户型", "朝向", "建筑面积", "套内面积", "单价", "总价", "装修标准")
ROW = ("1栋", "1单元", "7", "01", "住宅", "三室两厅", "南", "100.00", "80.00", "20000", "2000000", "毛坯")


def row(**changes: object) -> list[object]:
    """A good row of a price list, with some cells changed: `row(楼层="8", 房号="02")`."""
    cells = dict(zip(HEADS, ROW, strict=True)) | changes
    return [cells[head] for head in HEADS]


def workbook(
    path: Path, rows: Iterable[Sequence[object]], *, title: str = "价格表", merged: Iterable[str] = ()
) -> Path:
    """One sheet with these rows from A1 on."""
    return workbooks(path, {title: rows}, merged={title: merged})


def workbooks(
    path: Path, sheets: Mapping[str, Iterable[Sequence[object]]], merged: Mapping[str, Iterable[str]] | None = None
) -> Path:
    """Several sheets by name; `merged` names merged areas such as `A2:A5`, by sheet."""
    book = Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for cells in rows:
            sheet.append(list(cells))
        for area in (merged or {}).get(title, ()):
            sheet.merge_cells(area)
    book.save(path)
    return path


def price_list(path: Path, *rows: Sequence[object]) -> Path:
    """A workbook with the usual heads and these rows."""
    return workbook(path, [HEADS, *rows])


def repacked(path: Path, parts: Mapping[str, bytes], *, without: Sequence[str] = ()) -> Path:
    """The same archive with some parts replaced, added or left out."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in parts and name not in without:
                new.writestr(name, old.read(name))
        for name, content in parts.items():
            new.writestr(name, content)
    path.write_bytes(buffer.getvalue())
    return path


def sheet_xml(cells: str, *, head: str = "", dimension: str = "A1:B2") -> bytes:
    """A hand-written worksheet part; `head` stands before the root (for document types)."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{head}'
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        f'<dimension ref="{dimension}"/><sheetData>{cells}</sheetData></worksheet>'
    ).encode()
