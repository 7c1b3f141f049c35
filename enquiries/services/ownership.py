"""Whose a customer stays, and until when: a first contact and every follow-up count for some days (domain B5, settings).

The term runs from the later of being given and the last contact: the shorter one for who only called, the longer one for who
came. Customers who are bound by something of the apps above, such as a hold, do not lapse: `keep` registers what binds.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce, Greatest

from enquiries.models import Customer
from enquiries.services.rows import tell
from inventory.models import Project
from salescontrol.core import clock, options
from salescontrol.core.history import save_tracked

_SINCE = Greatest(Coalesce("owner_since", "entered_at"), Coalesce("last_contact_at", "owner_since", "entered_at"))
_BINDS: list[Callable[[], QuerySet]] = []


def keep(bound: Callable[[], QuerySet]) -> None:
    """Name customers who do not lapse and are not erased: a query of their ids. Called from `AppConfig.ready`."""
    _BINDS.append(bound)


def bound() -> Q:
    """A condition: customers who are bound by something."""
    return reduce(or_, (Q(pk__in=query()) for query in _BINDS), Q(pk__in=[]))


def ends_at(customer: Customer) -> datetime | None:
    """When the customer lapses without a follow-up; None when nobody looks after them."""
    if customer.owner_id is None:
        return None
    since = max(filter(None, (customer.owner_since or customer.entered_at, customer.last_contact_at)))
    key = "customer.visit_days" if customer.visited else "customer.phone_days"
    return since + timedelta(days=options.value(key, customer.project_id))


def renew(*, customer: Customer, at: datetime, visit: bool = False) -> None:
    """A contact took place: the term runs anew from it. Needs the caller's transaction; the contact is its record."""
    rows = Customer.every.filter(pk=customer.pk)
    rows.filter(Q(last_contact_at__isnull=True) | Q(last_contact_at__lt=at)).update(last_contact_at=at)
    if visit:
        rows.filter(visited=False).update(visited=True)


def lapse_due() -> int:
    """Warn the owners whose term ends soon, and take away what nobody followed up; returns how many lapsed. Repeatable."""
    return sum(_lapse_in(project, clock.now()) for project in Project.objects.all())


def _lapse_in(project: Project, now: datetime) -> int:
    settings = options.values(project.pk)
    lapsed = sum(_lapse(customer.pk, settings, now) for customer in _past(project, settings, now))
    for customer in _past(project, settings, now + timedelta(days=settings["customer.warn_days"])):
        tell(
            customer,
            customer.owner,
            "customer.lapsing",
            None,
            key=f"customer.lapsing-{customer.number}-{customer.since:%Y%m%d}",
        )
    return lapsed


def _past(project: Project, settings: dict[str, Any], moment: datetime) -> QuerySet:
    """The owned customers of the project whose term is over at this moment, with `since`."""
    came = Q(visited=True, since__lte=moment - timedelta(days=settings["customer.visit_days"]))
    called = Q(visited=False, since__lte=moment - timedelta(days=settings["customer.phone_days"]))
    owned = Customer.every.filter(project=project, owner__isnull=False, merged_into__isnull=True, erased_at=None)
    rows = owned.annotate(since=_SINCE).filter(came | called).exclude(bound())
    return rows.select_related("project", "owner").order_by("pk")


@transaction.atomic
def _lapse(pk: int, settings: dict[str, Any], now: datetime) -> int:
    """Nobody's from now on, unless somebody spoke with the customer meanwhile. 1 or 0."""
    row = Customer.every.select_for_update(of=("self",), no_key=True).select_related("project", "owner").get(pk=pk)
    if not _past(row.project, settings, now).filter(pk=pk).exists():
        return 0
    former, row.owner, row.owner_since = row.owner, None, None
    save_tracked(row, action="customer.lapse", by=None, fields=["owner", "owner_since"])
    tell(row, former, "customer.lapsed", None)
    return 1
