"""What a file would do to the project's units: new, changed, unchanged, refused, row by row. Reads only (R1.2)."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Q, TextChoices

from inventory import rules
from inventory.importing import SourceRow, Table
from inventory.models import BatchLine, Project, Unit
from inventory.models.batch import LineKind, LineState
from inventory.queries.standing import is_over
from inventory.rules.fields import PLACE, parse_status
from inventory.rules.text import fold, tidy
from inventory.states import CLAIMED, BatchState, Review, Status
from salescontrol.core import clock
from salescontrol.core.money import YUAN

# Facts and prices that a hand-over may state. Floor prices are decided by management, permits have a page of their own,
# and a status is only compared (abuse 15).
NOT_WRITTEN = frozenset({"status", "permit_number", "floor_unit_price", "floor_total"})
WRITTEN = tuple(name for name in rules.FIELDS if name not in NOT_WRITTEN and name not in (*PLACE, "entrance"))
_PARTNER = {
    "list_unit_price": "list_total",
    "list_total": "list_unit_price",
    "filed_unit_price": "filed_total",
    "filed_total": "filed_unit_price",
}
_KEPT = (
    "pk", "key", "number", "room", "building__name", "building__key", "entrance", "floor_label", "status", "review", "locks",
    "claim_ends_at", "version", "batch__number", "batch__state", "batch_id", "layout__code",
    *(name for name in WRITTEN if name != "layout"),
)  # fmt: skip


@dataclass
class PlannedLine:
    """One row of the file and what would become of it; texts are as in `BatchLine`."""

    sheet: str
    row: int
    label: str
    kind: LineKind = LineKind.NEW
    unit_id: int | None = None
    unit_version: int = 0
    before: dict[str, str] = field(default_factory=dict)
    after: dict[str, str] = field(default_factory=dict)
    problems: list[dict[str, Any]] = field(default_factory=list)
    result: dict[str, Any] = field(default_factory=dict)


@dataclass
class Plan:
    lines: list[PlannedLine]

    def counts(self) -> dict[str, int]:
        """Rows by kind, lower case: `{"new": 3, "changed": 0, "unchanged": 0, "refused": 1}`."""
        return counted((line.kind for line in self.lines), LineKind)

    def buildings(self) -> list[dict[str, Any]]:
        """Units, areas (㎡) and value (sum of the totals as stored) by building and entrance, refused rows left out."""
        sums: dict[tuple[str, str], list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 4)
        for line in self.lines:
            if line.kind != LineKind.REFUSED:
                added = (
                    Decimal(1),
                    *(line.result.get(name) or Decimal(0) for name in ("built_area", "inner_area", "list_total")),
                )
                key = (line.result["building"], line.result["entrance"])
                sums[key] = [total + value for total, value in zip(sums[key], added, strict=True)]
        return [
            {
                "building": building,
                "entrance": entrance,
                "units": int(units),
                "gross_area": gross,
                "net_area": net,
                "value": value,
            }
            for (building, entrance), (units, gross, net, value) in sorted(sums.items())
        ]


def counted(kinds: Iterable[TextChoices], choices: type[TextChoices]) -> dict[str, int]:
    """How often each kind of row comes, by kind in lower case, those that never come too."""
    found = dict.fromkeys((kind.value.lower() for kind in choices), 0)
    for kind in kinds:
        found[kind.value.lower()] += 1
    return found


def make_plan(
    *, project: Project | None, table: Table, progress: Callable[[int, int], None] = lambda done, of: None
) -> Plan:
    """Compare every row of the table with the project's units. Nothing is written.

    `project` None: one that is not made yet. `progress(done, of)` is called now and then. Three queries, however many rows.
    """
    known = _Known(project)
    required = rules.ENTRY if "built_area" in table.fields else PLACE
    names = [*([project.name] if project else []), *table.project_names]
    seen: dict[tuple[str, ...], SourceRow] = {}
    lines = []
    for number, source in enumerate(table.rows):
        if number % 500 == 0:
            progress(number, len(table.rows))
        lines.append(_plan_row(source, known, seen, required=required, names=names))
    return Plan(lines)


class _Known:
    """The project's units, found by place."""

    def __init__(self, project: Project | None) -> None:
        self.now = clock.now()
        self.by_key: dict[str, dict[str, Any]] = {}
        self.by_room: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
        for unit in Unit.every.filter(project=project).values(*_KEPT):
            unit["layout"], unit["building"] = unit.pop("layout__code") or "", unit.pop("building__name")
            self.by_key[unit["key"]] = unit
            building, _entrance, floor, room = unit["key"].split("|", 3)
            self.by_room[building, floor, room].append(unit)
        waiting = BatchLine.objects.filter(
            ~Q(batch__state__in=[BatchState.APPROVED, BatchState.DISCARDED]),
            batch__project=project,
            kind=LineKind.CHANGED,
            state=LineState.ENTERED,
            unit__review=Review.APPROVED,
        )
        self.waiting: dict[int, str] = dict(waiting.values_list("unit_id", "batch__number"))

    def find(self, place: rules.Place) -> dict[str, Any] | None:
        """The unit at the place; a row without entrance finds the only such room of the building."""
        unit = self.by_key.get(place.unit_key)
        if unit is None and not place.entrance_key:
            alike = self.by_room.get((place.building_key, place.floor.key, place.room_key), [])
            unit = alike[0] if len(alike) == 1 else None
        return unit

    def several(self, place: rules.Place) -> bool:
        """Whether the room is in several entrances, so that a row must say which."""
        alike = self.by_room.get((place.building_key, place.floor.key, place.room_key), [])
        return not place.entrance_key and place.unit_key not in self.by_key and len(alike) > 1

    def status(self, unit: Mapping[str, Any]) -> Status:
        """The status that counts now: a hold past its end counts as available (decisions 14)."""
        over = is_over(unit["status"], unit["claim_ends_at"], self.now)
        return Status.AVAILABLE if over else Status(unit["status"])


