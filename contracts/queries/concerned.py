"""Whom a change of a unit concerns because of what they asked for: open requests and places in the waiting list (R1.8)."""

from collections.abc import Collection, Iterator

from contracts.models import HoldRequest, WaitingEntry
from contracts.states import RequestState, WaitingState


def asked_for(units: Collection[int]) -> Iterator[tuple[int, int]]:
    """Salesperson and unit of every open request for one of the units, and of every place in its waiting list."""
    open_places = WaitingEntry.every.filter(unit__in=units, state__in=[WaitingState.WAITING, WaitingState.OFFERED])
    yield from HoldRequest.every.filter(unit__in=units, state=RequestState.REQUESTED).values_list(
        "salesperson_id", "unit_id"
    )
    yield from open_places.values_list("salesperson_id", "unit_id")
