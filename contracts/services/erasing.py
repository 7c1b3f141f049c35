"""What contracts keeps about customers, where one is erased (R7.6, abuse 53): whom the law has kept, what must be ended first, and
the texts about holds, requests, quotations, places in waiting lists, and trades in which they bought."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from contracts.models import (
    BlankForm,
    Buyer,
    Change,
    Claim,
    Contract,
    Document,
    HoldRequest,
    IssuedNumber,
    Milestone,
    Paper,
    Quotation,
    Subscription,
    Trade,
    WaitingEntry,
)
from contracts.queries.live import is_live
from contracts.services import past_sales, quotations
from contracts.services.deadlines import EXTEND
from contracts.services.documents import WAIVE
from contracts.states import QuotationState, RequestState, Stage, SubscriptionState, WaitingState
from enquiries.models import Customer
from enquiries.services.erasing import Part
from inventory.services import units
from salescontrol.core import clock, files
from salescontrol.core.errors import Conflict, Refusal
from salescontrol.core.forgetting import forget, forget_approvals, forget_evidence
from salescontrol.core.models import Attachment, AuditEvent

# So long the papers of a deal are kept (Anti-Money-Laundering Law; quality A5, P7).
KEPT_MONTHS = 120
# Acts on a claim with which somebody wrote a reason.
WITH_REASON = ("claim.ask_release", "claim.override")


def _deals(now: datetime) -> QuerySet[Claim]:
    """Claims with which money or a signature changed hands, not yet ten years over. A hold alone is no deal."""
    fresh = Q(released_at__isnull=True) | Q(released_at__gt=clock.months_before(now, KEPT_MONTHS))
    return Claim.every.filter(fresh).exclude(stage=Stage.HOLD)


def require(customer: Customer, ids: Collection[int]) -> None:
    """Raise Refusal `legal_hold` for a buyer, Conflict `bound` while something is held, waited or asked for."""
    now = clock.now()
    theirs = Q(customer__in=ids) | Q(trade__in=_trades(ids))
    deal = _deals(now).filter(theirs).select_related("unit").order_by("released_at", "pk").last()
    if deal is not None:
        raise Refusal(_statute(customer, deal), code="legal_hold")
    held = Claim.every.filter(is_live(now), customer__in=ids).select_related("unit__project").first()
    if held is not None:
        url = reverse("contracts:hold", args=[held.unit.project.code, held.number])
        raise Conflict(
            _("%(unit)s is held for customer %(number)s. Release the hold first; the desk can.")
            % {"unit": held.unit.number, "number": customer.number},
            code="bound",
            links=[(_("The hold"), url)],
        )
    draft = _drafts(ids).select_related("unit__project").first()
    if draft is not None:
        url = reverse("sales:subscription", args=[draft.unit.project.code, draft.code])
        raise Conflict(
            _("A subscription of %(unit)s is drawn up for customer %(number)s. Discard the draft first; the desk can.")
            % {"unit": draft.unit.number, "number": customer.number},
            code="bound",
            links=[(_("The draft"), url)],
        )
    if _waits(ids) or HoldRequest.every.filter(customer__in=ids, state=RequestState.REQUESTED).exists():
        raise Conflict(
            _("Customer %(number)s waits for a unit, or a hold is asked for. End that first; the desk can.")
            % {"number": customer.number},
            code="bound",
        )
    asked = Quotation.every.filter(customer__in=ids, state=QuotationState.ASKED).first()
    if asked is not None:
        raise Conflict(
            _("Quotation %(quotation)s for customer %(number)s waits for consent. Its author withdraws it first.")
            % {"quotation": asked.number, "number": customer.number},
            code="bound",
        )


def _trades(ids: Collection[int]) -> QuerySet:
    """The ids of the trades in which these customers buy, or bought before others took their place."""
    return Trade.every.filter(pk__in=Buyer.every.filter(customer__in=ids).values("trade")).order_by().values("pk")


def _drafts(ids: Collection[int]) -> QuerySet[Subscription]:
    buying = Buyer.every.filter(customer__in=ids, until__isnull=True).values("trade")
    return Subscription.every.filter(state=SubscriptionState.DRAFT, trade__in=buying)


def _waits(ids: Collection[int]) -> bool:
    open_places = (WaitingState.WAITING, WaitingState.OFFERED)
    return WaitingEntry.every.filter(customer__in=ids, state__in=open_places).exists()


def _statute(customer: Customer, deal: Claim) -> str:
    words = {
        "number": customer.number, "unit": deal.unit.number, "stage": deal.get_stage_display(),
        "day": _until(deal) or _("ten years after its end"),
    }  # fmt: skip
    return (
        _(
            "Customer %(number)s is a buyer: %(stage)s of %(unit)s. The law has the data kept: the Personal Information Protection "
            "Law, article 47, leaves data for as long as another law prescribes, and the Anti-Money-Laundering Law prescribes ten "
            "years after the deal. Nobody can lift this; erasing is possible from: %(day)s. Answer the customer so, and take out "
            "under “Facts and wishes” what the deal does not need."
        )
        % words
    )


def _until(deal: Claim) -> str:
    """The day from which a deal that is over is kept no longer; empty while it runs."""
    if deal.released_at is None:
        return ""
    return f"{clock.local(clock.months_before(deal.released_at, -KEPT_MONTHS)):%Y-%m-%d}"


def held() -> QuerySet:
    """The ids of customers whom `require` would refuse."""
    now = clock.now()
    open_places = (WaitingState.WAITING, WaitingState.OFFERED)
    customers = (
        _deals(now), Claim.every.filter(is_live(now)), WaitingEntry.every.filter(state__in=open_places),
        HoldRequest.every.filter(state=RequestState.REQUESTED), Quotation.every.filter(state=QuotationState.ASKED),
    )  # fmt: skip
    found = Q(pk__in=[])
    for rows in customers:
        found |= Q(pk__in=rows.filter(customer__isnull=False).order_by().values("customer"))
    bought = Q(trade__in=_deals(now).filter(trade__isnull=False).order_by().values("trade"))
    drafted = Q(trade__in=Subscription.every.filter(state=SubscriptionState.DRAFT).values("trade"), until__isnull=True)
    found |= Q(pk__in=Buyer.every.filter(bought | drafted).order_by().values("customer"))
    return Customer.every.filter(found).order_by().values("pk")


def forget_texts(ids: Collection[int], by: Any, about: str) -> None:
    """Empty what was written about holds, requests, waiting and trades, and give up past sales that name them and were not taken
    over; their dates, units and prices stay."""
    trades = [trade["pk"] for trade in _trades(ids)]
    theirs = Q(customer__in=ids) | Q(trade__in=trades)
    claims = dict(Claim.every.filter(theirs).values_list("pk", "number"))
    units.forget_reasons(claims=list(claims.values()), by=by, about=about)
    for quotation in Quotation.every.filter(customer__in=ids):
        asked = Q(kind=quotations.KIND, target_id=quotation.pk)
        forget_approvals(asked, subject=quotation.number, by=by, about=about)
    for model in (Claim, HoldRequest, WaitingEntry, Quotation, Buyer):
        forget(model, Q(customer__in=ids), by=by, about=about)
    bought = Q(trade__in=trades)
    papers = set(Paper.every.filter(bought | Q(quotation__customer__in=ids)).values_list("pk", flat=True))
    # A scan that a later one replaced is named by the history alone.
    earlier = Paper.history.filter(id__in=papers).values("scan")
    files.forget(Attachment.objects.filter(pk__in=earlier))
    forget(Paper, Q(pk__in=papers), by=by, about=about)
    forms = set(BlankForm.objects.filter(bought).values_list("pk", flat=True))
    forget(BlankForm, Q(pk__in=forms), by=by, about=about)
    acts = AuditEvent.objects.filter(
        target_kind=Claim._meta.label_lower, target_id__in=claims, action__in=WITH_REASON
    )  # fmt: skip
    forget_evidence(acts, by=by, about=about)
    past_sales.forget_naming(ids=ids, by=by)
    _forget_trades(trades, by, about)


def _forget_trades(trades: Collection[int], by: Any, about: str) -> None:
    """What was written about subscriptions, contracts, their papers and numbers, and what was asked and decided about these."""
    found = list(Subscription.every.filter(trade__in=trades).values_list("pk", flat=True))
    lines = list(Document.every.filter(trade__in=trades).values_list("pk", flat=True))
    for model in (Subscription, Document, Contract, IssuedNumber):
        forget(model, Q(trade__in=trades), by=by, about=about)
    forget(Milestone, Q(contract__trade__in=trades), by=by, about=about)
    for change in Change.every.filter(trade__in=trades, approval__isnull=False).select_related("approval"):
        forget_approvals(Q(pk=change.approval_id), subject=str(change.approval), by=by, about=about)
    forget(Change, Q(trade__in=trades), by=by, about=about)
    asked = Q(kind=EXTEND, target_id__in=found) | Q(kind=WAIVE, target_id__in=lines)
    forget_approvals(asked, subject="–", by=by, about=about)
    acts = AuditEvent.objects.filter(
        target_kind=Subscription._meta.label_lower, target_id__in=found, action="subscription.override"
    )  # fmt: skip
    forget_evidence(acts, by=by, about=about)


PART = Part(require=require, held=held, forget=forget_texts)
