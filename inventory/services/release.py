"""Putting units on sale (放盘, T3) and withholding them (销控, T4), one or many, with a reason (R1.5).

The supervisor acts at once; a specialist proposes, and the supervisor decides the proposal in the one inbox.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.contrib.auth import get_user_model
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from inventory.models import Permit, Project, Unit
from inventory.queries.concerned import concerned
from inventory.services import stages, units
from inventory.services.review import name_some
from inventory.states import SALE_TABLE, Lock, Status
from salescontrol.core import approvals, clock, notices
from salescontrol.core.access import access_of
from salescontrol.core.errors import Conflict, Refusal
from salescontrol.core.models import Approval
from salescontrol.core.permissions import Permission
from salescontrol.core.words import listed

RELEASE, WITHHOLD = "unit.release", "unit.withhold"
SHOWN, IN_SUBJECT = 20, 5


@dataclass(frozen=True)
class Outcome:
    """What came of it: the units that moved, or the request that was made."""

    moved: Sequence[Unit] = ()
    approval: Approval | None = None


@transaction.atomic
def release_units(*, project: Project, unit_ids: Collection[int], visible, reason: str, by) -> Outcome:
    """Put withheld units on sale, or propose it (decisions 10, domain T3).

    Every unit needs a pre-sale permit of its building, a list price and no overlay lock; otherwise nothing happens and
    Conflict lists the rooms, each with its reason. Refusal without a reason or a unit, Forbidden without the right.
    """
    return _act(RELEASE, project=project, unit_ids=unit_ids, visible=visible, reason=reason, by=by)


@transaction.atomic
def withhold_units(*, project: Project, unit_ids: Collection[int], visible, reason: str, by) -> Outcome:
    """Withhold units that are available, or propose it (domain T4). Locks do not stand in the way: this is the safe side."""
    return _act(WITHHOLD, project=project, unit_ids=unit_ids, visible=visible, reason=reason, by=by)


def _act(action: str, *, project: Project, unit_ids: Collection[int], visible, reason: str, by) -> Outcome:
    access = access_of(by)
    direct = access.can(SALE_TABLE[action].permission, project.pk)
    if not direct:
        access.require(Permission.UNIT_RELEASE_PROPOSE, project.pk)
    chosen = units.locked(unit_ids, visible=visible.filter(project=project))
    _check_chosen(chosen, unit_ids, reason)
    refuse(chosen, action)
    if direct:
        return Outcome(moved=_carry_out(chosen, action, reason=reason.strip(), by=by))
    return Outcome(approval=_propose(project, chosen, action, reason=reason, by=by))


def _check_chosen(chosen: Sequence[Unit], unit_ids: Collection[int], reason: str) -> None:
    if not reason.strip():
        raise Refusal(
            _("Give the reason: it is kept with the unit."),
            code="no_reason",
            fields={"reason": [_("Give the reason.")]},
        )
    if not chosen:
        raise Refusal(_("Choose at least one unit."), code="nothing_chosen")
    if len(chosen) != len(set(unit_ids)):
        raise Refusal(_("Some of the chosen units do not exist any more. Choose again."), code="not_visible")


def refuse(chosen: Sequence[Unit], action: str) -> None:
    """Raise Conflict naming the first units that stand in the way, each with its reason, and how many there are."""
    found = obstacles(chosen, action)
    if found:
        numbers = {unit.pk: unit.number for unit in chosen}
        named = [_("%(unit)s: %(reason)s") % {"unit": numbers[pk], "reason": why} for pk, why in found.items()]
        message = ngettext(
            "Nothing was changed, because %(count)s unit stands in the way. %(units)s",
            "Nothing was changed, because %(count)s units stand in the way. %(units)s",
            len(named),
        )
        raise Conflict(message % {"count": len(named), "units": name_some(named)}, code="obstacles")


def obstacles(chosen: Sequence[Unit], action: str) -> Mapping[int, str]:
    """Unit id → why the action is not possible for it; empty when nothing stands in the way. One query, whatever the number."""
    permitted = permitted_buildings(chosen) if action == RELEASE else set()
    found = {}
    for unit in chosen:
        why = _why_not(unit, action, permitted)
        if why:
            found[unit.pk] = why
    return found


def permitted_buildings(chosen: Sequence[Unit]) -> set[int]:
    """The ids of the chosen units' buildings for which a pre-sale permit has been issued by today."""
    if not chosen:
        return set()
    issued = Permit.objects.filter(
        buildings__in={unit.building_id for unit in chosen}, issued_on__lte=clock.today(chosen[0].project.zone)
    )
    return set(issued.values_list("buildings", flat=True))


