"""What a file of past sales would do to the project, row by row: comes in, is in already, refused. Reads only (R3.3)."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import pgettext_lazy

from contracts.models import Claim, Contract, IssuedNumber, Subscription
from contracts.services.past_sales_read import Sales
from contracts.services.past_sales_row import Row, clean
from contracts.states import NumberKind
from enquiries import phones
from enquiries.intake import values
from enquiries.intake.words import same
from enquiries.models import Customer, CustomerPhone
from inventory import rules
from inventory.importing import SourceRow
from inventory.models import Project, Unit
from inventory.queries.standing import is_over
from inventory.rules.fields import PLACE
from inventory.services.assignment import salespeople
from inventory.services.import_plan import counted
from inventory.states import CLAIMED, Review, Status
from salescontrol.core import clock

_NUMBERS = {"contract_no": NumberKind.CONTRACT, "subscription_no": NumberKind.SUBSCRIPTION}


class SaleKind(TextChoices):
    """What becomes of a row."""

    NEW = "NEW", pgettext_lazy("row of an import", "New")
    UNCHANGED = "UNCHANGED", pgettext_lazy("row of an import", "Known, nothing new")
    REFUSED = "REFUSED", pgettext_lazy("row of an import", "Refused")


@dataclass(eq=False)
class Planned:
    """One row and what would become of it; `unit` None: one that is made."""

    row: Row
    kind: SaleKind = SaleKind.NEW
    unit: Unit | None = None
    customer: Customer | None = None
    salesperson: Any = None


@dataclass
class Plan:
    lines: list[Planned]

    @property
    def new(self) -> list[Planned]:
        return [line for line in self.lines if line.kind == SaleKind.NEW]

    @property
    def first_day(self) -> date | None:
        """The first day of which a sale that comes in tells: units that are made are on sale as of then."""
        days = [line.row.values.get("subscribed_on") or line.row.values["signed_on"] for line in self.new]
        return min(days, default=None)

    def counts(self) -> dict[str, int]:
        """Rows by kind in lower case, and `units`: how many units are made."""
        found = counted((line.kind for line in self.lines), SaleKind)
        return {**found, "units": sum(line.unit is None for line in self.new)}

    def problems(self) -> list[dict[str, Any]]:
        return [problem for line in self.lines for problem in line.row.as_json()]


def make_plan(*, project: Project, sales: Sales, create_units: bool) -> Plan:
    """Compare every row with the project. Nothing is written; the number of queries does not grow with the rows."""
    today = clock.today(project.zone)
    rows = [clean(source, required=PLACE, project_names=[project.name], today=today) for source in sales.rows]
    known = _Known(project, rows)
    return Plan([_line(row, known, create_units=create_units) for row in rows])


class _Known:
    """What the project has: units by place, live sales, numbers, customers by phone, salespeople; and what earlier rows said."""

    def __init__(self, project: Project, rows: list[Row]) -> None:
        self.now = clock.now()
        self.units = {
            unit.key: unit for unit in Unit.every.filter(project=project).select_related("project", "building")
        }
        self.by_room: dict[tuple[str, ...], list[Unit]] = defaultdict(list)
        for key, unit in self.units.items():
            building, _entrance, floor, room = key.split("|", 3)
            self.by_room[building, floor, room].append(unit)
        self.buildings = set(project.buildings.values_list("key", flat=True))
        self.sales = _live_sales(project)
        self.numbers = {name: _given(project, name, rows) for name in _NUMBERS}
        wanted = {phones.index(row.values["phone"]) for row in rows if "phone" in row.values}
        found = CustomerPhone.every.filter(project=project).values_list("number_index", "customer_id")
        held = {index: pk for index, pk in found if index in wanted}
        people = Customer.every.in_bulk(set(held.values()))
        self.customers = {index: people[pk] for index, pk in held.items()}
        self.sellers: dict[str, Any] = {}
        for person in salespeople(project):
            self.sellers |= {same(person.name): person, same(person.employee_no): person}
        self.seen_units: dict[tuple[str, ...], SourceRow] = {}
        self.seen_numbers: dict[tuple[str, str], SourceRow] = {}

    def find(self, place: rules.Place) -> Unit | None:
        """The unit at the place; a row without entrance finds the only such room of the building."""
        unit = self.units.get(place.unit_key)
        if unit is None and not place.entrance_key:
            alike = self.by_room.get((place.building_key, place.floor.key, place.room_key), [])
            unit = alike[0] if len(alike) == 1 else None
        return unit


def _live_sales(project: Project) -> dict[int, tuple]:
    """By unit, what is said of the sale that it is under and that was brought along."""
    live = Claim.every.filter(project=project, released_at__isnull=True, trade__migrated=True)
    contracts = Contract.every.filter(claim__in=live, closed_at__isnull=True)
    return {row[0]: row[1:] for row in contracts.values_list("unit_id", "signed_on", "total", "number", "delivered_on")}


def _given(project: Project, name: str, rows: list[Row]) -> set[str]:
    """Those of the rows' numbers that something has: each is given once, in whichever project."""
    wanted = {row.values[name] for row in rows if name in row.values}
    kept: Any = Contract if name == "contract_no" else Subscription
    found = set(kept.every.exclude(number="").values_list("number", flat=True))
    issued = IssuedNumber.objects.filter(project=project, kind=_NUMBERS[name])
    return wanted & (found | set(issued.values_list("number", flat=True)))


