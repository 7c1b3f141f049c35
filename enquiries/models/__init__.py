"""Customers: who calls, visits and buys."""

from enquiries.models.customer import Customer

__all__ = ["Customer"]
