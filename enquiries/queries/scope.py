"""Rows: which customers, calls, visits, viewings and talking points a user may see (R6.4): all of the project for the desk and
management, a salesperson's own."""

from django.db.models import Q, QuerySet

from enquiries.models import Call, Customer, FollowUp, TalkingPoint, Viewing, Visit
from enquiries.states import CallState
from salescontrol.core import clock
from salescontrol.core.access import Access
from salescontrol.core.permissions import Permission


def customers_visible_to(access: Access) -> QuerySet[Customer]:
    """Every customer of whom the user may know: of the whole project, or those whom they look after. Merged ones are one."""
    own = access.projects(Permission.CUSTOMER_SEE_OWN) & Q(owner=access.user)
    seen = access.projects(Permission.CUSTOMER_SEE_ALL) | own
    return Customer.objects.filter(seen, merged_into__isnull=True).scoped()


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


def points_visible_to(access: Access) -> QuerySet[TalkingPoint]:
    """What is valid today for everybody who works in the project; the others for who keeps them."""
    today = clock.today()
    valid = Q(ended_at__isnull=True, valid_from__lte=today) & (Q(valid_until__isnull=True) | Q(valid_until__gte=today))
    readers = access.projects(Permission.BOARD_SEE) & valid
    return TalkingPoint.objects.filter(access.projects(Permission.TALK_KEEP) | readers).scoped()
