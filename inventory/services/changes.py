"""Important changes of approved units (R6.2, domain B12): facts, areas, prices and status corrections, through Approval only.

While a request waits, the unit is locked: no new claim and no second request. What was asked for is checked by the same rules
as an entry form or an import, now and again when it is decided.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory import rules
from inventory.models import Unit
from inventory.queries import prices as price_queries
from inventory.queries import review as review_queries
from inventory.queries.concerned import concerned
from inventory.queries.standing import standing
from inventory.rules.fields import PLACE
from inventory.services import release, stages, stops, units
from inventory.services.import_write import Names, assign
from inventory.states import CLAIMED, CORRECTIONS, Lock, Review, Status
from salescontrol.core import approvals, money, notices
from salescontrol.core.access import access_of
from salescontrol.core.errors import Conflict, NotVisible, Refusal
from salescontrol.core.history import save_tracked
from salescontrol.core.models import Approval
from salescontrol.core.permissions import Permission
from salescontrol.core.templatetags import sales

KIND = "unit.change"
FLOOR_FIELDS = ("floor_unit_price", "floor_total")
PRICE_FIELDS = rules.PRICE_FIELDS
CHANGEABLE = tuple(name for name in rules.FIELDS if name not in {*PLACE, "entrance", "status", "permit_number"})


def current_texts(unit: Unit, *, floor_prices: bool) -> dict[str, str]:
    """The unit's changeable fields as texts, for the form; floor prices only for those who may read them."""
    texts = {name: _text(unit, name) for name in CHANGEABLE if floor_prices or name not in FLOOR_FIELDS}
    return {**texts, "no_discount": rules.as_text(unit.no_discount)}


def _text(unit: Unit, name: str) -> str:
    return (unit.layout.code if unit.layout else "") if name == "layout" else rules.as_text(getattr(unit, name))


@transaction.atomic
def request_change(
    *, unit_id: int, visible, values: Mapping[str, str], status: str = "", version: int, reason: str, by
) -> Approval:
    """Ask for a change of an approved unit.

    `values`: texts of the fields as typed (`current_texts` with what was edited), `status`: a status to correct to,
    `version`: the unit's version when the form was shown. Raises NotVisible, Forbidden, Refusal at the fields, and Conflict
    when the unit changed meanwhile, is locked by another change, or has a claim that keeps its price.
    """
    unit = _locked(unit_id, visible)
    access = access_of(by)
    access.require(Permission.UNIT_CHANGE_PROPOSE, unit.project_id)
    sees_floor = access.can(Permission.FLOOR_PRICE_SEE, unit.project_id)
    _refuse_unless_open(unit, version)
    after = _checked(unit, {**current_texts(unit, floor_prices=sees_floor), **_allowed(values, sees_floor)})
    _check_status(unit, status)
    if status:
        after["status"] = status
    if not after:
        raise Refusal(_("Nothing is different from what is kept. Change a value first."), code="nothing_changed")
    prices = {*PRICE_FIELDS} & {*after}
    _check_prices(unit, bool(prices), sees_floor, by)
    approval = approvals.request(
        kind=KIND,
        by=by,
        subject=unit.number,
        reason=reason,
        project_id=unit.project_id,
        target_id=unit.pk,
        before={name: _before(unit, name) for name in after},
        after=after,
        effect=_effect(unit, after, by),
    )
    lock = Lock.PRICE if prices else Lock.CHANGE
    units.lay_locks(units=[unit], kind=lock, reason=reason, by=by, reference=_reference(approval))
    return approval


def _locked(unit_id: int | None, visible) -> Unit:
    found = units.locked([unit_id], visible=visible.select_related("building", "layout"))
    if not found:
        raise NotVisible(_("There is no such unit."))
    return found[0]


def _refuse_unless_open(unit: Unit, version: int) -> None:
    if unit.review != Review.APPROVED:
        raise Conflict(_("This unit is not approved yet: edit the draft itself."), code="draft")
    if unit.version != version:
        raise Conflict(
            _("%(unit)s changed while you were working. Reload the page to see where it stands.") % {"unit": unit},
            code="raced",
        )
    if {Lock.CHANGE.value, Lock.PRICE.value} & set(unit.lock_codes):
        raise Conflict(
            _("Another change of %(unit)s waits for a decision. Wait for it, or ask its author to withdraw it.")
            % {"unit": unit},
            code="pending",
        )


