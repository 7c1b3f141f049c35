"""Codes and choices of customers and calls, and how a call moves."""

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


class Rings(TextChoices):
    """How often the phone rang before it was answered (R2.1); the first character is the key that chooses it."""

    R0 = "0", "0"
    R1 = "1", "1"
    R2 = "2", "2"
    R3 = "3", "3"
    R4 = "4", "4"
    R5 = "5", "5"
    R6 = "6", "6"
    R7 = "7", "7"
    R8 = "8", "8"
    R9 = "9", pgettext_lazy("rings of a phone", "9 or more")
    MISSED = "M", pgettext_lazy("rings of a phone", "M · missed")
    UNKNOWN = "U", pgettext_lazy("rings of a phone", "U · unknown")


# Answered in time: within three rings.
IN_TIME = (Rings.R0, Rings.R1, Rings.R2, Rings.R3)
LATE = (Rings.R4, Rings.R5, Rings.R6, Rings.R7, Rings.R8, Rings.R9)


class Invited(TextChoices):
    """What became of the invitation to come and see 邀约."""

    YES = "YES", pgettext_lazy("invitation", "Will come")
    MAYBE = "MAYBE", pgettext_lazy("invitation", "Perhaps")
    NO = "NO", pgettext_lazy("invitation", "Declined")


class CallState(TextChoices):
    """A call being written, one that its salesperson has to learn of, one that they know of, a draft thrown away."""

    DRAFT = "DRAFT", pgettext_lazy("call", "Draft")
    LOGGED = "LOGGED", pgettext_lazy("call", "Logged")
    CONFIRMED = "CONFIRMED", pgettext_lazy("call", "Confirmed")
    DISCARDED = "DISCARDED", pgettext_lazy("call", "Thrown away")


CALL_TRANSITIONS: Mapping[str, Transition] = {
    "call.log": Transition(frozenset({CallState.DRAFT}), CallState.LOGGED, Permission.CALL_LOG),
    "call.discard": Transition(frozenset({CallState.DRAFT}), CallState.DISCARDED, Permission.CALL_LOG),
    "call.confirm": Transition(frozenset({CallState.LOGGED}), CallState.CONFIRMED, Permission.CALL_SEE_OWN),
}


class Talk(TextChoices):
    """What a talking point 说辞 is about (R2.2)."""

    PRICE = "PRICE", _("Price")
    LAYOUT = "LAYOUT", _("Layout")
    FACILITIES = "FACILITIES", _("Facilities")
    SCHOOLS = "SCHOOLS", _("Schools")
    TRANSPORT = "TRANSPORT", _("Transport")
    FEES = "FEES", _("Fees")
    PROCEDURE = "PROCEDURE", _("Procedure")
    FACT = "FACT", _("Facts of the project")
    COURTESY = "COURTESY", _("Courtesy")
    OTHER = "OTHER", _("Other")


class VisitKind(TextChoices):
    """What brings a visitor 来访: for the first time, again, or after a phone call (domain B5)."""

    FIRST = "FIRST", _("First visit")
    REPEAT = "REPEAT", _("Repeated visit")
    CALLED = "CALLED", _("First visit after a call")


class Party(TextChoices):
    """With whom a visitor comes."""

    ALONE = "ALONE", _("Alone")
    FAMILY = "FAMILY", _("With family")
    FRIENDS = "FRIENDS", _("With friends")


class AgeBand(TextChoices):
    """How old a visitor looks or says they are."""

    TO_30 = "TO_30", "≤ 30"
    TO_35 = "TO_35", "31 – 35"
    TO_40 = "TO_40", "36 – 40"
    TO_45 = "TO_45", "41 – 45"
    TO_50 = "TO_50", "46 – 50"
    TO_60 = "TO_60", "51 – 60"
    OVER_60 = "OVER_60", "> 60"


class Employer(TextChoices):
    """Who a visitor works for."""

    STATE = "STATE", _("State or public body")
    PRIVATE = "PRIVATE", _("Private company")
    FOREIGN = "FOREIGN", _("Foreign company")
    SELF = "SELF", _("Self-employed")
    RETIRED = "RETIRED", _("Retired")
    OTHER = "OTHER", _("Other")


class ErasureReason(TextChoices):
    """Why a customer is to be erased (R7.6)."""

    WISH = "WISH", _("The customer wishes it")
    TERM = "TERM", _("No contact for longer than their data is kept")
    MISTAKE = "MISTAKE", _("Entered by mistake")
    RESTORED = "RESTORED", _("Erased before; came back with a restored copy")


