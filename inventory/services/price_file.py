"""Prices from a workbook: the template of a list filled in, or any price list or price board (domain B4)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from inventory import rules
from inventory.importing import Refused, Table, read_file, refusal_message
from inventory.importing.table import SourceRow
from inventory.models import PriceLine, PriceList, Unit
from inventory.models.price import PriceKind
from inventory.queries import prices as queries
from inventory.rules.fields import PLACE
from inventory.services import prices
from salescontrol.core.errors import Refusal

SHOWN = 10
# What a file may call the prices of each kind; a plain unit price and total are taken for the kind of the list.
_FIELDS = {
    PriceKind.LIST: ("list_unit_price", "list_total"),
    PriceKind.FLOOR: ("floor_unit_price", "floor_total"),
    PriceKind.FILED: ("filed_unit_price", "filed_total"),
}


@dataclass
class Reading:
    """What a file says about prices: by unit id, and what could not be used."""

    prices: dict[int, tuple[Decimal, Decimal, str]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def read_prices(*, price_list: PriceList, path: Path, name: str, version: int, visible, by) -> PriceList:
    """Take the prices of a file into a draft; all or nothing. `path`: where the content lies, `name`: the file's name as given.

    Raises Refusal when the file cannot be read, names unknown units or wrong prices (the first ones are listed by row), or
    holds no price. The units of the file that the list does not name yet are added.
    """
    try:
        table = read_file(path, name=name, project_names=[price_list.project.name])
    except Refused as refused:
        raise _at_file(refusal_message(refused.code, refused.params)) from refused
    chosen = queries.priced_units(price_list.project, visible).select_related("building", "project")
    reading = compare(table, chosen, PriceKind(price_list.kind))
    if reading.problems:
        more = len(reading.problems) - SHOWN
        told = [*reading.problems[:SHOWN], *([_("… and %(count)s more rows.") % {"count": more}] if more > 0 else [])]
        raise _at_file(_("Nothing was taken over. Correct these rows and choose the file again:"), *told)
    if not reading.prices:
        raise _at_file(_("The file gives no price for a unit of this project."))
    return prices.put_prices(price_list=price_list, prices=reading.prices, version=version, by=by)


def _at_file(*messages: str) -> Refusal:
    return Refusal(messages[0], code="file", fields={"file": list(messages)})


def compare(table: Table, chosen: Iterable[Unit], kind: PriceKind) -> Reading:
    """The prices in the table, for the units that the user may price."""
    by_key: dict[str, Unit] = {}
    for unit in chosen:
        by_key[unit.key] = unit
        by_key.setdefault(unit.number, unit)
    reading = Reading()
    for row in table.rows:
        _read_row(row, table, by_key, kind, reading)
    return reading


def _read_row(row: SourceRow, table: Table, by_key: Mapping[str, Unit], kind: PriceKind, reading: Reading) -> None:
    texts = row.texts()
    unit_text, total_text = _prices_of(texts, kind)
    if not unit_text and not total_text:
        return
    cleaned = rules.clean_row(
        {name: texts.get(name, "") for name in (*PLACE, "entrance")}, required=PLACE, project_names=table.project_names
    )
    if cleaned.place is None:
        reading.problems += [_at(row, problem.message) for problem in cleaned.errors]
        return
    unit = by_key.get(cleaned.place.unit_key) or by_key.get(cleaned.place.number)
    if unit is None:
        reading.problems.append(
            _at(row, _("%(unit)s is no approved unit of this project.") % {"unit": cleaned.place.number})
        )
    elif unit.pk in reading.prices:
        reading.problems.append(_at(row, _("%(unit)s stands in the file twice.") % {"unit": unit.number}))
    else:
        price, messages = prices.read_price(unit, unit_text, total_text)
        reading.problems += [_at(row, sentence) for sentences in messages.values() for sentence in sentences]
        if price is not None:
            reading.prices[unit.pk] = (*price, texts.get("note", "").strip()[:200])


def _prices_of(texts: Mapping[str, str], kind: PriceKind) -> tuple[str, str]:
    for unit_name, total_name in (_FIELDS[kind], _FIELDS[PriceKind.LIST]):
        if texts.get(unit_name) or texts.get(total_name):
            return texts.get(unit_name, ""), texts.get(total_name, "")
    return "", ""


def _at(row: SourceRow, message: str) -> str:
    return _("Sheet %(sheet)s, row %(row)s: %(message)s") % {"sheet": row.sheet, "row": row.row, "message": message}


def template_rows(price_list: PriceList) -> list[list[Any]]:
    """The list as a workbook to fill in: place, area (only to read), unit price, total, note."""
    lines = PriceLine.objects.filter(price_list=price_list).select_related("unit__building")
    return [
        [
            line.unit.building.name,
            line.unit.entrance,
            line.unit.floor_label,
            line.unit.room,
            line.unit.built_area,
            line.unit_price,
            line.total,
            line.note,
        ]
        for line in lines
    ]
