"""One row of unit data as text → checked values and every problem at once; the same for a form and for a file (R6.1)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from salescontrol.core.money import CENT, YUAN, cents, total_of, whole

from . import numbers
from .fields import ENTRY, FIELDS, PLACE, Field, parse_choice, parse_flag, parse_status
from .places import Place, read_place
from .problems import Problem
from .text import tidy, unstorable

PLACE_FIELDS = frozenset((*PLACE, "entrance"))
BUILT = "BUILT"


@dataclass
class CleanedRow:
    """What a row says: `values` by field name (only fields that were filled), its place, and its problems."""

    values: dict[str, Any] = field(default_factory=dict)
    place: Place | None = None
    problems: list[Problem] = field(default_factory=list)

    @property
    def errors(self) -> list[Problem]:
        return [problem for problem in self.problems if problem.severity == "error"]

    @property
    def notices(self) -> list[Problem]:
        return [problem for problem in self.problems if problem.severity == "notice"]


def clean_row(
    raw: Mapping[str, str],
    *,
    required: Sequence[str] = ENTRY,
    known: Callable[[Place], Mapping[str, Any] | None] | None = None,
    project_names: Sequence[str] = (),
) -> CleanedRow:
    """Check one row. Nothing is raised: every problem is in the result, those of the text first, then of the sums.

    `raw`: field name → text as typed, fields that are not there count as empty. `required`: fields without which the row is
    refused. `known`: the unit as kept, by place, for lists that give prices without areas. `project_names` are cut off
    building names. Areas in ㎡ and money in the project's currency are Decimal with 2 decimals (decisions 9, domain B14).
    """
    row = CleanedRow()
    texts = _storable(raw, row)
    row.place, problems = read_place(texts, project_names)
    unreadable = {problem.field for problem in row.problems}
    row.problems += [problem for problem in problems if problem.field not in unreadable]
    if row.place is not None:
        row.values |= _place_values(row.place)
    for name, text in texts.items():
        if name not in PLACE_FIELDS and text:
            _READERS[FIELDS[name].kind](FIELDS[name], text, row)
    _check_required(texts, required, unreadable, row)
    kept = (known(row.place) if known and row.place else None) or {}
    _check_areas(row)
    _settle_prices(row, kept)
    return row


def check_form(
    cleaned: Mapping[str, str], *, project_names: Sequence[str] = ()
) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """A typed form through the same rules: (value of every field of the form, None when left empty; errors by field).

    Notices (a rounded area) are no errors. The sentences are in the reader's language.
    """
    row = clean_row(cleaned, project_names=project_names)
    messages: dict[str, list[str]] = {}
    for problem in row.errors:
        messages.setdefault(problem.field, []).append(problem.message)
    return {name: row.values.get(name) for name in {*cleaned, *row.values}}, messages


def as_text(value: Any) -> str:
    """A checked value as the text it can be read from again (for rows that wait in JSON); None is empty."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def from_text(texts: Mapping[str, str]) -> dict[str, Any]:
    """Values from texts made by `as_text`; places are left out (`read_place` reads them), an empty text is None."""
    row = CleanedRow()
    for name, text in texts.items():
        if name not in PLACE_FIELDS:
            row.values[name] = None
            if text:
                _READERS[FIELDS[name].kind](FIELDS[name], text, row)
    return row.values


def _storable(raw: Mapping[str, str], row: CleanedRow) -> dict[str, str]:
    """The texts of known fields, without those that hold a forbidden character or are too long; these become problems."""
    texts: dict[str, str] = {}
    for name, text in raw.items():
        if name not in FIELDS or not text:
            continue
        entry, bad = FIELDS[name], unstorable(text)
        if bad:
            row.problems.append(Problem("bad_character", name, {"position": bad[0], "character": bad[1]}))
        elif entry.kind in ("text", "note") and len(tidy(text)) > entry.limit:
            row.problems.append(Problem("too_long", name, {"limit": entry.limit}))
        elif name in PLACE_FIELDS and numbers.DATE.fullmatch(tidy(text)):
            row.problems.append(Problem("date_found", name, {"value": tidy(text)}))
        else:
            texts[name] = text.strip() if entry.kind == "note" else tidy(text)
    return texts


def _place_values(place: Place) -> dict[str, Any]:
    return {"building": place.building, "entrance": place.entrance, "floor": place.floor.text, "room": place.room}


def _check_required(texts: Mapping[str, str], required: Sequence[str], unreadable: set[str], row: CleanedRow) -> None:
    reported = unreadable | {problem.field for problem in row.problems}
    for name in required:
        if not texts.get(name) and name not in reported and name not in row.values:
            row.problems.append(Problem("missing", name))


def _read_area(entry: Field, text: str, row: CleanedRow) -> None:
    value = numbers.parse_number(text, entry.name)
    if isinstance(value, Problem):
        row.problems.append(value)
        return
    rounded = cents(value) if abs(value) < numbers.LIMITS["area"] else value
    problem = numbers.in_range(rounded, "area", entry.name, text, zero_allowed=entry.name.endswith("shared_area"))
    if problem:
        row.problems.append(problem)
        return
    row.values[entry.name] = rounded
    if rounded != value:
        row.problems.append(Problem("rounded", entry.name, {"value": tidy(text), "rounded": str(rounded)}))


def _read_price(entry: Field, text: str, row: CleanedRow) -> Decimal | None:
    """The exact amount of a price, or None with its problem added to the row."""
    value = numbers.parse_number(text, entry.name)
    problem = value if isinstance(value, Problem) else numbers.in_range(value, entry.kind, entry.name, text)
    if problem is not None:
        row.problems.append(problem)
        return None
    return value if isinstance(value, Decimal) else None


