"""One cell as text → a value, or why it is none. Nothing here knows the project's rows."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from enquiries import papers, phones
from enquiries.intake.fields import Field
from enquiries.intake.words import NO, YES, codes, same
from enquiries.states import PaperKind, Rings
from inventory.rules.numbers import parse_number
from inventory.rules.text import narrow, simplify, tidy, unstorable

LONGEST_SHOWN = 30
# No figure, date, choice or list of phones needs more.
LONGEST_CELL = 200
FIRST_YEAR = 1990
LEAST_BUDGET, TEN_THOUSAND = Decimal(10_000), Decimal(10_000)
TOPS = {"area": Decimal(100_000), "budget": Decimal(10_000_000_000), "floor": Decimal(201)}
_BETWEEN = re.compile(r"[、，,；;/|\n\r]+")
_LOST = re.compile(r"[0-9](\.[0-9]+)?E\+?[0-9]{1,3}", re.IGNORECASE)
_DAY = re.compile(
    r"([0-9]{4})\s*[-/.年]\s*([0-9]{1,2})\s*[-/.月]\s*([0-9]{1,2})\s*日?|([0-9]{4})([0-9]{2})([0-9]{2})(?![0-9])"
)
_CLOCK = re.compile(
    r"(上午|下午|中午|晚上|am|pm)?\s*([0-9]{1,2})\s*[:点時时]\s*([0-9]{1,2})?\s*分?(?::([0-9]{1,2})(?:\.[0-9]+)?)?\s*(am|pm)?",
    re.IGNORECASE,
)  # fmt: skip
_NOON = ("下午", "晚上", "pm")
_FIGURE = r"([0-9][0-9,]*(?:\.[0-9]+)?)(万)?"
_SPAN = re.compile(rf"{_FIGURE}(?:(?:-|~|至|到|—|–){_FIGURE})?(以上|以下|以内|起|\+)?")
_WORDS = re.compile(r"平方米|平米|平方|m2|平|层|楼|左右|大约|约|元|f$")
_PAPERS_TOLD = (PaperKind.RESIDENT, PaperKind.PERMIT, PaperKind.COMPANY)


class Wrong(Exception):
    """A cell that cannot be taken over: the code of a problem and its parameters."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code, self.params = code, params


def shown(text: str) -> str:
    """As much of a cell as a sentence quotes."""
    short = tidy(text)
    return short if len(short) <= LONGEST_SHOWN else f"{short[:LONGEST_SHOWN]}…"


def hidden(text: str) -> str:
    """A number that may be somebody's, right or wrong, as a sentence quotes it: its first signs and its last two."""
    plain = narrow(text)
    return f"{plain[:3]}…{plain[-2:]}" if len(plain) > 6 else f"{plain[:1]}…"


def plain_text(entry: Field, text: str) -> str:
    """The text with single spaces, if it can be kept and is not too long; shared tables of problems say why not."""
    number = parse_number(text, entry.name)
    if getattr(number, "code", "") in ("cell_error", "formula_without_value"):
        raise Wrong(number.code, value=shown(text))  # type: ignore[union-attr]
    if found := unstorable(text):
        raise Wrong("bad_character", position=found[0], character=found[1])
    if len(tidy(text)) > (entry.longest or LONGEST_CELL):
        raise Wrong("too_long", limit=entry.longest or LONGEST_CELL)
    return tidy(text)


def choice(entry: Field, text: str) -> str:
    assert entry.choices is not None
    found = codes(entry.choices).get(same(text))
    if found is None:
        raise Wrong("unknown_choice", value=shown(text))
    return str(found)


def rings(entry: Field, text: str) -> str:
    """`3`, `3声`, `9+`; from nine on they are one code."""
    digits = re.fullmatch(r"([0-9]{1,2})(?:声|次|下|\+)?", same(text))
    if digits:
        return str(min(int(digits[1]), 9))
    known = codes(Rings).get(same(text))
    if known is None:
        raise Wrong("unknown_choice", value=shown(text))
    return str(known)


def flag(entry: Field, text: str) -> bool:
    if same(text) in YES | NO:
        return same(text) in YES
    raise Wrong("unknown_flag", value=shown(text))


