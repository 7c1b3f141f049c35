"""Column heads: which words stand for which field of a unit, and which row of a sheet holds them."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from inventory.rules.fields import AMBIGUOUS_PRICES, FIELDS
from inventory.rules.text import fold, tidy

from .grid import Sheet

SCANNED_ROWS = 40
LARGEST_UNIT_PRICE = 300_000
_UNIT_WORDS = (
    r"元?/(?:m2|m²|平方米|平米|平方公尺|坪)|元平方公尺|元平方米|万元|平方公尺|平方米|人民币元|人民币|元|m2|m²|万|坪|亩"
)
_UNIT_END = re.compile(rf"(?:{_UNIT_WORDS})$")
_UNIT = re.compile(rf"(?:单位[::])?({_UNIT_WORDS})")
_BRACKETS = re.compile(r"[(\[【]([^)\]】]*)[)\]】]")
_PUNCTUATION = re.compile(r"[*★:。、,;_\s]")
_PLAIN_NUMBER = re.compile(r"[0-9.,]+")

# Folded head → (field, rank): of two columns for one field the one with the lower rank is taken.
HEADS: dict[str, tuple[str, int]] = {
    fold(head): (entry.name, rank) for entry in FIELDS.values() for rank, head in enumerate(entry.heads)
}
_CHOSEN = frozenset({"", *FIELDS})
_AMBIGUOUS = {fold(word): kind for kind, words in AMBIGUOUS_PRICES.items() for word in words}


class Head(NamedTuple):
    """A head taken apart: its text as shown, the words that name the field, and the unit."""

    text: str
    words: str
    unit: str


class HeadRow(NamedTuple):
    """The row or rows of heads of a list: rows from 0, and for every column the field ("" for none) and the unit."""

    first: int
    last: int
    heads: list[Head]
    fields: list[str]


def take_apart(text: str) -> Head:
    """`总价（万元）` → words `总价`, unit `万元`; `單價元平方公尺` → `单价`, `元平方公尺`."""
    words, unit = _PUNCTUATION.sub("", fold(text)), ""
    for inside in _BRACKETS.findall(words):
        found = _UNIT.fullmatch(inside)
        if found:
            unit = unit or found[1]
            words = re.sub(rf"[(\[【]{re.escape(inside)}[)\]】]", "", words)
    words = re.sub(r"[()\[\]【】]", "", words)
    if words not in HEADS and (found := _UNIT_END.search(words)):
        unit = unit or found.group()
        words = words[: found.start()].rstrip("/")
    return Head(tidy(text), words, unit)


# What a head with these values below it stands for: (field, rank), ("", 0) for nothing.
Naming = Callable[[Head, Sequence[str]], tuple[str, int]]


def field_of(head: Head, values: Sequence[str]) -> tuple[str, int]:
    """The field that a head names and how well; ("", 0) for none. `values` below decide where a word has two meanings."""
    if head.words in HEADS:
        return HEADS[head.words]
    kind = _AMBIGUOUS.get(head.words)
    if not kind:
        return "", 0
    if "/" in head.unit or head.unit in ("元平方公尺", "元平方米"):
        return f"{kind}_unit_price", 50
    if head.unit.startswith("万") or _median(values) >= LARGEST_UNIT_PRICE:
        return f"{kind}_total", 50
    return f"{kind}_unit_price", 50


def _median(values: Sequence[str]) -> float:
    numbers = sorted(float(text.replace(",", "")) for text in values if re.fullmatch(r"[0-9,]+(\.[0-9]+)?", text))
    return numbers[len(numbers) // 2] if numbers else 0


def propose(
    heads: Sequence[Head], columns: Sequence[Sequence[str]], chosen: Mapping[str, str], named: Naming = field_of
) -> list[str]:
    """The field of every column, each field at most once; what a person chose (by folded head) comes before our reading."""
    fields = [""] * len(heads)
    best: dict[str, tuple[int, int]] = {}
    for index, head in enumerate(heads):
        key = fold(head.text)
        name, rank = (chosen[key], -1) if chosen.get(key) in _CHOSEN else named(head, columns[index])
        if name and (name not in best or rank < best[name][0]):
            best[name] = (rank, index)
    for name, (_rank, index) in best.items():
        fields[index] = name
    return fields


def find_heads(sheet: Sheet, chosen: Mapping[str, str], named: Naming = field_of) -> HeadRow | None:
    """The row, or the two rows, with the most heads that we know, in the first rows of the sheet; None when there are none.

    `named` says what a head stands for: a field of a unit, unless a list of something else is read.
    """
    best: HeadRow | None = None
    filled = sheet.with_merged(SCANNED_ROWS + 1)
    for first in range(min(len(sheet.rows), SCANNED_ROWS)):
        for last in (first, first + 1):
            if last < len(sheet.rows):
                found = _read_heads(sheet, filled, first, last, chosen, named)
                if found is not None and (best is None or _worth(found) > _worth(best)):
                    best = found
    return best


def _worth(row: HeadRow) -> tuple[int, bool, int]:
    return sum(map(bool, row.fields)), row.first == row.last, -row.first


def _read_heads(
    sheet: Sheet, filled: Sheet, first: int, last: int, chosen: Mapping[str, str], named: Naming
) -> HeadRow | None:
    top, below = filled.rows[first], filled.rows[last]
    if first != last and any(_PLAIN_NUMBER.fullmatch(text) for text in below):
        return None
    texts = [one if one == two or not two else f"{one}{two}" for one, two in zip(top, below, strict=True)]
    heads = [take_apart(text) if text else Head("", "", "") for text in texts]
    columns = [[row[index] for row in sheet.rows[last + 1 : last + 61]] for index in range(len(heads))]
    if first != last:
        lower = [take_apart(text) for text in below]
        heads = [
            two if not named(one, ())[0] and named(two, ())[0] else one for one, two in zip(heads, lower, strict=True)
        ]
    fields = propose(heads, columns, chosen, named)
    return HeadRow(first, last, heads, fields) if sum(map(bool, fields)) >= 2 else None


def is_list(row: HeadRow | None) -> bool:
    """A list names at least the room and one fact or price of each unit."""
    return (
        row is not None and "room" in row.fields and bool({*row.fields} - {"", "building", "entrance", "floor", "room"})
    )
