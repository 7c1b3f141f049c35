"""What every step of a trade shares: opening it, its buyers, and finding it with its unit locked (architecture rule 7)."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from contracts.models import Buyer, Change, Claim, Trade
from contracts.queries.scope import trades_visible_to
from contracts.services import claims
from contracts.states import AgentKind, ChangeState
from enquiries.models import Customer
from enquiries.services.rows import hold_still
from inventory.models import Project, Unit
from inventory.services import expiry
from salescontrol.core import clock
from salescontrol.core.access import Access, access_of
from salescontrol.core.errors import Conflict, NotVisible, Refusal
from salescontrol.core.history import save_tracked
from salescontrol.core.operations import once
from salescontrol.core.permissions import Permission

WHOLE = Decimal(100)


@dataclass(frozen=True)
class Purchaser:
    """One buyer as entered: the customer, the share in percent, and who acts for them."""

    customer: Customer
    share: Decimal = WHOLE
    agent_kind: AgentKind = AgentKind.NONE
    agent_name: str = ""
    agent_paper: str = ""
    agent_number: str = ""
    agent_phone: str = ""


@dataclass(frozen=True)
class Step:
    """What one step of a trade works on: everything locked and read again, at one instant."""

    trade: Trade
    unit: Unit
    claim: Claim
    access: Access
    by: Any
    op_id: uuid.UUID
    reason: str
    now: datetime

    def move(self, action: str, *, approval=None, why: str = "", **changes: Any) -> Claim:
        """The claim's next stage with the unit's event."""
        return claims.alter(
            unit=self.unit, claim=self.claim, action=action, by=self.by, op_id=self.op_id, why=why or self.reason,
            now=self.now, approval=approval, **changes,
        )  # fmt: skip


def open_trade(
    *,
    project: Project,
    salesperson,
    buyers: Sequence[Purchaser],
    by,
    at: datetime | None = None,
    migrated: bool = False,
) -> Trade:
    """A new trade with its buyers. Needs the caller's transaction. Raises Refusal unless the shares make 100 percent."""
    trade = Trade(
        project=project, salesperson=salesperson, opened_by=by, opened_at=at or clock.now(), migrated=migrated
    )
    save_tracked(trade, action="trade.open", by=by)
    name_buyers(trade=trade, buyers=buyers, by=by)
    return trade


def name_buyers(*, trade: Trade, buyers: Sequence[Purchaser], by, action: str = "trade.name_buyers") -> list[Buyer]:
    """Make these the buyers of the trade, in this order; who is not among them any more ends now, but stays on record."""
    require_shares(trade, buyers)
    kept = {buyer.customer_id: buyer for buyer in Buyer.every.filter(trade=trade, until__isnull=True)}
    now = clock.now()
    rows = []
    for entered in sorted(buyers, key=lambda buyer: buyer.customer.pk):  # In one order, whoever is named first.
        hold_still(entered.customer)
    for position, entered in enumerate(buyers, start=1):
        row = kept.pop(entered.customer.pk, None) or Buyer(trade=trade, customer=entered.customer)
        row.position, row.share = position, entered.share
        row.agent_kind, row.agent_name, row.agent_paper = entered.agent_kind, entered.agent_name, entered.agent_paper
        row.agent_number, row.agent_phone = entered.agent_number, entered.agent_phone
        rows.append(save_tracked(row, action=action, by=by))
    for row in kept.values():
        row.until = now
        save_tracked(row, action=action, by=by, fields=["until"])
    return rows


def require_shares(trade: Trade, buyers: Sequence[Purchaser]) -> None:
    """Raise Refusal unless everybody is of the project, named once, and the shares make 100 percent. A trade that was brought
    along may have no buyer."""
    if not buyers and trade.migrated:
        return
    total = sum((buyer.share for buyer in buyers), Decimal(0))
    if total != WHOLE:
        message = _("The shares of the buyers make %(total)s percent. Together they have to make 100.") % {
            "total": total
        }
        raise Refusal(message, code="shares", fields={"share": [message]})
    if len({buyer.customer.pk for buyer in buyers}) != len(buyers):
        raise Refusal(_("A buyer is named twice. Name each once."), code="buyer_twice")
    if any(buyer.customer.project_id != trade.project_id for buyer in buyers):
        raise NotVisible(_("There is no such customer."))
    for buyer in buyers:
        if (buyer.agent_kind == AgentKind.NONE) == bool(buyer.agent_name):
            message = _("Say in which role somebody acts for the buyer, and who it is; or neither.")
            raise Refusal(message, code="agent", fields={"agent_name": [message]})


