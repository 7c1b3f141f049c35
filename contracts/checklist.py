"""Which papers a trade needs, by moment, buyer and way of paying (domain B6). One table; what is ticked off stands in `Document`."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from contracts.states import WITH_LOAN, AgentKind, Moment

RECEIPT = "deposit_receipt"
LETTER = "subscription_letter"


@dataclass(frozen=True)
class Who:
    """A buyer as far as the papers depend on it: a company, a minor, somebody from abroad, and who acts for them."""

    buyer_id: int
    company: bool = False
    minor: bool = False
    foreign: bool = False
    agent: str = AgentKind.NONE


@dataclass(frozen=True)
class Sale:
    """What the papers depend on beyond the buyers: whether a bank lends, whether the city limits who may buy."""

    loan: bool
    limited: bool = False

    @classmethod
    def by(cls, method: str, *, limited: bool = False) -> "Sale":
        return cls(loan=method in WITH_LOAN, limited=limited)


@dataclass(frozen=True)
class Paper:
    """One kind of document. `each`: one for every buyer to whom `when` applies, else one for the sale."""

    kind: str
    label: Any
    moment: Moment
    when: Callable[..., bool]
    each: bool = True
    copies: int = 1
    original: bool = False


@dataclass(frozen=True)
class Need:
    """A line that the checklist must have."""

    paper: Paper
    buyer_id: int | None


def _person(who: Who, sale: Sale) -> bool:
    return not who.company


def _company(who: Who, sale: Sale) -> bool:
    return who.company


def _acted_for(who: Who, sale: Sale) -> bool:
    return who.agent == AgentKind.AGENT


def _minor(who: Who, sale: Sale) -> bool:
    return who.minor or who.agent == AgentKind.GUARDIAN


def _foreign(who: Who, sale: Sale) -> bool:
    return who.foreign and not who.company


def _limited(who: Who, sale: Sale) -> bool:
    return sale.limited and not who.company


def _borrowing(who: Who, sale: Sale) -> bool:
    return sale.loan and not who.company


def _always(sale: Sale) -> bool:
    return True


_BEFORE, _SIGN = Moment.SUBSCRIBE, Moment.SIGN
TABLE = (
    Paper("identity", _("Identity paper"), _BEFORE, _person, original=True),
    Paper("licence", _("Business licence"), _BEFORE, _company, original=True),
    Paper("representative", _("Identity paper of the legal representative"), _BEFORE, _company),
    Paper("seal", _("Company seal"), _BEFORE, _company, copies=0, original=True),
    Paper("proxy", _("Proxy"), _BEFORE, _acted_for, original=True),
    Paper("proxy_identity", _("Identity paper of the agent"), _BEFORE, _acted_for, original=True),
    Paper("guardian_identity", _("Identity paper of the guardian"), _BEFORE, _minor, original=True),
    Paper(RECEIPT, _("Receipt of the deposit"), _BEFORE, _always, each=False),
    Paper(LETTER, _("Subscription letter"), _SIGN, _always, each=False, original=True),
    Paper(RECEIPT, _("Receipt of the deposit"), _SIGN, _always, each=False, original=True),
    Paper("first_receipt", _("Receipt of the first payment"), _SIGN, _always, each=False),
    Paper("identity", _("Identity paper"), _SIGN, _person, original=True),
    Paper("household", _("Household book"), _SIGN, _person),
    Paper("marriage", _("Marriage certificate or statement of being single"), _SIGN, _person),
    Paper("qualification", _("Papers of the right to buy"), _SIGN, _limited),
    Paper("licence", _("Business licence"), _SIGN, _company, original=True),
    Paper("representative", _("Identity paper of the legal representative"), _SIGN, _company),
    Paper("seal", _("Company seal"), _SIGN, _company, copies=0, original=True),
    Paper("proxy", _("Proxy"), _SIGN, _acted_for, original=True),
    Paper("birth", _("Birth certificate"), _SIGN, _minor, original=True),
    Paper("parents", _("Papers of the parents"), _SIGN, _minor),
    Paper("translation", _("Notarised translation"), _SIGN, _foreign, original=True),
    Paper("couple", _("Papers of the couple for the bank"), _SIGN, _borrowing, copies=3),
    Paper("income", _("Stamped proof of income"), _SIGN, _borrowing),
    Paper("statement", _("Bank statement of three months or more"), _SIGN, _borrowing),
)
LABELS = {paper.kind: paper.label for paper in TABLE}


def needed(buyers: Sequence[Who], sale: Sale) -> Iterator[Need]:
    """Every line that the checklist of such a sale has, in the order of the table."""
    for paper in TABLE:
        if paper.each:
            yield from (Need(paper, who.buyer_id) for who in buyers if paper.when(who, sale))
        elif paper.when(sale):
            yield Need(paper, None)
