"""The demonstration's projects, towers and units, with a past: entered, approved, put on sale, prices changed."""

import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from inventory.models import Building, Layout, ListingBatch, Permit, Phase, Project, Unit, UnitEvent
from inventory.rules import building_key, read_place
from inventory.states import BatchState, Review, Status
from salescontrol.core import clock, money
from salescontrol.core.history import create_tracked, save_tracked, update_tracked
from salescontrol.core.numbering import next_number
from security.models import User


@dataclass(frozen=True)
class Stack:
    """One column of a tower: its room number, layout, areas in ㎡ and orientation."""

    room: str
    layout: str
    built: str
    inner: str
    orientation: str


@dataclass(frozen=True)
class Tower:
    """One building: its floors, columns, base price per ㎡ (yuan), and how much of it is on sale."""

    project: str
    name: str
    entrances: tuple[str, ...]
    first: int
    last: int
    stacks: tuple[Stack, ...]
    base: int
    released: float
    days_ago: int


WIDE = (
    Stack("01", "D", "143.26", "113.90", "SN"),
    Stack("02", "C", "118.40", "94.12", "SN"),
    Stack("03", "C", "118.40", "94.12", "SN"),
    Stack("04", "B", "128.05", "101.80", "SE"),
)
NARROW = (
    Stack("01", "B", "128.05", "101.80", "SW"),
    Stack("02", "A", "89.60", "70.95", "S"),
    Stack("03", "A", "89.60", "70.95", "S"),
)
LAYOUTS = {
    "A": (2, 2, 1, "89.60"),
    "B": (3, 2, 2, "128.05"),
    "C": (3, 2, 2, "118.40"),
    "D": (4, 2, 2, "143.26"),
    "E": (5, 2, 3, "186.50"),
}
TOWERS = (
    Tower("RSC", "3#", ("",), 2, 18, WIDE, 21800, 1.0, 60),
    Tower("RSC", "5#", ("",), 2, 18, WIDE, 22100, 0.9, 45),
    Tower("RSC", "7#", ("1", "2"), 2, 22, NARROW, 22900, 0.55, 20),
    Tower("HGT", "1#", ("",), 1, 24, WIDE, 16400, 0.9, 50),
    Tower("HGT", "2#", ("",), 1, 24, NARROW, 16900, 0.7, 25),
)
PROJECTS = (
    ("RSC", "Riverside Court 临江苑", False, "First phase 一期", "Second phase 二期"),
    ("HGT", "Hill Garden 山语城", True, "First phase 一期", "Second phase 二期"),
)


def make_projects() -> dict[str, Project]:
    """One project whose salespeople see only their own units, one that shares what is for sale."""
    found = {}
    for code, name, share, *phases in PROJECTS:
        project = Project(code=code, name=name, city="Shanghai 上海", share_for_sale=share)
        found[code] = save_tracked(project, action="project.open", by=None)
        for position, phase in enumerate(phases, start=1):
            save_tracked(Phase(project=project, name=phase, position=position), action="phase.enter", by=None)
    return found


def make(projects: dict[str, Project], people: dict[str, User]) -> int:
    """Layouts, buildings, permits and all units of the demonstration; returns the number of units."""
    chance = random.Random(2026)  # noqa: S311 - the demonstration is the same every time
    count = 0
    for project in projects.values():
        _make_layouts(project, people["C001"])
    for position, tower in enumerate(TOWERS, start=1):
        count += _make_tower(projects[tower.project], tower, position, people, chance)
    for project in projects.values():
        count += _make_parking(project, people, chance)
    return count


def _make_layouts(project: Project, by: User) -> None:
    for code, (bedrooms, living, baths, built) in LAYOUTS.items():
        layout = Layout(
            project=project, code=code, bedrooms=bedrooms, living_rooms=living, bathrooms=baths, built_area=Decimal(built),
            description=f"{bedrooms}室{living}厅{baths}卫",
        )  # fmt: skip
        save_tracked(layout, action="layout.enter", by=by)


def _make_tower(project: Project, tower: Tower, position: int, people: dict[str, User], chance: random.Random) -> int:
    start = clock.now() - timedelta(days=tower.days_ago)
    building = _building(project, tower.name, position, people["S001"], start)
    batch = _batch(project, f"{tower.name} price list", people, start)
    layouts = {layout.code: layout for layout in project.layouts.all()}
    units = [
        _home(building, batch, entrance, floor, stack, layouts[stack.layout], tower, people)
        for entrance in tower.entrances
        for floor in range(tower.first, tower.last + 1)
        for stack in tower.stacks
    ]
    _assign(units, project, people, chance)
    _live(
        units,
        start,
        people,
        released=lambda unit: unit.floor <= tower.first + (tower.last - tower.first) * tower.released,
    )
    return len(units)


def _building(project: Project, name: str, position: int, by: User, at: datetime) -> Building:
    phase = project.phases.first()
    building = Building(project=project, phase=phase, name=name, key=building_key(name), position=position)
    save_tracked(building, action="building.enter", by=by)
    permit = Permit(project=project, number=f"沪预售({at.year}){position:04d}号", issued_on=at.date())
    save_tracked(permit, action="permit.enter", by=by)
    permit.buildings.add(building)
    return building


