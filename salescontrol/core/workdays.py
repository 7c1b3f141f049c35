"""Days by which something has to be done, in calendar or working days (domain B14: the table of holidays decides, not code)."""

from datetime import date, timedelta

from salescontrol.core.models import Holiday

SATURDAY = 5
# So far ahead the table is read at once; no term of the office is longer.
REACH = timedelta(days=400)


def day_after(start: date, count: int, *, working: bool) -> date:
    """The day `count` days after `start`; with `working` only days that are worked count, and the last one is such a day."""
    if not working:
        return start + timedelta(days=count)
    table = dict(Holiday.objects.filter(day__gt=start, day__lte=start + REACH).values_list("day", "working"))
    day = start
    while count > 0:
        day += timedelta(days=1)
        count -= table.get(day, day.weekday() < SATURDAY)
    return day
