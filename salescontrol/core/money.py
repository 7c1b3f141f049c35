"""The rounding rules, all of them (domain B4, B14; decisions 9). Money in the project's currency, areas in ㎡."""

from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
YUAN = Decimal("1")


def cents(value) -> Decimal:
    """Two decimals, half up: unit prices, receipts, areas."""
    return Decimal(value).quantize(CENT, ROUND_HALF_UP)


def whole(value) -> Decimal:
    """Whole yuan, half up, with the two stored decimals: totals that we compute."""
    return Decimal(value).quantize(YUAN, ROUND_HALF_UP).quantize(CENT)


def total_of(unit_price: Decimal, area: Decimal) -> Decimal:
    """Unit price × area, rounded once to whole yuan."""
    return whole(unit_price * area)


def same_total(one: Decimal | None, other: Decimal | None) -> bool:
    """Totals that differ by less than one yuan are the same (a published list cuts or rounds to the yuan)."""
    if one is None or other is None:
        return one is other
    return abs(one - other) < YUAN


_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("仟", "佰", "拾", "")
_GROUPS = ((100_000_000, "亿"), (10_000, "万"))


def capitals(amount) -> str:
    """The amount in capitals 大写, as it stands on papers (domain B14): `肆拾万伍仟柒佰陆拾柒元整`, `壹仟陆佰捌拾元叁角贰分`."""
    value = cents(amount)
    yuan, fen = divmod(int(abs(value) * 100), 100)
    sign = "负" if value < 0 else ""
    if not fen:
        return f"{sign}{_spelled(yuan) or _DIGITS[0]}元整"
    whole_part = f"{_spelled(yuan)}元" if yuan else ""
    jiao, rest = divmod(fen, 10)
    tens = f"{_DIGITS[jiao]}角" if jiao else _DIGITS[0] if yuan else ""
    return f"{sign}{whole_part}{tens}{_DIGITS[rest] + '分' if rest else '整'}"


def _spelled(number: int) -> str:
    """A whole number; one 零 for any run of zeros between digits, none at the end."""
    for size, name in _GROUPS:
        if number >= size:
            high, low = divmod(number, size)
            gap = _DIGITS[0] if 0 < low < size // 10 else ""
            return f"{_spelled(high)}{name}{gap}{_spelled(low)}"
    written = ""
    for digit, place in zip(f"{number:04d}", _PLACES, strict=True):
        if digit != "0":
            written += _DIGITS[int(digit)] + place
        elif written and not written.endswith(_DIGITS[0]):
            written += _DIGITS[0]
    return written.rstrip(_DIGITS[0])
