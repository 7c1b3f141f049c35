"""Writes past sales that were planned: units where asked for, buyers, trades, claims, contracts, and what happened to each unit
at its true time (R3.3). All in the caller's transaction, with the project locked, in a number of statements that hardly grows."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from contracts.models import Buyer, Claim, Contract, IssuedNumber, Subscription, Trade
from contracts.services import claims
from contracts.services.past_sales_plan import Plan, Planned
from contracts.states import (
    CloseReason,
    ContractState,
    Evidence,
    HoldKind,
    NumberKind,
    NumberState,
    PaymentMethod,
    Stage,
    SubscriptionState,
)
from enquiries import names, phones
from enquiries.models import Customer, CustomerPhone
from enquiries.states import CustomerKind
from inventory.models import ListingBatch, Project, Unit, UnitInterest
from inventory.models.unit import PricingMode
from inventory.services import import_write
from inventory.services import units as inventory
from inventory.states import BatchState
from salescontrol.core import clock
from salescontrol.core.history import create_tracked, save_tracked
from salescontrol.core.money import cents
from salescontrol.core.numbering import next_number

REASON = "brought along from before"
# The day is known and not the hour: on one day, so is the order of what happened on it.
HOURS = {"subscribed_on": time(10), "signed_on": time(12), "delivered_on": time(14)}
_MOVES = {
    "subscribed_on": "trade.bring_subscribed",
    "signed_on": "trade.bring_signed",
    "delivered_on": "trade.bring_handed_over",
}
_FACTS = ("built_area", "inner_area", "orientation", "property_type")


def write(*, project: Project, plan: Plan, origin: str, by) -> None:
    """Write every sale of the plan that is new; `origin` is the number of the import. Raises Conflict when a unit moved since."""
    lines = plan.new
    if not lines:
        return
    action = f"sales.import: {origin}"
    first = plan.first_day
    assert first is not None
    made = _make_units(project, [line for line in lines if line.unit is None], origin=origin, by=by)
    _lock_units(project, [line for line in lines if line not in made])
    _enter_buyers(project, lines, action=action, by=by)
    trades = _open_trades(project, lines, action=action, by=by)
    rows = [_claim(line, trade, line in made, by) for line, trade in zip(lines, trades, strict=True)]
    now = clock.now()
    lives = []
    for line, claim in zip(lines, rows, strict=True):
        unit = _unit(line)
        opened = [*_opening(project, first, now)] if line in made else []
        moves = [*opened, *_moves(project, line.row.values, claim.number, now)]
        claim.placed_at, claim.event_seq = moves[len(opened)].at, unit.event_seq + len(moves)
        lives.append((unit, moves))
    inventory.bring_along(lives=lives, by=by, reason=REASON)
    Claim.every.bulk_create(rows, batch_size=500)
    _reserve(project, lines, trades, by=by)
    subscriptions = _subscriptions(project, lines, rows, action=action, by=by)
    _contracts(project, lines, rows, subscriptions, action=action, by=by)
    _show_to_salespeople(rows)


def _unit(line: Planned) -> Unit:
    assert line.unit is not None
    return line.unit


def _make_units(project: Project, lines: Sequence[Planned], *, origin: str, by) -> set[Planned]:
    """The units that rows name and the project lacks, as one batch that is approved with them; at the price of the sale."""
    if not lines:
        return set()
    batch = ListingBatch(
        project=project, number=next_number(project.code, clock.today(project.zone).year, "LB"),
        title=f"{origin}", note=REASON, state=BatchState.APPROVED, made_by=by,
    )  # fmt: skip
    save_tracked(batch, action="batch.bring", by=by)
    known = import_write.Names(project, by=by)
    units = [_new_unit(project, line, known, batch, by) for line in lines]
    for line, unit in zip(lines, create_tracked(units, action="unit.enter", by=by), strict=True):
        unit.project = project
        line.unit = unit
    return set(lines)


def _new_unit(project: Project, line: Planned, known: import_write.Names, batch: ListingBatch, by) -> Unit:
    row, place = line.row.unit, line.row.unit.place
    assert place is not None
    facts = {name: row.values[name] for name in _FACTS if row.values.get(name)}
    total = line.row.values["total"]
    return Unit(
        project=project, building=known.building(place), batch=batch, entered_by=by, submitted_by=by,
        layout=known.layout(row.values.get("layout")), pricing_mode=PricingMode.UNIT, list_total=total,
        list_unit_price=cents(total / row.values["built_area"]), no_discount=True, **facts, **place.columns(),
    )  # fmt: skip


def _lock_units(project: Project, lines: Sequence[Planned]) -> None:
    """The units that were there before, locked in the fixed order and read again."""
    wanted = [line.unit.pk for line in lines if line.unit]
    found = {unit.pk: unit for unit in inventory.locked(wanted, visible=Unit.every.filter(project=project))}
    for line in lines:
        line.unit = found[_unit(line).pk]


def _enter_buyers(project: Project, lines: Sequence[Planned], *, action: str, by) -> None:
    """Buyers whom the project does not know become customers: one for each phone, and one for each row without."""
    new: dict[Any, Customer] = {}
    numbers: dict[Any, str] = {}
    for line in lines:
        given = line.row.values
        if line.customer is None and "buyer" in given:
            key = given.get("phone") or id(line)
            line.customer = new.setdefault(key, _customer(project, line, by))
            numbers[key] = given.get("phone", "")
    create_tracked([*new.values()], action=action, by=by)
    create_tracked(
        [
            CustomerPhone(
                customer=new[key], project=project, number=number, number_index=phones.index(number),
                tail_index=phones.tail_index(number), is_main=True,
            )
            for key, number in numbers.items() if number
        ],
        action=action, by=by,
    )  # fmt: skip


def _customer(project: Project, line: Planned, by) -> Customer:
    given = line.row.values
    number = given.get("phone", "")
    return Customer(
        project=project, name=given["buyer"], name_keys=names.keys(given["buyer"]), phone=number,
        phone_index=phones.index(number) if number else "", kind=CustomerKind.PERSON, owner=line.salesperson,
        owner_since=clock.now() if line.salesperson else None, visited=True, entered_by=by,
    )  # fmt: skip


def _open_trades(project: Project, lines: Sequence[Planned], *, action: str, by) -> list[Trade]:
    trades = [
        Trade(
            project=project, salesperson=line.salesperson, migrated=True, opened_by=by,
            opened_at=_at(project, _first_day(line.row.values), HOURS["subscribed_on"], clock.now()),
        )
        for line in lines
    ]  # fmt: skip
    trades = create_tracked(trades, action=action, by=by)
    buyers = [
        Buyer(trade=trade, customer=line.customer) for line, trade in zip(lines, trades, strict=True) if line.customer
    ]
    create_tracked(buyers, action=action, by=by)
    return trades


def _first_day(given: Mapping[str, Any]) -> date:
    return given.get("subscribed_on") or given["signed_on"]


def _claim(line: Planned, trade: Trade, made: bool, by) -> Claim:
    """Of a unit that was here before, nobody knows here which list price was valid then."""
    unit = _unit(line)
    return Claim(
        project_id=unit.project_id, unit=unit, stage=Stage.CONTRACT, customer=line.customer, salesperson=line.salesperson,
        kind=HoldKind.CUSTOMER if line.customer else HoldKind.DEAL, trade=trade, reason=REASON, evidence=Evidence.NONE,
        list_unit_price=unit.list_unit_price if made else None, list_total=unit.list_total if made else None,
        placed_by=by, expires_at=None,
    )  # fmt: skip


def _opening(project: Project, first: date, now: datetime) -> Iterator[inventory.PastMove]:
    """A unit that is made was approved and on sale from the beginning of the first day."""
    for action in ("unit.bring_approved", "unit.bring_released"):
        yield inventory.PastMove(action, _at(project, first, time(0), now))


def _moves(project: Project, given: Mapping[str, Any], claim: str, now: datetime) -> Iterator[inventory.PastMove]:
    for name, action in _MOVES.items():
        if name in given:
            yield inventory.PastMove(action, _at(project, given[name], HOURS[name], now), claim)


def _at(project: Project, day: date, hour: time, now: datetime) -> datetime:
    """That hour of that day by the project's clock, but never later than now."""
    return min(datetime.combine(day, hour, tzinfo=ZoneInfo(project.zone)), now)


