"""Background work of claims: thin entries into the services."""

from contracts.services import deadlines, holds, milestones, past_sales, waiting
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


@jobs.every("deadlines.tell", slot=jobs.HOURLY)
def tell_deadlines(slot: str) -> str:
    return f"{deadlines.tell_due()} subscriptions near or past their deadline"


@jobs.every("contracts.warn_of_filing", slot=jobs.HOURLY)
def warn_of_filing(slot: str) -> str:
    return f"{milestones.warn_of_filing()} contracts have to be filed soon"


@jobs.handler(past_sales.READ_TOPIC)
def read_past_sales(import_id: int) -> None:
    """Read a file of past sales and show what it would do."""
    past_sales.read_import(import_id=import_id)


@jobs.handler(past_sales.WRITE_TOPIC)
def write_past_sales(import_id: int) -> None:
    """Take accepted past sales over, all or nothing."""
    past_sales.write_import(import_id=import_id)


@jobs.every("past_sales.forget", slot=jobs.daily(3, 50))
def forget_past_sales(slot: str) -> str:
    """Forget files of past sales that nobody decided on."""
    return f"{past_sales.forget_old()} imports forgotten"
