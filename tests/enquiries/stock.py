"""Customers that the tests of enquiries share."""

import itertools
import uuid

from enquiries.models import Customer
from enquiries.services import customers

_phones = itertools.count(13800020000)


def phone() -> str:
    """A mobile number that no other test has."""
    return str(next(_phones))


def customer(project, owner, *, name: str = "Zhou Min", number: str = "", note: str = "", by=None) -> Customer:
    """A customer of the project who belongs to `owner`, entered by them or by `by`."""
    return customers.enter_customer(
        op_id=uuid.uuid4(), project=project, name=name, phone=number or phone(), owner=owner, note=note, by=by or owner
    )
