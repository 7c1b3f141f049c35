"""The live board (decisions 12): a skeleton that is cached at an address of its own, how each unit stands, and what changed.

The database puts the texts of all units together and this module hardly looks at single units, because a loop over twenty
thousand of them costs more than everything else. What was read is kept in the process for readers with the same sight, and
brought up to date with what the feed says has changed, so that it is never shown older than the request that asks for it.
"""

import hashlib
import json
from bisect import bisect_left
from collections import Counter, OrderedDict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from threading import Lock as Latch
from typing import NamedTuple

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet
from django.db.models.functions import Coalesce

from inventory.models import Building, Layout, Project, Unit
from inventory.models.unit import ATTACHED_TYPES
from inventory.queries.board import Remaining, Standing, Summary, board_units, remaining
from inventory.queries.feed import Mark, mark, rung_since
from inventory.queries.standing import status_at
from inventory.states import SALE_STATES, Status
from salescontrol.core.access import Access
from salescontrol.core.permissions import Permission

KEPT_UNITS = 100_000
# The rights by which somebody sees some units of a project: a change of them is no change of a unit, so the feed does not tell it.
IN_PART = (
    Permission.UNIT_SEE_ALL, Permission.UNIT_SEE_DRAFTS, Permission.UNIT_SEE_SUBMITTED, Permission.UNIT_SEE_OWN,
    Permission.PROJECT_SEE,
)  # fmt: skip
LETTERS = {status.value: letter for status, letter in zip(Status, "rwahdscx", strict=True)}
STATUSES = {letter: Status(status) for status, letter in LETTERS.items()}
_ARRAY = {"postgresql": "json_agg({0})::text", "sqlite": "json_group_array({0})"}
_JOINED = {"postgresql": "string_agg({0}::text, {1})", "sqlite": "group_concat({0}, {1})"}
_SECONDS = {"postgresql": "extract(epoch FROM {0})", "sqlite": "round((julianday({0}) - 2440587.5) * 86400, 3)"}
_AREA = {"postgresql": "{0}", "sqlite": "CAST({0} AS REAL)"}


class Stack(NamedTuple):
    """The units of one column of one entrance; what differs from unit to unit is JSON text, from the lowest floor up."""

    building_id: int
    entrance: str
    stack: str
    attached: bool
    ids: str
    floors: str
    tops: str
    labels: str
    rooms: str
    layouts: str
    areas: str


class Kind(NamedTuple):
    """What a unit is counted under."""

    building_id: int
    attached: bool
    layout_id: int | None


class Cell(NamedTuple):
    """How one unit stands: letter of its status, list total and end of its hold (seconds since 1970) as text, codes of locks."""

    letter: str
    total: str
    locks: str
    ends: str


