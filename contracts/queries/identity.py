"""The correction of a buyer's identity as it is read: names for who may see the customer, numbers always masked (R7.1, decisions 30)."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from contracts.models import Buyer, Change, Trade
from contracts.queries.people import named, sees_name
from contracts.queries.scope import buyers_visible_to
from contracts.states import AgentKind
from enquiries import papers
from enquiries.models import Customer
from enquiries.queries.numbers import papers_of
from enquiries.states import CustomerKind, PaperKind
from salescontrol.core.access import Access

Line = tuple[Any, Any, Any]


def buyers(access: Access, trade: Trade) -> list[Buyer]:
    """Who buys now, in their order."""
    rows = buyers_visible_to(access).filter(trade=trade, until__isnull=True).select_related("customer")
    return list(rows.order_by("position", "pk"))


def buyer_choices(access: Access, trade: Trade) -> list[tuple[str, str]]:
    """The buyers by number and name."""
    return [(row.customer.number, named(access, row.customer)) for row in buyers(access, trade)]


def paper_choices(access: Access, trade: Trade) -> list[tuple[str, str]]:
    """Every paper of the buyers, masked."""
    return [
        (str(paper.pk), f"{named(access, row.customer)}: {paper.get_kind_display()} {papers.masked(paper.number)}")
        for row in buyers(access, trade)
        for paper in papers_of(row.customer)
    ]


def lines(change: Change, access: Access | None, customer: Customer | None) -> list[Line]:
    """Label, before and after of what is corrected; a name in full for who may see the customer."""
    content = change.content or {}
    if not content:
        return []
    after, agent, before = content["correction"], content["agent"], content["before"]
    full = access is not None and customer is not None and sees_name(access, customer)
    found: list[Line] = [(_("Buyer"), content["customer"], content["customer"])]
    if after["name"]:
        found.append((_("Name of the buyer"), _name(before["name"], full), _name(after["name"], full)))
    if after["kind"]:
        found.append((_("Kind"), CustomerKind(before["kind"]).label, CustomerKind(after["kind"]).label))
    if after["gone"]:
        found.append((_("Identity paper"), paper_line(before["paper"], before["number"]), _("removed")))
    elif after["number"]:
        old = paper_line(before["paper"], before["number"])
        found.append((_("Identity paper"), old, paper_line(after["paper"], after["number"], before["number"])))
    return [*found, *_agent(agent, before, full)]


def _agent(agent: dict[str, str], before: dict[str, str], full: bool) -> list[Line]:
    """Who acts for the buyer."""
    found: list[Line] = []
    if "agent_kind" in agent:
        label = _("Acts for the buyer")
        found.append((label, AgentKind(before["agent_kind"]).label, AgentKind(agent["agent_kind"]).label))
    if "agent_name" in agent:
        label = _("Name of who acts")
        found.append((label, _name(before["agent_name"], full), _name(agent["agent_name"], full)))
    if {"agent_paper", "agent_number"} & set(agent):
        kind, number = (
            agent.get("agent_paper", before["agent_paper"]),
            agent.get("agent_number", before["agent_number"]),
        )
        old = paper_line(before["agent_paper"], before["agent_number"])
        found.append((_("Paper of who acts"), old, paper_line(kind, number, before["agent_number"])))
    return found


def _name(name: str, full: bool) -> str:
    return name if full or not name else f"{name[0]}**"


def paper_line(kind: str, number: str, former: str = "") -> str:
    """Kind and masked number; where the former one is as long, at which signs they differ: masks of both may look alike."""
    if not number:
        return ""
    text = f"{PaperKind(kind).label if kind else ''} {papers.masked(number)}".strip()
    signs = [str(place) for place, pair in enumerate(zip(former, number, strict=False), 1) if pair[0] != pair[1]]
    if len(former) != len(number) or not signs:
        return text
    other = ngettext("differs at sign %(signs)s", "differs at signs %(signs)s", len(signs)) % {
        "signs": ", ".join(signs)
    }
    return _("%(paper)s (%(other)s)") % {"paper": text, "other": other}
