"""Deputies: a supervisor says who decides in their place, where, from when until when (decisions 5)."""

from datetime import datetime, timedelta

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from salescontrol.core import clock, notices
from salescontrol.core.access import access_of
from salescontrol.core.errors import Conflict, Forbidden, Refusal
from salescontrol.core.history import save_tracked
from salescontrol.core.permissions import Permission
from security.models import Deputy, User
from security.queries import possible_deputies

LONGEST = timedelta(days=31)

notices.register("deputy.named", gettext_lazy("%(by)s named %(deputy)s as deputy from %(start)s until %(end)s."))
notices.register("deputy.ended", gettext_lazy("%(by)s ended the deputyship of %(deputy)s early."))


@transaction.atomic
def name_deputy(
    *, by: User, project_id: int, deputy: User, starts_at: datetime, ends_at: datetime, reason: str
) -> Deputy:
    """Let `deputy` decide for `by` in the project for at most 31 days; both are told. It begins and ends by itself.

    Only a supervisor names one, and only for themselves: a deputy names no deputy. Requester ≠ approver still holds.
    Raises Forbidden, Refusal (times, person), Conflict (another deputy at the same time).
    """
    access = access_of(by)
    access.require(Permission.DEPUTY_NAME, project_id)
    if project_id in access.deputy_of:
        raise Forbidden(_("You are a deputy here yourself; only the supervisor names one."), code="deputy")
    _check_time(starts_at, ends_at)
    if not possible_deputies(project_id, by).filter(pk=deputy.pk).exists():
        _refuse("deputy", _("Choose somebody who works in this project and is neither a salesperson nor yourself."))
    list(User.objects.select_for_update().filter(pk__in=[by.pk, deputy.pk]).order_by("pk"))
    _check_alone(by, project_id, deputy, starts_at, ends_at)
    row = Deputy(
        supervisor=by, deputy=deputy, project_id=project_id, starts_at=starts_at, ends_at=ends_at, reason=reason.strip()
    )
    save_tracked(row, action="deputy.name", by=by)
    _tell(row, "deputy.named", by, start=_minute(starts_at), end=_minute(ends_at))
    return row


@transaction.atomic
def end_deputy(*, deputy_id: int, by: User) -> Deputy:
    """End a deputyship before its time: by its supervisor, by the deputy, or by management. Raises Conflict when it is over."""
    row = Deputy.objects.select_for_update().select_related("deputy", "supervisor").get(pk=deputy_id)
    if by.pk not in (row.supervisor_id, row.deputy_id) and Permission.ACCOUNT_DECIDE not in access_of(by).everywhere:
        raise Forbidden(_("The supervisor, the deputy or management end a deputyship."), code="not_yours")
    if row.cancelled_at or row.ends_at <= clock.now():
        raise Conflict(_("This deputyship is over already."), code="over")
    row.cancelled_at = clock.now()
    save_tracked(row, action="deputy.end", by=by, fields=["cancelled_at"])
    _tell(row, "deputy.ended", by)
    return row


def _check_time(starts_at: datetime, ends_at: datetime) -> None:
    if ends_at <= starts_at:
        _refuse("ends_at", _("The end must come after the beginning."))
    if ends_at <= clock.now():
        _refuse("ends_at", _("This time is over already."))
    if ends_at - starts_at > LONGEST:
        _refuse(
            "ends_at",
            _("At most %(days)s days at a time; name the deputy again when it is needed longer.")
            % {"days": LONGEST.days},
        )


def _check_alone(by: User, project_id: int, deputy: User, starts_at: datetime, ends_at: datetime) -> None:
    """A supervisor has one deputy at a time, and nobody stands in for two: each could have the other's requests decided so."""
    then = Deputy.objects.filter(
        project_id=project_id, cancelled_at__isnull=True, starts_at__lt=ends_at, ends_at__gt=starts_at
    )
    clash = then.filter(supervisor=by).first()
    if clash:
        raise Conflict(
            _("%(name)s is your deputy in that time already. End that deputyship first.") % {"name": clash.deputy.name},
            code="clash",
        )
    if then.filter(deputy=deputy).exists():
        message = _("%(name)s stands in for another supervisor in that time already. Choose somebody else.") % {
            "name": deputy.name
        }
        raise Conflict(message, code="clash", fields={"deputy": [message]})


def _refuse(field: str, message: str) -> None:
    raise Refusal(message, code=field, fields={field: [message]})


def _tell(row: Deputy, code: str, by: User, **params: str) -> None:
    notices.tell(
        [row.deputy, row.supervisor], code, key=f"{code}-{row.pk}", url=reverse("security:deputies"), project_id=row.project_id,
        by=by.name, deputy=row.deputy.name, **params,
    )  # fmt: skip


def _minute(moment: datetime) -> str:
    return f"{clock.local(moment):%Y-%m-%d %H:%M}"