def _batch(project: Project, title: str, people: dict[str, User], at: datetime) -> ListingBatch:
    number = next_number(project.code, clock.today(project.zone).year, "LB")
    batch = ListingBatch(
        project=project, number=number, title=title, state=BatchState.APPROVED, progress=100,
        made_by=people["K001"], made_at=at, submitted_by=people["C001"], submitted_at=at + timedelta(hours=2),
    )  # fmt: skip
    return save_tracked(batch, action="batch.enter", by=people["K001"])


def _home(
    building: Building,
    batch: ListingBatch,
    entrance: str,
    floor: int,
    stack: Stack,
    layout: Layout,
    tower: Tower,
    people,
) -> Unit:
    built, inner = Decimal(stack.built), Decimal(stack.inner)
    price = Decimal(tower.base + floor * 90 + (400 if stack.room in ("01", "04") else 0))
    return Unit(
        project=building.project, building=building, **_place(building, entrance, str(floor), f"{floor}{stack.room}"),
        layout=layout, orientation=stack.orientation, built_area=built, inner_area=inner, shared_area=built - inner,
        list_unit_price=price, list_total=money.total_of(price, built), filed_unit_price=price, filed_total=money.total_of(price, built),
        floor_unit_price=price - 700, floor_total=money.total_of(price - 700, built), finish="FINISHED",
        batch=batch, entered_by=people["C001"], submitted_by=people["C001"], review=Review.APPROVED, status=Status.WITHHELD,
    )  # fmt: skip


def _place(building: Building, entrance: str, floor: str, room: str) -> dict:
    place, problems = read_place({"building": building.name, "entrance": entrance, "floor": floor, "room": room})
    if place is None:
        raise ValueError(problems)
    return place.columns()


def _make_parking(project: Project, people: dict[str, User], chance: random.Random) -> int:
    start = clock.now() - timedelta(days=15)
    building = _building(project, "P1", 90, people["S001"], start)
    batch = _batch(project, "Parking spaces", people, start)
    units = []
    for number in range(1, 31):
        room, total = f"{number:03d}", Decimal(180000 if number % 3 else 195000)
        units.append(Unit(
            project=project, building=building, **_place(building, "", "B1", room),
            property_type="PARKING", built_area=Decimal("12.72"), pricing_mode="UNIT",
            list_unit_price=total, list_total=total, floor_unit_price=total - 10000, floor_total=total - 10000, no_discount=True,
            batch=batch, entered_by=people["C001"], submitted_by=people["C001"], review=Review.APPROVED, status=Status.WITHHELD,
        ))  # fmt: skip
    _live(units, start, people, released=lambda unit: int(unit.room) <= 24)
    return len(units)


def _assign(units: list[Unit], project: Project, people: dict[str, User], chance: random.Random) -> None:
    sellers = [people[number] for number in (("A001", "A002") if project.code == "RSC" else ("A003", "A004"))]
    for unit in units:
        if chance.random() < 0.45:
            unit.salesperson = chance.choice(sellers)


def _live(units: list[Unit], start: datetime, people: dict[str, User], *, released) -> None:
    """Store the units with their past: entered, approved two hours later, put on sale a week later, a price correction."""
    for unit in units:
        unit._history_date = start
        unit.status_at = start + timedelta(hours=3)
        unit.status_reason = ""
        unit.event_seq = 1
        if released(unit):
            unit.status, unit.event_seq, unit.status_at = Status.AVAILABLE, 2, start + timedelta(days=7)
            unit.status_reason = "Opening 开盘"
    create_tracked(units, action="unit.enter", by=people["C001"])
    UnitEvent.every.bulk_create(
        [event for unit in units for event in _events(unit, start, people["S001"])], batch_size=500
    )
    _correct_prices([unit for unit in units if unit.floor == 12], start + timedelta(days=10), people["S001"])


def _events(unit: Unit, start: datetime, by: User) -> Iterator[UnitEvent]:
    steps = [("unit.approve", Status.DRAFT, Status.WITHHELD, "", timedelta(hours=3))]
    if unit.status == Status.AVAILABLE:
        steps.append(("unit.release", Status.WITHHELD, Status.AVAILABLE, unit.status_reason, timedelta(days=7)))
    for seq, (action, before, after, reason, delay) in enumerate(steps, start=1):
        at = start + delay
        yield UnitEvent(
            unit=unit, seq=seq, op_id=uuid.uuid4(), action=action, from_status=before, to_status=after, actor=by, reason=reason,
            at=at, business_date=clock.local(at, unit.project.zone).date(),
        )  # fmt: skip


def _correct_prices(units: list[Unit], at: datetime, by: User) -> None:
    for unit in units:
        unit.list_unit_price += 260
        unit.list_total = money.total_of(unit.list_unit_price, unit.built_area)
        unit.version += 1
        unit._history_date = at
    update_tracked(units, ["list_unit_price", "list_total", "version"], action="unit.change", by=by)
