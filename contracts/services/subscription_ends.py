"""How a subscription goes on or ends before the contract: topped up (T11), lapsed (T12), made void the same day (T20)."""

import uuid
from decimal import Decimal
from functools import partial

from django.utils.translation import gettext as _

from contracts.models import Contract, Subscription
from contracts.services import claims, numbers, trades
from contracts.services.change_ground import require_unchanged
from contracts.services.subscription_step import Work, done, work
from contracts.services.subscriptions import close, give_back_quotation, require_receipt, set_terms_of_time, tell
from contracts.states import ClaimState, CloseReason, ContractState, NumberKind, Stage, SubscriptionKind
from inventory.models import UnitEvent
from salescontrol.core import clock
from salescontrol.core.errors import Conflict, Refusal
from salescontrol.core.history import save_tracked
from salescontrol.core.permissions import Permission

# How a trade came to be subscribed: only the first two were entered here and can be void as such.
ENTRIES = ("trade.subscribe", "trade.top_up", "trade.come", "trade.revive")


def top_up(
    *, op_id: uuid.UUID, code: str, receipt: str, received: Decimal, letter_back: bool, by
) -> Subscription:  # fmt: skip
    """T11 补足: the rest of the deposit is received and the provisional letter taken back; the contract falls due from today."""
    do = partial(_top_up, receipt=receipt.strip(), received=received, letter_back=letter_back)
    content = {"receipt": receipt, "received": received, "letter": letter_back}
    return done(work(op_id=op_id, code=code, action="subscription.top_up", by=by, do=do, content=content))


def _top_up(at: Work, receipt: str, received: Decimal, letter_back: bool) -> None:
    row, rest = at.row, at.row.deposit - at.row.paid
    require_receipt(receipt)
    if received != rest:
        message = _("The rest of the deposit is %(rest)s.") % {"rest": f"{rest:,.2f}"}
        raise Refusal(message, code="received", fields={"received": [message]})
    if not letter_back:
        message = _("Take the provisional letter back first, and tick it.")
        raise Refusal(message, code="letter", fields={"letter_back": [message]})
    claims.alter(
        unit=at.unit, claim=at.own, action="trade.top_up", by=at.by, op_id=at.op_id, why="", now=at.now,
        stage=Stage.SUBSCRIPTION,
    )  # fmt: skip
    row.kind, row.paid, row.version = SubscriptionKind.FULL, row.deposit, row.version + 1
    row.receipt = f"{row.receipt}, {receipt}"[:60]
    set_terms_of_time(row, at.now)
    save_tracked(row, action="subscription.top_up", by=at.by)
    tell(row, "subscription.topped_up", by=at.by)


def lapse(*, op_id: uuid.UUID, code: str, outcome: CloseReason, release: bool, reason: str, by) -> Subscription:
    """T12: a small deposit is refunded, or forfeited after its last day; the supervisor says which, and whether the unit is for
    sale again (`release`) or withheld. Its number stays given."""
    do = partial(_lapse, outcome=outcome, release=release)
    content = {"outcome": outcome, "release": release}
    return done(
        work(
            op_id=op_id, code=code, action="subscription.lapse", by=by, do=do, permission=Permission.DEAL_DECIDE,
            content=content, reason=reason, why=True,
        )
    )  # fmt: skip


def _lapse(at: Work, outcome: CloseReason, release: bool) -> None:
    row = at.row
    if outcome not in (CloseReason.REFUND, CloseReason.FORFEIT):
        message = _("Say whether the deposit is refunded or forfeited.")
        raise Refusal(message, code="outcome", fields={"outcome": [message]})
    today = clock.local(at.now, row.project.zone).date()
    if outcome == CloseReason.FORFEIT and row.top_up_on is not None and today <= row.top_up_on:
        message = _("Until %(day)s it can be topped up. Only after that day is the deposit forfeited.") % {
            "day": row.top_up_on
        }
        raise Refusal(message, code="early", fields={"outcome": [message]})
    _end(at, "trade.lapse_open" if release else "trade.lapse")
    close(at, CloseReason.LAPSED, f"subscription.lapse_{outcome.lower()}")
    tell(row, "subscription.lapsed", by=at.by)


def void(*, op_id: uuid.UUID, code: str, reason: str, by) -> Subscription:
    """T20 作废: what was entered wrongly today is undone step by step: a top-up, or the subscription itself, whose number then
    stays in the list as void. Raises Conflict (`change`, `late`, `changed`, `contract`)."""
    return done(
        work(
            op_id=op_id, code=code, action="subscription.void", by=by, do=_void, permission=Permission.DEAL_VOID,
            reason=reason, why=True,
        )
    )  # fmt: skip


def _void(at: Work) -> None:
    row = at.row
    trades.require_no_change(row.trade)
    if row.signed_on != clock.local(at.now, row.project.zone).date():
        raise Conflict(
            _("Only what was entered today can be void. For anything earlier ask for a change: refund or forfeit."),
            code="late",
        )
    if Contract.every.filter(claim=at.own, state=ContractState.DRAFT).exists():
        raise Conflict(_("A contract is drawn up on it. Discard that draft first."), code="contract")
    require_unchanged(row)
    entry = _entry(at)
    if entry == "trade.top_up":
        return _void_top_up(at)
    if entry not in ("trade.deposit", "trade.subscribe"):
        raise Conflict(
            _("This subscription came from an approved change, so it is undone by a change."), code="changed"
        )
    small = row.kind == SubscriptionKind.SMALL
    _end(at, "trade.void_deposit" if small else "trade.void_subscription")
    numbers.make_void(
        project=row.project, kind=NumberKind.SUBSCRIPTION, number=row.number, reason=at.reason, by=at.by
    )  # fmt: skip
    give_back_quotation(row, at.by)
    close(at, CloseReason.VOID, "subscription.void")
    tell(row, "subscription.void", by=at.by)
    return None


def _entry(at: Work) -> str:
    """By which move of the unit the subscription stands as it does."""
    if at.row.kind == SubscriptionKind.SMALL:
        return "trade.deposit"
    events = UnitEvent.every.filter(unit=at.unit, claim=at.own.number, action__in=ENTRIES)
    return events.order_by("-seq").values_list("action", flat=True).first() or ""


def _void_top_up(at: Work) -> None:
    """Back to the small deposit as it was before, by the record."""
    row = at.row
    before = row.history.filter(kind=SubscriptionKind.SMALL, number=row.number).order_by("-history_id").first()
    claims.alter(
        unit=at.unit, claim=at.own, action="trade.void_top_up", by=at.by, op_id=at.op_id, why=at.reason, now=at.now,
        stage=Stage.SMALL_DEPOSIT,
    )  # fmt: skip
    row.kind, row.paid, row.receipt = SubscriptionKind.SMALL, before.paid, before.receipt
    row.signed_on, row.top_up_on, row.due_on = before.signed_on, before.top_up_on, None
    row.version += 1
    save_tracked(row, action="subscription.void_top_up", by=at.by, reason=at.reason)
    tell(row, "subscription.void", by=at.by)


def _end(at: Work, action: str) -> None:
    claims.end(
        unit=at.unit, claim=at.own, state=ClaimState.RELEASED, action=action, by=at.by, op_id=at.op_id, reason=at.reason,
        now=at.now,
    )  # fmt: skip
