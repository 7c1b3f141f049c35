"""How the tests of subscriptions draw up, complete and activate them, as the desk does."""

import uuid
from datetime import date
from decimal import Decimal

from contracts.models import Document, Quotation, Subscription
from contracts.services import documents, subscription_ends, subscriptions, trades
from contracts.states import CloseReason, Consent, Moment, PaymentMethod, QuotationState, SubscriptionKind
from salescontrol.core.history import save_tracked

RECEIVED = Decimal(50000)


def terms(room, *buyers, **changes) -> subscriptions.Terms:
    fields = {
        "buyers": buyers or (trades.Purchaser(room.customer),), "salesperson": room.salesperson,
        "kind": SubscriptionKind.FULL, "method": PaymentMethod.FULL, "deposit": RECEIVED, **changes,
    }  # fmt: skip
    return subscriptions.Terms(**fields)


def draft(room, *buyers, unit=None, by=None, **changes) -> Subscription:
    return subscriptions.draw_up(
        op_id=uuid.uuid4(), unit_id=(unit or room.unit).pk, terms=terms(room, *buyers, **changes),
        by=by or room.specialist,
    )  # fmt: skip


def small(room, **changes) -> Subscription:
    return draft(room, kind=SubscriptionKind.SMALL, **changes)


def complete(row: Subscription, by, moment: Moment = Moment.SUBSCRIBE) -> None:
    """Tick everything off that is needed at this moment."""
    for line in Document.every.filter(trade=row.trade, moment=moment):
        documents.receive(
            op_id=uuid.uuid4(), code=row.code, document_id=line.pk, copies=line.copies_needed,
            original_seen=True, by=by,
        )  # fmt: skip


def activate(room, row: Subscription, by=None, **changes) -> Subscription:
    entered = {"receipt": "R-1", "received": 20000 if row.kind == SubscriptionKind.SMALL else row.deposit, **changes}
    entered["received"] = Decimal(entered["received"])
    return subscriptions.activate(op_id=uuid.uuid4(), code=row.code, by=by or room.specialist, **entered)


def active(room, row: Subscription | None = None) -> Subscription:
    row = row or draft(room)
    complete(row, room.specialist)
    return activate(room, row)


def top_up(room, row: Subscription, **changes) -> Subscription:
    entered = {"receipt": "R-2", "received": row.deposit - row.paid, "letter_back": True, **changes}
    return subscription_ends.top_up(op_id=uuid.uuid4(), code=row.code, by=room.specialist, **entered)


def lapse(room, row: Subscription, by=None, **changes) -> Subscription:
    entered = {"outcome": CloseReason.REFUND, "release": False, "reason": "Changed their mind", **changes}
    return subscription_ends.lapse(op_id=uuid.uuid4(), code=row.code, by=by or room.supervisor, **entered)


def void(room, row: Subscription, by=None) -> Subscription:
    return subscription_ends.void(op_id=uuid.uuid4(), code=row.code, reason="Typed wrongly", by=by or room.supervisor)


def quotation(room, unit=None, **changes) -> Quotation:
    unit = unit or room.unit
    total = changes.pop("total", Decimal("2600000.00"))
    fields = {
        "project": unit.project, "unit": unit, "customer": room.customer, "salesperson": room.salesperson,
        "method": PaymentMethod.FULL, "area": unit.built_area, "list_unit_price": unit.list_unit_price,
        "list_total": unit.list_total, "total": total, "unit_price": Decimal("21959.46"), "first_payment": total,
        "valid_until": date(2099, 1, 1), "consent": Consent.FINANCE, "state": QuotationState.READY,
        "made_by": room.salesperson, **changes,
    }  # fmt: skip
    return save_tracked(Quotation(**fields), action="quotation.build", by=room.salesperson)
