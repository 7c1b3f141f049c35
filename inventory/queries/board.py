"""What the sales board shows (R1.6, domain B2.5): first what a cell is, then where it stands, each read in one query.

The two halves are kept apart on purpose; the live board (`queries.live`) delivers them apart. The *skeleton* (place, number,
layout, area) changes rarely and names no price, no status and no person; the *standings* (status, total, locks, mine) change
with every sale. Both start from what the reader may see, so columns, floors, counts and choices come from visible units only
(decisions 3).
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.db.models import QuerySet

from inventory.models import Building, Layout, Project, Unit
from inventory.models.unit import ATTACHED_TYPES
from inventory.queries.scope import own_unit_ids, units_of_project_visible_to
from inventory.queries.standing import status_at
from inventory.states import SALE_STATES, SOLD, Status
from salescontrol.core import clock
from salescontrol.core.access import Access
from salescontrol.core.permissions import Permission


class Place(NamedTuple):
    """One cell of the skeleton; areas in ㎡ (surveyed once known, else planned: domain B2.1)."""

    pk: int
    building_id: int
    entrance: str
    floor: int
    floor_to: int | None
    floor_label: str
    stack: str
    room: str
    number: str
    layout_id: int | None
    orientation: str
    property_type: str
    planned_area: Decimal
    surveyed_area: Decimal | None

    @property
    def area(self) -> Decimal:
        return self.surveyed_area or self.planned_area

    @property
    def attached(self) -> bool:
        return self.property_type in ATTACHED_TYPES


class Standing(NamedTuple):
    """Where one unit stands: status, list total in the project's currency, codes of its locks, whether it is the reader's."""

    status: str
    total: Decimal | None
    locks: str
    mine: bool


PLACE_FIELDS = (
    "pk",
    "building_id",
    "entrance",
    "floor",
    "floor_to",
    "floor_label",
    "stack",
    "room",
    "number",
    "layout_id",
    "orientation",
    "property_type",
    "built_area",
    "surveyed_built_area",
)


@dataclass(frozen=True)
class Board:
    """The units of one project that this reader may see. `whole` says that these are all of them."""

    places: list[Place]
    standings: Mapping[int, Standing]
    buildings: Mapping[int, Building]
    layouts: Mapping[int, Layout]
    as_of: datetime
    whole: bool

    def part(self, *, attached: bool, building_id: int | None = None) -> list[Place]:
        """The places of one tab (homes and shops, or parking and storage) and, if asked, of one building."""
        return [
            place
            for place in self.places
            if place.attached == attached and (building_id is None or place.building_id == building_id)
        ]


@dataclass(frozen=True)
class Wanted:
    """What the reader filters by; empty means any. Areas in ㎡, totals in the project's currency."""

    building_id: int | None = None
    layout_id: int | None = None
    statuses: frozenset[str] = frozenset()
    area_from: Decimal | None = None
    area_to: Decimal | None = None
    total_from: Decimal | None = None
    total_to: Decimal | None = None
    orientation: str = ""
    lock: str = ""
    mine: bool = False

    @property
    def narrows(self) -> bool:
        """Whether anything but the building is filtered by (a building is shown alone, not among dimmed others)."""
        return self != Wanted(building_id=self.building_id)

    def takes(self, place: Place, standing: Standing) -> bool:
        """Whether this unit is asked for."""
        return (
            (not self.statuses or standing.status in self.statuses)
            and (self.layout_id is None or place.layout_id == self.layout_id)
            and (not self.orientation or place.orientation == self.orientation)
            and (not self.lock or self.lock in standing.locks.split(","))
            and (not self.mine or standing.mine)
            and _within(place.area, self.area_from, self.area_to)
            and _within(standing.total, self.total_from, self.total_to)
        )


def _within(value: Decimal | None, low: Decimal | None, high: Decimal | None) -> bool:
    if low is None and high is None:
        return True
    return value is not None and (low is None or value >= low) and (high is None or value <= high)


