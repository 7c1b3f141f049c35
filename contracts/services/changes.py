"""Changes 变更 of a sale (R3.1, R6.2, domain B9): requested, submitted, approved by others, executed by another, or void.

While one is under way the unit bears an overlay lock, and the trade has no second one. Rules are checked on locked rows in the order
Unit → Customer → subscription or contract; two units in the order of their keys.
"""

import uuid
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.models import Change, Claim, Trade
from contracts.queries.changes import lines as change_lines
from contracts.queries.changes import money_lines
from contracts.queries.scope import changes_visible_to, trades_visible_to
from contracts.services import numbers, trades
from contracts.services.change_content import Entry, content_of, require_money
from contracts.services.change_effects import EFFECTS, price_of, require_target
from contracts.services.change_ground import (
    Ground,
    in_force,
    lock_subject,
    operation,
    require_no_draft,
    version,
)
from contracts.services.change_kinds import KINDS, Subject, levels, refusal
from contracts.states import CHANGE_OPEN, ChangeKind, ChangeState, NumberKind, Release
from inventory.models import Unit, UnitLock
from inventory.queries.scope import units_visible_to
from inventory.services import stages, units
from inventory.states import Lock
from salescontrol.core import approvals, clock, notices
from salescontrol.core.access import Access, access_of, deciding_users
from salescontrol.core.errors import Conflict, Forbidden, NotVisible, Refusal
from salescontrol.core.history import save_tracked
from salescontrol.core.models import Approval
from salescontrol.core.operations import once
from salescontrol.core.permissions import Permission, Role

KIND = "change"
DESK = (Role.SPECIALIST, Role.SUPERVISOR)


def request_change(*, op_id: uuid.UUID, trade: str, entry: Entry, by) -> Change:
    """Write a request as a draft; nothing lies on the unit yet.

    Raises NotVisible, Forbidden, Conflict (`over`, `open`, `draft`, `locked`, `waiting`, `taken`, `price`, `quotation`), Refusal
    (`not_allowed`, `no_reason`, or the name of the field).
    """
    content = {"trade": trade, **entry.words()}
    reference = once(
        op_id=op_id, by=by, action="change.draft", content=content, run=lambda: _draft(op_id, trade, entry, by)
    )
    return fresh(reference["change"])


def submit(*, op_id: uuid.UUID, code: str, by) -> Change:
    """Ask for the approvals; from now on the unit bears the lock of this kind of change."""
    return _act(op_id, code, "change.submit", Permission.CHANGE_REQUEST, by, _submit)


def withdraw(*, op_id: uuid.UUID, code: str, by) -> Change:
    """Whoever submitted it takes it back while it is not decided; it is void."""
    return _act(op_id, code, "change.withdraw", Permission.CHANGE_REQUEST, by, _withdraw)


def void(*, op_id: uuid.UUID, code: str, reason: str, by) -> Change:
    """A draft by its author, a draft or an approved change by the supervisor: it will not be executed. Its number stays listed."""
    return _act(
        op_id, code, "change.void", Permission.CHANGE_REQUEST, by, lambda change, who: _void(change, reason, who), reason
    )  # fmt: skip


def choose_release(*, op_id: uuid.UUID, code: str, release: Release, by) -> Change:
    """Who decides chooses what becomes of the unit, before deciding (domain B9)."""
    return _act(
        op_id, code, "change.release", None, by, lambda change, who: _choose(change, Release(release), who), release
    )


def execute(*, op_id: uuid.UUID, code: str, by) -> Change:
    """T14–T18: carry out what was approved, by who neither asked for nor approved it. All in one transaction.

    A change whose sale changed since it was asked for becomes void instead; the caller looks at its state.
    """
    return _act(op_id, code, "change.execute", Permission.CHANGE_EXECUTE, by, _execute)


def confirm_price(*, op_id: uuid.UUID, code: str, by) -> Change:
    """After the refund of a contract: the supervisor has confirmed the unit's price, so that it may be put on sale again (T17)."""
    return _act(op_id, code, "change.confirm_price", Permission.UNIT_RELEASE, by, _confirm)


def possible(trade: Trade) -> list[tuple[ChangeKind, str]]:
    """Every kind of change, with why it is not possible for this trade now; an empty text where it is."""
    stage, subject = in_force(trade)
    return [(kind, refusal(kind, stage, subject)) for kind in ChangeKind]


