"""A paper read again, as text in its order: what is printed from a page is what stands in the file."""

import io
from collections.abc import Iterator
from dataclasses import dataclass

from docx import Document
from docx.table import Table


@dataclass(frozen=True)
class Block:
    """A heading, a paragraph, or the rows of a table."""

    style: str
    text: str = ""
    rows: tuple[tuple[str, ...], ...] = ()


def blocks(content: bytes) -> Iterator[Block]:
    """The paper's headings, paragraphs and tables."""
    for part in Document(io.BytesIO(content)).iter_inner_content():
        if isinstance(part, Table):
            yield Block("table", rows=tuple(tuple(_cells(row)) for row in part.rows))
            continue
        name = (part.style.name or "").lower() if part.style else ""
        style = "title" if name == "title" else "heading" if name.startswith("heading") else "text"
        if part.text.strip():
            yield Block(style, part.text)


def _cells(row) -> Iterator[str]:
    """Each cell once, also where it is merged with its neighbour."""
    seen = None
    for cell in row.cells:
        if cell._tc is not seen:
            yield cell.text
        seen = cell._tc
