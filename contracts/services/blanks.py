"""The stock of blank forms: taken in by ranges, given out, and what became of each; no serial is ever there twice (domain B7)."""

import re
import uuid
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from contracts.models import BlankForm, BlankRange
from contracts.queries.scope import trades_visible_to
from contracts.states import FormKind, FormState
from inventory.models import Project
from salescontrol.core import clock
from salescontrol.core.access import access_of, deciding_users
from salescontrol.core.errors import Conflict, Refusal
from salescontrol.core.history import create_tracked, save_tracked, update_tracked
from salescontrol.core.operations import once
from salescontrol.core.permissions import Permission, Role
from salescontrol.core.words import listed

MOST = 500
_SERIAL = re.compile(r"([A-Z0-9-]*?)([0-9]{1,12})", re.ASCII)
HOLDERS = (Role.SALESPERSON, Role.SPECIALIST, Role.SUPERVISOR)
# From which states a form may be marked so.
SOURCES = {
    FormState.USED: {FormState.LEFT, FormState.OUT},
    FormState.VOID: {FormState.LEFT, FormState.OUT},
    FormState.RETURNED: {FormState.LEFT, FormState.OUT},
    FormState.LEFT: {FormState.OUT},
}


def people(project: Project) -> list:
    """To whom forms may be given: those who sell and those at the desk."""
    return sorted(deciding_users(HOLDERS, project.pk), key=lambda person: (person.name, person.pk))


def take_in(
    *,
    op_id: uuid.UUID,
    project: Project,
    kind: FormKind,
    first: str,
    last: str,
    taken_on: date,
    note: str = "",
    by: Any,
) -> BlankRange:
    """Forms with the serials from `first` to `last` come into the stock. Raises Forbidden, Refusal (`serials`, `too_many`),
    Conflict `serial_known` when one of them was in the stock before."""
    access_of(by).require(Permission.DEAL_WRITE, project.pk)

    def run() -> dict:
        prefix, width, low, high = _range(first, last)
        if taken_on > clock.today(project.zone):
            message = _("This day is still to come. Enter the day on which the forms were received.")
            raise Refusal(message, code="future", fields={"taken_on": [message]})
        row = BlankRange(
            project=project, kind=kind, prefix=prefix, width=width, first=low, last=high, taken_on=taken_on,
            note=note.strip()[:300], taken_by=by,
        )  # fmt: skip
        serials = [row.serial(number) for number in range(low, high + 1)]
        _require_new(project, kind, serials)
        try:
            with transaction.atomic():
                save_tracked(row, action="form.take_in", by=by)
                forms = [BlankForm(range=row, project=project, kind=kind, serial=serial) for serial in serials]
                create_tracked(forms, action="form.take_in", by=by)
        except IntegrityError as error:
            raise _known(serials[:1]) from error
        return {"pk": row.pk}

    content = {"project": project.pk, "kind": kind, "first": first, "last": last, "taken_on": taken_on, "note": note}
    reference = once(op_id=op_id, by=by, action="form.take_in", content=content, run=run)
    return BlankRange.objects.get(pk=reference["pk"])


def _require_new(project: Project, kind: FormKind, serials: list[str]) -> None:
    known = BlankForm.objects.filter(project=project, kind=kind, serial__in=serials).order_by("serial")
    if found := list(known.values_list("serial", flat=True)[:5]):
        raise _known(found)


def _known(serials: list[str]) -> Conflict:
    message = _(
        "Serial numbers of this range are in the stock already (%(serials)s). A serial is there once: look at the printed "
        "numbers, and enter only what is new."
    ) % {"serials": listed(serials)}
    return Conflict(message, code="serial_known", fields={"first": [message]})


def _range(first: str, last: str) -> tuple[str, int, int, int]:
    """Prefix, digits, first and last number of two serials as printed. Raises Refusal."""
    ends = [_SERIAL.fullmatch(text.strip().upper()) for text in (first, last or first)]
    low, high = ends
    if low is None or high is None or low[1] != high[1] or len(low[2]) != len(high[2]) or int(high[2]) < int(low[2]):
        message = _(
            "Enter the first and the last serial as printed, such as A000101 and A000150: the same letters, the same number of "
            "digits, the last not below the first."
        )
        raise Refusal(message, code="serials", fields={"first": [message]})
    if len(low[1]) > 20:
        message = _("At most 20 letters stand before the number of a serial.")
        raise Refusal(message, code="serials", fields={"first": [message]})
    if int(high[2]) - int(low[2]) >= MOST:
        message = _("At most %(count)s forms are entered at once. Enter the rest after that.") % {"count": MOST}
        raise Refusal(message, code="too_many", fields={"last": [message]})
    return low[1], len(low[2]), int(low[2]), int(high[2])


