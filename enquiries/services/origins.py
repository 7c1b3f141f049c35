"""How a visitor came 自然/渠道: what the pre-reports say is proposed, the reception judges, and departing takes a reason (domain B5).

A visitor stays what they were found to be at first. Of several pre-reports the first one counts; one of somebody whom the project
knew already does not.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enquiries.models import Customer, PreReport, Visit
from enquiries.queries.pre_reports import judged_by, numbers_of
from enquiries.queries.scope import visits_visible_to
from enquiries.services import pre_reports
from enquiries.states import Finding, Origin, ReportState
from salescontrol.core import notices
from salescontrol.core.access import access_of, deciding_users
from salescontrol.core.errors import Forbidden, NotVisible, Refusal
from salescontrol.core.history import save_tracked
from salescontrol.core.permissions import Permission, Role


@dataclass(frozen=True)
class Judgement:
    """Natural, or by which pre-report."""

    report: PreReport | None = None

    @property
    def origin(self) -> Origin:
        return Origin.CHANNEL if self.report else Origin.NATURAL


def proposed(customer: Customer, numbers: list[str], at: datetime, *, but: Visit | None = None) -> Judgement:
    """What the records say of a visitor who came at this moment: as they were judged before, else the first report that counts."""
    judged = Visit.every.filter(customer=customer, at__lt=at).exclude(origin="") if customer.pk else Visit.every.none()
    before = judged.exclude(pk=but.pk if but else None).select_related("pre_report").order_by("at", "pk").first()
    if before is not None:
        return Judgement(before.pre_report)
    reports = PreReport.every.filter(judged_by(numbers, at), project=customer.project_id)
    free = Q(state__in=(ReportState.OPEN, ReportState.EXPIRED)) | Q(pk=but.pre_report_id if but else None)
    counting = reports.filter(free).exclude(finding=Finding.KNOWN)
    return Judgement(counting.order_by("reported_at", "pk").first())


def judge(visit: Visit, customer: Customer, asked: str, reason: str, by) -> None:
    """Put the judgement on a visit that is about to be saved; `asked`: empty for what is proposed, natural, a report's number.

    Raises Refusal (`origin`, `no_reason`), Forbidden `not_desk` for a salesperson who asks for another than the proposed one.
    """
    numbers = numbers_of(customer)
    proposal = proposed(customer, numbers, visit.at)
    judgement = _read(visit, customer, numbers, asked) if asked else proposal
    departs = judgement != proposal
    if departs and not access_of(by).can(Permission.VISIT_SEE_ALL, customer.project_id):
        raise Forbidden(_("How a visitor came is judged by the desk. Ask them to log the visit."), code="not_desk")
    if departs and not reason.strip():
        raise _refusal("origin_reason", "no_reason", _("Say why this is other than what the pre-reports propose."))
    visit.origin, visit.pre_report, visit.origin_departs = judgement.origin, judgement.report, departs
    visit.origin_reason = reason.strip()[:250] if departs else ""


def settle(visit: Visit, by) -> None:
    """What follows from the judgement on a visit that was saved: the report has arrived; who departs is told of."""
    if visit.pre_report is not None and visit.pre_report.state != ReportState.ARRIVED:
        pre_reports.arrived(visit.pre_report, visit.customer, by)
    if visit.origin_departs:
        _tell(visit, by)


@transaction.atomic
def judge_again(*, visit: Visit, asked: str, reason: str, by) -> Visit:
    """The supervisor judges anew, with a reason; the history keeps what was judged before.

    Raises NotVisible, Forbidden, Refusal (`origin`, `no_reason`, `same`).
    """
    access = access_of(by)
    access.require(Permission.VISIT_JUDGE, visit.project_id)
    visible = visits_visible_to(access).select_for_update(of=("self",), no_key=True).filter(pk=visit.pk)
    row = visible.select_related("project", "customer", "pre_report").first()
    if row is None:
        raise NotVisible("")
    if not reason.strip():
        raise _refusal("reason", "no_reason", _("Give the reason: it is kept with the visit."))
    numbers = numbers_of(row.customer)
    judgement, former = _read(row, row.customer, numbers, asked), row.pre_report
    if (judgement.origin, judgement.report) == (row.origin, former):
        raise _refusal("origin", "same", _("The visit is judged so already."))
    row.origin_departs = judgement != proposed(row.customer, numbers, row.at, but=row)
    row.origin, row.pre_report, row.origin_reason = judgement.origin, judgement.report, reason.strip()[:250]
    fields = ["origin", "pre_report", "origin_departs", "origin_reason"]
    save_tracked(row, action="visit.judge", by=by, fields=fields, reason=reason)
    if former is not None and not Visit.every.filter(pre_report=former).exists():
        pre_reports.not_the_one(former, row.origin_reason, by)
    settle(row, by)
    return row


def _read(visit: Visit, customer: Customer, numbers: list[str], asked: str) -> Judgement:
    """The judgement that was asked for: natural, or one of the reports that were made of this person before they came."""
    if asked == Origin.NATURAL:
        return Judgement()
    reports = PreReport.every.filter(judged_by(numbers, visit.at), project=customer.project_id)
    before = PreReport.every.filter(visits__customer=customer)
    report = (reports.filter(number=asked) | before.filter(number=asked)).distinct().first()
    if report is None:
        raise _refusal("origin", "origin", _("No such pre-report of this person was made before they came."))
    return Judgement(report)


def _tell(visit: Visit, by) -> None:
    """The supervisors hear of a judgement that departs, by the visit's number only (abuse 31)."""
    notices.tell(
        [person for person in deciding_users([Role.SUPERVISOR], visit.project_id) if person != by],
        "visit.judged_apart",
        key=f"visit.judged_apart-{visit.number}-{visit.origin}-{visit.pre_report_id or 0}",
        url=reverse("enquiries:visit", args=[visit.project.code, visit.number]),
        project_id=visit.project_id,
        number=visit.number,
    )


def _refusal(name: str, code: str, message: str) -> Refusal:
    return Refusal(message, code=code, fields={name: [message]})


notices.register(
    "visit.judged_apart",
    gettext_lazy("How the visitor of %(number)s came was judged other than the pre-reports propose."),
)
