"""Files that mean harm, or are not what they say: refused in words, never a crash, never for long (abuse 55–58)."""

import time
import zipfile

import pytest

from inventory.importing import Refused, read_file, refusal_message
from inventory.importing.guard import MAX_COLUMNS, MAX_ROWS
from tests.inventory.workbooks import HEADS, price_list, repacked, row, sheet_xml, workbook

SHEET = "xl/worksheets/sheet1.xml"


def refusal(path, name="") -> str:
    """The code of the refusal; the sentence can be made in every case."""
    with pytest.raises(Refused) as caught:
        read_file(path, name=name or path.name)
    assert refusal_message(caught.value.code, caught.value.params)
    return caught.value.code


@pytest.fixture
def good(tmp_path):
    return price_list(tmp_path / "good.xlsx", row())


def test_abuse_55_a_bomb_is_refused_by_its_ratio_before_it_is_parsed(good):
    repacked(good, {SHEET: sheet_xml("<row r='1'>" + " " * 60_000_000 + "</row>")})
    started = time.monotonic()
    assert refusal(good) == "too_large"
    assert time.monotonic() - started < 5


def test_abuse_55_a_bomb_that_lies_about_its_size_is_counted_in_real_bytes(good):
    repacked(good, {SHEET: sheet_xml("<row r='1'>" + "0123456789abcdef" * 1_000_000 + "</row>")})
    content = bytearray(good.read_bytes())
    with zipfile.ZipFile(good) as archive:
        size = archive.getinfo(SHEET).file_size
    for place in (content.find(size.to_bytes(4, "little")), content.rfind(size.to_bytes(4, "little"))):
        content[place : place + 4] = (1000).to_bytes(4, "little")
    good.write_bytes(content)
    assert refusal(good) in ("too_large", "unreadable")


def test_abuse_55_too_many_parts(good):
    repacked(good, {f"xl/media/{number}.bin": b"x" for number in range(201)})
    assert refusal(good) == "too_large"


@pytest.mark.parametrize(
    "cell", ["<c r='XFD1048576'><v>1</v></c>", f"<c r='A{MAX_ROWS + 2}'><v>1</v></c>", "<c r='ZZZ1'><v>1</v></c>"]
)
def test_abuse_55_cells_beyond_the_limits_are_refused_before_memory_is_taken(good, cell):
    repacked(
        good, {SHEET: sheet_xml(f"<row r='1'><c r='A1'><v>1</v></c></row><row>{cell}</row>", dimension="A1:XFD1048576")}
    )
    assert refusal(good) == "too_large"


def test_abuse_55_a_declared_dimension_alone_costs_nothing(good):
    def line(number, texts):
        cells = (
            f"<c r='{letter}{number}' t='inlineStr'><is><t>{text}</t></is></c>"
            for letter, text in zip("ABCD", texts, strict=True)
        )
        return f"<row r='{number}'>{''.join(cells)}</row>"

    rows = (
        line(1, ("楼栋", "楼层", "房号", "面积")) + line(2, "1711") + "<row r='1048576'><c r='A1048576' s='0'/></row>"
    )
    repacked(good, {SHEET: sheet_xml(rows, dimension="A1:XFD1048576")})
    assert len(read_file(good, name="good.xlsx").rows) == 1


