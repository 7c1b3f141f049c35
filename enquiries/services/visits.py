"""Visits 来访 are written down on the day they happen; each is a contact, and may carry grade and wishes over to the customer (R2.5)."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enquiries.models import Call, Customer, CustomerPhone, Visit
from enquiries.services import customers, facts, origins, ownership, pace, rotation
from enquiries.services.rows import locked
from enquiries.states import CallState, Line, VisitKind
from inventory.models import Project
from salescontrol.core import audit, clock, notices
from salescontrol.core.access import Access, access_of
from salescontrol.core.errors import Forbidden, NotVisible, Refusal
from salescontrol.core.history import save_tracked
from salescontrol.core.operations import once
from salescontrol.core.permissions import Permission

# A clock in the room may be a little ahead of the database's.
AHEAD = timedelta(minutes=2)
# The sheet of a visit enters a new customer right before the visit.
JUST_NOW = timedelta(minutes=5)


@dataclass(frozen=True)
class Report:
    """What is written down of a visit. `kind` empty: as the records say; `at` None: now; `said` holds the other fields by name.

    `carry`: grade and wishes, as far as they were said, become the customer's. `in_turn`: whose turn it is receives a visitor who
    is nobody's. `origin`: empty as the pre-reports propose, natural, or the number of a pre-report.
    """

    customer: Customer
    salesperson: Any = None
    kind: str = ""
    at: datetime | None = None
    late_reason: str = ""
    carry: bool = False
    in_turn: bool = False
    origin: str = ""
    origin_reason: str = ""
    said: dict[str, Any] = field(default_factory=dict)


def proposed(customer: Customer) -> tuple[str, Call | None]:
    """What kind the customer's next visit is, and the last call from one of their numbers (domain B5)."""
    numbers = CustomerPhone.every.filter(customer=customer).exclude(number_index="").values("number_index")
    theirs = Q(customer=customer) | Q(project=customer.project_id, phone_index__in=numbers)
    done = (CallState.LOGGED, CallState.CONFIRMED)
    call = Call.every.filter(theirs, state__in=done).order_by("-at", "-pk").first()
    if Visit.every.filter(customer=customer).exists():
        return VisitKind.REPEAT, call
    return (VisitKind.CALLED if call else VisitKind.FIRST), call


def log_visit(*, op_id: uuid.UUID, project: Project, report: Report, by) -> Visit:
    """Write down a visit of today; the supervisor may add one of an earlier day with a reason. The same form writes one.

    Raises Forbidden (also `not_own`, `not_desk`), NotVisible, Refusal (`future`, `late`, `no_reason`, `no_salesperson`, `facts`,
    `origin`).
    """
    access = access_of(by)
    access.require(Permission.VISIT_LOG, project.pk)
    reason = _dated(access, project, report)
    said = {name: str(value) for name, value in report.said.items() if value not in (None, "")}
    content = {
        "project": project.pk, "customer": report.customer.pk, "kind": report.kind, "at": report.at, "reason": reason,
        "salesperson": report.salesperson and report.salesperson.pk, "carry": report.carry, "turn": report.in_turn,
        "origin": [report.origin, report.origin_reason], **said,
    }  # fmt: skip
    reference = once(
        op_id=op_id, by=by, action="visit.log", content=content, run=lambda: _log(access, project, report, reason, by)
    )
    return Visit.every.get(number=reference["visit"])


@transaction.atomic
def note_seen(*, visit: Visit, by) -> None:
    """A page about this visit is about to be shown (R7.5)."""
    audit.record("visit.see", by=by, project_id=visit.project_id, target=visit)


def note_listed(*, project: Project, count: int, shown: Collection[str], by) -> None:
    """A list of so many visits is about to be shown, these on this page. Raises TooFast."""
    pace.note("visit.list", shown, project=project, by=by, detail={"count": count})


def _dated(access: Access, project: Project, report: Report) -> str:
    """The reason of a late entry, empty on the day itself."""
    now = clock.now()
    at = report.at or now
    if at > now + AHEAD:
        raise _refusal("at", "future", _("A visit cannot lie in the future."))
    if clock.local(at, project.zone).date() >= clock.today(project.zone):
        return ""
    if not access.can(Permission.VISIT_LATE, project.pk):
        raise _refusal(
            "at", "late", _("Visits are logged on the same day. Ask the supervisor, who can add one of an earlier day.")
        )
    if not report.late_reason.strip():
        raise _refusal("late_reason", "no_reason", _("Give the reason why the visit is logged on a later day."))
    return report.late_reason.strip()[:250]


