"""What inventory contributes to pages of the kernel: figures of the board on the workbench, rooms in the search."""

from django.db.models import Count, F, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from inventory.models import Project, Unit
from inventory.models.unit import ATTACHED_TYPES
from inventory.queries.board import board_units
from inventory.queries.present import TONES
from inventory.queries.scope import own_units
from inventory.queries.search import find_units
from inventory.queries.standing import standing, status_at
from inventory.states import MARKS, SOLD, Status
from salescontrol.core import clock
from salescontrol.core.access import Access
from salescontrol.core.permissions import Permission

OWN_SHOWN = 8


def stock(access: Access, project: Project | None) -> dict | None:
    """The desk's figures: homes and shops by status, each a link to exactly those cells of the board."""
    if project is None or not _both(access, project, Permission.BOARD_SEE, Permission.UNIT_SEE_ALL):
        return None
    homes = board_units(access, project).exclude(property_type__in=ATTACHED_TYPES)
    homes = homes.annotate(standing=status_at(clock.now()))
    counts = dict(homes.values_list("standing").annotate(count=Count("pk")))
    return {"tiles": [_tile(project, counts, *tile) for tile in _tiles()]}


def _both(access: Access, project: Project, *permissions: Permission) -> bool:
    return all(access.can(permission, project.pk) for permission in permissions)


def _tiles() -> list[tuple]:
    return [
        (_("Available"), (Status.AVAILABLE,)),
        (_("Held or small deposit"), (Status.HELD, Status.SMALL_DEPOSIT)),
        (_("Subscribed"), (Status.SUBSCRIBED,)),
        (_("Sold"), tuple(sorted(SOLD))),
    ]


def _tile(project: Project, counts: dict[str, int], label: str, statuses: tuple[Status, ...]) -> dict:
    asked = "&".join(f"status={status.value}" for status in statuses)
    counted = sum(counts.values()) - counts.get(Status.DRAFT.value, 0)
    return {
        "label": label,
        "count": sum(counts.get(status.value, 0) for status in statuses),
        "units": counted,
        "url": f"{reverse('inventory:board', args=[project.code])}?{asked}",
    }


def my_units(access: Access, project: Project | None) -> dict | None:
    """A salesperson's own units of the project, those that need something first."""
    if project is None or not access.can(Permission.UNIT_SEE_OWN, project.pk):
        return None
    own = own_units(access).filter(project=project).select_related("project", "layout")
    shown = own.order_by(F("claim_ends_at").asc(nulls_last=True), "building__position", "entrance", "-floor", "stack")[
        :OWN_SHOWN
    ]
    return {
        "units": _lines(shown),
        "count": own.count(),
        "url": f"{reverse('inventory:board', args=[project.code])}?mine=on",
    }


def found_units(access: Access, words: str) -> dict | None:
    """Rooms by number, each a link to its board."""
    units = _lines(find_units(access, words))
    return {"units": units} if units else None


def _lines(units: QuerySet[Unit]) -> list[dict]:
    now = clock.now()
    return [
        {
            "unit": unit,
            "label": status.label,
            "mark": MARKS[status],
            "tone": TONES[status],
            "url": f"{reverse('inventory:board', args=[unit.project.code])}?unit={unit.pk}",
        }
        for unit in units
        for status in [standing(unit, now)]
    ]
