"""Writes accepted lines: new units, changes of drafts, and the values of a line onto a unit (R1.2)."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext as _

from inventory import rules
from inventory.models import BatchLine, Building, Layout, ListingBatch, Project, Unit
from inventory.models.batch import LineKind, LineState
from inventory.rules.text import fold
from inventory.services.import_plan import WRITTEN
from inventory.states import Review
from salescontrol.core.errors import Conflict
from salescontrol.core.history import create_tracked, save_tracked, update_tracked

OPEN = (Review.DRAFT, Review.RETURNED)


def write_lines(*, batch: ListingBatch, lines: Sequence[BatchLine], by) -> None:
    """Write the new and changed lines of a batch; needs the caller's transaction with the project locked.

    Raises Conflict when a unit was entered or changed since the lines were planned.
    """
    names = Names(batch.project, by=by)
    new = [line for line in lines if line.kind == LineKind.NEW]
    changed = [line for line in lines if line.kind == LineKind.CHANGED]
    _create(batch, new, names, by=by)
    _change_drafts(batch, changed, names, by=by)
    for line in lines:
        line.state = LineState.ENTERED
    # An insert that meets its own row: several times faster than bulk_update's long CASE expressions.
    BatchLine.objects.bulk_create(
        lines, batch_size=500, update_conflicts=True, unique_fields=["id"], update_fields=["state", "unit"]
    )


class Names:
    """The buildings and layouts of a project by name, made when a file names a new one."""

    def __init__(self, project: Project, *, by) -> None:
        self.project, self.by = project, by
        self.buildings = {building.key: building for building in project.buildings.all()}
        self.layouts = {fold(layout.code): layout for layout in project.layouts.all()}
        self.position = project.buildings.aggregate(last=Max("position"))["last"] or 0

    def building(self, place: rules.Place) -> Building:
        if place.building_key not in self.buildings:
            self.position += 1
            made = Building(project=self.project, name=place.building, key=place.building_key, position=self.position)
            self.buildings[place.building_key] = made
            save_tracked(made, action="building.enter", by=self.by)
        return self.buildings[place.building_key]

    def layout(self, code: str | None) -> Layout | None:
        if not code:
            return None
        if fold(code) not in self.layouts:
            made = Layout(project=self.project, code=code)
            self.layouts[fold(code)] = made
            save_tracked(made, action="layout.enter", by=self.by)
        return self.layouts[fold(code)]


def assign(unit: Unit, texts: Mapping[str, str], names: Names) -> list[str]:
    """Put a line's values (`BatchLine.after`) onto the unit without saving; returns the names of the fields touched."""
    values = {name: value for name, value in rules.from_text(texts).items() if name in WRITTEN}
    for name, value in values.items():
        setattr(unit, name, names.layout(value) if name == "layout" else _stored(name, value))
    return list(values)


def _stored(name: str, value: Any) -> Any:
    return "" if value is None and rules.FIELDS[name].kind in ("text", "note", "choice") else value


def _create(batch: ListingBatch, lines: Sequence[BatchLine], names: Names, *, by) -> None:
    units = []
    for line in lines:
        place = rules.kept_place(line.after)
        unit = Unit(
            project=batch.project, building=names.building(place), batch=batch, entered_by=by, **place.columns()
        )
        assign(unit, line.after, names)
        units.append(unit)
    taken = set(
        Unit.every.filter(project=batch.project, key__in=[unit.key for unit in units]).values_list("number", flat=True)
    )
    if taken:
        raise _stale(sorted(taken)[0])
    for line, unit in zip(lines, create_tracked(units, action="unit.enter", by=by), strict=True):
        line.unit = unit


def _change_drafts(batch: ListingBatch, lines: Sequence[BatchLine], names: Names, *, by) -> None:
    """Drafts take the new values at once; approved units keep theirs until the batch is approved (R6.2)."""
    wanted = {line.unit_id: line for line in lines}
    units = list(Unit.every.select_for_update(of=("self",)).filter(pk__in=wanted).order_by("pk"))
    touched: set[str] = {"version", "batch"}
    drafts = []
    for unit in units:
        if unit.version != wanted[unit.pk].unit_version:
            raise _stale(unit.number)
        if unit.review in OPEN:
            touched |= {*assign(unit, wanted[unit.pk].after, names)}
            unit.version, unit.batch = unit.version + 1, batch
            drafts.append(unit)
    update_tracked(drafts, sorted(touched), action="unit.change_draft", by=by)


def _stale(unit: str) -> Conflict:
    return Conflict(
        _("Unit %(unit)s was entered or changed since this preview. Read the file again and look at the new preview.")
        % {"unit": unit},
        code="stale_preview",
    )
