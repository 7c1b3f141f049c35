"""Lists of units and one unit's page: what there is to read, always from what this user may see."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import Coalesce

from inventory.models import Building, Layout, Project, Unit
from inventory.models.unit import ATTACHED_TYPES
from inventory.queries.scope import units_of_project_visible_to, units_visible_to
from inventory.queries.standing import status_at
from salescontrol.core.access import Access
from salescontrol.core.errors import NotVisible
from salescontrol.core.fields import area, money
from salescontrol.core.permissions import Permission

_SHOWN = (
    "number", "key", "entrance", "floor", "floor_label", "stack", "room", "property_type", "orientation", "built_area",
    "surveyed_built_area", "inner_area", "list_unit_price", "list_total", "floor_total", "review", "status", "locks", "version",
    "claim_ends_at", "project_id", "building__name", "layout__code", "salesperson__name",
)  # fmt: skip


def listed(access: Access, project: Project, now: datetime) -> QuerySet[Unit]:
    """Every unit of the project that the user may know of, with what a list shows; `area_now` is surveyed once known (B2.1).

    That the building is of the project too is said so that the database reads house by house, in the order of the list.
    """
    visible = units_of_project_visible_to(access, project.pk).filter(building__project=project)
    return (
        visible.select_related("building", "layout", "salesperson")
        .only(*_SHOWN)
        .annotate(area_now=Coalesce("surveyed_built_area", "built_area"), standing=status_at(now))
    )


def totals(units: QuerySet[Unit], *, floor_price: bool) -> dict[str, Any]:
    """Count, area in ㎡ and value in the project's currency of these units; the floor value only where it may be read."""
    found = units.order_by().aggregate(
        count=Count("pk"), area=Sum("area_now"), value=Sum("list_total"), floor=Sum("floor_total")
    )
    shown = {"count": found["count"], "area_now": area(found["area"]), "list_total": money(found["value"])}
    return shown | {"floor_total": money(found["floor"])} if floor_price else shown


@dataclass(frozen=True)
class Choices:
    """What the filters of a list may name: only what the visible units name (abuse 28)."""

    buildings: QuerySet[Building]
    layouts: QuerySet[Layout]
    salespeople: QuerySet


def choices(access: Access, project: Project, visible: QuerySet[Unit]) -> Choices:
    """Buildings, layouts and salespeople to filter by. Who sees every unit chooses from the whole project, others from theirs."""
    buildings, layouts = Building.objects.filter(project=project), Layout.objects.filter(project=project)
    bare = visible.order_by()
    if not access.can(Permission.UNIT_SEE_ALL, project.pk):
        buildings = buildings.filter(pk__in=bare.values("building"))
        layouts = layouts.filter(pk__in=bare.values("layout"))
    people = get_user_model().objects.filter(pk__in=bare.filter(salesperson__isnull=False).values("salesperson"))
    return Choices(buildings, layouts, people if access.can(Permission.UNIT_SEE_PEOPLE, project.pk) else people.none())


def find_unit(access: Access, project: Project, pk: int) -> Unit:
    """The unit with all that its page names; raises NotVisible, with one text, when it is missing or not this user's (abuse 25)."""
    unit = (
        units_visible_to(access)
        .filter(project=project, pk=pk)
        .select_related(
            "project", "building__phase", "layout", "salesperson", "batch", "attached_to", "entered_by", "submitted_by"
        )
        .first()
    )
    if unit is None:
        raise NotVisible("")
    return unit


def attached_rooms(access: Access, unit: Unit) -> list[Unit]:
    """Parking and storage that belong to the unit, as far as the user may see them."""
    return list(units_visible_to(access).filter(attached_to=unit, property_type__in=ATTACHED_TYPES).order_by("number"))


def belongs_to(access: Access, unit: Unit) -> Unit | None:
    """The unit that this parking space or storage room belongs to, if the user may see it."""
    return units_visible_to(access).filter(pk=unit.attached_to_id).first() if unit.attached_to_id else None


def stack_of(access: Access, unit: Unit) -> QuerySet[Unit]:
    """The rooms above and below: same building, entrance and column, that the user may see."""
    return units_visible_to(access).filter(
        project_id=unit.project_id, building_id=unit.building_id, entrance=unit.entrance, stack=unit.stack
    )
