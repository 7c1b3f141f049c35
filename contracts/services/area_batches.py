"""Surveyed areas settled for many contracts at once (R3.1, domain B9): a list is taken whole or not at all, decided by one approval,
carried out together by another person, and each buyer gets a letter.

Each contract has a change of its own with its number, settlement and lock, as if it had been requested singly.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.models import AreaBatch, Change, Claim, Paper
from contracts.queries.areas import letters
from contracts.queries.scope import area_batches_visible_to
from contracts.services import changes, numbers, papers, trades
from contracts.services.change_content import Entry, content_of
from contracts.services.change_ground import in_force, operation, require_none_open
from contracts.services.change_kinds import KINDS, Subject, refusal
from contracts.states import CHANGE_OPEN, ChangeCause, ChangeKind, ChangeState, NumberKind, PaperKind
from inventory.models import Project, Unit
from inventory.queries.scope import units_visible_to
from inventory.services import stages, units
from inventory.states import Lock
from salescontrol.core import approvals, notices
from salescontrol.core.access import Access, access_of, deciding_users
from salescontrol.core.errors import Conflict, NotVisible, Refusal
from salescontrol.core.history import save_tracked
from salescontrol.core.models import Approval
from salescontrol.core.operations import once
from salescontrol.core.permissions import Permission

KIND = "area.settle"
LARGEST = 300
SHOWN = 10


@dataclass(frozen=True)
class Row:
    """One line of a list: where it stands, the unit and its surveyed area; `problem` when it could not be read."""

    at: str
    unit_id: int | None = None
    surveyed: Decimal | None = None
    problem: str = ""


def request_batch(
    *, op_id: uuid.UUID, project: Project, title: str, reason: str, rows: Sequence[Row], keeps: Iterable[str], by
) -> AreaBatch:
    """Ask for the settlement of all these contracts; from now on their units bear the lock of a change.

    `keeps`: numbers of units beyond the tolerance whose buyers keep them. Raises Forbidden, NotVisible, Refusal `file` that names
    every row that cannot be settled, `no_reason`, `title`, `keeps`.
    """
    access = access_of(by)
    access.require(Permission.CHANGE_REQUEST, project.pk)
    kept = {number.strip() for number in keeps if number.strip()}
    content = {
        "project": project.pk, "title": title, "reason": reason, "keeps": sorted(kept),
        "rows": [[row.at, row.unit_id, str(row.surveyed), row.problem] for row in rows],
    }  # fmt: skip
    reference = once(
        op_id=op_id, by=by, action="area.request", content=content,
        run=lambda: _request(project, title, reason, rows, kept, access, by),
    )  # fmt: skip
    return fresh(reference["batch"])


def withdraw(*, op_id: uuid.UUID, code: str, by) -> AreaBatch:
    """Whoever asked takes the whole list back while it is not decided."""
    return _act(op_id, code, "area.withdraw", Permission.CHANGE_REQUEST, by, approvals.withdraw)


def execute(*, op_id: uuid.UUID, code: str, by) -> AreaBatch:
    """Settle every contract of an approved list, by who neither asked nor approved; all or none. Raises Conflict naming those that
    changed since: the supervisor makes these void first."""
    return _act(op_id, code, "area.execute", Permission.CHANGE_EXECUTE, by, approvals.execute)


def make_letters(*, code: str, by) -> list[Paper]:
    """A letter for each settled contract that has none since; returns them all. Repeatable: what is there is not made again."""
    access = access_of(by)
    batch = _find(access, code)
    access.require(Permission.DEAL_WRITE, batch.project_id)
    there = letters(batch)
    for change in _of(batch, ChangeState.EXECUTED):
        if change.pk not in there:
            op_id = uuid.uuid5(uuid.NAMESPACE_URL, f"area/{change.code}/letter/{by.pk}")
            papers.make(op_id=op_id, kind=PaperKind.SETTLEMENT, trade=change.trade.number, by=by)
    return list(letters(batch).values())


def fresh(code: str) -> AreaBatch:
    return AreaBatch.every.select_related("project", "approval", "made_by").get(code=code)


def _find(access: Access, code: str) -> AreaBatch:
    seen = area_batches_visible_to(access).select_related("project", "approval").filter(code=code).first()
    if seen is None:
        raise NotVisible(_("There is no such list."))
    return seen


def _act(op_id: uuid.UUID, code: str, action: str, permission: Permission, by, do: Any) -> AreaBatch:
    def run() -> dict:
        access = access_of(by)
        batch = _find(access, code)
        access.require(permission, batch.project_id)
        do(approval_id=batch.approval_id, by=by)
        return {"batch": code}

    once(op_id=op_id, by=by, action=action, content={"batch": code}, run=run)
    return fresh(code)


def _request(
    project: Project, title: str, reason: str, rows: Sequence[Row], kept: set[str], access: Access, by
) -> dict[str, str]:
    if not title.strip():
        raise _at("title", _("Name the survey."))
    if not 0 < len(rows) <= LARGEST:
        raise _at("file", _("The list has %(count)s rows. Hand over at least one and at most %(most)s.")
                  % {"count": len(rows), "most": LARGEST})  # fmt: skip
    wanted = [row.unit_id for row in rows if row.unit_id is not None]
    found = units.locked(wanted, visible=units_visible_to(access).filter(project=project))
    plan = _plan(rows, {unit.pk: unit for unit in found}, kept, access)
    batch = save_tracked(AreaBatch(project=project, title=title.strip()[:80], made_by=by), action="area.request", by=by)
    batch.approval = approvals.request(
        kind=KIND, by=by, subject=f"{batch.title} · {len(plan)}",
        reason=reason, project_id=project.pk, target_id=batch.pk,
        effect={
            "levels": [role.value for role in KINDS[ChangeKind.AREA].levels], "project": project.code, "batch": batch.code,
            **stages.who_decides(project.pk, {by.pk}),
        },
    )  # fmt: skip
    save_tracked(batch, action="area.submit", by=by, fields=["approval"])
    for unit, subject, content in plan:
        _ask_one(batch, unit, subject, content, reason, by)
    return {"batch": batch.code}


Planned = tuple[Unit, Subject, dict[str, Any]]


def _plan(rows: Sequence[Row], found: Mapping[int, Unit], kept: set[str], access: Access) -> list[Planned]:
    """What becomes of each row. Raises Refusal naming every row that cannot be settled."""
    plan: list[Planned] = []
    problems: list[str] = []
    seen: set[int] = set()
    for row in rows:
        unit = found.get(row.unit_id) if row.unit_id is not None else None
        try:
            if row.problem or unit is None:
                raise Refusal(row.problem or _("There is no such unit."))
            if unit.pk in seen:
                raise Refusal(_("%(unit)s stands in the list twice.") % {"unit": unit.number})
            seen.add(unit.pk)
            plan.append((unit, *_settled(unit, row.surveyed, unit.number in kept, access)))
        except Refusal as why:
            problems.append(_("%(row)s: %(problem)s") % {"row": row.at, "problem": why.message})
    strangers = kept - {unit.number for unit in found.values()}
    if strangers:
        message = _("Not in the list: %(units)s.") % {"units": ", ".join(sorted(strangers))}
        raise _at("keeps", message)
    if problems:
        more = len(problems) - SHOWN
        told = [*problems[:SHOWN], *([_("… and %(count)s more rows.") % {"count": more}] if more > 0 else [])]
        raise Refusal(told[0], code="file", fields={
            "file": [_("Nothing was taken over. Correct these rows and choose the file again:"), *told],
        })  # fmt: skip
    return plan


def _settled(unit: Unit, surveyed: Decimal | None, keeps: bool, access: Access) -> tuple[Subject, dict[str, Any]]:
    """The contract in force and what is settled by it. Raises Refusal, Conflict with the reason."""
    claim = Claim.every.filter(unit=unit, released_at__isnull=True, trade__isnull=False).select_related("trade").first()
    stage, subject = in_force(claim.trade) if claim and claim.trade else ("", None)
    why = refusal(ChangeKind.AREA, stage, subject)
    if why or subject is None:
        raise Refusal(_("%(unit)s has no signed contract that is not handed over yet.") % {"unit": unit.number})
    require_none_open(subject.trade)
    entry = Entry(ChangeKind.AREA, ChangeCause.AGREEMENT, "", surveyed=surveyed, keeps=keeps)
    return subject, content_of(entry, subject, None, access)


def _ask_one(batch: AreaBatch, unit: Unit, subject: Subject, content: dict[str, Any], reason: str, by) -> None:
    given = numbers.give(project=batch.project, kind=NumberKind.CHANGE, trade=subject.trade, by=by)
    change = Change(
        number=given.number, project=batch.project, trade=subject.trade, unit=unit, contract=subject, kind=ChangeKind.AREA,
        state=ChangeState.SUBMITTED, cause=ChangeCause.AGREEMENT, reason=reason.strip(), content=content, batch=batch,
        approval=batch.approval, requested_by=by,
    )  # fmt: skip
    save_tracked(change, action="change.submit", by=by)
    units.lay_lock(unit=unit, kind=Lock.CHANGE, reason=change.number, by=by, reference=change.number)


def _of(batch: AreaBatch, *states: ChangeState) -> QuerySet[Change]:
    """The changes of the list in these states, in the order in which units are locked."""
    rows = Change.every.filter(batch=batch, state__in=states).order_by("unit_id")
    return rows.select_related("project", "trade__salesperson", "unit__project", "contract", "subscription")


def _locked(batch: AreaBatch, *states: ChangeState) -> list[Change]:
    """The same, their rows locked after their units'."""
    units.locked(list(_of(batch, *states).values_list("unit_id", flat=True)), visible=Unit.every.all())
    return list(_of(batch, *states).select_for_update(of=("self",)))


