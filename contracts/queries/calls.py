"""What became of calls: the holds of callers, and which of a caller's claims are live (R2.1)."""

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from contracts.models import Claim
from contracts.queries.live import is_live
from contracts.queries.scope import claims_visible_to
from enquiries.models import Customer
from enquiries.queries.measures import calls_of
from salescontrol.core import clock
from salescontrol.core.access import Access


def live_of(access: Access, customer: Customer) -> QuerySet[Claim]:
    """The live claims of this customer that the reader may know of, latest first: number, stage, end, and the unit's number."""
    rows = claims_visible_to(access).filter(is_live(clock.now()), customer=customer)
    shown = rows.select_related("unit").only("number", "stage", "expires_at", "unit__number")
    return shown.order_by("-placed_at", "-pk")


def claimed_after(access: Access) -> Exists:
    """Of a call: whether a unit was claimed for its customer since then, as far as the reader may know."""
    return Exists(claims_visible_to(access).filter(customer=OuterRef("customer"), placed_at__gte=OuterRef("at")))


def conversion(access: Access, period: dict[str, Any]) -> tuple[int, int]:
    """Of the customers who called in the period, how many, and for how many a unit was claimed after their call."""
    calls = calls_of(access, period["project"], period["since"], period["until"]).filter(customer__isnull=False)
    callers = calls.values("customer").distinct()
    return callers.count(), callers.filter(claimed_after(access)).count()