def _plan_row(
    source: SourceRow,
    known: _Known,
    seen: dict[tuple[str, ...], SourceRow],
    *,
    required: Iterable[str],
    names: list[str],
) -> PlannedLine:
    row = rules.clean_row(source.texts(), required=tuple(required), known=known.find, project_names=names)
    line = PlannedLine(source.sheet, source.row, _label(row, source))
    if row.place is not None:
        unit = known.find(row.place)
        key = (unit["key"],) if unit else row.place.key
        row.problems += _placed_problems(row.place, unit, source, known, seen.get(key), required)
        seen.setdefault(key, source)
        _compare(line, row, unit, source, known)
    if row.errors:
        line.kind = LineKind.REFUSED
    line.problems = [_placed(problem, source) for problem in row.problems]
    return line


def _label(row: rules.CleanedRow, source: SourceRow) -> str:
    texts = (tidy(source.cells[name].text) for name in ("building", "entrance", "room") if name in source.cells)
    return (row.place.number if row.place else "-".join(filter(None, texts)))[:60]


def _placed(problem: rules.Problem, source: SourceRow) -> dict[str, Any]:
    """The problem with the sheet, row and column that it is about."""
    cell = source.cells.get(problem.field)
    where = (cell.sheet, cell.row, cell.column) if cell else (source.sheet, source.row, "")
    return {**problem.as_json(), "sheet": where[0], "row": where[1], "column": where[2]}


def _named_by(source: SourceRow) -> str:
    """The field whose cell stands for the unit: the room, or on a board, where that is a head, its figure."""
    room = source.cells.get("room")
    if room is None or room.row == source.row:
        return "room"
    return next((name for name in source.cells if name not in (*PLACE, "entrance")), "room")


def _placed_problems(
    place: rules.Place,
    unit: Mapping[str, Any] | None,
    source: SourceRow,
    known: _Known,
    first: SourceRow | None,
    required: Iterable[str],
) -> list[rules.Problem]:
    problems = []
    number, about = unit["number"] if unit else place.number, _named_by(source)
    if first is not None:
        problems.append(rules.Problem("duplicate", about, {"row": first.row, "sheet": first.sheet, "unit": number}))
    if known.several(place):
        problems.append(rules.Problem("missing", "entrance"))
    elif unit is None and "built_area" not in required:
        problems.append(rules.Problem("unknown_unit_without_area", about, {"unit": number}))
    if unit is not None and fold(unit["room"]) != fold(place.room):
        params = {"value": tidy(source.cells["room"].text), "unit": number}
        problems.append(rules.Problem("same_room_other_spelling", "room", params))
    return problems