def _line(row: Row, known: _Known, *, create_units: bool) -> Planned:
    line = Planned(row)
    if row.unit.place is not None:
        line.unit = known.find(row.unit.place)
        _twice(line, known)
        if line.unit is None and not create_units:
            _unknown(row, row.unit.place, known)
        elif line.unit is not None:
            _standing(line, line.unit, known)
        elif "built_area" not in row.unit.values and not any(item.field == "built_area" for item in row.problems):
            row.add("missing", "built_area")
    if line.kind != SaleKind.UNCHANGED:
        _numbers(row, known)
        _people(line, known)
    if row.refused:
        line.kind = SaleKind.REFUSED
    return line


def _twice(line: Planned, known: _Known) -> None:
    place = line.row.unit.place
    assert place is not None
    key = (line.unit.key,) if line.unit else place.key
    first = known.seen_units.setdefault(key, line.row.source)
    if first is not line.row.source:
        line.row.add("unit_twice", "room", unit=place.number, row=first.row, sheet=first.sheet)


def _unknown(row: Row, place: rules.Place, known: _Known) -> None:
    if place.building_key not in known.buildings:
        row.add("unknown_building", "building", value=values.shown(place.building))
    else:
        row.add("unknown_unit", "room", unit=place.number)


def _standing(line: Planned, unit: Unit, known: _Known) -> None:
    """Whether the unit as it stands can have been sold so."""
    row, status = line.row, Status(unit.status)
    said, area = known.sales.get(unit.pk), row.unit.values.get("built_area")
    if said and _same_sale(said, row):
        line.kind = SaleKind.UNCHANGED
        row.add("known_sale", "room")
        return
    if area and area not in (unit.built_area, unit.surveyed_built_area):
        row.add("area_differs", "built_area", kept=str(unit.built_area), value=str(area))
    if is_over(unit.status, unit.claim_ends_at, known.now):
        status = Status.AVAILABLE  # its hold ran out, and is written down before the sale is
    if unit.review != Review.APPROVED:
        row.add("not_approved", "room", unit=unit.number)
    elif status in CLAIMED:
        row.add("sold_already", "room", unit=unit.number, status=status.value)
    elif unit.lock_codes:
        row.add("on_hold", "room", unit=unit.number, lock=unit.lock_codes[0])
    elif status == Status.WITHHELD:
        row.add("not_on_sale", "room")


def _same_sale(said: tuple, row: Row) -> bool:
    signed_on, total, number, delivered_on = said
    given = row.values
    return (
        given.get("signed_on") == signed_on
        and given.get("total") == total
        and given.get("contract_no", number) == number
        and given.get("delivered_on", delivered_on) == delivered_on
    )


def _numbers(row: Row, known: _Known) -> None:
    for name in _NUMBERS:
        number = row.values.get(name)
        if number is None:
            continue
        first = known.seen_numbers.setdefault((name, number), row.source)
        if first is not row.source:
            row.add("number_twice", name, value=number, row=first.row, sheet=first.sheet)
        elif number in known.numbers[name]:
            row.add("number_known", name, value=number)


def _people(line: Planned, known: _Known) -> None:
    given = line.row.values
    if "phone" in given:
        line.customer = known.customers.get(phones.index(given["phone"]))
        if line.customer is None and "buyer" not in given:
            line.row.add("buyer_missing", "buyer")
    if "salesperson" in given:
        line.salesperson = known.sellers.get(same(given["salesperson"]))
        if line.salesperson is None:
            line.row.add("seller_unknown", "salesperson", value=values.shown(given["salesperson"]))
