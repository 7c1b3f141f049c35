"""Customers and their calls: who calls, visits and buys, and what they are told."""

from enquiries.models.call import Call
from enquiries.models.customer import Customer
from enquiries.models.talk import TalkingPoint

__all__ = ["Call", "Customer", "TalkingPoint"]
