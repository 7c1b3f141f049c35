"""Finding rooms by number, across the user's projects."""

from django.db.models import QuerySet

from inventory.models import Unit
from inventory.queries.scope import projects_visible_to, units_visible_to
from inventory.rules.text import narrow, tidy
from salescontrol.core.access import Access

LIMIT = 20


def find_units(access: Access, words: str) -> QuerySet[Unit]:
    """Visible units whose number contains `words`, however wide it was typed; at most 20, in the board's order (abuse 28)."""
    number = narrow(tidy(words))
    found = units_visible_to(access).filter(project__in=projects_visible_to(access), number__icontains=number)
    if not number:
        found = found.none()
    return found.select_related("project", "building", "layout").order_by(
        "project__name", "building__position", "entrance", "-floor", "stack", "pk"
    )[:LIMIT]