def step(
    *,
    op_id: uuid.UUID,
    number: str,
    action: str,
    by,
    permission: Permission,
    do: Callable[[Step], Mapping[str, Any]],
    reason: str = "",
    content: Mapping[str, Any] | None = None,
) -> dict:
    """One step of a trade under one operation: found among what the user may see, its unit and claim locked, done once.

    `do(step)` returns the reference. Raises NotVisible, Forbidden, Conflict `over` when the trade has no live claim any more, and
    whatever `do` refuses.
    """

    def run() -> dict:
        access = access_of(by)
        trade = trades_visible_to(access).filter(number=number).first()
        if trade is None:
            raise NotVisible(_("There is no such trade."))
        access.require(permission, trade.project_id)
        return dict(do(locked(trade, access, by=by, op_id=op_id, reason=reason)))

    return once(
        op_id=op_id, by=by, action=action, content={"trade": number, "reason": reason, **(content or {})}, run=run
    )


def require_no_change(trade: Trade) -> None:
    """Raise Conflict `change` while a change of the sale was asked for or approved: it was decided about the sale as it is, and
    its lock lies on the unit (domain B2.3, B9). Call it with the unit locked."""
    waiting = (ChangeState.SUBMITTED, ChangeState.APPROVED)
    found = Change.every.select_related("project").filter(trade=trade, state__in=waiting).first()
    if found is not None:
        raise Conflict(
            _(
                "Change %(number)s of this sale is under way (%(state)s), so the sale stays as it is. Execute the change first; or "
                "its author withdraws it while it waits, and the supervisor makes an approved one void."
            )
            % {"number": found.number, "state": found.get_state_display()},
            code="change",
            links=[(found.number, reverse("sales:change", args=[found.project.code, found.code]))],
        )


def locked(trade: Trade, access: Access, *, by, op_id: uuid.UUID, reason: str = "") -> Step:
    """The trade's unit and live claim, locked in the fixed order, and the instant that decides. Raises Conflict `over`."""
    seen = Claim.every.filter(trade=trade, released_at__isnull=True).first()
    if seen is None:
        raise Conflict(_("This trade is over: nothing can be changed in it any more."), code="over")
    unit = claims.lock_unit(seen.unit_id, access)
    now = clock.now()
    expiry.settle([unit], now)
    claim = Claim.every.select_related("salesperson", "customer").get(pk=seen.pk)
    if claim.released_at is not None:
        raise Conflict(_("This trade is over: nothing can be changed in it any more."), code="over")
    return Step(
        trade=trade, unit=unit, claim=claim, access=access, by=by, op_id=op_id, reason=reason.strip(), now=now
    )  # fmt: skip


def locked_over(trade: Trade, access: Access, *, by, op_id: uuid.UUID) -> Step:
    """The unit that a trade had last, locked, with the claim that ended. Raises Conflict `alive` while it has a live claim."""
    seen = Claim.every.filter(trade=trade).order_by("-placed_at", "-pk").first()
    unit = claims.lock_unit(seen.unit_id, access) if seen else None
    if seen is None or unit is None or Claim.every.filter(trade=trade, released_at__isnull=True).exists():
        raise Conflict(_("This sale is under way, so there is nothing to revive."), code="alive")
    now = clock.now()
    expiry.settle([unit], now)
    claim = Claim.every.select_related("salesperson", "customer__merged_into").get(pk=seen.pk)
    return Step(trade=trade, unit=unit, claim=claim, access=access, by=by, op_id=op_id, reason="", now=now)
