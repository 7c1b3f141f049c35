"""Background work of claims: thin entries into the services."""

from datetime import datetime

from contracts.services import holds
from salescontrol.core import clock, jobs


@jobs.every("claims.expire", slot=lambda now: _minute(now))
def expire(slot: str) -> str:
    return f"{holds.expire_due()} holds ran out"


def _minute(now: datetime) -> str:
    return f"{clock.local(now):%Y-%m-%dT%H:%M}"
