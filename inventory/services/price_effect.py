"""How approved prices come into force: at their time, and for a unit with a live claim when the claim ends (decisions 11)."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy

from inventory.models import PriceLine, PriceList, Project, Unit
from inventory.models.price import PriceKind
from inventory.queries import prices as queries
from inventory.queries.concerned import concerned
from inventory.services import units
from inventory.states import PRICE_TABLE, PriceListState
from salescontrol.core import clock, notices
from salescontrol.core.history import update_tracked
from salescontrol.core.models import Approval
from salescontrol.core.transitions import move

APPLY = "price_list.apply"


def take_effect(*, price_list: PriceList, by) -> PriceList:
    """Put an approved list into force now and close the lists that it replaces. Needs the caller's transaction."""
    moved = move(
        PRICE_TABLE, "price_list.take_effect", price_list, by=by, project_id=price_list.project_id, approved=True
    )
    apply_lines(project=moved.project, kind=moved.kind, deciders={moved.pk: by})
    _supersede(moved, by)
    notices.tell(
        [moved.made_by],
        "price_list.effective",
        key=f"price-list-{moved.pk}-effective",
        url=reverse("inventory:price_list", args=[moved.project.code, moved.pk]),
        project_id=moved.project_id,
        number=moved.number,
        title=moved.title,
    )
    return moved


@transaction.atomic
def take_due_effect(*, price_list_id: int) -> PriceList | None:
    """Put one list into force if it is approved and its time has come; None when somebody was faster."""
    locked = (
        PriceList.every.select_for_update(of=("self",))
        .select_related("project", "made_by")
        .filter(pk=price_list_id, state=PriceListState.APPROVED, effective_from__lte=clock.now())
        .first()
    )
    return take_effect(price_list=locked, by=decider(locked)) if locked else None


@transaction.atomic
def apply_lines(*, project: Project, kind: str, deciders: Mapping[int, Any] | None = None) -> list[Unit]:
    """Write the prices of effective lists that are not applied yet onto units without a live claim; returns the units.

    Of several lists for one unit the one that took effect last counts. `deciders`: list id → who decided it, where that is known.
    """
    newest = queries.newest_lines(project, kind)
    waiting = {unit_id: line for unit_id, line in newest.items() if line.applied_at is None}
    now = clock.now()
    chosen = [unit for unit in units.locked(waiting, visible=Unit.every.all()) if not queries.has_live_claim(unit, now)]
    lists: dict[int, list[Unit]] = {}
    for unit in chosen:
        lists.setdefault(waiting[unit.pk].price_list_id, []).append(unit)
    for theirs in lists.values():
        price_list = waiting[theirs[0].pk].price_list
        by = (deciders or {}).get(price_list.pk) or decider(price_list)
        _write(price_list, theirs, waiting, by, now)
    return chosen


def _write(price_list: PriceList, chosen: Sequence[Unit], lines: dict[int, PriceLine], by, now) -> None:
    unit_field, total_field = queries.PRICE_FIELDS[PriceKind(price_list.kind)]
    for unit in chosen:
        line = lines[unit.pk]
        setattr(unit, unit_field, line.unit_price)
        setattr(unit, total_field, line.total)
        unit.version += 1
    update_tracked(chosen, [unit_field, total_field, "version"], action=APPLY, by=by)
    PriceLine.objects.filter(pk__in=[lines[unit.pk].pk for unit in chosen]).update(applied_at=now)
    if price_list.kind == PriceKind.LIST:
        _tell(price_list, chosen, now)


def _tell(price_list: PriceList, chosen: Sequence[Unit], now) -> None:
    """Whoever has business with one of the units hears that its price changed (R1.8)."""
    for person, theirs in concerned(chosen).items():
        notices.tell(
            [person],
            "price.changed",
            key=f"price-{price_list.pk}-{now:%Y%m%d%H%M%S%f}",
            url=reverse("inventory:board", args=[price_list.project.code]),
            project_id=price_list.project_id,
            count=len(theirs),
            units=", ".join(unit.number for unit in theirs[:5]),
        )


def _supersede(price_list: PriceList, by) -> None:
    """Close the earlier lists of the kind of which nothing is in force or waits any more."""
    in_force = {line.price_list_id for line in queries.newest_lines(price_list.project, price_list.kind).values()}
    earlier = PriceList.every.filter(
        project_id=price_list.project_id, kind=price_list.kind, state=PriceListState.EFFECTIVE
    )
    for other in earlier.exclude(pk__in=in_force):
        move(PRICE_TABLE, "price_list.supersede", other, by=by, project_id=other.project_id, approved=True)


def decider(price_list: PriceList):
    """Who decided the list last: its effect is theirs, also when the clock brings it about."""
    approval = (
        Approval.objects.filter(kind="price.list", target_id=price_list.pk, state=Approval.State.EXECUTED)
        .select_related("executed_by")
        .latest("executed_at")
    )
    return approval.executed_by


def run_due() -> str:
    """Everything that the clock brings about with prices; returns a line for the log. Safe to repeat."""
    due = PriceList.every.filter(state=PriceListState.APPROVED, effective_from__lte=clock.now())
    lists = [
        pk for pk in due.order_by("effective_from", "pk").values_list("pk", flat=True)
        if take_due_effect(price_list_id=pk)
    ]  # fmt: skip
    return f"{len(lists)} price lists took effect, {apply_after_claims()} prices after a claim"


def apply_after_claims() -> int:
    """Apply lines that waited for a claim which has ended; returns how many units got their price."""
    now, applied = clock.now(), 0
    waiting = PriceLine.objects.filter(price_list__state=PriceListState.EFFECTIVE, applied_at__isnull=True)
    ready = [
        line for line in waiting.select_related("unit", "price_list") if not queries.has_live_claim(line.unit, now)
    ]
    for project_id, kind in {(line.price_list.project_id, line.price_list.kind) for line in ready}:
        applied += len(apply_lines(project=Project.objects.get(pk=project_id), kind=kind))
    return applied


def register() -> None:
    """Name the notices of prices."""
    notices.register("price_list.effective", gettext_lazy("Price list %(number)s %(title)s is in effect"))
    notices.register("price.changed", gettext_lazy("The list price of %(count)s of your units changed: %(units)s"))
