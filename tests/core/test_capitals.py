"""Amounts in capitals 大写, against cases that were written by hand (domain B14)."""

from decimal import Decimal

import pytest

from salescontrol.core.money import capitals


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        ("0", "零元整"),
        ("0.05", "伍分"),
        ("0.50", "伍角整"),
        ("1", "壹元整"),
        ("1.05", "壹元零伍分"),
        ("10", "壹拾元整"),
        ("1005.50", "壹仟零伍元伍角整"),
        ("1680.32", "壹仟陆佰捌拾元叁角贰分"),
        ("100500", "壹拾万零伍佰元整"),
        ("405767", "肆拾万伍仟柒佰陆拾柒元整"),
        ("1000010", "壹佰万零壹拾元整"),
        ("2706624", "贰佰柒拾万陆仟陆佰贰拾肆元整"),
        ("20304050.6", "贰仟零叁拾万肆仟零伍拾元陆角整"),
        ("100000000", "壹亿元整"),
        ("100001000", "壹亿零壹仟元整"),
        ("1.005", "壹元零壹分"),
    ],
)
def test_amounts_in_capitals(amount, written):
    assert capitals(Decimal(amount)).removeprefix("人民币") == written
