"""Codes and choices of customers."""

from collections.abc import Mapping

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from salescontrol.core.numbering import random_code
from salescontrol.core.permissions import Permission
from salescontrol.core.transitions import Transition


def new_number() -> str:
    """The public number of a customer, such as `K7M2QX9A`."""
    return random_code()


class Purpose(TextChoices):
    """What a phone number is unmasked for (decisions 30)."""

    CALL = "CALL", _("Call the customer")
    PAPERS = "PAPERS", _("Fill in papers")
    CHECK = "CHECK", _("Check that the number is right")
    CLASH = "CLASH", _("Settle whose customer it is")


class Channel(TextChoices):
    """How somebody came to know of the project 获知途径 (domain B5)."""

    PASSING = "PASSING", _("Passing by")
    FENCE = "FENCE", _("Site fence")
    OUTDOOR = "OUTDOOR", _("Outdoor board")
    EXHIBITION = "EXHIBITION", _("Exhibition")
    WEB = "WEB", _("Web")
    NEWSPAPER = "NEWSPAPER", _("Newspaper")
    SMS = "SMS", _("Text message")
    FLYER = "FLYER", _("Flyer")
    OUTREACH = "OUTREACH", _("Outreach")
    REFERRAL = "REFERRAL", _("Referral by an owner")
    AGENT = "AGENT", _("Agent (channel)")
    OTHER = "OTHER", _("Other")


class Motive(TextChoices):
    """What a home is wanted for."""

    OWN = "OWN", _("To live in")
    INVEST = "INVEST", _("As an investment")
    BOTH = "BOTH", _("Both")


class Grade(TextChoices):
    """How near a customer is to buying 意向等级, from S (decided) to D (no longer)."""

    S = "S", "S"
    A = "A", "A"
    B = "B", "B"
    C = "C", "C"
    D = "D", "D"


class CustomerKind(TextChoices):
    """Whether a customer is a person or a company (domain B5)."""

    PERSON = "PERSON", _("Person")
    COMPANY = "COMPANY", _("Company")


class PaperKind(TextChoices):
    """The papers that say who somebody is (domain B14)."""

    RESIDENT = "RESIDENT", _("Resident identity card")
    PERMIT = "PERMIT", _("Residence permit for Hong Kong, Macau and Taiwan")
    TRAVEL = "TRAVEL", _("Travel permit for Hong Kong and Macau")
    TAIWAN = "TAIWAN", _("Travel permit for Taiwan")
    PASSPORT = "PASSPORT", _("Passport")
    COMPANY = "COMPANY", _("Company code")


class Way(TextChoices):
    """How somebody spoke with a customer 跟进方式."""

    PHONE = "PHONE", _("By phone")
    VISIT = "VISIT", _("Visit")
    MESSAGE = "MESSAGE", _("By message")
    OTHER = "OTHER", _("Other")


class ViewingState(TextChoices):
    """Where a viewing 预约看房 stands (domain B5). A moved one waits to be confirmed again; its moves are counted and kept."""

    PENDING = "PENDING", _("To be confirmed")
    CONFIRMED = "CONFIRMED", _("Confirmed")
    VISITED = "VISITED", _("Visited")
    CANCELLED = "CANCELLED", pgettext_lazy("viewing", "Cancelled")
    NO_SHOW = "NO_SHOW", _("No-show")


class Liking(TextChoices):
    """What the customer thought of a unit or layout they were shown."""

    LIKED = "LIKED", _("Liked it")
    UNDECIDED = "UNDECIDED", _("Undecided")
    DISLIKED = "DISLIKED", _("Not for them")
    NOT_SHOWN = "NOT_SHOWN", _("Not shown")


OPEN_VIEWING = frozenset({ViewingState.PENDING.value, ViewingState.CONFIRMED.value})
VIEWING_TABLE: Mapping[str, Transition] = {
    "viewing.confirm": Transition(
        frozenset({ViewingState.PENDING.value}), ViewingState.CONFIRMED, Permission.VIEWING_BOOK
    ),
    "viewing.move": Transition(OPEN_VIEWING, ViewingState.PENDING, Permission.VIEWING_BOOK, reason=True),
    "viewing.cancel": Transition(OPEN_VIEWING, ViewingState.CANCELLED, Permission.VIEWING_BOOK, reason=True),
    "viewing.miss": Transition(OPEN_VIEWING, ViewingState.NO_SHOW, Permission.VIEWING_BOOK),
    "viewing.outcome": Transition(OPEN_VIEWING, ViewingState.VISITED, Permission.VIEWING_BOOK),
}
