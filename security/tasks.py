"""What security does by the clock."""

from salescontrol.core import jobs, journal
from security.models import User
from security.services import attempts, consistency, sessions
from security.sessions import SessionStore


@jobs.every("sessions.close", jobs.HOURLY)
def close_sessions(slot: str) -> str:
    """Once an hour: sessions that nobody came back to are marked as ended, sessions of nobody and old counts are swept."""
    SessionStore.clear_expired()
    return f"closed {sessions.close_forgotten()}, swept {attempts.forget_old()}"


@jobs.every("consistency.nightly", jobs.daily(2, 30))
def check_at_night(slot: str) -> str:
    """Every night everything is checked against everything."""
    return f"{consistency.check().detail['count']} findings"


@jobs.handler(consistency.TOPIC)
def check_now(by: int) -> None:
    """The same when somebody asks for it."""
    consistency.check(by=User.objects.get(pk=by))


@jobs.every("journal.watch", jobs.MINUTELY)
def watch_the_journal(slot: str) -> str:
    """Every minute: those who keep the product running hear of a journal that lags, once an hour."""
    consistency.tell_of_clock()
    state = journal.state()
    if state.alarm:
        consistency.tell_of_journal(state)
    return f"{state.lag.total_seconds():.0f} s behind"
