"""Price lists: which a user may read, what they would change, and which of them is in force for a unit (domain B4)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.db.models import Count, F, Q, QuerySet, Sum

from inventory.models import PriceLine, PriceList, Project, Unit, UnitLock
from inventory.models.price import PriceKind
from inventory.queries.standing import standing, stands_in
from inventory.states import CLAIMED, Lock, PriceListState, Review
from salescontrol.core import clock
from salescontrol.core.access import Access
from salescontrol.core.fields import money
from salescontrol.core.permissions import Permission

# Kind of price → the unit's fields (unit price, total).
PRICE_FIELDS = {
    PriceKind.LIST: ("list_unit_price", "list_total"),
    PriceKind.FLOOR: ("floor_unit_price", "floor_total"),
    PriceKind.FILED: ("filed_unit_price", "filed_total"),
}
OPEN = (PriceListState.DRAFT, PriceListState.REJECTED)
# Asking again and again with another price would tell the floor price to somebody who may not read it (decisions 4).
PRICE_QUESTIONS_A_DAY = 5


def price_lists_visible_to(access: Access) -> QuerySet[PriceList]:
    """Their own for those who propose, all for those who read requests; floor price lists only with sight of floor prices."""
    own = access.projects(Permission.PRICE_PROPOSE) & Q(made_by=access.user)
    floor = ~Q(kind=PriceKind.FLOOR) | access.projects(Permission.FLOOR_PRICE_SEE)
    return PriceList.objects.filter((own | access.projects(Permission.APPROVAL_SEE)) & floor).scoped()


def priced_units(project: Project, visible: QuerySet[Unit]) -> QuerySet[Unit]:
    """The units that a price list of the project may name: approved ones that the user may see."""
    return visible.filter(project=project, review=Review.APPROVED)


@dataclass(frozen=True)
class Effect:
    """What a list would change, in the project's currency; `below_floor` counts lines below the unit's floor price."""

    lines: int
    old_sum: Decimal | None
    new_sum: Decimal | None
    below_floor: int
    waiting: int

    @property
    def difference(self) -> Decimal | None:
        return None if self.old_sum is None or self.new_sum is None else self.new_sum - self.old_sum

    @property
    def percent(self) -> Decimal | None:
        """The change of the sum in per cent; None without old prices."""
        return self.difference / self.old_sum * 100 if self.old_sum and self.difference is not None else None


def effect(price_list: PriceList) -> Effect:
    """Counts and sums of a list; one query. Old and new sums count only lines that have an old price."""
    below = Q(total__lt=F("unit__floor_total")) if price_list.kind == PriceKind.LIST else Q(pk__in=[])
    if price_list.kind == PriceKind.FLOOR:
        below = Q(total__gt=F("unit__list_total"))
    sums = price_list.lines.order_by().aggregate(
        lines=Count("pk"),
        old=Sum("old_total"),
        new=Sum("total", filter=Q(old_total__isnull=False)),
        below=Count("pk", filter=below),
        waiting=Count("pk", filter=Q(applied_at__isnull=True) & stands_in(CLAIMED, clock.now(), "unit__")),
    )
    return Effect(sums["lines"], money(sums["old"]), money(sums["new"]), sums["below"], sums["waiting"])


def newest_lines(
    project: Project, kind: str, among: Iterable[str] = (PriceListState.EFFECTIVE,)
) -> dict[int, PriceLine]:
    """Unit id → the line that counts: of the list that took effect last. One query."""
    lines = PriceLine.objects.filter(price_list__project=project, price_list__kind=kind, price_list__state__in=among)
    ordered = lines.select_related("price_list").order_by("price_list__effective_from", "price_list_id")
    return {line.unit_id: line for line in ordered}


def asked_too_often(units: Collection[int] | QuerySet, by) -> bool:
    """Whether this user asked for another price of one of these units (ids) as often as one may within a day, by a price list
    or by a change of the unit: each such question has laid its price lock, also when it was withdrawn."""
    since = clock.now() - timedelta(days=1)
    asked = UnitLock.every.filter(unit__in=units, kind=Lock.PRICE, set_by=by, set_at__gte=since)
    often = asked.order_by().values("unit").annotate(times=Count("pk")).filter(times__gte=PRICE_QUESTIONS_A_DAY)
    return often.exists()


def has_live_claim(unit: Unit, now) -> bool:
    """Whether a claim keeps the unit's price; a hold past its end does not (decisions 11, 14)."""
    return standing(unit, now) in CLAIMED
