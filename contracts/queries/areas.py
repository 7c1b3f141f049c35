"""A list of settled areas as it is read: its lines, its letters (domain B9)."""

from contracts.models import AreaBatch, Change, Paper
from contracts.queries.scope import area_batches_visible_to
from contracts.states import ChangeState, PaperKind
from inventory.models import Project
from salescontrol.core.access import Access
from salescontrol.core.errors import NotVisible


def find(access: Access, project: Project, code: str) -> AreaBatch:
    """The list; NotVisible, with one text, when it is missing or not this user's (abuse 25)."""
    rows = area_batches_visible_to(access).filter(project=project, code=code)
    found = rows.select_related("project", "approval", "made_by").first()
    if found is None:
        raise NotVisible("")
    return found


def lines(batch: AreaBatch) -> list[Change]:
    """Its changes, unit by unit."""
    rows = Change.every.filter(batch=batch).select_related("unit", "contract", "project")
    return list(rows.order_by("unit__building__position", "unit__number", "pk"))


def letters(batch: AreaBatch) -> dict[int, Paper]:
    """The latest letter of each settled change, by the change: made for its sale since it was settled."""
    done = {
        change.trade_id: change for change in Change.every.filter(batch=batch, state=ChangeState.EXECUTED)
    }  # fmt: skip
    rows = Paper.every.filter(trade__in=done, kind=PaperKind.SETTLEMENT, file__isnull=False).select_related(
        "file", "project"
    )
    found: dict[int, Paper] = {}
    for paper in rows.order_by("made_at", "pk"):
        change = done[paper.trade_id or 0]
        if change.executed_at is not None and paper.made_at >= change.executed_at:
            found[change.pk] = paper
    return found
