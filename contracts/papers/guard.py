"""A Word file from somewhere is opened only after this look at it: a document, and nothing that runs, fetches or explodes."""

import io
import re
from urllib.parse import urlsplit
from zipfile import BadZipFile, ZipFile

from django.utils.translation import gettext as _
from lxml import etree

from salescontrol.core.errors import Refusal

MOST_PARTS = 400
MOST_BYTES = 30 * 1024 * 1024
MOST_XML = 2 * 1024 * 1024
MOST_TAGS = 1000
# One field or instruction, within one paragraph. Braces that are no part of one are refused: what reads a template further on looks
# for the other end of each, and would look for a very long time.
_TAG = re.compile(r"\{\{[^{}\n]{0,200}\}\}|\{%[^{}\n]{0,200}%\}|\{#[^{}\n]{0,200}#\}")
# Instructions about the look of cells and runs, and about blanks: nothing that a letter needs.
_LAYOUT = re.compile(r"\{%\s*(colspan|cellbg|vm|hm)\b|\{[{%]r\s|\{[{%#][-+]|[-+][}%#]\}")
PICTURES = frozenset({"png", "jpg", "jpeg", "gif", "bmp", "tif", "tiff", "emf", "wmf", "odttf"})
_WRITTEN = ("xml", "rels")
# Instructions of Word that fetch or run something when the file is opened.
_FETCHES = re.compile(
    r"\b(DDE|DDEAUTO|INCLUDETEXT|INCLUDEPICTURE|INCLUDE|IMPORT|LINK|DATABASE|MACROBUTTON|RD|EMBED)\b", re.IGNORECASE
)
_FOREIGN = frozenset({"altChunk", "OLEObject", "control", "subDoc"})
_HYPERLINK = "/hyperlink"
_PARSER = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False}


def refused(message: str, code: str) -> Refusal:
    return Refusal(message, code=code, fields={"file": [message]})


def check(content: bytes) -> None:
    """Raise Refusal (`damaged`, `too_large`, `embedded`, `macros`, `entities`, `external`) unless the file is a plain document."""
    try:
        with ZipFile(io.BytesIO(content)) as archive:
            parts = _parts(archive)
    except (BadZipFile, ValueError, NotImplementedError, EOFError, OSError, RuntimeError) as error:
        raise _damaged() from error
    trees = {name: _tree(data) for name, data in parts.items()}
    if "word/document.xml" not in trees or "[Content_Types].xml" not in trees:
        raise _damaged()
    for name, tree in trees.items():
        _check_part(name, tree)


def _damaged() -> Refusal:
    return refused(
        _("This is no Word document that can be read. Save it in Word as .docx and try once more."), "damaged"
    )


def _parts(archive: ZipFile) -> dict[str, bytes]:
    """The written parts of the file, unpacked within limits; whatever they claim to hold, real bytes are counted."""
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    names = [entry.filename for entry in entries]
    if len(entries) > MOST_PARTS or len(set(names)) != len(names):
        raise _too_large()
    left, written = MOST_BYTES, {}
    for entry in entries:
        suffix = entry.filename.rpartition(".")[2].lower()
        if suffix not in _WRITTEN and suffix not in PICTURES:
            raise _embedded(entry.filename)
        limit = min(left, MOST_XML if suffix in _WRITTEN else left)
        with archive.open(entry) as stream:
            data = stream.read(limit + 1)
        if len(data) > limit:
            raise _too_large()
        left -= len(data)
        if suffix in _WRITTEN:
            written[entry.filename] = data
    return written


def _too_large() -> Refusal:
    return refused(
        _(
            "Unpacked, this file is too large for a template. Take out what is not needed and make its pictures smaller."
        ),
        "too_large",
    )


def _embedded(name: str) -> Refusal:
    if "vba" in name.lower() or "macro" in name.lower():
        return _macros()
    return refused(
        _("The file holds something that is no text and no picture (%(part)s). Take it out in Word and save it anew.")
        % {"part": name[-60:]},
        "embedded",
    )


def _macros() -> Refusal:
    return refused(_("The file holds macros. Save it in Word as a document without macros (.docx)."), "macros")


def _tree(data: bytes):
    try:
        tree = etree.fromstring(data, etree.XMLParser(**_PARSER))
    except (etree.XMLSyntaxError, ValueError) as error:
        raise _damaged() from error
    info = tree.getroottree().docinfo
    if info.doctype or info.internalDTD is not None:
        raise refused(
            _("The file declares entities of its own, which no Word document needs. It is not taken."), "entities"
        )
    return tree


def _check_part(name: str, tree) -> None:
    if name == "[Content_Types].xml":
        _check_types(tree)
    if name.endswith(".rels"):
        for relation in tree.iter("{*}Relationship"):
            _check_relation(relation)
    instructions = []
    for element in tree.iter(etree.Element):
        local = etree.QName(element).localname
        if local in _FOREIGN:
            raise _embedded(local)
        if local == "instrText":
            instructions.append(element.text or "")
        elif local == "fldSimple":
            instructions += [" ", *(value for key, value in element.attrib.items() if key.endswith("}instr")), " "]
        elif local == "fldChar":
            instructions.append(" ")
    if found := _FETCHES.search("".join(instructions)):
        raise _external(found[0].upper())
    _check_tags(tree)


def _check_tags(tree) -> None:
    """Fields stand in the text only, each whole in its paragraph, and not too many."""
    pieces = []
    for element in tree.iter():
        hidden = not isinstance(element.tag, str) or re.search(r"[{}]", element.tail or "")
        if hidden or any(re.search(r"\{[{%#]|[}%#]\}", value) for value in element.attrib.values()):
            raise _stray(element.tag if isinstance(element.tag, str) else str(element)[:60])
        pieces += ["\n" if etree.QName(element).localname == "p" else "", element.text or ""]
    text = "".join(pieces)
    tags = _TAG.findall(text)
    if len(tags) > MOST_TAGS:
        raise _too_large()
    if odd := next((tag for tag in tags if _LAYOUT.search(tag)), ""):
        raise _stray(odd)
    if found := re.search(r"[^\n]{0,40}[{}][^\n]{0,40}", _TAG.sub("", text)):
        raise _stray(found[0])


def _stray(near: str) -> Refusal:
    return refused(
        _("A field is not written right: its braces do not match, or it holds what a field may not. Near: “%(near)s”. A field is "
          "written {{ total }}, whole in one paragraph.") % {"near": " ".join(near.split())[:120]},
        "syntax",
    )  # fmt: skip


def _check_types(tree) -> None:
    """What is written is named so: nothing else may be declared to be a document."""
    for entry in tree.iter(etree.Element):
        kind = (entry.get("ContentType") or "").lower()
        if "macroenabled" in kind or "vba" in kind:
            raise _macros()
        called = entry.get("Extension") or (entry.get("PartName") or "").rpartition(".")[2]
        if kind.endswith("xml") and called and called.lower() not in _WRITTEN:
            raise _damaged()


def _check_relation(relation) -> None:
    """Links that somebody clicks may stay; whatever Word fetches by itself may not."""
    if (relation.get("TargetMode") or "").lower() != "external":
        return
    target = relation.get("Target") or ""
    clicked = (relation.get("Type") or "").endswith(_HYPERLINK)
    if not clicked or urlsplit(target).scheme.lower() not in ("http", "https", "mailto"):
        raise _external(target)


def _external(what: str) -> Refusal:
    return refused(
        _(
            "The file fetches something from outside when it is opened (%(what)s). Put pictures and texts into the file itself."
        )
        % {"what": what[:80]},
        "external",
    )
