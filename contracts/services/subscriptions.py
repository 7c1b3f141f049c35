"""Subscriptions 认购书 (R3.1, domain B6; T9, T10): drawn up, corrected and discarded as a draft, made active by the deposit.

A draft binds nobody: which unit is still free, for whom and at which price is asked again on locked rows when it becomes active.
"""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from contracts.models import Buyer, Claim, Quotation, Subscription, WaitingEntry
from contracts.services import claims, deposits, documents, holds, numbers, quotations, trades
from contracts.services.subscription_step import Work, done, work
from contracts.states import (
    CloseReason,
    Evidence,
    HoldKind,
    Moment,
    NumberKind,
    PaymentMethod,
    QuotationState,
    Stage,
    SubscriptionKind,
    SubscriptionState,
)
from enquiries.services.rows import hold_still
from inventory.models import Unit
from inventory.services.release import permitted_buildings
from inventory.states import Status
from salescontrol.core import audit, clock, notices, options
from salescontrol.core.access import Access, access_of
from salescontrol.core.errors import Conflict, NotVisible, Refusal
from salescontrol.core.history import save_tracked
from salescontrol.core.money import cents
from salescontrol.core.operations import once
from salescontrol.core.permissions import Permission
from salescontrol.core.workdays import day_after

STAGES = {SubscriptionKind.SMALL: Stage.SMALL_DEPOSIT, SubscriptionKind.FULL: Stage.SUBSCRIPTION}
MOVES = {SubscriptionKind.SMALL: "trade.deposit", SubscriptionKind.FULL: "trade.subscribe"}


@dataclass(frozen=True)
class Terms:
    """What a subscription is drawn up on. Without a quotation its price is the list price (B16.6)."""

    buyers: Sequence[trades.Purchaser]
    salesperson: Any
    kind: SubscriptionKind
    method: PaymentMethod
    deposit: Decimal
    quotation: Quotation | None = None

    @property
    def content(self) -> dict:
        """What tells one form from another, without anything personal."""
        return {
            "buyers": [[buyer.customer.pk, buyer.share, buyer.agent_kind] for buyer in self.buyers],
            "salesperson": self.salesperson.pk, "kind": self.kind, "method": self.method, "deposit": self.deposit,
            "quotation": self.quotation and self.quotation.pk,
        }  # fmt: skip

    @property
    def customers(self) -> list[int]:
        return [buyer.customer.pk for buyer in self.buyers]


def draw_up(*, op_id: uuid.UUID, unit_id: int, terms: Terms, by) -> Subscription:
    """A draft on a unit that is available, or held for one of the buyers. Returns it, the same one for the same form.

    Raises NotVisible, Forbidden, Conflict (`taken`, `locked`, `offer`), Refusal (`shares`, `agent`, `deposit`, `quotation`,
    `method`, `no_price`, `no_buyer`, `no_salesperson`).
    """

    def run() -> dict:
        access = access_of(by)
        unit = claims.lock_unit(unit_id, access)
        access.require(Permission.DEAL_WRITE, unit.project_id)
        _require_named(unit, terms)
        now = clock.now()
        claim = _free_for(unit, _live(unit), terms.customers, access, now)
        trade = trades.open_trade(project=unit.project, salesperson=terms.salesperson, buyers=terms.buyers, by=by)
        row = Subscription(project=unit.project, trade=trade, unit=unit, claim=claim, made_by=by)
        _fill(row, unit, claim, terms, now)
        save_tracked(row, action="subscription.draw_up", by=by)
        documents.make_lines(trade=trade, method=row.method, by=by, held=claim)
        return {"subscription": row.code}

    content = {"unit": unit_id, **terms.content}
    return done(once(op_id=op_id, by=by, action="subscription.draw_up", content=content, run=run))


def edit(*, op_id: uuid.UUID, code: str, version: int, terms: Terms, by) -> Subscription:
    """Correct a draft; the checklist follows its buyers and its way of paying."""
    do = partial(_edit, version=version, terms=terms)
    content = {"version": version, **terms.content}
    return done(work(op_id=op_id, code=code, action="subscription.edit", by=by, do=do, content=content))


