"""Rows: which customers and viewings a user may see (R6.4): all of the project for the desk and management, a salesperson's own."""

from django.db.models import Q, QuerySet

from enquiries.models import Customer, Viewing
from salescontrol.core.access import Access
from salescontrol.core.permissions import Permission


def customers_visible_to(access: Access) -> QuerySet[Customer]:
    """Every customer of whom the user may know: of the whole project, or those whom they look after."""
    own = access.projects(Permission.CUSTOMER_SEE_OWN) & Q(owner=access.user)
    return Customer.objects.filter(access.projects(Permission.CUSTOMER_SEE_ALL) | own).scoped()


def viewings_visible_to(access: Access) -> QuerySet[Viewing]:
    """Every viewing of which the user may know: of the whole project, or those that they conduct."""
    own = access.projects(Permission.VIEWING_SEE_OWN) & Q(salesperson=access.user)
    return Viewing.objects.filter(access.projects(Permission.VIEWING_SEE_ALL) | own).scoped()
