"""What a change stands on: the subscription or contract in force, locked with its unit, unchanged since it was asked for."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from contracts.models import Buyer, Change, Claim, Contract, Subscription, Trade
from contracts.services import trades
from contracts.services.change_kinds import Subject
from contracts.states import (
    CHANGE_OPEN,
    DELIVERED,
    FORFEITED,
    ChangeKind,
    ChangeState,
    CloseReason,
    ContractState,
    Stage,
    SubscriptionState,
)
from enquiries.models import Customer
from enquiries.services import identity
from inventory.models import Unit
from salescontrol.core.errors import Conflict, NotVisible
from salescontrol.core.history import save_tracked
from salescontrol.core.models import Approval

# What a buyer's row says of who acts for them, and can be corrected.
AGENT = ("agent_kind", "agent_name", "agent_paper", "agent_number")


@dataclass(frozen=True)
class Ground:
    """What the execution works on: the locked step of the trade, the change, the paper it is about, and what allowed it."""

    step: trades.Step
    change: Change
    subject: Subject
    approval: Approval
    target: Unit | None = None

    @property
    def by(self) -> Any:
        return self.step.by

    @property
    def now(self) -> datetime:
        return self.step.now

    @property
    def signed(self) -> bool:
        """Whether it is about a contract."""
        return isinstance(self.subject, Contract)

    def amend(self, *, action: str, fields: list[str], **claim: Any) -> None:
        """The trade goes on with a changed paper (T16): the unit's event, and the paper's next version."""
        self.step.move(
            "trade.amend_signed" if self.signed else "trade.amend", approval=self.approval, why=self.change.number, **claim
        )  # fmt: skip
        self.subject.version += 1
        save_tracked(self.subject, action=action, by=self.by, fields=[*fields, "version"])

    def close(self, why: CloseReason) -> None:
        """The paper is over."""
        states = ContractState if self.signed else SubscriptionState
        self.subject.state, self.subject.close_reason = states.CLOSED, why
        self.subject.close_note, self.subject.closed_at = self.change.number, self.now
        self.subject.version += 1
        save_tracked(
            self.subject, action="contract.close" if self.signed else "subscription.close", by=self.by,
            fields=["state", "close_reason", "close_note", "closed_at", "version"],
        )  # fmt: skip


def operation(change: Change, part: str) -> uuid.UUID:
    """The operation id of a part of this change's execution: it follows from the change, so that none is done twice."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"change/{change.code}/{part}")


def in_force(trade: Trade) -> tuple[str, Subject | None]:
    """How far the trade has come, and the subscription or contract that is in force; none before and after, but for the
    subscription whose deposit was forfeited."""
    claim = Claim.every.filter(trade=trade, released_at__isnull=True).first()
    if claim is None:
        last = Subscription.every.filter(trade=trade).exclude(number="").order_by("-closed_at", "-pk").first()
        lost = last is not None and last.close_reason == CloseReason.FORFEIT
        return (FORFEITED, last) if lost else ("", None)
    subject: Subject | None = None
    if claim.stage in (Stage.SMALL_DEPOSIT, Stage.SUBSCRIPTION):
        subject = Subscription.every.filter(claim=claim, state=SubscriptionState.ACTIVE).first()
    elif claim.stage == Stage.CONTRACT:
        signed = (ContractState.SIGNED, ContractState.DELIVERED)
        subject = Contract.every.filter(claim=claim, state__in=signed).first()
    delivered = subject is not None and subject.state == ContractState.DELIVERED
    return DELIVERED if delivered else claim.stage, subject


def require_no_draft(trade: Trade) -> None:
    """Raise Conflict while a contract is being drawn up: what it says would not be true any more."""
    draft = Contract.every.filter(trade=trade, state=ContractState.DRAFT).first()
    if draft is not None:
        raise Conflict(
            _("Contract %(number)s is being drawn up. Sign it or discard its draft first; the desk can do both.")
            % {"number": draft},
            code="draft",
        )


def require_none_open(trade: Trade) -> None:
    """Raise Conflict while a change of this trade is under way: one at a time."""
    other = Change.every.select_related("project").filter(trade=trade, state__in=CHANGE_OPEN).first()
    if other is not None:
        raise Conflict(
            _("Change %(number)s of this sale is under way. Finish it or make it void first.")
            % {"number": other.number},
            code="open",
            links=[(other.number, url_of(other))],
        )


def require_unchanged(subject: Subject) -> None:
    """Raise Conflict when a change was carried out on this paper: then its entry is not the last step, which alone is made void
    (T20)."""
    about = {"contract" if isinstance(subject, Contract) else "subscription": subject}
    done = Change.every.select_related("project").filter(state=ChangeState.EXECUTED, **about).first()
    if done is not None:
        raise Conflict(
            _("Change %(number)s was carried out on it since, so it is undone by another change.")
            % {"number": done.number},
            code="changed",
            links=[(done.number, url_of(done))],
        )


def url_of(change: Change) -> str:
    return reverse("sales:change", args=[change.project.code, change.code])


def version(change_id: int) -> int:
    """What tells whether the ground of the change is still the same: the number of the last entry in the history of the paper,
    since any change of it makes a new one; of a buyer's identity, who the buyer is by now."""
    change = Change.every.select_related("subscription", "contract").get(pk=change_id)
    if change.kind == ChangeKind.IDENTITY:
        return identity.mark(customer_of(change.content["customer"], change.project_id), acting(change))
    latest = change.subject.history.order_by("-history_id").values_list("history_id", flat=True).first()
    return latest or 0


def acting(change: Change) -> str:
    """Who acts for the buyer whose identity is to be corrected, in one text; empty for who buys no more."""
    customer = customer_of(change.content["customer"], change.project_id)
    row = Buyer.every.filter(trade=change.trade_id, customer=customer, until__isnull=True).first()
    return "\0".join(getattr(row, name) for name in AGENT) if row else ""


def customer_of(number: str, project_id: int) -> Customer:
    """The customer with that number, or whom they were merged into since."""
    found = Customer.every.select_related("merged_into", "project").filter(number=number, project_id=project_id).first()
    if found is None:
        raise NotVisible(_("There is no such customer."))
    return found.merged_into or found


def lock_subject(change: Change) -> Subject:
    """The paper, its row locked."""
    subject = change.subject
    found: Subject = type(subject).every.select_for_update(of=("self",)).select_related("project").get(pk=subject.pk)
    return found
