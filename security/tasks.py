"""What security does by the clock."""

from datetime import datetime

from salescontrol.core import clock, jobs
from security.services import attempts, sessions
from security.sessions import SessionStore


def _hour(now: datetime) -> str:
    return f"{clock.local(now):%Y-%m-%dT%H}"


@jobs.every("sessions.close", _hour)
def close_sessions(slot: str) -> str:
    """Once an hour: sessions that nobody came back to are marked as ended, sessions of nobody and old counts are swept."""
    SessionStore.clear_expired()
    return f"closed {sessions.close_forgotten()}, swept {attempts.forget_old()}"
