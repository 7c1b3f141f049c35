"""Deadlines of subscriptions (domain B6): the notice to sign, the notice of termination, later deadlines by approval, reminders."""

import uuid
from datetime import date, datetime, timedelta
from functools import partial

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.models import Subscription
from contracts.queries import subscriptions as queries
from contracts.services.subscription_step import Work, done, require_allowed, work
from contracts.services.subscriptions import tell
from contracts.states import SubscriptionKind, SubscriptionState
from inventory.models import Project
from inventory.services import stages
from salescontrol.core import approvals, clock, notices, options
from salescontrol.core.access import access_of, deciding_users
from salescontrol.core.errors import Conflict, Refusal
from salescontrol.core.history import save_tracked
from salescontrol.core.models import Approval
from salescontrol.core.permissions import Role
from salescontrol.core.workdays import day_after

EXTEND = "subscription.extend"
BY_SUPERVISOR, BY_MANAGEMENT = "extension.supervisor_days", "extension.management_days"
FINANCE = approvals.Stage((Role.FINANCE,))
DESK = (Role.SPECIALIST, Role.SUPERVISOR)


def warn(*, op_id: uuid.UUID, code: str, on: date, by) -> Subscription:
    """The notice to sign 签约通知书 was sent on that day, after the signing deadline had passed."""
    do = partial(_warn, on=on)
    return done(work(op_id=op_id, code=code, action="subscription.warn", by=by, do=do, content={"on": on}))


def _warn(at: Work, on: date) -> None:
    row = at.row
    if row.warned_on is not None:
        raise Conflict(_("The notice to sign is recorded already."), code="sent")
    if row.due_on is None or _today(at) <= row.due_on:
        raise Conflict(
            _("The signing deadline has not passed. The notice to sign follows when it has."), code="early"
        )  # fmt: skip
    _require_day(on, row.due_on + timedelta(days=1), _today(at))
    row.warned_on, row.version = on, row.version + 1
    save_tracked(row, action="subscription.warn", by=at.by)
    tell(row, "subscription.warned", by=at.by)


def end(*, op_id: uuid.UUID, code: str, on: date, by) -> Subscription:
    """The notice of termination 终止协议通知书 was sent on that day, after the notice to sign. What becomes of the deposit and the
    unit is decided by a change."""
    do = partial(_terminate, on=on)
    return done(work(op_id=op_id, code=code, action="subscription.end", by=by, do=do, content={"on": on}))


def _terminate(at: Work, on: date) -> None:
    row = at.row
    if row.ended_on is not None:
        raise Conflict(_("The notice of termination is recorded already."), code="sent")
    if row.warned_on is None:
        raise Conflict(_("The notice to sign comes first. Record it before this one."), code="not_warned")
    _require_day(on, row.warned_on, _today(at))
    row.ended_on, row.version = on, row.version + 1
    save_tracked(row, action="subscription.end", by=at.by)
    tell(row, "subscription.terminated", by=at.by)


def _today(at: Work) -> date:
    return clock.local(at.now, at.row.project.zone).date()


def _require_day(on: date, first: date, last: date) -> None:
    if not first <= on <= last:
        message = _("Enter the day on which it was sent: from %(first)s to %(last)s.") % {"first": first, "last": last}
        raise Refusal(message, code="day", fields={"on": [message]})


def ask_extension(*, op_id: uuid.UUID, code: str, until: date, reason: str, by) -> Subscription:
    """Ask for a later signing deadline 延期签约, or for longer to top a small deposit up (domain B6), before it has passed. How far
    it goes beyond the first deadline says who decides."""
    do = partial(_ask_extension, until=until)
    content = {"until": until}
    return done(
        work(
            op_id=op_id, code=code, action="subscription.ask_extension", by=by, do=do, content=content, reason=reason,
            why=True,
        )
    )  # fmt: skip


def _ask_extension(at: Work, until: date) -> None:
    row = at.row
    due = getattr(row, deadline_of(row))
    if due is None or due < _today(at):
        raise Conflict(_too_late(row), code="late")
    if until <= due:
        message = _("Enter a day after the present deadline of %(day)s.") % {"day": due}
        raise Refusal(message, code="day", fields={"until": [message]})
    approvals.request(
        kind=EXTEND, by=at.by, subject=row.number, reason=at.reason, project_id=row.project_id, target_id=row.pk,
        before={"until": due.isoformat(), "what": deadline_of(row)},
        after={"until": until.isoformat(), "project": at.unit.project.code, "subscription": row.code},
        effect=_levels(row, until, at.by.pk),
    )  # fmt: skip


def deadline_of(row: Subscription) -> str:
    """The column that says until when: a small deposit is topped up, a full one leads to the contract."""
    return "top_up_on" if row.kind == SubscriptionKind.SMALL else "due_on"


def _too_late(row: Subscription) -> str:
    if row.kind == SubscriptionKind.SMALL:
        return _(
            "The last day to top the deposit up has passed, so it cannot be extended any more. Top it up, or let it lapse."
        )
    return _("The signing deadline has passed, so it cannot be extended any more. Record the notice to sign.")


