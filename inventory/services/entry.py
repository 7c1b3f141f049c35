"""Units entered and corrected by form, as long as they are drafts (R1.2, R6.1); approved ones change through an approval."""

from collections.abc import Collection, Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from inventory import rules
from inventory.models import ListingBatch, Material, Project, Unit, UnitEvent
from inventory.models.unit import PricingMode, PropertyType
from inventory.services import units
from inventory.services.import_write import Names
from inventory.states import BatchState, Review
from salescontrol.core import audit, clock
from salescontrol.core.access import access_of
from salescontrol.core.errors import Conflict, Refusal
from salescontrol.core.history import save_tracked, update_tracked
from salescontrol.core.numbering import next_number
from salescontrol.core.permissions import Permission

OPEN = (Review.DRAFT, Review.RETURNED)
# What a choice is when nobody says: the same as for a row of a file without that column.
_UNSAID = {"property_type": PropertyType.HOME, "pricing_mode": PricingMode.BUILT}
FILLED = ("layout", "orientation", "no_discount")


@transaction.atomic
def enter_unit(*, project: Project, place: rules.Place, values: Mapping[str, Any], by) -> Unit:
    """Enter one unit as a draft, into the author's open form batch.

    `values`: checked values by field (`rules.clean_row`), besides `stack`, `no_discount` and `attached_to`. Raises Forbidden,
    and Conflict when the place is taken, however it is spelled (decisions 8, abuse 18).
    """
    access_of(by).require(Permission.UNIT_ENTER, project.pk)
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    _check_free(project, place)
    names = Names(project, by=by)
    unit = Unit(
        project=project,
        entered_by=by,
        batch=_form_batch(project, by),
        building=names.building(place),
        **place.columns(),
    )
    _put(unit, values, names)
    save_tracked(unit, action="unit.enter", by=by)
    return unit


@transaction.atomic
def edit_unit(*, unit: Unit, version: int, place: rules.Place, values: Mapping[str, Any], by) -> Unit:
    """Correct a draft. Raises Forbidden, and Conflict when it is no draft any more, changed meanwhile, or the place is taken."""
    access_of(by).require(Permission.UNIT_ENTER, unit.project_id)
    project = Project.objects.select_for_update(no_key=True).get(pk=unit.project_id)
    locked = _locked_draft(unit)
    if locked.version != version:
        raise Conflict(
            _("Somebody else changed %(unit)s while you were working. What you typed is still here; open the unit in a second "
              "window, compare, and enter your corrections there.")
            % {"unit": locked.number},
            code="changed",
        )  # fmt: skip
    if place.unit_key != locked.key:
        _check_free(project, place)
    names = Names(project, by=by)
    locked.building = names.building(place)
    for name, value in place.columns().items():
        setattr(locked, name, value)
    _put(locked, values, names)
    locked.version += 1
    save_tracked(locked, action="unit.change_draft", by=by)
    return locked


@transaction.atomic
def discard_unit(*, unit: Unit, by) -> str:
    """Take back a draft that was entered by mistake and never submitted; its history stays. Returns its number.

    Raises Conflict for everything that others may have built upon: submitted before, from a file, with materials (abuse 17).
    """
    access_of(by).require(Permission.UNIT_ENTER, unit.project_id)
    locked = _locked_draft(unit)
    used = (
        locked.submitted_by_id
        or locked.batch_lines.exists()
        or Material.every.filter(unit=locked).exists()
        or Unit.every.filter(attached_to=locked).exists()
    )
    if used or UnitEvent.every.filter(unit=locked).exists():
        raise Conflict(
            _("%(unit)s has a history, so it is kept: it came with a file, was submitted before, or has materials or rooms. "
              "Correct it instead.")
            % {"unit": locked.number},
            code="in_use",
        )  # fmt: skip
    audit.record("unit.discard", by=by, project_id=locked.project_id, target=locked, detail={"unit": locked.number})
    locked._history_user, locked._change_reason = by, "unit.discard"
    locked.delete()
    return locked.number


