"""The stages of a claim on a unit, and the states of requests and waiting entries (domain B3; decisions 4, 14)."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from salescontrol.core.numbering import random_code


class Stage(models.TextChoices):
    """How far the one claim on a unit has come. Held → small deposit → subscription → contract."""

    HOLD = "HOLD", _("Hold")
    SMALL_DEPOSIT = "SMALL_DEPOSIT", _("Small deposit")
    SUBSCRIPTION = "SUBSCRIPTION", _("Subscription")
    CONTRACT = "CONTRACT", _("Contract")


class HoldKind(models.TextChoices):
    """Why a unit is held: for a customer; while a deal is being written; as an offer to the next in the waiting list."""

    CUSTOMER = "CUSTOMER", _("For a customer")
    DEAL = "DEAL", _("While a deal is written")
    OFFER = "OFFER", _("Offer from the waiting list")


class Evidence(models.TextChoices):
    """What was seen before a unit was held."""

    ID_SEEN = "ID_SEEN", _("Original ID seen")
    DEPOSIT = "DEPOSIT", _("Deposit in hand")
    NONE = "NONE", _("None, approved by the supervisor")


class ClaimState(models.TextChoices):
    ACTIVE = "ACTIVE", _("Active")
    CONVERTED = "CONVERTED", _("Went on")
    EXPIRED = "EXPIRED", _("Expired")
    RELEASED = "RELEASED", _("Released")


class RequestState(models.TextChoices):
    """A salesperson's request for a hold."""

    REQUESTED = "REQUESTED", _("Requested")
    PLACED = "PLACED", _("Placed")
    REJECTED = "REJECTED", _("Rejected")
    WITHDRAWN = "WITHDRAWN", _("Withdrawn")


class WaitingState(models.TextChoices):
    """A place in the waiting list of a unit."""

    WAITING = "WAITING", _("Waiting")
    OFFERED = "OFFERED", _("Offered")
    TAKEN = "TAKEN", _("Taken")
    LAPSED = "LAPSED", _("Offer lapsed")
    WITHDRAWN = "WITHDRAWN", _("Withdrawn")


def new_number() -> str:
    """The public number of a claim, such as `K7M2QX9A`."""
    return random_code()
