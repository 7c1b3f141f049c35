"""Waiting lists: the places of a unit, one place, the offers that run."""

from django.db.models import QuerySet

from contracts.models import WaitingEntry
from contracts.queries.scope import waiting_visible_to
from contracts.queries.unit import may_wait
from contracts.states import WaitingState
from inventory.models import Project, Unit
from salescontrol.core import clock
from salescontrol.core.access import Access
from salescontrol.core.errors import NotVisible


def of_unit(access: Access, unit: Unit) -> list[WaitingEntry]:
    """Every place in the unit's list that the reader may read, in order, closed ones too."""
    return list(_read(access).filter(unit=unit).order_by("placed_at", "pk"))


def find(access: Access, project: Project, number: str) -> WaitingEntry:
    """The place, or NotVisible with one text when it is missing or not this user's."""
    place = _read(access).filter(project=project, number=number).first()
    if place is None:
        raise NotVisible("")
    return place


def may_join(unit: Unit) -> bool:
    """Whether a customer can wait for the unit now."""
    return may_wait(unit, clock.now())


def offers(access: Access, project: Project) -> QuerySet[WaitingEntry]:
    """The offers that run, first to end first."""
    return _read(access).filter(project=project, state=WaitingState.OFFERED).order_by("offer__expires_at", "pk")


def own(access: Access, project: Project) -> QuerySet[WaitingEntry]:
    """A salesperson's own customers who wait or are offered something."""
    open_states = [WaitingState.WAITING, WaitingState.OFFERED]
    return (
        _read(access)
        .filter(project=project, salesperson=access.user, state__in=open_states)
        .order_by("placed_at", "pk")
    )


def _read(access: Access) -> QuerySet[WaitingEntry]:
    return waiting_visible_to(access).select_related("unit", "project", "customer", "salesperson", "offer")
