"""The stages of a claim on a unit, and the states of requests and waiting entries (domain B3; decisions 4, 14)."""

from collections.abc import Mapping

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

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


class PaymentMethod(models.TextChoices):
    """How a buyer pays 付款方式 (domain B4)."""

    FULL = "FULL", _("Full payment")
    MORTGAGE = "MORTGAGE", _("Commercial mortgage")
    PROVIDENT = "PROVIDENT", _("Provident fund loan")
    COMBINED = "COMBINED", _("Combined loan")
    INSTALMENT = "INSTALMENT", _("Instalments")
    OTHER = "OTHER", pgettext_lazy("payment method", "Other")


WITH_LOAN = frozenset({PaymentMethod.MORTGAGE, PaymentMethod.PROVIDENT, PaymentMethod.COMBINED})


class Consent(models.TextChoices):
    """Whose consent a price needs (domain B4)."""

    NONE = "NONE", pgettext_lazy("consent", "Nobody's")
    SUPERVISOR = "SUPERVISOR", _("The supervisor's")
    MANAGEMENT = "MANAGEMENT", _("The supervisor's and the management's")
    FINANCE = "FINANCE", _("The supervisor's, the management's and finance's")


class QuotationState(models.TextChoices):
    """Ready: it may be subscribed on. Used: frozen into a subscription."""

    DRAFT = "DRAFT", _("Draft")
    ASKED = "ASKED", _("Waiting for consent")
    READY = "READY", _("Ready")
    REFUSED = "REFUSED", _("Returned")
    USED = "USED", _("Subscribed on")
    WITHDRAWN = "WITHDRAWN", _("Withdrawn")


class SubscriptionKind(models.TextChoices):
    SMALL = "SMALL", _("Small deposit")
    FULL = "FULL", _("Full subscription")


class SubscriptionState(models.TextChoices):
    """Active 激活: signed, its deposit received, the unit claimed by it."""

    DRAFT = "DRAFT", _("Draft")
    ACTIVE = "ACTIVE", _("Active")
    CLOSED = "CLOSED", pgettext_lazy("sale", "Closed")


class CloseReason(models.TextChoices):
    """Why a subscription or a contract is over (domain B6)."""

    SIGNED = "SIGNED", _("Contract signed")
    REFUND = "REFUND", _("Refund")
    FORFEIT = "FORFEIT", _("Deposit forfeited")
    EXCHANGE = "EXCHANGE", _("Exchanged")
    LAPSED = "LAPSED", _("Lapsed")
    VOID = "VOID", _("Void: wrong entry")
    DISCARDED = "DISCARDED", _("Draft discarded")


class ContractState(models.TextChoices):
    DRAFT = "DRAFT", _("Draft")
    SIGNED = "SIGNED", _("Signed")
    DELIVERED = "DELIVERED", _("Handed over")
    CLOSED = "CLOSED", pgettext_lazy("sale", "Closed")


class MilestoneKind(models.TextChoices):
    """What is followed up after a contract was signed (R3.3), in the order in which it usually comes."""

    ONLINE = "ONLINE", _("Signed online")
    FIRST_PAYMENT = "FIRST_PAYMENT", _("First payment")
    FILED = "FILED", _("Filed")
    LOAN_PAPERS = "LOAN_PAPERS", _("Loan papers complete")
    LOAN_RELEASED = "LOAN_RELEASED", _("Loan released")
    PAID = "PAID", _("Paid in full")
    SURVEYED = "SURVEYED", _("Surveyed")
    HANDED_OVER = "HANDED_OVER", _("Handed over")


# The others come with an action of their own: signing, filing, handing over.
RECORDED = frozenset({
    MilestoneKind.ONLINE, MilestoneKind.LOAN_PAPERS, MilestoneKind.LOAN_RELEASED, MilestoneKind.PAID, MilestoneKind.SURVEYED,
})  # fmt: skip


class Content(models.TextChoices):
    """What a sale contract must say by law (domain B7, art. 16); each is ticked before signing."""

    PARTIES = "PARTIES", _("Parties")
    UNIT = "UNIT", _("Basic facts of the unit")
    MODE = "MODE", _("Mode of sale")
    PRICE = "PRICE", _("Price, how it is fixed, total, way and time of payment")
    HAND_OVER = "HAND_OVER", _("Conditions and date of the handover")
    FINISH = "FINISH", _("Standard of decoration and equipment")
    UTILITIES = "UTILITIES", _("Promises about utilities and public works")
    SHARED = "SHARED", _("Ownership of shared facilities")
    AREA = "AREA", _("How differences in area are handled")
    TITLE = "TITLE", _("Registration of title")
    DISPUTES = "DISPUTES", _("How disputes are settled")
    DEFAULT = "DEFAULT", _("Liability for default")
    OTHER = "OTHER", _("Other matters agreed")


# Action on a contract → the states from which it is allowed. The buttons, the services and their test read this table.
CONTRACT_ACTIONS: Mapping[str, frozenset[ContractState]] = {
    "contract.edit": frozenset({ContractState.DRAFT}),
    "contract.discard": frozenset({ContractState.DRAFT}),
    "contract.sign": frozenset({ContractState.DRAFT}),
    "contract.details": frozenset({ContractState.SIGNED, ContractState.DELIVERED}),
    "contract.file": frozenset({ContractState.SIGNED, ContractState.DELIVERED}),
    "contract.milestone": frozenset({ContractState.SIGNED, ContractState.DELIVERED}),
    "contract.hand_over": frozenset({ContractState.SIGNED}),
    "contract.void": frozenset({ContractState.SIGNED}),
    "contract.void_hand_over": frozenset({ContractState.DELIVERED}),
}