@dataclass(frozen=True)
class Summary:
    """Counts of decisions 7: drafts are counted nowhere; released = approved and not withheld."""

    by_status: Mapping[str, int] = field(default_factory=dict)
    drafts: int = 0

    @property
    def units(self) -> int:
        return sum(self.by_status.values())

    @property
    def released(self) -> int:
        return self.units - self.by_status.get(Status.WITHHELD, 0)

    @property
    def sold_through(self) -> Decimal | None:
        """(Subscribed + sold) ÷ released units, in percent; None while nothing is released."""
        if not self.released:
            return None
        taken = sum(self.by_status.get(status, 0) for status in (Status.SUBSCRIBED, *SOLD))
        return Decimal(100) * taken / self.released


def board_units(access: Access, project: Project) -> QuerySet[Unit]:
    """The units behind the board: everything the user may see of the project, in the board's order."""
    return units_of_project_visible_to(access, project.pk).order_by()


def skeleton(units: QuerySet[Unit]) -> list[Place]:
    """Place, number, layout and area of each unit: no price, no status, no person. One query."""
    return [Place._make(row) for row in units.values_list(*PLACE_FIELDS)]


def standings(units: QuerySet[Unit], mine: Collection[int], now: datetime) -> dict[int, Standing]:
    """Status that counts at `now`, total, locks and "mine" by unit id. One query."""
    rows = units.values_list("pk", status_at(now), "list_total", "locks")
    return {pk: Standing(status, total, locks, pk in mine) for pk, status, total, locks in rows}


def mine_of(access: Access, project: Project, ids: Collection[int] | None = None) -> frozenset[int]:
    """The reader's own units of the project (among `ids`); a wall display has none."""
    if access.user is None:
        return frozenset()
    return own_unit_ids(access, project.pk, ids)


def read_board(access: Access, project: Project) -> Board:
    """The whole board of this reader, in a number of queries that does not depend on its size."""
    units = board_units(access, project)
    now = clock.now()
    stands = standings(units, mine_of(access, project), now)
    places = [place for place in skeleton(units) if place.pk in stands]
    return Board(
        places=places,
        standings=stands,
        buildings=_present(
            Building.objects.filter(project=project).order_by("position", "pk"), {place.building_id for place in places}
        ),
        layouts=_present(
            Layout.objects.filter(project=project).order_by("code"), {place.layout_id for place in places}
        ),
        as_of=clock.local(now, project.zone),
        whole=access.can(Permission.UNIT_SEE_ALL, project.pk),
    )


def _present(rows: QuerySet, keys: Collection[int | None]) -> dict:
    """Rows that the visible units name; the others are nobody's business here."""
    return {row.pk: row for row in rows if row.pk in keys}


def matching(board: Board, places: Iterable[Place], wanted: Wanted) -> frozenset[int] | None:
    """The ids of the units asked for, or None when the filter does not narrow anything."""
    if not wanted.narrows:
        return None
    stands = board.standings
    return frozenset(place.pk for place in places if wanted.takes(place, stands[place.pk]))


def summarise(board: Board, places: Iterable[Place]) -> Summary:
    """The counts of these places."""
    counted = Counter(board.standings[place.pk].status for place in places)
    return Summary(
        by_status={status.value: counted[status.value] for status in SALE_STATES}, drafts=counted[Status.DRAFT.value]
    )


def count_asked(board: Board, asked: Collection[int], wanted: Wanted) -> int:
    """How many units match; drafts count only for whoever asks for drafts by name."""
    if Status.DRAFT in wanted.statuses:
        return len(asked)
    return sum(board.standings[pk].status != Status.DRAFT for pk in asked)


@dataclass(frozen=True)
class Remaining:
    """One layout: how many units there are and how many of them are for sale now."""

    layout: str
    units: int
    available: int


def remaining(layouts: Mapping[int, Layout], units: Counter[int | None], free: Counter[int | None]) -> list[Remaining]:
    """What remains by layout, from the counts of approved and of available units by layout; those without one last (domain
    B2.5); empty where no unit has a layout."""
    found = [Remaining(layout.code, units[pk], free[pk]) for pk, layout in layouts.items() if units[pk]]
    return [*found, Remaining("", units[None], free[None])] if found and units[None] else found