def fresh(code: str) -> Change:
    return Change.every.select_related("project", "unit__project", "trade", "approval").get(code=code)


def _act(
    op_id: uuid.UUID, code: str, action: str, permission: Permission | None, by, do: Callable[[Change, Any], object],
    said: str = "",
) -> Change:  # fmt: skip
    """One act on a change that the user may see, under one operation."""

    def run() -> dict:
        access = access_of(by)
        seen = changes_visible_to(access).filter(code=code).first()
        if seen is None:
            raise NotVisible(_("There is no such change."))
        if permission is not None:
            access.require(permission, seen.project_id)
        do(fresh(code), by)
        return {"change": code}

    once(op_id=op_id, by=by, action=action, content={"change": code, "said": said}, run=run)
    return fresh(code)


def _draft(op_id: uuid.UUID, number: str, entry: Entry, by) -> dict:
    access = access_of(by)
    trade = trades_visible_to(access).select_related("project").filter(number=number).first()
    if trade is None:
        raise NotVisible(_("There is no such trade."))
    access.require(Permission.CHANGE_REQUEST, trade.project_id)
    if not entry.reason.strip():
        message = _("Give the reason: whoever decides reads it.")
        raise Refusal(message, code="no_reason", fields={"reason": [message]})
    step, target = _lock(trade, entry.target_id, access, by, op_id)
    subject = _subject(trade, entry.kind)
    _require_none_open(trade)
    if entry.release == Release.AVAILABLE and not _may_be_available(entry.kind, subject):
        message = _("After a contract the unit is withheld until its price is confirmed.")
        raise Refusal(message, code="release", fields={"release": [message]})
    require_money(entry)
    if target is not None:
        require_target(target, access, step.now)
    content = content_of(entry, subject, target)
    given = numbers.give(project=trade.project, kind=NumberKind.CHANGE, trade=trade, by=by)
    about = {"contract" if subject._meta.model_name == "contract" else "subscription": subject}
    change = Change(
        number=given.number, project=trade.project, trade=trade, unit=step.unit, kind=entry.kind, cause=entry.cause,
        reason=entry.reason.strip(), target=target, release=entry.release, content=content, waiver=entry.waiver.strip(),
        form_signed=entry.form_signed, documents=entry.documents.strip(), requested_by=by, **about, **asdict(entry.money),
    )  # fmt: skip
    save_tracked(change, action="change.draft", by=by)
    return {"change": change.code}


def _lock(trade: Trade, target_id: int | None, access: Access, by, op_id: uuid.UUID) -> tuple[trades.Step, Unit | None]:
    """The trade's unit and, for an exchange, the one it is exchanged for, locked together in the order of their keys."""
    target = None
    if target_id is not None:
        seen = Claim.every.filter(trade=trade, released_at__isnull=True).values_list("unit_id", flat=True).first()
        visible = units_visible_to(access).filter(project_id=trade.project_id)
        both = units.locked([seen, target_id], visible=visible)
        target = next((unit for unit in both if unit.pk == target_id), None)
        if target is None:
            raise NotVisible(_("There is no such unit."))
    return trades.locked(trade, access, by=by, op_id=op_id), target


def _subject(trade: Trade, kind: ChangeKind) -> Subject:
    """The paper in force, if this kind of change is possible now."""
    stage, subject = in_force(trade)
    why = refusal(kind, stage, subject)
    if why or subject is None:
        raise Refusal(why, code="not_allowed")
    require_no_draft(trade)
    return subject


def _may_be_available(kind: ChangeKind, subject: Subject) -> bool:
    return KINDS[kind].releases and subject._meta.model_name == "subscription"


def _require_none_open(trade: Trade, besides: int | None = None) -> None:
    other = (
        Change.every.select_related("project").filter(trade=trade, state__in=CHANGE_OPEN).exclude(pk=besides).first()
    )
    if other is not None:
        raise Conflict(
            _("Change %(number)s of this sale is under way. Finish it or make it void first.")
            % {"number": other.number},
            code="open",
            links=[(other.number, url_of(other))],
        )


def url_of(change: Change) -> str:
    return reverse("sales:change", args=[change.project.code, change.code])


