"""Rows: which claims, requests, quotations and trades a user may see (R6.4): the desk all of its projects, salespeople their own."""

from collections.abc import Sequence
from functools import reduce
from operator import or_

from django.db.models import Model, Q, QuerySet

from contracts.models import (
    AreaBatch,
    Buyer,
    Change,
    Claim,
    Contract,
    Document,
    HoldRequest,
    Milestone,
    Paper,
    Quotation,
    SalesImport,
    Subscription,
    Trade,
    WaitingEntry,
)
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


def quotations_visible_to(access: Access) -> QuerySet[Quotation]:
    """The quotations that the user may read."""
    return _visible(Quotation, access)


def trades_visible_to(access: Access) -> QuerySet[Trade]:
    """The trades of which the user may know."""
    return _visible(Trade, access)


def subscriptions_visible_to(access: Access) -> QuerySet[Subscription]:
    """The subscriptions of these trades."""
    return _visible(Subscription, access, "trade__")


def contracts_visible_to(access: Access) -> QuerySet[Contract]:
    """The contracts of these trades."""
    return _visible(Contract, access, "trade__")


def milestones_visible_to(access: Access) -> QuerySet[Milestone]:
    """The milestones of these contracts."""
    return _visible(Milestone, access, "contract__trade__", "contract__")


def changes_visible_to(access: Access) -> QuerySet[Change]:
    """The changes of these trades."""
    return _visible(Change, access, "trade__")


def area_batches_visible_to(access: Access) -> QuerySet[AreaBatch]:
    """The lists of surveyed areas, for who may read every sale of the project."""
    return AreaBatch.objects.filter(access.projects(Permission.CLAIM_SEE_ALL)).scoped()


def buyers_visible_to(access: Access) -> QuerySet[Buyer]:
    """The buyers of these trades."""
    return _visible(Buyer, access, "trade__", "trade__")


def documents_visible_to(access: Access) -> QuerySet[Document]:
    """The lines of the checklists of these trades."""
    return _visible(Document, access, "trade__", "trade__")


def sales_imports_visible_to(access: Access) -> QuerySet[SalesImport]:
    """The imports of past sales for who may import them."""
    return SalesImport.objects.filter(access.projects(Permission.SALES_IMPORT)).scoped()


def papers_visible_to(access: Access) -> QuerySet[Paper]:
    """The papers of these trades and quotations."""
    return _visible(Paper, access, ("trade__", "quotation__"))


def _visible(model: type[Model], access: Access, whose: str | Sequence[str] = "", where: str = "") -> QuerySet:
    """`whose` (one of them) and `where` lead to the salesperson and to the project of a row."""
    own = access.projects(Permission.CLAIM_SEE_OWN, f"{where}project_id")
    everything = access.projects(Permission.CLAIM_SEE_ALL, f"{where}project_id")
    rows: GuardedManager = model._default_manager  # type: ignore[assignment]
    paths = (whose,) if isinstance(whose, str) else whose
    theirs = reduce(or_, (Q(**{f"{path}salesperson": access.user}) for path in paths))
    return rows.filter(everything | own & theirs).scoped()