def _log(access: Access, project: Project, report: Report, reason: str, by) -> dict:
    customer = locked(report.customer, access)
    if customer.project_id != project.pk:
        raise NotVisible("")
    kind, call = proposed(customer)
    host = None if _met_now(customer, by) else rotation.host(project, customer, Line.VISIT)
    receiver = _receiver(access, project, report, customer, host, by)
    row = Visit(
        project=project, customer=customer, salesperson=receiver, call=call, kind=report.kind or kind,
        at=report.at or clock.now(), late_reason=reason, logged_by=by, **report.said,
    )  # fmt: skip
    origins.judge(row, customer, report.origin, report.origin_reason, by)
    _check(row)
    save_tracked(row, action="visit.log", by=by)
    origins.settle(row, by)
    ownership.renew(customer=customer, at=row.at, visit=True)
    if receiver is not None and host is None:
        rotation.take_turn(project=project, line=Line.VISIT, salesperson=receiver, by=by, visit=row)
        if customer.owner_id is None:
            customers.hand_over(customer, receiver, action="customer.receive", reason="", by=by)
    if report.carry:
        _carry(customer, row, access, by)
    _tell(row, by)
    return {"visit": row.number}


def _met_now(customer: Customer, by) -> bool:
    """Whether a salesperson entered the customer to log their first visit: then they take a turn, like everybody else."""
    known = Visit.every.filter(customer=customer).exists() or Call.every.filter(customer=customer).exists()
    return not known and customer.owner_id == by.pk and customer.entered_at > clock.now() - JUST_NOW


def _receiver(access: Access, project: Project, report: Report, customer: Customer, host: Any, by) -> Any:
    """Who received the visitor: for a salesperson they themselves; for the desk whom it names, whose turn it is, whose they are."""
    if not access.can(Permission.VISIT_SEE_ALL, project.pk):
        if report.salesperson not in (None, by):
            raise Forbidden(_("You log your own visitors. The desk logs those of others."), code="not_own")
        return by
    if report.salesperson is not None:
        customers.require_salesperson(project, report.salesperson, field="salesperson")
        return report.salesperson
    if report.in_turn:
        return host or rotation.give_turn(project=project, line=Line.VISIT)
    return customer.owner


def _check(row: Visit) -> None:
    """Raise Refusal `facts` at what the columns do not take and at ranges that end before they begin."""
    try:
        row.clean_fields(
            exclude=[
                "project",
                "customer",
                "call",
                "salesperson",
                "logged_by",
                "number",
                "at",
                "logged_at",
                "pre_report",
            ]
        )
    except ValidationError as error:
        raise Refusal(_("Some entries are not possible."), code="facts", fields=error.message_dict) from error
    for low, high in facts.RANGES:
        first, last = getattr(row, low), getattr(row, high)
        if first is not None and last is not None and first > last:
            raise _refusal(high, "facts", _("The upper end lies below the lower one."))


def _carry(customer: Customer, visit: Visit, access: Access, by) -> None:
    """Grade and wishes that were said become the customer's; nothing is emptied."""
    names = ("grade", *facts.WISHES)
    said: Any = {name: getattr(visit, name) for name in names if getattr(visit, name) not in ("", None)}
    changed = {name: value for name, value in said.items() if getattr(customer, name) != value}
    if changed:
        facts.put(customer, changed, access)  # type: ignore[arg-type]
        customer.version += 1
        save_tracked(customer, action="customer.change", by=by, fields=["version", *changed])


def _refusal(name: str, code: str, message: str) -> Refusal:
    return Refusal(message, code=code, fields={name: [message]})


def _tell(visit: Visit, by) -> None:
    """The salesperson learns of their visitor, by number only (abuse 31), unless they logged the visit themselves."""
    if visit.salesperson is not None and visit.salesperson != by:
        notices.tell(
            [visit.salesperson], "visit.yours", key=f"visit.yours-{visit.number}", project_id=visit.project_id,
            number=visit.number, url=reverse("enquiries:visit", args=[visit.project.code, visit.number]),
        )  # fmt: skip


notices.assign_group("visit", "customers")
notices.register("visit.yours", gettext_lazy("Visit %(number)s was logged for you. Read what was said."))
