"""What the execution of each kind of change does (domain B9; T14–T18), on locked rows, in one transaction."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from contracts.models import Buyer, Claim, Contract, Milestone, Quotation, Subscription, WaitingEntry
from contracts.queries import losing
from contracts.services import claims, contracts, numbers, quotations, trades
from contracts.services.change_ground import Ground, customer_of, operation
from contracts.services.change_identity import correct
from contracts.services.change_kinds import Subject, new_total
from contracts.states import (
    AgentKind,
    ChangeKind,
    ClaimState,
    CloseReason,
    ContractState,
    Evidence,
    MilestoneKind,
    NumberKind,
    QuotationState,
    Release,
    Stage,
    SubscriptionState,
    WaitingState,
)
from inventory.models import Unit
from inventory.services import units
from inventory.states import TRADE_TABLE, Lock
from salescontrol.core import clock
from salescontrol.core.access import Access
from salescontrol.core.errors import Conflict, Refusal
from salescontrol.core.history import save_tracked
from salescontrol.core.money import cents


def refund(ground: Ground) -> None:
    """T14, T17 退房: the claim ends and the paper closes; after a contract the price must be confirmed before a new sale."""
    _give_back(ground, "trade.refund", CloseReason.REFUND)
    if ground.signed:
        units.lay_lock(
            unit=ground.step.unit, kind=Lock.REFUND, reason=ground.change.number, by=ground.by,
            reference=ground.change.number,
        )  # fmt: skip


def forfeit(ground: Ground) -> None:
    """T14 挞定: the same, but the deposit stays."""
    _give_back(ground, "trade.forfeit", CloseReason.FORFEIT)


def exchange(ground: Ground) -> None:
    """T15, T18 换房: the old unit is given back and the new one taken, by the same trade; both or neither."""
    change, old = ground.change, ground.step.claim
    target = ground.target
    assert target is not None
    require_target(target, ground.step.access, ground.now)
    quotation = price_of(target, change.content, lock=True)
    _give_back(ground, "trade.exchange", CloseReason.EXCHANGE)
    claim = Claim(
        customer=old.customer, salesperson=old.salesperson, reason=change.number, evidence=Evidence.DEPOSIT,
        trade=ground.step.trade, stage=old.stage,
    )  # fmt: skip
    claims.begin(
        unit=target, claim=claim, by=ground.by, op_id=operation(change, "come"), reason=change.number, now=ground.now,
        action="trade.come_signed" if ground.signed else "trade.come", approval=ground.approval,
    )  # fmt: skip
    price = _price(target, change.content, quotation)
    if isinstance(ground.subject, Contract):
        _next_contract(ground, ground.subject, claim, price)
    else:
        _next_subscription(ground, ground.subject, claim, price)
    if quotation is not None:
        quotations.use(quotation, ground.by)


def require_target(target: Unit, access: Access, now) -> None:
    """Raise Conflict unless the locked unit is free and nobody waits for it."""
    claims.require_free(target, access, now)
    require_nobody_waits(target)


def require_nobody_waits(target: Unit) -> None:
    """Raise Conflict while customers wait for the unit."""
    if WaitingEntry.every.filter(unit=target, state=WaitingState.WAITING).exists():
        raise Conflict(
            _("Customers wait for %(unit)s. Offer it to the first of the waiting list, or take them off it.")
            % {"unit": target},
            code="waiting",
        )


def price_of(target: Unit, content: dict[str, Any], *, lock: bool = False) -> Quotation | None:
    """The quotation that the price of an exchange is by, if any. Raises Conflict when the price that was asked for is not that
    of the list or of a ready quotation any more."""
    total = Decimal(content["total"])
    if not content.get("quotation"):
        if target.list_total != total:
            raise Conflict(
                _("The list price of %(unit)s is not the one of this request any more. Request the exchange again.")
                % {"unit": target},
                code="price",
            )
        return None
    rows = Quotation.every.select_for_update(of=("self",)) if lock else Quotation.every.all()
    found = rows.filter(number=content["quotation"], unit=target, state=QuotationState.READY).first()
    today = clock.today(target.project.zone)
    if found is None or found.valid_until < today or found.total != total:
        raise Conflict(
            _(
                "Quotation %(number)s for %(unit)s is not ready, or not valid any more. Make a new one, then request again."
            )
            % {"number": content["quotation"], "unit": target},
            code="quotation",
        )
    return found


def buyers(ground: Ground) -> None:
    """更名, 增减名: who buys from now on; who does not any more stays on record. Agents of those who stay remain."""
    change, trade = ground.change, ground.step.trade
    present = {row.customer_id: row for row in Buyer.every.filter(trade=trade, until__isnull=True)}
    named = [_purchaser(entry, ground.subject.project_id, present) for entry in change.content["buyers"]]
    trades.name_buyers(trade=trade, buyers=named, by=ground.by, action="change.buyers")
    ground.amend(action="change.buyers", fields=[], customer=named[0].customer)


def method(ground: Ground) -> None:
    """付款方式变更."""
    ground.subject.method = ground.change.content["method"]
    ground.amend(action="change.method", fields=["method"])


def price(ground: Ground) -> None:
    """价格/优惠变更 of a subscription, and the correction of a contract's amounts."""
    subject, content = ground.subject, ground.change.content
    subject.total = new_total(ground.change)
    subject.unit_price = cents(subject.total / subject.area)
    fields = ["total", "unit_price"]
    if isinstance(subject, Contract):
        subject.main_amount, subject.decoration_amount = Decimal(content["main"]), Decimal(content["decoration"])
        subject.supplement_amount = Decimal(content["supplement"])
        fields += ["main_amount", "decoration_amount", "supplement_amount"]
    ground.amend(action="change.price", fields=fields)