@transaction.atomic
def fill_stack(*, unit_ids: Collection[int], visible, values: Mapping[str, Any], replace: bool, by) -> list[Unit]:
    """Give several drafts of one project the same layout (code), orientation or "no discount"; returns those that changed.

    Empty values leave a field alone; what is filled in already stays unless `replace`. Raises Forbidden, Refusal when nothing is
    chosen or given, Conflict when one of them is no draft any more.
    """
    given = {name: values[name] for name in FILLED if values.get(name)}
    chosen = units.locked(unit_ids, visible=visible)
    if not chosen:
        raise Refusal(
            _("Choose at least one room."), code="nothing_chosen", fields={"rooms": [_("Choose at least one room.")]}
        )
    if not given:
        raise Refusal(
            _("Say what to fill in: a layout, an orientation, or that no discount applies."), code="nothing_given"
        )
    access_of(by).require(Permission.UNIT_ENTER, chosen[0].project_id)
    closed = [unit.number for unit in chosen if unit.review not in OPEN]
    if closed:
        raise Conflict(_("%(unit)s is no draft any more. Reload the page.") % {"unit": closed[0]}, code="wrong_state")
    if "layout" in given:
        given["layout"] = Names(chosen[0].project, by=by).layout(given["layout"])
    changed = [unit for unit in chosen if _fill(unit, given, replace=replace)]
    update_tracked(changed, [*given, "version"], action="unit.stack_fill", by=by)
    return changed


def _fill(unit: Unit, given: Mapping[str, Any], *, replace: bool) -> bool:
    """Set what is empty (or everything); whether anything changed."""
    wanted = {name: value for name, value in given.items() if replace or not getattr(unit, name)}
    changed = {name: value for name, value in wanted.items() if getattr(unit, name) != value}
    for name, value in changed.items():
        setattr(unit, name, value)
    unit.version += bool(changed)
    return bool(changed)


def _locked_draft(unit: Unit) -> Unit:
    locked = Unit.every.select_for_update(of=("self",)).select_related("project").get(pk=unit.pk)
    if locked.review not in OPEN:
        raise Conflict(
            _("%(unit)s is “%(state)s”, so it is not changed here any more. Propose a change instead.")
            % {"unit": locked.number, "state": locked.get_review_display()},
            code="wrong_state",
        )
    return locked


def _check_free(project: Project, place: rules.Place) -> None:
    taken = Unit.every.filter(project=project, key=place.unit_key).first()
    if taken is not None:
        message = _("This room is in the project already, as %(unit)s. Correct the place, or work on that unit.") % {
            "unit": taken.number
        }
        raise Conflict(message, code="taken", fields={"room": [message]})


def _form_batch(project: Project, by) -> ListingBatch:
    """The author's batch without a file that is still open, or a new one (R1.1: a batch is a file or a form)."""
    batch = ListingBatch.every.filter(project=project, made_by=by, file__isnull=True, state=BatchState.DRAFT).first()
    if batch is None:
        number = next_number(project.code, clock.today(project.zone).year, "LB")
        batch = ListingBatch(
            project=project, number=number, title=_("Entered by form"), state=BatchState.DRAFT, made_by=by
        )
        save_tracked(batch, action="batch.enter", by=by)
    return batch


def _put(unit: Unit, values: Mapping[str, Any], names: Names) -> None:
    """Set the values without saving; nothing said means empty, except where a unit always has a value."""
    for name, value in values.items():
        if name == "layout":
            unit.layout = names.layout(value)
        elif name in ("stack", "no_discount", "attached_to"):
            setattr(unit, name, value or getattr(unit, name) if name == "stack" else value)
        elif name in rules.FIELDS and name not in ("building", "entrance", "floor", "room", "status", "permit_number"):
            setattr(unit, name, _stored(name, value))


def _stored(name: str, value: Any) -> Any:
    if value is not None:
        return value
    kind = rules.FIELDS[name].kind
    if kind == "flag":
        return False
    return _UNSAID.get(name, "") if kind in ("text", "note", "choice") else None
