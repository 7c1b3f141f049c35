"""The states of the trade and the tables of how they move (domain B2.2–B2.4, B4; decisions 7)."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from salescontrol.core.permissions import Permission
from salescontrol.core.transitions import Transition


class Status(models.TextChoices):
    """Eight states. DRAFT: not approved yet, counted nowhere; the other seven are the sale states."""

    DRAFT = "DRAFT", _("In review")
    WITHHELD = "WITHHELD", _("Withheld")
    AVAILABLE = "AVAILABLE", _("Available")
    HELD = "HELD", _("Held")
    SMALL_DEPOSIT = "SMALL_DEPOSIT", _("Small deposit")
    SUBSCRIBED = "SUBSCRIBED", _("Subscribed")
    CONTRACTED = "CONTRACTED", _("Contracted")
    DELIVERED = "DELIVERED", _("Delivered")


SALE_STATES = tuple(status for status in Status if status is not Status.DRAFT)
SOLD = frozenset({Status.CONTRACTED, Status.DELIVERED})
CLAIMED = frozenset({Status.HELD, Status.SMALL_DEPOSIT, Status.SUBSCRIBED, Status.CONTRACTED, Status.DELIVERED})
FOR_SALE = frozenset({Status.AVAILABLE})

# One character on each cell, so that colour is never alone (decisions 7): letters in English, characters in Chinese.
MARKS = {
    Status.DRAFT: pgettext_lazy("mark", "R"),
    Status.WITHHELD: pgettext_lazy("mark", "W"),
    Status.AVAILABLE: pgettext_lazy("mark", "A"),
    Status.HELD: pgettext_lazy("mark", "H"),
    Status.SMALL_DEPOSIT: pgettext_lazy("mark", "D"),
    Status.SUBSCRIBED: pgettext_lazy("mark", "S"),
    Status.CONTRACTED: pgettext_lazy("mark", "C"),
    Status.DELIVERED: pgettext_lazy("mark", "X"),
}


class Review(models.TextChoices):
    """The machine of a listing (R1.4)."""

    DRAFT = "DRAFT", _("Draft")
    SUBMITTED = "SUBMITTED", _("Submitted")
    RETURNED = "RETURNED", _("Returned")
    APPROVED = "APPROVED", _("Approved")


class Lock(models.TextChoices):
    """Overlay locks (domain B2.3): while one is on, no new claim."""

    EXCHANGE = "EXCHANGE", _("Exchange pending")
    REFUND = "REFUND", _("Refund: price to be confirmed")
    CHANGE = "CHANGE", _("Change pending")
    PRICE = "PRICE", _("Price under decision")
    OPENING = "OPENING", _("Kept for an opening event")
    STOP = "STOP", _("Sales stopped")
    FROZEN = "FROZEN", _("Under examination")


LOCK_MARKS = {
    Lock.EXCHANGE: pgettext_lazy("lock mark", "E"),
    Lock.REFUND: pgettext_lazy("lock mark", "B"),
    Lock.CHANGE: pgettext_lazy("lock mark", "N"),
    Lock.PRICE: pgettext_lazy("lock mark", "P"),
    Lock.OPENING: pgettext_lazy("lock mark", "O"),
    Lock.STOP: pgettext_lazy("lock mark", "Z"),
    Lock.FROZEN: pgettext_lazy("lock mark", "F"),
}

REVIEW_TABLE = {
    "unit.submit": Transition(frozenset({Review.DRAFT, Review.RETURNED}), Review.SUBMITTED, Permission.BATCH_SUBMIT),
    "unit.approve": Transition(frozenset({Review.SUBMITTED}), Review.APPROVED, Permission.UNIT_REVIEW),
    "unit.return": Transition(frozenset({Review.SUBMITTED}), Review.RETURNED, Permission.UNIT_REVIEW, reason=True),
}

# The sale states without a claim; the moves of claims follow below.
SALE_TABLE = {
    "unit.approve": Transition(frozenset({Status.DRAFT}), Status.WITHHELD, Permission.UNIT_REVIEW),
    "unit.release": Transition(frozenset({Status.WITHHELD}), Status.AVAILABLE, Permission.UNIT_RELEASE, reason=True),
    "unit.withhold": Transition(frozenset({Status.AVAILABLE}), Status.WITHHELD, Permission.UNIT_RELEASE, reason=True),
}
# A claim's own moves (T5–T8). They are made by the `contracts` app, which owns the claims; expiry and offer are the clock's.
CLAIM_TABLE = {
    "claim.hold": Transition(frozenset({Status.AVAILABLE}), Status.HELD, Permission.HOLD_PLACE),
    "claim.offer": Transition(frozenset({Status.AVAILABLE}), Status.HELD, Permission.HOLD_PLACE),
    "claim.take": Transition(frozenset({Status.HELD}), Status.HELD, Permission.HOLD_PLACE, reason=True),
    "claim.complete": Transition(frozenset({Status.HELD}), Status.HELD, Permission.HOLD_PLACE, reason=True),
    "claim.extend": Transition(frozenset({Status.HELD}), Status.HELD, Permission.HOLD_PLACE, reason=True),
    "claim.release": Transition(frozenset({Status.HELD}), Status.AVAILABLE, Permission.HOLD_PLACE, reason=True),
    "claim.expire": Transition(frozenset({Status.HELD}), Status.AVAILABLE, Permission.HOLD_PLACE),
}
# A trade's moves (T9–T20), made by `contracts` too. Those that end a claim have two names, by what becomes of the unit: the
# approver chose (T12, T14, T15); after a contract it is never at once for sale again (T17, T18).
TRADE_TABLE = {
    "trade.deposit": Transition(
        frozenset({Status.AVAILABLE, Status.HELD}), Status.SMALL_DEPOSIT, Permission.DEAL_WRITE
    ),
    "trade.subscribe": Transition(frozenset({Status.AVAILABLE, Status.HELD}), Status.SUBSCRIBED, Permission.DEAL_WRITE),
    "trade.top_up": Transition(frozenset({Status.SMALL_DEPOSIT}), Status.SUBSCRIBED, Permission.DEAL_WRITE),
    "trade.lapse": Transition(frozenset({Status.SMALL_DEPOSIT}), Status.WITHHELD, Permission.DEAL_DECIDE, reason=True),
    "trade.lapse_open": Transition(
        frozenset({Status.SMALL_DEPOSIT}), Status.AVAILABLE, Permission.DEAL_DECIDE, reason=True
    ),
    "trade.sign": Transition(frozenset({Status.SUBSCRIBED}), Status.CONTRACTED, Permission.DEAL_WRITE),
    "trade.refund": Transition(
        frozenset({Status.SUBSCRIBED, Status.CONTRACTED}), Status.WITHHELD, Permission.CHANGE_EXECUTE, reason=True
    ),
    "trade.refund_open": Transition(
        frozenset({Status.SUBSCRIBED}), Status.AVAILABLE, Permission.CHANGE_EXECUTE, reason=True
    ),
    "trade.forfeit": Transition(
        frozenset({Status.SUBSCRIBED}), Status.WITHHELD, Permission.CHANGE_EXECUTE, reason=True
    ),
    "trade.forfeit_open": Transition(
        frozenset({Status.SUBSCRIBED}), Status.AVAILABLE, Permission.CHANGE_EXECUTE, reason=True
    ),
    "trade.exchange": Transition(
        frozenset({Status.SUBSCRIBED, Status.CONTRACTED}), Status.WITHHELD, Permission.CHANGE_EXECUTE, reason=True
    ),
    "trade.exchange_open": Transition(
        frozenset({Status.SUBSCRIBED}), Status.AVAILABLE, Permission.CHANGE_EXECUTE, reason=True
    ),
    "trade.come": Transition(frozenset({Status.AVAILABLE}), Status.SUBSCRIBED, Permission.CHANGE_EXECUTE, reason=True),
    "trade.come_signed": Transition(
        frozenset({Status.AVAILABLE}), Status.CONTRACTED, Permission.CHANGE_EXECUTE, reason=True
    ),
    "trade.revive": Transition(
        frozenset({Status.AVAILABLE, Status.WITHHELD}), Status.SUBSCRIBED, Permission.CHANGE_EXECUTE, reason=True
    ),
    "trade.amend": Transition(
        frozenset({Status.SUBSCRIBED}), Status.SUBSCRIBED, Permission.CHANGE_EXECUTE, reason=True
    ),
    "trade.amend_signed": Transition(
        frozenset({Status.CONTRACTED}), Status.CONTRACTED, Permission.CHANGE_EXECUTE, reason=True
    ),
    "trade.hand_over": Transition(frozenset({Status.CONTRACTED}), Status.DELIVERED, Permission.DEAL_WRITE),
    "trade.void_deposit": Transition(
        frozenset({Status.SMALL_DEPOSIT}), Status.AVAILABLE, Permission.DEAL_VOID, reason=True
    ),
    "trade.void_top_up": Transition(
        frozenset({Status.SUBSCRIBED}), Status.SMALL_DEPOSIT, Permission.DEAL_VOID, reason=True
    ),
    "trade.void_subscription": Transition(
        frozenset({Status.SUBSCRIBED}), Status.AVAILABLE, Permission.DEAL_VOID, reason=True
    ),
    "trade.void_contract": Transition(
        frozenset({Status.CONTRACTED}), Status.SUBSCRIBED, Permission.DEAL_VOID, reason=True
    ),
    "trade.void_change": Transition(
        frozenset({Status.SUBSCRIBED}), Status.SUBSCRIBED, Permission.DEAL_VOID, reason=True
    ),
    "trade.void_change_signed": Transition(
        frozenset({Status.CONTRACTED}), Status.CONTRACTED, Permission.DEAL_VOID, reason=True
    ),
    "trade.void_hand_over": Transition(
        frozenset({Status.DELIVERED}), Status.CONTRACTED, Permission.DEAL_VOID, reason=True
    ),
}
# What was done before this system was used, brought along with its true dates (past-sales import). The names say so: these events
# alone may be older than the record of them.
BROUGHT_TABLE = {
    "unit.bring_approved": Transition(frozenset({Status.DRAFT}), Status.WITHHELD, Permission.SALES_IMPORT, reason=True),
    "unit.bring_released": Transition(
        frozenset({Status.WITHHELD}), Status.AVAILABLE, Permission.SALES_IMPORT, reason=True
    ),
    "trade.bring_subscribed": Transition(
        frozenset({Status.WITHHELD, Status.AVAILABLE}), Status.SUBSCRIBED, Permission.SALES_IMPORT, reason=True
    ),
    "trade.bring_signed": Transition(
        frozenset({Status.WITHHELD, Status.AVAILABLE, Status.SUBSCRIBED}), Status.CONTRACTED, Permission.SALES_IMPORT,
        reason=True,
    ),
    "trade.bring_handed_over": Transition(
        frozenset({Status.CONTRACTED}), Status.DELIVERED, Permission.SALES_IMPORT, reason=True
    ),
}  # fmt: skip
# The number of each move in the trade's own table (domain B2.4); an offer is a hold too. The others are steps inside a state.
NUMBERS = {
    "unit.approve": "T1", "unit.return": "T2", "unit.release": "T3", "unit.withhold": "T4", "claim.hold": "T5",
    "claim.offer": "T5", "claim.expire": "T6", "claim.release": "T7", "claim.extend": "T8",
    "trade.deposit": "T9", "trade.subscribe": "T10", "trade.top_up": "T11", "trade.lapse": "T12",
    "trade.lapse_open": "T12", "trade.sign": "T13", "trade.refund": "T14, T17", "trade.refund_open": "T14",
    "trade.forfeit": "T14", "trade.forfeit_open": "T14", "trade.exchange": "T15, T18",
    "trade.exchange_open": "T15", "trade.come": "T15", "trade.come_signed": "T18", "trade.amend": "T16",
    "trade.amend_signed": "T16", "trade.hand_over": "T19", "trade.void_deposit": "T20", "trade.void_top_up": "T20",
    "trade.void_subscription": "T20", "trade.void_contract": "T20", "trade.void_hand_over": "T20",
}  # fmt: skip
# What an approved request may correct a status to (R6.2): only between the two states without a claim.
CORRECTIONS = {Status.AVAILABLE: "unit.release", Status.WITHHELD: "unit.withhold"}


class BatchState(models.TextChoices):
    """A listing batch: the file is read, looked at, accepted into drafts, submitted, decided."""

    READING = "READING", _("Being read")
    MAPPING = "MAPPING", _("Columns to be chosen")
    PREVIEW = "PREVIEW", _("Preview")
    REFUSED = "REFUSED", _("Not readable")
    DRAFT = "DRAFT", _("Draft")
    SUBMITTED = "SUBMITTED", _("Submitted")
    RETURNED = "RETURNED", _("Returned")
    APPROVED = "APPROVED", _("Approved")
    DISCARDED = "DISCARDED", _("Discarded")


# From the draft on: reading the file comes before (`services/imports.py`). A batch that was approved without some units is
# submitted again for these when they are corrected.
BATCH_TABLE = {
    "batch.submit": Transition(
        frozenset({BatchState.DRAFT, BatchState.RETURNED, BatchState.APPROVED}),
        BatchState.SUBMITTED,
        Permission.BATCH_SUBMIT,
    ),
    "batch.approve": Transition(frozenset({BatchState.SUBMITTED}), BatchState.APPROVED, Permission.UNIT_REVIEW),
    "batch.return": Transition(
        frozenset({BatchState.SUBMITTED}), BatchState.RETURNED, Permission.UNIT_REVIEW, reason=True
    ),
    "batch.withdraw": Transition(frozenset({BatchState.SUBMITTED}), BatchState.DRAFT, Permission.BATCH_SUBMIT),
}


class PriceListState(models.TextChoices):
    DRAFT = "DRAFT", _("Draft")
    SUBMITTED = "SUBMITTED", _("Submitted")
    APPROVED = "APPROVED", _("Approved, not yet effective")
    EFFECTIVE = "EFFECTIVE", _("Effective")
    SUPERSEDED = "SUPERSEDED", _("Superseded")
    REJECTED = "REJECTED", _("Returned")


PRICE_TABLE = {
    "price_list.submit": Transition(
        frozenset({PriceListState.DRAFT, PriceListState.REJECTED}), PriceListState.SUBMITTED, Permission.PRICE_PROPOSE
    ),
    "price_list.approve": Transition(
        frozenset({PriceListState.SUBMITTED}), PriceListState.APPROVED, Permission.PRICE_DECIDE
    ),
    "price_list.return": Transition(
        frozenset({PriceListState.SUBMITTED}), PriceListState.REJECTED, Permission.PRICE_DECIDE, reason=True
    ),
    "price_list.withdraw": Transition(
        frozenset({PriceListState.SUBMITTED}), PriceListState.DRAFT, Permission.PRICE_PROPOSE
    ),
    "price_list.take_effect": Transition(
        frozenset({PriceListState.APPROVED}), PriceListState.EFFECTIVE, Permission.PRICE_DECIDE
    ),
    "price_list.supersede": Transition(
        frozenset({PriceListState.EFFECTIVE}), PriceListState.SUPERSEDED, Permission.PRICE_DECIDE
    ),
}


class DiscountState(models.TextChoices):
    DRAFT = "DRAFT", _("Draft")
    SUBMITTED = "SUBMITTED", _("Submitted")
    EFFECTIVE = "EFFECTIVE", _("Effective")
    ENDED = "ENDED", _("Ended")
    REJECTED = "REJECTED", _("Returned")


DISCOUNT_TABLE = {
    "discount.submit": Transition(
        frozenset({DiscountState.DRAFT, DiscountState.REJECTED}), DiscountState.SUBMITTED, Permission.DISCOUNT_PROPOSE
    ),
    "discount.approve": Transition(
        frozenset({DiscountState.SUBMITTED}), DiscountState.EFFECTIVE, Permission.DISCOUNT_DECIDE
    ),
    "discount.return": Transition(
        frozenset({DiscountState.SUBMITTED}), DiscountState.REJECTED, Permission.DISCOUNT_DECIDE, reason=True
    ),
    "discount.withdraw": Transition(
        frozenset({DiscountState.SUBMITTED}), DiscountState.DRAFT, Permission.DISCOUNT_PROPOSE
    ),
    "discount.end": Transition(
        frozenset({DiscountState.EFFECTIVE}), DiscountState.ENDED, Permission.DISCOUNT_DECIDE, reason=True
    ),
}
