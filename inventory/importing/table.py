"""What reading a file gives: columns, rows of texts with their places in the sheet, and what was left out."""

import hashlib
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from inventory.rules.text import fold

Form = Literal["list", "board", "unclear"]


class SourceCell(NamedTuple):
    """One text and where it stands: column letter, and sheet and row (from 1) as a spreadsheet program shows them."""

    text: str
    column: str
    sheet: str
    row: int


@dataclass
class SourceRow:
    """One unit as the file gives it: texts by field name."""

    sheet: str
    row: int
    cells: dict[str, SourceCell] = field(default_factory=dict)

    def texts(self) -> dict[str, str]:
        return {name: cell.text for name, cell in self.cells.items()}


class Column(NamedTuple):
    """A column of a list: its letter, head, the field it was taken for ("" for none), its unit, and what stands in it."""

    letter: str
    head: str
    field: str
    unit: str
    samples: list[str]


class Remark(NamedTuple):
    """Something worth knowing about the file as a whole (a code of `refusals.REMARKS`)."""

    code: str
    params: dict[str, Any]


class Skipped(NamedTuple):
    """A row that is no unit: `total`, `heading` or `note` (blank rows are only counted)."""

    sheet: str
    row: int
    reason: str
    text: str


@dataclass
class Table:
    """A file as rows of units. `form` is `unclear` when the columns must be chosen by a person first."""

    form: Form
    columns: list[Column] = field(default_factory=list)
    rows: list[SourceRow] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    blank_rows: int = 0
    remarks: list[Remark] = field(default_factory=list)
    fields: list[str] = field(default_factory=list)
    project_names: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {**self.__dict__, "rows": [[row.sheet, row.row, row.cells] for row in self.rows]}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Table":
        rows = [
            SourceRow(sheet, row, {name: SourceCell(*cell) for name, cell in cells.items()})
            for sheet, row, cells in data["rows"]
        ]
        return cls(
            form=data["form"],
            columns=[Column(*column) for column in data["columns"]],
            rows=rows,
            skipped=[Skipped(*skipped) for skipped in data["skipped"]],
            blank_rows=data["blank_rows"],
            remarks=[Remark(*remark) for remark in data["remarks"]],
            fields=data["fields"],
            project_names=data["project_names"],
        )


def heads_digest(heads: list[str]) -> str:
    """The name under which a set of column heads is remembered: the same heads, the same name."""
    return hashlib.sha256("\0".join(fold(head) for head in heads).encode("utf-8", "replace")).hexdigest()


def letter(index: int) -> str:
    """0 → `A`, 26 → `AA`: the column as spreadsheet programs name it."""
    name = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(65 + rest) + name
    return name