@dataclass(frozen=True)
class Live:
    """All units of a project that readers of one sight see, by ascending id, and up to where they are known."""

    project: Project
    mark: Mark
    stacks: list[Stack]
    buildings: Mapping[int, Building]
    layouts: Mapping[int, Layout]
    ids: list[int]
    letters: list[str]
    totals: list[str]
    locks: Mapping[int, str]
    ends: Mapping[int, str]
    made: dict = field(default_factory=dict)

    @cached_property
    def skeleton(self) -> str:
        """The hash of what is drawn of each unit, whoever looks; the language is added by `digest`."""
        names = [(row.pk, row.name) for row in self.buildings.values()]
        layouts = [(row.pk, row.code, row.bedrooms) for row in self.layouts.values()]
        return hash_of(
            repr((self.project.pk, str(self.project.currency), names, layouts)), *map("\t".join, self._texts())
        )

    def _texts(self) -> Iterable[list[str]]:
        for stack in self.stacks:
            yield [str(value) for value in stack]

    @cached_property
    def prices(self) -> str:
        """The hash of the list totals."""
        return hash_of(self.skeleton, ",".join(self.totals))

    @cached_property
    def counts(self) -> Counter[tuple[Kind, str]]:
        """How many units there are by kind and letter."""
        return Counter(zip(self.kinds, self.letters, strict=True))

    @cached_property
    def kinds(self) -> list[Kind]:
        known: dict[int, Kind] = {}
        for stack in self.stacks:
            layouts = json.loads(stack.layouts)
            kinds = {layout: Kind(stack.building_id, stack.attached, layout) for layout in set(layouts)}
            known.update(zip(json.loads(stack.ids), map(kinds.__getitem__, layouts), strict=True))
        return list(map(known.__getitem__, self.ids))

    @property
    def has_attached(self) -> bool:
        return any(stack.attached for stack in self.stacks)

    def place_of(self, pk: int) -> int | None:
        """Where the unit stands among the ids, or None when it is not on this board."""
        at = bisect_left(self.ids, pk)
        return at if at < len(self.ids) and self.ids[at] == pk else None

    def cell(self, pk: int) -> Cell:
        at = bisect_left(self.ids, pk)
        return Cell(self.letters[at], self.totals[at], self.locks.get(pk, ""), self.ends.get(pk, ""))

    def summary(self, *, attached: bool, building_id: int | None = None) -> Summary:
        """The counts of one tab and, if asked, of one building."""
        found: Counter[str] = Counter()
        for (kind, letter), count in self.counts.items():
            if kind.attached == attached and building_id in (None, kind.building_id):
                found[STATUSES[letter]] += count
        return Summary({status.value: found[status.value] for status in SALE_STATES}, found[Status.DRAFT.value])

    def remaining(self, *, attached: bool, building_id: int | None = None) -> list[Remaining]:
        """What remains of one tab and, if asked, of one building, by layout."""
        units: Counter[int | None] = Counter()
        free: Counter[int | None] = Counter()
        for (kind, letter), count in self.counts.items():
            if (
                kind.attached == attached
                and building_id in (None, kind.building_id)
                and STATUSES[letter] != Status.DRAFT
            ):
                units[kind.layout_id] += count
                free[kind.layout_id] += count if STATUSES[letter] == Status.AVAILABLE else 0
        return remaining(self.layouts, units, free)

    def patched(self, changed: Mapping[int, Cell], known_to: Mark) -> "Live":
        """The same board with these cells as they stand now."""
        locks, ends = dict(self.locks), dict(self.ends)
        new = replace(
            self, mark=known_to, letters=self.letters[:], totals=self.totals[:], locks=locks, ends=ends, made={}
        )
        for pk, cell in changed.items():
            at = bisect_left(self.ids, pk)
            new.letters[at], new.totals[at] = cell.letter, cell.total
            for kept, value in ((locks, cell.locks), (ends, cell.ends)):
                kept.pop(pk, None)
                kept |= {pk: value} if value else {}
        _carry(self, new, changed)
        return new


def _carry(old: Live, new: Live, changed: Mapping[int, Cell]) -> None:
    """What was worked out before and still holds: which units these are; the counts, moved; the prices' hash if none changed."""
    for name in ("skeleton", "kinds"):
        if name in old.__dict__:
            new.__dict__[name] = old.__dict__[name]
    if "prices" in old.__dict__ and all(old.cell(pk).total == cell.total for pk, cell in changed.items()):
        new.__dict__["prices"] = old.prices
    if "counts" in old.__dict__:
        counts = new.__dict__["counts"] = old.counts.copy()
        for pk, cell in changed.items():
            kind = old.kinds[bisect_left(old.ids, pk)]
            counts[kind, old.cell(pk).letter] -= 1
            counts[kind, cell.letter] += 1


def hash_of(*parts: str) -> str:
    """A name that stands for exactly these texts."""
    digest = hashlib.blake2b(digest_size=12)
    for part in parts:
        digest.update(part.encode())
        digest.update(b"\n")
    return digest.hexdigest()


