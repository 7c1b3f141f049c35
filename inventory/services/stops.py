"""Emergency stop 封盘 and its end (R1.7): from its instant no new claim on what it covers; reopening is an approval."""

import uuid
from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory.models import Building, Layout, Project, SalesStop, Unit
from inventory.queries.stops import covers, live_stops, told
from inventory.services import stages, units
from inventory.states import Lock, Review
from salescontrol.core import approvals, clock, notices
from salescontrol.core.access import access_of
from salescontrol.core.errors import Conflict, NotVisible, Refusal
from salescontrol.core.history import save_tracked
from salescontrol.core.models import Approval
from salescontrol.core.operations import once
from salescontrol.core.permissions import Permission, Role

KIND = "sales.reopen"


def stop_sales(
    *,
    op_id: uuid.UUID,
    project: Project,
    building: Building | None = None,
    layout: Layout | None = None,
    reason: str,
    by,
) -> SalesStop:
    """Stop sales of the project, of one of its buildings or of one of its layouts; the same form stops once.

    Every unit's row is locked before the stop is written, so each claim is either finished before the stop or refused by it:
    none commits after. Raises Forbidden, Refusal without a reason or for a part of another project, Conflict (`stopped`) when
    the same is stopped already.
    """
    scope = scope_of(building, layout)
    reference = once(
        op_id=op_id,
        by=by,
        action="sales.stop",
        content={"project": project.pk, "scope": scope, "reason": reason},
        run=lambda: {"stop": _stop(project, building, layout, reason.strip(), by).pk},
    )
    return SalesStop.objects.select_related("project", "building", "layout").get(pk=reference["stop"])


def scope_of(building: Building | None, layout: Layout | None) -> str:
    """What is stopped, as one text: `project`, `building:ID` or `layout:ID`."""
    if building is not None:
        return f"building:{building.pk}"
    return f"layout:{layout.pk}" if layout is not None else "project"


def _stop(project: Project, building: Building | None, layout: Layout | None, reason: str, by) -> SalesStop:
    access_of(by).require(Permission.SALES_STOP, project.pk)
    _check(project, building, layout, reason)
    chosen = _lock_all(project.pk)
    stop = SalesStop(project=project, building=building, layout=layout, scope=scope_of(building, layout))
    _refuse_twice(stop)
    stop.reason, stop.stopped_by, stop.stopped_at = reason[:300], by, clock.now()
    save_tracked(stop, action="sales.stop", by=by)
    cover(chosen)
    _tell(stop, chosen, "sales.stopped", by=by)
    return stop


def _check(project: Project, building: Building | None, layout: Layout | None, reason: str) -> None:
    if not reason:
        raise Refusal(
            _("Give the reason: everybody who is stopped by it reads it."),
            code="no_reason",
            fields={"reason": [_("Give the reason.")]},
        )
    parts = [part for part in (building, layout) if part is not None]
    if len(parts) > 1 or any(part.project_id != project.pk for part in parts):
        raise Refusal(_("Choose the project, one of its buildings or one of its layouts."), code="scope")


def _lock_all(project_id: int) -> list[Unit]:
    """Lock the project and all its units in the fixed order: whichever unit moves into the scope meanwhile waits here."""
    Project.objects.select_for_update(of=("self",), no_key=True).get(pk=project_id)
    rows = Unit.every.filter(project_id=project_id).order_by("pk")
    return list(
        rows.select_for_update(of=("self",), no_key=True).only(
            "number", "project_id", "building_id", "layout_id", "salesperson_id", "review", "locks"
        )
    )


def _refuse_twice(stop: SalesStop) -> None:
    same = SalesStop.objects.filter(project=stop.project, scope=stop.scope, lifted_at__isnull=True).first()
    if same is not None:
        when = clock.local(same.stopped_at, stop.project.zone).strftime("%Y-%m-%d %H:%M")
        raise Conflict(
            _("Sales of %(scope)s are stopped already, since %(when)s: %(reason)s")
            % {"scope": stop, "when": when, "reason": same.reason},
            code="stopped",
        )


