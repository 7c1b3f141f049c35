"""Background work of customers: thin entries into the services."""

from enquiries.services import ownership
from salescontrol.core import jobs


@jobs.every("customers.lapse", slot=jobs.daily(2))
def lapse(slot: str) -> str:
    return f"{ownership.lapse_due()} customers are to be given to somebody"