def _edit(at: Work, version: int, terms: Terms) -> None:
    row, trade = at.row, at.row.trade
    if row.version != version:
        raise Conflict(_("Somebody changed this draft meanwhile. Reload the page and look again."), code="raced")
    _require_named(at.unit, terms)
    claim = _free_for(at.unit, at.claim, terms.customers, at.access, at.now)
    trades.name_buyers(trade=trade, buyers=_with_known_numbers(row, terms.buyers), by=at.by)
    if trade.salesperson_id != terms.salesperson.pk:
        trade.salesperson = terms.salesperson
        save_tracked(trade, action="trade.change", by=at.by, fields=["salesperson"])
    row.claim, row.version = claim, row.version + 1
    _fill(row, at.unit, claim, terms, at.now)
    save_tracked(row, action="subscription.edit", by=at.by)
    documents.make_lines(trade=trade, method=row.method, by=at.by, held=claim)


def _with_known_numbers(row: Subscription, buyers: Sequence[trades.Purchaser]) -> list[trades.Purchaser]:
    """No page shows in full the numbers of who acts for a buyer: left empty for the same person, they stay as they are."""
    known = {buyer.customer_id: buyer for buyer in Buyer.every.filter(trade=row.trade, until__isnull=True)}
    found = []
    for buyer in buyers:
        was = known.get(buyer.customer.pk)
        if was is not None and was.agent_name and was.agent_name == buyer.agent_name:
            number, phone = buyer.agent_number or was.agent_number, buyer.agent_phone or was.agent_phone
            buyer = replace(buyer, agent_number=number, agent_phone=phone)
        found.append(buyer)
    return found


def discard(*, op_id: uuid.UUID, code: str, reason: str, by) -> Subscription:
    """Throw a draft away: nobody was bound by it."""
    return done(
        work(op_id=op_id, code=code, action="subscription.discard", by=by, do=_discard, reason=reason, why=True)
    )


def _discard(at: Work) -> None:
    close(at, CloseReason.DISCARDED, "subscription.discard")


def close(at: Work, why: CloseReason, action: str) -> None:
    """The subscription is over, with its reason."""
    row = at.row
    row.state, row.close_reason, row.close_note = SubscriptionState.CLOSED, why, at.reason[:300]
    row.closed_at, row.version = at.now, row.version + 1
    save_tracked(row, action=action, by=at.by)


def activate(*, op_id: uuid.UUID, code: str, receipt: str, received: Decimal, override: str = "", by) -> Subscription:
    """T9, T10 激活: the deposit is received, the unit is claimed, the number given. `override`: the supervisor's reason for a
    small deposit below the office's least.

    Raises Conflict (`taken`, `locked`, `waiting`, `offer`, `wrong_state`), Refusal (`papers`, `received`, `receipt`, `price`,
    `permit`, `quotation`, `deposit`).
    """
    do = partial(_activate, receipt=receipt.strip(), received=received, override=override.strip())
    content = {"receipt": receipt, "received": received, "override": override}
    return done(work(op_id=op_id, code=code, action="subscription.activate", by=by, do=do, content=content))


def _activate(at: Work, receipt: str, received: Decimal, override: str) -> None:
    row, unit = at.row, at.unit
    buyers = Buyer.every.filter(trade=row.trade, until__isnull=True).select_related("customer")
    customers = [hold_still(buyer.customer).pk for buyer in buyers.order_by("customer_id")]
    claim = _free_for(unit, at.claim, customers, at.access, at.now)
    turn = holds.require_turn(unit, customers) if claim is None else None
    _require_permit(unit)
    _require_price(row, unit, claim)
    below = deposits.require_received(row, received, options.values(unit.project_id), at.access, override)
    require_receipt(receipt)
    documents.note_receipt(row.trade, at.by, at.now)
    documents.require_papers(row.trade, Moment.SUBSCRIBE)
    if row.quotation is not None:
        _take_quotation(row.quotation, unit, at.now, use_by=at.by)
    row.claim = _claim(at, claim, turn)
    row.number = numbers.give(project=unit.project, kind=NumberKind.SUBSCRIPTION, trade=row.trade, by=at.by).number
    row.paid, row.receipt, row.state, row.version = received, receipt, SubscriptionState.ACTIVE, row.version + 1
    set_terms_of_time(row, at.now)
    save_tracked(row, action="subscription.activate", by=at.by)
    if below:
        detail = {"reason": override[:300]}
        audit.record("subscription.override", by=at.by, project_id=row.project_id, target=row, detail=detail)
    tell(row, "subscription.active", by=at.by)


