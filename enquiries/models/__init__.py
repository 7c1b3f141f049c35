"""Customers: who calls, visits and buys."""

from enquiries.models.customer import Customer
from enquiries.models.roster import CalendarLink, DutyShift
from enquiries.models.viewing import Viewing, ViewingItem, ViewingSlot

__all__ = ["CalendarLink", "Customer", "DutyShift", "Viewing", "ViewingItem", "ViewingSlot"]
