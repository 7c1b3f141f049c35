"""What a file must be before anything parses it: the right kind, and no larger unpacked than we agreed to (reliability 3.9)."""

import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler

from defusedxml.common import DefusedXmlException
from defusedxml.expatreader import create_parser

from inventory.rules.numbers import FORMULA_WITHOUT_VALUE

from .refusals import Refused

MAX_ENTRIES = 200
MAX_UNPACKED = 100 * 1024 * 1024
MAX_RATIO = 100
MAX_ROWS = 20_000
MAX_COLUMNS = 200
CHUNK = 64 * 1024
EXTENSIONS = (".xlsx", ".xls", ".csv")
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PAGE = re.compile(rb"<\s*(!doctype\s+html|html|head|body|table|meta|script|\?xml)", re.IGNORECASE)
_REFERENCE = re.compile(r"([A-Z]{1,4})([0-9]{1,9})")


def too_large() -> Refused:
    return Refused("too_large", rows=MAX_ROWS, columns=MAX_COLUMNS, megabytes=MAX_UNPACKED // 1024 // 1024)


@dataclass
class Flaws:
    """Cells that the reader would show as empty: errors, and formulas without a stored result. By part, row and column from 0."""

    cells: dict[str, dict[tuple[int, int], str]] = field(default_factory=dict)


def check(path: Path, name: str) -> tuple[str, Flaws]:
    """The kind of the file (`.xlsx`, `.xls`, `.csv`) when its name and content agree and it is safe to parse.

    Raises Refused with a sentence otherwise (abuse 55–57). Only the workbook kinds are looked into here.
    """
    extension = Path(name).suffix.lower()
    if extension == ".xlsm":
        raise Refused("macros")
    if extension not in EXTENSIONS:
        raise Refused("wrong_extension")
    with path.open("rb") as stream:
        start = stream.read(4096)
    if not start:
        raise Refused("empty")
    found = _kind(start)
    if found == "html":
        raise Refused("web_page", extension=extension)
    if found == ".xls" and _holds(path, "EncryptedPackage"):
        raise Refused("password")
    if found != extension:
        raise Refused("content_mismatch", extension=extension, found=found)
    if found == ".xls" and _holds(path, "_VBA_PROJECT_CUR"):
        raise Refused("macros")
    return extension, check_archive(path) if extension == ".xlsx" else Flaws()


def _kind(start: bytes) -> str:
    if start.startswith(_ZIP):
        return ".xlsx"
    if start.startswith(_OLE):
        return ".xls"
    if start.startswith(
        (b"%PDF", b"MZ", b"\x7fELF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b")
    ):
        return "binary"
    if _PAGE.match(start.lstrip(b"\xef\xbb\xbf \t\r\n")):
        return "html"
    return ".csv"


def _holds(path: Path, stream_name: str) -> bool:
    return stream_name.encode("utf-16-le") in path.read_bytes()


def check_archive(path: Path) -> Flaws:
    """Walk every part of an .xlsx once: counted in real bytes, XML without entities, cells within the limits."""
    flaws = Flaws()
    try:
        with zipfile.ZipFile(path) as archive:
            _check_directory(archive)
            left = MAX_UNPACKED
            for entry in archive.infolist():
                with archive.open(entry) as stream:
                    left = _walk(stream, entry, left, flaws)
    except DefusedXmlException as error:
        raise Refused("entities") from error
    except (zipfile.BadZipFile, zipfile.LargeZipFile, SAXParseException, zlib.error) as error:
        raise Refused("unreadable") from error
    except (EOFError, OSError, NotImplementedError, ValueError) as error:
        raise Refused("unreadable") from error
    return flaws


def _check_directory(archive: zipfile.ZipFile) -> None:
    entries = archive.infolist()
    names = {entry.filename for entry in entries}
    if any(entry.flag_bits & 0x1 for entry in entries):
        raise Refused("password")
    if len(entries) > MAX_ENTRIES or sum(entry.file_size for entry in entries) > MAX_UNPACKED:
        raise too_large()
    if any(_bomb(entry.file_size, entry.compress_size) for entry in entries):
        raise too_large()
    if any(name.endswith("vbaProject.bin") for name in names):
        raise Refused("macros")
    if "xl/workbook.xml" not in names:
        raise Refused("content_mismatch", extension=".xlsx", found="zip")


def _bomb(size: int, packed: int) -> bool:
    return size > 1024 * 1024 and size > MAX_RATIO * max(packed, 1)


def _walk(stream: IO[bytes], entry: zipfile.ZipInfo, left: int, flaws: Flaws) -> int:
    """Read one part to its end, feeding XML to a parser that refuses entities; the bytes that are still allowed."""
    parser = handler = None
    if entry.filename.endswith((".xml", ".rels", ".vml")):
        parser, handler = create_parser(forbid_dtd=True), _Cells(entry.filename.startswith("xl/worksheets/"))
        parser.setContentHandler(handler)
    size = 0
    for chunk in _chunks(stream):
        size += len(chunk)
        if size > left or _bomb(size, entry.compress_size):
            raise too_large()
        if parser is not None:
            parser.feed(chunk)
    if parser is not None and handler is not None and size:
        parser.close()
        flaws.cells[entry.filename] = handler.flaws
    return left - size


def _chunks(stream: IO[bytes]) -> Iterator[bytes]:
    while chunk := stream.read(CHUNK):
        yield chunk


class _Cells(ContentHandler):
    """Counts rows and columns that hold something, and notes error cells and formulas without a stored result."""

    def __init__(self, sheet: bool) -> None:
        super().__init__()
        self.sheet = sheet
        self.flaws: dict[tuple[int, int], str] = {}
        self.row, self.column = 0, -1
        self.type, self.formula, self.valued = "", False, False
        self.text: list[str] | None = None

    def startElement(self, name, attrs) -> None:
        if not self.sheet:
            return
        tag = name.rpartition(":")[2]
        if tag == "row":
            self.row = _number(attrs.get("r")) - 1 if attrs.get("r") else self.row + 1
            self.column = -1
        elif tag == "c":
            self.column = self._column(attrs.get("r"))
            self.type, self.formula, self.valued = attrs.get("t", "n"), False, False
        elif tag in ("v", "is"):
            self.text = []
        elif tag == "f":
            self.formula = True

    def _column(self, reference: str | None) -> int:
        if not reference:
            return self.column + 1
        found = _REFERENCE.fullmatch(reference)
        if not found:
            raise Refused("unreadable")
        self.row = int(found[2]) - 1
        column = 0
        for character in found[1]:
            column = column * 26 + ord(character) - 64
        return column - 1

    def _hold(self) -> None:
        self.valued = True
        if self.row >= MAX_ROWS + 1 or self.column >= MAX_COLUMNS:
            raise too_large()

    def characters(self, content) -> None:
        if self.text is not None:
            self.text.append(content)

    def endElement(self, name) -> None:
        tag = name.rpartition(":")[2]
        if tag in ("v", "is") and self.text is not None:
            content, self.text = "".join(self.text), None
            if content:
                self._hold()
            if content and self.type == "e":
                self.flaws[self.row, self.column] = content[:20]
        elif tag == "c" and self.formula and not self.valued:
            self._hold()
            self.flaws[self.row, self.column] = FORMULA_WITHOUT_VALUE


def _number(text: str) -> int:
    if not text.isdigit() or len(text) > 9:
        raise Refused("unreadable")
    return int(text)
