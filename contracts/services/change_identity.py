"""The correction of a buyer's identity (R6.2, domain B12): what is asked for, what stood before, and carrying it out.

The customer is corrected, so every sale to them follows; who acts for the buyer is corrected in this sale alone. Papers that were
made before stay as they are.
"""

from dataclasses import asdict, dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from contracts.models import Buyer, Claim, Trade
from contracts.services.change_ground import AGENT, Ground, customer_of
from contracts.services.change_kinds import Subject
from contracts.states import AgentKind, Stage
from enquiries import papers
from enquiries.models import Customer, IdPaper
from enquiries.services import identity
from enquiries.states import PaperKind
from salescontrol.core import clock
from salescontrol.core.access import Access
from salescontrol.core.errors import Conflict, Refusal
from salescontrol.core.history import save_tracked


@dataclass(frozen=True)
class Correction:
    """What is entered: whose identity, what is right from now on, and who acts for them. What is empty stays."""

    customer: str = ""
    of_customer: identity.Correction = field(default_factory=identity.Correction)
    agent_kind: str = ""
    agent_name: str = ""
    agent_paper: str = ""
    agent_number: str = ""


def content_of(entered: Correction, subject: Subject, access: Access) -> dict[str, Any]:
    """What the request keeps, encrypted: the correction, and what stood before it. Raises Refusal at the field, Conflict."""
    if not entered.customer:
        raise _at("buyer", _("Choose whose identity is corrected."))
    row = _buyer(customer_of(entered.customer, subject.project_id), subject.trade)
    checked = identity.check(row.customer, entered.of_customer, access=access)
    agent = _agent(entered, row)
    if checked == identity.Correction() and not agent:
        raise _at("name", _("Nothing is different from what is kept. Enter what is right."))
    replaced = IdPaper.every.filter(customer=row.customer, pk=checked.replaced).first() if checked.replaced else None
    before = {
        "name": row.customer.name, "kind": row.customer.kind,
        "paper": replaced.kind if replaced else "", "number": replaced.number if replaced else "",
        **{name: getattr(row, name) for name in AGENT},
    }  # fmt: skip
    return {"customer": row.customer.number, "correction": asdict(checked), "agent": agent, "before": before}


def _agent(entered: Correction, row: Buyer) -> dict[str, str]:
    """What is new about who acts for the buyer; complete and possible together with what stays."""
    given = {name: getattr(entered, name).strip() for name in AGENT}
    if given["agent_kind"] == AgentKind.NONE:
        whole = {"agent_kind": AgentKind.NONE.value, "agent_name": "", "agent_paper": "", "agent_number": ""}
    else:
        if given["agent_number"]:
            given["agent_number"] = papers.read(given["agent_paper"] or row.agent_paper, given["agent_number"])
            if not given["agent_number"]:
                raise _at("agent_number", _("This is no number of such a paper: compare it sign by sign."))
        whole = {name: given[name] or getattr(row, name) for name in AGENT}
    if (whole["agent_kind"] == AgentKind.NONE) == bool(whole["agent_name"]):
        raise _at("agent_name", _("Say in which role somebody acts for the buyer, and who it is; or neither."))
    if whole["agent_paper"] not in ("", *PaperKind.values):
        raise _at("agent_paper", _("Choose a kind of paper."))
    return {name: value for name, value in whole.items() if value != getattr(row, name)}


def correct(ground: Ground) -> None:
    """更正身份: the customer, and in this sale who acts for them; the stories of all sales to them tell it."""
    change = ground.change
    row = _buyer(customer_of(change.content["customer"], change.project_id), ground.step.trade)
    entered = identity.Correction(**change.content["correction"])
    customer = identity.correct(customer=row.customer, correction=entered, action="change.identity", by=ground.by)
    for name, value in change.content["agent"].items():
        setattr(row, name, value)
    now = clock.now()
    for each in [row, *_elsewhere(customer, ground.step.trade)]:
        each.corrected_at = now
        save_tracked(each, action="change.identity", by=ground.by, reason=change.number)


def _elsewhere(customer: Customer, trade: Trade) -> list[Buyer]:
    """Their rows in the other sales that are under way."""
    live = Claim.every.filter(released_at__isnull=True, trade__isnull=False).exclude(stage=Stage.HOLD).values("trade")
    rows = Buyer.every.filter(customer=customer, until__isnull=True, trade__in=live).exclude(trade=trade)
    return list(rows.order_by("pk"))


def _buyer(customer: Customer, trade: Trade) -> Buyer:
    """Their row in this sale. Raises Conflict for who does not buy (any more)."""
    rows = Buyer.every.filter(trade=trade, customer=customer, until__isnull=True)
    row = rows.select_related("customer__project").first()
    if row is None:
        message = _("This customer is no buyer of this sale by now. Reload the page to see who is.")
        raise Conflict(message, code="no_buyer", fields={"buyer": [message]})
    return row


def _at(name: str, message: str) -> Refusal:
    """A refusal that stands at its field."""
    return Refusal(message, code=name, fields={name: [message]})
