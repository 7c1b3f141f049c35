"""Rows: which claims, requests and waiting entries a user may see (R6.4): the desk all of its projects, salespeople their own."""

from django.db.models import Model, Q, QuerySet

from contracts.models import Claim, HoldRequest, WaitingEntry
from salescontrol.core.access import Access
from salescontrol.core.permissions import Permission
from salescontrol.core.scoping import GuardedManager


def claims_visible_to(access: Access) -> QuerySet[Claim]:
    """Every claim of which the user may know: all of the project for the desk, a salesperson's own."""
    return _visible(Claim, access)


def requests_visible_to(access: Access) -> QuerySet[HoldRequest]:
    """The hold requests that the user may read."""
    return _visible(HoldRequest, access)


def waiting_visible_to(access: Access) -> QuerySet[WaitingEntry]:
    """The places in waiting lists that the user may read."""
    return _visible(WaitingEntry, access)


def _visible(model: type[Model], access: Access) -> QuerySet:
    own = access.projects(Permission.CLAIM_SEE_OWN)
    everything = access.projects(Permission.CLAIM_SEE_ALL)
    rows: GuardedManager = model._default_manager  # type: ignore[assignment]
    return rows.filter(everything | own & Q(salesperson=access.user)).scoped()