def _allowed(values: Mapping[str, str], sees_floor: bool) -> dict[str, str]:
    """Only known fields, and floor prices only from those who may read them (abuse 6)."""
    names = {*CHANGEABLE, "no_discount"} - (set() if sees_floor else set(FLOOR_FIELDS))
    return {name: text for name, text in values.items() if name in names}


def _checked(unit: Unit, texts: Mapping[str, str]) -> dict[str, str]:
    """What differs from the unit, as texts, after the rules of entry; raises Refusal with the messages at their fields."""
    place = {
        "building": unit.building.name, "entrance": unit.entrance, "floor": unit.floor_label, "room": unit.room
    }  # fmt: skip
    typed = {name: text for name, text in texts.items() if name in CHANGEABLE}
    values, errors = rules.check_form({**place, **typed}, project_names=[unit.project.name])
    if errors:
        raise Refusal(_("Some values need another look."), code="invalid", fields=errors)
    changed = {name: rules.as_text(values.get(name)) for name in typed}
    if "no_discount" in texts:
        changed["no_discount"] = texts["no_discount"]
    _refuse_emptied(unit, changed)
    return {name: text for name, text in changed.items() if text != _before(unit, name)}


def _refuse_emptied(unit: Unit, changed: Mapping[str, str]) -> None:
    """What an approved unit must have is not taken away from it (decisions 10)."""
    for name in ("built_area", "list_total", "list_unit_price", "pricing_mode", "property_type"):
        if name in changed and not changed[name] and _before(unit, name):
            message = _("An approved unit cannot be without this.")
            raise Refusal(message, code="emptied", fields={name: [message]})


def _before(unit: Unit, name: str) -> str:
    return rules.as_text(unit.no_discount) if name == "no_discount" else _status_or_text(unit, name)


def _status_or_text(unit: Unit, name: str) -> str:
    return unit.status if name == "status" else _text(unit, name)


def _check_status(unit: Unit, status: str) -> None:
    if not status:
        return
    if status not in CORRECTIONS or unit.status not in CORRECTIONS or status == unit.status:
        message = _("Only between “%(withheld)s” and “%(available)s” can a status be corrected; claims have steps of their own.") % {
            "withheld": Status.WITHHELD.label,
            "available": Status.AVAILABLE.label,
        }  # fmt: skip
        raise Refusal(message, code="status", fields={"status": [message]})
    release.refuse([unit], CORRECTIONS[Status(status)])


def _check_prices(unit: Unit, prices: bool, sees_floor: bool, by) -> None:
    if not prices:
        return
    if standing(unit) in CLAIMED:
        raise Conflict(
            _("%(unit)s has a claim, which keeps the price of the day it began. Propose a price list: it takes effect when the claim ends.")
            % {"unit": unit},
            code="claimed",
        )  # fmt: skip
    if not sees_floor and price_queries.asked_too_often([unit.pk], by):
        raise Refusal(
            _("You asked for changes of this unit %(count)s times within a day. Ask the supervisor.")
            % {"count": price_queries.PRICE_QUESTIONS_A_DAY},
            code="too_often",
        )


def _effect(unit: Unit, after: Mapping[str, str], by) -> dict[str, Any]:
    """Who decides, and how far below the floor price the unit would be sold (shown to those who may know)."""
    total = Decimal(after.get("list_total") or unit.list_total or 0)
    floor = Decimal(after.get("floor_total") or unit.floor_total or 0)
    below = bool({*PRICE_FIELDS} & {*after}) and 0 < total < floor
    management = below or any(name in after for name in FLOOR_FIELDS)
    effect: dict[str, Any] = stages.who_decides(unit.project_id, [by.pk], management=management)
    effect["project"] = unit.project.code
    effect["floor"] = any(name in after for name in FLOOR_FIELDS)
    if below:
        effect["below_floor"] = str(floor - total)
        effect["below_floor_percent"] = str(money.cents((floor - total) / floor * 100))
    return effect


def _reference(approval: Approval) -> str:
    return f"change:{approval.pk}"


