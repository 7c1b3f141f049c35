"""The check of everything against everything (I2): it freezes what does not fit and tells the supervisor. It never repairs."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory.models import Unit
from inventory.queries.scope import units_visible_to
from inventory.services import units as inventory
from inventory.states import Lock
from salescontrol.core import audit, clock, jobs, journal, notices, proof, seals
from salescontrol.core.access import access_of, deciding_users
from salescontrol.core.errors import NotVisible, Refusal
from salescontrol.core.models import AuditEvent
from salescontrol.core.permissions import Permission, Role
from security.queries import consistency
from security.queries.consistency import Problem

TOPIC = "consistency.check"
KEPT = 500
notices.register(
    "consistency.found", gettext_lazy("The check found %(count)s things that do not fit; units concerned are frozen.")
)
notices.register(
    "clock.set_back",
    gettext_lazy("The database's clock stands before the newest seal: it was set back. Correct it at once."),
)
notices.register(
    "journal.behind", gettext_lazy("The journal is %(seconds)s seconds behind. See whether its disk is full.")
)
notices.register(
    "journal.restore_needed",
    gettext_lazy(
        "The database is older than its journal. After a restore, run replay_journal; nothing is sealed until then."
    ),
)


def ask_for_check(*, by) -> None:
    """Have everything checked in the background; its page and the page of the record show what came of it."""
    access = access_of(by)
    if not access.can(Permission.CONSISTENCY_SEE):
        access.require(Permission.AUDIT_SEE)
    with transaction.atomic():
        audit.record("consistency.ask", by=by)
        jobs.enqueue(TOPIC, by=by.pk)


def check(*, by=None) -> AuditEvent:
    """Replay all events, follow both chains, compare; freeze the units that do not fit and put what was found on record.

    What looks wrong is looked at again with its rows locked, because sales go on meanwhile.
    """
    proved = proof.verify()
    suspects = {
        problem.unit_id for problem in [*consistency.problems(), *consistency.journal_problems()] if problem.unit_id
    }
    with transaction.atomic():
        units = list(Unit._base_manager.filter(pk__in=suspects).select_for_update(of=("self",)).order_by("pk"))
        rest = [item for item in consistency.journal_problems() if item.unit_id is None or item.unit_id in suspects]
        found = [*consistency.problems(suspects), *rest]
        concerned = {problem.unit_id for problem in found}
        _freeze([unit for unit in units if unit.pk in concerned and Lock.FROZEN not in unit.lock_codes], by)
        _tell(found, proved)
        return audit.record(consistency.ACT, by=by, detail=_detail(found, proved))


def _freeze(units: Sequence[Unit], by) -> None:
    if units:
        inventory.lay_locks(
            units=units, kind=Lock.FROZEN, reason=_("The check of the record found a difference"), by=by
        )


def _detail(found: Sequence[Problem], proved: proof.Proof) -> dict[str, Any]:
    told = [
        {"code": problem.code, "project": problem.project_id, "unit": problem.unit_id, "words": problem.words}
        for problem in found[:KEPT]
    ]
    chain = [asdict(finding) for finding in proved.findings[:KEPT]]
    return {
        "problems": told, "chain": chain, "count": len(found) + len(proved.findings), "counts": consistency.counts(),
        "rows": proved.rows, "seals": proved.seals, "lines": proved.lines, "anchored": proved.anchored, "restores": proved.restores,
        "rewritten": dict(proved.rewritten),
    }  # fmt: skip


def _tell(found: Sequence[Problem], proved: proof.Proof) -> None:
    """The supervisors of the projects concerned; of the chain itself supervisors, management and administrators."""
    by_project: dict[int | None, int] = {}
    for problem in found:
        by_project[problem.project_id] = by_project.get(problem.project_id, 0) + 1
    if proved.findings:
        by_project[None] = by_project.get(None, 0) + len(proved.findings)
    for project_id, count in by_project.items():
        roles = [Role.SUPERVISOR] if project_id else [Role.SUPERVISOR, Role.MANAGEMENT, Role.ADMINISTRATOR]
        key = f"consistency:{project_id}:{clock.today()}"
        notices.tell(
            deciding_users(roles, project_id),
            "consistency.found",
            key=key,
            url=reverse("security:consistency"),
            count=count,
        )


def tell_of_journal(state: journal.State) -> None:
    """Supervisors and administrators hear, once an hour, that committed claims are not in the journal."""
    keepers = deciding_users([Role.SUPERVISOR, Role.ADMINISTRATOR], None)
    code = "journal.restore_needed" if state.restore_needed else "journal.behind"
    notices.tell(
        keepers, code, key=f"{code}:{clock.now():%Y-%m-%dT%H}", url=reverse("security:consistency"),
        seconds=round(state.lag.total_seconds()),
    )  # fmt: skip


def tell_of_clock() -> bool:
    """Supervisors and administrators hear, once an hour, that the clock stands before what was sealed already (abuse 14)."""
    newest, now = seals.head(), clock.now()
    back = newest is not None and newest.at > now + timedelta(minutes=1)
    if back:
        keepers = deciding_users([Role.SUPERVISOR, Role.ADMINISTRATOR], None)
        notices.tell(keepers, "clock.set_back", key=f"clock:{now:%Y-%m-%dT%H}", url=reverse("security:consistency"))
    return back


@transaction.atomic
def lift_freeze(*, unit_id: int, reason: str, by) -> Unit:
    """Let a frozen unit be sold again, with the reason. The supervisor's own act; the next check freezes it again if it must.

    Raises NotVisible, Forbidden, Refusal without a reason.
    """
    access = access_of(by)
    found = inventory.locked([unit_id], visible=units_visible_to(access))
    if not found or Lock.FROZEN not in found[0].lock_codes:
        raise NotVisible(_("There is no such unit under examination."))
    unit = found[0]
    access.require(Permission.LOCK_LAY, unit.project_id)
    if not reason.strip():
        message = _("Give the reason: it is kept with the unit.")
        raise Refusal(message, code="no_reason", fields={"reason": [message]})
    inventory.lift_locks(units=[unit], kind=Lock.FROZEN, by=by, reason=reason.strip())
    detail = {"reason": reason.strip()[:300]}
    audit.record("consistency.lift", by=by, project_id=unit.project_id, target=unit, detail=detail)
    return unit
