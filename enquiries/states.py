"""Codes and states of customers."""

from salescontrol.core.numbering import random_code


def new_number() -> str:
    """The public number of a customer, such as `K7M2QX9A`."""
    return random_code()
