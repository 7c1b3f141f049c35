"""A row of past sales as texts → checked values, by the rules of units and of entering by hand. Asks nothing of the project."""

import itertools
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from contracts.services.past_sales_problems import SaleProblem
from contracts.services.past_sales_read import OF_UNIT
from contracts.states import PaymentMethod
from enquiries.intake import values
from enquiries.intake.values import Wrong
from enquiries.intake.words import in_every_language, same
from inventory import rules
from inventory.importing import SourceRow
from inventory.rules.numbers import decimals, in_range, parse_number
from inventory.rules.text import narrow, tidy, unstorable
from salescontrol.core.money import cents

DAYS = ("subscribed_on", "signed_on", "filed_on", "delivered_on")
FIRST_DAY = date(1980, 1, 1)
LONGEST = {"contract_no": 60, "subscription_no": 60, "buyer": 60, "method": 40, "salesperson": 60}
# No home costs less or more a square metre, in any of the currencies.
LEAST, MOST = Decimal(10), Decimal(10_000_000)
_MONEY = {"total": "total", "unit_price": "unit_price", "deposit": "total"}
_METHODS = {
    PaymentMethod.FULL: ("一次性", "一次性付款", "全款", "现金", "full", "cash", "lumpsum"),
    PaymentMethod.MORTGAGE: ("按揭", "商业贷款", "商贷", "银行按揭", "贷款", "商业按揭", "mortgage", "loan"),
    PaymentMethod.PROVIDENT: ("公积金", "公积金贷款", "provident", "providentfund"),
    PaymentMethod.COMBINED: ("组合贷", "组合贷款", "组合", "combined"),
    PaymentMethod.INSTALMENT: ("分期", "分期付款", "instalment", "instalments", "installments"),
    PaymentMethod.OTHER: ("其他", "其它", "other"),
}  # fmt: skip
# The year of the Republic, as filings in Taiwan write days: 1091125.
_REPUBLIC = re.compile(r"(1[0-9]{2}|[4-9][0-9])([01][0-9])([0-3][0-9])")


@dataclass
class Row:
    """What a row says: its unit as `rules` read it, the values of the sale by field, and its problems."""

    source: SourceRow
    unit: rules.CleanedRow
    values: dict[str, Any] = field(default_factory=dict)
    problems: list[rules.Problem] = field(default_factory=list)

    def add(self, code: str, name: str = "", **params: Any) -> None:
        self.problems.append(SaleProblem(code, name, params))

    @property
    def refused(self) -> bool:
        return any(problem.severity == "error" for problem in self.problems)

    @property
    def label(self) -> str:
        """The unit's number, or what the row has of it."""
        if self.unit.place:
            return self.unit.place.number[:60]
        cells = self.source.cells
        return "-".join(tidy(cells[name].text) for name in ("building", "room") if name in cells)[:60]

    def as_json(self) -> list[dict[str, Any]]:
        """The problems with the cell that each is about."""
        return [{**item.as_json(), **self._place(item.field)} for item in self.problems]

    def _place(self, name: str) -> dict[str, Any]:
        cell = self.source.cells.get(name)
        return {"sheet": self.source.sheet, "row": self.source.row, "column": cell.column if cell else ""}


def clean(source: SourceRow, *, required: Collection[str], project_names: Collection[str], today: date) -> Row:
    """The row's values, what is wrong with each, then what they say together."""
    texts = source.texts()
    of_unit = {name: text for name, text in texts.items() if name in OF_UNIT}
    row = Row(source, rules.clean_row(of_unit, required=tuple(required), project_names=tuple(project_names)))
    row.problems += [SaleProblem(item.code, item.field, item.params) for item in row.unit.problems]
    for name in (*_MONEY, *DAYS, *LONGEST, "phone"):
        text = tidy(texts.get(name, ""))
        if text:
            try:
                row.values[name] = _value(name, text, today)
            except Wrong as wrong:
                row.add(wrong.code, name, **wrong.params)
        elif name in ("total", "signed_on"):
            row.add("missing", name)
    _days_in_order(row)
    _price_possible(row)
    return row


def _value(name: str, text: str, today: date) -> Any:
    if name in _MONEY:
        return _money(name, text)
    if name in DAYS:
        return _day(text, today)
    if name == "phone":
        return values.phone(text)
    return _text(name, text)


def _money(name: str, text: str) -> Decimal:
    found = parse_number(text, name)
    if isinstance(found, Decimal):
        problem = in_range(found, _MONEY[name], name, text)
        if problem is None and (decimals(found) <= 2 or name == "unit_price"):
            return cents(found)
        found = problem or rules.Problem("too_precise", name, {"value": text})
    raise Wrong(found.code, **found.params)


def _day(text: str, today: date) -> date:
    republic = _REPUBLIC.fullmatch(narrow(text))
    if republic:
        text = f"{int(republic[1]) + 1911}-{republic[2]}-{republic[3]}"
    day = values.moment(text).day
    if day is None:
        raise Wrong("bad_day", value=values.shown(text))
    if day > today:
        raise Wrong("in_the_future", value=day.isoformat())
    if day < FIRST_DAY:
        raise Wrong("long_ago", value=day.isoformat())
    return day


def _text(name: str, text: str) -> str:
    if found := unstorable(text):
        raise Wrong("bad_character", position=found[0], character=found[1])
    if len(text) > LONGEST[name]:
        raise Wrong("too_long", limit=LONGEST[name])
    if name == "method":
        return _method(text)
    if getattr(parse_number(text, name), "code", "") in ("cell_error", "formula_without_value"):
        raise Wrong("cell_error", value=values.shown(text))
    return text


def _method(text: str) -> str:
    plain = same(text)
    for method, words in _METHODS.items():
        if plain in {same(method.value), *in_every_language(method.label), *map(same, words)}:
            return method.value
    raise Wrong("method_unknown", value=values.shown(text))


def _days_in_order(row: Row) -> None:
    """Subscribed, signed, filed, handed over: none before the one before it."""
    given = [(name, row.values[name]) for name in DAYS if name in row.values]
    for (earlier, before), (name, day) in itertools.pairwise(given):
        if day < before:
            row.add("out_of_order", name, value=day.isoformat(), earlier=earlier, other=before.isoformat())


def _price_possible(row: Row) -> None:
    total, area = row.values.get("total"), row.unit.values.get("built_area")
    if total and area and not LEAST <= total / area <= MOST:
        row.add("price_impossible", "total", total=f"{total:,}", area=f"{area}", price=f"{cents(total / area):,}")
