"""What contracts puts into the unit panel: who has the unit and until when, who waits, and what may be done now (ui.md)."""

from django.urls import reverse
from django.utils.translation import gettext as _

from contracts.models import Claim, WaitingEntry
from contracts.queries import unit as unit_queries
from contracts.queries.people import named, sees_name
from contracts.services.quoting import QUOTED_STAGES
from contracts.states import HoldKind, Stage, WaitingState
from enquiries.services import looks
from inventory.models import Unit
from inventory.states import Review
from salescontrol.core import clock, options
from salescontrol.core.access import Access
from salescontrol.core.permissions import Permission


def section(access: Access, unit: Unit) -> dict | None:
    """The panel's section about claims; None for readers who have nothing to do with them."""
    desk = access.can(Permission.CLAIM_SEE_ALL, unit.project_id)
    if unit.review != Review.APPROVED or not (desk or access.can(Permission.CLAIM_SEE_OWN, unit.project_id)):
        return None
    now = clock.now()
    claim = unit_queries.live_claim(access, unit, now)
    if claim and claim.customer and sees_name(access, claim.customer):
        looks.note_seen(customer=claim.customer, by=access.user)
    line = unit_queries.line(access, unit)
    asked = unit_queries.open_requests(access, unit)
    acts = any(access.can(right, unit.project_id) for right in (Permission.HOLD_PLACE, Permission.HOLD_REQUEST))
    obstacle = "" if claim or not acts else unit_queries.obstacle(access, unit, now)
    return {
        "claim": claim_facts(access, claim) if claim else None,
        "obstacle": obstacle,
        "line": [_place(unit, entry) for entry in line],
        "ordered": desk,
        "requests": [
            {"request": request, "customer": request.customer.number, "url": address(unit, "request", request.number)}
            for request in asked
        ],
        "actions": [*_desk_actions(access, unit, claim, obstacle), *_own_actions(access, unit, claim, obstacle, asked),
                    *quotation_action(access, unit, claim, obstacle),
                    *_waiting_actions(access, unit, unit_queries.may_wait(unit, now), line)],
    }  # fmt: skip


def address(unit: Unit, name: str, *args) -> str:
    return reverse(f"contracts:{name}", args=[unit.project.code, *args])


def claim_facts(access: Access, claim: Claim) -> dict:
    """A live claim as the panel and its own page tell it."""
    settings = options.values(claim.project_id)
    allowed = {HoldKind.CUSTOMER: settings["hold.extensions"], HoldKind.DEAL: settings["hold.lock_renewals"]}
    return {
        "row": claim,
        "url": reverse("contracts:hold", args=[claim.project.code, claim.number]),
        "customer": named(access, claim.customer),
        "salesperson": claim.salesperson,
        "what": claim.get_kind_display() if claim.stage == Stage.HOLD else claim.get_stage_display(),
        "allowed": allowed.get(HoldKind(claim.kind), 0),
        "incomplete": claim.customer_id is None and claim.kind != HoldKind.DEAL,
        "offer": claim.kind == HoldKind.OFFER,
    }


def _place(unit: Unit, entry: WaitingEntry) -> dict:
    return {
        "entry": entry,
        "customer": entry.customer.number,
        "offered": entry.state == WaitingState.OFFERED,
        "leave_url": address(unit, "waiting_leave", entry.number) if entry.state == WaitingState.WAITING else "",
    }


def _desk_actions(access: Access, unit: Unit, claim: Claim | None, obstacle: str) -> list[dict]:
    if not access.can(Permission.HOLD_PLACE, unit.project_id):
        return []
    if claim is None:
        return [] if obstacle else [_button(_("Hold"), address(unit, "hold_place", unit.pk), "primary")]
    return hold_actions(access, claim) if claim.stage == Stage.HOLD else []


def hold_actions(access: Access, claim: Claim) -> list[dict]:
    """What the desk may do with a live hold."""
    facts, code = claim_facts(access, claim), claim.project.code
    further = access.can(Permission.HOLD_OVERRIDE, claim.project_id)
    shown = [
        (facts["offer"], _("Take the offer"), "offer_take", "primary"),
        (claim.customer_id is None, _("Name the customer"), "hold_complete", "primary"),
        (claim.extensions < facts["allowed"] or further, _("Extend"), "hold_extend", ""),
        (True, _("Release"), "hold_release", ""),
    ]
    return [
        _button(label, reverse(f"contracts:{name}", args=[code, claim.number]), style)
        for on, label, name, style in shown
        if on
    ]


def _own_actions(access: Access, unit: Unit, claim: Claim | None, obstacle: str, asked: list) -> list[dict]:
    """A salesperson asks; the desk does (domain B1)."""
    if not access.can(Permission.HOLD_REQUEST, unit.project_id):
        return []
    if claim is not None and claim.stage != Stage.HOLD:
        return []
    if claim is not None:
        return [_button(_("Ask the desk to release"), address(unit, "release_ask", claim.number))]
    if obstacle or asked:
        return []
    return [_button(_("Ask for a hold"), address(unit, "request_new", unit.pk), "primary")]


def quotation_action(access: Access, unit: Unit, claim: Claim | None, obstacle: str = "") -> list[dict]:
    """Where a price is worked out for a unit that is for sale, or held by this claim; nothing for who may not."""
    quoted = claim is not None and claim.stage in QUOTED_STAGES
    free = claim is None and not obstacle
    if not (quoted or free) or not access.can(Permission.QUOTATION_MAKE, unit.project_id):
        return []
    return [_button(_("Quotation"), reverse("sales:quotation_new", args=[unit.project.code, unit.pk]))]


def _waiting_actions(access: Access, unit: Unit, may_wait: bool, line: list[WaitingEntry]) -> list[dict]:
    desk = access.can(Permission.HOLD_PLACE, unit.project_id)
    shown = []
    if may_wait and (desk or access.can(Permission.HOLD_REQUEST, unit.project_id)):
        shown.append(_button(_("Join the waiting list"), address(unit, "waiting_join", unit.pk)))
    if line and desk:
        shown.append(_button(_("The waiting list"), address(unit, "waiting_list", unit.pk)))
    return shown


def _button(label: str, url: str, style: str = "") -> dict:
    return {"label": label, "url": url, "style": style}
