"""What changes put into the unit panel and the rail: the one under way, and how many wait for the reader."""

from contracts.queries import changes as queries
from contracts.services.changes import url_of
from contracts.states import ChangeState
from contracts.views.changes import TONES
from inventory.models import Project, Unit
from salescontrol.core.access import Access
from salescontrol.core.permissions import Permission


def section(access: Access, unit: Unit) -> dict | None:
    """The panel's section about the change under way; None without one, or for readers who may not know of it."""
    reads = any(access.can(right, unit.project_id) for right in (Permission.CLAIM_SEE_ALL, Permission.CLAIM_SEE_OWN))
    change = queries.open_on(access, unit) if reads and unit.locks else None
    if change is None:
        return None
    return {
        "number": change.number,
        "kind": change.get_kind_display(),
        "state": change.get_state_display(),
        "tone": TONES[ChangeState(change.state)],
        "url": url_of(change),
    }


def due(access: Access, project: Project) -> int:
    """The count beside the rail's entry."""
    return queries.due(access, project)