def area(ground: Ground) -> None:
    """面积补差: the surveyed area and what is settled stand on the contract; its price stays."""
    subject, content = ground.subject, ground.change.content
    assert isinstance(subject, Contract)
    subject.surveyed_area, subject.settlement = Decimal(content["surveyed"]), Decimal(content["settlement"])
    ground.amend(action="change.area", fields=["surveyed_area", "settlement"])


def revive(ground: Ground) -> None:
    """挞定激活: the subscription whose deposit was forfeited is in force again, with a deadline of its own, by a new claim."""
    change, subject, old = ground.change, ground.subject, ground.step.claim
    assert isinstance(subject, Subscription)
    require_revivable(ground.step.unit, ground.step.access, ground.now)
    until = require_later(date.fromisoformat(change.content["until"]), subject)
    for row in _present_buyers(ground):
        if row.customer.merged_into is not None:
            row.customer = row.customer.merged_into
            save_tracked(row, action="change.revive", by=ground.by, fields=["customer"])
    whose = old.customer.merged_into or old.customer if old.customer else None
    claim = Claim(
        customer=whose, salesperson=old.salesperson, reason=change.number, evidence=Evidence.DEPOSIT,
        trade=ground.step.trade, stage=Stage.SUBSCRIPTION,
    )  # fmt: skip
    claims.begin(
        unit=ground.step.unit, claim=claim, by=ground.by, op_id=operation(change, "revive"), reason=change.number,
        now=ground.now, action="trade.revive", approval=ground.approval,
    )  # fmt: skip
    subject.claim, subject.state = claim, SubscriptionState.ACTIVE
    subject.close_reason, subject.close_note, subject.closed_at = "", "", None
    subject.due_on, subject.warned_on, subject.ended_on = until, None, None
    subject.version += 1
    save_tracked(subject, action="change.revive", by=ground.by)


def require_revivable(unit: Unit, access: Access, now) -> None:
    """Raise Conflict unless nobody has the locked unit, nothing lies on it and nobody waits for it."""
    if unit.status not in TRADE_TABLE["trade.revive"].sources:
        raise losing.taken(access, unit, now)
    claims.require_unblocked(unit, access)
    require_nobody_waits(unit)


def require_later(until: date, subject: Subject) -> date:
    """The new deadline, if it has not passed. Raises Refusal at its field."""
    today = clock.today(subject.project.zone)
    if until < today:
        message = _("Enter a new deadline to sign: %(today)s or later.") % {"today": today}
        raise Refusal(message, code="until", fields={"until": [message]})
    return until


