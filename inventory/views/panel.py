"""What inventory itself puts into the unit panel and the unit's page: prices, facts, standing, and what may be done now."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from inventory.models import Unit
from inventory.queries.blocks import encumbrances
from inventory.queries.panel import discounts_on, live_locks, permit_numbers
from inventory.queries.present import card, sight
from inventory.queries.standing import standing
from inventory.services.locks import OPEN
from inventory.services.units import may_act
from inventory.states import CLAIMED, SALE_TABLE, Lock, Review
from salescontrol.core.access import Access
from salescontrol.core.permissions import Permission

# Action of the sale table → (URL name, button of who may do it, button of who may only propose it, style).
SALE_BUTTONS = {
    "unit.release": ("unit_release", _("Put on sale"), _("Propose to put on sale"), "primary"),
    "unit.withhold": ("unit_withhold", _("Withhold"), _("Propose to withhold"), ""),
}


def facts(access: Access, unit: Unit) -> dict:
    """Prices, facts and standing as far as this reader may read them (decisions 3 and 4)."""
    seen = sight(access, unit.project_id)
    read = card(unit, seen)
    return {
        "unit": unit,
        "card": read,
        "people": seen.people,
        "currency": unit.project.currency,
        "area": unit.surveyed_built_area or unit.built_area,
        "inner_area": unit.surveyed_inner_area or unit.inner_area,
        "surveyed": unit.surveyed_built_area is not None,
        "discounts": discounts_on(unit),
        "permits": permit_numbers(unit),
        "encumbrances": encumbrances(unit),
        "locks": live_locks(unit) if read.whole else [],
        "until": unit.claim_ends_at if read.whole and read.status in CLAIMED else None,
    }


def actions(access: Access, unit: Unit) -> dict | None:
    """The buttons of this reader for this unit now; None when there is nothing to do."""
    shown = [_sale_button(access, unit, action) for action in may_act(access.user, unit) if action in SALE_BUTTONS]
    if unit.review == Review.APPROVED:
        if access.can(Permission.UNIT_CHANGE_PROPOSE, unit.project_id):
            shown.append(_button(unit, "unit_change", _("Propose a change")))
        if access.can(Permission.UNIT_ASSIGN, unit.project_id):
            shown.append(_button(unit, "unit_assign", _("Assign")))
        shown += _lock_button(access, unit)
    return {"actions": shown} if shown else None


def _lock_button(access: Access, unit: Unit) -> list[dict]:
    """Keeping a unit without a claim for an opening event, or letting it go (domain B2.3)."""
    if not access.can(Permission.LOCK_LAY, unit.project_id):
        return []
    if Lock.OPENING in unit.lock_codes:
        return [_button(unit, "unit_unlock", _("Lift the lock"))]
    return [_button(unit, "unit_lock", _("Keep for an opening event"))] if standing(unit) in OPEN else []


def _sale_button(access: Access, unit: Unit, action: str) -> dict:
    name, does, proposes, style = SALE_BUTTONS[action]
    direct = access.can(SALE_TABLE[action].permission, unit.project_id)
    return _button(unit, name, does if direct else proposes, style if direct else "")


def _button(unit: Unit, name: str, label, style: str = "") -> dict:
    url = reverse(f"inventory:{name}", args=[unit.project.code, unit.pk])
    return {"url": url, "label": label, "style": style}