def test_abuse_55_too_many_columns_in_a_text_file(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(",".join(["x"] * (MAX_COLUMNS + 1)), encoding="utf-8")
    assert refusal(path) == "too_large"


def test_abuse_55_too_many_rows_in_a_text_file(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("楼栋,楼层,房号,面积\n" + "1,1,1,1\n" * (MAX_ROWS + 1), encoding="utf-8")
    assert refusal(path) == "too_large"


def test_abuse_55_the_largest_list_that_is_allowed_is_read(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("楼栋,楼层,房号,面积\n" + "1,1,1,1\n" * MAX_ROWS, encoding="utf-8")
    assert len(read_file(path, name="a.csv").rows) == MAX_ROWS


def test_abuse_56_entities_are_refused(good):
    head = '<!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    repacked(good, {SHEET: sheet_xml("<row r='1'><c r='A1' t='inlineStr'><is><t>&b;</t></is></c></row>", head=head)})
    assert refusal(good) == "entities"


@pytest.mark.parametrize(
    "part", ["xl/sharedStrings.xml", "[Content_Types].xml", "xl/_rels/workbook.xml.rels", "docProps/app.xml"]
)
def test_abuse_56_entities_are_refused_in_every_part(good, part):
    repacked(good, {part: b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'})
    assert refusal(good) == "entities"


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.xlsm", b"PK\x03\x04", "macros"),
        ("a.ods", b"PK\x03\x04", "wrong_extension"),
        ("a.exe", b"MZ", "wrong_extension"),
        ("a", b"x", "wrong_extension"),
        ("a.xls", b"<html><table><tr><td>1</td></tr></table></html>", "web_page"),
        ("a.xls", b"\xef\xbb\xbf \r\n<!DOCTYPE html><html></html>", "web_page"),
        ("a.xls", b'<?xml version="1.0"?><Workbook/>', "web_page"),
        ("a.csv", b"<table></table>", "web_page"),
        ("a.xlsx", "楼栋,楼层".encode(), "content_mismatch"),
        ("a.xls", "楼栋,楼层".encode("gbk"), "content_mismatch"),
        ("a.csv", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "content_mismatch"),
        ("a.csv", b"PK\x03\x04" + b"\0" * 100, "content_mismatch"),
        ("a.csv", b"%PDF-1.7", "content_mismatch"),
        ("a.csv", "楼栋\0,楼层".encode(), "content_mismatch"),
        ("a.xlsx", b"PK\x03\x04" + b"\0" * 100, "unreadable"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "unreadable"),
        ("a.csv", b"\xff\xfe\xff", "charset"),
        ("a.csv", b"\x81\x20\xff\xff\x80", "charset"),
        ("a.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "password"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "_VBA_PROJECT_CUR".encode("utf-16-le"), "macros"),
    ],
)  # fmt: skip
def test_abuse_57_a_file_must_be_what_its_name_says(tmp_path, name, content, code):
    path = tmp_path / "upload"
    path.write_bytes(content)
    assert refusal(path, name) == code


def test_abuse_57_an_xlsx_named_xls_and_the_reverse_are_refused_with_what_was_found(good, tmp_path):
    with pytest.raises(Refused) as caught:
        read_file(good, name="list.xls")
    assert (caught.value.code, caught.value.params) == ("content_mismatch", {"extension": ".xls", "found": ".xlsx"})


def test_abuse_57_macros_inside_an_xlsx(good):
    repacked(good, {"xl/vbaProject.bin": b"x"})
    assert refusal(good) == "macros"


def test_abuse_57_a_zip_that_is_no_workbook(tmp_path):
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../etc/passwd", "x")
    assert refusal(path) == "content_mismatch"


def test_abuse_57_cut_off_and_damaged_workbooks(good):
    content = good.read_bytes()
    for size in (100, len(content) // 2, len(content) - 10):
        good.write_bytes(content[:size])
        assert refusal(good) == "unreadable"
    good.write_bytes(content)
    repacked(good, {SHEET: b"<worksheet><sheetData><row>"})
    assert refusal(good) == "unreadable"


def test_abuse_57_a_part_that_names_impossible_cells(good):
    repacked(good, {SHEET: sheet_xml("<row r='x'><c r='1A'><v>1</v></c></row>")})
    assert refusal(good) == "unreadable"


def test_abuse_58_a_number_as_text_or_figure_keeps_its_digits(tmp_path):
    path = workbook(
        tmp_path / "a.xlsx", [[*HEADS, "备注"], [*row(), 440301199211034000], [*row(房号="02"), "440301199211034813"]]
    )
    table = read_file(path, name="a.xlsx")
    assert [source.cells["note"].text for source in table.rows] == ["440301199211034000", "440301199211034813"]


def test_abuse_45_what_is_in_cells_stays_text(tmp_path):
    path = price_list(tmp_path / "a.xlsx", row(户型="<img src=x onerror=alert(1)>"), row(房号="02", 户型="{{7*7}}"))
    assert [source.cells["layout"].text for source in read_file(path, name="a.xlsx").rows] == [
        "<img src=x onerror=alert(1)>",
        "{{7*7}}",
    ]


def test_the_reading_process_has_limits_of_its_own():
    import resource
    import subprocess
    import sys

    from inventory.importing.child import CPU_SECONDS, MEMORY

    limits = "resource.getrlimit(resource.RLIMIT_AS), resource.getrlimit(resource.RLIMIT_CPU)"
    code = f"import resource, inventory.importing.child as child; child.limit(); print({limits})"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.split() == f"({MEMORY}, {MEMORY}) ({CPU_SECONDS}, {CPU_SECONDS})".split()
    assert resource.getrlimit(resource.RLIMIT_AS)[0] != MEMORY


def test_a_reader_that_runs_out_of_memory_or_time_says_so(tmp_path, monkeypatch):
    import inventory.importing.process as process

    path = price_list(tmp_path / "a.xlsx", row())
    monkeypatch.setattr(process, "LARGEST_FILE", 100)
    assert refusal(path) == "too_large"
    monkeypatch.undo()
    monkeypatch.setattr(process, "WALL_SECONDS", 0.001)
    assert refusal(path) == "timed_out"
