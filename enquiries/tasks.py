"""Background work of enquiries: thin entries into the services."""

from enquiries.services import viewings
from salescontrol.core import jobs


@jobs.every("viewings.remind", slot=jobs.MINUTELY)
def remind(slot: str) -> str:
    return f"{viewings.remind_due()} viewings reminded of"
