"""The steps that every file handed over takes, whatever it holds: found and locked, moved from state to state (R2.5, R3.3)."""

from collections.abc import Collection
from typing import TypeVar

from django.utils.translation import gettext as _

from enquiries.models.handed import HandedOver
from enquiries.states import IntakeState
from salescontrol.core.errors import Conflict
from salescontrol.core.history import save_tracked

Row = TypeVar("Row", bound=HandedOver)
OPEN = (IntakeState.READING, IntakeState.PREVIEW, IntakeState.REFUSED, IntakeState.WRITING)
_MOVED = ("state", "version", "progress", "outcome", "accepted_by", "done_at")


def locked_row(model: type[Row], pk: int) -> Row:
    """The import with its people and its file, its row locked. Needs the caller's transaction."""
    rows = model.every.select_for_update(of=("self",), no_key=True)
    return rows.select_related("project", "made_by", "accepted_by", "file").get(pk=pk)


def as_seen(row: Row, *, version: int, states: Collection[str]) -> Row:
    """The import, locked, if it still is as somebody saw it. Raises Conflict `moved_on`."""
    locked = locked_row(type(row), row.pk)
    if locked.version != version or locked.state not in states:
        raise Conflict(
            _("Import %(number)s is “%(state)s” by now. Reload the page to see where it stands.")
            % {"number": locked.number, "state": locked.get_state_display()},
            code="moved_on",
        )
    return locked


def move(locked: Row, state: IntakeState, action: str, by) -> Row:
    """The next state of a locked import, in its history under the action's name."""
    locked.state, locked.version = state, locked.version + 1
    return save_tracked(locked, action=action, by=by, fields=list(_MOVED))
