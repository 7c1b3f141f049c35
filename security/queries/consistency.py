"""Whether the tables say what the events say (I2): every event of every unit is replayed and compared. It reads only."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy

from contracts.models import Claim
from inventory.models import Project, Unit, UnitEvent, UnitLock
from inventory.queries.scope import units_visible_to
from inventory.queries.stops import covers, live_stops
from inventory.states import CLAIMED, Lock, Review, Status
from salescontrol.core import journal, keys
from salescontrol.core.access import Access
from salescontrol.core.models import AuditEvent, SealedRow
from salescontrol.core.permissions import Permission

ACT = "consistency.check"
SENTENCES = {
    "events_gap": gettext_lazy("%(unit)s: its events are not numbered 1 to %(count)s without a gap."),
    "events_break": gettext_lazy("%(unit)s: event %(seq)s does not begin where the event before it ended."),
    "status_differs": gettext_lazy("%(unit)s: its status is not the one that its last event led to."),
    "number_differs": gettext_lazy("%(unit)s: it counts %(told)s events and has %(count)s."),
    "end_differs": gettext_lazy("%(unit)s: the end of its hold is not the one that its last event gave it."),
    "claim_missing": gettext_lazy("%(unit)s: its status needs a claim, and it has none."),
    "claim_extra": gettext_lazy("%(unit)s: it has a claim that is live, and its status has none."),
    "claim_differs": gettext_lazy("%(unit)s: its claim and its events say different things."),
    "locks_differ": gettext_lazy("%(unit)s: the locks that the board shows are not those that lie on it."),
    "not_in_journal": gettext_lazy("%(unit)s: event %(seq)s is not in the journal, or not as it is here."),
    "only_in_journal": gettext_lazy("%(unit)s of %(project)s: event %(seq)s stands in the journal, but not in the database."),
}  # fmt: skip


@dataclass(frozen=True)
class Problem:
    """One thing that does not fit: what (`code`), in which project, on which unit (None when the database lacks it)."""

    code: str
    project_id: int | None
    unit_id: int | None
    words: dict[str, Any] = field(default_factory=dict, hash=False)


def problems(ids: Collection[int] | None = None) -> list[Problem]:
    """Everything that does not fit on these units (on all when None), tables against events."""
    units = Unit._base_manager.order_by("pk")
    events = UnitEvent._base_manager.order_by("unit_id", "seq")
    if ids is not None:
        units, events = units.filter(pk__in=ids), events.filter(unit__in=ids)
    asked = events.values_list("unit_id", "seq", "from_status", "to_status", "ends_at", "claim")
    lives = {unit: list(rows) for unit, rows in groupby(asked.iterator(chunk_size=2000), key=lambda row: row[0])}
    claims = {claim.unit_id: claim for claim in Claim._base_manager.filter(released_at__isnull=True)}
    locks = _locks()
    stops = {pk: live_stops(pk) for pk in units.order_by().values_list("project_id", flat=True).distinct()}
    found = []
    for unit in units.iterator(chunk_size=2000):
        life = lives.get(unit.pk, [])
        for code, words in (
            *_replay(unit, life), *_claim(unit, life, claims.get(unit.pk)), *_shown(unit, locks, stops[unit.project_id])
        ):  # fmt: skip
            found.append(Problem(code, unit.project_id, unit.pk, {"unit": unit.number, **words}))
    return found


def _replay(unit: Unit, life: list[tuple]) -> Iterator[tuple[str, dict]]:
    if [row[1] for row in life] != list(range(1, len(life) + 1)):
        yield "events_gap", {"count": len(life)}
    status, ends = Status.DRAFT.value, None
    for _unit, seq, before, after, ends_at, _claim in life:
        if before != status:
            yield "events_break", {"seq": seq}
        status, ends = after, ends_at
    if unit.status != status:
        yield "status_differs", {}
    if unit.event_seq != len(life):
        yield "number_differs", {"told": unit.event_seq, "count": len(life)}
    if unit.claim_ends_at != ends:
        yield "end_differs", {}


def _claim(unit: Unit, life: list[tuple], claim: Claim | None) -> Iterator[tuple[str, dict]]:
    if claim is None:
        if unit.status in CLAIMED:
            yield "claim_missing", {}
    elif unit.status not in CLAIMED:
        yield "claim_extra", {}
    else:
        last = max((row[1] for row in life if row[5] == claim.number), default=None)
        if claim.event_seq != last or claim.expires_at != unit.claim_ends_at:
            yield "claim_differs", {}


def _locks() -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    for unit, kind in UnitLock._base_manager.filter(lifted_at__isnull=True).values_list("unit_id", "kind"):
        found.setdefault(unit, set()).add(kind)
    return found


def _shown(unit: Unit, locks: dict[int, set[str]], stops) -> Iterator[tuple[str, dict]]:
    lying = locks.get(unit.pk, set()) - {Lock.STOP.value}
    if unit.review == Review.APPROVED and any(covers(stop, unit) for stop in stops):
        lying = lying | {Lock.STOP.value}
    if set(unit.lock_codes) != lying:
        yield "locks_differ", {}


def journal_problems() -> list[Problem]:
    """Where journal and events differ: events that it lacks or tells otherwise, and events that only it knows.

    It must know the events that were sealed up to its last anchor. What it has not reached yet (after an upgrade, while its disk
    is full) makes it late, of which its own watch tells, and is nothing against a unit.
    """
    place = journal.folder()
    lines = [line for *_where, line in journal.read(place) if line] if place else []
    told = {line["op"]: line for line in lines if line["kind"] == journal.EVENT}
    reached = max((line["seal"] for line in lines if line["kind"] == journal.ANCHOR), default=0)
    found, seen = [], set()
    for event in _anchored(reached).select_related("unit").iterator(chunk_size=2000):
        line = told.get(str(event.op_id))
        seen.add(str(event.op_id))
        if line is None or (line["seq"], line["to"], line["key"]) != (event.seq, event.to_status, event.unit.key):
            words = {"unit": event.unit.number, "seq": event.seq}
            found.append(Problem("not_in_journal", event.unit.project_id, event.unit_id, words))
    young = set(map(str, UnitEvent._base_manager.filter(op_id__in=told.keys() - seen).values_list("op_id", flat=True)))
    projects = dict(Project._base_manager.values_list("code", "pk"))
    for op in told.keys() - seen - young:
        line = told[op]
        words = {"unit": line["unit"], "project": line["project"], "seq": line["seq"]}
        found.append(Problem("only_in_journal", projects.get(line["project"]), None, words))
    return found


def _anchored(seal: int) -> QuerySet[UnitEvent]:
    """The events that are sealed up to this seal."""
    label = str(UnitEvent._meta.label_lower)
    return UnitEvent._base_manager.filter(
        pk__in=SealedRow.objects.filter(model=label, seal_id__lte=seal).values("row_id")
    )


def counts() -> dict[str, dict[str, int]]:
    """How many units stand in each status, by project code: as the table says and as the last events say, side by side."""
    found: dict[str, dict[str, int]] = {}
    last = dict(UnitEvent._base_manager.order_by("unit_id", "seq").values_list("unit_id", "to_status"))
    for pk, code, status in Unit._base_manager.values_list("pk", "project__code", "status"):
        row = found.setdefault(code, {})
        for name in (status, f"{last.get(pk, Status.DRAFT.value)} by events"):
            row[name] = row.get(name, 0) + 1
    return found


def latest_check() -> AuditEvent | None:
    """The newest check on record."""
    return AuditEvent.objects.filter(action=ACT).select_related("actor").order_by("-pk").first()


def latest_rotation() -> AuditEvent | None:
    """The newest rotation of the field keys on record."""
    return AuditEvent.objects.filter(action=keys.ACT).order_by("-pk").first()


def lines_of(check: AuditEvent | None, access: Access) -> list[dict[str, Any]]:
    """What the check found, in sentences, as far as the reader looks after the project: units with their id and whether they
    are still frozen."""
    if check is None:
        return []
    rows = [
        row for row in check.detail["problems"]
        if row["project"] is None or access.can(Permission.CONSISTENCY_SEE, row["project"])
    ]  # fmt: skip
    frozen = frozen_units([row["unit"] for row in rows])
    return [
        {
            "sentence": str(SENTENCES[row["code"]]) % row["words"],
            "unit": row["unit"] if row["unit"] in frozen else None,
            "may_lift": row["project"] is not None and access.can(Permission.LOCK_LAY, row["project"]),
        }
        for row in rows
    ]


def frozen_units(ids: Collection[int | None]) -> set[int]:
    """Which of these units are under examination now."""
    rows = UnitLock._base_manager.filter(kind=Lock.FROZEN, lifted_at__isnull=True, unit__in=[pk for pk in ids if pk])
    return set(rows.values_list("unit_id", flat=True))


def frozen_unit(access: Access, unit_id: int) -> Unit | None:
    """The unit under examination of this id, if the reader sees it."""
    unit = units_visible_to(access).filter(pk=unit_id).first()
    return unit if unit is not None and Lock.FROZEN in unit.lock_codes else None
