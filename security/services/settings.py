"""What the office sets for itself: company defaults, a project's own values, the calendar (decisions 31, 33). Every change is kept."""

from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from salescontrol.core import audit, options
from salescontrol.core.access import access_of
from salescontrol.core.errors import Conflict, Refusal
from salescontrol.core.history import save_tracked
from salescontrol.core.models import Holiday, Setting
from salescontrol.core.permissions import Permission
from security.models import User
from security.queries import official_days


def require_right(by: User, project_id: int | None) -> None:
    """The company's values belong to the administrator, a project's to its supervisor. Raises Forbidden."""
    if project_id is None:
        access_of(by).require(Permission.COMPANY_SETTINGS)
    else:
        access_of(by).require(Permission.PROJECT_SETTINGS, project_id)


@transaction.atomic
def change_settings(*, by: User, project_id: int | None, changes: dict[str, Any]) -> list[Setting]:
    """Store the values that differ from those in force; returns the rows that changed. Raises Forbidden, Refusal at the field."""
    require_right(by, project_id)
    return options.change(by=by, project_id=project_id, changes=changes)


@transaction.atomic
def reset_setting(*, by: User, project_id: int, key: str) -> None:
    """Let the company's value hold again in the project; the project's own value stays in the history."""
    require_right(by, project_id)
    row = Setting.objects.select_for_update().filter(project_id=project_id, key=key).first()
    if row is None:
        raise Conflict(_("The company's value holds here already."), code="same")
    _remove(row, "setting.reset", by)


@transaction.atomic
def save_holiday(*, by: User, day: date, working: bool, name: str, holiday: Holiday | None = None) -> Holiday:
    """Add or change one day of the calendar. Raises Forbidden, Conflict when the day is listed already."""
    require_right(by, None)
    row = holiday or Holiday()
    row.day, row.working, row.name = day, working, name.strip()
    if working == (day.weekday() < 5):
        message = _("That is so by itself: Monday to Friday are worked. Only exceptions are listed.")
        raise Refusal(message, code="no_exception", fields={"working": [message]})
    try:
        with transaction.atomic():
            save_tracked(row, action="holiday.change", by=by)
    except IntegrityError as error:
        message = _("This day is listed already; change it there.")
        raise Conflict(message, code="listed", fields={"day": [message]}) from error
    return row


@transaction.atomic
def remove_holiday(*, by: User, holiday: Holiday) -> None:
    """Take one day out of the calendar; the history keeps it."""
    require_right(by, None)
    _remove(holiday, "holiday.remove", by)


def _remove(row: Setting | Holiday, action: str, by: User) -> None:
    """Delete a row; its last state stays in the history, with who removed it."""
    row._change_reason, row._history_user = action, by
    row.delete()


@transaction.atomic
def take_over_calendar(*, by: User, year: int) -> int:
    """Bring the year's days in line with the official calendar: missing ones are added, others changed; days of our own stay.

    Returns how many days changed. Raises Forbidden, Refusal for a year that this version does not know.
    """
    require_right(by, None)
    official = official_days(year)
    if not official:
        raise Refusal(
            _("The official calendar of %(year)s is not known to this version. Enter its days by hand.")
            % {"year": year},
            code="unknown_year",
        )
    known = {row.day: row for row in Holiday.objects.select_for_update().filter(day__year=year)}
    changed = [row for row in (_merged(known.get(day.day), day) for day in official) if row is not None]
    for row in changed:
        save_tracked(row, action="holiday.take_over", by=by)
    audit.record("holiday.take_over", by=by, detail={"year": year, "days": len(changed)})
    return len(changed)


def _merged(known: Holiday | None, official: Holiday) -> Holiday | None:
    """The row to save, or None when the calendar says the same already."""
    if known is None:
        return official
    if (known.working, known.name) == (official.working, official.name):
        return None
    known.working, known.name = official.working, official.name
    return known
