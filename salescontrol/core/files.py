"""Files of people, taken in with suspicion and handed out with care (quality U1, U2; reliability 3.9; abuse 59–64).

Content lies under MEDIA_ROOT by its sha256; the name that somebody gave it is only ever shown, never used as a path. Whoever
calls `hand_out` has checked the row that the file belongs to, in this very request: there are no addresses of files themselves.
"""

import hashlib
import os
import re
import shutil
import tempfile
import time
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import IO, Any
from zipfile import BadZipFile, ZipFile

import puremagic
from django.conf import settings
from django.db import transaction
from django.db.models import Count, Sum
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from salescontrol.core import audit, clock, options, pictures
from salescontrol.core.errors import NotVisible, Refusal
from salescontrol.core.fields import SEALED, seal, unseal
from salescontrol.core.models import Attachment, Level
from salescontrol.core.words import listed

MEGABYTE = 1024 * 1024
HEAD = 4096
LONGEST_NAME = 150
LEFT_BEHIND_SECONDS = 24 * 3600
POLICY = "sandbox; default-src 'none'"
_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HEIC = re.compile(rb"....ftyp(heic|heix|hevc|heim|heis|mif1|msf1|avif)", re.DOTALL)
_PAGE = re.compile(rb"\s*<\s*(!|\?|[a-z])", re.IGNORECASE)
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)", re.IGNORECASE)


@dataclass(frozen=True)
class Format:
    """One kind of file that may be taken in: its type as we serve it, and whether the content is what the name says."""

    kind: str
    content_type: str
    is_it: Callable[[bytes, Path], bool]


def _magic(extension: str) -> Callable[[bytes, Path], bool]:
    def is_it(head: bytes, path: Path) -> bool:
        try:
            return any(match.extension == extension for match in puremagic.magic_string(head))
        except (puremagic.PureError, ValueError):
            return False

    return is_it


def _is_pdf(head: bytes, path: Path) -> bool:
    return re.match(rb"%PDF-[12]\.[0-9]", head) is not None and b"%%EOF" in _tail(path)


def _tail(path: Path) -> bytes:
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - 1024))
        return stream.read()


def _office(part: str) -> Callable[[bytes, Path], bool]:
    """A zip that names the part which such a document must have, and no macros; only the directory is read, nothing unpacked."""

    def is_it(head: bytes, path: Path) -> bool:
        if not head.startswith(b"PK\x03\x04"):
            return False
        try:
            with ZipFile(path) as archive:
                names = set(archive.namelist())
        except (BadZipFile, ValueError, NotImplementedError, UnicodeDecodeError):
            return False
        return part in names and not any(name.endswith("vbaProject.bin") for name in names)

    return is_it


def _is_ole(head: bytes, path: Path) -> bool:
    return head.startswith(_OLE)


def _is_sheet(head: bytes, path: Path) -> bool:
    """A workbook or a text: whether name and content fit together is for the reader of price lists to say, row by row."""
    return head.startswith((b"PK\x03\x04", _OLE)) or _is_text(head)


def _is_text(head: bytes) -> bool:
    return head.startswith((b"\xff\xfe", b"\xfe\xff")) or (b"\0" not in head and not head.startswith(b"MZ"))


def _is_csv(head: bytes, path: Path) -> bool:
    return _is_text(head) and not _PAGE.match(head.removeprefix(b"\xef\xbb\xbf"))


FORMATS: dict[str, tuple[Format, ...]] = {
    ".png": (Format("image", "image/png", _magic(".png")),),
    ".jpg": (Format("image", "image/jpeg", _magic(".jpeg")),),
    ".jpeg": (Format("image", "image/jpeg", _magic(".jpeg")),),
    ".webp": (Format("image", "image/webp", _magic(".webp")),),
    ".pdf": (Format("pdf", "application/pdf", _is_pdf),),
    ".docx": (Format("document", _DOCX, _office("word/document.xml")),),
    ".xlsx": (Format("sheet", _XLSX, _is_sheet), Format("document", _XLSX, _office("xl/workbook.xml"))),
    ".xls": (
        Format("sheet", "application/vnd.ms-excel", _is_sheet),
        Format("document", "application/vnd.ms-excel", _is_ole),
    ),
    ".csv": (Format("sheet", "text/csv", _is_sheet), Format("document", "text/csv", _is_csv)),
}
KINDS = ("image", "pdf", "document", "sheet")


