"""Builders for the review, price and discount suites: a building with drafts or stock, batches, floor plans, policies."""

from datetime import date
from decimal import Decimal

from inventory.models import BatchLine, DiscountPolicy, ListingBatch, Material, Unit
from inventory.models.batch import LineKind, LineState
from inventory.models.price import DiscountKind
from inventory.states import BatchState, DiscountState, Review, Status
from salescontrol.core.access import forget_access
from salescontrol.core.models import Attachment
from tests import build


def batch(where, by, number: str = "LB-1", **fields) -> ListingBatch:
    return ListingBatch.objects.create(
        **{"project": where, "number": number, "title": "Tower 3", "state": BatchState.DRAFT, "made_by": by, **fields}
    )


def drafts(house, found: ListingBatch | None, by, count: int = 3, **fields) -> list[Unit]:
    """Complete drafts (but for a discount policy: none, on purpose) with a drawn layout."""
    shape = drawn_layout(house.project, by)
    defaults = {"layout": shape, "orientation": "S", "no_discount": True, "batch": found}
    return [
        build.unit(house, floor, "01", by=by, status=Status.DRAFT, **{**defaults, **fields})
        for floor in range(1, count + 1)
    ]


def stock(house, by, count: int = 3, status: Status = Status.AVAILABLE, room: str = "02", **fields) -> list[Unit]:
    return [build.unit(house, floor, room, by=by, status=status, **fields) for floor in range(1, count + 1)]


def drawn_layout(where, by, code: str = "C"):
    """A layout with a floor plan."""
    shape = where.layouts.filter(code=code).first() or build.layout(where, code)
    if not shape.materials.exists():
        file = Attachment.objects.create(
            name="plan.png", content_type="image/png", size=1, sha256="0" * 64, uploaded_by=by
        )
        Material.objects.create(layout=shape, kind="FLOOR_PLAN", title="Plan", file=file, added_by=by)
    return shape


def changed_line(found: ListingBatch, unit: Unit, before: dict, after: dict) -> BatchLine:
    """A change of an approved unit that waits in the batch, as an import leaves it."""
    return BatchLine.objects.create(
        batch=found,
        label=unit.number,
        kind=LineKind.CHANGED,
        state=LineState.ENTERED,
        unit=unit,
        unit_version=unit.version,
        before=before,
        after=after,
    )


def policy(where, by, **fields) -> DiscountPolicy:
    """A policy in force."""
    defaults = {
        "project": where,
        "name": "Opening",
        "kind": DiscountKind.PERCENT,
        "percent": Decimal("2.00"),
        "valid_from": date(2026, 1, 1),
        "state": DiscountState.EFFECTIVE,
        "made_by": by,
    }
    return DiscountPolicy.objects.create(**{**defaults, **fields})


def statuses(units) -> set[str]:
    return set(Unit.objects.filter(pk__in=[unit.pk for unit in units]).values_list("status", flat=True))


def reviews(units) -> set[str]:
    return set(Unit.objects.filter(pk__in=[unit.pk for unit in units]).values_list("review", flat=True))


def events_agree(units) -> bool:
    """Whether each unit's status and number are those of its last event (domain B16)."""
    for unit in Unit.objects.filter(pk__in=[unit.pk for unit in units]):
        last = unit.events.order_by("-seq").first()
        if last is None:
            if (unit.status, unit.event_seq) != (Status.DRAFT, 0):
                return False
        elif (last.to_status, last.seq) != (unit.status, unit.event_seq):
            return False
    return True


def forget(*people) -> None:
    for person in people:
        forget_access(person)


APPROVED, SUBMITTED, RETURNED, DRAFT = Review.APPROVED, Review.SUBMITTED, Review.RETURNED, Review.DRAFT
