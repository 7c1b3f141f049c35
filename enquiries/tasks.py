"""Background work of calls: thin entries into the services."""

from enquiries.services import calls
from salescontrol.core import jobs


@jobs.every("calls.escalate", slot=jobs.MINUTELY)
def escalate(slot: str) -> str:
    return f"{calls.escalate_due()} calls brought before the supervisor"
