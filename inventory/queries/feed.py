"""What changed on a project's boards since a mark: one statement, whatever happened (decisions 12, ADR 0007).

On PostgreSQL the mark is the oldest transaction that was still open (`xmin`): every change of it or of a later one is told
again, so that nothing is lost however late a transaction commits; told twice does no harm. On SQLite, where transactions commit
one after another, it is the last row.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from salescontrol.core import clock

KEPT = timedelta(hours=24)
_SQLITE_MOMENT = "%Y-%m-%d %H:%M:%S.%f"
_MARKS = {
    "postgresql": "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint",
    "sqlite": "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'inventory_boardchange'), 0)",
}
# The two columns of the answer, as a source of rows; on PostgreSQL `inventory.feed` keeps the question in the database. A hold
# that ran out, and sight of a unit that ended, change a board without anybody having written anything.
_SOURCES = {
    "postgresql": "board_rung(%(project)s, %(mark)s::text::xid8, %(at)s, {now}, %(user)s) AS rung",
    "sqlite": """
(SELECT (SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'inventory_boardchange'), 0)) AS mark, (
  SELECT group_concat(DISTINCT unit_id || CASE WHEN place THEN 'p' ELSE '' END) FROM (
    SELECT unit_id, place FROM inventory_boardchange WHERE project_id = %(project)s AND id > %(mark)s
    UNION ALL SELECT id, 0 FROM inventory_unit
     WHERE project_id = %(project)s AND status = 'HELD' AND claim_ends_at > %(at)s AND claim_ends_at <= {now}
    UNION ALL SELECT u.id, 0 FROM inventory_unitinterest i JOIN inventory_unit u ON u.id = i.unit_id
     WHERE i.user_id = %(user)s AND i.until > %(at)s AND i.until <= {now} AND u.project_id = %(project)s
    UNION ALL SELECT u.id, 0 FROM inventory_accessgrant g JOIN inventory_unit u ON u.id = g.unit_id
     WHERE g.user_id = %(user)s AND g.until > %(at)s AND g.until <= {now} AND u.project_id = %(project)s
  )
) AS units) AS rung""",
}


@dataclass(frozen=True)
class Mark:
    """Up to where a board is known: the position in the feed, and the time by which holds were judged."""

    position: int
    at: datetime


@dataclass(frozen=True)
class Rung:
    """What changed: unit ids, each with whether its place did; id 0 stands for all units. `lost`: the mark is of no use here
    (too old, or from a database that was restored), so look at everything again."""

    mark: Mark
    units: Mapping[int, bool]
    lost: bool = False


def mark(now: datetime | None = None) -> Mark:
    """Where the feed stands; what is read after this call is not older."""
    at = now or clock.now()
    with connection.cursor() as cursor:
        cursor.execute(_MARKS[connection.vendor])
        return Mark(cursor.fetchone()[0], at)


def source(vendor: str, now: str) -> str:
    """What `rung_since` asks, for another statement's FROM: rung.mark and rung.units; `now` is SQL for the instant."""
    return _SOURCES[vendor].format(now=now)


def values(project_id: int, since: Mark, *, user_id: int | None) -> dict[str, Any]:
    """What `source` needs to know."""
    at = since.at.strftime(_SQLITE_MOMENT) if connection.vendor == "sqlite" else since.at
    return {"project": project_id, "mark": since.position, "at": at, "user": user_id}


def rung_since(project_id: int, since: Mark, *, user_id: int | None, now: datetime | None = None) -> Rung:
    """The units of the project that changed since the mark, for a reader whose own sight may also have ended. One query."""
    at = now or clock.now()
    until = at.strftime(_SQLITE_MOMENT) if connection.vendor == "sqlite" else at
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT rung.mark, rung.units FROM {source(connection.vendor, '%(now)s')}",  # noqa: S608
            {**values(project_id, since, user_id=user_id), "now": until},
        )
        return rung(since, cursor.fetchone(), at)


def rung(since: Mark, found: tuple[int, str | None], at: datetime) -> Rung:
    """What these two columns say."""
    position, text = found
    units: dict[int, bool] = {}
    for word in text.split(",") if text else ():
        pk = int(word.removesuffix("p"))
        units[pk] = units.get(pk, False) or word.endswith("p")
    return Rung(Mark(position, at), units, lost=position < since.position or at - since.at > KEPT)
