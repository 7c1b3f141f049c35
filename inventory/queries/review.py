"""What a unit still lacks before it can be approved, and what a batch brings (R1.4, decisions 10)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from inventory import rules
from inventory.models import BatchLine, ListingBatch, Material, Project, Unit
from inventory.models.batch import LineKind, LineState
from inventory.models.material import MaterialKind
from inventory.models.unit import ATTACHED_TYPES
from inventory.queries.discounts import covers, discounts_in_force
from inventory.states import BatchState, Review
from salescontrol.core import clock
from salescontrol.core.templatetags import sales

# In the order in which they are shown. The first three can never be relaxed.
FACTS: dict[str, Any] = {
    "place": _("Building, floor and room"),
    "built_area": _("Built area"),
    "list_price": _("List price"),
    "layout": _("Layout"),
    "orientation": _("Orientation"),
    "floor_plan": _("Floor plan"),
    "discount": _("Discount policy, or “none” stated on purpose"),
}
RELAXABLE = ("layout", "orientation", "floor_plan", "discount")
_NOT_FOR_PARKING = frozenset({"layout", "orientation", "floor_plan"})
OPEN = (Review.DRAFT, Review.RETURNED)


def missing_for_approval(project: Project, units: Sequence[Unit]) -> dict[int, list[str]]:
    """Unit id → codes of `FACTS` that it lacks, for units of one project; complete ones are left out. Five queries at most.

    Place, built area and list price are always needed; layout, orientation, floor plan and a discount policy in force (or
    `no_discount`) unless the project relaxes them with a reason (decisions 10). Parking and storage have no layout,
    orientation or floor plan.
    """
    relaxed = set(project.optional_before_approval) & set(RELAXABLE) if project.optional_reason else set()
    policies = [] if "discount" in relaxed else discounts_in_force(project, clock.today(project.zone))
    drawn_units, drawn_layouts = (set(), set()) if "floor_plan" in relaxed else _drawn(units)
    found = {}
    for unit in units:
        has = {
            "place": bool(unit.room and unit.floor_label and unit.building_id),
            "built_area": bool(unit.built_area),
            "list_price": bool(unit.list_total),
            "layout": unit.layout_id is not None,
            "orientation": bool(unit.orientation),
            "floor_plan": unit.pk in drawn_units or unit.layout_id in drawn_layouts,
            "discount": unit.no_discount or any(covers(policy, unit) for policy in policies),
        }
        spared = relaxed | _NOT_FOR_PARKING if unit.property_type in ATTACHED_TYPES else relaxed
        lacks = [code for code in FACTS if not has[code] and code not in spared]
        if lacks:
            found[unit.pk] = lacks
    return found


def _drawn(units: Sequence[Unit]) -> tuple[set[int], set[int]]:
    """The ids of units and of layouts that have a floor plan."""
    plans = Material.every.filter(kind=MaterialKind.FLOOR_PLAN, removed_at__isnull=True)
    layouts = {unit.layout_id for unit in units if unit.layout_id}
    on_units = plans.filter(unit__in=[unit.pk for unit in units]).values_list("unit_id", flat=True)
    on_layouts = plans.filter(layout__in=layouts).values_list("layout_id", flat=True)
    return set(on_units), set(on_layouts)


def labels(codes: Iterable[str]) -> list[str]:
    """The names of missing facts in the reader's language."""
    return [str(FACTS[code]) for code in codes]


@dataclass(frozen=True)
class BatchSummary:
    """What a batch holds: units by review state, and changed lines of approved units that wait."""

    draft: int
    submitted: int
    returned: int
    approved: int
    changes: int

    @property
    def to_submit(self) -> int:
        return self.draft + self.returned


def summary(batch: ListingBatch) -> BatchSummary:
    """Counts for the head of the review page; two queries."""
    counts = dict(units_of(batch).order_by().values_list("review").annotate(n=Count("pk")))
    return BatchSummary(
        draft=counts.get(Review.DRAFT, 0),
        submitted=counts.get(Review.SUBMITTED, 0),
        returned=counts.get(Review.RETURNED, 0),
        approved=counts.get(Review.APPROVED, 0),
        changes=waiting_changes(batch).count(),
    )


def units_of(batch: ListingBatch) -> QuerySet[Unit]:
    """Every unit that the batch brought; for who may see the batch."""
    return Unit.every.filter(batch=batch)


def waiting_changes(batch: ListingBatch) -> QuerySet[BatchLine]:
    """The lines of the batch that change approved units and are not decided: in the drafts, with the supervisor, or returned."""
    undecided = Q(state__in=[LineState.ENTERED, LineState.RETURNED])
    return batch.lines.filter(undecided, kind=LineKind.CHANGED, unit__review=Review.APPROVED).exclude(
        batch__state=BatchState.DISCARDED
    )


def differences(line: BatchLine) -> list[dict[str, str]]:
    """A changed line for reading: label, what was there before, what it would be; floor prices are never in a hand-over."""
    return [
        {"label": str(rules.FIELDS[name].label), "old": shown(name, line.before.get(name)), "new": shown(name, text)}
        for name, text in line.after.items()
        if name in rules.FIELDS
    ]


def shown(name: str, text: str | None) -> str:
    """A value kept as text, as a person reads it: the label of a choice, thousand separators in figures."""
    if not text:
        return ""
    field = rules.FIELDS[name]
    if field.kind == "choice":
        return str(field.choices[text][0]) if text in field.choices else text
    value = rules.from_text({name: text}).get(name)
    if field.kind == "flag":
        return str(_("Yes") if value else _("No"))
    if value is None:
        return text
    if field.kind == "area":
        return sales.area(value)
    return sales.amount(value) if field.kind in ("unit_price", "total") else text
