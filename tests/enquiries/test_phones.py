"""Phone numbers are read as people type them and shown masked (domain B14, decisions 30)."""

import pytest

from enquiries import phones


@pytest.mark.parametrize(
    ("typed", "digits"),
    [
        ("13800138000", "13800138000"),
        ("１３８ 0013 ８０００", "13800138000"),
        ("+86 138-0013-8000", "13800138000"),
        ("0086 13800138000", "13800138000"),
        ("021-58881234", "02158881234"),
        ("(0755) 8888 1234", "075588881234"),
        ("010—58881234-102", "01058881234102"),
        ("+86 21 5888 1234", "02158881234"),
        ("91234567", "91234567"),
        ("+852 9123 4567", "91234567"),
        ("0912 345 678", "0912345678"),
        ("+886 912 345 678", "0912345678"),
    ],
)
def test_a_number_is_read_however_it_was_typed(typed, digits):
    assert phones.read(typed) == digits


@pytest.mark.parametrize(
    "typed",
    ["", "abc", "1380013800", "12800138000", "138001380001", "1234567", "１２", "+1 202 555 0100", "٠٩١٢٣٤٥٦٧٨"],
)
def test_what_is_no_number_is_not_read(typed):
    assert phones.read(typed) == ""


@pytest.mark.parametrize(
    ("digits", "shown"),
    [
        ("13812345678", "138****5678"),
        ("0912345678", "091****678"),
        ("91234567", "91****67"),
        ("075588881234", "075*****1234"),
        ("", ""),
    ],
)
def test_a_mask_keeps_the_ends_only(digits, shown):
    assert phones.masked(digits) == shown


def test_the_index_is_the_same_for_the_same_number_however_typed():
    index = phones.index(phones.read("+86 138 0013 8000"))

    assert index == phones.index("13800138000") != phones.index("13800138001")
