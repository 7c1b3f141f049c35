"""The office's calendar and settings, and what the official calendar says."""

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta

import chinese_calendar
from django.db.models import F, JSONField, QuerySet, Window
from django.db.models.functions import ExtractYear, Lag
from django.utils.translation import gettext as _

from salescontrol.core import clock
from salescontrol.core.models import Holiday, Setting

SATURDAY = 5


def holidays_of(year: int) -> QuerySet[Holiday]:
    """The days of the year on which the calendar differs from Monday–Friday."""
    return Holiday.objects.filter(day__year=year)


def official_days(year: int) -> list[Holiday]:
    """What the official calendar says of the year, as rows not yet stored; empty for years it does not know."""
    if not knows(year):
        return []
    return [
        Holiday(day=day, working=chinese_calendar.is_workday(day), name=_name(day))
        for day in _days(year)
        if _differs(day)
    ]


def knows(year: int) -> bool:
    """Whether the official calendar of the year is known to this version."""
    try:
        chinese_calendar.is_workday(date(year, 1, 1))
    except NotImplementedError:
        return False
    return True


def years_to_show(chosen: int) -> list[int]:
    """The years to leaf through: those with entries, the present one and the next."""
    this = clock.today().year
    stored = Holiday.objects.annotate(year=ExtractYear("day")).values_list("year", flat=True).distinct()
    return sorted({*stored, this, this + 1, chosen})


def _days(year: int) -> Iterator[date]:
    return (date(year, 1, 1) + timedelta(days=at) for at in range(337 + monthrange(year, 2)[1]))


def _differs(day: date) -> bool:
    return chinese_calendar.is_workday(day) != (day.weekday() < SATURDAY)


def _name(day: date) -> str:
    _off, name = chinese_calendar.get_holiday_detail(day)
    known = {item.value: item.chinese for item in chinese_calendar.Holiday}
    return known.get(name, name or _("Worked in exchange"))


def setting_changes(project_id: int | None) -> QuerySet:
    """Every change of the company's (None) or a project's settings, newest first, each with the value before as `old`."""
    before = Window(
        Lag("value"),
        partition_by=F("id"),
        order_by=[F("history_date").asc(), F("history_id").asc()],
        output_field=JSONField(),
    )
    changes = Setting.history.model.objects.filter(project_id=project_id).select_related("history_user")
    return changes.annotate(old=before).order_by("-history_date", "-history_id")


def own_settings(project_id: int | None) -> dict[str, object]:
    """The values that this project (or, for None, the company) has set for itself."""
    return dict(Setting.objects.filter(project_id=project_id).values_list("key", "value"))