class AgentKind(models.TextChoices):
    """Who acts for a buyer."""

    NONE = "NONE", pgettext_lazy("agent", "Nobody")
    AGENT = "AGENT", _("Agent by proxy")
    GUARDIAN = "GUARDIAN", _("Guardian")
    REPRESENTATIVE = "REPRESENTATIVE", _("Legal representative")


class Moment(models.TextChoices):
    """When a document of the checklist has to be there."""

    SUBSCRIBE = "SUBSCRIBE", _("Before the subscription")
    SIGN = "SIGN", _("Before the contract")


class NumberKind(models.TextChoices):
    """What a number of the office is given to; the value stands in the number itself (domain B7)."""

    SUBSCRIPTION = "RG", _("Subscription")
    CONTRACT = "HT", pgettext_lazy("paper", "Contract")
    CHANGE = "BG", pgettext_lazy("sale", "Change")
    LETTER = "HJ", _("Letter")


class PaperKind(models.TextChoices):
    """What is printed in the course of a sale (domain B7)."""

    QUOTATION = "QUOTATION", _("Quotation")
    SUBSCRIPTION = "SUBSCRIPTION", _("Subscription letter")
    PROVISIONAL = "PROVISIONAL", _("Provisional letter")
    COVER = "COVER", _("Contract cover sheet")
    NOTICE = "NOTICE", _("Notice to sign")
    TERMINATION = "TERMINATION", _("Notice of termination")
    CHANGE = "CHANGE", _("Change agreement")
    DUNNING = "DUNNING", _("Dunning letter")
    SETTLEMENT = "SETTLEMENT", _("Area settlement letter")


# Papers that bear a number of the office as a letter does.
LETTERS = frozenset({PaperKind.NOTICE, PaperKind.TERMINATION, PaperKind.DUNNING, PaperKind.SETTLEMENT})


class TemplateState(models.TextChoices):
    """A version of the office's own template; one of each kind is in force."""

    DRAFT = "DRAFT", _("Draft")
    IN_FORCE = "IN_FORCE", _("In force")
    SUPERSEDED = "SUPERSEDED", _("Superseded")


class FormKind(models.TextChoices):
    """Forms with printed serial numbers, of which the office keeps a stock (domain B7)."""

    SUBSCRIPTION = "SUBSCRIPTION", _("Blank subscription letter")
    CONTRACT = "CONTRACT", _("Blank contract")
    RECEIPT = "RECEIPT", _("Blank receipt")


class FormState(models.TextChoices):
    """What became of one blank form. Used, void and returned are final."""

    LEFT = "LEFT", _("In stock")
    OUT = "OUT", _("Given out")
    USED = "USED", _("Used")
    VOID = "VOID", pgettext_lazy("blank form", "Void")
    RETURNED = "RETURNED", _("Returned")


class NumberState(models.TextChoices):
    GIVEN = "GIVEN", _("Given")
    RESERVED = "RESERVED", _("Brought along from before")
    VOID = "VOID", _("Void")


def new_number() -> str:
    """The public number of a claim, such as `K7M2QX9A`."""
    return random_code()


class ChangeKind(models.TextChoices):
    """What may be changed in a sale (domain B9)."""

    REFUND = "REFUND", _("Cancel and refund")
    FORFEIT = "FORFEIT", _("Forfeit the deposit")
    EXCHANGE = "EXCHANGE", _("Exchange the unit")
    TRANSFER = "TRANSFER", _("Transfer to another buyer")
    BUYERS = "BUYERS", _("Add or remove a co-buyer")
    METHOD = "METHOD", _("Change the payment method")
    PRICE = "PRICE", _("Change the price")
    AMOUNT = "AMOUNT", _("Correct the contract amounts")
    AREA = "AREA", _("Settle the area")
    IDENTITY = "IDENTITY", _("Correct a buyer's identity")
    REVIVE = "REVIVE", _("Revive a forfeited sale")


# How far a sale has come beyond the stages of its claim, for what may still be changed in it.
DELIVERED, FORFEITED = "DELIVERED", "FORFEITED"


class ChangeState(models.TextChoices):
    """Approved and executed are two clicks of two people (domain B9)."""

    DRAFT = "DRAFT", _("Draft")
    SUBMITTED = "SUBMITTED", _("Waiting for approval")
    APPROVED = "APPROVED", _("Approved, to be executed")
    REJECTED = "REJECTED", _("Returned")
    EXECUTED = "EXECUTED", _("Executed")
    VOID = "VOID", _("Void")


CHANGE_OPEN = (ChangeState.DRAFT, ChangeState.SUBMITTED, ChangeState.APPROVED)


class ChangeCause(models.TextChoices):
    """The class of the reason of a change."""

    PERSONAL = "PERSONAL", _("Personal reasons")
    MONEY = "MONEY", _("Money or loan")
    FAMILY = "FAMILY", _("Family")
    UNIT = "UNIT", _("The unit itself")
    AGREEMENT = "AGREEMENT", _("Clause or agreement")
    DEFAULT = "DEFAULT", _("Default of the buyer")
    MISTAKE = "MISTAKE", _("Wrong entry")
    OTHER = "OTHER", pgettext_lazy("cause of a change", "Other")


class Release(models.TextChoices):
    """What becomes of a unit that is given back."""

    WITHHELD = "WITHHELD", _("Withheld")
    AVAILABLE = "AVAILABLE", _("Available at once")
