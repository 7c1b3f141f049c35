"""Calls are written down while they last, logged, told to the salesperson and confirmed by them (R2.1, R2.3).

The salesperson learns a number and nothing personal; what was said stands on the call's page. Who does not confirm in time is
brought before the supervisor, once.
"""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enquiries import names, phones
from enquiries.models import Call, Customer
from enquiries.queries.scope import calls_visible_to
from enquiries.services import customers, pace, rotation
from enquiries.services.numbers import whose_phone
from enquiries.services.rows import hold_still
from enquiries.states import CALL_TRANSITIONS, CallState, Line, Rings
from inventory.models import Project
from inventory.services.assignment import salespeople
from salescontrol.core import audit, clock, notices, options
from salescontrol.core.access import access_of, deciding_users
from salescontrol.core.errors import Conflict, Forbidden, NotVisible, Refusal
from salescontrol.core.history import save_tracked
from salescontrol.core.operations import once
from salescontrol.core.permissions import Permission, Role
from salescontrol.core.transitions import move

# A clock in the room may be a little ahead of the database's.
AHEAD = timedelta(minutes=2)
_NO_COLUMNS = ("kept", "in_turn")
_LENGTHS = {"phone": 30, "caller": 60, "layout": 40, "needs": 500, "asked": 1000, "answered": 1000}


@dataclass(frozen=True)
class Content:
    """What is written on the sheet of a call; a salesperson of None means whoever looks after the customer, and with `in_turn`
    whose turn it is when nobody does.

    `kept`: the draft's number, which a resumed sheet shows masked only, still counts when no other one is written.
    """

    phone: str = ""
    caller: str = ""
    outsider: bool = False
    at: datetime | None = None
    rings: str = Rings.UNKNOWN
    channel: str = ""
    salesperson: Any = None
    layout: str = ""
    area_from: Decimal | None = None
    area_to: Decimal | None = None
    budget_to: Decimal | None = None
    floor_from: int | None = None
    floor_to: int | None = None
    motive: str = ""
    needs: str = ""
    asked: str = ""
    answered: str = ""
    invited: str = ""
    next_on: date | None = None
    kept: bool = False
    in_turn: bool = False

    def values(self) -> dict[str, Any]:
        """The fields of the row, cut to their lengths."""
        found = {field.name: getattr(self, field.name) for field in fields(self) if field.name not in _NO_COLUMNS}
        return {name: value.strip()[: _LENGTHS[name]] if name in _LENGTHS else value for name, value in found.items()}


def save_draft(*, sheet: uuid.UUID, project: Project, content: Content, by) -> Call:
    """Keep what is written so far, right or wrong; the same sheet is the same draft. Unchanged, it leaves no trace.

    Raises Forbidden, NotVisible (a sheet of another project), Conflict `logged`.
    """
    access_of(by).require(Permission.CALL_LOG, project.pk)
    try:
        with transaction.atomic():
            return _drafted(sheet, project, content, by)
    except IntegrityError:
        with transaction.atomic():
            return _drafted(sheet, project, content, by)


def discard_draft(*, call: Call, by) -> Call:
    """Throw a draft away; its history stays. Raises NotVisible, Forbidden, Conflict."""
    with transaction.atomic():
        row = _visible(call, by)
        return move(CALL_TRANSITIONS, "call.discard", row, by=by, project_id=row.project_id)


def log_call(*, op_id: uuid.UUID, sheet: uuid.UUID, project: Project, content: Content, by) -> Call:
    """Log a call, and tell its salesperson; an unknown number becomes a customer, unless the caller is none.

    Returns the call, the same one for the same form. Raises Forbidden, Refusal (`phone`, `future`, `range`, `nobody`,
    `no_salesperson`), Conflict `logged` when the sheet was logged before.
    """
    access_of(by).require(Permission.CALL_LOG, project.pk)
    values = _checked(project, _with_kept(sheet, project, content))
    said = {
        **values,
        "salesperson": content.salesperson and content.salesperson.pk,
        "phone": values["phone_index"],
        "at": content.at,
        "turn": content.in_turn,
    }
    reference = once(
        op_id=op_id, by=by, action="call.log", content={"project": project.pk, "sheet": sheet, **said},
        run=lambda: _log(sheet, project, values, content.in_turn, by),
    )  # fmt: skip
    return Call.every.get(number=reference["call"])