def _present_buyers(ground: Ground) -> QuerySet[Buyer]:
    rows = Buyer.every.filter(trade=ground.step.trade, until__isnull=True)
    return rows.select_related("customer__merged_into")


EFFECTS: dict[ChangeKind, Callable[[Ground], None]] = {
    ChangeKind.REFUND: refund,
    ChangeKind.FORFEIT: forfeit,
    ChangeKind.EXCHANGE: exchange,
    ChangeKind.TRANSFER: buyers,
    ChangeKind.BUYERS: buyers,
    ChangeKind.METHOD: method,
    ChangeKind.PRICE: price,
    ChangeKind.AMOUNT: price,
    ChangeKind.AREA: area,
    ChangeKind.IDENTITY: correct,
    ChangeKind.REVIVE: revive,
}


def _purchaser(entry: dict[str, str], project_id: int, present: dict[int, Buyer]) -> trades.Purchaser:
    customer = customer_of(entry["customer"], project_id)
    kept, share = present.get(customer.pk), Decimal(entry["share"])
    if kept is None:
        return trades.Purchaser(customer, share)
    return trades.Purchaser(
        customer, share, AgentKind(kept.agent_kind), kept.agent_name, kept.agent_paper, kept.agent_number,
        kept.agent_phone,
    )  # fmt: skip


def _give_back(ground: Ground, action: str, why: CloseReason) -> None:
    """The unit goes to where the approver chose; the paper closes."""
    at_once = ground.change.release == Release.AVAILABLE and not ground.signed
    claims.end(
        unit=ground.step.unit, claim=ground.step.claim, state=ClaimState.RELEASED,
        action=f"{action}_open" if at_once else action, by=ground.by, op_id=operation(ground.change, "end"),
        reason=ground.change.number, now=ground.now, approval=ground.approval,
    )  # fmt: skip
    ground.close(why)


def _price(target: Unit, content: dict[str, Any], quotation: Quotation | None) -> dict[str, Any]:
    """The figures of the new paper."""
    total = Decimal(content["total"])
    size = quotation.area if quotation else target.built_area
    unit_price = quotation.unit_price if quotation else cents(total / size)
    return {"area": size, "total": total, "unit_price": unit_price}


def _next_subscription(ground: Ground, old: Subscription, claim: Claim, price: dict[str, Any]) -> None:
    target = claim.unit
    given = numbers.give(
        project=target.project, kind=NumberKind.SUBSCRIPTION, trade=ground.step.trade, by=ground.by
    )  # fmt: skip
    row = Subscription(
        number=given.number, project=target.project, trade=ground.step.trade, unit=target, claim=claim, previous=old,
        quotation=Quotation.every.filter(number=ground.change.content.get("quotation") or "-").first(),
        kind=old.kind, method=old.method, list_total=target.list_total, deposit=old.deposit, paid=old.paid,
        receipt=old.receipt, signed_on=clock.today(target.project.zone), due_on=old.due_on, extensions=old.extensions,
        state=SubscriptionState.ACTIVE, made_by=ground.by, **price,
    )  # fmt: skip
    save_tracked(row, action="change.come", by=ground.by)


def _next_contract(ground: Ground, old: Contract, claim: Claim, price: dict[str, Any]) -> None:
    """Filed, paid and handed over it has to be like any other; the first payment is the one of the old contract."""
    target = claim.unit
    given = numbers.give(project=target.project, kind=NumberKind.CONTRACT, trade=ground.step.trade, by=ground.by)
    row = Contract(
        number=given.number, project=target.project, trade=ground.step.trade, unit=target, claim=claim, previous=old,
        subscription=old.subscription, method=old.method, main_amount=price["total"], vat_rate=old.vat_rate,
        signed_on=clock.today(target.project.zone), hand_over_on=old.hand_over_on, copies=old.copies,
        state=ContractState.SIGNED, made_by=ground.by, **price,
    )  # fmt: skip
    save_tracked(row, action="change.come_signed", by=ground.by)
    first = Milestone.every.filter(contract=old, kind=MilestoneKind.FIRST_PAYMENT, actual_on__isnull=False).first()
    if first is not None:
        contracts.pay_first(row, on=first.actual_on, receipt=first.receipt, amount=first.amount, by=ground.by)
    contracts.expect_milestones(row, by=ground.by)