def _reserve(project: Project, lines: Sequence[Planned], trades: Sequence[Trade], *, by) -> None:
    """The numbers of the sales are kept, so that none is given again."""
    found = [
        IssuedNumber(
            number=line.row.values[name], project=project, kind=kind, trade=trade, state=NumberState.RESERVED, given_by=by,
            year=_first_day(line.row.values).year if name == "subscription_no" else line.row.values["signed_on"].year,
        )
        for line, trade in zip(lines, trades, strict=True)
        for name, kind in (("contract_no", NumberKind.CONTRACT), ("subscription_no", NumberKind.SUBSCRIPTION))
        if name in line.row.values
    ]  # fmt: skip
    create_tracked(found, action="number.reserve", by=by)


def _prices(line: Planned) -> dict[str, Any]:
    given, unit = line.row.values, _unit(line)
    area = line.row.unit.values.get("built_area") or unit.built_area
    total = given["total"]
    return {
        "method": given.get("method", PaymentMethod.OTHER.value), "area": area, "total": total,
        "unit_price": given.get("unit_price") or cents(total / area),
    }  # fmt: skip


def _subscriptions(
    project: Project, lines: Sequence[Planned], rows: Sequence[Claim], *, action: str, by
) -> dict[str, Subscription]:
    """Of the sales that tell of one, by number of the claim; closed by the contract that followed."""
    found = []
    for line, claim in zip(lines, rows, strict=True):
        given = line.row.values
        if "subscribed_on" in given or "subscription_no" in given:
            deposit = given.get("deposit", 0)
            found.append(Subscription(
                number=given.get("subscription_no", ""), project=project, trade=claim.trade, unit=claim.unit, claim=claim,
                deposit=deposit, paid=deposit, signed_on=given.get("subscribed_on"), state=SubscriptionState.CLOSED,
                close_reason=CloseReason.SIGNED, closed_at=_at(project, given["signed_on"], HOURS["signed_on"], clock.now()),
                made_by=by, **_prices(line),
            ))  # fmt: skip
    return {row.claim.number: row for row in create_tracked(found, action=action, by=by) if row.claim}