def _why_not(unit: Unit, action: str, permitted: set[int]) -> str:
    if unit.status not in SALE_TABLE[action].sources:
        return _("its status is “%(status)s”") % {"status": unit.get_status_display()}
    if action == WITHHOLD:
        return ""
    if unit.building_id not in permitted:
        return _("no pre-sale permit covers its building; enter the permit first")
    if unit.list_total is None:
        return _("it has no approved list price")
    if unit.locks:
        return _("it is locked (%(locks)s)") % {"locks": listed(Lock(code).label for code in unit.lock_codes)}
    return ""


def _carry_out(
    chosen: Sequence[Unit], action: str, *, reason: str, by, approval: Approval | None = None
) -> Sequence[Unit]:
    represented = access_of(by).deputy_of.get(chosen[0].project_id)
    units.record_moves(
        units=chosen,
        action=action,
        to=SALE_TABLE[action].target,
        by=by,
        reason=reason,
        approval=approval,
        on_behalf_of_id=represented,
    )
    _tell(chosen, action, reason=reason, by=by, represented=represented if approval is None else None)
    return chosen


def _tell(chosen: Sequence[Unit], action: str, *, reason: str, by, represented: int | None) -> None:
    """Those whose business a unit is hear of it; the supervisor at once of what a deputy did (decisions 5)."""
    project = chosen[0].project
    stamp = f"{clock.now():%Y%m%d%H%M%S%f}"
    url = reverse("inventory:board", args=[project.code])
    for person, theirs in concerned(chosen).items():
        notices.tell(
            [person],
            f"{action}.done",
            key=f"{action}-{stamp}",
            url=url,
            project_id=project.pk,
            units=name_some([unit.number for unit in theirs]),
        )
    if represented is not None:
        notices.tell(
            get_user_model().objects.filter(pk=represented),
            f"{action}.for_you",
            key=f"{action}-deputy-{stamp}",
            url=url,
            project_id=project.pk,
            by=str(by),
            units=name_some([unit.number for unit in chosen]),
            reason=reason,
        )


def _propose(project: Project, chosen: Sequence[Unit], action: str, *, reason: str, by) -> Approval:
    one = chosen[0].pk if len(chosen) == 1 else None
    waiting = _already_proposed(project, {unit.pk for unit in chosen}, action)
    if waiting:
        named = name_some([unit.number for unit in chosen if unit.pk in waiting])
        raise Conflict(
            _("The same is already proposed for: %(units)s. Wait for that decision or leave them out.")
            % {"units": named},
            code="pending",
        )
    return approvals.request(
        kind=action,
        by=by,
        subject=name_some([unit.number for unit in chosen], IN_SUBJECT),
        reason=reason,
        project_id=project.pk,
        target_id=one,
        before={"status": chosen[0].status},
        after={
            "project": project.code,
            "status": SALE_TABLE[action].target,
            "units": [unit.pk for unit in chosen],
            "numbers": [unit.number for unit in chosen[:SHOWN]],
        },
        effect=stages.who_decides(project.pk, [by.pk]),
    )


def _already_proposed(project: Project, unit_ids: set[int], action: str) -> set[int]:
    pending = Approval.objects.filter(kind=action, project_id=project.pk, state=Approval.State.PENDING)
    return {pk for after in pending.values_list("after", flat=True) for pk in after["units"]} & unit_ids


def _apply(approval: Approval, by) -> None:
    chosen = units.locked(approval.after["units"], visible=Unit.every.filter(project_id=approval.project_id))
    refuse(chosen, approval.kind)
    _carry_out(chosen, approval.kind, reason=approval.reason, by=by, approval=approval)


def _present(approval: Approval, access) -> list:
    numbers, count = approval.after["numbers"], len(approval.after["units"])
    named = listed(numbers)
    if count > len(numbers):
        named = _("%(names)s and %(count)s more") % {"names": named, "count": count - len(numbers)}
    return [
        (_("Status"), Status(approval.before["status"]).label, Status(approval.after["status"]).label),
        (_("Units"), "", _("%(count)s: %(units)s") % {"count": count, "units": named}),
    ]


def _url(approval: Approval) -> str:
    if len(approval.after["units"]) == 1:
        return reverse("inventory:unit", args=[approval.after["project"], approval.after["units"][0]])
    return reverse("inventory:board", args=[approval.after["project"]])


def register() -> None:
    """Make proposals decidable, and name the notices."""
    labels = {RELEASE: gettext_lazy("Put on sale"), WITHHOLD: gettext_lazy("Withhold")}
    for action, label in labels.items():
        approvals.register(
            action,
            approvals.Kind(label=label, stages=stages.steps, apply=_apply, present=_present, url=_url),
        )
    notices.register("unit.release.done", gettext_lazy("Put on sale: %(units)s"))
    notices.register("unit.withhold.done", gettext_lazy("Withheld from sale: %(units)s"))
    notices.register(
        "unit.release.for_you", gettext_lazy("Your deputy %(by)s put on sale: %(units)s. Reason: %(reason)s")
    )
    notices.register(
        "unit.withhold.for_you", gettext_lazy("Your deputy %(by)s withheld: %(units)s. Reason: %(reason)s")
    )
