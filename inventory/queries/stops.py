"""Emergency stops 封盘: which are live, what they cover, and who is told of them (R1.7)."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Count, Q, QuerySet, Subquery

from inventory.models import Building, Layout, Project, SalesStop, Unit, UnitEvent
from inventory.queries.concerned import concerned
from inventory.queries.scope import units_visible_to
from inventory.queries.standing import stands_in
from inventory.states import FOR_SALE, Review
from salescontrol.core import clock
from salescontrol.core.access import Access, deciding_users
from salescontrol.core.permissions import Permission, Role

ROOM = (Role.SUPERVISOR, Role.SPECIALIST, Role.MANAGEMENT)


def stops_of(project: Project) -> QuerySet[SalesStop]:
    """Every stop of the project, live and lifted."""
    return SalesStop.objects.filter(project=project).select_related(
        "project", "building", "layout", "stopped_by", "lifted_by", "approval"
    )


def live_stops(project_id: int) -> list[SalesStop]:
    """The stops of the project that are not lifted; one query."""
    live = SalesStop.objects.filter(project_id=project_id, lifted_at__isnull=True)
    return list(live.select_related("project", "building", "layout", "stopped_by"))


def count_live(project_id: int) -> int:
    return SalesStop.objects.filter(project_id=project_id, lifted_at__isnull=True).count()


def covers(stop: SalesStop, unit: Unit) -> bool:
    """Whether the unit lies in the scope of the stop: its project, its building or its layout."""
    if stop.building_id is not None:
        return stop.building_id == unit.building_id
    if stop.layout_id is not None:
        return stop.layout_id == unit.layout_id
    return stop.project_id == unit.project_id


def stops_on(unit: Unit) -> list[SalesStop]:
    """The live stops that cover the unit; one query."""
    return [stop for stop in live_stops(unit.project_id) if covers(stop, unit)]


def stops_ever_on(unit: Unit) -> QuerySet[SalesStop]:
    """The stops, live and lifted, that the approved unit was under as it is placed now; none for a draft."""
    approved_at = UnitEvent.every.filter(unit=unit, seq=1).values("at")
    met = Q(lifted_at__isnull=True) | Q(lifted_at__gt=Subquery(approved_at))
    mine = Q(building=None) | Q(building=unit.building_id), Q(layout=None) | Q(layout=unit.layout_id)
    found = stops_of(unit.project).filter(met, *mine)
    return found if unit.review == Review.APPROVED else found.none()


def within(stop: SalesStop) -> Q:
    """The units in the scope of the stop, as a condition."""
    if stop.building_id is not None:
        return Q(building_id=stop.building_id)
    return Q(layout_id=stop.layout_id) if stop.layout_id is not None else Q(project_id=stop.project_id)


def stops_seen(access: Access, project: Project) -> list[SalesStop]:
    """The live stops that this reader meets: all for who sees every unit, else those that cover a unit they may know of."""
    found = live_stops(project.pk)
    if not found or access.can(Permission.UNIT_SEE_ALL, project.pk):
        return found
    visible = units_visible_to(access).filter(project=project)
    return [stop for stop in found if stop.scope == "project" or visible.filter(within(stop)).exists()]


def scopes(project: Project) -> list[tuple[Project | Building | Layout, int, int]]:
    """What can be stopped: the project, each building, each layout; with its approved units and those for sale."""
    approved = Q(units__review=Review.APPROVED)
    counts = {
        "approved": Count("units", filter=approved),
        "for_sale": Count("units", filter=approved & stands_in(FOR_SALE, clock.now(), "units__")),
    }
    found: list[Any] = [Project.objects.filter(pk=project.pk).annotate(**counts).get()]
    found += Building.objects.filter(project=project).annotate(**counts).order_by("position", "pk")
    found += Layout.objects.filter(project=project).annotate(**counts).order_by("code")
    return [(scope, scope.approved, scope.for_sale) for scope in found]


def told(stop: SalesStop, units: Iterable[Unit]) -> set:
    """Whom a stop concerns: the room and management, and the salespeople: all for a project, else those with a unit in its scope."""
    if stop.scope == "project":
        return {*deciding_users([*ROOM, Role.SALESPERSON], stop.project_id)}
    return {*deciding_users(ROOM, stop.project_id), *concerned(list(units))}
