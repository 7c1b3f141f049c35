"""Rows: which projects, units and batches a user may see (R6.4; decisions 1, 3). Everything else starts from here."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from inventory.models import ListingBatch, Project, Unit, UnitInterest
from inventory.queries.standing import stands_in
from inventory.states import FOR_SALE, Review
from salescontrol.core import clock
from salescontrol.core.access import Access
from salescontrol.core.permissions import Permission


def projects_visible_to(access: Access) -> QuerySet[Project]:
    """The projects the user works in; company-wide roles with that right see all. Archived ones are left out."""
    return Project.objects.filter(access.projects(Permission.PROJECT_SEE, "pk"), archived_at__isnull=True)


def units_visible_to(access: Access) -> QuerySet[Unit]:
    """Every unit of which the user may know that it exists.

    All units for the desk (drafts only for those who enter or review them); the user's own for a salesperson (assigned, or
    named by a live interest), with the project's switch also the others for sale; the submitted ones for marketing.
    """
    approved = Q(review=Review.APPROVED)
    everything = access.projects(Permission.UNIT_SEE_ALL) & (approved | access.projects(Permission.UNIT_SEE_DRAFTS))
    submitted = access.projects(Permission.UNIT_SEE_SUBMITTED) & _submitted_by(access.user)
    return Unit.objects.filter(everything | submitted | _own(access) & approved | _shared(access) & approved)


def own_units(access: Access) -> QuerySet[Unit]:
    """The units that are this user's business: assigned to them or named by a live interest of theirs."""
    return Unit.objects.filter(_is_mine(access.user), review=Review.APPROVED)


def batches_visible_to(access: Access) -> QuerySet[ListingBatch]:
    """All batches for those who review or enter; marketing sees its own."""
    own = access.projects(Permission.BATCH_SUBMIT) & Q(made_by=access.user)
    return ListingBatch.objects.filter(access.projects(Permission.UNIT_SEE_DRAFTS) | own)


def _own(access: Access) -> Q:
    return access.projects(Permission.UNIT_SEE_OWN) & _is_mine(access.user)


def _shared(access: Access) -> Q:
    for_sale = Q(project__share_for_sale=True) & stands_in(FOR_SALE, clock.now())
    return access.projects(Permission.UNIT_SEE_OWN) & for_sale


def _is_mine(user) -> Q:
    live = UnitInterest.objects.filter(Q(until__isnull=True) | Q(until__gt=clock.now()), unit=OuterRef("pk"), user=user)
    return Q(salesperson=user) | Q(Exists(live))


def _submitted_by(user) -> Q:
    return Q(batch__made_by=user) | Q(batch__isnull=True, entered_by=user)