def _batch(approval: Approval) -> AreaBatch:
    return AreaBatch.every.select_related("project").get(pk=approval.target_id)


def _approved(approval: Approval, by) -> None:
    batch = _batch(approval)
    found = _locked(batch, ChangeState.SUBMITTED)
    for change in found:
        change.state = ChangeState.APPROVED
        save_tracked(change, action="change.approve", by=by, fields=["state"])
    able = [
        user for user in deciding_users(changes.DESK, batch.project_id)
        if approvals.may_execute(approval, access_of(user))
    ]  # fmt: skip
    notices.tell(
        able, "change.to_execute", key=f"area-{batch.code}-approved", url=url_of(batch), project_id=batch.project_id,
        number=batch.title,
    )  # fmt: skip


def _closed(approval: Approval, by) -> None:
    for change in _locked(_batch(approval), *CHANGE_OPEN):
        changes.end_unexecuted(change, approval, by)


def _apply(approval: Approval, by) -> None:
    """Every contract locked, looked at once more, and settled."""
    batch, access = _batch(approval), access_of(by)
    access.require(Permission.CHANGE_EXECUTE, batch.project_id)
    found = _locked(batch, ChangeState.APPROVED)
    changed = [change.number for change in found if not _still_true(change, access)]
    if changed:
        raise Conflict(
            _("These contracts changed since the list was handed over: %(numbers)s. The supervisor makes their changes void; then "
              "the others can be settled.") % {"numbers": ", ".join(changed[:SHOWN])},
            code="changed",
        )  # fmt: skip
    for change in found:
        step = trades.locked(change.trade, access, by=by, op_id=operation(change, "amend"))
        changes.carry_out(change, step, approval, by)
    notices.settle(f"area-{batch.code}-approved")


