"""Whose unit it is: the supervisor assigns units to the salespeople of the project, one or many (decisions 3)."""

from collections.abc import Collection, Sequence
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory.models import Project, Unit
from inventory.services import units
from salescontrol.core import clock, notices
from salescontrol.core.access import access_of, deciding_users
from salescontrol.core.errors import Refusal
from salescontrol.core.history import update_tracked
from salescontrol.core.permissions import Permission, Role


def salespeople(project: Project) -> list:
    """The active salespeople of the project, by name."""
    return sorted(deciding_users([Role.SALESPERSON], project.pk), key=lambda person: (person.name, person.pk))


@transaction.atomic
def assign_units(
    *, project: Project, unit_ids: Collection[int], visible, salesperson: Any, reason: str, by
) -> list[Unit]:
    """Assign these units (of the queryset `visible`) to a salesperson of the project, or to nobody (None).

    Returns the units whose salesperson changed; each has one history entry, each person concerned one notice. From now on
    only the new salesperson sees them. Raises Forbidden, and Refusal without a reason or unit, or for somebody who is no
    salesperson here.
    """
    access_of(by).require(Permission.UNIT_ASSIGN, project.pk)
    if not reason.strip():
        raise Refusal(
            _("Give the reason."),
            code="no_reason",
            fields={"reason": [_("Give the reason: it is kept with each unit.")]},
        )
    if salesperson is not None and salesperson not in salespeople(project):
        message = _("%(name)s is no salesperson of this project.") % {"name": salesperson}
        raise Refusal(message, code="no_salesperson", fields={"salesperson": [message]})
    chosen = units.locked(unit_ids, visible=visible.filter(project=project))
    if not chosen:
        raise Refusal(_("Choose at least one unit."), code="nothing_chosen")
    changed = [unit for unit in chosen if unit.salesperson_id != (salesperson.pk if salesperson else None)]
    former = [unit.salesperson_id for unit in changed if unit.salesperson_id]
    for unit in changed:
        unit.salesperson = salesperson
    action = "unit.assign" if salesperson else "unit.unassign"
    update_tracked(changed, ["salesperson"], action=action, by=by, reason=reason)
    _tell(project, changed, salesperson, former, by)
    return changed


def _tell(project: Project, changed: Sequence[Unit], salesperson: Any, former: Sequence[int], by) -> None:
    """The new salesperson learns how many units came, the former how many went; nobody learns of the other."""
    stamp, url = f"{clock.now():%Y%m%d%H%M%S%f}", reverse("inventory:unit_list", args=[project.code])
    if salesperson and changed:
        _notice([salesperson], "unit.assigned", f"assign-{stamp}", url, project, len(changed))
    for person in get_user_model().objects.filter(pk__in=set(former), is_active=True):
        _notice([person], "unit.unassigned", f"unassign-{stamp}", url, project, former.count(person.pk))


def _notice(people: list, code: str, key: str, url: str, project: Project, count: int) -> None:
    notices.tell(people, code, key=key, url=url, project_id=project.pk, project=project.name, count=count)


notices.register("unit.assigned", gettext_lazy("Units assigned to you in %(project)s: %(count)s"))
notices.register("unit.unassigned", gettext_lazy("Units of %(project)s that are no longer yours: %(count)s"))
