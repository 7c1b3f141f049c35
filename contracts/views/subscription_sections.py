"""What subscriptions put on other pages: the unit's panel, the workbench, the count in the rail."""

from django.urls import reverse
from django.utils.translation import gettext as _

from contracts.models import Claim, Subscription
from contracts.queries import subscriptions as queries
from contracts.queries import unit as unit_queries
from contracts.states import HoldKind, Stage, SubscriptionKind, SubscriptionState
from contracts.views.subscriptions import TONES
from inventory.models import Project, Unit
from inventory.states import Review
from salescontrol.core import clock
from salescontrol.core.access import Access
from salescontrol.core.permissions import Permission

SHOWN = 8


def unit_section(access: Access, unit: Unit) -> dict | None:
    """The drafts and the subscription on the unit, and the way to a new one; None when there is neither."""
    reads = any(access.can(right, unit.project_id) for right in (Permission.CLAIM_SEE_ALL, Permission.CLAIM_SEE_OWN))
    if unit.review != Review.APPROVED or not reads:
        return None
    lines = [_unit_line(row) for row in queries.of_unit(access, unit)]
    actions = subscribe_buttons(access, unit)
    return {"lines": lines, "actions": actions} if lines or actions else None


def _unit_line(row: Subscription) -> dict:
    return {
        "tag": row.get_state_display(),
        "tone": TONES[SubscriptionState(row.state)],
        "text": _("%(kind)s %(number)s") % {"kind": row.get_kind_display(), "number": row.number},
        "url": reverse("sales:subscription", args=[row.project.code, row.code]),
    }


def subscribe_buttons(access: Access, unit: Unit) -> list[dict]:
    """The way to a draft, for the desk, on a unit that is free or held for a customer."""
    if not access.can(Permission.DEAL_WRITE, unit.project_id):
        return []
    now = clock.now()
    claim = unit_queries.live_claim(access, unit, now)
    if claim is not None:
        return [subscribe_button(claim)] if subscribable(claim) else []
    free = not unit_queries.obstacle(access, unit, now)
    url = reverse("sales:subscription_new", args=[unit.project.code, unit.pk])
    return [{"label": _("Subscribe"), "url": url, "style": ""}] if free else []


def subscribable(claim: Claim) -> bool:
    """Whether a live claim can go on to a subscription: a hold that is no offer and whose customer is named, or a deal's lock."""
    named = claim.customer_id is not None or claim.kind == HoldKind.DEAL
    return named and claim.stage == Stage.HOLD and claim.kind != HoldKind.OFFER


def subscribe_button(claim: Claim) -> dict:
    """The way to a draft that takes over from this hold."""
    url = reverse("sales:subscription_new", args=[claim.project.code, claim.unit_id])
    return {"label": _("Subscribe"), "url": f"{url}?hold={claim.number}", "style": ""}


def deadline_tile(access: Access, project: Project | None) -> dict | None:
    """Subscriptions to be signed or topped up within two days, or past that: the desk's all, a salesperson's own."""
    if project is None or not (
        access.can(Permission.DEAL_WRITE, project.pk) or access.can(Permission.CLAIM_SEE_OWN, project.pk)
    ):
        return None
    rows = queries.due(access, project)
    return {
        "title": _("Subscriptions falling due"),
        "count": rows.count(),
        "lines": [_due_line(access, project, row) for row in rows[:SHOWN]],
        "empty": _("No subscription is to be signed or topped up within two days."),
        "url": reverse("sales:subscription_list", args=[project.code]),
        "all": _("All subscriptions"),
    }


def _due_line(access: Access, project: Project, row: Subscription) -> dict:
    late = row.ends_on < clock.today(project.zone)
    what = _("top up") if row.kind == SubscriptionKind.SMALL else _("sign")
    seller = row.trade.salesperson
    return {
        "tag": _("passed") if late else _("soon"),
        "tone": "bad" if late else "warn",
        "text": _("%(unit)s: %(what)s by %(day)s") % {"unit": row.unit.number, "what": what, "day": row.ends_on},
        "url": reverse("sales:subscription", args=[project.code, row.code]),
        "seller": seller.name if seller and seller != access.user else "",
    }


def found_subscriptions(access: Access, words: str) -> dict | None:
    """Subscriptions by their number."""
    lines = [{**_unit_line(row), "muted": row.unit.number} for row in queries.found(access, words)]
    return {"lines": lines} if lines else None


def due_count(access: Access, project: Project) -> int:
    """The count beside the rail's entry."""
    return queries.due(access, project).count()
