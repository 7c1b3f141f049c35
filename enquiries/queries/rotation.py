"""Whose turn it is 轮接: who is on duty now, in what order they stand, and what happened today (R2.1, R2.4).

Whoever waited longest since their last turn is next. A turn, or a skip that costs the turn, puts a salesperson behind everybody;
being skipped with the turn kept passes on one caller or visitor only. Calls and visitors have an order each, unless the settings
make them one.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import Max, Q, QuerySet

from enquiries.models import RotationTurn
from enquiries.queries.roster import at, on_duty
from enquiries.states import Line, TurnKind
from inventory.models import Project
from salescontrol.core import clock, options

# Where somebody stands who never had a turn: before everybody who had one, each at a place of their own.
_FIRST = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Place:
    """One salesperson on duty: waiting since when, how many turns today, whether out (and why) or passed over this time."""

    person: Any
    since: datetime
    minutes: int
    turns: int
    is_out: bool
    out_reason: str
    passed: bool
    is_next: bool = False


def lines_of(project: Project) -> tuple[Line, ...]:
    """The orders that the project has: one of calls and one of visitors, or one of both."""
    return (Line.PHONE, Line.VISIT) if options.value("rotation.separate", project.pk) else (Line.BOTH,)


def line_for(project: Project, line: Line) -> Line:
    """The order in which a caller or a visitor is taken."""
    lines = lines_of(project)
    return line if line in lines else lines[0]


def places(project: Project, line: Line, people: Sequence[Any]) -> dict[int, datetime]:
    """Where each of the people stands in the order: the earlier, the further in front."""
    turns = RotationTurn.objects.filter(_counts(project, line), place__isnull=False).order_by()
    latest = turns.values("salesperson").annotate(last=Max("pk")).values("last")
    stood = dict(RotationTurn.objects.filter(pk__in=latest).values_list("salesperson_id", "place"))
    return {person.pk: stood.get(person.pk) or _FIRST + timedelta(seconds=person.pk) for person in people}


def standing(project: Project, line: Line, people: Sequence[Any]) -> list[Place]:
    """Those of the people who are on duty now, in the order in which they are next; behind them who is out."""
    now = clock.now()
    since, stood = on_duty(project, people, now), places(project, line, people)
    today = _Today(project, line, now)
    rows = [
        today.place(person, since[person.pk], now) for person in sorted(people, key=lambda person: stood[person.pk])
        if person.pk in since
    ]  # fmt: skip
    here, out = [row for row in rows if not row.is_out], [row for row in rows if row.is_out]
    first = next((row for row in here if not row.passed), here[0] if here else None)
    return [replace(row, is_next=True) if row is first else row for row in (*here, *out)]


def next_up(project: Project, line: Line, people: Sequence[Any]) -> Place | None:
    """Whose turn it is; None when nobody is on duty and in. When everybody was passed over, it begins again in front."""
    return next((row for row in standing(project, line, people) if row.is_next), None)


def turns_of(project: Project, day: date) -> QuerySet[RotationTurn]:
    """What happened in the orders of the project on a day, latest first."""
    begins = at(project, day, time.min)
    rows = RotationTurn.objects.filter(project=project, at__gte=begins, at__lt=begins + timedelta(days=1))
    return rows.select_related("salesperson", "other", "by", "call", "visit").order_by("-pk")


def out_today(project: Project) -> dict[int, RotationTurn]:
    """Who is out at present: the salesperson's id → when and why they went."""
    return _out(turns_of(project, clock.today(project.zone)).order_by("pk"))


def _counts(project: Project, line: Line) -> Q:
    """A condition: what counts for the order; when both are one, everything does."""
    counted: Collection[Line] = Line if line == Line.BOTH else (line, Line.BOTH)
    return Q(project=project, line__in=counted)


def _out(turns: Any) -> dict[int, RotationTurn]:
    moved = {turn.salesperson_id: turn for turn in turns if turn.kind in (TurnKind.OUT, TurnKind.BACK)}
    return {pk: turn for pk, turn in moved.items() if turn.kind == TurnKind.OUT}


class _Today:
    """What the turns of the day say of each salesperson."""

    def __init__(self, project: Project, line: Line, now: datetime) -> None:
        begins = at(project, clock.local(now, project.zone).date(), time.min)
        rows = [*RotationTurn.objects.filter(_counts(project, line), at__gte=begins).order_by("pk")]
        taken = [row for row in rows if row.kind == TurnKind.TAKEN]
        last = taken[-1].pk if taken else 0
        self.turns: Mapping[int, int] = Counter(row.salesperson_id for row in taken)
        self.out = _out(rows)
        self.passed = {
            row.salesperson_id for row in rows if row.kind == TurnKind.SKIPPED and row.place is None and row.pk > last
        }
        # A swap changes the place and not how long somebody has waited.
        waits = [row for row in rows if row.kind == TurnKind.BACK or row in taken or _lost(row)]
        self.waits = {row.salesperson_id: row.at for row in waits}

    def place(self, person: Any, since: datetime, now: datetime) -> Place:
        out = self.out.get(person.pk)
        waits = max(since, self.waits.get(person.pk, since))
        return Place(
            person=person, since=waits, minutes=max(0, int((now - waits).total_seconds() // 60)),
            turns=self.turns.get(person.pk, 0), is_out=out is not None,
            out_reason=str(out.get_reason_display()) if out else "", passed=person.pk in self.passed,
        )  # fmt: skip


def _lost(row: RotationTurn) -> bool:
    return row.kind == TurnKind.SKIPPED and row.place is not None