def _claim(at: Work, held: Claim | None, turn: WaitingEntry | None) -> Claim:
    """The unit is claimed by this trade from now on: its hold goes on to the next stage, or a new claim begins."""
    row, kind = at.row, SubscriptionKind(at.row.kind)
    what = {"unit": at.unit, "action": MOVES[kind], "by": at.by, "op_id": at.op_id, "now": at.now}
    first = Buyer.every.filter(trade=row.trade, until__isnull=True).select_related("customer").order_by("position")[0]
    if held is not None:
        # A deal's lock may name nobody yet; the hold may have been another salesperson's.
        named: dict[str, Any] = {} if held.customer_id else {"customer": first.customer}
        if held.salesperson != row.trade.salesperson:
            claims.hide_from_salesperson(held)
            named["salesperson"] = row.trade.salesperson
        return claims.alter(claim=held, why="", stage=STAGES[kind], expires_at=None, trade=row.trade, **named, **what)
    claim = Claim(
        customer=first.customer, salesperson=row.trade.salesperson, evidence=Evidence.DEPOSIT, stage=STAGES[kind],
        trade=row.trade,
    )  # fmt: skip
    claims.begin(claim=claim, reason="", **what)
    holds.take_turn(turn, by=at.by, now=at.now)
    claims.answer_requests(claim, by=at.by, now=at.now)
    return claim


def set_terms_of_time(row: Subscription, now: datetime) -> None:
    """From today on: until when a small deposit is topped up, or a contract signed after a full one."""
    settings = options.values(row.project_id)
    row.signed_on = today = clock.local(now, row.project.zone).date()
    if row.kind == SubscriptionKind.SMALL:
        row.top_up_on, row.due_on = day_after(today, settings["small_deposit.days"], working=False), None
    else:
        row.due_on = day_after(today, settings["signing.days"], working=bool(settings["signing.working_days"]))


def require_receipt(receipt: str) -> None:
    """Raise Refusal without the number of the receipt."""
    if not receipt.strip():
        message = _("Enter the number of the receipt.")
        raise Refusal(message, code="receipt", fields={"receipt": [message]})


def tell(row: Subscription, code: str, *, by) -> None:
    """The salesperson hears what happened to their customer's subscription, unless they did it themselves."""
    person = row.trade.salesperson
    if person is not None and person != by:
        url = reverse("sales:subscription", args=[row.project.code, row.code])
        key = f"{code}-{row.code}-{row.version}"
        notices.tell([person], code, key=key, url=url, project_id=row.project_id, unit=row.unit.number)


def _live(unit: Unit) -> Claim | None:
    return Claim.every.filter(unit=unit, released_at__isnull=True).select_related("salesperson", "customer").first()


def _free_for(
    unit: Unit, claim: Claim | None, customers: Collection[int], access: Access, now: datetime
) -> Claim | None:
    """The hold on the locked unit if it is one of these customers' (or a deal's lock that names nobody), None if the unit is
    available. Raises Conflict: `taken`, `offer`, `locked`."""
    if unit.status != Status.HELD or claim is None or not _theirs(claim, customers):
        claims.require_free(unit, access, now)
        return None
    if claim.kind == HoldKind.OFFER:
        url = reverse("contracts:hold", args=[unit.project.code, claim.number])
        raise Conflict(
            _("%(unit)s is offered to this customer. Take the offer first; the desk can.") % {"unit": unit.number},
            code="offer", links=[(_("The offer"), url)],
        )  # fmt: skip
    claims.require_unblocked(unit, access)
    return claim


def _theirs(claim: Claim, customers: Collection[int]) -> bool:
    return claim.customer_id in customers or (claim.customer_id is None and claim.kind == HoldKind.DEAL)


