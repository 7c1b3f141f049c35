"""Contracts 签约 (R3.1, R3.3, domain B2.4 T13, B7): made from the subscription, edited as a draft, signed, filed, discarded.

What a signed contract says about money and buyers is changed by a decided request only (R6.2); nothing here touches it.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from contracts.models import Contract, Milestone, Quotation, Subscription
from contracts.queries.scope import contracts_visible_to, subscriptions_visible_to
from contracts.services import claims, documents, numbers, trades
from contracts.states import (
    CONTRACT_ACTIONS,
    WITH_LOAN,
    CloseReason,
    Content,
    ContractState,
    MilestoneKind,
    Moment,
    NumberKind,
    PaymentMethod,
    Stage,
    SubscriptionKind,
    SubscriptionState,
)
from salescontrol.core import clock, notices, options
from salescontrol.core.access import access_of
from salescontrol.core.errors import Conflict, NotVisible, Refusal
from salescontrol.core.history import save_tracked
from salescontrol.core.operations import once
from salescontrol.core.permissions import Permission
from salescontrol.core.words import listed

_OPEN = (ContractState.DRAFT, ContractState.SIGNED, ContractState.DELIVERED)


@dataclass(frozen=True)
class Draft:
    """What a draft says beyond its subscription (domain B7)."""

    main_amount: Decimal
    decoration_amount: Decimal
    supplement_amount: Decimal
    vat_rate: Decimal
    draft_no: str = ""
    online_no: str = ""
    online_on: date | None = None
    hand_over_on: date | None = None
    loan_bank: str = ""
    loan_amount: Decimal | None = None
    fund_bank: str = ""
    fund_amount: Decimal | None = None
    fund_years: int | None = None
    pages: int | None = None
    copies: int = 4
    contents: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Details:
    """What may still be entered after signing: no money, and nobody's identity (R6.2)."""

    online_no: str
    online_on: date | None
    loan_bank: str
    fund_bank: str
    pages: int
    copies: int
    note: str


@dataclass(frozen=True)
class Signing:
    """What is entered to sign: the day, and the receipt of the first payment (T13)."""

    signed_on: date
    receipt: str
    amount: Decimal


def make_contract(*, op_id: uuid.UUID, subscription: str, by) -> Contract:
    """A draft with its number, everything taken from the active full subscription of that code.

    Raises NotVisible, Forbidden, Conflict (`wrong_state`, `drafted`, `change`, `over`).
    """

    def run() -> dict:
        access = access_of(by)
        row = subscriptions_visible_to(access).select_related("trade").filter(code=subscription).first()
        if row is None:
            raise NotVisible(_("There is no such subscription."))
        access.require(Permission.DEAL_WRITE, row.project_id)
        claims.lock_unit(row.unit_id, access)
        active = _active(subscription)
        return _make(trades.locked(row.trade, access, by=by, op_id=op_id), active)

    reference = once(op_id=op_id, by=by, action="contract.make", content={"subscription": subscription}, run=run)
    return fresh(reference["contract"])


def edit_draft(*, op_id: uuid.UUID, code: str, version: int, draft: Draft, by) -> Contract:
    """Everything that a draft says. Raises Conflict `raced` when somebody else saved it meanwhile, Refusal at the fields."""

    def do(step: trades.Step, contract: Contract) -> None:
        require_version(contract, version)
        _require_sum(contract, draft)
        _require_loans(contract, draft)
        require_day(draft.online_on, "online_on", contract, not_before=_subscribed_on(contract))
        _put(contract, {**asdict(draft), "contents": sorted(draft.contents)}, action="contract.edit", by=by)

    content = {"version": version, **asdict(draft)}
    return on_contract(op_id, code, "contract.edit", by, do, content=content)


def discard_draft(*, op_id: uuid.UUID, code: str, reason: str, by) -> Contract:
    """The draft is over; its number is void and stays in the list (B16.9). Also when its trade is over already."""

    def run() -> dict:
        access = access_of(by)
        found = contracts_visible_to(access).filter(code=code).first()
        if found is None:
            raise NotVisible(_("There is no such contract."))
        access.require(Permission.DEAL_WRITE, found.project_id)
        require_reason(reason)
        claims.lock_unit(found.unit_id, access)
        contract = locked(code, "contract.discard")
        close(contract, CloseReason.DISCARDED, reason, action="contract.discard", by=by)
        return {"contract": code}

    once(op_id=op_id, by=by, action="contract.discard", content={"contract": code, "reason": reason}, run=run)
    return fresh(code)


