"""Rows: which projects, units and batches a user may see (R6.4; decisions 1, 3). Everything else starts from here."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from inventory.models import AccessGrant, ListingBatch, Project, Unit, UnitInterest
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
    named by a live interest), with the project's switch also the others for sale; the submitted ones for marketing; and, for
    whoever works in the project, a unit that was opened to them for a time, until that moment and not a second longer.
    What cannot add anything for this user is not asked, because it is slow to ask for.
    """
    approved = Q(review=Review.APPROVED)
    seen = access.projects(Permission.UNIT_SEE_ALL) & (approved | access.projects(Permission.UNIT_SEE_DRAFTS))
    if access.can(Permission.UNIT_SEE_SUBMITTED):
        seen |= access.projects(Permission.UNIT_SEE_SUBMITTED) & _submitted_by(access.user)
    if _sees_some_in_part(access):
        now = clock.now()
        seen |= (_own(access, now) | _shared(access, now) | _granted(access, now)) & approved
    return Unit.objects.filter(seen).scoped()


def _sees_some_in_part(access: Access) -> bool:
    """Whether there may be a project of which this user sees some of the approved units and not all."""
    if Permission.UNIT_SEE_ALL in access.everywhere:
        return False
    return bool(access.everywhere) or any(Permission.UNIT_SEE_ALL not in held for held in access.permissions.values())


def units_of_project_visible_to(access: Access, project_id: int) -> QuerySet[Unit]:
    """The same of one project; to those who see all of it without a word about exceptions, which are slow to ask for."""
    drafts = access.can(Permission.UNIT_SEE_DRAFTS, project_id)
    submits = access.can(Permission.UNIT_SEE_SUBMITTED, project_id)
    if not access.can(Permission.UNIT_SEE_ALL, project_id) or (submits and not drafts):
        return units_visible_to(access).filter(project_id=project_id)
    units = Unit.objects.filter(project_id=project_id).scoped()
    return units if drafts else units.filter(review=Review.APPROVED)


def own_units(access: Access) -> QuerySet[Unit]:
    """The units that are this user's business: assigned to them or named by a live interest of theirs.

    Both are looked up by index and put together, so that it takes the same time however many units others have (quality V12).
    """
    assigned = Unit.every.filter(salesperson=access.user).order_by().values("pk")
    mine = assigned.union(_live_interests(access.user, clock.now()).values("unit"))
    return Unit.objects.filter(pk__in=mine, review=Review.APPROVED).scoped()


def own_unit_ids(access: Access, project_id: int, ids: Collection[int] | None = None) -> frozenset[int]:
    """The ids of `own_units` in one project (among `ids`): asked twice, because together no index answers both."""
    units = Unit.every.filter(project_id=project_id, review=Review.APPROVED)
    units = (units if ids is None else units.filter(pk__in=ids)).order_by().values_list("pk", flat=True)
    named = _live_interests(access.user, clock.now()).values("unit")
    return frozenset(units.filter(salesperson=access.user)) | frozenset(units.filter(pk__in=named))


def units_visible_whole_to(access: Access) -> QuerySet[Unit]:
    """The units of which somebody who does not see all reads more than facts, list price and status.

    They are their own and those opened to them for a time; `mine` on each row tells which of the two.
    """
    now = clock.now()
    mine = _is_mine(access.user, now)
    return Unit.objects.filter(mine | _granted(access, now), review=Review.APPROVED).annotate(mine=mine).scoped()


def batches_visible_to(access: Access) -> QuerySet[ListingBatch]:
    """All batches for those who review or enter; marketing sees its own."""
    own = access.projects(Permission.BATCH_SUBMIT) & Q(made_by=access.user)
    return ListingBatch.objects.filter(access.projects(Permission.UNIT_SEE_DRAFTS) | own).scoped()


def _own(access: Access, now: datetime) -> Q:
    return access.projects(Permission.UNIT_SEE_OWN) & _is_mine(access.user, now)


def _shared(access: Access, now: datetime) -> Q:
    for_sale = Q(project__share_for_sale=True) & stands_in(FOR_SALE, now)
    return access.projects(Permission.UNIT_SEE_OWN) & for_sale


def _granted(access: Access, now: datetime) -> Q:
    """Opened to the user by a decision, in a project they work in; its end is asked of the clock, no job has to come by (P5)."""
    live = AccessGrant.objects.filter(
        unit=OuterRef("pk"), user=access.user, ended_at__isnull=True, since__lte=now, until__gt=now
    )
    return access.projects(Permission.PROJECT_SEE) & Q(Exists(live))


def _is_mine(user, now: datetime) -> Q:
    return Q(salesperson=user) | Q(Exists(_live_interests(user, now).filter(unit=OuterRef("pk"))))


def _live_interests(user, now: datetime) -> QuerySet[UnitInterest]:
    return UnitInterest.objects.filter(Q(until__isnull=True) | Q(until__gt=now), user=user)


def _submitted_by(user) -> Q:
    return Q(batch__made_by=user) | Q(batch__isnull=True, entered_by=user)