def _read_unit_price(entry: Field, text: str, row: CleanedRow) -> None:
    value = _read_price(entry, text, row)
    if value is None:
        return
    row.values[entry.name] = cents(value)
    if cents(value) != value:
        row.problems.append(Problem("rounded", entry.name, {"value": tidy(text), "rounded": str(cents(value))}))


def _read_total(entry: Field, text: str, row: CleanedRow) -> None:
    value = _read_price(entry, text, row)
    if value is not None:
        row.values[entry.name] = value if numbers.decimals(value) > 2 else cents(value)


def _read_choice(entry: Field, text: str, row: CleanedRow) -> None:
    value = parse_choice(entry.name, text)
    if value is None:
        row.problems.append(Problem("unknown_choice", entry.name, {"value": text[:60]}))
    else:
        row.values[entry.name] = value


def _read_flag(entry: Field, text: str, row: CleanedRow) -> None:
    value = parse_flag(text)
    if value is None:
        row.problems.append(Problem("unknown_flag", entry.name, {"value": text[:60]}))
    else:
        row.values[entry.name] = value


def _read_status(entry: Field, text: str, row: CleanedRow) -> None:
    state = parse_status(text)
    if state is not None:
        row.values[entry.name] = state


def _read_text(entry: Field, text: str, row: CleanedRow) -> None:
    row.values[entry.name] = text


_READERS: dict[str, Callable[[Field, str, CleanedRow], None]] = {
    "area": _read_area,
    "unit_price": _read_unit_price,
    "total": _read_total,
    "choice": _read_choice,
    "flag": _read_flag,
    "status": _read_status,
    "text": _read_text,
    "note": _read_text,
}


def _check_areas(row: CleanedRow) -> None:
    """0 < inner ≤ built, and built = inner + shared exactly; a missing shared area is derived (domain B14).

    Where rounding touched one of the three, the sum may be a hundredth apart for each: shared then follows the other two.
    """
    rounded = {problem.field for problem in row.problems if problem.code == "rounded"}
    for before in ("", "surveyed_"):
        built, inner, shared = (row.values.get(f"{before}{part}_area") for part in ("built", "inner", "shared"))
        if built is None or inner is None:
            continue
        if inner > built:
            params = {"inner": str(inner), "built": str(built)}
            row.problems.append(Problem("inner_exceeds_built", f"{before}inner_area", params))
            continue
        touched = sum(f"{before}{part}_area" in rounded for part in ("built", "inner", "shared"))
        if shared is None or 0 < abs(built - inner - shared) <= touched * CENT:
            row.values[f"{before}shared_area"] = built - inner
        elif built != inner + shared:
            params = {"built": str(built), "inner": str(inner), "shared": str(shared)}
            row.problems.append(Problem("area_sum", f"{before}shared_area", params))


def priced_area(values: Mapping[str, Any], kept: Mapping[str, Any]) -> Decimal | None:
    """The area that a unit price is multiplied by, in ㎡; None when the unit is priced as a whole or the area is unknown."""
    mode = values.get("pricing_mode") or kept.get("pricing_mode") or BUILT
    name = {"BUILT": "built_area", "INNER": "inner_area"}.get(mode)
    return (values.get(name) or kept.get(name)) if name else None


def _settle_prices(row: CleanedRow, kept: Mapping[str, Any]) -> None:
    """Unit price and total of the three kinds of price agree; the missing one of the two is computed (decisions 9)."""
    area = priced_area(row.values, kept)
    for kind in ("list", "floor", "filed"):
        unit_name, total_name = f"{kind}_unit_price", f"{kind}_total"
        unit_price, total = row.values.get(unit_name), row.values.get(total_name)
        if total is not None and numbers.decimals(total) > 2:
            total = _calculated_total(row, total_name, total, unit_price, area)
        if area is None or (unit_price is None and total is None):
            continue
        if total is None and unit_price is not None and total_name not in {p.field for p in row.errors}:
            row.values[total_name] = total_of(unit_price, area)
        elif unit_price is None and total is not None and unit_name not in {p.field for p in row.errors}:
            row.values[unit_name] = cents(total / area)
        elif unit_price is not None and total is not None and not agrees(total, unit_price, area):
            computed = cents(unit_price * area)
            params = {"total": f"{total:,}", "computed": f"{computed:,}", "difference": f"{abs(computed - total):,}"}
            row.problems.append(Problem("total_mismatch", total_name, params))


def _calculated_total(
    row: CleanedRow, name: str, total: Decimal, unit_price: Decimal | None, area: Decimal | None
) -> Decimal | None:
    """A total with fractions of a fen was calculated by the sheet, not published: rounded like ours, else refused."""
    if unit_price is not None and area is not None and abs(total - unit_price * area) < YUAN:
        rounded = whole(total)
        row.values[name] = rounded
        row.problems.append(Problem("total_rounded", name, {"value": str(total), "rounded": str(rounded)}))
        return rounded
    del row.values[name]
    row.problems.append(Problem("too_precise", name, {"value": str(total)}))
    return None


def agrees(total: Decimal, unit_price: Decimal, area: Decimal) -> bool:
    """Whether a total and a unit price say the same: less than one yuan apart, or the unit price is the total ÷ area.

    The second holds for large areas, where a unit price of 2 decimals cannot carry the total to the yuan.
    """
    return abs(total - unit_price * area) < YUAN or cents(total / area) == unit_price
