"""The duty roster (decisions 33): the supervisor says who works when, a week at a time. Every change is kept."""

from collections.abc import Mapping
from datetime import date, time, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from enquiries.models import DutyShift
from enquiries.queries.roster import DAYS, days_off, monday
from inventory.models import Project
from inventory.services.assignment import salespeople
from salescontrol.core.access import access_of
from salescontrol.core.errors import Refusal
from salescontrol.core.history import save_tracked
from salescontrol.core.permissions import Permission

# Salesperson's id and day → from and to, or None for a day off.
Hours = Mapping[tuple[int, date], tuple[time, time] | None]


@transaction.atomic
def keep_roster(*, project: Project, hours: Hours, by) -> int:
    """Set the shifts of these salespeople and days; returns how many changed. Viewings that are booked stay booked.

    Raises Forbidden, Refusal (`no_salesperson`, `order` when a shift ends before it begins).
    """
    access_of(by).require(Permission.ROSTER_KEEP, project.pk)
    known = {person.pk: person for person in salespeople(project)}
    there = _shifts(project, [day for _pk, day in hours])
    changed = 0
    for (pk, day), span in sorted(hours.items(), key=lambda item: item[0]):
        if pk not in known:
            raise Refusal(_("Only salespeople of this project are on its roster."), code="no_salesperson")
        if span is not None and span[0] >= span[1]:
            words = {"name": known[pk].name, "day": day}
            raise Refusal(_("%(name)s, %(day)s: the shift ends before it begins.") % words, code="order")
        changed += _set(project, known[pk], day, span, there.get((pk, day)), by)
    return changed


@transaction.atomic
def copy_week(*, project: Project, first: date, by) -> int:
    """Plan the week like the one before; days off by the calendar are left out, and what is planned already stays as it is."""
    access_of(by).require(Permission.ROSTER_KEEP, project.pk)
    first = monday(first)
    before, known, off = first - timedelta(days=DAYS), {person.pk for person in salespeople(project)}, days_off(first)
    planned = {*_shifts(project, [first + timedelta(days=count) for count in range(DAYS)])}
    hours = {
        (shift.salesperson_id, shift.on + timedelta(days=DAYS)): (shift.starts, shift.ends)
        for shift in DutyShift.objects.filter(project=project, on__range=(before, first - timedelta(days=1)))
        if shift.salesperson_id in known and shift.on + timedelta(days=DAYS) not in off
    }
    new = {key: span for key, span in hours.items() if key not in planned}
    if not new:
        raise Refusal(_("The week before has no shift that is missing here. Enter the hours below."), code="nothing")
    return keep_roster(project=project, hours=new, by=by)


def _shifts(project: Project, days: list[date]) -> dict[tuple[int, date], DutyShift]:
    rows = DutyShift.objects.select_for_update(of=("self",)).filter(project=project, on__in=days)
    return {(row.salesperson_id, row.on): row for row in rows}


def _set(project: Project, person: Any, day: date, span, row: DutyShift | None, by) -> int:
    """Write one shift, if it differs; returns whether it did."""
    if span is None:
        if row is None:
            return 0
        row._change_reason, row._history_user = "roster.keep", by
        row.delete()
        return 1
    if row is not None and (row.starts, row.ends) == span:
        return 0
    row = row or DutyShift(project=project, salesperson=person, on=day)
    row.starts, row.ends = span
    save_tracked(row, action="roster.keep", by=by)
    return 1
