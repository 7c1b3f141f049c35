"""How a customer is called on a page about claims: by name to whoever may see the customer, else by number (R7.1)."""

from django.utils.translation import gettext as _

from enquiries.models import Customer
from salescontrol.core.access import Access
from salescontrol.core.permissions import Permission


def sees_name(access: Access, customer: Customer) -> bool:
    """Whether the reader may know what the customer is called."""
    own = access.can(Permission.CUSTOMER_SEE_OWN, customer.project_id) and customer.owner_id == access.user.pk
    return own or access.can(Permission.CUSTOMER_SEE_ALL, customer.project_id)


def named(access: Access, customer: Customer | None) -> str:
    """`Zhou Min (K7M2QX9A)`, or the number alone for a reader without sight of the customer. Pages that name customers put
    the look on record (A4); tiles and search results show numbers."""
    if customer is None:
        return ""
    if sees_name(access, customer):
        return _("%(name)s (%(number)s)") % {"name": customer.called, "number": customer.number}
    return customer.number