def take_in(
    upload: Any, *, by, kinds: Collection[str], level: str = Level.INTERNAL, sealed: bool = False
) -> Attachment:
    """Keep an uploaded file (`name`, `size`, `chunks()`) of one of `kinds` (of KINDS) and return its row.

    Pictures are decoded within limits in a process of their own, turned upright and written anew, so that nothing but the
    picture is kept. `sealed`: the content is encrypted, so that only `content_of` gives it back (R7.3). Raises Refusal with a
    sentence: too large, empty, of another kind, not what its name says, damaged, quota used up, disk nearly full. The content
    is on disk when this returns; the row comes with the caller's transaction.
    """
    name = shown_name(getattr(upload, "name", "") or "")
    chosen = _format_of(name, kinds)
    _check_room(upload.size, by)
    with _incoming() as (path, stream):
        _copy(upload, stream)
        found = _recognise(path, name, chosen)
        if found.kind == "image":
            with pictures.cleaned(path) as (clean, small):
                if not sealed:
                    return _keep(clean, name, found, by=by, level=level, small=small)
                path.write_bytes(clean.read_bytes())
        if sealed:
            path.write_bytes(seal(path.read_bytes()))
        return _keep(path, name, found, by=by, level=level)


def keep_made(*, name: str, content: bytes, by, level: str = Level.CONFIDENTIAL) -> Attachment:
    """Keep a Word file that the product itself has made, encrypted; it counts in nobody's quota."""
    with _incoming() as (path, stream):
        stream.write(seal(content))
        stream.flush()
        return _keep(path, shown_name(name), FORMATS[".docx"][0], by=by, level=level)


def hand_out_clear(attachment: Attachment, request: HttpRequest, *, project_id: int | None = None) -> HttpResponse:
    """A file that lies encrypted as a download in clear, with the act on record; else as `hand_out`."""
    content = content_of(attachment)
    audit.record("file.download", by=request.user, project_id=project_id, target=attachment)
    return as_download(content, attachment.name, attachment.content_type)


def as_download(content: bytes, name: str, content_type: str = _DOCX) -> HttpResponse:
    """Bytes that were made a moment ago as a download, inert in a browser."""
    response = HttpResponse(content, content_type=content_type)
    response["Content-Security-Policy"] = POLICY
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Disposition"] = content_disposition_header(True, shown_name(name))
    return response


def hand_out(attachment: Attachment, request: HttpRequest, *, project_id: int | None = None) -> HttpResponseBase:
    """The file as a download, with the act on record. The caller has checked the row it belongs to (quality U2, abuse 35).

    Raises NotVisible when the content is not on this disk.
    """
    response = _answer(attachment.path, attachment.content_type)
    audit.record("file.download", by=request.user, project_id=project_id, target=attachment)
    response["Content-Disposition"] = content_disposition_header(True, attachment.name)
    return response


def show(attachment: Attachment, *, small: bool = False) -> HttpResponseBase:
    """A picture for an `<img>`: only what was written anew here is ever shown in our own pages. Raises NotVisible for other kinds."""
    if not is_picture(attachment):
        raise NotVisible(_("This file cannot be shown, only downloaded."))
    response = _answer(attachment.path + (pictures.SMALL if small else ""), attachment.content_type)
    response["Content-Disposition"] = "inline"
    return response


def is_picture(attachment: Attachment) -> bool:
    return attachment.content_type.startswith("image/")


def forget(attachments: Iterable[Attachment]) -> None:
    """Take kept files away for good, each when no other row is of the same content (R7.6, abuse 53). The rows stay for whatever
    names them, under no name. The content goes when the transaction has ended well."""
    for row in attachments:
        row.name = row.name[row.name.rfind(".") :] if "." in row.name else "–"
        if row.sha256:
            transaction.on_commit(partial(_unlink, row.sha256, path_of(row)))
        row.sha256 = ""
        row.save(update_fields=["name", "sha256"])


