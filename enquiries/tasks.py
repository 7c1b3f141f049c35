"""Background work of enquiries: thin entries into the services."""

from enquiries.services import ownership, viewings
from salescontrol.core import jobs


@jobs.every("customers.lapse", slot=jobs.daily(2))
def lapse(slot: str) -> str:
    return f"{ownership.lapse_due()} customers are to be given to somebody"


@jobs.every("viewings.remind", slot=jobs.MINUTELY)
def remind(slot: str) -> str:
    return f"{viewings.remind_due()} viewings reminded of"
