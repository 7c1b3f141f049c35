"""Word files that the tests of papers hand over, kind ones and hostile ones."""

import io
from zipfile import ZIP_DEFLATED, ZipFile

from django.core.files.uploadedfile import SimpleUploadedFile
from docx import Document


def document(*texts: str) -> bytes:
    """A document with these paragraphs."""
    made = Document()
    for text in texts:
        made.add_paragraph(text)
    return saved(made)


def saved(made) -> bytes:
    stream = io.BytesIO()
    made.save(stream)
    return stream.getvalue()


def changed(content: bytes, **parts) -> bytes:
    """The same file with parts replaced or added: name (`/` as `__`) → bytes, or what makes them of the old ones."""
    source, stream = ZipFile(io.BytesIO(content)), io.BytesIO()
    named = {name.replace("__", "/").replace("_DOT_", "."): part for name, part in parts.items()}
    with ZipFile(stream, "w", ZIP_DEFLATED) as target:
        for name in [*source.namelist(), *(name for name in named if name not in source.namelist())]:
            old = source.read(name) if name in source.namelist() else b""
            part = named.get(name, old)
            target.writestr(name, part(old) if callable(part) else part)
    return stream.getvalue()


def upload(content: bytes, name: str = "letter.docx") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def texts(content: bytes) -> list[str]:
    """Every paragraph and cell of a document, read again."""
    made = Document(io.BytesIO(content))
    cells = [cell.text for table in made.tables for row in table.rows for cell in row.cells]
    return [*(paragraph.text for paragraph in made.paragraphs), *cells]