def _unlink(sha256: str, path: Path) -> None:
    """Unless somebody handed the same content in meanwhile."""
    if Attachment.objects.filter(sha256=sha256).exists():
        return
    for kept in (path, path.with_name(path.name + pictures.SMALL)):
        kept.unlink(missing_ok=True)


def path_of(attachment: Attachment) -> Path:
    """Where the content lies on this machine's MEDIA_ROOT."""
    return Path(settings.MEDIA_ROOT) / attachment.path


def content_of(attachment: Attachment) -> bytes:
    """The clear content of a file that was taken in sealed. Raises NotVisible when it is not on this disk any more."""
    try:
        return unseal(path_of(attachment).read_bytes())
    except FileNotFoundError as error:
        raise NotVisible(_("This file is not here any more.")) from error


def sealed() -> Iterator[Attachment]:
    """Every file that lies encrypted on this disk."""
    for row in Attachment.objects.exclude(sha256="").order_by("pk").iterator(chunk_size=500):
        with suppress(FileNotFoundError), path_of(row).open("rb") as stream:
            if stream.read(len(SEALED)) == SEALED:
                yield row


def seal_again(pk: int) -> None:
    """Encrypt a sealed file under the first key; the older content goes once the transaction stands. Needs the caller's transaction.

    Raises InvalidToken when none of the keys opens it.
    """
    row = Attachment.objects.select_for_update(no_key=True).get(pk=pk)
    old = path_of(row)
    content = seal(unseal(old.read_bytes()))
    row.sha256, row.size = hashlib.sha256(content).hexdigest(), len(content)
    with _incoming() as (path, stream):
        stream.write(content)
        stream.flush()
        _put(path, path_of(row))
    row.save(update_fields=["sha256", "size"])
    transaction.on_commit(lambda: old.unlink(missing_ok=True))


def drop(attachment: Attachment) -> None:
    """Forget the content of a sealed file, which no other row can share, once the transaction stands; its row keeps who handed it
    in, and under which name. Repeatable."""
    path = path_of(attachment)
    transaction.on_commit(lambda: path.unlink(missing_ok=True))


def shown_name(name: str) -> str:
    """The name as it is shown and offered to a browser: one line, no path, no control or direction marks, not too long (abuse 63)."""
    name = unicodedata.normalize("NFC", re.split(r"[/\\]", name.encode("utf-8", "ignore").decode())[-1])
    name = "".join(
        " " if c in "\t\r\n" else c
        for c in name
        if c in "\t\r\n" or unicodedata.category(c) not in ("Cc", "Cf", "Co", "Cn")
    )
    name = re.sub(r"\s+", " ", name).strip(" .") or "file"
    stem, dot, extension = name.rpartition(".")
    if dot and len(name) > LONGEST_NAME:
        name = f"{stem[: LONGEST_NAME - len(extension) - 1]}.{extension}"[:LONGEST_NAME]
    return f"_{name}" if _RESERVED.match(name) else name[:LONGEST_NAME]


def _format_of(name: str, kinds: Collection[str]) -> Format:
    extension = Path(name).suffix.lower()
    if extension in (".heic", ".heif", ".avif"):
        raise _heic()
    found = next((item for item in FORMATS.get(extension, ()) if item.kind in kinds), None)
    if found is None:
        allowed = sorted(
            name.removeprefix(".") for name, items in FORMATS.items() for item in items if item.kind in kinds
        )
        raise _refused(
            _("Files of this kind are not taken. Choose one of: %(kinds)s.")
            % {"kinds": listed(dict.fromkeys(allowed))},
            "wrong_kind",
        )
    return found


def _recognise(path: Path, name: str, chosen: Format) -> Format:
    """The format, when the content agrees with the name; the name and the browser's word alone are not believed."""
    with path.open("rb") as stream:
        head = stream.read(HEAD)
    if _HEIC.match(head):
        raise _heic()
    if not chosen.is_it(head, path):
        raise _refused(
            _(
                "“%(name)s” is damaged, or something else than its name says. Open it, save it again in that format and try once more."
            )
            % {"name": name},
            "content_mismatch",
        )
    return chosen


