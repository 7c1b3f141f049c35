"""Files are taken in with suspicion and handed out with care (quality U1, U2; reliability 3.9)."""

import io
import os
import re
import struct
import time
import zipfile
import zlib
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook
from PIL import Image, ImageDraw

from salescontrol.core import clock, files, options, pictures
from salescontrol.core.errors import NotVisible, Refusal
from salescontrol.core.fields import SEALED
from salescontrol.core.models import Attachment, AuditEvent
from salescontrol.core.permissions import Role
from tests import build

MATERIAL = ("image", "pdf", "document")
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


@pytest.fixture
def someone(db):
    return build.user(Role.SPECIALIST, build.project("AAA"))


def picture(kind: str = "PNG", size=(40, 30), mode: str = "RGB", **options_) -> bytes:
    buffer = io.BytesIO()
    image = Image.new(mode, size)
    ImageDraw.Draw(image).rectangle((2, 2, size[0] // 2, size[1] // 2), fill=1)
    image.save(buffer, kind, **options_)
    return buffer.getvalue()


def take(content: bytes, name: str, by, kinds=MATERIAL) -> Attachment:
    return (
        files.take_in(SimpleUploadedFile("upload", content), by=by, kinds=kinds)
        if name is None
        else _named(content, name, by, kinds)
    )


def _named(content: bytes, name: str, by, kinds) -> Attachment:
    upload = SimpleUploadedFile("upload", content)
    upload._name = name  # What a client may send; Django's own cleaning of multipart names is not relied on.
    return files.take_in(upload, by=by, kinds=kinds)


def refusal(content: bytes, name: str, by, kinds=MATERIAL) -> str:
    with pytest.raises(Refusal) as caught:
        take(content, name, by, kinds)
    assert caught.value.status == 422
    assert caught.value.fields["file"]
    assert not Attachment.objects.exists()
    assert kept() == []
    return caught.value.code


def kept() -> list[str]:
    root = files.path_of(Attachment(sha256="00")).parents[1]
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def stored(attachment: Attachment) -> bytes:
    return files.path_of(attachment).read_bytes()


def office(part: str, **more: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in {"[Content_Types].xml": b"<Types/>", part: b"<x/>", **more}.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def workbook() -> bytes:
    buffer = io.BytesIO()
    Workbook().save(buffer)
    return buffer.getvalue()


# ------------------------------------------------------------------ what is taken


@pytest.mark.parametrize(
    ("name", "content", "content_type"),
    [
        ("plan.png", picture(), "image/png"),
        ("view.jpg", picture("JPEG"), "image/jpeg"),
        ("view.JPEG", picture("JPEG"), "image/jpeg"),
        ("view.webp", picture("WEBP"), "image/webp"),
        ("sheet.pdf", PDF, "application/pdf"),
        ("note.docx", office("word/document.xml"), files.FORMATS[".docx"][0].content_type),
        ("list.xlsx", workbook(), files.FORMATS[".xlsx"][0].content_type),
        ("list.csv", "房号,面积\n301,88.5\n".encode("gbk"), "text/csv"),
    ],
)
def test_material_of_the_allowed_kinds_is_kept(someone, name, content, content_type):
    row = take(content, name, someone)
    assert (row.name, row.content_type, row.uploaded_by) == (name, content_type, someone)
    assert row.size == len(stored(row))


def test_content_is_private_durable_and_kept_once(someone):
    one, two = take(PDF, "a.pdf", someone), take(PDF, "b.pdf", someone)
    assert one.sha256 == two.sha256
    assert kept() == [f"{one.sha256[:2]}/{one.sha256}"]
    assert os.stat(files.path_of(one)).st_mode & 0o777 == 0o600


def test_a_picture_that_is_to_be_sealed_lies_sealed_and_leaves_no_small_version_in_clear(someone):
    upload = SimpleUploadedFile("view.png", picture())
    row = files.take_in(upload, by=someone, kinds=MATERIAL, sealed=True)
    lies = files.path_of(row)
    assert lies.read_bytes().startswith(SEALED)
    assert [path.name for path in lies.parent.iterdir()] == [row.sha256]
    with Image.open(io.BytesIO(files.content_of(row))) as image:
        assert image.size == (40, 30)


def test_a_picture_is_written_anew_upright_and_without_its_metadata(someone):
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "taken at home"
    row = take(picture("JPEG", size=(60, 20), exif=exif, comment=b"secret place"), "view.jpg", someone)
    assert b"home" not in stored(row)
    assert b"secret" not in stored(row)
    with Image.open(files.path_of(row)) as image:
        assert image.size == (20, 60)
        assert not image.getexif()


def test_a_large_picture_is_made_smaller_and_has_a_small_version(someone):
    row = take(picture("PNG", size=(5000, 1000), mode="L"), "plan.png", someone)
    with Image.open(files.path_of(row)) as image, Image.open(str(files.path_of(row)) + pictures.SMALL) as small:
        assert image.size == (4000, 800)
        assert small.size == (640, 128)


@pytest.mark.parametrize(
    ("mode", "kind"), [("CMYK", "JPEG"), ("I;16", "PNG"), ("LA", "PNG"), ("P", "PNG"), ("1", "PNG"), ("RGBA", "WEBP")]
)
def test_abuse_61_unusual_colour_modes_become_plain_pictures(someone, mode, kind):
    image = Image.new(mode, (30, 30))
    buffer = io.BytesIO()
    image.save(buffer, kind)
    name = {"JPEG": "a.jpg", "PNG": "a.png", "WEBP": "a.webp"}[kind]
    with Image.open(files.path_of(take(buffer.getvalue(), name, someone))) as kept_image:
        assert kept_image.mode in ("L", "RGB", "RGBA")


# ------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    "name", ["x.svg", "x.html", "x.php", "x.exe", "x.jpg.html", "x", "x.gif", "x.xlsm", ".png", "x.png.", "x.zip"]
)
@pytest.mark.parametrize("content", [b"<svg onload=alert(1)>", b"MZ\x90\0", PDF])
def test_abuse_59_a_name_outside_the_allow_list_is_refused(someone, name, content):
    assert refusal(content, name, someone) in ("wrong_kind", "content_mismatch")


@pytest.mark.parametrize(
    "content",
    [
        b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
        b"<!doctype html><script>alert(1)</script>",
        b"<?php system($_GET[0]); ?>",
        b"MZ\x90\x00" + b"\0" * 200,
        b"\x7fELF" + b"\0" * 200,
        b"#!/bin/sh\nrm -rf /\n",
        b"GIF89a" + b"\0" * 40,
        b"\0" * 300,
    ],
)
@pytest.mark.parametrize("name", ["x.png", "x.jpg", "x.webp", "x.pdf", "x.docx", "x.xlsx", "x.xls"])
def test_abuse_59_content_that_is_not_what_its_name_says_is_refused(someone, name, content):
    assert refusal(content, name, someone) == "content_mismatch"


def test_abuse_59_a_page_named_csv_is_refused(someone):
    assert refusal(b"\xef\xbb\xbf <html><script>", "x.csv", someone) == "content_mismatch"


def test_a_kind_that_this_place_does_not_take_is_refused(someone):
    assert refusal(PDF, "plan.pdf", someone, kinds=("image",)) == "wrong_kind"


def test_abuse_60_what_hides_behind_a_picture_is_not_kept(someone):
    for kind, name in (("PNG", "a.png"), ("JPEG", "a.jpg"), ("WEBP", "a.webp")):
        row = take(picture(kind) + b"<script>alert(1)</script>" + office("evil.js") + PDF, name, someone)
        content = stored(row)
        assert b"script" not in content
        assert b"PK\x03\x04" not in content
        assert b"%PDF" not in content


def test_abuse_60_a_gif_that_is_a_script_named_jpg_is_refused(someone):
    assert refusal(b"GIF89a/*" + b"\0" * 30 + b"*/=1;alert(1)", "a.jpg", someone) == "content_mismatch"


def test_abuse_60_a_pdf_that_is_also_a_page_is_only_ever_a_download(someone, rf):
    row = take(PDF[:9] + b"<script>alert(1)</script>" + PDF[9:], "x.pdf", someone)
    response = hand_out(row, rf, someone)
    assert response["Content-Disposition"].startswith("attachment")
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    with pytest.raises(NotVisible):
        files.show(row)


def png_of(width: int, height: int) -> bytes:
    """A PNG of one colour, small as a file however large the picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(b"\0" * (1 + width // 8 + 1)) for _ in range(height)) + packer.flush()
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
        + chunk(b"IDAT", rows)
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(("width", "height"), [(13_000, 13_000), (50_000, 50_000), (2_000_000_000, 3)])
def test_abuse_61_a_picture_of_huge_size_is_refused_before_it_is_decoded(someone, width, height):
    content = (
        png_of(width, min(height, 13_000))
        if width < 100_000
        else png_of(8, 3).replace(struct.pack(">I", 8), struct.pack(">I", 2**31 - 1), 1)
    )
    started = clock.now()
    assert refusal(content, "bomb.png", someone) in ("picture_too_large", "picture_damaged", "picture_slow")
    assert clock.now() - started < timedelta(seconds=2)


def test_abuse_61_a_picture_that_lies_about_its_data_is_refused(someone):
    header = png_of(6000, 6000)
    assert refusal(header[:60], "cut.png", someone) == "picture_damaged"


def test_abuse_61_moving_pictures_are_refused(someone):
    frames = [Image.new("RGB", (8, 8), (index % 256, 0, 0)) for index in range(60)]
    for kind, name in (("PNG", "a.png"), ("WEBP", "a.webp")):
        buffer = io.BytesIO()
        frames[0].save(buffer, kind, save_all=True, append_images=frames[1:])
        assert refusal(buffer.getvalue(), name, someone) == "picture_animated"


def test_abuse_61_a_gif_of_600_frames_is_refused_by_its_kind(someone):
    buffer = io.BytesIO()
    frames = [Image.new("P", (4, 4), index % 250) for index in range(600)]
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    assert refusal(buffer.getvalue(), "a.gif", someone) == "wrong_kind"
    assert refusal(buffer.getvalue(), "a.png", someone) == "content_mismatch"


@pytest.mark.parametrize("name", ["photo.heic", "photo.HEIF", "photo.jpg"])
def test_abuse_61_heic_is_refused_with_what_to_do(someone, name):
    assert refusal(b"\0\0\0\x24ftypheic\0\0\0\0mif1heic" + b"\0" * 100, name, someone) == "heic"


@pytest.mark.parametrize("cut", [1, 20, 60, 200, -40, -4])
@pytest.mark.parametrize(("kind", "name"), [("JPEG", "a.jpg"), ("PNG", "a.png"), ("WEBP", "a.webp")])
def test_abuse_61_truncated_pictures_never_break_anything(someone, kind, name, cut):
    content = picture(kind, size=(200, 200))
    try:
        row = take(content[:cut], name, someone)
    except Refusal as refused:
        assert refused.code in ("picture_damaged", "content_mismatch")
    else:
        with Image.open(files.path_of(row)) as image:
            image.load()


def test_abuse_61_random_damage_never_breaks_anything(someone):
    """40 damaged pictures of each kind: kept as a picture that opens, or refused in words."""
    for kind, name in (("JPEG", "a.jpg"), ("PNG", "a.png"), ("WEBP", "a.webp")):
        content = picture(kind, size=(120, 90))
        for step in range(12):
            broken = bytearray(content)
            broken[20 + step * (len(content) - 30) // 12] ^= 0xFF
            try:
                row = take(bytes(broken), name, someone)
            except Refusal as refused:
                assert refused.code in (
                    "picture_damaged", "picture_too_large", "picture_slow", "picture_animated", "content_mismatch"
                )  # fmt: skip
            else:
                with Image.open(files.path_of(row)) as image:
                    image.load()


@pytest.mark.parametrize(
    "extra",
    [
        b"/OpenAction<</S/JavaScript/JS(app.alert(1))>>",
        b"/S/Launch/F(cmd.exe)",
        b"/Encrypt 5 0 R",
        b"/Type/Page " * 20_000,
    ],
)
def test_abuse_62_a_pdf_is_stored_and_never_shown_in_our_pages(someone, rf, extra):
    row = take(b"%PDF-1.7\n" + extra + b"\n%%EOF", "x.pdf", someone)
    response = hand_out(row, rf, someone)
    assert response["Content-Disposition"] == 'attachment; filename="x.pdf"'
    assert response["X-Content-Type-Options"] == "nosniff"
    with pytest.raises(NotVisible):
        files.show(row)


@pytest.mark.parametrize("content", [b"%PDF-1.4\nno end", b"junk %PDF-1.4\n%%EOF", b"%PDF-9\n%%EOF", b"%%EOF"])
def test_abuse_62_a_pdf_without_head_or_end_is_refused(someone, content):
    assert refusal(content, "x.pdf", someone) == "content_mismatch"


def test_a_document_with_macros_is_refused(someone):
    assert (
        refusal(office("word/document.xml", **{"word/vbaProject.bin": b"x"}), "x.docx", someone) == "content_mismatch"
    )
    assert refusal(office("evil.xml"), "x.docx", someone) == "content_mismatch"
    assert refusal(b"PK\x03\x04" + b"\0" * 50, "x.docx", someone) == "content_mismatch"


# ------------------------------------------------------------------ names


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("..\\..\\windows\\a.pdf", "a.pdf"),
        ("CON.pdf", "_CON.pdf"),
        ("nul.pdf", "_nul.pdf"),
        ("invoice\u202efdp.pdf", "invoicefdp.pdf"),
        ("a\r\nSet-Cookie: x=1.pdf", "a Set-Cookie: x=1.pdf"),
        ("a\0b.pdf", "ab.pdf"),
        ("户型图 😀.pdf", "户型图 😀.pdf"),
        ("𠮷田\ud800.pdf", "𠮷田.pdf"),
        ("<img src=x onerror=alert(1)>.pdf", "<img src=x onerror=alert(1)>.pdf"),
        ("x" * 300 + ".pdf", "x" * 146 + ".pdf"),
        ("  .hidden.pdf ", "hidden.pdf"),
    ],
)
def test_abuse_63_a_file_name_is_only_ever_shown(someone, rf, given, shown):
    row = take(PDF, given, someone)
    assert row.name == shown
    assert kept() == [f"{row.sha256[:2]}/{row.sha256}"]
    header = hand_out(row, rf, someone)["Content-Disposition"]
    assert header.startswith("attachment; filename")
    assert "\r" not in header
    assert "\n" not in header
    header.encode("ascii")


def test_abuse_63_a_chinese_name_is_encoded_by_the_standard(someone, rf):
    header = hand_out(take(PDF, "户型图.pdf", someone), rf, someone)["Content-Disposition"]
    assert header == "attachment; filename*=utf-8''%E6%88%B7%E5%9E%8B%E5%9B%BE.pdf"


def test_abuse_63_a_name_of_nothing_becomes_file():
    assert files.shown_name("///") == "file"
    assert files.shown_name("\u202e\u200f") == "file"


# ------------------------------------------------------------------ how much


def test_abuse_64_an_empty_file_and_one_over_the_limit_are_refused(someone, settings):
    settings.UPLOAD_MAX_MB = 1
    assert refusal(b"", "a.pdf", someone) == "empty"
    assert refusal(b"%PDF-1.4" + b"\0" * 1024 * 1024 + b"%%EOF", "a.pdf", someone) == "too_large"


def test_abuse_64_the_real_bytes_count_not_the_stated_size(someone, settings):
    settings.UPLOAD_MAX_MB = 1
    upload = SimpleUploadedFile("a.pdf", b"%PDF-1.4" + b"\0" * 2 * 1024 * 1024)
    upload.size = 10
    with pytest.raises(Refusal) as caught:
        files.take_in(upload, by=someone, kinds=MATERIAL)
    assert caught.value.code == "too_large"
    assert kept() == []


def test_abuse_64_a_person_has_a_quota_for_24_hours(someone):
    options.change(by=someone, project_id=None, changes={"files.daily_count": 3})
    other = build.user(Role.SPECIALIST, build.project("BBB"))
    for name in ("a.pdf", "b.pdf", "c.pdf"):
        take(PDF, name, someone)
    with pytest.raises(Refusal) as caught:
        take(PDF, "d.pdf", someone)
    assert caught.value.code == "quota"
    take(PDF, "e.pdf", other)
    Attachment.objects.filter(uploaded_by=someone).update(uploaded_at=clock.now() - timedelta(hours=25))
    take(PDF, "f.pdf", someone)


def test_abuse_64_the_quota_counts_megabytes_too(someone):
    options.change(by=someone, project_id=None, changes={"files.daily_mb": 1})
    content = b"%PDF-1.4\n" + b"\0" * 700_000 + b"%%EOF"
    take(content, "a.pdf", someone)
    with pytest.raises(Refusal) as caught:
        take(content, "b.pdf", someone)
    assert caught.value.code == "quota"


def test_abuse_64_what_a_killed_upload_left_behind_is_swept(someone, settings):
    take(PDF, "a.pdf", someone)
    folder = settings.MEDIA_ROOT / ".incoming"
    for name, age in (("old", 25), ("running", 1)):
        (folder / name).write_bytes(b"x")
        os.utime(folder / name, (time.time() - age * 3600,) * 2)
    take(PDF, "b.pdf", someone)
    assert [path.name for path in folder.iterdir()] == ["running"]


def test_abuse_73_a_disk_that_is_nearly_full_takes_no_files(someone, settings):
    settings.DISK_LOW_MB = 10**9
    assert refusal(PDF, "a.pdf", someone) == "disk_low"


# ------------------------------------------------------------------ handing out


def hand_out(row: Attachment, rf, by):
    request = rf.get("/")
    request.user = by
    response = files.hand_out(row, request)
    if response.streaming:
        response.file_to_stream.close()  # Closing the answer itself would end the test's own connection.
    return response


def test_a_download_is_inert_and_on_record(someone, rf):
    row = take(PDF, "plan.pdf", someone)
    request = rf.get("/")
    request.user = someone
    response = files.hand_out(row, request)
    assert b"".join(response.streaming_content) == PDF
    response.file_to_stream.close()
    assert response["Content-Type"] == "application/pdf"
    event = AuditEvent.objects.exclude(action="role.build").get()
    assert (event.action, event.actor, event.target_id) == ("file.download", someone, row.pk)


def test_behind_the_proxy_the_bytes_come_from_its_protected_place(someone, rf, settings):
    settings.PROTECTED_FILES_PREFIX = "/protected/"
    row = take(PDF, "plan.pdf", someone)
    response = hand_out(row, rf, someone)
    assert response["X-Accel-Redirect"] == f"/protected/{row.sha256[:2]}/{row.sha256}"
    assert response.content == b""


def test_pictures_are_shown_inline_small_or_whole(someone):
    row = take(picture(size=(1000, 900)), "plan.png", someone)
    sizes = []
    for small in (True, False):
        response = files.show(row, small=small)
        with Image.open(io.BytesIO(b"".join(response.streaming_content))) as image:
            sizes.append(image.size)
        response.file_to_stream.close()
        assert response["Content-Disposition"] == "inline"
        assert response["Content-Security-Policy"] == files.POLICY
    assert sizes == [(640, 576), (1000, 900)]


def test_content_that_is_gone_answers_like_no_file(someone, rf):
    row = take(PDF, "plan.pdf", someone)
    files.path_of(row).unlink()
    with pytest.raises(NotVisible):
        hand_out(row, rf, someone)


def test_every_refusal_says_what_to_do(someone):
    """A refusal is a sentence or more, in words, with a full stop."""
    for content, name in ((b"", "a.pdf"), (b"x", "a.exe"), (b"x", "a.png"), (b"x", "a.heic")):
        with pytest.raises(Refusal) as caught:
            take(content, name, someone)
        assert re.search(r"\w{3,}.*\.$", str(caught.value.message))


def test_abuse_53_a_forgotten_file_is_gone_when_no_other_row_has_its_content(
    someone, django_capture_on_commit_callbacks
):
    first, twin = (take(picture(), f"ID of Zhou Min {n}.png", someone) for n in range(2))
    other = take(PDF, "plan.pdf", someone)
    path, small = files.path_of(first), files.path_of(first).with_name(first.sha256 + pictures.SMALL)
    assert path == files.path_of(twin) and small.is_file()

    with django_capture_on_commit_callbacks(execute=True):
        files.forget([first])
    assert path.is_file() and first.name == ".png"
    with pytest.raises(NotVisible):
        files.show(first)

    with django_capture_on_commit_callbacks(execute=True):
        files.forget([twin])
    assert not path.exists() and not small.exists()
    assert files.path_of(other).is_file()
    assert not Attachment.objects.filter(name__contains="Zhou").exists()


def test_a_sealed_file_lies_encrypted_and_is_dropped_with_the_transaction(someone, django_capture_on_commit_callbacks):
    content = "姓名,电话\n周敏,13800030001\n".encode()
    upload = SimpleUploadedFile("list.csv", content)
    sealed = files.take_in(upload, by=someone, kinds=("sheet",), sealed=True)
    assert content not in files.path_of(sealed).read_bytes()
    assert b"13800030001" not in files.path_of(sealed).read_bytes()
    assert files.content_of(sealed) == content
    with django_capture_on_commit_callbacks(execute=True):
        files.drop(sealed)
        assert files.path_of(sealed).exists()
    with pytest.raises(NotVisible):
        files.content_of(sealed)


def test_a_picture_whose_reading_takes_too_long_is_not_called_too_large(someone, monkeypatch):
    monkeypatch.setattr(pictures, "WALL_SECONDS", 0.001)
    assert refusal(picture(), "plan.png", someone) == "picture_slow"
