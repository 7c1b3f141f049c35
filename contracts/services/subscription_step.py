"""What every act on a subscription shares: found among what the user may see, its unit locked first, read again, done once."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from contracts.models import Claim, Subscription
from contracts.queries.scope import subscriptions_visible_to
from contracts.services import claims
from contracts.states import SubscriptionKind, SubscriptionState
from inventory.models import Unit
from inventory.services import expiry
from salescontrol.core import clock
from salescontrol.core.access import Access, access_of
from salescontrol.core.errors import Conflict, NotVisible, Refusal
from salescontrol.core.operations import once
from salescontrol.core.permissions import Permission

DRAFT, ACTIVE, SMALL, FULL = (
    SubscriptionState.DRAFT, SubscriptionState.ACTIVE, SubscriptionKind.SMALL, SubscriptionKind.FULL,
)  # fmt: skip
# In which state and kind a subscription can be acted on in which way; anything else is refused (domain B16.13).
ALLOWED = {
    "subscription.edit": {(DRAFT, SMALL), (DRAFT, FULL)},
    "subscription.discard": {(DRAFT, SMALL), (DRAFT, FULL)},
    "subscription.activate": {(DRAFT, SMALL), (DRAFT, FULL)},
    "subscription.top_up": {(ACTIVE, SMALL)},
    "subscription.lapse": {(ACTIVE, SMALL)},
    "subscription.void": {(ACTIVE, SMALL), (ACTIVE, FULL)},
    "subscription.warn": {(ACTIVE, FULL)},
    "subscription.end": {(ACTIVE, FULL)},
    "subscription.ask_extension": {(ACTIVE, SMALL), (ACTIVE, FULL)},
}


def allowed(action: str, row: Subscription) -> bool:
    """Whether the table lets this be done with the subscription as it stands."""
    return action not in ALLOWED or (row.state, row.kind) in ALLOWED[action]


@dataclass(frozen=True)
class Work:
    """What one act works on: everything locked and read again, at one instant. `claim` is the live claim on the unit, whosever."""

    row: Subscription
    unit: Unit
    claim: Claim | None
    access: Access
    by: Any
    op_id: uuid.UUID
    reason: str
    now: datetime

    @classmethod
    def of(cls, seen: Subscription, access: Access, *, by, op_id: uuid.UUID, reason: str = "") -> "Work":
        """Lock the unit, then the subscription. Needs the caller's transaction."""
        unit = claims.lock_unit(seen.unit_id, access)
        now = clock.now()
        expiry.settle([unit], now)
        rows = Subscription.every.select_for_update(of=("self",)).select_related(
            "trade__project", "project", "quotation"
        )
        live = Claim.every.filter(unit=unit, released_at__isnull=True).select_related("salesperson", "customer")
        return cls(rows.get(pk=seen.pk), unit, live.first(), access, by, op_id, reason.strip(), now)

    @property
    def own(self) -> Claim:
        """The claim by which this subscription has its unit. Raises Conflict when that is over."""
        if self.claim is None or self.claim.pk != self.row.claim_id:
            raise Conflict(_("This trade is over: nothing can be changed in it any more."), code="over")
        return self.claim


def work(
    *,
    op_id: uuid.UUID,
    code: str,
    action: str,
    by,
    do: Callable[[Work], Mapping[str, Any] | None],
    permission: Permission = Permission.DEAL_WRITE,
    content: Mapping[str, Any] | None = None,
    reason: str = "",
    why: bool = False,
) -> dict:
    """One act on a subscription under one operation; returns its reference. `why`: it needs a reason.

    Raises NotVisible, Forbidden, Refusal `no_reason`, Conflict `wrong_state`, and whatever `do` refuses.
    """

    def run() -> dict:
        access = access_of(by)
        seen = subscriptions_visible_to(access).filter(code=code).first()
        if seen is None:
            raise NotVisible(_("There is no such subscription."))
        access.require(permission, seen.project_id)
        if why and not reason.strip():
            message = _("Give the reason: it is kept with the subscription.")
            raise Refusal(message, code="no_reason", fields={"reason": [message]})
        at = Work.of(seen, access, by=by, op_id=op_id, reason=reason)
        require_allowed(action, at.row)
        return dict(do(at) or {"subscription": at.row.code})

    entered = {"subscription": code, "reason": reason, **(content or {})}
    return once(op_id=op_id, by=by, action=action, content=entered, run=run)


def require_allowed(action: str, row: Subscription) -> None:
    """Raise Conflict unless the table names the state."""
    if not allowed(action, row):
        raise Conflict(
            _(
                "This subscription is %(state)s (%(kind)s) by now, so this cannot be done. Reload the page to see where it stands."
            )
            % {"state": row.get_state_display(), "kind": row.get_kind_display()},
            code="wrong_state",
        )


def done(reference: Mapping[str, Any]) -> Subscription:
    """The subscription that an operation led to."""
    return Subscription.every.select_related("project", "unit__project", "trade").get(code=reference["subscription"])
