"""Customers and terms that the tests of claims share."""

import itertools
import uuid
from datetime import timedelta
from decimal import Decimal

from django.db import transaction

from contracts.models import Buyer, Claim, Contract, Subscription
from contracts.services import claims, holds, numbers, trades
from contracts.states import (
    CloseReason,
    ContractState,
    Evidence,
    HoldKind,
    NumberKind,
    PaymentMethod,
    Stage,
    SubscriptionState,
)
from enquiries import names
from enquiries.models import Customer
from enquiries.services.numbers import write_main
from inventory.models import Unit
from salescontrol.core import clock
from salescontrol.core.access import access_of
from salescontrol.core.fields import blind_index
from salescontrol.core.history import save_tracked
from salescontrol.core.money import cents

_phones = itertools.count(13800010000)


def customer(project, owner, *, name: str = "Zhou Min", by=None) -> Customer:
    """A customer of the project who belongs to `owner`."""
    phone = str(next(_phones))
    row = Customer(
        project=project,
        name=name,
        name_keys=names.keys(name),
        phone=phone,
        phone_index=blind_index("phone", phone),
        owner=owner,
        entered_by=by or owner,
    )
    save_tracked(row, action="customer.enter", by=by or owner)
    write_main(row, phone, action="customer.enter", by=by or owner)
    return row


def terms(customer: Customer | None, salesperson, **changes) -> holds.Terms:
    """What the desk enters to hold a unit for this customer."""
    fields = {"reason": "Decides tonight", "evidence": Evidence.ID_SEEN, "kind": HoldKind.CUSTOMER, **changes}
    return holds.Terms(customer=customer, salesperson=salesperson, **fields)


def hold(unit, customer, salesperson, by, *, op_id: uuid.UUID | None = None, **changes):
    """Hold the unit as the desk does."""
    return holds.place_hold(
        op_id=op_id or uuid.uuid4(), unit_id=unit.pk, terms=terms(customer, salesperson, **changes), by=by
    )


def subscribed(unit, customer, salesperson, by, *, total=None, deposit=50000, **changes) -> Subscription:
    """An active full subscription on the unit, as the desk has made it a moment ago."""
    unit = Unit.every.get(pk=unit.pk)
    total = total or unit.list_total
    with transaction.atomic():
        now = clock.now()
        trade = trades.open_trade(
            project=unit.project, salesperson=salesperson, buyers=[trades.Purchaser(customer)], by=by
        )
        claim = Claim(
            customer=customer, salesperson=salesperson, reason="Subscribed", evidence=Evidence.DEPOSIT, trade=trade,
            stage=Stage.SUBSCRIPTION,
        )  # fmt: skip
        unit = claims.lock_unit(unit.pk, access_of(by))
        claims.begin(
            unit=unit, claim=claim, by=by, op_id=uuid.uuid4(), reason="", now=now, action="trade.subscribe"
        )  # fmt: skip
        today = clock.today(unit.project.zone)
        number = numbers.give(project=unit.project, kind=NumberKind.SUBSCRIPTION, trade=trade, by=by).number
        row = Subscription(
            number=number, project=unit.project, trade=trade, unit=unit, claim=claim, method=PaymentMethod.FULL,
            area=unit.built_area, list_total=unit.list_total, total=total, unit_price=cents(total / unit.built_area),
            deposit=deposit, paid=deposit, receipt="R1", signed_on=today, due_on=today + timedelta(days=7),
            state=SubscriptionState.ACTIVE, made_by=by, **changes,
        )  # fmt: skip
        return save_tracked(row, action="subscription.activate", by=by)


def contracted(unit, customer, salesperson, by, **changes) -> Contract:
    """A contract signed today from such a subscription."""
    subscription = subscribed(unit, customer, salesperson, by)
    with transaction.atomic():
        now = clock.now()
        step = trades.locked(subscription.trade, access_of(by), by=by, op_id=uuid.uuid4())
        step.move("trade.sign", stage=Stage.CONTRACT)
        subscription.state, subscription.close_reason = SubscriptionState.CLOSED, CloseReason.SIGNED
        subscription.closed_at = now
        save_tracked(subscription, action="subscription.close", by=by)
        number = numbers.give(project=unit.project, kind=NumberKind.CONTRACT, trade=subscription.trade, by=by).number
        row = Contract(
            number=number, project=unit.project, trade=subscription.trade, unit=unit, claim=step.claim,
            subscription=subscription, method=subscription.method, area=subscription.area, total=subscription.total,
            unit_price=subscription.unit_price, main_amount=subscription.total, signed_on=clock.today(unit.project.zone),
            state=ContractState.SIGNED, made_by=by, **changes,
        )  # fmt: skip
        return save_tracked(row, action="contract.sign", by=by)


def shares_of(trade) -> Decimal:
    """The shares of the present buyers together, in percent."""
    return sum((buyer.share for buyer in Buyer.every.filter(trade=trade, until__isnull=True)), Decimal(0))
