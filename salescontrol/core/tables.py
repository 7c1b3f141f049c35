"""The shared list: a column declaration, sorting by an allow-list, pages, and Excel of exactly what is shown."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import F
from django.db.models.expressions import OrderBy
from django.utils import timezone
from django.utils.html import conditional_escape as escape
from django.utils.safestring import SafeString

from salescontrol.core.templatetags import sales

FORMATS: Mapping[str, Callable[[Any], str]] = {
    "text": lambda value: "–" if value in (None, "") else str(value),
    "money": sales.amount,
    "area": sales.area,
    "int": lambda value: "–" if value is None else f"{value:,}",
    "day": sales.day,
    "moment": sales.moment,
}
NUMERIC = frozenset({"money", "area", "int"})


@dataclass(frozen=True)
class Column:
    """One column: how its value is found (`value`: attribute path or function), shown, sorted and linked.

    `sort` names the ORM ordering fields (empty: cannot be sorted by); `tone(row)` gives a tag's class; `wrap` lets a
    long text take several lines; `minor` columns are not shown on phones. `choices` name the values of a choice field.
    """

    key: str
    label: Any
    value: str | Callable[[Any], Any] = ""
    format: str = "text"
    sort: tuple[str, ...] = ()
    link: Callable[[Any], str] | None = None
    tone: Callable[[Any], str] | None = None
    wrap: bool = False
    minor: bool = False
    choices: Mapping[Any, Any] | None = None

    @property
    def numeric(self) -> bool:
        return self.format in NUMERIC

    @property
    def style(self) -> str:
        """The classes of the cell: figures stand right, long text may wrap, minor columns are left out on phones."""
        names = {"num": self.numeric, "text": self.wrap and not self.numeric, "minor": self.minor}
        return " ".join(name for name, on in names.items() if on)

    def of(self, row: Any) -> Any:
        """The bare value of this column for a row (what Excel gets)."""
        value = self.value(row) if callable(self.value) else _named(row, self.value or self.key)
        return value if self.choices is None else self.choices.get(value, value)


def _named(row: Any, path: str) -> Any:
    for name in path.split("."):
        row = None if row is None else getattr(row, name)
    return row


def drawer(columns: Sequence[Column]) -> Callable[[Any], SafeString]:
    """How a row is drawn: all its cells, escaped here. A template loop over every cell costs many times as much (quality V7)."""
    starts = [(_worded(column), _start(column)) for column in columns]

    def draw(row: Any) -> SafeString:
        return SafeString("".join(f"{start}{_content(column, row)}</td>" for column, start in starts))

    return draw


def _worded(column: Column) -> Column:
    """The column with its choices in the language of this page: translated once, not for every row."""
    if column.choices is None:
        return column
    return replace(column, choices={value: str(label) for value, label in column.choices.items()})


def _start(column: Column) -> str:
    style = f' class="{column.style}"' if column.style else ""
    return f'<td data-label="{escape(str(column.label))}"{style}>'


def _content(column: Column, row: Any) -> str:
    text: str = escape(FORMATS[column.format](column.of(row)))
    if column.tone and (tone := column.tone(row)):
        text = f'<span class="tag {escape(tone)}">{text}</span>'
    if column.link and (url := column.link(row)):
        text = f'<a href="{escape(url)}">{text}</a>'
    return text


class LatePages(Paginator):
    """Pages of a long table: which rows a page holds is found by id alone, and only these are read with all that is shown,
    so that thousands of rows are not sorted with their names and prices to show a hundred (quality V7)."""

    def _get_page(self, rows: Any, number: int, paginator: Paginator) -> Page:
        ids = list(rows.values_list("pk", flat=True))
        every: Any = self.object_list
        found = every.order_by().in_bulk(ids)
        return Page([found[pk] for pk in ids if pk in found], number, paginator)


def ordering(columns: Sequence[Column], wanted: str) -> tuple[str, ...]:
    """The ORM ordering for `?sort=key` or `-key`; unknown or unsortable keys are ignored (abuse 27)."""
    descending, key = wanted.startswith("-"), wanted.lstrip("-")
    fields = next((column.sort for column in columns if column.key == key), ())
    return tuple(_reverse(field) if descending else field for field in fields)


def unknown_last(fields: Sequence[str]) -> list[OrderBy]:
    """The ordering with rows that have no value at the end, either way round: left alone, each engine has its own mind."""
    return [
        F(field[1:]).desc(nulls_last=True) if field.startswith("-") else F(field).asc(nulls_last=True)
        for field in fields
    ]


def _reverse(field: str) -> str:
    return field[1:] if field.startswith("-") else f"-{field}"


def heads(columns: Sequence[Column], wanted: str) -> list[dict]:
    """The table's heads: label, and for sortable ones the next `sort` value and the present direction."""
    return [
        {
            "label": column.label,
            "style": column.style,
            "next": f"-{column.key}" if wanted == column.key else column.key if column.sort else "",
            "direction": {column.key: "ascending", f"-{column.key}": "descending"}.get(wanted, "none"),
        }
        for column in columns
    ]


def foot(columns: Sequence[Column], totals: Mapping[str, Any]) -> list[dict]:
    """The total line: a sum under each column that has one, by column key."""
    return [
        {
            "label": column.label,
            "style": column.style,
            "text": FORMATS[column.format](totals[column.key]) if column.key in totals else "",
        }
        for column in columns
    ]


def plain(value: Any) -> Any:
    """A value as a spreadsheet takes it: numbers as numbers, moments as local naive times, the rest as text."""
    if isinstance(value, datetime):
        return timezone.localtime(value).replace(tzinfo=None)
    if value is None or isinstance(value, date | Decimal | int | float):
        return value
    return str(value)


def sheet_rows(columns: Sequence[Column], rows: Iterable) -> Iterable[list]:
    """The rows for Excel, one list per row."""
    return ([plain(column.of(row)) for column in columns] for row in rows)