class ErasureState(TextChoices):
    """Where an erasure stands: proposed by the clock, asked for by somebody, done, or not done."""

    PROPOSED = "PROPOSED", pgettext_lazy("erasure", "Proposed")
    REQUESTED = "REQUESTED", pgettext_lazy("erasure", "Requested")
    DONE = "DONE", pgettext_lazy("erasure", "Erased")
    REFUSED = "REFUSED", pgettext_lazy("erasure", "Refused")
    WITHDRAWN = "WITHDRAWN", pgettext_lazy("erasure", "Withdrawn")


OPEN_ERASURE = (ErasureState.PROPOSED, ErasureState.REQUESTED)


class Reaction(TextChoices):
    """What a visitor thinks of a price."""

    LOW = "LOW", _("Low")
    FAIR = "FAIR", _("Acceptable")
    HIGH = "HIGH", _("Too high")


class Line(TextChoices):
    """An order in which salespeople take turns 轮接: of callers, of visitors, or one order of both (a setting)."""

    PHONE = "PHONE", pgettext_lazy("order of turns", "Calls")
    VISIT = "VISIT", pgettext_lazy("order of turns", "Visitors")
    BOTH = "BOTH", pgettext_lazy("order of turns", "Calls and visitors")


class TurnKind(TextChoices):
    """What happened in the order of turns."""

    TAKEN = "TAKEN", _("Turn taken")
    SKIPPED = "SKIPPED", _("Skipped")
    SWAPPED = "SWAPPED", _("Swapped")
    OUT = "OUT", _("Out")
    BACK = "BACK", _("Back")


class SkipReason(TextChoices):
    """Why somebody does not take their turn."""

    BUSY = "BUSY", _("With a customer")
    AWAY = "AWAY", _("Not in the room")
    DECLINED = "DECLINED", _("Passes on this one")
    LUNCH = "LUNCH", _("At lunch")
    OTHER = "OTHER", _("Another reason")


class Origin(TextChoices):
    """How a visitor came: by themselves, or brought by a channel company that pre-reported them 报备 (domain B5)."""

    NATURAL = "NATURAL", _("Natural")
    CHANNEL = "CHANNEL", pgettext_lazy("origin", "Channel")


class Finding(TextChoices):
    """What was known of a pre-reported person when the report was entered."""

    CLEAR = "CLEAR", pgettext_lazy("pre-report", "Not known before")
    KNOWN = "KNOWN", pgettext_lazy("pre-report", "A customer already")
    REPORTED = "REPORTED", pgettext_lazy("pre-report", "Reported before")


class ReportState(TextChoices):
    """Where a pre-report 报备 stands."""

    OPEN = "OPEN", pgettext_lazy("pre-report", "Valid")
    ARRIVED = "ARRIVED", pgettext_lazy("pre-report", "Arrived")
    EXPIRED = "EXPIRED", pgettext_lazy("pre-report", "Expired")
    REFUSED = "REFUSED", pgettext_lazy("pre-report", "Refused")


# A judgement counts for the moment of the visit: what was refused or has expired since can still be found to be the one.
REPORT_TABLE: Mapping[str, Transition] = {
    "pre_report.arrive": Transition(
        frozenset({ReportState.OPEN, ReportState.EXPIRED, ReportState.REFUSED}),
        ReportState.ARRIVED,
        Permission.VISIT_LOG,
    ),
    "pre_report.refuse": Transition(
        frozenset({ReportState.OPEN}), ReportState.REFUSED, Permission.PRE_REPORT_ENTER, reason=True
    ),
    "pre_report.displace": Transition(
        frozenset({ReportState.ARRIVED}), ReportState.REFUSED, Permission.VISIT_JUDGE, reason=True
    ),
}


class IntakeContent(TextChoices):
    """What a list that is taken over holds: the office's customers, or its calls (R2.5)."""

    CUSTOMERS = "CUSTOMERS", _("Customers")
    CALLS = "CALLS", _("Calls")


class IntakeState(TextChoices):
    """Where an import stands: read in the background, looked at, written in the background."""

    READING = "READING", pgettext_lazy("import", "Being read")
    REFUSED = "REFUSED", pgettext_lazy("import", "Not readable")
    PREVIEW = "PREVIEW", pgettext_lazy("import", "Preview")
    WRITING = "WRITING", pgettext_lazy("import", "Being written")
    DONE = "DONE", pgettext_lazy("import", "Taken over")
    DISCARDED = "DISCARDED", pgettext_lazy("import", "Discarded")


class IntakeKind(TextChoices):
    """What becomes of a row: entered; somebody known of whom gaps are filled; nothing new; refused."""

    NEW = "NEW", pgettext_lazy("row of an import", "New")
    FILLS = "FILLS", pgettext_lazy("row of an import", "Known, fills gaps")
    UNCHANGED = "UNCHANGED", pgettext_lazy("row of an import", "Known, nothing new")
    REFUSED = "REFUSED", pgettext_lazy("row of an import", "Refused")