def days_beyond(row: Subscription, until: date) -> int:
    """How many days after the first deadline that is; several extensions count together."""
    settings = options.values(row.project_id)
    if row.signed_on is None:
        return 0
    if row.kind == SubscriptionKind.SMALL:
        return (until - day_after(row.signed_on, settings["small_deposit.days"], working=False)).days
    first = day_after(row.signed_on, settings["signing.days"], working=bool(settings["signing.working_days"]))
    return (until - first).days


def _levels(row: Subscription, until: date, author: int) -> dict:
    """Who decides (domain B6, P3): the supervisor; beyond so many days management too; beyond more also finance."""
    days, settings = days_beyond(row, until), options.values(row.project_id)
    levels = stages.who_decides(row.project_id, {author}, management=days > settings[BY_SUPERVISOR])
    return {**levels, "finance": days > settings[BY_MANAGEMENT], "days": days}


def _steps(approval: Approval) -> list[approvals.Stage]:
    return [*stages.steps(approval), *([FINANCE] if approval.effect.get("finance") else [])]


def _apply(approval: Approval, by) -> None:
    seen = Subscription.every.get(pk=approval.target_id)
    row = Work.of(seen, access_of(by), by=by, op_id=uuid.uuid4()).row
    require_allowed("subscription.ask_extension", row)
    setattr(row, deadline_of(row), date.fromisoformat(approval.after["until"]))
    row.extensions, row.version = row.extensions + 1, row.version + 1
    save_tracked(row, action=EXTEND, by=by, reason=approval.reason)
    small = row.kind == SubscriptionKind.SMALL
    tell(row, "subscription.top_up_extended" if small else "subscription.extended", by=by)


def _present(approval: Approval, access) -> list:
    small = approval.before.get("what") == "top_up_on"
    label = _("To be topped up by") if small else _("Contract to be signed by")
    return [
        (label, approval.before["until"], approval.after["until"]),
        (_("Days beyond the first deadline"), "", str(approval.effect["days"])),
    ]


def _url(approval: Approval) -> str:
    return reverse("sales:subscription", args=[approval.after["project"], approval.after["subscription"]])


def _version(target_id: int) -> int:
    return Subscription.every.filter(pk=target_id).values_list("version", flat=True).first() or 0


def tell_due() -> int:
    """Tell salesperson and desk once that a deadline is near, and once that it has passed. Repeatable."""
    return sum(_tell_in(project, clock.now()) for project in Project.objects.all())


def _tell_in(project: Project, now: datetime) -> int:
    today = clock.local(now, project.zone).date()
    rows = Subscription.every.filter(queries.falls_due(today), project=project, state=SubscriptionState.ACTIVE)
    found = list(rows.select_related("unit", "project", "trade__salesperson").order_by("pk"))
    desk = deciding_users(DESK, project.pk) if found else []
    for row in found:
        _tell(row, today, desk)
    return len(found)


def _tell(row: Subscription, today: date, desk: list) -> None:
    small = row.kind == SubscriptionKind.SMALL
    day = row.top_up_on if small else row.due_on
    code = f"subscription.{'top_up' if small else 'signing'}_{'passed' if day and day < today else 'near'}"
    people = [*desk, *([row.trade.salesperson] if row.trade.salesperson else [])]
    url = reverse("sales:subscription", args=[row.project.code, row.code])
    key = f"{code}-{row.code}-{day}"
    notices.tell(people, code, key=key, url=url, project_id=row.project_id, unit=row.unit.number, day=str(day))


def register() -> None:
    """Make extensions decidable, and name the office's settings and the notices."""
    kind = approvals.Kind(
        label=gettext_lazy("Extend a deadline"), stages=_steps, apply=_apply, present=_present, url=_url,
        version=_version,
    )  # fmt: skip
    approvals.register(EXTEND, kind)
    days = gettext_lazy("days")
    options.define(
        options.Option(BY_SUPERVISOR, "deals", gettext_lazy("The supervisor extends the signing deadline by up to"), 7, days, 1, 90),
        options.Option(BY_MANAGEMENT, "deals", gettext_lazy("With management by up to"), 14, days, 1, 180),
    )  # fmt: skip
    for code, text in NOTICES.items():
        notices.register(code, text)
    notices.assign_group("subscription", "claims")


NOTICES = {
    "subscription.active": gettext_lazy("%(unit)s: your customer's subscription is active"),
    "subscription.topped_up": gettext_lazy("%(unit)s: the deposit was topped up"),
    "subscription.lapsed": gettext_lazy("%(unit)s: the small deposit lapsed"),
    "subscription.void": gettext_lazy("%(unit)s: an entry about the subscription was made void"),
    "subscription.warned": gettext_lazy("%(unit)s: the notice to sign was sent"),
    "subscription.terminated": gettext_lazy("%(unit)s: the notice of termination was sent"),
    "subscription.extended": gettext_lazy("%(unit)s: the signing deadline was extended"),
    "subscription.top_up_extended": gettext_lazy("%(unit)s: there is longer to top the deposit up"),
    "subscription.signing_near": gettext_lazy("%(unit)s: the contract is to be signed by %(day)s"),
    "subscription.signing_passed": gettext_lazy("%(unit)s: the contract was to be signed by %(day)s"),
    "subscription.top_up_near": gettext_lazy("%(unit)s: the deposit is to be topped up by %(day)s"),
    "subscription.top_up_passed": gettext_lazy("%(unit)s: the deposit was to be topped up by %(day)s"),
}
