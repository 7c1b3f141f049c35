"""Which discount policies are in force for a unit, and which a user may read (domain B4)."""

from collections.abc import Iterable, Sequence
from datetime import date

from django.db.models import Q, QuerySet

from inventory.models import DiscountPolicy, Project, Unit
from inventory.states import DiscountState
from salescontrol.core.access import Access
from salescontrol.core.permissions import Permission

DECIDED = (DiscountState.EFFECTIVE, DiscountState.ENDED)


def discounts_visible_to(access: Access) -> QuerySet[DiscountPolicy]:
    """Decided policies for all who see prices; undecided ones for those who may read requests, and for their authors."""
    decided = access.projects(Permission.PRICE_SEE) & Q(state__in=DECIDED)
    own = access.projects(Permission.DISCOUNT_PROPOSE) & Q(made_by=access.user)
    return DiscountPolicy.objects.filter(decided | own | access.projects(Permission.APPROVAL_SEE)).scoped()


def discounts_in_force(project: Project, on: date) -> list[DiscountPolicy]:
    """The project's policies in force on the day, in the order in which they are counted; with their scopes, three queries."""
    valid = Q(valid_from__lte=on) & (Q(valid_to__isnull=True) | Q(valid_to__gte=on))
    found = DiscountPolicy.every.filter(valid, project=project, state=DiscountState.EFFECTIVE)
    return list(found.prefetch_related("buildings", "layouts").order_by("position", "pk"))


def covers(policy: DiscountPolicy, unit: Unit) -> bool:
    """Whether the unit is in the policy's scope; no buildings or no layouts named means all of them."""
    buildings = {building.pk for building in policy.buildings.all()}
    layouts = {layout.pk for layout in policy.layouts.all()}
    return (not buildings or unit.building_id in buildings) and (not layouts or unit.layout_id in layouts)


def discounts_for(unit: Unit, on: date) -> list[DiscountPolicy]:
    """The policies in force for one unit on the day, in order."""
    return [policy for policy in discounts_in_force(unit.project, on) if covers(policy, unit)]


def discounts_by_unit(project: Project, units: Iterable[Unit], on: date) -> dict[int, list[DiscountPolicy]]:
    """The same for many units of one project: unit id → policies."""
    policies = discounts_in_force(project, on)
    return {unit.pk: [policy for policy in policies if covers(policy, unit)] for unit in units}


def versions(policy: DiscountPolicy) -> Sequence[DiscountPolicy]:
    """The policy and what it replaced, newest first."""
    found: list[DiscountPolicy] = []
    current: DiscountPolicy | None = policy
    while current is not None:
        found.append(current)
        current = current.replaces
    return found