def sign(*, op_id: uuid.UUID, code: str, version: int, signing: Signing, by) -> Contract:
    """T13: the contract is signed; the subscription is closed by it, the unit is contracted, its milestones are expected.

    Raises Refusal that names what is missing, Conflict (`wrong_state`, `raced`, `change`, `over`).
    """

    def do(step: trades.Step, contract: Contract) -> None:
        require_version(contract, version)
        trades.require_no_change(step.trade)
        _require_whole(contract)
        documents.require_papers(step.trade, Moment.SIGN)
        _require_signing(contract, signing)
        step.move("trade.sign", why=contract.number, stage=Stage.CONTRACT)
        _close_subscription(contract, step)
        values = {"state": ContractState.SIGNED, "signed_on": signing.signed_on, "credit_on": signing.signed_on}
        _put(contract, values, action="contract.sign", by=by)
        pay_first(contract, on=signing.signed_on, receipt=signing.receipt, amount=signing.amount, by=by)
        expect_milestones(contract, by=by)

    content = {"version": version, **asdict(signing)}
    return on_contract(op_id, code, "contract.sign", by, do, content=content)


def change_details(*, op_id: uuid.UUID, code: str, version: int, details: Details, by) -> Contract:
    """Online signing, banks, pages and note of a signed contract. Its money is changed by a decided request only (R6.2)."""

    def do(step: trades.Step, contract: Contract) -> None:
        require_version(contract, version)
        require_day(details.online_on, "online_on", contract, not_before=_subscribed_on(contract))
        _put(contract, asdict(details), action="contract.details", by=by)
        if details.online_on is not None:
            reach(contract, MilestoneKind.ONLINE, details.online_on, by=by)

    content = {"version": version, **asdict(details)}
    return on_contract(op_id, code, "contract.details", by, do, content=content)


def file_contract(*, op_id: uuid.UUID, code: str, filing_no: str, filed_on: date, by) -> Contract:
    """The housing authority has filed it 备案. Raises Refusal for a day before signing, Conflict `filing_no` for a number that
    another contract of the project has."""

    def do(step: trades.Step, contract: Contract) -> None:
        require_text(filing_no, "filing_no", _("Enter the filing number."))
        require_day(filed_on, "filed_on", contract, not_before=contract.signed_on)
        try:
            with transaction.atomic():
                values = {"filing_no": filing_no.strip()[:60], "filed_on": filed_on}
                _put(contract, values, action="contract.file", by=by)
        except IntegrityError as error:
            message = _("Another contract of this project has this filing number. Check which one is right.")
            raise Conflict(message, code="filing_no", fields={"filing_no": [message]}) from error
        reach(contract, MilestoneKind.FILED, filed_on, by=by)
        notices.settle(filing_key(contract))

    return on_contract(op_id, code, "contract.file", by, do, content={"filing_no": filing_no, "filed_on": filed_on})


# What these and the services of milestones share.


def on_contract(
    op_id: uuid.UUID, code: str, action: str, by, do: Callable[[trades.Step, Contract], None], *,
    permission: Permission = Permission.DEAL_WRITE, reason: str = "", content: Mapping[str, Any] | None = None,
) -> Contract:  # fmt: skip
    """One action on a contract under one operation: unit, claim and contract locked in this order, its state allowing it."""
    found = contracts_visible_to(access_of(by)).select_related("trade").filter(code=code).first()
    if found is None:
        raise NotVisible(_("There is no such contract."))

    def run(step: trades.Step) -> dict:
        do(step, locked(code, action))
        return {"contract": code}

    trades.step(
        op_id=op_id, number=found.trade.number, action=action, by=by, permission=permission, reason=reason,
        content={"contract": code, **(content or {})}, do=run,
    )  # fmt: skip
    return fresh(code)


def locked(code: str, action: str) -> Contract:
    """The contract, its row locked, if its state allows the action. Raises Conflict `wrong_state`."""
    rows = Contract.every.select_for_update(of=("self",)).select_related("project", "trade", "unit", "subscription")
    contract = rows.get(code=code)
    require_allowed(contract, action)
    return contract


def require_allowed(contract: Contract, action: str) -> None:
    """Raise Conflict `wrong_state` unless the table names the contract's state."""
    if contract.state not in CONTRACT_ACTIONS[action]:
        raise Conflict(
            _("Contract %(number)s is %(state)s, so this cannot be done. Reload the page to see where it stands.")
            % {"number": contract, "state": contract.get_state_display().lower()},
            code="wrong_state",
        )


def fresh(code: str) -> Contract:
    return Contract.every.select_related("project", "unit", "trade").get(code=code)


