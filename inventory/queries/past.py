"""The board as it was at any moment, rebuilt from the events alone, and two moments compared (R1.6, invariant 2 of domain B16).

Status and end of a claim come from the last event at that moment, prices from the units' history, locks from their own rows. Of a
unit whose events were brought along from before this system was used, the price is the first that is known.
Places and areas are shown as they are known now. Who sees only their own units sees the past of these and of no other.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Subquery, When

from inventory.models import Project, SalesStop, Unit, UnitEvent, UnitLock
from inventory.queries.board import Board, Place, Standing, read_board
from inventory.queries.scope import units_visible_to, units_visible_whole_to
from inventory.queries.standing import is_over
from inventory.states import Lock, Status
from salescontrol.core import clock
from salescontrol.core.access import Access
from salescontrol.core.permissions import Permission


def board_at(access: Access, project: Project, moment: datetime) -> Board:
    """The board of this reader as it stood at `moment`; units that were not approved by then are not on it.

    The number of queries does not depend on the number of units.
    """
    now = read_board(access, project)
    stood = standings_at(_readable(access, project, now), moment, _locks_at(project, moment, now.places))
    mine = {pk: now.standings[pk].mine for pk in stood}
    return replace(
        now,
        places=[place for place in now.places if place.pk in stood],
        standings={pk: row._replace(mine=mine[pk]) for pk, row in stood.items()},
        as_of=clock.local(moment, project.zone),
    )


def _readable(access: Access, project: Project, board: Board) -> QuerySet[Unit]:
    """The units whose past this reader may read: all that they see, or those that they may read whole."""
    whole = access.can(Permission.UNIT_SEE_ALL, project.pk)
    rows = units_visible_to(access) if whole else units_visible_whole_to(access)
    return rows.filter(project=project, pk__in=[place.pk for place in board.places]).order_by()


def standings_at(units: QuerySet[Unit], moment: datetime, locks: Mapping[int, str]) -> dict[int, Standing]:
    """Status, list total and locks of each unit at `moment`, by id; one query."""
    last = UnitEvent.objects.filter(unit=OuterRef("pk"), at__lte=moment).order_by("-seq")
    history = Unit.history.model.objects.filter(id=OuterRef("pk"))
    by_then = history.filter(history_date__lte=moment).order_by("-history_date", "-history_id").values("list_total")[:1]
    first = history.order_by("history_date", "history_id").values("list_total")[:1]
    # Not COALESCE of the two: a price that was taken away by then is none.
    known = Exists(history.filter(history_date__lte=moment))
    rows = units.annotate(
        was=Subquery(last.values("to_status")[:1]), ended=Subquery(last.values("ends_at")[:1]),
        cost=Case(When(known, then=Subquery(by_then)), default=Subquery(first)),
    ).values_list("pk", "was", "ended", "cost")  # fmt: skip
    return {
        pk: Standing(_status(was, ended, moment), cost, locks.get(pk, ""), False)
        for pk, was, ended, cost in rows
        if was is not None and was != Status.DRAFT
    }


def _status(was: str, ended: datetime | None, moment: datetime) -> str:
    return Status.AVAILABLE.value if is_over(was, ended, moment) else was


def _locks_at(project: Project, moment: datetime, places: list[Place]) -> dict[int, str]:
    """The codes of the locks that were on at `moment`, by unit, as the board writes them."""
    on = Q(lifted_at__isnull=True) | Q(lifted_at__gt=moment)
    found: dict[int, set[str]] = {}
    laid = UnitLock.every.filter(on, unit__project=project, set_at__lte=moment)
    for unit_id, kind in laid.values_list("unit", "kind"):
        found.setdefault(unit_id, set()).add(kind)
    for stop in SalesStop.objects.filter(on, project=project, stopped_at__lte=moment):
        for place in places:
            if stop.building_id in (None, place.building_id) and stop.layout_id in (None, place.layout_id):
                found.setdefault(place.pk, set()).add(Lock.STOP.value)
    return {unit_id: ",".join(sorted(codes)) for unit_id, codes in found.items()}


@dataclass(frozen=True)
class Difference:
    """One unit that stood differently at the two moments; an empty status means it was not on the board."""

    place: Place
    old_status: str
    new_status: str
    old_total: Decimal | None
    new_total: Decimal | None
    old_locks: str
    new_locks: str


@dataclass(frozen=True)
class Move:
    """How many units went from one status to another between the moments."""

    old_status: str
    new_status: str
    count: int


def differences(before: Board, after: Board) -> list[Difference]:
    """The units of which status, list total or locks differ, in the order of the later board."""
    return [
        Difference(place, was.status, stands.status, was.total, stands.total, was.locks, stands.locks)
        for place in _all_places(before, after)
        for was in [before.standings.get(place.pk, _NOWHERE)]
        for stands in [after.standings.get(place.pk, _NOWHERE)]
        if (was.status, was.total, was.locks) != (stands.status, stands.total, stands.locks)
    ]


def moves(found: list[Difference]) -> list[Move]:
    """The changes of status, the most frequent first."""
    counted = Counter((row.old_status, row.new_status) for row in found if row.old_status != row.new_status)
    return [Move(old, new, count) for (old, new), count in counted.most_common()]


_NOWHERE = Standing("", None, "", False)


def _all_places(before: Board, after: Board) -> list[Place]:
    known = {place.pk for place in after.places}
    return [*after.places, *(place for place in before.places if place.pk not in known)]