def phone(text: str) -> str:
    """The digits of one number; one from abroad begins with its country's code."""
    plain = unicodedata.normalize("NFKC", text).strip()
    digits = phones.read(plain) or (phones.read(plain, "ZZ") if plain.startswith("+") else "")
    if digits:
        return digits
    raise Wrong("lost_digits" if _LOST.fullmatch(narrow(text)) else "bad_phone", value=hidden(text))


def phone_list(text: str) -> list[str]:
    """Every number of a cell, in order, once; spaces part numbers only where the whole is none."""
    found: list[str] = []
    for part in filter(None, map(str.strip, _BETWEEN.split(text))):
        try:
            found.append(phone(part))
        except Wrong:
            if len(part.split()) < 2:
                raise
            found += map(phone, part.split())
    return list(dict.fromkeys(found))


def paper(kind: str, text: str) -> tuple[str, str]:
    """Kind and number; without a kind only numbers with check digits say what they are."""
    if kind:
        number = papers.read(kind, text)
        if not number:
            raise Wrong("bad_paper", value=hidden(text))
        return kind, number
    for told in _PAPERS_TOLD:
        if number := papers.read(told, text):
            return told.value, number
    if len(narrow(text)) == 18 or _LOST.fullmatch(narrow(text)):
        raise Wrong("bad_paper", value=hidden(text))
    raise Wrong("paper_kind_missing", value=hidden(text))


@dataclass(frozen=True)
class Moment:
    """A day, a time of day, or both, as one cell gives them."""

    day: date | None
    clock: time | None

    def at(self, zone: Any) -> datetime:
        assert self.day is not None
        return datetime.combine(self.day, self.clock or time(), tzinfo=zone)


def moment(text: str, *, code: str = "bad_day") -> Moment:
    """`2026-09-01`, `2026年9月1日 下午2点30分`, `20260901`, `2026-09-01T14:30:00`, `14:30`."""
    plain = unicodedata.normalize("NFKC", tidy(text))
    found = _DAY.match(plain)
    rest = plain[found.end() :].lstrip(" T") if found else plain
    try:
        day = date(*(int(part) for part in found.groups() if part)) if found else None
        clock = _clock(rest) if rest else None
    except ValueError as error:
        raise Wrong(code, value=shown(text)) from error
    if day is None and clock is None:
        raise Wrong(code, value=shown(text))
    return Moment(day, clock)


def _clock(text: str) -> time:
    found = _CLOCK.fullmatch(text.strip())
    if not found:
        raise ValueError(text)
    half = (found[1] or found[5] or "").lower()
    hour = int(found[2])
    if half in _NOON and hour < 12:
        hour += 12
    return time(hour, int(found[3] or 0), int(found[4] or 0))


def span(entry: Field, text: str, unit: str) -> tuple[Decimal | None, Decimal | None] | None:
    """From and to of `90-120㎡`, `100以上`, `200万以内`, `100左右`; None when it is words. `unit`: that of the column's head."""
    plain = simplify(narrow(text)).lower().removesuffix("左右")
    found = _SPAN.fullmatch(_WORDS.sub("", plain))
    if not found:
        return None
    first, first_wan, second, second_wan, end = found.groups()
    wan = bool(first_wan or second_wan or unit.startswith("万"))
    low, high = (
        Decimal(part.replace(",", "")) * (TEN_THOUSAND if wan else 1) if part else None for part in (first, second)
    )
    _check_span(entry, low, high, text)
    if high is not None:
        return low, high
    if end in ("以上", "起", "+"):
        return low, None
    return (None, low) if end in ("以下", "以内") else (low, low)


def _check_span(entry: Field, low: Decimal | None, high: Decimal | None, text: str) -> None:
    top = TOPS[entry.kind]
    if any(figure is not None and figure >= top for figure in (low, high)) or (entry.kind != "floor" and low == 0):
        raise Wrong("out_of_range", value=shown(text))
    if low is not None and high is not None and low > high:
        raise Wrong("upside_down", value=shown(text))


def budget(found: tuple[Decimal | None, Decimal | None]) -> tuple[Decimal, bool]:
    """The upper end in the currency, and whether it was too small for a home and taken as 万."""
    low, high = found
    amount = high or low or Decimal(0)
    small = amount < LEAST_BUDGET
    return (amount * TEN_THOUSAND if small else amount).quantize(Decimal("0.01")), small