def confirm_call(*, call: Call, by) -> Call:
    """The salesperson says that they know of the call. Confirming again changes nothing.

    Raises NotVisible, Forbidden (`not_yours`), Conflict.
    """
    with transaction.atomic():
        row = _visible(call, by)
        if row.salesperson_id != by.pk:
            raise Forbidden(_("Only the salesperson who was told confirms a call."), code="not_yours")
        if row.state != CallState.CONFIRMED:
            row = move(
                CALL_TRANSITIONS, "call.confirm", row, by=by, project_id=row.project_id,
                confirmed_at=clock.now(), confirmed_by=by,
            )  # fmt: skip
            notices.settle(f"call.yours-{row.number}")
            notices.settle(f"call.unconfirmed-{row.number}")
        return row


def escalate_due() -> int:
    """Tell the supervisors of calls that nobody confirmed within the set time: each call once. Returns how many."""
    now, minutes = clock.now(), {}
    waiting = Call.every.filter(state=CallState.LOGGED, informed_at__isnull=False, escalated_at__isnull=True)
    due = 0
    for pk, project_id, informed_at in waiting.order_by("pk").values_list("pk", "project_id", "informed_at"):
        if project_id not in minutes:
            minutes[project_id] = options.value("call.confirm_minutes", project_id)
        if informed_at + timedelta(minutes=minutes[project_id]) <= now:
            due += _escalate(pk, now)
    return due


@transaction.atomic
def note_seen(*, call: Call, by) -> None:
    """A page about this call is about to be shown (R7.5)."""
    audit.record("call.see", by=by, project_id=call.project_id, target=call)


def note_listed(*, project: Project, count: int, shown: Collection[str], by) -> None:
    """A list of so many calls is about to be shown, these on this page. Raises TooFast."""
    pace.note("call.list", shown, project=project, by=by, detail={"count": count})


def _drafted(sheet: uuid.UUID, project: Project, content: Content, by) -> Call:
    row = _of_sheet(sheet, project) or Call(sheet=sheet, project=project, taken_by=by)
    values = _with_kept(sheet, project, content).values()
    digits = phones.read(values["phone"])
    values |= {"phone": digits or values["phone"], "phone_index": phones.index(digits)}
    values["at"] = values["at"] or (row.at if row.pk else clock.now())
    if values["salesperson"] not in salespeople(project):
        values["salesperson"] = None
    changed = [name for name, value in values.items() if row.pk is None or getattr(row, name) != value]
    for name in changed:
        setattr(row, name, values[name])
    if row.pk is None:
        return save_tracked(row, action="call.draft", by=by)
    return save_tracked(row, action="call.draft", by=by, fields=changed) if changed else row


def _with_kept(sheet: uuid.UUID, project: Project, content: Content) -> Content:
    """The content with the number of its draft, when that is kept."""
    if not content.kept or content.phone.strip():
        return content
    known = Call.every.filter(sheet=sheet, project=project).first()
    return replace(content, phone=known.phone) if known else content


def _of_sheet(sheet: uuid.UUID, project: Project) -> Call | None:
    """The draft that was written on this sheet, locked."""
    row = Call.every.select_for_update(of=("self",), no_key=True).filter(sheet=sheet).first()
    if row is None:
        return None
    if row.project_id != project.pk:
        raise NotVisible("")
    if row.state != CallState.DRAFT:
        raise Conflict(
            _("This call is %(state)s already, as %(number)s. Open a new one for the next call.")
            % {"state": row.get_state_display(), "number": row.number},
            code="logged",
            links=[(_("All calls"), reverse("enquiries:call_list", args=[project.code]))],
        )
    return row


