"""How the room answers the phone (R2.1): shares, hours, people, channels, and how soon salespeople know. Six queries."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, QuerySet
from django.db.models.functions import ExtractHour

from enquiries.models import Call
from enquiries.queries.calls import ANSWERS, answered_as, drafts, listed
from enquiries.states import Channel
from inventory.models import Project
from salescontrol.core.access import Access


@dataclass(frozen=True)
class Line:
    """One line of a table: all calls, those answered in time, late, missed, of unknown rings; `asked` leads to the rows."""

    label: Any
    total: int
    in_time: int
    late: int
    missed: int
    unknown: int
    asked: str

    @property
    def known(self) -> int:
        return self.total - self.unknown

    @property
    def share(self) -> float | None:
        """The share answered in time among the calls of which it is known."""
        return self.in_time / self.known * 100 if self.known else None


@dataclass(frozen=True)
class Measures:
    """The figures of a period; `minutes` is the median time until the salesperson confirmed, of `confirmed` calls."""

    whole: Line
    by_hour: tuple[Line, ...]
    by_person: tuple[Line, ...]
    by_channel: tuple[Line, ...]
    drafts: int
    open: int
    confirmed: int
    minutes: float | None


def calls_of(access: Access, project: Project, since: date, until: date) -> QuerySet[Call]:
    """The calls of these days, in the office's zone, that the reader may see."""
    return listed(access, project).filter(at__date__gte=since, at__date__lte=until).order_by()


def measures(access: Access, project: Project, since: date, until: date) -> Measures:
    """All figures of the days from `since` to `until`, both included."""
    rows, days = calls_of(access, project, since, until), {"since": since.isoformat(), "until": until.isoformat()}
    bare = rows.select_related(None)
    waits = [later - told for told, later in _confirmed(bare)]
    return Measures(
        whole=_line("", bare.aggregate(**_COUNTS), days),
        by_hour=tuple(_hours(bare, days)),
        by_person=tuple(_people(bare, days)),
        by_channel=tuple(_channels(bare, days)),
        drafts=drafts(access, project).filter(at__date__gte=since, at__date__lte=until).count(),
        open=bare.filter(salesperson__isnull=False, confirmed_at__isnull=True).count(),
        confirmed=len(waits),
        minutes=median(wait / timedelta(minutes=1) for wait in waits) if waits else None,
    )


_COUNTS = {
    "total": Count("pk"),
    **{name: Count("pk", filter=answered_as(name)) for name in ANSWERS},
}


def _line(label: Any, counts: Mapping[str, Any], asked: dict) -> Line:
    shares = {name: counts[name] for name in ANSWERS}
    return Line(label=label, total=counts["total"], **shares, asked=urlencode(asked))


def _confirmed(rows: QuerySet[Call]) -> QuerySet:
    told = rows.filter(informed_at__isnull=False, confirmed_at__isnull=False)
    return told.values_list("informed_at", "confirmed_at")


def _hours(rows: QuerySet[Call], days: dict) -> Iterable[Line]:
    for found in rows.annotate(hour=ExtractHour("at")).values("hour").annotate(**_COUNTS).order_by("hour"):
        yield _line(f"{found['hour']:02}:00", found, {**days, "hour": found["hour"]})


def _people(rows: QuerySet[Call], days: dict) -> Iterable[Line]:
    grouped = rows.values("taken_by", "taken_by__name").annotate(**_COUNTS)
    for found in grouped.order_by("taken_by__name", "taken_by"):
        yield _line(found["taken_by__name"], found, {**days, "taken_by": found["taken_by"]})


def _channels(rows: QuerySet[Call], days: dict) -> Iterable[Line]:
    grouped: Iterable[Any] = rows.values("channel").annotate(**_COUNTS)
    for found in sorted(grouped, key=lambda counts: (-counts["total"], counts["channel"])):
        channel = found["channel"]
        yield _line(Channel(channel).label if channel else "–", found, {**days, "channel": channel or "none"})
