"""Rows: which customers, pre-reports, calls, visits, viewings and talking points a user may see (R6.4): all of the project for the desk and
management, a salesperson's own."""

from datetime import datetime

from django.db.models import Q, QuerySet

from enquiries.models import Call, Customer, Erasure, FollowUp, Intake, PreReport, TalkingPoint, Viewing, Visit
from enquiries.states import CallState
from salescontrol.core import clock
from salescontrol.core.access import Access
from salescontrol.core.permissions import Permission


def customers_visible_to(access: Access) -> QuerySet[Customer]:
    """Every customer of whom the user may know: of the whole project, or those whom they look after. Merged ones are one, and
    erased ones are nobody (R7.6)."""
    return Customer.objects.filter(_seen(access), merged_into__isnull=True, erased_at__isnull=True).scoped()


def erased_visible_to(access: Access) -> QuerySet[Customer]:
    """The erased customers of whom the user might know if they were not: that a number was erased, and when."""
    return Customer.objects.filter(_seen(access), merged_into__isnull=True, erased_at__isnull=False).scoped()


def _seen(access: Access) -> Q:
    own = access.projects(Permission.CUSTOMER_SEE_OWN) & Q(owner=access.user)
    return access.projects(Permission.CUSTOMER_SEE_ALL) | own


def erasures_visible_to(access: Access) -> QuerySet[Erasure]:
    """The erasures of the projects in which the user asks for some or decides them."""
    asks, decides = Permission.CUSTOMER_ERASE, Permission.CUSTOMER_ERASE_DECIDE
    return Erasure.objects.filter(access.projects(asks) | access.projects(decides)).scoped()


def follow_ups_visible_to(access: Access) -> QuerySet[FollowUp]:
    """The follow-ups of visible customers, whoever wrote them."""
    return FollowUp.objects.filter(customer__in=customers_visible_to(access).values("pk")).scoped()


def viewings_visible_to(access: Access) -> QuerySet[Viewing]:
    """Every viewing of which the user may know: of the whole project, or those that they conduct."""
    own = access.projects(Permission.VIEWING_SEE_OWN) & Q(salesperson=access.user)
    return Viewing.objects.filter(access.projects(Permission.VIEWING_SEE_ALL) | own).scoped()


def calls_visible_to(access: Access) -> QuerySet[Call]:
    """All calls for the desk, drafts only for those who log calls; a salesperson's own: given to them, or of their customers."""
    done = Q(state__in=(CallState.LOGGED, CallState.CONFIRMED))
    mine = Q(salesperson=access.user) | Q(customer__owner=access.user)
    own = access.projects(Permission.CALL_SEE_OWN) & mine & done
    whole = access.projects(Permission.CALL_SEE_ALL) & (done | access.projects(Permission.CALL_LOG))
    return Call.objects.filter(whole | own).scoped()


def visits_visible_to(access: Access) -> QuerySet[Visit]:
    """All visits for the desk and management; a salesperson's own: those they received, and those of their customers."""
    mine = Q(salesperson=access.user) | Q(customer__owner=access.user)
    own = access.projects(Permission.VISIT_SEE_OWN) & mine
    return Visit.objects.filter(access.projects(Permission.VISIT_SEE_ALL) | own).scoped()


def pre_reports_visible_to(access: Access) -> QuerySet[PreReport]:
    """All pre-reports for who sees every customer; a salesperson's own: those of customers whom they look after."""
    own = access.projects(Permission.CUSTOMER_SEE_OWN) & Q(customer__owner=access.user)
    return PreReport.objects.filter(access.projects(Permission.CUSTOMER_SEE_ALL) | own).scoped()


def intakes_visible_to(access: Access) -> QuerySet[Intake]:
    """The imports of a project for who may import: the desk."""
    return Intake.objects.filter(access.projects(Permission.CUSTOMER_IMPORT)).scoped()


def points_visible_to(access: Access, now: datetime | None = None) -> QuerySet[TalkingPoint]:
    """What is valid today for everybody who works in the project; the others for who keeps them. `now`: if it was asked already."""
    today = clock.local(now or clock.now()).date()
    valid = Q(ended_at__isnull=True, valid_from__lte=today) & (Q(valid_until__isnull=True) | Q(valid_until__gte=today))
    readers = access.projects(Permission.BOARD_SEE) & valid
    return TalkingPoint.objects.filter(access.projects(Permission.TALK_KEEP) | readers).scoped()
