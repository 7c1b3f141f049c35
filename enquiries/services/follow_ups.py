"""Follow-ups 跟进 are written down; each renews whose the customer is (domain B5)."""

import uuid
from datetime import date

from django.utils.translation import gettext as _

from enquiries.models import Customer, FollowUp
from enquiries.services import ownership
from enquiries.services.rows import locked
from enquiries.states import Way
from salescontrol.core import clock
from salescontrol.core.access import access_of
from salescontrol.core.errors import Refusal
from salescontrol.core.history import save_tracked
from salescontrol.core.operations import once
from salescontrol.core.permissions import Permission


def follow_up(
    *, op_id: uuid.UUID, customer: Customer, way: str, content: str, next_on: date | None = None, by
) -> FollowUp:
    """Write down a contact of now; the same form writes one. Raises NotVisible, Forbidden, Refusal (`way`, `content`, `next_on`)."""
    text = _checked(customer, way, content, next_on)
    seen = {"customer": customer.pk, "way": way, "content": text, "next_on": next_on}
    reference = once(
        op_id=op_id, by=by, action="customer.follow_up", content=seen,
        run=lambda: _write(customer, way, text, next_on, by),
    )  # fmt: skip
    return FollowUp.every.get(pk=reference["follow_up"])


def _checked(customer: Customer, way: str, content: str, next_on: date | None) -> str:
    if way not in Way.values:
        message = _("Choose how you spoke with the customer.")
        raise Refusal(message, code="way", fields={"way": [message]})
    if not content.strip():
        message = _("Write down what was said.")
        raise Refusal(message, code="content", fields={"content": [message]})
    if next_on is not None and next_on < clock.today(customer.project.zone):
        message = _("The next contact lies ahead: choose today or a later day.")
        raise Refusal(message, code="next_on", fields={"next_on": [message]})
    return content.strip()[:1000]


def _write(customer: Customer, way: str, content: str, next_on: date | None, by) -> dict:
    access = access_of(by)
    access.require(Permission.CUSTOMER_ENTER, customer.project_id)
    row, now = locked(customer, access), clock.now()
    written = FollowUp(customer=row, at=now, way=way, content=content, next_on=next_on, by=by)
    save_tracked(written, action="customer.follow_up", by=by)
    ownership.renew(customer=row, at=now, visit=way == Way.VISIT)
    return {"follow_up": written.pk}
