"""The answer desk (R2.2): what is for sale that fits a wish, and what to say; four queries, however many units there are."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Case, F, Q, QuerySet, When
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThanOrEqual, LessThanOrEqual

from enquiries.models import TalkingPoint
from enquiries.queries.scope import points_visible_to
from enquiries.queries.talk import holding
from enquiries.states import Talk
from inventory.models import Layout, Project
from inventory.models.unit import ATTACHED_TYPES
from inventory.queries.scope import units_of_project_visible_to
from inventory.queries.standing import stands_in
from inventory.states import Review, Status
from salescontrol.core import clock
from salescontrol.core.access import Access
from salescontrol.core.permissions import Permission

UNITS, POINTS, PROMPTS = 12, 8, 3
PRICES = ("list_total", "list_unit_price")


@dataclass(frozen=True)
class UnitLine:
    """A unit that fits: what may be said of it on the phone. Never the floor price."""

    pk: int
    number: str
    layout: str
    area: Decimal
    floor: str
    list_total: Decimal | None
    list_unit_price: Decimal | None


@dataclass(frozen=True)
class Answers:
    """Units from cheap to dear and whether there are more; the points for the words, else the facts; what courtesy asks for."""

    units: tuple[UnitLine, ...]
    more: bool
    points: tuple[TalkingPoint, ...]
    courtesy: tuple[TalkingPoint, ...]


def answers(access: Access, project: Project, wish: Mapping[str, Any], words: str) -> Answers:
    """What can be answered to who looks for `wish` and asks `words`."""
    now = clock.now()
    units = _units(access, project, wish, now)
    valid = _valid_points(access, project, now)
    return Answers(
        units=tuple(units[:UNITS]),
        more=len(units) > UNITS,
        points=tuple(_with_words(valid, words).exclude(kind=Talk.COURTESY)[:POINTS]),
        courtesy=tuple(valid.filter(kind=Talk.COURTESY)[:PROMPTS]),
    )


def points_for(access: Access, project: Project, words: str) -> QuerySet[TalkingPoint]:
    """The valid talking points that hold every one of the words (`queries.talk.holding`)."""
    return _with_words(_valid_points(access, project, clock.now()), words)


def _valid_points(access: Access, project: Project, now: datetime) -> QuerySet[TalkingPoint]:
    today = clock.local(now, project.zone).date()
    valid = Q(valid_until__isnull=True) | Q(valid_until__gte=today)
    rows = points_visible_to(access, now).filter(project=project, ended_at__isnull=True)
    return rows.filter(valid, valid_from__lte=today).only("title", "text")


def _with_words(rows: QuerySet[TalkingPoint], words: str) -> QuerySet[TalkingPoint]:
    for word in words.split()[:6]:
        rows = rows.filter(holding(word))
    return rows


def _units(access: Access, project: Project, wish: Mapping[str, Any], now: datetime) -> list[UnitLine]:
    priced = access.can(Permission.PRICE_SEE, project.pk)
    rows = units_of_project_visible_to(access, project.pk).filter(
        stands_in([Status.AVAILABLE], now), _fits(project, wish, priced), review=Review.APPROVED, locks=""
    )
    # Homes and shops first: parking and storage are cheaper than any home, and seldom what somebody calls for.
    attached = Case(When(property_type__in=ATTACHED_TYPES, then=1), default=0)
    columns = ("pk", "number", "layout__code", "surveyed_built_area", "built_area", "floor_label", "floor", *PRICES)
    shown = rows.order_by(attached, "list_total" if priced else "floor", "pk").values_list(*columns)
    return [_line(*values, priced=priced) for values in shown[: UNITS + 1]]


def _fits(project: Project, wish: Mapping[str, Any], priced: bool) -> Q:
    """Layout by code or words, area as surveyed once known, budget as the list total, floors; what was not said excludes nothing."""
    found = Q()
    if wish.get("layout"):
        word = wish["layout"].strip()
        named = Layout.objects.filter(Q(code__iexact=word) | Q(description__icontains=word), project=project)
        found &= Q(layout__in=named.values("pk"))
    if priced and wish.get("budget_to") is not None:
        found &= Q(list_total__lte=wish["budget_to"])
    for name, low, high in (("floor", "floor_from", "floor_to"), ("built_area", "area_from", "area_to")):
        field = Coalesce("surveyed_built_area", "built_area") if name == "built_area" else name
        found &= _between(field, wish.get(low), wish.get(high))
    return found


def _between(field: Any, low: Any, high: Any) -> Q:
    column = F(field) if isinstance(field, str) else field
    found = Q()
    if low is not None:
        found &= Q(GreaterThanOrEqual(column, low))
    if high is not None:
        found &= Q(LessThanOrEqual(column, high))
    return found


def _line(pk, number, layout, surveyed, built, floor_label, floor, total, unit_price, *, priced: bool) -> UnitLine:
    return UnitLine(
        pk=pk, number=number, layout=layout or "", area=surveyed or built, floor=floor_label or str(floor),
        list_total=total if priced else None, list_unit_price=unit_price if priced else None,
    )  # fmt: skip