def _require_named(unit: Unit, terms: Terms) -> None:
    """Raise unless there is a buyer, all of the unit's project, and the salesperson is one of its."""
    if not terms.buyers:
        message = _("Name the buyer.")
        raise Refusal(message, code="no_buyer", fields={"buyer1": [message]})
    for buyer in terms.buyers:
        holds.require_of_project(unit, buyer.customer, terms.salesperson)


def _fill(row: Subscription, unit: Unit, claim: Claim | None, terms: Terms, now: datetime) -> None:
    """The terms and prices of a draft: the quotation's, else those of the price list."""
    row.kind, row.method, row.deposit, row.quotation = terms.kind, terms.method, terms.deposit, terms.quotation
    if terms.quotation is not None:
        _take_quotation(terms.quotation, unit, now)
        if terms.method != terms.quotation.method:
            message = _("The quotation counts with “%(method)s”. Choose that, or make another quotation.") % {
                "method": terms.quotation.get_method_display()
            }
            raise Refusal(message, code="method", fields={"method": [message]})
        row.area, row.list_total = terms.quotation.area, terms.quotation.list_total
        row.total, row.unit_price = terms.quotation.total, terms.quotation.unit_price
    else:
        row.area, row.list_total = unit.built_area, list_price(unit, claim)
        row.total, row.unit_price = row.list_total, cents(row.list_total / row.area)
    deposits.require_bounds(row.deposit, row.total, options.values(unit.project_id))


def list_price(unit: Unit, claim: Claim | None) -> Decimal:
    """The list price that counts: of the day on which the hold began (decisions 11), else today's. Refusal without one."""
    price = (claim.list_total if claim else None) or unit.list_total
    if price is None or not unit.built_area:
        raise Refusal(
            _("%(unit)s has no list price. The price list comes first.") % {"unit": unit.number}, code="no_price"
        )
    return price


def _require_price(row: Subscription, unit: Unit, claim: Claim | None) -> None:
    """B16.6: without a quotation the deal price is the list price and not below the floor; with one it is the quotation's."""
    if row.quotation is not None:
        if (row.total, row.unit_price) != (row.quotation.total, row.quotation.unit_price):
            raise Refusal(_("The price is not that of the quotation. Correct the draft first."), code="price")
        return
    price = list_price(unit, claim)
    if row.total != price:
        raise Refusal(
            _(
                "The list price is %(price)s by now. Correct the draft: without a quotation the deal price is the list price."
            )
            % {"price": f"{price:,.2f}"},
            code="price",
        )
    if unit.floor_total is not None and row.total < unit.floor_total:
        raise Refusal(
            _("This price needs consent. Make a quotation: it says whose, and asks for it."), code="price"
        )  # fmt: skip


def _require_permit(unit: Unit) -> None:
    """Raise Refusal without a pre-sale permit of the building: its number stands on the subscription (domain B2.1)."""
    if unit.building_id not in permitted_buildings([unit]):
        raise Refusal(
            _("No pre-sale permit covers the building of %(unit)s. The desk enters the permit first.")
            % {"unit": unit.number},
            code="permit",
        )


def _take_quotation(quotation: Quotation, unit: Unit, now: datetime, *, use_by=None) -> None:
    """The quotation may be subscribed on: it is of this unit, ready, not past its day, and counted from today's price; `use_by` freezes it
    into the subscription. Raises Conflict."""
    row = Quotation.every.select_for_update(of=("self",)).filter(pk=quotation.pk, unit=unit).first()
    if row is None:
        raise NotVisible(_("There is no such quotation of this unit."))
    quotations.require_usable(row, unit, now)
    if use_by is not None:
        quotations.use(row, use_by)


def give_back_quotation(row: Subscription, by) -> None:
    """A wrong entry was made void: the quotation on which it was made may be subscribed on again."""
    found = (
        Quotation.every.select_for_update(of=("self",)).filter(pk=row.quotation_id, state=QuotationState.USED).first()
    )
    if found is not None:
        found.state, found.version = QuotationState.READY, found.version + 1
        save_tracked(found, action="quotation.give_back", by=by, fields=["state", "version"])
