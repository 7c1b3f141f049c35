"""Timed looks beyond one's rights: which run, and which unit a request names (decisions 2, R6.4, domain B12)."""

from datetime import datetime

from django.db.models import Q, QuerySet

from inventory.models import AccessGrant, Project, Unit
from inventory.rules.text import narrow
from inventory.states import Review
from salescontrol.core import clock
from salescontrol.core.access import Access
from salescontrol.core.permissions import Permission


def running(now: datetime) -> Q:
    """The grants that are in force at `now`: not ended, not over."""
    return Q(ended_at__isnull=True, until__gt=now)


def grants_visible_to(access: Access, project: Project) -> QuerySet[AccessGrant]:
    """The grants of the project: all for who decides them, one's own for everybody else."""
    found = AccessGrant.objects.filter(unit__project=project)
    if not access.can(Permission.ACCESS_DECIDE, project.pk):
        found = found.filter(user=access.user)
    return found.select_related("user", "unit__project", "ended_by", "approval")


def grant_for(access: Access, unit: Unit) -> AccessGrant | None:
    """The grant by which this reader sees the unit now, the longest; none for who sees every unit of the project."""
    if access.can(Permission.UNIT_SEE_ALL, unit.project_id):
        return None
    live = AccessGrant.objects.filter(running(clock.now()), user=access.user, unit=unit)
    return live.order_by("-until").first()


def unit_named(project_id: int, number: str) -> Unit | None:
    """The approved unit with exactly this full number, however wide it was typed."""
    approved = Unit.every.filter(project_id=project_id, review=Review.APPROVED)
    return approved.filter(number__iexact=narrow(number)).first()
