"""The overlay lock of an opening event 选房 (domain B2.3): the supervisor keeps units back for it and lets them go again."""

from collections.abc import Collection

from django.db import transaction
from django.utils.translation import gettext as _

from inventory.models import Project, Unit
from inventory.services import units
from inventory.services.review import name_some
from inventory.states import Lock, Status
from salescontrol.core.access import access_of
from salescontrol.core.errors import Conflict, Refusal
from salescontrol.core.permissions import Permission

OPEN = (Status.WITHHELD, Status.AVAILABLE)


@transaction.atomic
def keep_for_opening(*, project: Project, unit_ids: Collection[int], visible, reason: str, by) -> list[Unit]:
    """Lock units for an opening event: until it is lifted nobody holds them or puts them on sale.

    All or nothing. Raises Forbidden, Refusal without a reason or a unit, Conflict naming units that have a claim or the lock.
    """
    chosen = _chosen(project, unit_ids, visible, reason, by)
    claimed = [unit.number for unit in chosen if unit.status not in OPEN]
    if claimed:
        raise Conflict(
            _("These units have a claim or are not approved, so nothing was locked: %(units)s. Leave them out.")
            % {"units": name_some(claimed)},
            code="claimed",
        )
    units.lay_locks(units=chosen, kind=Lock.OPENING, reason=reason.strip(), by=by)
    return chosen


@transaction.atomic
def lift_opening(*, project: Project, unit_ids: Collection[int], visible, reason: str, by) -> list[Unit]:
    """Take that lock off again; the reason stands in the lock's history. Raises like `keep_for_opening`."""
    chosen = _chosen(project, unit_ids, visible, reason, by)
    free = [unit.number for unit in chosen if Lock.OPENING not in unit.lock_codes]
    if free:
        raise Conflict(
            _("These units are not kept for an opening event any more: %(units)s. Reload the page.")
            % {"units": name_some(free)},
            code="not_locked",
        )
    units.lift_locks(units=chosen, kind=Lock.OPENING, by=by, reason=reason)
    return chosen


def _chosen(project: Project, unit_ids: Collection[int], visible, reason: str, by) -> list[Unit]:
    access_of(by).require(Permission.LOCK_LAY, project.pk)
    if not reason.strip():
        raise Refusal(
            _("Give the reason: it is kept with the unit."),
            code="no_reason",
            fields={"reason": [_("Give the reason.")]},
        )
    chosen = units.locked(unit_ids, visible=visible.filter(project=project))
    if not chosen:
        raise Refusal(_("Choose at least one unit."), code="nothing_chosen")
    if len(chosen) != len(set(unit_ids)):
        raise Refusal(_("Some of the chosen units do not exist any more. Choose again."), code="not_visible")
    return chosen