def _checked(project: Project, content: Content) -> dict[str, Any]:
    values = content.values()
    digits = customers.read_phone(values["phone"]) if values["phone"] else ""
    values |= {"phone": digits, "phone_index": phones.index(digits), "at": values["at"] or clock.now()}
    if values["at"] > clock.now() + AHEAD:
        raise _refusal("at", "future", _("A call cannot lie in the future."))
    if not digits and not values["caller"] and values["rings"] != Rings.MISSED:
        raise _refusal("phone", "nobody", _("Enter the number or the caller's name."))
    for what in ("area", "floor"):
        low, high = values[f"{what}_from"], values[f"{what}_to"]
        if low is not None and high is not None and low > high:
            raise _refusal(f"{what}_to", "range", _("The upper end lies below the lower one."))
    if values["salesperson"] is not None:
        customers.require_salesperson(project, values["salesperson"], field="salesperson")
    return values


def _refusal(field: str, code: str, message: str) -> Refusal:
    return Refusal(message, code=code, fields={field: [message]})


def _log(sheet: uuid.UUID, project: Project, values: dict[str, Any], in_turn: bool, by) -> dict:
    row = _of_sheet(sheet, project)
    host = rotation.host(project, _known(project, values), Line.PHONE)
    if in_turn and values["salesperson"] is None and not values["outsider"]:
        values["salesperson"] = host or rotation.give_turn(project=project, line=Line.PHONE)
    customer = _customer(project, values, by)
    salesperson = values["salesperson"] or (customer.owner if customer else None)
    caller = values["caller"] or (customer.name if customer and not customer.name.startswith(names.UNNAMED) else "")
    told = clock.now() if salesperson else None
    changes = {**values, "customer": customer, "salesperson": salesperson, "caller": caller, "informed_at": told}
    if row is None:
        row = Call(sheet=sheet, project=project, taken_by=by, state=CallState.LOGGED, **changes)
        save_tracked(row, action="call.log", by=by)
    else:
        row = move(CALL_TRANSITIONS, "call.log", row, by=by, project_id=project.pk, **changes)
    if salesperson:
        _tell([salesperson], "call.yours", row)
        if host is None and not row.outsider:
            rotation.take_turn(project=project, line=Line.PHONE, salesperson=salesperson, by=by, call=row)
    return {"call": row.number}


def _known(project: Project, values: Mapping[str, Any]) -> Customer | None:
    """Who was a customer before this call."""
    return None if values["outsider"] else whose_phone(project.pk, values["phone_index"])


def _customer(project: Project, values: Mapping[str, Any], by) -> Customer | None:
    """The customer of this number; of a new one without a name the end of the number is kept (`Customer.called`)."""
    if values["outsider"] or not values["phone"]:
        return None
    name = values["caller"] or names.unnamed(values["phone"])
    return hold_still(
        customers.find_or_enter(project=project, name=name, phone=values["phone"], owner=values["salesperson"], by=by)
    )


def _visible(call: Call, by) -> Call:
    visible = calls_visible_to(access_of(by)).filter(pk=call.pk).values("pk")
    row = Call.every.select_for_update(of=("self",)).filter(pk__in=visible).select_related("project").first()
    if row is None:
        raise NotVisible("")
    return row


@transaction.atomic
def _escalate(pk: int, now: datetime) -> int:
    row = Call.every.select_for_update(of=("self",)).select_related("project").get(pk=pk)
    if row.state != CallState.LOGGED or row.escalated_at is not None:
        return 0
    row.escalated_at = now
    save_tracked(row, action="call.escalate", by=None, fields=["escalated_at"])
    _tell(deciding_users([Role.SUPERVISOR], row.project_id), "call.unconfirmed", row)
    return 1


def _tell(people: list, code: str, call: Call) -> None:
    notices.tell(
        people, code, key=f"{code}-{call.number}", project_id=call.project_id, number=call.number,
        url=reverse("enquiries:call", args=[call.project.code, call.number]),
    )  # fmt: skip


notices.register("call.yours", gettext_lazy("Call %(number)s is for you. Read it and confirm."))
notices.register("call.unconfirmed", gettext_lazy("Call %(number)s was not confirmed by its salesperson in time."))
