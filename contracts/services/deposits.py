"""Bounds of a deposit 定金 (domain B6, decisions 9): the ceiling by law, the office's least, and what is received of it."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from contracts.models import Subscription
from contracts.states import SubscriptionKind
from salescontrol.core.access import Access
from salescontrol.core.errors import Refusal
from salescontrol.core.money import cents
from salescontrol.core.permissions import Permission

HUNDRED = Decimal(100)


def ceiling(total: Decimal, settings: Mapping[str, Any]) -> Decimal:
    """The most that a deposit may be: so many percent of the deal price."""
    return cents(total * settings["deposit.ceiling_percent"] / HUNDRED)


def least(total: Decimal, settings: Mapping[str, Any]) -> Decimal:
    """The least deposit of a full subscription; of a cheap unit the ceiling."""
    return min(Decimal(settings["deposit.least"]), ceiling(total, settings))


def require_bounds(deposit: Decimal, total: Decimal, settings: Mapping[str, Any]) -> None:
    """Raise Refusal `deposit` for an agreed deposit above the ceiling or below the office's least."""
    most, floor = ceiling(total, settings), least(total, settings)
    if deposit > most:
        message = _("At most %(most)s: a deposit may be %(percent)s percent of the deal price, and nobody can lift this.") % {
            "most": f"{most:,.2f}", "percent": settings["deposit.ceiling_percent"],
        }  # fmt: skip
        raise Refusal(message, code="deposit", fields={"deposit": [message]})
    if deposit < floor or deposit <= 0:
        message = _(
            "At least %(least)s: a smaller sum gives a small deposit only. Agree the full deposit here and receive less of it."
        ) % {"least": f"{floor:,.2f}"}
        raise Refusal(message, code="deposit", fields={"deposit": [message]})


def require_received(
    row: Subscription, received: Decimal, settings: Mapping[str, Any], access: Access, override: str
) -> bool:
    """Raise Refusal `received` unless the sum fits the kind of subscription. Returns whether it is less than the office's least,
    which only the supervisor's reason allows."""
    require_bounds(row.deposit, row.total, settings)
    if row.kind == SubscriptionKind.FULL:
        if received != row.deposit:
            raise _refusal(
                _(
                    "A full subscription needs the whole deposit of %(deposit)s. For less of it make this a small deposit."
                )
                % {"deposit": f"{row.deposit:,.2f}"}
            )
        return False
    if not 0 < received < row.deposit:
        raise _refusal(
            _("A small deposit is a part of the deposit of %(deposit)s. For all of it make this a full subscription.")
            % {"deposit": f"{row.deposit:,.2f}"}
        )
    floor = min(Decimal(settings["small_deposit.least"]), row.deposit)
    if received >= floor:
        return False
    if not (override.strip() and access.can(Permission.DEAL_DECIDE, row.project_id)):
        raise _refusal(
            _("At least %(least)s: only the supervisor takes a smaller deposit, with a reason.")
            % {"least": f"{floor:,.2f}"}
        )
    return True


def _refusal(message: str) -> Refusal:
    return Refusal(message, code="received", fields={"received": [message]})
