"""Projects and what they are made of: opening one, its switches, phases, buildings, permits and teams. Every change has history."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy

from inventory import rules
from inventory.models import Building, Permit, Phase, Project, Team, Unit
from inventory.rules.text import tidy
from salescontrol.core.access import access_of
from salescontrol.core.errors import Conflict
from salescontrol.core.history import save_tracked, update_tracked
from salescontrol.core.permissions import Permission

TAKEN = gettext_lazy("“%(name)s” is there already. Choose another name, or change that one.")


@transaction.atomic
def open_project(*, code: str, name: str, city: str, currency: str, by) -> Project:
    """Open a new project; its people get their roles on the accounts pages. Raises Forbidden, Conflict when code or name is used."""
    access_of(by).require(Permission.PROJECT_OPEN)
    project = Project(code=code.strip().upper(), name=tidy(name), city=tidy(city), currency=currency)
    _refuse_taken("code", project.code, Project.objects.filter(code__iexact=project.code))
    _refuse_taken("name", project.name, Project.objects.filter(name__iexact=project.name))
    return _save(project, "project.open", by)


@transaction.atomic
def change_project(*, project: Project, name: str, city: str, share_for_sale: bool, by) -> Project:
    """Change the name, the city and the switch by which salespeople see all units for sale (decisions 3)."""
    locked = _locked(project, by)
    locked.name, locked.city, locked.share_for_sale = tidy(name), tidy(city), share_for_sale
    _refuse_taken("name", locked.name, Project.objects.filter(name__iexact=locked.name).exclude(pk=locked.pk))
    return _save(locked, "project.change", by)


@transaction.atomic
def save_phase(*, project: Project, phase: Phase | None, name: str, position: int, by) -> Phase:
    """Make or change a phase."""
    _locked(project, by)
    row = phase or Phase(project=project)
    row.name, row.position = tidy(name), position
    _refuse_taken("name", row.name, Phase.objects.filter(project=project, name__iexact=row.name).exclude(pk=row.pk))
    return _save(row, "phase.change" if phase else "phase.enter", by)


@transaction.atomic
def save_building(
    *, project: Project, building: Building | None, name: str, phase: Phase | None, position: int | None, by
) -> Building:
    """Make or change a building. A new name renumbers its units when it is more than another spelling (decisions 8)."""
    _locked(project, by)
    row = Building.objects.get(pk=building.pk) if building else Building(project=project)
    before, row.name, row.phase = row.key, tidy(name), phase
    row.key = rules.building_key(row.name)
    row.position = position or (project.buildings.aggregate(last=Max("position"))["last"] or 0) + 1
    same = Building.objects.filter(project=project, key=row.key).exclude(pk=row.pk).first()
    if same is not None:
        _raise_taken("name", same.name)
    _save(row, "building.change" if building else "building.enter", by)
    if building and before != row.key:
        _renumber(row, before, by)
    return row


def _renumber(building: Building, before: str, by) -> None:
    """Give the building's units the keys and numbers that its new name makes."""
    units = list(Unit.every.select_for_update(of=("self",)).filter(building=building).order_by("pk"))
    for unit in units:
        unit.key = building.key + unit.key.removeprefix(before)
        unit.number = (
            building.key + unit.number.removeprefix(before) if unit.number.startswith(f"{before}-") else unit.number
        )
        unit.version += 1
    update_tracked(units, ["key", "number", "version"], action="unit.renumber", by=by, reason=building.name)


@transaction.atomic
def save_permit(
    *, project: Project, permit: Permit | None, number: str, issued_on: date, buildings: Sequence[Building], by
) -> Permit:
    """Enter or change a pre-sale permit and the buildings it covers: their units may be put on sale (decisions 10, T3)."""
    _locked(project, by)
    row = permit or Permit(project=project)
    row.number, row.issued_on = tidy(number), issued_on
    _refuse_taken(
        "number", row.number, Permit.objects.filter(project=project, number__iexact=row.number).exclude(pk=row.pk)
    )
    names = ", ".join(building.name for building in buildings)
    _save(row, "permit.change" if permit else "permit.enter", by, reason=names)
    row.buildings.set(buildings)
    return row


@transaction.atomic
def save_team(*, project: Project, team: Team | None, name: str, lead: Any, members: Sequence, by) -> Team:
    """Make or change a sales team of the project."""
    _locked(project, by)
    row = team or Team(project=project)
    row.name, row.lead = tidy(name), lead
    _refuse_taken("name", row.name, Team.objects.filter(project=project, name__iexact=row.name).exclude(pk=row.pk))
    _save(row, "team.change" if team else "team.enter", by, reason=", ".join(person.name for person in members))
    row.members.set(members)
    return row


def _locked(project: Project, by) -> Project:
    access_of(by).require(Permission.PROJECT_SETTINGS, project.pk)
    return Project.objects.select_for_update(no_key=True).get(pk=project.pk)


def _save(row: Any, action: str, by, reason: str = "") -> Any:
    return save_tracked(row, action=action, by=by, reason=reason)


def _refuse_taken(field: str, name: str, others) -> None:
    if others.exists():
        _raise_taken(field, name)


def _raise_taken(field: str, name: str) -> None:
    message = str(TAKEN) % {"name": name}
    raise Conflict(message, code="taken", fields={field: [message]})
