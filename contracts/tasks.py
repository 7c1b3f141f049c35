"""Background work of claims: thin entries into the services."""

from contracts.services import holds, waiting
from salescontrol.core import jobs


@jobs.every("claims.expire", slot=jobs.MINUTELY)
def expire(slot: str) -> str:
    return f"{holds.expire_due()} holds ran out"


@jobs.every("waiting.offer_free", slot=jobs.MINUTELY)
def offer_free(slot: str) -> str:
    return f"{waiting.offer_free()} free units offered to who waits"


@jobs.handler("waiting.offer")
def offer(unit_id: int) -> None:
    waiting.offer_next(unit_id=unit_id)
