"""Pre-reports 报备 are entered before the customer comes, and count from the database's clock on (domain B5).

Whether the person was known before is noted at entry and refuses nothing: both reports are kept, and the first one counts. How
long a report counts is set when it is entered; a later setting changes no report.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from enquiries import phones
from enquiries.models import Customer, CustomerPhone, PreReport
from enquiries.queries.pre_reports import same_person
from enquiries.queries.scope import pre_reports_visible_to
from enquiries.services.numbers import read_phone, whose_phone
from enquiries.states import REPORT_TABLE, Finding, ReportState
from inventory.models import Project
from salescontrol.core import audit, clock, options
from salescontrol.core.access import access_of
from salescontrol.core.errors import Conflict, NotVisible, Refusal
from salescontrol.core.history import save_tracked
from salescontrol.core.operations import once
from salescontrol.core.permissions import Permission
from salescontrol.core.transitions import move


@dataclass(frozen=True)
class Announcement:
    """What a channel company tells: who comes, with whom, and when; the number may have its middle hidden."""

    agency: str
    agent_name: str
    name: str
    phone: str
    agent_phone: str = ""
    expected_at: datetime | None = None


def enter_report(*, op_id: uuid.UUID, project: Project, announced: Announcement, by) -> PreReport:
    """Enter a pre-report; the same one for the same form.

    Raises Forbidden, Refusal (`phone`, `no_name`, `past`, `far`), Conflict `again` when this company reported the person before.
    """
    access_of(by).require(Permission.PRE_REPORT_ENTER, project.pk)
    row = _new(project, announced, by)
    content = {
        "project": project.pk, "agency": row.agency, "agent": row.agent_name, "agent_phone": phones.index(row.agent_phone),
        "name": row.name, "phone": [row.phone_index, row.ends_index], "expected": row.expected_at,
    }  # fmt: skip
    reference = once(op_id=op_id, by=by, action="pre_report.enter", content=content, run=lambda: _enter(row, by))
    return PreReport.every.select_related("project").get(number=reference["report"])


@transaction.atomic
def refuse_report(*, report: PreReport, reason: str, by) -> PreReport:
    """The report does not count. Raises NotVisible, Forbidden, Refusal `no_reason`, Conflict."""
    visible = pre_reports_visible_to(access_of(by)).filter(pk=report.pk).exists()
    if not visible:
        raise NotVisible("")
    if not reason.strip():
        message = _("Give the reason: it is kept with the pre-report.")
        raise Refusal(message, code="no_reason", fields={"reason": [message]})
    return _refused(report, "pre_report.refuse", reason.strip()[:250], by)


def arrived(report: PreReport, customer: Customer, by) -> PreReport:
    """The report is the one by which this customer came. Needs the caller's transaction."""
    return move(
        REPORT_TABLE, "pre_report.arrive", report, by=by, project_id=report.project_id, customer=customer, refusal=""
    )


def not_the_one(report: PreReport, reason: str, by) -> PreReport:
    """The visitor is judged anew not to have come by this report. Needs the caller's transaction."""
    return _refused(report, "pre_report.displace", reason, by)


def expire_due() -> int:
    """Write down which reports ran out; returns how many. Repeatable."""
    due = PreReport.every.filter(state=ReportState.OPEN, valid_until__lt=clock.now()).order_by("pk")
    return sum(_expire(pk) for pk in list(due.values_list("pk", flat=True)))


@transaction.atomic
def note_seen(*, report: PreReport, by) -> None:
    """A page about this pre-report is about to be shown (R7.5)."""
    audit.record("pre_report.see", by=by, project_id=report.project_id, target=report)


@transaction.atomic
def note_listed(*, project: Project, count: int, by) -> None:
    """A list of so many pre-reports is about to be shown."""
    audit.record("pre_report.list", by=by, project_id=project.pk, detail={"count": count})


def _new(project: Project, announced: Announcement, by) -> PreReport:
    """The checked values as a row that is not written yet."""
    names = {field: " ".join(getattr(announced, field).split()) for field in ("agency", "agent_name", "name")}
    for field, name in names.items():
        if not name:
            raise _refusal(field, "no_name", _("Enter the name."))
    hidden = phones.read_hidden(announced.phone)
    digits = hidden or read_phone(announced.phone)
    if announced.agent_phone.strip() and not phones.read(announced.agent_phone):
        raise _refusal("agent_phone", "phone", _("This is no phone number. Enter it whole, or leave it empty."))
    return PreReport(
        project=project, agency=names["agency"][:80], agent_name=names["agent_name"][:60], name=names["name"][:60],
        agent_phone=phones.read(announced.agent_phone), phone=digits, phone_index="" if hidden else phones.index(digits),
        ends_index=phones.ends_index(digits), expected_at=announced.expected_at, entered_by=by,
    )  # fmt: skip


def _enter(row: PreReport, by) -> dict:
    row.reported_at = clock.now()
    row.valid_until = row.reported_at + timedelta(days=options.value("pre_report.days", row.project_id))
    if row.expected_at is not None:
        if row.expected_at < row.reported_at:
            raise _refusal("expected_at", "past", _("This time is over. A report counts for visits after it only."))
        if row.expected_at > row.valid_until:
            text = _("The report counts until %(until)s. Enter it anew when the visit is nearer.")
            until = clock.local(row.valid_until, row.project.zone)
            raise _refusal("expected_at", "far", text % {"until": f"{until:%Y-%m-%d %H:%M}"})
    before = PreReport.every.filter(
        same_person(row.phone), project=row.project, state=ReportState.OPEN, valid_until__gte=row.reported_at
    )
    _require_new(row, before.filter(agency__iexact=row.agency).first())
    row.customer = whose_phone(row.project_id, row.phone_index)
    row.finding = _finding(row, before.exists())
    save_tracked(row, action="pre_report.enter", by=by)
    return {"report": row.number}


def _require_new(row: PreReport, same: PreReport | None) -> None:
    if same is not None:
        url = reverse("enquiries:pre_report", args=[row.project.code, same.number])
        raise Conflict(
            _("This company has reported the person already: %(number)s still counts.") % {"number": same.number},
            code="again",
            links=[(_("Go to the pre-report"), url)],
        )


def _finding(row: PreReport, reported: bool) -> Finding:
    if row.customer is not None or ("*" in row.phone and _ends_known(row)):
        return Finding.KNOWN
    return Finding.REPORTED if reported else Finding.CLEAR


def _ends_known(row: PreReport) -> bool:
    """Whether some customer's number begins and ends like this one."""
    tails = CustomerPhone.every.filter(project=row.project, tail_index=phones.tail_index(row.phone))
    return any(phones.ends_index(phone.number) == row.ends_index for phone in tails)


def _refused(report: PreReport, action: str, reason: str, by) -> PreReport:
    return move(REPORT_TABLE, action, report, by=by, project_id=report.project_id, reason=reason, refusal=reason)


@transaction.atomic
def _expire(pk: int) -> int:
    rows = PreReport.every.select_for_update(of=("self",), no_key=True)
    row = rows.filter(Q(state=ReportState.OPEN, valid_until__lt=clock.now()), pk=pk).first()
    if row is None:
        return 0
    row.state = ReportState.EXPIRED
    save_tracked(row, action="pre_report.expire", by=None, fields=["state"])
    return 1


def _refusal(field: str, code: str, message: Any) -> Refusal:
    return Refusal(message, code=code, fields={field: [message]})
