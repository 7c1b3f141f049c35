"""Customers, calls, visits and viewings."""
