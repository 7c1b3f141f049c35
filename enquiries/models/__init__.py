"""Customers: who calls, visits and buys."""

from enquiries.models.contact import CustomerPhone, IdPaper
from enquiries.models.customer import Customer
from enquiries.models.follow_up import FollowUp

__all__ = ["Customer", "CustomerPhone", "FollowUp", "IdPaper"]