def _contracts(
    project: Project, lines: Sequence[Planned], rows: Sequence[Claim], subscriptions: Mapping[str, Subscription], *,
    action: str, by,
) -> None:  # fmt: skip
    found = []
    for line, claim in zip(lines, rows, strict=True):
        given, prices = line.row.values, _prices(line)
        found.append(Contract(
            number=given.get("contract_no", ""), project=project, trade=claim.trade, unit=claim.unit, claim=claim,
            subscription=subscriptions.get(claim.number), main_amount=prices["total"], signed_on=given["signed_on"],
            filed_on=given.get("filed_on"), delivered_on=given.get("delivered_on"), made_by=by,
            state=ContractState.DELIVERED if "delivered_on" in given else ContractState.SIGNED, **prices,
        ))  # fmt: skip
    create_tracked(found, action=action, by=by)


def _show_to_salespeople(rows: Sequence[Claim]) -> None:
    """The salespeople see the units that they sold (decisions 3)."""
    shown = [
        UnitInterest(unit_id=claim.unit_id, user_id=claim.salesperson_id, kind=claims.INTEREST, until=None)
        for claim in rows if claim.salesperson_id
    ]  # fmt: skip
    UnitInterest.objects.bulk_create(
        shown, batch_size=500, update_conflicts=True, unique_fields=["unit", "user", "kind"], update_fields=["until"]
    )