def _submit(change: Change, by) -> None:
    access = access_of(by)
    step, target = _lock(change.trade, change.target_id, access, by, operation(change, "submit"))
    row = _locked(change, ChangeState.DRAFT)
    kind = ChangeKind(row.kind)
    subject = _subject(row.trade, kind)
    if subject != row.subject:
        raise Conflict(_("The sale went on since this was written. Make it void and request anew."), code="changed")
    if not row.form_signed:
        raise Refusal(
            _("The signed application form is missing. Let the buyer sign it, then request the change with it."), code="form"
        )  # fmt: skip
    if target is not None:
        require_target(target, access, step.now)
        price_of(target, row.content)
    authors = {row.requested_by_id, by.pk}
    row.approval = approvals.request(
        kind=KIND, by=by, subject=f"{kind.label} · {step.unit} · {row.number}", reason=row.reason, project_id=row.project_id,
        target_id=row.pk, authors=authors,
        effect={
            "levels": levels(row, step.unit), "project": row.project.code, "change": row.code,
            **stages.who_decides(row.project_id, authors),
        },
    )  # fmt: skip
    units.lay_lock(
        unit=step.unit, kind=KINDS[kind].lock, reason=row.number, by=by, reference=row.number
    )  # fmt: skip
    _to(row, ChangeState.SUBMITTED, "change.submit", by, ["approval"])


def _withdraw(change: Change, by) -> None:
    _require_state(change, ChangeState.SUBMITTED)
    assert change.approval_id is not None
    approvals.withdraw(approval_id=change.approval_id, by=by)


def _void(change: Change, reason: str, by) -> None:
    if not reason.strip():
        message = _("Give the reason: it is kept with the number.")
        raise Refusal(message, code="no_reason", fields={"reason": [message]})
    _require_state(change, ChangeState.DRAFT, ChangeState.APPROVED)
    own = change.state == ChangeState.DRAFT and change.requested_by_id == by.pk
    if not own and not access_of(by).can(Permission.DEAL_VOID, change.project_id):
        raise Forbidden(_("Only the author of a draft, or the supervisor, makes a change void."), code="forbidden")
    change.void_reason = reason.strip()[:300]
    if change.state == ChangeState.DRAFT:
        _end(change, ChangeState.VOID, by)
        return
    save_tracked(change, action="change.void_reason", by=by, fields=["void_reason"])
    assert change.approval_id is not None
    approvals.cancel(approval_id=change.approval_id, by=by)


def _choose(change: Change, release: Release, by) -> None:
    _require_state(change, ChangeState.SUBMITTED)
    assert change.approval is not None
    approvals.require_decider(approval=change.approval, by=by)
    if release == Release.AVAILABLE and not _may_be_available(ChangeKind(change.kind), change.subject):
        message = _("After a contract the unit is withheld until its price is confirmed.")
        raise Refusal(message, code="release", fields={"release": [message]})
    row = _locked(change, ChangeState.SUBMITTED)
    row.release = release
    save_tracked(row, action="change.release", by=by, fields=["release"])


def _execute(change: Change, by) -> None:
    _require_state(change, ChangeState.APPROVED)
    assert change.approval_id is not None
    approvals.execute(approval_id=change.approval_id, by=by)


def _confirm(change: Change, by) -> None:
    unit = _unit(change)
    laid = UnitLock.every.filter(unit=unit, kind=Lock.REFUND, reference=change.number, lifted_at__isnull=True)
    if change.state != ChangeState.EXECUTED or not laid.exists():
        raise Conflict(_("No price waits to be confirmed here."), code="no_lock")
    units.lift_locks(units=[unit], kind=Lock.REFUND, by=by, reference=change.number)


def _unit(change: Change) -> Unit:
    """The unit that is changed, its row locked, whoever decides."""
    return units.locked([change.unit_id], visible=Unit.every.all())[0]


def _locked(change: Change, *states: ChangeState) -> Change:
    """The change, its row locked after its unit's, still in one of these states."""
    rows = Change.every.select_for_update(of=("self",)).select_related("project", "trade", "subscription", "contract")
    row = rows.get(pk=change.pk)
    _require_state(row, *states)
    return row


def _require_state(change: Change, *states: ChangeState) -> None:
    if change.state not in states:
        raise Conflict(
            _("This change is %(state)s by now, so this cannot be done. Reload the page to see where it stands.")
            % {"state": change.get_state_display()},
            code="wrong_state",
        )


def _to(row: Change, state: ChangeState, action: str, by, fields: list[str]) -> None:
    row.state = state
    save_tracked(row, action=action, by=by, fields=["state", *fields])