def _still_true(change: Change, access: Access) -> bool:
    """Whether the contract would be settled in the same way today."""
    stage, subject = in_force(change.trade)
    if subject != change.contract or refusal(ChangeKind.AREA, stage, subject) or subject is None:
        return False
    surveyed = Decimal(change.content["surveyed"])
    entry = Entry(ChangeKind.AREA, ChangeCause.AGREEMENT, "", surveyed=surveyed, keeps=True)
    return content_of(entry, subject, None, access) == change.content


def _present(approval: Approval, access) -> list[tuple[Any, Any, Any]]:
    """How many contracts, and what is paid and given back together."""
    amounts = [Decimal(change.content["settlement"]) for change in Change.every.filter(batch=approval.target_id)]
    due, back = sum(value for value in amounts if value > 0), -sum(value for value in amounts if value < 0)
    return [
        (_("Contracts"), "", str(len(amounts))),
        (_("Buyers pay"), "", f"{due:,.2f}"),
        (_("Buyers get back"), "", f"{back:,.2f}"),
    ]


def url_of(batch: AreaBatch) -> str:
    return reverse("sales:area_batch", args=[batch.project.code, batch.code])


def _url(approval: Approval) -> str:
    return reverse("sales:area_batch", args=[approval.effect["project"], approval.effect["batch"]])


def _at(name: str, message: str) -> Refusal:
    return Refusal(message, code=name, fields={name: [message]})


def register() -> None:
    """Make lists decidable in the one inbox."""
    approvals.register(
        KIND,
        approvals.Kind(
            label=gettext_lazy("Settlement of areas"), stages=changes.steps, apply=_apply, present=_present, url=_url,
            closed=_closed, separate=True, approved=_approved, executor=Permission.CHANGE_EXECUTE,
        ),
    )  # fmt: skip
