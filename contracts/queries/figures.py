"""THE figures of sales: deals, amounts and areas, from the events alone (R3.5, R4.1). Every report counts by this.

A deal counts on the business date on which its unit becomes contracted, with the price and area of its contract; when the unit
leaves the sold states (refund, exchange, void) the same is taken off on that business date, so that days add up to months and to
totals. An exchange takes off here and adds there; a handover changes nothing. A deal that was amended counts with what its
contract says: as of a moment, with what it said then.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from contracts.models import Contract
from inventory.models import Project, UnitEvent
from inventory.states import SOLD


@dataclass
class Figure:
    """Deals, their total price and their built area; all may be negative where more was given back than sold."""

    deals: int = 0
    total_price: Decimal = Decimal(0)
    area: Decimal = Decimal(0)

    def add(self, sign: int, total: Decimal, area: Decimal) -> None:
        self.deals += sign
        self.total_price += sign * total
        self.area += sign * area

    def as_json(self) -> dict[str, int | float]:
        """Numbers as JSON has them: whole ones without a point."""
        return {"deals": self.deals, "total_price": _number(self.total_price), "area": _number(self.area)}


@dataclass(frozen=True)
class Count:
    """One time that a unit became contracted (+1) or left the sold states (−1)."""

    sign: int
    day: date
    building: str
    layout: str
    total: Decimal
    area: Decimal


KEYS: Mapping[str, Callable[[Count], str]] = {
    "month": lambda count: f"{count.day:%Y-%m}",
    "building": lambda count: count.building,
    "layout": lambda count: count.layout,
}


def figures(
    project: Project, *, by: str, since: date | None = None, until: date | None = None, as_of: datetime | None = None
) -> dict[str, Figure]:
    """The figures by `month`, `building` or `layout`, of business dates from `since` to `until`, as the events told at `as_of`."""
    found: dict[str, Figure] = defaultdict(Figure)
    for count in counts(project, since=since, until=until, as_of=as_of):
        found[KEYS[by](count)].add(count.sign, count.total, count.area)
    return dict(sorted(found.items()))


def total(
    project: Project, *, since: date | None = None, until: date | None = None, as_of: datetime | None = None
) -> Figure:
    """The same without parts."""
    found = Figure()
    for count in counts(project, since=since, until=until, as_of=as_of):
        found.add(count.sign, count.total, count.area)
    return found


def counts(
    project: Project, *, since: date | None = None, until: date | None = None, as_of: datetime | None = None
) -> list[Count]:
    """Every deal that was reached or left in this time; three queries, however many."""
    rows = _crossings(project, as_of)
    contracts = _contracts(project, as_of)
    reached: dict[str, int] = defaultdict(int)
    found = []
    for row in rows:
        came = row["to_status"] in SOLD
        reached[row["claim"]] += came
        total, area = _of_contract(contracts.get(row["claim"], []), reached[row["claim"]]) or (
            row["unit__list_total"] or Decimal(0), row["unit__built_area"],
        )  # fmt: skip
        day = row["business_date"]
        if (since is None or day >= since) and (until is None or day <= until):
            sign = 1 if came else -1
            found.append(Count(sign, day, row["unit__building__name"], row["unit__layout__code"] or "", total, area))
    return found


def _crossings(project: Project, as_of: datetime | None) -> Iterable[Mapping[str, Any]]:
    """The events by which a unit came into the sold states or left them, in the order of each unit's life."""
    events: QuerySet[UnitEvent] = UnitEvent.every.filter(unit__project=project)
    if as_of is not None:
        events = events.filter(at__lte=as_of)
    into = events.filter(to_status__in=SOLD).exclude(from_status__in=SOLD)
    out = events.filter(from_status__in=SOLD).exclude(to_status__in=SOLD)
    return (into | out).order_by("unit_id", "seq").values(
        "to_status", "claim", "business_date", "unit__building__name", "unit__layout__code", "unit__list_total",
        "unit__built_area",
    )  # fmt: skip


def _contracts(project: Project, as_of: datetime | None) -> dict[str, list[tuple[Decimal, Decimal]]]:
    """By number of the claim, its signed contracts in order as (total, area); one that was renewed by another counts as that."""
    signed = Contract.every.filter(project=project, signed_on__isnull=False).order_by("pk")
    rows = list(signed.values_list("pk", "claim__number", "previous_id", "total", "area"))
    then = _as_of(project, as_of) if as_of is not None else {}
    known = {pk: claim for pk, claim, _previous, _total, _area in rows}
    found: dict[str, list[tuple[Decimal, Decimal]]] = defaultdict(list)
    for pk, claim, previous, total, area in rows:
        if as_of is not None and pk not in then:
            continue
        worth = then.get(pk) or (total, area)
        if previous is not None and known.get(previous) == claim and found[claim]:
            found[claim][-1] = worth
        else:
            found[claim].append(worth)
    return found


def _as_of(project: Project, moment: datetime) -> dict[int, tuple[Decimal, Decimal]]:
    """What each contract said at the moment; of a sale that was brought along later, what it said first."""
    history = Contract.history.model.objects.filter(project_id=project.pk, signed_on__isnull=False)
    rows = history.order_by("history_date", "history_id").values_list("id", "history_date", "total", "area")
    migrated = set(Contract.every.filter(project=project, trade__migrated=True).values_list("pk", flat=True))
    found: dict[int, tuple[Decimal, Decimal]] = {}
    for pk, at, total, area in rows:
        if at <= moment or (pk in migrated and pk not in found):
            found[pk] = (total, area)
    return found


def _of_contract(worth: list[tuple[Decimal, Decimal]], number: int) -> tuple[Decimal, Decimal] | None:
    """What the nth deal of a claim is worth."""
    return worth[min(max(number, 1), len(worth)) - 1] if worth else None


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)
