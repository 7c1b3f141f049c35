"""What became of first calls (R2.1): of the people who called for the first time, how many came and for how many a unit was held.

What is held is known to the apps above: `held_by` registers it. One query, however many people answered.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import reduce
from operator import or_
from statistics import median
from typing import Any
from urllib.parse import urlencode

from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet, Subquery

from enquiries.models import Call
from enquiries.queries.calls import listed
from enquiries.queries.scope import calls_visible_to, visits_visible_to
from enquiries.states import CallState, Channel
from inventory.models import Project
from salescontrol.core.access import Access

# Of a call's customer, after the call: whether something is held for them, as far as the reader may know.
Held = Callable[[Access], Exists]
_HELD: list[Held] = []


def held_by(held: Held) -> Held:
    """Register what counts as held for a customer. Called from `AppConfig.ready`."""
    _HELD.append(held)
    return held


def first_calls(access: Access, rows: QuerySet[Call]) -> QuerySet[Call]:
    """Those of the calls with which a customer called for the first time."""
    done = calls_visible_to(access).filter(state__in=(CallState.LOGGED, CallState.CONFIRMED))
    earlier = Q(at__lt=OuterRef("at")) | Q(at=OuterRef("at"), pk__lt=OuterRef("pk"))
    before = done.filter(earlier, customer=OuterRef("customer")).order_by()
    return rows.filter(~Exists(before), customer__isnull=False)


def came_to(access: Access, rows: QuerySet[Call], stage: str) -> QuerySet[Call]:
    """First calls whose customers came so far: `first`, `visited`, `held`."""
    found = first_calls(access, rows)
    if stage == "visited":
        return found.filter(Exists(_visits(access)))
    return found.filter(_held(access)) if stage == "held" else found


@dataclass(frozen=True)
class Line:
    """One line: first callers, who then visited, for whom a unit was then held; median minutes until the visit."""

    label: Any
    called: int
    visited: int
    held: int
    minutes: float | None
    asked: str

    @property
    def visited_share(self) -> float | None:
        return self.visited / self.called * 100 if self.called else None

    @property
    def held_share(self) -> float | None:
        return self.held / self.called * 100 if self.called else None


@dataclass(frozen=True)
class Conversion:
    """The figures of a period: all first callers, by who answered, by channel."""

    whole: Line
    by_person: tuple[Line, ...]
    by_channel: tuple[Line, ...]


@dataclass(frozen=True)
class _Way:
    """One first caller's way: who answered, by which channel they came, when they visited, whether something is held."""

    person: int
    name: str
    channel: str
    wait: timedelta | None
    held: bool


def conversion(access: Access, project: Project, since: date, until: date) -> Conversion:
    """What became of those who first called on the days from `since` to `until`, both included."""
    calls = listed(access, project).filter(at__date__gte=since, at__date__lte=until).order_by()
    ways, days = list(_ways(access, calls)), {"since": since.isoformat(), "until": until.isoformat()}
    names = {way.person: way.name for way in ways}
    return Conversion(
        whole=_line("", ways, days),
        by_person=tuple(
            _line(names[person], theirs, {**days, "taken_by": person})
            for person, theirs in sorted(_grouped(ways, "person").items(), key=lambda item: (names[item[0]], item[0]))
        ),
        by_channel=tuple(
            _line(Channel(channel).label if channel else "–", theirs, {**days, "channel": channel or "none"})
            for channel, theirs in sorted(_grouped(ways, "channel").items(), key=lambda item: (-len(item[1]), item[0]))
        ),
    )


def _ways(access: Access, calls: QuerySet[Call]) -> Iterable[_Way]:
    rows = first_calls(access, calls.select_related(None)).annotate(
        visited_at=Subquery(_visits(access).order_by("at").values("at")[:1]),
        came_to_hold=ExpressionWrapper(_held(access), output_field=BooleanField()),
    )
    names = ("taken_by", "taken_by__name", "channel", "at", "visited_at", "came_to_hold")
    for person, name, channel, at, visited_at, held in rows.values_list(*names):
        yield _Way(person, name, channel, visited_at - at if visited_at else None, bool(held))


def _visits(access: Access) -> QuerySet:
    """The visits of a call's customer since that call."""
    return visits_visible_to(access).filter(customer=OuterRef("customer"), at__gte=OuterRef("at")).order_by()


def _held(access: Access) -> Q:
    return reduce(or_, (Q(held(access)) for held in _HELD), Q(pk__in=[]))


def _grouped(ways: Iterable[_Way], name: str) -> Mapping[Any, list[_Way]]:
    found = defaultdict(list)
    for way in ways:
        found[getattr(way, name)].append(way)
    return found


def _line(label: Any, ways: list[_Way], asked: dict) -> Line:
    waits = [way.wait / timedelta(minutes=1) for way in ways if way.wait is not None]
    return Line(
        label=label, called=len(ways), visited=len(waits), held=sum(way.held for way in ways),
        minutes=median(waits) if waits else None, asked=urlencode(asked),
    )  # fmt: skip
