"""The phones and papers of a customer who was found among the visible ones, and whoever was merged into them."""

from django.db.models import QuerySet

from enquiries.models import Customer, CustomerPhone, IdPaper
from inventory.models import Project


def phones_of(customer: Customer) -> QuerySet[CustomerPhone]:
    """Every phone number, the main one first."""
    return CustomerPhone.every.filter(customer=customer)


def papers_of(customer: Customer) -> QuerySet[IdPaper]:
    """Every identity paper."""
    return IdPaper.every.filter(customer=customer)


def lives_of(customer: Customer) -> list[int]:
    """The ids under which this customer's histories stand: their own, and those of whoever was merged into them, by any way."""
    found, newest = [customer.pk], [customer.pk]
    while newest:
        newest = list(Customer.every.filter(merged_into__in=newest).values_list("pk", flat=True))
        found += newest
    return found


def kept_for(project: Project, number: str) -> int | None:
    """The id of the customer into whom the one of this number was merged; whether it may be seen is asked after that."""
    merged = Customer.every.filter(project=project, number=number, merged_into__isnull=False)
    return merged.values_list("merged_into", flat=True).first()
