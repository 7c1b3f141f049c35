"""Lists of contracts, one contract, and what its page tells (R3.3, domain B7)."""

from dataclasses import dataclass

from django.contrib.auth import get_user_model
from django.db.models import QuerySet

from contracts.models import Buyer, Contract, Subscription
from contracts.queries.milestones import late_contracts, not_entered
from contracts.queries.scope import buyers_visible_to, contracts_visible_to, subscriptions_visible_to
from contracts.states import CloseReason
from inventory.models import Building, Project, Unit
from salescontrol.core.access import Access
from salescontrol.core.errors import NotVisible

_NAMED = ("unit__building", "unit__project", "project", "trade__salesperson", "subscription", "made_by")


def listed(access: Access, project: Project) -> QuerySet[Contract]:
    """Every contract of the project that the user may read."""
    return contracts_visible_to(access).filter(project=project).select_related(*_NAMED)


def find(access: Access, project: Project, code: str) -> Contract:
    """The contract with all that its page names; NotVisible, with one text, when it is missing or not this user's (abuse 25)."""
    contract = listed(access, project).filter(code=code).first()
    if contract is None:
        raise NotVisible("")
    return contract


def find_subscription(access: Access, project: Project, code: str) -> Subscription:
    """The subscription that a contract is to be made from; NotVisible alike."""
    rows = (
        subscriptions_visible_to(access).filter(project=project).select_related("unit__project", "trade", "quotation")
    )
    found = rows.filter(code=code).first()
    if found is None:
        raise NotVisible("")
    return found


@dataclass(frozen=True)
class Choices:
    """What the list can be filtered by: only what visible contracts name (abuse 28)."""

    buildings: QuerySet[Building]
    salespeople: QuerySet
    late: QuerySet[Contract]
    missing: QuerySet[Contract]


def choices(access: Access, project: Project) -> Choices:
    visible = contracts_visible_to(access).filter(project=project).order_by()
    return Choices(
        Building.objects.filter(pk__in=visible.values("unit__building")).order_by("position", "pk"),
        get_user_model().objects.filter(pk__in=visible.values("trade__salesperson")).order_by("name", "pk"),
        late_contracts(access, project),
        not_entered(visible, project),
    )


def buyers(access: Access, contract: Contract) -> list[Buyer]:
    """Who buys now, in their order."""
    rows = buyers_visible_to(access).filter(trade=contract.trade_id, until__isnull=True)
    return list(rows.select_related("customer").order_by("position", "pk"))


def of_unit(access: Access, unit: Unit) -> Contract | None:
    """The contract that the unit's panel leads to: the latest that is not void."""
    rows = contracts_visible_to(access).filter(unit=unit).select_related("project", "trade")
    return rows.exclude(close_reason__in=[CloseReason.VOID, CloseReason.DISCARDED]).order_by("-pk").first()
