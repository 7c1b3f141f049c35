"""Lists of subscriptions, what falls due soon, and one subscription with its buyers."""

from datetime import date, timedelta

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce

from contracts.models import Buyer, Quotation, Subscription
from contracts.queries.scope import buyers_visible_to, quotations_visible_to, subscriptions_visible_to
from contracts.states import QuotationState, SubscriptionKind, SubscriptionState
from inventory.models import Project, Unit
from inventory.queries.scope import projects_visible_to
from salescontrol.core import clock
from salescontrol.core.access import Access
from salescontrol.core.errors import NotVisible

NEAR = timedelta(days=2)
FOUND = 20
_NAMED = ("project", "unit__building", "unit__project", "trade__salesperson", "quotation", "claim", "made_by")


def overdue(today: date) -> Q:
    """Active subscriptions whose deadline has passed: to be signed, or to be topped up."""
    return Q(state=SubscriptionState.ACTIVE) & (
        Q(kind=SubscriptionKind.FULL, due_on__lt=today) | Q(kind=SubscriptionKind.SMALL, top_up_on__lt=today)
    )


def falls_due(today: date) -> Q:
    """Those whose deadline has passed or comes within two days."""
    last = today + NEAR
    return Q(kind=SubscriptionKind.FULL, due_on__lte=last) | Q(kind=SubscriptionKind.SMALL, top_up_on__lte=last)


def listed(access: Access, project: Project) -> QuerySet[Subscription]:
    """The subscriptions of the project that the user may read; `turn` puts running ones first, `ends_on` is their deadline."""
    turn = Case(
        When(state=SubscriptionState.ACTIVE, then=Value(0)), When(state=SubscriptionState.DRAFT, then=Value(1)),
        default=Value(2), output_field=IntegerField(),
    )  # fmt: skip
    rows = subscriptions_visible_to(access).filter(project=project).select_related(*_NAMED)
    small = When(kind=SubscriptionKind.SMALL, then="top_up_on")
    return rows.annotate(turn=turn, ends_on=Case(small, default=Coalesce("due_on", "top_up_on")))


def overdue_to_sign(access: Access, project: Project) -> QuerySet[Subscription]:
    """认购逾期未签: active full subscriptions past their signing deadline, the longest first (domain B10)."""
    today = clock.today(project.zone)
    late = listed(access, project).filter(state=SubscriptionState.ACTIVE, kind=SubscriptionKind.FULL, due_on__lt=today)
    return late.order_by("due_on", "pk")


def due(access: Access, project: Project) -> QuerySet[Subscription]:
    """Active ones whose deadline has passed or comes within two days, first to end first."""
    today = clock.today(project.zone)
    rows = listed(access, project).filter(falls_due(today), state=SubscriptionState.ACTIVE)
    return rows.order_by("ends_on", "pk")  # type: ignore[misc]  # the plugin loses the annotation


def find(access: Access, project: Project, code: str) -> Subscription:
    """The subscription, or NotVisible with one text when it is missing or not this user's (abuse 25)."""
    row = listed(access, project).filter(code=code).first()
    if row is None:
        raise NotVisible("")
    return row


def found(access: Access, words: str) -> list[Subscription]:
    """Those with this number or code, across the user's projects."""
    number = words.strip()
    rows = subscriptions_visible_to(access).filter(
        Q(number__in=[number, number.upper()]) | Q(code=number.upper()), project__in=projects_visible_to(access)
    )
    return list(rows.select_related("unit", "project").order_by("-made_at", "-pk")[:FOUND]) if number else []


def buyers(access: Access, row: Subscription) -> list[Buyer]:
    """The present buyers of its trade, in their order."""
    found = buyers_visible_to(access).filter(trade=row.trade_id, until__isnull=True)
    return list(found.select_related("customer").order_by("position", "pk"))


def of_unit(access: Access, unit: Unit) -> list[Subscription]:
    """The drafts and the active subscription on a unit that the reader may see, newest first."""
    rows = subscriptions_visible_to(access).filter(unit=unit).exclude(state=SubscriptionState.CLOSED)
    return list(rows.select_related("project").order_by("-made_at", "-pk"))


def ready_quotations(access: Access, unit: Unit) -> QuerySet[Quotation]:
    """The quotations of the unit that can be subscribed on, as far as the reader may see them."""
    today = clock.today(unit.project.zone)
    ready = quotations_visible_to(access).filter(unit=unit, state=QuotationState.READY, valid_until__gte=today)
    return ready.select_related("customer").order_by("-made_at", "-pk")