def _check_room(size: int, by) -> None:
    """Size, the day's quota of this user, and the disk (abuse 64, quality C3)."""
    if not size:
        raise _refused(_("The file is empty."), "empty")
    if size > settings.UPLOAD_MAX_MB * MEGABYTE:
        raise _too_large()
    root = _root()
    if shutil.disk_usage(root).free - size < settings.DISK_LOW_MB * MEGABYTE:
        raise _refused(
            _("The disk is nearly full, so no files are taken now. The system administrator can make room."), "disk_low"
        )
    day = Attachment.objects.filter(uploaded_by=by, uploaded_at__gt=clock.now() - timedelta(days=1))
    used = day.aggregate(count=Count("pk"), size=Sum("size"))
    limits = options.values()
    if used["count"] >= limits["files.daily_count"] or (used["size"] or 0) + size > limits["files.daily_mb"] * MEGABYTE:
        raise _refused(
            _("You have handed in as many files as one person may in 24 hours (%(count)s files, %(size)s MB). The system "
              "administrator can raise this limit in the settings.")
            % {"count": limits["files.daily_count"], "size": limits["files.daily_mb"]},
            "quota",
        )  # fmt: skip


def _root() -> Path:
    root = Path(settings.MEDIA_ROOT)
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    return root


@contextmanager
def _incoming() -> Iterator[tuple[Path, IO[bytes]]]:
    """A private file beside the kept ones, gone when the block ends whatever happens."""
    folder = _root() / ".incoming"
    folder.mkdir(exist_ok=True, mode=0o700)
    _sweep(folder)
    handle, name = tempfile.mkstemp(dir=folder)
    try:
        with os.fdopen(handle, "wb") as stream:
            yield Path(name), stream
    finally:
        Path(name).unlink(missing_ok=True)


def _sweep(folder: Path) -> None:
    """Remove what a killed process left behind more than a day ago."""
    for path in folder.iterdir():
        with suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > LEFT_BEHIND_SECONDS:
                path.unlink()


def _copy(upload: Any, stream: IO[bytes]) -> None:
    """Write the upload to disk, counting real bytes."""
    limit, written = settings.UPLOAD_MAX_MB * MEGABYTE, 0
    for chunk in upload.chunks():
        written += len(chunk)
        if written > limit:
            raise _too_large()
        stream.write(chunk)
    stream.flush()


def _keep(path: Path, name: str, found: Format, *, by, level: str, small: Path | None = None) -> Attachment:
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    row = Attachment(
        name=name, content_type=found.content_type, size=path.stat().st_size, sha256=digest, level=level, uploaded_by=by
    )
    _put(path, path_of(row))
    if small is not None:
        _put(small, path_of(row).with_name(digest + pictures.SMALL))
    row.save()
    return row


def _put(source: Path, target: Path) -> None:
    """Copy to a private file in the target's folder, make it durable, and only then give it its name."""
    if target.exists() and target.stat().st_size == source.stat().st_size:
        return
    target.parent.mkdir(exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as stream, source.open("rb") as content:
            shutil.copyfileobj(content, stream)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(name, target)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _answer(path: str, content_type: str) -> HttpResponseBase:
    """The bytes: by the proxy where there is one, else by ourselves; inert in a browser either way."""
    full = Path(settings.MEDIA_ROOT) / path
    if not full.is_file():
        raise NotVisible(_("This file is not here any more."))
    response: HttpResponseBase
    if settings.PROTECTED_FILES_PREFIX:
        response = HttpResponse(content_type=content_type)
        response["X-Accel-Redirect"] = f"{settings.PROTECTED_FILES_PREFIX.rstrip('/')}/{path}"
    else:
        response = FileResponse(full.open("rb"), content_type=content_type)
    response["Content-Security-Policy"] = POLICY
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _too_large() -> Refusal:
    message = _("The file is larger than %(limit)s MB. Make it smaller and try again.")
    return _refused(message % {"limit": settings.UPLOAD_MAX_MB}, "too_large")


def _heic() -> Refusal:
    return _refused(
        _("Pictures in HEIC or AVIF format cannot be shown in every browser. Save the picture as JPEG (on an iPhone: Settings, Camera, "
          "Formats, Most Compatible) and hand it in again."),
        "heic",
    )  # fmt: skip


def _refused(message: str, code: str) -> Refusal:
    return Refusal(message, code=code, fields={"file": [message]})