def cover(chosen: Sequence[Unit]) -> None:
    """Put the mark STOP on each of these locked units of one project that a live stop covers, and take it off the others.

    Asked wherever a unit may come under a stop or leave it: approved, changed, stopped, reopened. Claims look at the mark only.
    """
    if not chosen:
        return
    live = live_stops(chosen[0].project_id)
    wrong = [unit for unit in chosen if (Lock.STOP in unit.lock_codes) != _is_stopped(unit, live)]
    units.show_locks(wrong, lambda codes: sorted({*codes} ^ {Lock.STOP.value}))


def _is_stopped(unit: Unit, live: Sequence[SalesStop]) -> bool:
    return unit.review == Review.APPROVED and any(covers(stop, unit) for stop in live)


def ask_to_reopen(*, project: Project, stop_id: int, reason: str, by) -> Approval:
    """Ask for the end of a stop: management decides where it stopped, else the supervisor or management; never who asks.

    Raises NotVisible, Forbidden, Refusal without a reason, Conflict when it is lifted already or asked for.
    """
    stop = SalesStop.objects.filter(project=project, pk=stop_id).select_related("project", "stopped_by").first()
    if stop is None:
        raise NotVisible(_("There is no such stop."))
    access_of(by).require(Permission.UNIT_RELEASE_PROPOSE, project.pk)
    _refuse_lifted(stop)
    supervisor = Role.SUPERVISOR in access_of(stop.stopped_by).roles_in(project.pk)
    return approvals.request(
        kind=KIND,
        by=by,
        subject=str(stop),
        reason=reason,
        project_id=project.pk,
        target_id=stop.pk,
        before={"reason": stop.reason},
        after={"project": project.code},
        effect={"management": not supervisor},
    )


def _refuse_lifted(stop: SalesStop) -> None:
    if stop.lifted_at is not None:
        raise Conflict(_("Sales of %(scope)s are open again already.") % {"scope": stop}, code="lifted")


def _steps(approval: Approval) -> Sequence[approvals.Stage]:
    return [stages.MANAGEMENT if approval.effect["management"] else stages.EITHER]


def _reopen(approval: Approval, by) -> None:
    """Lift the stop; units that another live stop covers stay stopped."""
    chosen = _lock_all(approval.project_id or 0)
    stop = SalesStop.objects.select_for_update(of=("self",)).select_related("project").get(pk=approval.target_id)
    _refuse_lifted(stop)
    stop.lifted_at, stop.lifted_by, stop.approval = clock.now(), by, approval
    save_tracked(stop, action=KIND, by=by, fields=["lifted_at", "lifted_by", "approval"], reason=approval.reason)
    cover(chosen)
    _tell(stop, chosen, "sales.reopened", by=by)


def _tell(stop: SalesStop, chosen: Sequence[Unit], code: str, *, by) -> None:
    """The room, management and the salespeople concerned hear of it at once."""
    notices.tell(
        told(stop, [unit for unit in chosen if covers(stop, unit)]) - {by},
        code,
        key=f"{code}-{stop.pk}",
        url=reverse("inventory:board", args=[stop.project.code]),
        project_id=stop.project_id,
        scope=str(stop),
        reason=stop.reason,
    )


def _present(approval: Approval, access) -> list:
    return [(_("Sales"), _("stopped: %(reason)s") % {"reason": approval.before["reason"]}, _("open again"))]


def _url(approval: Approval) -> str:
    return reverse("inventory:stops", args=[approval.after["project"]])


def register() -> None:
    """Make reopening decidable, and name the notices."""
    approvals.register(
        KIND,
        approvals.Kind(label=gettext_lazy("Reopen sales"), stages=_steps, apply=_reopen, present=_present, url=_url),
    )
    notices.register("sales.stopped", gettext_lazy("Sales of %(scope)s are stopped: %(reason)s"))
    notices.register("sales.reopened", gettext_lazy("Sales of %(scope)s are open again."))