def _compare(
    line: PlannedLine, row: rules.CleanedRow, unit: Mapping[str, Any] | None, source: SourceRow, known: _Known
) -> None:
    """Fill in the line: what the row gives, beside what is kept."""
    given = {name: row.values[name] for name in WRITTEN if name in row.values}
    if unit is None:
        line.after = {name: rules.as_text(value) for name, value in row.values.items() if name not in NOT_WRITTEN}
        line.result = row.values
        return
    changes = _changes(given, unit, {name for name, cell in source.cells.items() if cell.text})
    line.unit_id, line.unit_version = unit["pk"], unit["version"]
    line.kind = LineKind.CHANGED if changes else LineKind.UNCHANGED
    line.before = {name: rules.as_text(unit[name]) for name in changes}
    line.after = {name: rules.as_text(value) for name, value in changes.items()}
    line.result = {**unit, **changes}
    row.problems += _standing_problems(unit, row, changes, source, known)


def _changes(given: Mapping[str, Any], unit: Mapping[str, Any], stated: set[str]) -> dict[str, Any]:
    """The fields whose value the row changes. What was only derived counts when what it was derived from changes."""
    changed = {name for name in given if name in stated and not _same(name, given, unit)}
    for name in [*changed]:
        partner = _PARTNER.get(name, "")
        if partner in given and given[partner] != unit[partner]:
            changed.add(partner)
    for before in ("", "surveyed_"):
        shared = f"{before}shared_area"
        if (
            shared in given
            and given[shared] != unit[shared]
            and {f"{before}built_area", f"{before}inner_area"} & changed
        ):
            changed.add(shared)
    return {name: value for name, value in given.items() if name in changed}


def _same(name: str, given: Mapping[str, Any], unit: Mapping[str, Any]) -> bool:
    if name == "layout":
        return fold(given[name]) == fold(unit[name])
    if name in ("list_total", "filed_total"):
        return _same_total(name, given, unit)
    return given[name] == unit[name]


def _same_total(name: str, given: Mapping[str, Any], unit: Mapping[str, Any]) -> bool:
    """Less than one yuan from the kept total, or from the kept unit price × area that the kept total was rounded from."""
    kept = unit[name]
    if kept is None or abs(given[name] - kept) < YUAN:
        return kept is not None
    unit_price, area = unit[_PARTNER[name]], rules.priced_area({}, unit)
    if not unit_price or not area or given.get(_PARTNER[name], unit_price) != unit_price:
        return False
    return abs(given[name] - unit_price * area) < YUAN and abs(kept - unit_price * area) < YUAN


def _standing_problems(
    unit: Mapping[str, Any], row: rules.CleanedRow, changes: Mapping[str, Any], source: SourceRow, known: _Known
) -> list[rules.Problem]:
    """Why the unit as it stands cannot be changed by a hand-over (abuse 15, decisions 11)."""
    problems, number, status = [], unit["number"], known.status(unit)
    said = source.cells.get("status")
    if said and status != Status.DRAFT and (parse_status(said.text) or status) != status:
        problems.append(rules.Problem("status_differs", "status", {"value": tidy(said.text), "status": status.value}))
    if not changes:
        return problems
    first = next(iter(changes))
    if status in CLAIMED:
        problems.append(rules.Problem("live_claim", first, {"unit": number, "status": status.value}))
    elif unit["locks"]:
        problems.append(rules.Problem("unit_locked", first, {"unit": number, "lock": unit["locks"].split(",")[0]}))
    elif unit["review"] == Review.SUBMITTED or unit["pk"] in known.waiting:
        batch = known.waiting.get(unit["pk"]) or unit["batch__number"] or ""
        problems.append(rules.Problem("in_other_batch", first, {"unit": number, "batch": batch}))
    if "built_area" in changes and unit["list_total"] and not {"list_total", "list_unit_price"} & row.values.keys():
        problems.append(rules.Problem("area_without_price", "built_area", {"total": f"{unit['list_total']:,}"}))
    return problems
