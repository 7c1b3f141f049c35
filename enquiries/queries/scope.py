"""Rows: which customers and viewings a user may see (R6.4): all of the project for the desk and management, a salesperson's own."""

from django.db.models import Q, QuerySet

from enquiries.models import Customer, FollowUp, Viewing
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
