"""Whom a change of a unit concerns because of what they asked for: open requests, places in the waiting list, and quotations
that may still be subscribed on (R1.8)."""

from collections.abc import Collection, Iterator

from contracts.models import HoldRequest, Quotation, WaitingEntry
from contracts.states import QuotationState, RequestState, WaitingState
from salescontrol.core import clock


def asked_for(units: Collection[int]) -> Iterator[tuple[int, int]]:
    """Salesperson and unit of every open request for one of the units, of every place in its waiting list, of every quotation."""
    open_places = WaitingEntry.every.filter(unit__in=units, state__in=[WaitingState.WAITING, WaitingState.OFFERED])
    yield from HoldRequest.every.filter(unit__in=units, state=RequestState.REQUESTED).values_list(
        "salesperson_id", "unit_id"
    )
    yield from open_places.values_list("salesperson_id", "unit_id")
    states = (QuotationState.DRAFT, QuotationState.ASKED, QuotationState.READY)
    open_quotations = Quotation.every.filter(unit__in=units, state__in=states, valid_until__gte=clock.today())
    yield from open_quotations.values_list("salesperson_id", "unit_id")
