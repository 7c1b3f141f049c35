"""Holds that have run out are written down by whoever locks the unit next (decisions 14); the app that owns claims says how."""

from collections.abc import Callable, Iterable
from datetime import datetime

from inventory.models import Unit
from inventory.queries.standing import is_over
from inventory.states import Status
from salescontrol.core import clock

_WRITERS: list[Callable[[Unit, datetime], object]] = []


def register(writer: Callable[[Unit, datetime], object]) -> None:
    """Name the function that writes the end of a locked unit's hold: `writer(unit, now)`; called once, by the claims' app."""
    _WRITERS[:] = [writer]


def settle(units: Iterable[Unit], now: datetime | None = None) -> None:
    """Write the end of every hold among these locked units that is over at `now`; the units at hand say so afterwards."""
    held = [unit for unit in units if unit.status == Status.HELD and unit.claim_ends_at is not None]
    if not held:
        return
    now = now or clock.now()
    for unit in held:
        if is_over(unit.status, unit.claim_ends_at, now):
            for write in _WRITERS:
                write(unit, now)
