"""Background work of claims: thin entries into the services."""

from datetime import datetime

from contracts.services import holds, waiting
from salescontrol.core import clock, jobs


@jobs.every("claims.expire", slot=lambda now: _minute(now))
def expire(slot: str) -> str:
    return f"{holds.expire_due()} holds ran out"


@jobs.every("waiting.offer_free", slot=lambda now: _minute(now))
def offer_free(slot: str) -> str:
    return f"{waiting.offer_free()} free units offered to who waits"


@jobs.handler("waiting.offer")
def offer(unit_id: int) -> None:
    waiting.offer_next(unit_id=unit_id)


def _minute(now: datetime) -> str:
    return f"{clock.local(now):%Y-%m-%dT%H:%M}"