def _apply(approval: Approval, by) -> None:
    """Write what was approved, with history and a new version, and lift the lock."""
    unit = _locked(approval.target_id, Unit.every.all())
    after = dict(approval.after)
    status = after.pop("status", "")
    if {*PRICE_FIELDS} & {*after}:
        _check_prices(unit, True, True, by)
    _lift(unit, approval, by)
    if after:
        if "no_discount" in after:
            unit.no_discount = after.pop("no_discount") == "true"
        assign_all(unit, after, by)
        unit.version += 1
        save_tracked(
            unit, action=KIND, by=by, fields=[*approval.after.keys() - {"status"}, "version"], reason=approval.reason
        )
        stops.cover([unit])
    if status:
        _correct(unit, status, approval, by)
    _tell_concerned(unit, approval)


def assign_all(unit: Unit, texts: Mapping[str, str], by) -> None:
    """Put the texts onto the unit: what a hand-over may state as the import does, floor prices besides."""
    assign(unit, texts, Names(unit.project, by=by))
    for name, value in rules.from_text({name: texts[name] for name in FLOOR_FIELDS if name in texts}).items():
        setattr(unit, name, value)


def _correct(unit: Unit, status: str, approval: Approval, by) -> None:
    action = CORRECTIONS[Status(status)]
    release.refuse([unit], action)
    represented = access_of(by).deputy_of.get(unit.project_id)
    units.record_moves(
        units=[unit],
        action=action,
        to=status,
        by=by,
        reason=approval.reason,
        approval=approval,
        on_behalf_of_id=represented,
    )


def _lift(unit: Unit, approval: Approval, by) -> None:
    for kind in (Lock.CHANGE, Lock.PRICE):
        units.lift_locks(units=[unit], kind=kind, by=by, reference=_reference(approval))


def _closed(approval: Approval, by) -> None:
    _lift(_locked(approval.target_id, Unit.every.all()), approval, by)


def _tell_concerned(unit: Unit, approval: Approval) -> None:
    if not {"list_total", "status"} & {*approval.after}:
        return
    for person in concerned([unit]):
        notices.tell(
            [person],
            "unit.change.done",
            key=f"change-{approval.pk}",
            url=reverse("inventory:unit", args=[unit.project.code, unit.pk]),
            project_id=unit.project_id,
            unit=unit.number,
        )


def _version(unit_id: int) -> int:
    return Unit.every.values_list("version", flat=True).get(pk=unit_id)


def present(approval: Approval, access) -> list[tuple[Any, Any, Any]]:
    """Label, old and new value of each field; floor prices and how far below only for those who may read them."""
    sees_floor = access.can(Permission.FLOOR_PRICE_SEE, approval.project_id)
    lines = []
    for name, new in approval.after.items():
        if name in FLOOR_FIELDS and not sees_floor:
            continue
        lines.append((_label(name), _shown(name, approval.before.get(name)), _shown(name, new)))
    below = approval.effect.get("below_floor")
    if below and sees_floor:
        percent = approval.effect["below_floor_percent"]
        lines.append(
            (
                _("Below the floor price"),
                "",
                _("%(amount)s (%(percent)s%%)") % {"amount": sales.amount(Decimal(below)), "percent": percent},
            )
        )
    elif approval.effect.get("management"):
        lines.append((_("Effect"), "", _("needs approval of management")))
    return lines


def _label(name: str) -> Any:
    special = {"status": _("Status"), "no_discount": _("No discount policy")}
    return special[name] if name in special else rules.FIELDS[name].label


def _shown(name: str, text: str | None) -> str:
    if name == "status":
        return str(Status(text).label) if text else ""
    if name == "no_discount":
        return _("Yes") if text == "true" else _("No")
    return review_queries.shown(name, text)


def _url(approval: Approval) -> str:
    return reverse("inventory:unit", args=[approval.effect["project"], approval.target_id])


def register() -> None:
    """Make changes of units decidable in the one inbox."""
    approvals.register(
        KIND,
        approvals.Kind(
            label=gettext_lazy("Change of a unit"),
            stages=stages.steps,
            apply=_apply,
            present=present,
            url=_url,
            version=_version,
            closed=_closed,
            hides=stages.hides_floor_prices,
        ),
    )
    notices.register("unit.change.done", gettext_lazy("Price or status of %(unit)s changed"))