def _end(change: Change, state: ChangeState, by) -> None:
    """It will not be executed: the lock comes off; a void one's number is void too."""
    unit = _unit(change)
    row = _locked(change, *CHANGE_OPEN)
    units.lift_locks(units=[unit], kind=KINDS[ChangeKind(row.kind)].lock, by=by, reference=row.number)
    fields = []
    if state == ChangeState.VOID:
        row.void_reason = change.void_reason
        row.voided_by, row.voided_at = by, clock.now()
        fields = ["voided_by", "voided_at", "void_reason"]
        numbers.make_void(
            project=row.project, kind=NumberKind.CHANGE, number=row.number, reason=row.void_reason, by=by
        )  # fmt: skip
    _to(row, state, f"change.{state.lower()}", by, fields)


def _of(approval: Approval) -> Change:
    rows = Change.every.select_related("project", "trade", "unit__project", "subscription", "contract", "target")
    return rows.get(pk=approval.target_id)


def _steps(approval: Approval) -> list[approvals.Stage]:
    """The levels in their order; management in the place of a supervisor when none is free of it (four eyes)."""
    found: list[approvals.Stage] = []
    for level in approval.effect["levels"]:
        role = Role(level)
        if role == Role.SUPERVISOR and approval.effect.get("no_supervisor"):
            role = Role.MANAGEMENT
        stage = approvals.Stage((role,))
        if stage not in found:
            found.append(stage)
    return found


def _approved(approval: Approval, by) -> None:
    change = _of(approval)
    _unit(change)
    row = _locked(change, ChangeState.SUBMITTED)
    _to(row, ChangeState.APPROVED, "change.approve", by, [])
    able = [user for user in deciding_users(DESK, row.project_id) if approvals.may_execute(approval, access_of(user))]
    notices.tell(
        able, "change.to_execute", key=f"change-{row.code}-approved", url=url_of(change), project_id=row.project_id,
        number=row.number,
    )  # fmt: skip


def _closed(approval: Approval, by) -> None:
    change = _of(approval)
    if approval.state == Approval.State.RETURNED:
        _end(change, ChangeState.REJECTED, by)
        return
    stale = approval.state == Approval.State.STALE
    change.void_reason = change.void_reason or str(_("The sale changed meanwhile") if stale else _("Withdrawn"))
    _end(change, ChangeState.VOID, by)


def _apply(approval: Approval, by) -> None:
    """Everything locked, checked once more, and done."""
    change = _of(approval)
    access = access_of(by)
    access.require(Permission.CHANGE_EXECUTE, change.project_id)
    step, target = _lock(change.trade, change.target_id, access, by, operation(change, "amend"))
    row = _locked(change, ChangeState.APPROVED)
    kind = ChangeKind(row.kind)
    _subject(row.trade, kind)
    if version(row.pk) != approval.target_version:
        raise Conflict(_("The sale changed while you were working. Reload the page."), code="changed")
    units.lift_locks(units=[step.unit], kind=KINDS[kind].lock, by=by, reference=row.number)
    EFFECTS[kind](Ground(step, row, lock_subject(row), approval, target))
    row.executed_by, row.executed_at = by, clock.now()
    _to(row, ChangeState.EXECUTED, "change.execute", by, ["executed_by", "executed_at"])
    notices.settle(f"change-{row.code}-approved")
    if row.trade.salesperson is not None:
        notices.tell(
            [row.trade.salesperson], "change.executed", key=f"change-{row.code}-executed", url=url_of(row),
            project_id=row.project_id, number=row.number, unit=step.unit.number,
        )  # fmt: skip


def _present(approval: Approval, access) -> list[tuple[Any, Any, Any]]:
    change = _of(approval)
    return [*change_lines(change), *money_lines(change)]


def _url(approval: Approval) -> str:
    return reverse("sales:change", args=[approval.effect["project"], approval.effect["change"]])


def register() -> None:
    """Make changes decidable in the one inbox."""
    approvals.register(
        KIND,
        approvals.Kind(
            label=gettext_lazy("Change of a sale"), stages=_steps, apply=_apply, present=_present,
            url=_url, version=version, closed=_closed, separate=True, approved=_approved,
            executor=Permission.CHANGE_EXECUTE,
        ),
    )  # fmt: skip
