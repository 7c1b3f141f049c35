"""What the pages of a project's settings read: its parts with their counts, and the record of every change."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from inventory.models import Building, Layout, Permit, Phase, Project, Team
from inventory.queries.review import FACTS
from inventory.queries.scope import projects_visible_to, units_visible_to
from salescontrol.core.access import Access
from salescontrol.core.history import Entry, lives
from salescontrol.core.templatetags import sales
from salescontrol.core.words import listed

ACTIONS: Mapping[str, Any] = {
    "project.open": _("Project opened"),
    "project.change": _("Project changed"),
    "project.relax_review": _("What is needed before approval changed"),
    "phase.enter": _("Phase entered"),
    "phase.change": _("Phase changed"),
    "building.enter": _("Building entered"),
    "building.change": _("Building changed"),
    "permit.enter": _("Pre-sale permit entered"),
    "permit.change": _("Pre-sale permit changed"),
    "team.enter": _("Team entered"),
    "team.change": _("Team changed"),
    "layout.enter": _("Layout entered"),
    "layout.change": _("Layout changed"),
}
CHANGED = _("Changed")
SHOWN = 50


def project_list(access: Access) -> QuerySet[Project]:
    """The projects that the user works in, with how many approved units each has."""
    return projects_visible_to(access).annotate(unit_count=Count("units", filter=Q(units__review="APPROVED")))


def buildings(project: Project) -> QuerySet[Building]:
    return project.buildings.select_related("phase").annotate(unit_count=Count("units")).order_by("position", "pk")


def layouts(project: Project) -> QuerySet[Layout]:
    """The project's layouts with how many units have each, and how many drawings it has."""
    drawings = Count("materials", filter=Q(materials__removed_at__isnull=True), distinct=True)
    return project.layouts.annotate(unit_count=Count("units", distinct=True), drawing_count=drawings)


def count_units(access: Access, layout: Layout) -> int:
    """How many units of this layout the user may see."""
    return units_visible_to(access).filter(layout=layout).count()


@dataclass(frozen=True)
class Record:
    """One change of one part: what was done to which, by whom, when, and what changed."""

    at: datetime
    who: str
    what: str
    name: str
    reason: str
    lines: tuple[tuple[str, str, str], ...]


def record(project: Project) -> list[Record]:
    """The latest changes of the project and its parts, newest first; one query for each kind of part."""
    found: list[Record] = []
    for model in (Project, Phase, Building, Permit, Team):
        own = {"id": project.pk} if model is Project else {"project_id": project.pk}
        history = model.history.filter(**own)
        found += [_record(row, entry) for row, entry in lives(history, hidden=("key", "project"))]
    return sorted(found, key=lambda item: item.at, reverse=True)[:SHOWN]


def layout_record(layout: Layout) -> list[Record]:
    return [_record(row, entry) for row, entry in lives(layout.history.all(), hidden=("project",))]


def _record(row: Any, entry: Entry) -> Record:
    return Record(
        at=entry.at,
        who=entry.by.name if entry.by else "",  # type: ignore[attr-defined]
        what=str(ACTIONS.get(entry.action, CHANGED)),
        name=str(getattr(row, "name", "") or getattr(row, "number", "") or getattr(row, "code", "")),
        reason=entry.reason,
        lines=tuple(_lines(entry)),
    )


def _lines(entry: Entry) -> Iterator[tuple[str, str, str]]:
    for change in entry.changes:
        if change.field not in ("lead", "phase"):
            yield capfirst(change.label), _shown(change.old), _shown(change.new)


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return listed(FACTS.get(code, code) for code in value)
    if isinstance(value, bool):
        return sales.yes_no(value)
    return "" if value is None else str(value)
