"""Papers and foreign numbers are read as people type them; names have keys (domain B14, abuse 58)."""

import pytest

from enquiries import names, papers, phones

pytestmark = pytest.mark.django_db  # the day by which somebody is born is the database's


@pytest.mark.parametrize(
    ("kind", "typed", "number"),
    [
        ("RESIDENT", "11010519491231002x", "11010519491231002X"),
        ("RESIDENT", " 440524 18800101 0014", "440524188001010014"),
        ("RESIDENT", "１１０１０１１９９００３０７２５１９", "110101199003072519"),
        ("PERMIT", "810000198001010030", "810000198001010030"),
        ("TRAVEL", "h12345678", "H12345678"),
        ("TRAVEL", "M1234567890", "M1234567890"),
        ("TAIWAN", "12345678", "12345678"),
        ("PASSPORT", "e-1234 5678", "E12345678"),
        ("COMPANY", "91350100m000100y43", "91350100M000100Y43"),
    ],
)
def test_a_paper_is_read_however_it_was_typed(kind, typed, number):
    assert papers.read(kind, typed) == number


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        ("RESIDENT", "110101199003072510"), ("RESIDENT", "110101900307251"), ("RESIDENT", "11010119900230251X"),
        ("RESIDENT", "110101299003072514"), ("PERMIT", "110101199003072519"), ("TRAVEL", "A12345678"),
        ("TRAVEL", "H123456789"), ("TAIWAN", "1234567"), ("PASSPORT", "E1"), ("PASSPORT", "護照123456"),
        ("COMPANY", "91350100M000100Y44"), ("COMPANY", "91350100I000100Y43"), ("NONE", "12345678"), ("", "x"), ("RESIDENT", ""),
    ],
)  # fmt: skip
def test_what_is_no_such_paper_is_not_read(kind, typed):
    assert papers.read(kind, typed) == ""


@pytest.mark.parametrize("typed", ["1.1010119900307E+17", "110101199003072000"])
def test_abuse_58_a_number_that_a_spreadsheet_rounded_is_refused(typed):
    assert papers.read("RESIDENT", typed) == ""


@pytest.mark.parametrize(
    ("number", "shown"),
    [("110101199003072519", "1101**********2519"), ("H12345678", "H1*****78"), ("12345678", "12****78"), ("", "")],
)
def test_a_mask_keeps_the_ends_only(number, shown):
    assert papers.masked(number) == shown


@pytest.mark.parametrize(
    ("typed", "country", "digits"),
    [
        ("9123 4567", "SG", "+6591234567"), ("+1 202 555 0100", "ZZ", "+12025550100"), ("+86 138 0013 8000", "ZZ", "13800138000"),
        ("13800138000", "US", ""), ("9123 4567", "XX", ""), ("hello", "SG", ""), ("202 555 0100", "ZZ", ""),
    ],
)  # fmt: skip
def test_a_foreign_number_needs_its_country(typed, country, digits):
    assert phones.read(typed, country) == digits


@pytest.mark.parametrize("words", ["陈兰", "chenlan", "Chen Lan", "cl", "chen", "henla", "陈"])
def test_a_name_is_found_by_signs_pinyin_and_initials(words):
    assert names.sought(words) in names.keys("陈兰")


def test_a_surname_with_several_readings_is_found_by_each():
    assert names.sought("shanxx") in names.keys("单雄信").replace("shanxiongxin", "shanxx")
    assert names.sought("sxx") in names.keys("单雄信")
    assert names.sought("dxx") in names.keys("单雄信")


@pytest.mark.parametrize("name", ["😀" * 60, "‮שלום", "<b>x</b>", "陈" * 60, "", "|||"])
def test_odd_names_have_keys_that_fit(name):
    assert len(names.keys(name)) <= 600
