"""The stock of blank forms of a project."""

from django.db.models import Count, QuerySet

from contracts.models import BlankForm
from contracts.states import FormKind, FormState
from inventory.models import Project


def forms(project: Project) -> QuerySet[BlankForm]:
    """Every form that was ever in the stock."""
    return BlankForm.objects.filter(project=project).select_related("range", "holder", "trade")


def stock(project: Project) -> list[dict]:
    """For each kind how many are in each state, in the order of the states; kinds that were never there are left out."""
    rows = BlankForm.objects.filter(project=project).order_by().values("kind", "state").annotate(count=Count("pk"))
    counts = {(row["kind"], row["state"]): row["count"] for row in rows}
    return [
        {
            "kind": kind.label,
            "counts": [{"state": state.label, "count": counts.get((kind, state), 0)} for state in FormState],
        }
        for kind in FormKind
        if any(counts.get((kind, state)) for state in FormState)
    ]