def close(contract: Contract, why: CloseReason, note: str, *, action: str, by) -> None:
    """The contract is over and its number void."""
    values = {
        "state": ContractState.CLOSED,
        "close_reason": why,
        "close_note": note.strip()[:300],
        "closed_at": clock.now(),
    }
    _put(contract, values, action=action, by=by, reason=note)
    numbers.make_void(
        project=contract.project, kind=NumberKind.CONTRACT, number=contract.number, reason=note, by=by
    )  # fmt: skip


def reach(
    contract: Contract, kind: MilestoneKind, on: date | None, *, by, reason: str = "", **values: Any
) -> Milestone:
    """Write when a milestone was reached, and what is told of it; the row is made if nobody expected it."""
    row = Milestone.every.filter(contract=contract, kind=kind).first() or Milestone(contract=contract, kind=kind)
    for name, value in {**values, "actual_on": on, "recorded_by": by, "recorded_at": clock.now()}.items():
        setattr(row, name, value)
    return save_tracked(row, action="contract.milestone", by=by, reason=reason)


def pay_first(contract: Contract, *, on: date, receipt: str, amount: Decimal | None, by) -> None:
    """The first payment, without which nothing is signed (T13)."""
    row = Milestone(
        contract=contract, kind=MilestoneKind.FIRST_PAYMENT, expected_on=on, actual_on=on, receipt=receipt.strip(),
        amount=amount, recorded_by=by,
    )  # fmt: skip
    save_tracked(row, action="contract.sign", by=by)


def expect_milestones(contract: Contract, *, by) -> None:
    """What has to follow, and by when: the office's days for filing and loans (domain B8, B14), the agreed handover."""
    assert contract.signed_on is not None
    days, day = options.values(contract.project_id), contract.signed_on
    expected: dict[MilestoneKind, date | None] = {
        MilestoneKind.ONLINE: day,
        MilestoneKind.FILED: day + timedelta(days=days["filing.days"]),
    }
    loans = [days[key] for method, key in _LOAN_DAYS if contract.method in (method, PaymentMethod.COMBINED)]
    if loans:
        expected[MilestoneKind.LOAN_PAPERS] = day + timedelta(days=min(loans))
        expected[MilestoneKind.LOAN_RELEASED] = day + timedelta(days=max(loans))
    expected[MilestoneKind.PAID] = expected.get(MilestoneKind.LOAN_RELEASED)
    expected[MilestoneKind.HANDED_OVER] = contract.hand_over_on
    for kind, when in expected.items():
        done = contract.online_on if kind == MilestoneKind.ONLINE else None
        row = Milestone(contract=contract, kind=kind, expected_on=when, actual_on=done, recorded_by=by)
        save_tracked(row, action="contract.sign", by=by)


_LOAN_DAYS = (
    (PaymentMethod.MORTGAGE, "loan.commercial_days"),
    (PaymentMethod.PROVIDENT, "loan.provident_days"),
)


def filing_key(contract: Contract) -> str:
    """The key of the one warning that a contract is not filed yet."""
    return f"contract.filing_due-{contract.code}"


def require_version(contract: Contract, version: int) -> None:
    if contract.version != version:
        raise Conflict(
            _(
                "Somebody else saved contract %(number)s while you were working. Open it anew and enter your changes again."
            )
            % {"number": contract},
            code="raced",
            links=[(_("The contract"), reverse("sales:contract", args=[contract.project.code, contract.code]))],
        )


def require_reason(reason: str) -> None:
    require_text(reason, "reason", _("Give the reason: it is kept with the contract."))


def require_text(text: str, field: str, message: str) -> None:
    if not text.strip():
        raise Refusal(message, code=f"no_{field}", fields={field: [message]})


def require_day(day: date | None, field: str, contract: Contract, *, not_before: date | None) -> None:
    """Raise Refusal for a day that is still to come, or before what it follows."""
    if day is None:
        return
    if day > clock.today(contract.project.zone):
        message = _("This day is still to come. Enter the day on which it happened.")
        raise Refusal(message, code="future", fields={field: [message]})
    if not_before is not None and day < not_before:
        message = _("This cannot be before %(day)s, the day that it follows.") % {"day": not_before.isoformat()}
        raise Refusal(message, code="too_early", fields={field: [message]})


def _active(code: str) -> Subscription:
    """The full subscription that runs, its row locked. Raises Conflict `wrong_state` for any other."""
    rows = Subscription.every.select_for_update(of=("self",)).select_related("quotation")
    subscription: Subscription = rows.get(code=code)
    if subscription.state != SubscriptionState.ACTIVE or subscription.kind != SubscriptionKind.FULL:
        raise Conflict(
            _(
                "A contract is made from an active full subscription. %(number)s is not one: top it up or activate it first."
            )
            % {"number": subscription},
            code="wrong_state",
        )
    return subscription


