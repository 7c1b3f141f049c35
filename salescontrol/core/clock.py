"""The database's clock: the only time that decides anything (decisions 21). Tests replace `now`."""

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.db.models import DateTimeField, Func
from django.utils import timezone

_SQL = {
    "postgresql": "clock_timestamp()",
    "sqlite": "strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now')",
}
# The latest moment that this process has seen, and the last one.
_LATEST = [datetime.min.replace(tzinfo=UTC)]
_LAST = [datetime.min.replace(tzinfo=UTC)]


def now() -> datetime:
    """The instant, by the database's clock (not the transaction's start), as an aware datetime in UTC."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_SQL[connection.vendor]}")
        value = cursor.fetchone()[0]
    return _noted(datetime.fromisoformat(value) if isinstance(value, str) else value)


class Instant(Func):
    """`now()` as a column of a query that is made anyway; what it gave is handed to `came_with`."""

    output_field = DateTimeField()

    def as_sql(self, compiler, connection, **kwargs) -> tuple[str, list]:  # type: ignore[override]
        return _SQL[connection.vendor].replace("%", "%%"), []


def came_with(moment: datetime) -> datetime:
    """The instant that a query brought along as `Instant()`."""
    return _noted(moment)


def _noted(moment: datetime) -> datetime:
    _LATEST[0] = max(_LATEST[0], moment)
    _LAST[0] = moment
    return moment


def went_back() -> bool:
    """Whether the database's clock stands more than a minute before a moment that this process has seen (abuse 14)."""
    return _LATEST[0] - _LAST[0] > timedelta(minutes=1)


def today(zone: str = "") -> date:
    """The calendar day of `now()` in the project's zone (`Asia/Shanghai` unless said otherwise)."""
    return now().astimezone(ZoneInfo(zone or settings.TIME_ZONE)).date()


def local(moment: datetime, zone: str = "") -> datetime:
    return timezone.localtime(moment, ZoneInfo(zone or settings.TIME_ZONE))


def months_before(moment: datetime, count: int) -> datetime:
    """The same day so many calendar months earlier, or the last of a shorter month."""
    year, month = divmod(moment.year * 12 + moment.month - 1 - count, 12)
    return moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1]))


def minutes(count: int) -> timedelta:
    return timedelta(minutes=count)