def read_live(access: Access, project: Project, known_to: Mark | None = None) -> Live:
    """The board as this reader sees it, all read anew; the feed's mark is taken first, so that nothing can fall between."""
    known_to = known_to or mark()
    stacks, stands = _stacks(access, project), _cells(access, project, known_to)
    ids = list(stands[0])
    shown = {pk for stack in stacks for pk in json.loads(stack.ids)}
    if len(shown) != len(ids) or not shown.issuperset(ids):
        return read_live(access, project)  # A unit came or went between the two readings.
    return Live(
        project=project,
        mark=known_to,
        stacks=stacks,
        buildings=_present(Building.objects.filter(project=project).order_by("position", "pk"), _buildings(stacks)),
        layouts=_present(Layout.objects.filter(project=project).order_by("code"), _layouts(stacks)),
        ids=ids,
        letters=stands[1],
        totals=stands[2],
        locks=stands[3],
        ends=stands[4],
    )


def _present(rows: QuerySet, keys: Collection[int | None]) -> dict:
    return {row.pk: row for row in rows if row.pk in keys}


def _buildings(stacks: Iterable[Stack]) -> set[int]:
    return {stack.building_id for stack in stacks}


def _layouts(stacks: Iterable[Stack]) -> set[int | None]:
    return {pk for text in {stack.layouts for stack in stacks} for pk in json.loads(text)}


def _rows(units: QuerySet[Unit], select: str, tail: str = "") -> list[tuple]:
    """The rows of `select` over these units; their columns are those that `units` names."""
    try:
        inner, params = units.query.sql_with_params()
    except EmptyResultSet:
        return []
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {select} FROM ({inner}) AS units {tail}", params)  # noqa: S608
        return cursor.fetchall()


def _stacks(access: Access, project: Project) -> list[Stack]:
    """Every column of every entrance. One query, one row for each column."""
    array, area = _ARRAY[connection.vendor], _AREA[connection.vendor]
    units = board_units(access, project).annotate(area=Coalesce("surveyed_built_area", "built_area"))
    kinds = ", ".join(f"'{kind.value}'" for kind in sorted(ATTACHED_TYPES))
    each = [array.format(name) for name in ("id", "floor", "floor_to", "floor_label", "room", "layout_id")]
    head = f"building_id, entrance, stack, property_type IN ({kinds}) AS attached"
    columns = ("building_id", "entrance", "stack", "property_type", "id", "floor", "floor_to", "floor_label", "room",
               "layout_id", "area")  # fmt: skip
    rows = _rows(
        units.order_by("building_id", "floor", "pk").values_list(*columns),
        ", ".join([head, *each, array.format(area.format("area"))]),
        "GROUP BY 1, 2, 3, 4",
    )
    return sorted(Stack(row[0], row[1], row[2], bool(row[3]), *row[4:]) for row in rows)


_CELLS = ("id", "stands", "list_total", "locks", "claim_ends_at")


def _standing(access: Access, project: Project, known_to: Mark) -> QuerySet[Unit]:
    return board_units(access, project).annotate(stands=status_at(known_to.at))


def _letter() -> str:
    """SQL for the letter of a status."""
    return "CASE stands " + " ".join(f"WHEN '{status}' THEN '{letter}'" for status, letter in LETTERS.items()) + " END"


def _cells(access: Access, project: Project, known_to: Mark) -> tuple[list[int], list[str], list[str], dict, dict]:
    """Ids, letters, totals, and by id the locks and ends of those that have any. One query of one row."""
    joined, seconds = _JOINED[connection.vendor], _SECONDS[connection.vendor].format("claim_ends_at")
    units = _standing(access, project, known_to).order_by("pk").values_list(*_CELLS)
    number = _AREA[connection.vendor].format("list_total")
    row = _rows(
        units,
        ", ".join(
            [
                joined.format("id", "','"),
                joined.format(_letter(), "''"),
                joined.format(f"coalesce(CAST({number} AS text), '')", "','"),
                joined.format("CASE WHEN locks <> '' THEN id || ':' || locks END", "';'"),
                joined.format(f"CASE WHEN stands = 'HELD' THEN id || ':' || {seconds} END", "';'"),
            ]
        ),
    )
    ids, letters, totals, locks, ends = row[0] if row else (None,) * 5
    if ids is None:
        return [], [], [], {}, {}
    return list(map(int, ids.split(","))), list(letters), totals.split(","), _by_id(locks), _by_id(ends)


