"""Areas and amounts as text → Decimal (decisions 9: full-width digits, thousand separators and units are accepted)."""

import re
from decimal import Decimal

from .problems import Problem
from .text import narrow, simplify, tidy

LIMITS = {"area": Decimal(100_000), "unit_price": Decimal(10_000_000), "total": Decimal(100_000_000_000)}

_NUMBER = re.compile(r"[+-]?([0-9]{1,3}(,[0-9]{3})+|[0-9]+)(\.[0-9]*)?|[+-]?\.[0-9]+")
_CURRENCY = re.compile(r"^(人民币|RMB|CNY|TWD|HKD|NT\$|HK\$|[¥$])", re.IGNORECASE)
_UNIT = re.compile(r"(元?/(m2|m²|平方米|平米|平方公尺|套|户)|元|m2|m²|平方米|平米|平方公尺)$", re.IGNORECASE)
DATE = re.compile(r"[12][0-9]{3}[-/年][0-9]{1,2}[-/月][0-9]{1,2}.*")
_CELL_ERROR = re.compile(r"#(N/A|REF!|VALUE!|DIV/0!|NAME\?|NULL!|NUM!|SPILL!|CALC!|GETTING_DATA)")
FORMULA_WITHOUT_VALUE = "#FORMULA!"
LONGEST = 40


def parse_number(text: str, field: str) -> Decimal | Problem:
    """The number in `text`, exact; `万` and `万元` behind it multiply by 10,000. A Problem says why it is none."""
    shown = tidy(text)[:LONGEST]
    plain = simplify(narrow(text))
    if plain == FORMULA_WITHOUT_VALUE:
        return Problem("formula_without_value", field)
    if _CELL_ERROR.fullmatch(plain):
        return Problem("cell_error", field, {"value": shown})
    if DATE.fullmatch(plain):
        return Problem("date_found", field, {"value": shown})
    plain = _UNIT.sub("", _CURRENCY.sub("", plain.replace("−", "-")))
    scale = Decimal(1)
    if plain.endswith("万"):
        plain, scale = plain[:-1], Decimal(10_000)
    if len(plain) > LONGEST or not _NUMBER.fullmatch(plain):
        return Problem("not_a_number", field, {"value": shown})
    return Decimal(plain.replace(",", "")) * scale


def in_range(value: Decimal, kind: str, field: str, text: str, *, zero_allowed: bool = False) -> Problem | None:
    """The problem with a number of this kind (`area`, `unit_price`, `total`), or None."""
    if value < 0 or (value == 0 and not zero_allowed):
        return Problem("not_positive", field, {"value": tidy(text)})
    if value >= LIMITS[kind]:
        return Problem("too_large", field, {"value": tidy(text), "limit": f"{LIMITS[kind]:,}"})
    return None


def decimals(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
