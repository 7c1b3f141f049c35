"""What an error of the database means for whoever waits for the answer (abuse 71, 72)."""

from django.db import InterfaceError, OperationalError
from django.utils.translation import gettext as _

from salescontrol.core.errors import Conflict, Refusal

# Nothing was done: the lock was not to be had in time, or two writers waited for each other, or read what changed meanwhile.
_LOCKED = {"55P03", "40P01", "40001"}
# The server went away, or is not there yet.
_GONE = {"57P01", "57P02", "57P03"}


def _state(error: BaseException) -> str | None:
    return getattr(error.__cause__, "sqlstate", None)


def refusal(error: Exception) -> Refusal:
    """What to say instead of the error: refusals stay, a lock that was not to be had is a Conflict; raises everything else."""
    if isinstance(error, Refusal):
        return error
    if _state(error) in _LOCKED or "is locked" in str(error):
        text = _("Somebody else is working on the same thing just now, so nothing was done. Please try again.")
        return Conflict(text, code="busy")
    raise error


def lost(error: BaseException | None) -> bool:
    """Whether the connection broke, so that a fresh one may answer; not when a query or the wait for a connection took too long."""
    if error is None or not isinstance(error, OperationalError | InterfaceError):
        return False
    state, cause = _state(error), type(error.__cause__).__name__
    return cause != "PoolTimeout" and (state is None or state in _GONE or state.startswith("08"))
