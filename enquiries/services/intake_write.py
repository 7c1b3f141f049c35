"""Writes the accepted rows of a list: customers with their phones and papers, gaps of known ones, calls (R2.5).

Needs the caller's transaction with the project locked. Each row written has a history that names the import.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from enquiries import names, papers, phones
from enquiries.models import Call, Customer, CustomerPhone, IdPaper, Intake, IntakeLine
from enquiries.services.facts import PLAIN
from enquiries.states import CallState, CustomerKind, IntakeContent, IntakeKind
from salescontrol.core import clock
from salescontrol.core.errors import Conflict
from salescontrol.core.history import create_tracked, update_tracked

Lines = Sequence[IntakeLine]
_OF_CALL = (
    "caller", "phone", "rings", "channel", "layout", "area_from", "area_to", "budget_to", "floor_from", "floor_to", "motive",
    "needs", "asked", "answered", "invited", "next_on",
)  # fmt: skip


def write_lines(*, intake: Intake, lines: Lines, by) -> Counter:
    """Write the lines; returns how many new customers, or calls, each salesperson (by id) has got.

    Raises Conflict `stale` when somebody whom the lines are about was entered or changed since the preview.
    """
    write = _customers if intake.content == IntakeContent.CUSTOMERS else _calls
    return write(intake, lines, by)


def stale() -> Conflict:
    return Conflict(
        _("Customers of this project changed since the preview. Read the file again and look at the new preview."),
        code="stale",
    )


def _customers(intake: Intake, lines: Lines, by) -> Counter:
    new = [line for line in lines if line.kind == IntakeKind.NEW]
    rows = _enter(intake, [line.content["values"] for line in new], by)
    for line, row in zip(new, rows, strict=True):
        line.customer = row
    _fill(intake, [line for line in lines if line.kind == IntakeKind.FILLS], by)
    _refer(intake, lines, by)
    return Counter(row.owner_id for row in rows if row.owner_id)


def _enter(intake: Intake, found: Sequence[Mapping[str, Any]], by) -> list[Customer]:
    """New customers with their phones and papers. IntegrityError for a number that somebody else has entered meanwhile."""
    now, action = clock.now(), f"customer.import: {intake.number}"
    rows = [_customer(intake, values, now, by) for values in found]
    rows = create_tracked(rows, action=action, by=by)
    pairs = [*zip(rows, found, strict=True)]
    create_tracked([row for pair in pairs for row in _phone_rows(*pair)], action=action, by=by)
    create_tracked([row for pair in pairs for row in _paper_rows(*pair)], action=action, by=by)
    return rows


def _customer(intake: Intake, values: Mapping[str, Any], now: datetime, by) -> Customer:
    digits = next(iter(values.get("phones", ())), "")
    owner = values.get("owner")
    row = Customer(
        project_id=intake.project_id, name=values["name"], name_keys=names.keys(values["name"]), phone=digits,
        phone_index=phones.index(digits), owner_id=owner, note=values.get("note", ""), visited=values.get("visited", False),
        owner_since=_at(values.get("owner_since")) or (now if owner else None),
        last_contact_at=_at(values.get("last_contact_at")), entered_by=by,
    )  # fmt: skip
    _put(row, values, PLAIN)
    row.kind = row.kind or CustomerKind.PERSON
    return row


def _put(row: models.Model, values: Mapping[str, Any], fields: Iterable[str]) -> list[str]:
    """Set those of the fields that the line gives; returns their names."""
    given = [name for name in fields if name in values]
    for name in given:
        column = row._meta.get_field(name)
        setattr(row, name, Decimal(values[name]) if isinstance(column, models.DecimalField) else values[name])
    return given


def _at(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _phone_rows(row: Customer, values: Mapping[str, Any]) -> Iterable[CustomerPhone]:
    for number in values.get("phones", ()):
        yield CustomerPhone(
            customer=row, project_id=row.project_id, number=number, number_index=phones.index(number),
            tail_index=phones.tail_index(number), is_main=number == row.phone,
        )  # fmt: skip


def _paper_rows(row: Customer, values: Mapping[str, Any]) -> Iterable[IdPaper]:
    if "paper" in values:
        kind, number = values["paper"]
        yield IdPaper(
            customer=row, project_id=row.project_id, kind=kind, number=number, number_index=papers.index(number)
        )


def _fill(intake: Intake, lines: Lines, by) -> None:
    """Known customers get what they lack; one who changed since the preview stops everything."""
    wanted = {line.customer_id: line for line in lines}
    rows = list(Customer.every.select_for_update(of=("self",), no_key=True).filter(pk__in=wanted).order_by("pk"))
    touched: set[str] = {"version"}
    for row in rows:
        values = wanted[row.pk].content["values"]
        if row.version != wanted[row.pk].customer_version or row.merged_into_id:
            raise stale()
        touched |= {*_put(row, values, ("name", "visited", "note", *PLAIN))}
        if "name" in values:
            row.name_keys = names.keys(row.name)
            touched.add("name_keys")
        if "last_contact_at" in values:
            row.last_contact_at = _at(values["last_contact_at"])
            touched.add("last_contact_at")
        row.version += 1
    action = f"customer.import: {intake.number}"
    update_tracked(rows, sorted(touched), action=action, by=by)
    pairs = [(row, wanted[row.pk].content["values"]) for row in rows]
    create_tracked([added for pair in pairs for added in _phone_rows(*pair)], action=action, by=by)
    create_tracked([added for pair in pairs for added in _paper_rows(*pair)], action=action, by=by)


def _refer(intake: Intake, lines: Lines, by) -> None:
    """Who referred whom, when everybody of the file is entered."""
    referred = {
        line.customer_id: line.content["values"]["referrer"] for line in lines if "referrer" in line.content["values"]
    }
    if not referred:
        return
    known = dict(CustomerPhone.every.filter(project=intake.project_id).values_list("number_index", "customer_id"))
    rows = list(Customer.every.filter(pk__in=referred).order_by("pk"))
    for row in rows:
        row.referrer_id = known.get(phones.index(referred[row.pk]))
    update_tracked(rows, ["referrer"], action=f"customer.import: {intake.number}", by=by)


def _calls(intake: Intake, lines: Lines, by) -> Counter:
    """Calls with the customers of their numbers; an unknown number becomes a customer, as when a call is logged by hand."""
    owners = _customers_of_calls(intake, lines, by)
    now = clock.now()
    rows = [_call(intake, line, owners, now, by) for line in lines]
    for line, row in zip(lines, create_tracked(rows, action=f"call.import: {intake.number}", by=by), strict=True):
        line.call = row
    return Counter(row.salesperson_id for row in rows if row.salesperson_id)


def _customers_of_calls(intake: Intake, lines: Lines, by) -> dict[int, int | None]:
    """Give each line its customer; returns whose each of them is."""
    unknown: dict[str, dict[str, Any]] = {}
    for line in lines:
        values = line.content["values"]
        number = values.get("phone", "")
        if number and line.customer_id is None:
            name = values["name"] or f"…{number[-4:]}"
            given = {"name": name, "phones": [number], **{k: values[k] for k in ("channel",) if k in values}}
            known = unknown.setdefault(number, given)
            if "salesperson" in values:
                known.setdefault("owner", values["salesperson"])
                known.setdefault("owner_since", values["at"])
            known["last_contact_at"] = max(known.get("last_contact_at", ""), values["at"])
    made = dict(zip(unknown, _enter(intake, [*unknown.values()], by), strict=True))
    for line in lines:
        if line.customer_id is None and (number := line.content["values"].get("phone", "")):
            line.customer = made[number]
    ids = {line.customer_id for line in lines if line.customer_id}
    return dict(Customer.every.filter(pk__in=ids).values_list("pk", "owner_id"))


def _call(intake: Intake, line: IntakeLine, owners: Mapping[int, int | None], now: datetime, by) -> Call:
    """A call of another day: nobody has to confirm it any more, and nobody was told late."""
    values = line.content["values"]
    seller = values.get("salesperson") or owners.get(line.customer_id or 0)
    row = Call(
        project_id=intake.project_id, at=_at(values["at"]), taken_by_id=values.get("taken_by", by.pk), salesperson_id=seller,
        customer=line.customer, phone_index=phones.index(values.get("phone", "")), state=CallState.LOGGED,
    )  # fmt: skip
    _put(row, values, _OF_CALL)
    if "next_on" in values:
        row.next_on = date.fromisoformat(values["next_on"])
    if seller:
        row.state, row.confirmed_at, row.confirmed_by = CallState.CONFIRMED, now, by
    return row