def give_out(*, op_id: uuid.UUID, project: Project, kind: FormKind, first: str, last: str, holder: Any, by: Any) -> int:
    """Give forms that are in stock to somebody; returns how many. Raises Forbidden, Refusal, Conflict `other_state`."""

    def change(forms: list[BlankForm]) -> dict[str, Any]:
        if holder.pk not in {person.pk for person in people(project)}:
            message = _("Forms are given to people who work in this project.")
            raise Refusal(message, code="holder", fields={"holder": [message]})
        _require_state(forms, {FormState.LEFT})
        return {"state": FormState.OUT, "holder": holder, "given_on": clock.today(project.zone)}

    return _change("form.give_out", op_id, project, kind, first, last, {"holder": holder.pk}, change, by)


def mark(
    *,
    op_id: uuid.UUID,
    project: Project,
    kind: FormKind,
    first: str,
    last: str,
    state: FormState,
    trade: str = "",
    reason: str = "",
    by: Any,
) -> int:
    """Say what became of forms: used for a trade, void or returned for a reason, or back in stock; returns how many.

    Raises Forbidden, Refusal (`no_trade`, `no_reason`), Conflict `other_state`.
    """

    def change(forms: list[BlankForm]) -> dict[str, Any]:
        values: dict[str, Any] = {"state": state, "reason": reason.strip()[:300]}
        if state == FormState.USED:
            values["trade"] = (
                trades_visible_to(access_of(by)).filter(project=project, number=trade.strip().upper()).first()
            )
            if values["trade"] is None:
                message = _("Enter the number of the trade for which the form was used.")
                raise Refusal(message, code="no_trade", fields={"trade": [message]})
        elif state == FormState.LEFT:
            values |= {"holder": None, "given_on": None}
        elif not values["reason"]:
            message = _("Say why: it stands in the list for good.")
            raise Refusal(message, code="no_reason", fields={"reason": [message]})
        _require_state(forms, SOURCES[state])
        return values

    content = {"state": state, "trade": trade, "reason": reason}
    return _change("form.mark", op_id, project, kind, first, last, content, change, by)


def _require_state(forms: list[BlankForm], allowed: set[FormState]) -> None:
    """Raise Conflict unless each of the forms is in a state from which this may be done."""
    other = next((form for form in forms if FormState(form.state) not in allowed), None)
    if other is not None:
        message = _("Form %(serial)s: %(state)s. So this cannot be done with it; enter only forms with which it can.") % {
            "serial": other.serial, "state": other.get_state_display(),
        }  # fmt: skip
        raise Conflict(message, code="other_state", fields={"first": [message]})


def _change(
    action: str,
    op_id: uuid.UUID,
    project: Project,
    kind: FormKind,
    first: str,
    last: str,
    content: Mapping[str, Any],
    change: Callable[[list[BlankForm]], Mapping[str, Any]],
    by: Any,
) -> int:
    """Change the forms of a range that were locked one after the other, under one operation."""
    access_of(by).require(Permission.DEAL_WRITE, project.pk)

    def run() -> dict:
        prefix, width, low, high = _range(first, last)
        serials = [f"{prefix}{number:0{width}d}" for number in range(low, high + 1)]
        rows = BlankForm.objects.select_for_update(of=("self",)).filter(project=project, kind=kind, serial__in=serials)
        forms = list(rows.order_by("pk"))
        if missing := sorted(set(serials) - {form.serial for form in forms}):
            message = _("There are no such forms in the stock: %(serials)s.") % {"serials": listed(missing[:5])}
            raise Refusal(message, code="no_such_form", fields={"first": [message]})
        values = {**change(forms), "marked_at": clock.now(), "marked_by": by}
        for form in forms:
            for name, value in values.items():
                setattr(form, name, value)
        update_tracked(forms, list(values), action=action, by=by)
        return {"count": len(forms)}

    about = {"project": project.pk, "kind": kind, "first": first, "last": last, **content}
    return once(op_id=op_id, by=by, action=action, content=about, run=run)["count"]
