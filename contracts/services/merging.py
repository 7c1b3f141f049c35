"""When two customers become one, live holds, open requests, quotations, places in waiting lists and drafts go to the one who is kept."""

import uuid
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from contracts.models import Buyer, Claim, HoldRequest, Quotation, Subscription, WaitingEntry
from contracts.queries.live import is_live
from contracts.queries.scope import claims_visible_to
from contracts.services import claims
from contracts.states import ChangeKind, HoldKind, QuotationState, RequestState, Stage, SubscriptionState, WaitingState
from enquiries.models import Customer
from enquiries.services import identity
from salescontrol.core import clock
from salescontrol.core.access import Access, access_of
from salescontrol.core.errors import Conflict
from salescontrol.core.history import update_tracked
from salescontrol.core.permissions import Permission


def move(other: Customer, kept: Customer, by: Any, reason: str) -> None:
    """Move what is open; what is over stays with the number under which it happened. Needs the caller's transaction.

    Raises Conflict while a deal is being written or an offer runs for the other one.
    """
    now = clock.now()
    _require_drafts(other, kept)
    for claim in Claim.every.filter(is_live(now), customer=other).order_by("unit_id"):
        unit = claims.lock_unit(claim.unit_id, access_of(by))
        locked = Claim.every.select_related("unit__project", "project").filter(pk=claim.pk, customer=other)
        for row in locked.filter(is_live(now)):
            _require_hold(row)
            claims.alter(
                unit=unit,
                claim=row,
                action="claim.complete",
                by=by,
                op_id=uuid.uuid4(),
                why=reason,
                now=now,
                customer=kept,
            )
    for rows in (
        HoldRequest.every.filter(customer=other, state=RequestState.REQUESTED),
        WaitingEntry.every.filter(customer=other, state=WaitingState.WAITING),
        Quotation.every.filter(customer=other).exclude(state__in=[QuotationState.USED, QuotationState.WITHDRAWN]),
    ):
        found: list = list(rows)
        for row in found:
            row.customer = kept
        update_tracked(found, ["customer"], action="customer.merge", by=by)
    drafted = list(_bought(other))
    for buyer in drafted:
        buyer.customer = kept
    update_tracked(drafted, ["customer"], action="customer.merge", by=by)


def _bought(customer: Customer) -> QuerySet[Buyer]:
    """The trades still open in which the customer buys: drafted, or claimed by now."""
    drafts = Subscription.every.filter(state=SubscriptionState.DRAFT).values("trade")
    sold = Claim.every.filter(released_at__isnull=True, trade__isnull=False).exclude(stage=Stage.HOLD).values("trade")
    return Buyer.every.filter(customer=customer, until__isnull=True, trade__in=drafts) | Buyer.every.filter(
        customer=customer, until__isnull=True, trade__in=sold
    )


def _require_drafts(other: Customer, kept: Customer) -> None:
    """Raise Conflict `bound` for a buyer of a sale, whose papers name them, or when both buy in one draft."""
    sold = Claim.every.filter(released_at__isnull=True, trade__in=_bought(other).values("trade")).exclude(
        stage=Stage.HOLD
    )
    for claim in sold.select_related("unit"):
        raise Conflict(
            _("%(unit)s is being sold to this customer. Finish that first, then merge.") % {"unit": claim.unit.number}, code="bound"
        )  # fmt: skip
    if _bought(other).filter(trade__in=_bought(kept).values("trade")).exists():
        raise Conflict(
            _("Both customers buy in one draft of a subscription. Name one of them there first, then merge."), code="bound"
        )  # fmt: skip


def _require_hold(claim: Claim) -> None:
    if claim.stage != Stage.HOLD or claim.kind == HoldKind.OFFER:
        raise Conflict(
            _("%(unit)s is offered or being sold to this customer. Finish that first, then merge.") % {"unit": claim.unit.number},
            code="bound",
        )  # fmt: skip


def bound() -> QuerySet:
    """The ids of customers for whom something is held or who wait: they stay with their salesperson."""
    waiting = [WaitingState.WAITING, WaitingState.OFFERED]
    holds = Claim.every.filter(is_live(clock.now()), customer__isnull=False).order_by()
    lines = WaitingEntry.every.filter(state__in=waiting).order_by()
    return Customer.every.filter(pk__in=holds.values("customer")).order_by().values("pk") | Customer.every.filter(
        pk__in=lines.values("customer")
    ).order_by().values("pk")


def buyers() -> QuerySet:
    """The customers to whom something is being sold: with a live claim beyond a hold, a small deposit included (domain B12)."""
    sold = Claim.every.filter(released_at__isnull=True, trade__isnull=False).exclude(stage=Stage.HOLD).order_by()
    rows = Buyer.every.filter(until__isnull=True, trade__in=sold.values("trade")).order_by()
    return Customer.every.filter(pk__in=rows.values("customer")).order_by()


def ways(access: Access, customer: Customer) -> list[tuple[str, str]]:
    """Where this reader asks for a correction of the buyer's identity: each sale under way of which they may know."""
    if not access.can(Permission.CHANGE_REQUEST, customer.project_id):
        return []
    bought = Buyer.every.filter(customer=customer, until__isnull=True).order_by().values("trade")
    live = claims_visible_to(access).filter(released_at__isnull=True, trade__in=bought).exclude(stage=Stage.HOLD)
    return [
        (
            _("Request the correction: %(unit)s") % {"unit": claim.unit.number},
            f"{reverse('sales:change_new', args=[claim.unit.project.code, claim.trade.number])}?kind={ChangeKind.IDENTITY}",
        )
        for claim in live.select_related("unit__project", "trade").order_by("pk")
        if claim.trade is not None
    ]


BUYING = identity.Buying(buyers=buyers, ways=ways)
