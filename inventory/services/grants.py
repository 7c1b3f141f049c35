"""Asking for, granting and ending a timed look at one unit beyond one's rights (R6.4, decisions 2, domain B12)."""

from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from inventory.models import AccessGrant, Project, Unit
from inventory.queries.grants import grant_for, grants_visible_to, unit_named
from inventory.rules.text import narrow
from inventory.services import stages
from salescontrol.core import approvals, audit, clock, notices
from salescontrol.core.access import Access, access_of
from salescontrol.core.errors import Conflict, NotVisible, Refusal
from salescontrol.core.history import save_tracked
from salescontrol.core.models import Approval
from salescontrol.core.permissions import Permission, Role

KIND = "access.grant"
LONGEST_HOURS = 720


@transaction.atomic
def request_access(*, project: Project, number: str, purpose: str, hours: int, by) -> Approval:
    """Ask to see one unit, named by its full number, for some hours (1 to 720).

    Whether there is such a unit is not looked up here: the answer is the same, and only who decides reads it (abuse 32).
    Raises Forbidden, Refusal without number, purpose or possible hours, Conflict when the same is asked already.
    """
    access = access_of(by)
    access.require(Permission.ACCESS_REQUEST, project.pk)
    named = narrow(number)[:60]
    _check(named, hours)
    pending = Approval.objects.filter(kind=KIND, project_id=project.pk, requested_by=by, state=Approval.State.PENDING)
    if any(narrow(known.after["number"]) == named for known in pending):
        raise Conflict(_("You asked for this already. Wait for the decision, or withdraw the request."), code="pending")
    effect: dict = stages.who_decides(project.pk, [by.pk])
    effect["management"] = Role.SUPERVISOR in access.roles_in(project.pk)
    return approvals.request(
        kind=KIND,
        by=by,
        subject=named,
        reason=purpose,
        project_id=project.pk,
        after={"project": project.code, "number": named, "hours": hours},
        effect=effect,
    )


def _check(number: str, hours: int) -> None:
    if not number:
        raise Refusal(_("Name the unit."), code="no_number", fields={"number": [_("Enter its full number.")]})
    if not 1 <= hours <= LONGEST_HOURS:
        message = _("Enter a whole number from %(low)s to %(high)s.") % {"low": 1, "high": LONGEST_HOURS}
        raise Refusal(message, code="hours", fields={"hours": [message]})


def _steps(approval: Approval) -> Sequence[approvals.Stage]:
    """The supervisor; management for a supervisor's own request."""
    if approval.effect["management"]:
        return [stages.MANAGEMENT]
    return [stages.EITHER if approval.effect["no_supervisor"] else stages.SUPERVISOR]


def _grant(approval: Approval, by) -> None:
    """Let the requester see the unit from now on, for the hours asked. Raises Conflict when there is no such unit."""
    unit = unit_named(approval.project_id or 0, approval.after["number"])
    if unit is None:
        raise Conflict(
            _("The project has no unit with this number, so nothing can be granted. Return the request."),
            code="no_unit",
        )
    now = clock.now()
    grant = AccessGrant(
        user=approval.requested_by,
        unit=unit,
        purpose=approval.reason[:300],
        since=now,
        until=now + timedelta(hours=approval.after["hours"]),
        approval=approval,
    )
    save_tracked(grant, action=KIND, by=by)
    audit.record(
        KIND, by=by, project_id=unit.project_id, target=unit,
        detail={"grant": grant.pk, "to": grant.user_id, "until": grant.until.isoformat()},
    )  # fmt: skip


@transaction.atomic
def end_access(*, project: Project, grant_id: int, by) -> AccessGrant:
    """End a grant before its time: whoever has it, or whoever decides. Raises NotVisible, Conflict when it is over."""
    seen = grants_visible_to(access_of(by), project).filter(pk=grant_id).exists()
    grant = AccessGrant.objects.select_for_update(of=("self",)).filter(pk=grant_id).first() if seen else None
    if grant is None:
        raise NotVisible(_("There is no such grant."))
    now = clock.now()
    if grant.ended_at is not None or grant.until <= now:
        raise Conflict(_("This grant is over already."), code="over")
    grant.ended_at, grant.ended_by = now, by
    save_tracked(grant, action="access.end", by=by, fields=["ended_at", "ended_by"])
    audit.record("access.end", by=by, project_id=project.pk, target=grant.unit, detail={"grant": grant.pk})
    if grant.user_id != by.pk:
        notices.tell(
            [grant.user], "access.ended", key=f"access-end-{grant.pk}", project_id=project.pk, unit=grant.unit.number
        )
    return grant


@transaction.atomic
def note_view(*, access: Access, unit: Unit) -> AccessGrant | None:
    """Record that a unit is looked at by a grant, before anything of it leaves; returns the grant, None without one."""
    grant = grant_for(access, unit)
    if grant is not None:
        audit.record(
            "unit.see_granted", by=access.user, project_id=unit.project_id, target=unit, detail={"grant": grant.pk}
        )
    return grant


def _present(approval: Approval, access) -> list:
    """What is asked for; whether there is such a unit is shown to who decides alone."""
    number, hours = approval.after["number"], approval.after["hours"]
    named = number
    if access.can(Permission.ACCESS_DECIDE, approval.project_id):
        unit = unit_named(approval.project_id or 0, number)
        named = str(unit) if unit else _("%(number)s: no such unit") % {"number": number}
    lasts = ngettext("%(count)s hour from the approval", "%(count)s hours from the approval", hours) % {"count": hours}
    return [(_("Unit"), "", named), (_("For"), "", lasts)]


def _url(approval: Approval) -> str:
    return reverse("inventory:access", args=[approval.after["project"]])


def _hides(access: Access) -> Q:
    """Who asks to see what, and why, is read by who decides it (and who asks)."""
    return ~Q(pk__in=Approval.objects.filter(access.projects(Permission.ACCESS_DECIDE)))


def register() -> None:
    """Make requests for access decidable, and name the notices."""
    approvals.register(
        KIND,
        approvals.Kind(
            label=gettext_lazy("Look at a unit"), stages=_steps, apply=_grant, present=_present, url=_url, hides=_hides
        ),
    )
    notices.register("access.ended", gettext_lazy("Your look at %(unit)s was ended early."))
