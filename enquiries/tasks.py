"""Background work of enquiries: thin entries into the services."""

from enquiries.services import calls, ownership, viewings
from salescontrol.core import jobs


@jobs.every("customers.lapse", slot=jobs.daily(2))
def lapse(slot: str) -> str:
    return f"{ownership.lapse_due()} customers are to be given to somebody"


@jobs.every("calls.escalate", slot=jobs.MINUTELY)
def escalate(slot: str) -> str:
    return f"{calls.escalate_due()} calls brought before the supervisor"


@jobs.every("viewings.remind", slot=jobs.MINUTELY)
def remind(slot: str) -> str:
    return f"{viewings.remind_due()} viewings reminded of"