def _by_id(text: str | None) -> dict[int, str]:
    pairs = (word.split(":", 1) for word in text.split(";")) if text else ()
    return {int(pk): value for pk, value in pairs}


def _changed(access: Access, project: Project, ids: Collection[int], known_to: Mark) -> dict[int, Cell]:
    """These units as they stand now, as far as this reader sees them. One query."""
    seconds, number = _SECONDS[connection.vendor].format("claim_ends_at"), _AREA[connection.vendor].format("list_total")
    units = _standing(access, project, known_to).filter(pk__in=ids).values_list(*_CELLS)
    rows = _rows(
        units,
        f"id, {_letter()}, coalesce(CAST({number} AS text), ''), locks,"
        f" CASE WHEN stands = 'HELD' THEN CAST({seconds} AS text) END",
    )
    return {pk: Cell(letter, total, locks, ends or "") for pk, letter, total, locks, ends in rows}


# ---- what is kept in the process

_kept: OrderedDict[tuple[int, str], Live] = OrderedDict()
_latches: dict[tuple[int, str], Latch] = {}


def sight_of(access: Access, project_id: int) -> str:
    """Readers with the same word see the same units of the project."""
    if access.can(Permission.UNIT_SEE_ALL, project_id):
        if access.can(Permission.UNIT_SEE_DRAFTS, project_id):
            return "all"
        if not access.can(Permission.UNIT_SEE_SUBMITTED, project_id):
            return "approved"
    held = [right for right in IN_PART if access.can(right, project_id)]
    return " ".join(["user", str(access.user.pk), *held])


def live_board(access: Access, project: Project) -> Live:
    """The board of this reader as it stands now: kept from before where nothing changed, with the changes where something did.

    Inside a transaction it is read anew and not kept, because nobody else may see what is not committed.
    """
    if connection.in_atomic_block:
        return read_live(access, project)
    key = (project.pk, sight_of(access, project.pk))
    with _latches.setdefault(key, Latch()):
        known = _kept.pop(key, None)
        fresh = _kept[key] = read_live(access, project) if known is None else _brought_up(known, access, project)
    _let_go()
    return fresh


def _brought_up(known: Live, access: Access, project: Project) -> Live:
    rung = rung_since(project.pk, known.mark, user_id=access.user.pk if access.user else None)
    if rung.lost or 0 in rung.units:
        return read_live(access, project, rung.mark)
    if not rung.units:
        return _known_to(known, rung.mark)
    changed = _changed(access, project, rung.units, rung.mark)
    before = {pk for pk in rung.units if known.place_of(pk) is not None}
    if before != changed.keys() or any(rung.units[pk] for pk in changed):
        return read_live(access, project, rung.mark)
    different = {pk: cell for pk, cell in changed.items() if cell != known.cell(pk)}
    return known.patched(different, rung.mark) if different else _known_to(known, rung.mark)


def _known_to(known: Live, known_to: Mark) -> Live:
    """The same board, known up to a later mark; what was worked out of it stays."""
    same = replace(known, mark=known_to)
    same.__dict__.update({name: value for name, value in known.__dict__.items() if name != "mark"})
    return same


def _let_go() -> None:
    """Keep the boards that were asked for last, up to a number of units altogether."""
    while len(_kept) > 1 and sum(len(board.ids) for board in list(_kept.values())) > KEPT_UNITS:
        _kept.popitem(last=False)


def forget() -> None:
    """Drop every board that is kept (after a restore of the database, and between measurements)."""
    _kept.clear()


def standing_of(cell: Cell, *, mine: bool) -> Standing:
    """The same as the server's renderer knows it."""
    return Standing(STATUSES[cell.letter].value, Decimal(cell.total) if cell.total else None, cell.locks, mine)
