"""When somebody can be booked: opening hours, shifts, and what is booked already (decisions 31, 33)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from enquiries.models import DutyShift, Viewing, ViewingSlot
from inventory.models import Project
from salescontrol.core import clock, options
from salescontrol.core.models import Holiday

GRID = timedelta(minutes=15)
DAYS = 7
Span = tuple[datetime, datetime]


def zone_of(project: Project) -> ZoneInfo:
    return ZoneInfo(project.zone)


def at(project: Project, day: date, moment: time) -> datetime:
    """That time of that day by the project's clock."""
    return datetime.combine(day, moment, zone_of(project))


def opening_times(project: Project) -> tuple[time, time]:
    """From when to when the room is open, as the office has set it."""
    settings = options.values(project.pk)
    return _time(settings["office.opens_at"], time(9)), _time(settings["office.closes_at"], time(18))


def _time(text: Any, otherwise: time) -> time:
    try:
        return time.fromisoformat(str(text).strip())
    except ValueError:
        return otherwise


def length(project: Project) -> timedelta:
    """How long a viewing takes, in whole quarters of an hour."""
    minutes = options.value("viewing.minutes", project.pk)
    return GRID * -(-minutes // 15)


def opening(project: Project, day: date) -> Span:
    opens, closes = opening_times(project)
    return at(project, day, opens), at(project, day, closes)


def duty(project: Project, salesperson: Any, day: date) -> Span | None:
    """When the salesperson can be booked on this day; None when they are off.

    Their shift within the opening hours. A day for which the roster names nobody is not planned: then the opening hours hold.
    """
    first, last = opening(project, day)
    shifts = {shift.salesperson_id: shift for shift in DutyShift.objects.filter(project=project, on=day)}
    if not shifts:
        return first, last
    shift = shifts.get(salesperson.pk)
    if shift is None:
        return None
    span = max(first, at(project, day, shift.starts)), min(last, at(project, day, shift.ends))
    return span if span[0] < span[1] else None


def on_duty(project: Project, people: Iterable[Any], now: datetime) -> dict[int, datetime]:
    """Who of the people is on duty at this moment, each with the beginning of it: as `duty` says, in two queries for all."""
    day = clock.local(now, project.zone).date()
    first, last = opening(project, day)
    shifts = {shift.salesperson_id: shift for shift in DutyShift.objects.filter(project=project, on=day)}
    spans = {person.pk: (first, last) for person in people}
    if shifts:
        spans = {
            pk: (max(first, at(project, day, shifts[pk].starts)), min(last, at(project, day, shifts[pk].ends)))
            for pk in spans
            if pk in shifts
        }
    return {pk: start for pk, (start, end) in spans.items() if start <= now < end}


def quarters(start: datetime, end: datetime) -> list[datetime]:
    """The quarters of an hour from `start` until `end`."""
    return [start + GRID * count for count in range(-(-(end - start) // GRID))]


def free_times(project: Project, salesperson: Any, day: date, *, moving: Viewing | None = None) -> list[datetime]:
    """The times of the day at which the salesperson can take a viewing: shift − booked; `moving` does not count itself."""
    span = duty(project, salesperson, day)
    if span is None:
        return []
    needed, now = length(project), clock.now()
    taken = set(
        ViewingSlot.objects.filter(salesperson=salesperson, slot_start__gte=span[0], slot_start__lt=span[1])
        .exclude(viewing=moving)
        .values_list("slot_start", flat=True)
    )
    return [
        start
        for start in quarters(span[0], span[1] - needed + GRID)
        if start > now and not taken.intersection(quarters(start, start + needed))
    ]


@dataclass(frozen=True)
class Line:
    """One salesperson's week: a shift or None for each day."""

    person: Any
    shifts: tuple[DutyShift | None, ...]


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def week(first: date) -> list[date]:
    return [first + timedelta(days=count) for count in range(DAYS)]


def lines(project: Project, people: list, first: date) -> list[Line]:
    """The roster of the week that begins with `first`, a line for each of the people."""
    found: dict[int, dict[date, DutyShift]] = defaultdict(dict)
    for shift in DutyShift.objects.filter(project=project, on__range=(first, first + timedelta(days=DAYS - 1))):
        found[shift.salesperson_id][shift.on] = shift
    return [Line(person, tuple(found[person.pk].get(day) for day in week(first))) for person in people]


def days_off(first: date) -> dict[date, str]:
    """The days of the week that the calendar lists as off, by name."""
    listed = Holiday.objects.filter(day__range=(first, first + timedelta(days=DAYS - 1)), working=False)
    return {holiday.day: holiday.name for holiday in listed}


def shift_changes(project: Project, first: date) -> Iterator[dict]:
    """The latest changes of that week's shifts, newest first."""
    records = DutyShift.history.filter(project_id=project.pk, on__range=(first, first + timedelta(days=DAYS - 1)))
    for record in records.select_related("history_user", "salesperson").order_by("-history_date", "-history_id")[:30]:
        yield {
            "at": record.history_date,
            "by": record.history_user.name if record.history_user else "",
            "who": record.salesperson.name if record.salesperson else "",
            "on": record.on,
            "hours": "" if record.history_type == "-" else f"{record.starts:%H:%M}–{record.ends:%H:%M}",
        }
