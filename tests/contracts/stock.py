"""Customers and terms that the tests of claims share."""

import itertools
import uuid

from contracts.services import holds
from contracts.states import Evidence, HoldKind
from enquiries import names
from enquiries.models import Customer
from enquiries.services.numbers import write_main
from salescontrol.core.fields import blind_index
from salescontrol.core.history import save_tracked

_phones = itertools.count(13800010000)


def customer(project, owner, *, name: str = "Zhou Min", by=None) -> Customer:
    """A customer of the project who belongs to `owner`."""
    phone = str(next(_phones))
    row = Customer(
        project=project,
        name=name,
        name_keys=names.keys(name),
        phone=phone,
        phone_index=blind_index("phone", phone),
        owner=owner,
        entered_by=by or owner,
    )
    save_tracked(row, action="customer.enter", by=by or owner)
    write_main(row, phone, action="customer.enter", by=by or owner)
    return row


def terms(customer: Customer | None, salesperson, **changes) -> holds.Terms:
    """What the desk enters to hold a unit for this customer."""
    fields = {"reason": "Decides tonight", "evidence": Evidence.ID_SEEN, "kind": HoldKind.CUSTOMER, **changes}
    return holds.Terms(customer=customer, salesperson=salesperson, **fields)


def hold(unit, customer, salesperson, by, *, op_id: uuid.UUID | None = None, **changes):
    """Hold the unit as the desk does."""
    return holds.place_hold(
        op_id=op_id or uuid.uuid4(), unit_id=unit.pk, terms=terms(customer, salesperson, **changes), by=by
    )