def _make(step: trades.Step, subscription: Subscription) -> dict:
    there = Contract.every.filter(claim=step.claim, state__in=_OPEN).first()
    if there is not None:
        raise Conflict(
            _("Contract %(number)s was made from this subscription already.") % {"number": there},
            code="drafted",
            links=[(_("The contract"), reverse("sales:contract", args=[step.unit.project.code, there.code]))],
        )
    trades.require_no_change(step.trade)
    project = step.unit.project
    contract = Contract(
        number=numbers.give(project=project, kind=NumberKind.CONTRACT, trade=step.trade, by=step.by).number,
        project=project, trade=step.trade, unit=step.unit, claim=step.claim, subscription=subscription,
        method=subscription.method, area=subscription.area, total=subscription.total, unit_price=subscription.unit_price,
        main_amount=subscription.total, made_by=step.by, **_loans(subscription.method, subscription.quotation),
    )  # fmt: skip
    save_tracked(contract, action="contract.make", by=step.by)
    return {"contract": contract.code}


def _loans(method: str, quotation: Quotation | None) -> dict[str, Any]:
    """The loan as it was quoted; how a combined one is divided, the desk enters."""
    if quotation is None or not quotation.loan:
        return {}
    if method == PaymentMethod.PROVIDENT:
        return {"fund_amount": quotation.loan, "fund_years": quotation.loan_years}
    return {"loan_amount": quotation.loan} if method in WITH_LOAN else {}


def _put(contract: Contract, values: Mapping[str, Any], *, action: str, by, reason: str = "") -> None:
    """Write these columns with the next version and one history entry."""
    contract.version += 1
    for name, value in values.items():
        setattr(contract, name, value.strip() if isinstance(value, str) else value)
    save_tracked(contract, action=action, by=by, fields=[*values, "version"], reason=reason)


def _require_sum(contract: Contract, draft: Draft) -> None:
    total = draft.main_amount + draft.decoration_amount + draft.supplement_amount
    if total != contract.total:
        message = _(
            "Main contract, decoration and supplement make %(sum)s together, not %(total)s. The price was agreed with the "
            "subscription; only how the papers divide it is entered here."
        ) % {"sum": f"{total:,.2f}", "total": f"{contract.total:,.2f}"}
        raise Refusal(message, code="sum", fields={"main_amount": [message]})


def _require_loans(contract: Contract, draft: Draft) -> None:
    lent = (draft.loan_amount or Decimal(0)) + (draft.fund_amount or Decimal(0))
    if lent and contract.method not in WITH_LOAN:
        message = _("This sale is paid without a loan (%(method)s). The payment method is changed by a request.") % {
            "method": contract.get_method_display()
        }
        raise Refusal(message, code="no_loan", fields={"loan_amount": [message]})
    if lent >= contract.total:
        message = _("The loans make the whole price. The buyer pays a part of it first.")
        raise Refusal(message, code="loan", fields={"loan_amount": [message]})


def _require_whole(contract: Contract) -> None:
    """Raise Refusal unless pages and every statutory content are there (domain B7)."""
    missing = [str(Content(kind).label) for kind in Content.values if kind not in contract.contents]
    if not contract.pages:
        missing.insert(0, _("number of pages"))
    if missing:
        raise Refusal(
            _("The draft is not complete, so it cannot be signed. Missing: %(what)s. Enter it under “Edit the draft”.")
            % {"what": listed(missing)},
            code="incomplete",
        )


def _require_signing(contract: Contract, signing: Signing) -> None:
    require_text(
        signing.receipt,
        "receipt",
        _("Enter the number of the receipt for the first payment: without it nothing is signed."),
    )
    if not Decimal(0) < signing.amount <= contract.total:
        message = _("Enter the first payment: more than nothing, and not more than the price.")
        raise Refusal(message, code="amount", fields={"amount": [message]})
    require_day(signing.signed_on, "signed_on", contract, not_before=_subscribed_on(contract))


def _subscribed_on(contract: Contract) -> date | None:
    return contract.subscription.signed_on if contract.subscription else None


def _close_subscription(contract: Contract, step: trades.Step) -> None:
    row = Subscription.every.select_for_update(of=("self",)).get(pk=contract.subscription_id)
    if row.state != SubscriptionState.ACTIVE:
        raise Conflict(
            _("Subscription %(number)s is %(state)s, so no contract is signed on it.")
            % {"number": row, "state": row.get_state_display().lower()},
            code="wrong_state",
        )
    row.state, row.close_reason, row.closed_at = SubscriptionState.CLOSED, CloseReason.SIGNED, step.now
    row.version += 1
    save_tracked(
        row, action="subscription.close", by=step.by, fields=["state", "close_reason", "closed_at", "version"]
    )  # fmt: skip
