"""What is known about a customer beside name, phone and note: each fact optional, checked by the columns themselves (domain B5)."""

from collections.abc import Mapping
from decimal import Decimal
from typing import TypedDict

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from enquiries.models import Customer
from enquiries.models.wishes import Wishes
from enquiries.queries.scope import customers_visible_to
from salescontrol.core.access import Access
from salescontrol.core.errors import Refusal

WISHES = tuple(field.name for field in Wishes._meta.fields)
PLAIN = ("kind", "address", "channel", "grade", *WISHES)
COLUMNS = (*PLAIN, "referrer")
RANGES = (("area_from", "area_to"), ("floor_from", "floor_to"))


class Facts(TypedDict, total=False):
    """The facts by the names of their columns; `referrer` is the number of a customer whom the user sees. What is missing stays."""

    kind: str
    address: str
    channel: str
    grade: str
    referrer: str
    layout: str
    area_from: Decimal | None
    area_to: Decimal | None
    budget_to: Decimal | None
    floor_from: int | None
    floor_to: int | None
    motive: str
    needs: str


def put(row: Customer, facts: Facts, access: Access) -> None:
    """Set the facts on the row, unsaved. Raises Refusal `facts` at the fields that cannot be."""
    given: Mapping[str, object] = {**facts}
    for name in PLAIN:
        if name in given:
            setattr(row, name, given[name])
    if "referrer" in facts:
        row.referrer = _referrer(row, facts["referrer"], access)
    _check(row)


def _referrer(row: Customer, number: str, access: Access) -> Customer | None:
    if not number.strip():
        return None
    visible = customers_visible_to(access).filter(project=row.project_id).exclude(pk=row.pk)
    found = visible.filter(number=number.strip().upper()).first()
    if found is None:
        message = _("Enter the number of a customer of your own, such as K7M2QX9A.")
        raise Refusal(message, code="facts", fields={"referrer": [message]})
    return found


def _check(row: Customer) -> None:
    try:
        row.clean_fields(exclude={field.name for field in row._meta.fields} - {*PLAIN})
    except ValidationError as error:
        raise Refusal(_("Some entries are not possible."), code="facts", fields=error.message_dict) from error
    for low, high in RANGES:
        first, last = getattr(row, low), getattr(row, high)
        if first is not None and last is not None and first > last:
            message = _("This is less than where it begins.")
            raise Refusal(message, code="facts", fields={high: [message]})
