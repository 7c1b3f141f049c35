"""A sheet as plain texts, and what every reader of sheets needs to know about a row."""

import re
from dataclasses import dataclass, field

from inventory.rules.text import fold

Area = tuple[int, int, int, int]
_TOTAL = re.compile(r"(合计|小计|总计|共计|累计|总数|汇总|total|subtotal|sum$|grandtotal)")


@dataclass
class Sheet:
    """Texts by row and column from 0 (every row as wide as the widest), and merged areas (top, left, bottom, right)."""

    name: str
    rows: list[list[str]]
    merged: list[Area] = field(default_factory=list)

    @property
    def width(self) -> int:
        return len(self.rows[0]) if self.rows else 0

    def with_merged(self, rows: int) -> "Sheet":
        """A copy of the first rows in which merged areas are filled."""
        copy = Sheet(self.name, [list(row) for row in self.rows[:rows]], self.merged)
        copy.fill_merged()
        return copy

    def fill_merged(self) -> None:
        """Write the text of each merged area into all of its cells."""
        for top, left, bottom, right in self.merged:
            text = self.rows[top][left] if top < len(self.rows) and left < self.width else ""
            if text:
                for row in self.rows[top : bottom + 1]:
                    end = min(right + 1, len(row))
                    row[left:end] = [text] * (end - left)


def is_total(text: str) -> bool:
    """Whether a text begins a row or column of totals."""
    return _TOTAL.match(fold(text)) is not None
