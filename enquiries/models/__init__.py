"""Customers: who calls, visits and buys; and when they see what."""

from enquiries.models.contact import CustomerPhone, IdPaper
from enquiries.models.customer import Customer
from enquiries.models.follow_up import FollowUp
from enquiries.models.roster import CalendarLink, DutyShift
from enquiries.models.viewing import Viewing, ViewingItem, ViewingSlot

__all__ = [
    "CalendarLink",
    "Customer",
    "CustomerPhone",
    "DutyShift",
    "FollowUp",
    "IdPaper",
    "Viewing",
    "ViewingItem",
    "ViewingSlot",
]
