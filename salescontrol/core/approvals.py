"""The one Approval mechanism (R6.2, decisions 22): request with a reason → decide, stage by stage → execute.

Four eyes are checked here and nowhere else: nobody decides what they requested, and where a kind is executed separately,
another person than the last decider executes. An app registers its kinds with `register` from `AppConfig.ready`.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from salescontrol.core import clock, notices
from salescontrol.core.access import access_of, deciding_users
from salescontrol.core.errors import Conflict, Forbidden, NotVisible, Refusal
from salescontrol.core.history import save_tracked
from salescontrol.core.models import Approval, ApprovalDecision, ApprovalStage
from salescontrol.core.permissions import Permission, Role
from salescontrol.core.words import listed

State = Approval.State


@dataclass(frozen=True)
class Stage:
    """The roles of one step: all of them must agree, or (`any_of`) the first that answers is enough."""

    roles: tuple[Role, ...]
    any_of: bool = False


@dataclass(frozen=True)
class Kind:
    """What one kind of approval needs.

    `stages(approval)` → its steps in order (any one holder of a role decides for the role);
    `version(target_id)` → the target's version now (compared with that of the request, so that a stale one is refused);
    `apply(approval, by)` does what was approved, in the deciding transaction, or when executed if `separate`;
    `present(approval, access)` → lines `(label, old, new)` that this reader may see, and `url(approval)` → the target's page;
    `closed(approval, by)`, if any, is told when a request ends without being applied; `approved(approval, by)` when one that is
    executed separately was approved;
    `hides(access)`, if any, → which requests of the kind are kept from this reader, who may else see the project's;
    `rows(target_ids)`, if any, → what requests of the kind are about, by id, in one query for a whole page (`target_of`);
    `executor`, if any, → whoever has this permission executes, but nobody who decided any stage (three people, domain B9).
    """

    label: Any
    stages: Callable[[Approval], Sequence[Stage]]
    apply: Callable[[Approval, Any], None]
    present: Callable[[Approval, Any], list[tuple[Any, Any, Any]]]
    url: Callable[[Approval], str]
    version: Callable[[int], int] | None = None
    closed: Callable[[Approval, Any], None] | None = None
    hides: Callable[[Any], Q] | None = None
    separate: bool = False
    approved: Callable[[Approval, Any], None] | None = None
    executor: Permission | None = None
    rows: Callable[[Collection[int]], Mapping[int, Any]] | None = None


KINDS: dict[str, Kind] = {}


def register(code: str, kind: Kind) -> None:
    KINDS[code] = kind


notices.register("approval.asked", gettext_lazy("%(by)s asks for your decision: %(subject)s"))
notices.register("approval.decided", gettext_lazy("%(by)s approved: %(subject)s"))
notices.register("approval.returned", gettext_lazy("%(by)s returned: %(subject)s. Comment: %(comment)s"))
notices.register("approval.stale", gettext_lazy("Out of date, please request again: %(subject)s"))
notices.register("approval.for_you", gettext_lazy("Your deputy %(by)s decided on your behalf: %(subject)s"))


@transaction.atomic
def request(
    *,
    kind: str,
    by,
    subject: str,
    reason: str,
    project_id: int | None,
    target_id: int | None = None,
    before: dict | None = None,
    after: dict | None = None,
    effect: dict | None = None,
    authors: Iterable[int] = (),
) -> Approval:
    """Ask for a decision. The caller has checked the right to ask. Raises Refusal without a reason, Conflict when one is already waiting.

    `authors`: ids of others who made what is to be decided (who typed in the units of a batch); like the one who asks, they
    do not decide (R1.4: nobody approves their own entry).
    """
    if not reason.strip():
        raise Refusal(
            _("Give the reason: whoever decides reads it."),
            code="no_reason",
            fields={"reason": [_("Give the reason.")]},
        )
    rule = KINDS[kind]
    approval = Approval(
        kind=kind,
        project_id=project_id,
        target_id=target_id,
        subject=subject[:200],
        reason=reason.strip(),
        before=before or {},
        after=after or {},
        effect=effect or {},
        requested_by=by,
        target_version=rule.version(target_id) if rule.version and target_id else 0,
    )
    _save_only_one(approval, by)
    approval.authors.set({by.pk, *authors})
    ApprovalStage.objects.bulk_create(
        ApprovalStage(approval=approval, number=number, role=role, any_of=stage.any_of)
        for number, stage in enumerate(rule.stages(approval), start=1)
        for role in stage.roles
    )
    _ask(approval)
    return approval


def _save_only_one(approval: Approval, by) -> None:
    try:
        with transaction.atomic():
            save_tracked(approval, action=f"{approval.kind}.request", by=by)
    except IntegrityError as error:
        raise Conflict(
            _("A request about this is already waiting for a decision. Wait for it or ask its author to withdraw it."),
            code="pending",
        ) from error


@transaction.atomic
def decide(*, approval_id: int, by, agree: bool, comment: str = "") -> Approval:
    """Decide the current stage. Raises NotVisible, Forbidden (own request, wrong role), Conflict (decided or out of date meanwhile)."""
    approval = _locked(approval_id, by)
    if approval.state != State.PENDING:
        raise Conflict(
            _("This was decided meanwhile: %(state)s.") % {"state": approval.get_state_display()}, code="decided"
        )
    stage, deputy_of = _stage_for(approval, by)
    if not agree and not comment.strip():
        raise Refusal(
            _("Say why you return it: the author reads it."),
            code="no_comment",
            fields={"comment": [_("Say why you return it.")]},
        )
    if _is_stale(approval):
        return _close(approval, State.STALE, by)
    ApprovalDecision.objects.create(
        stage=stage,
        agreed=agree,
        comment=comment.strip(),
        decided_by=by,
        requested_by_id=approval.requested_by_id,
        on_behalf_of_id=deputy_of,
    )
    _tell_represented(approval, by, deputy_of)
    if not agree:
        return _close(approval, State.RETURNED, by, comment=comment.strip())
    return _advance(approval, stage, by)


@transaction.atomic
def execute(*, approval_id: int, by) -> Approval:
    """Carry out an approved request of a kind that is executed separately; by another person than the last decider."""
    approval = _locked(approval_id, by)
    if approval.state != State.APPROVED:
        raise Conflict(
            _("This cannot be executed: %(state)s.") % {"state": approval.get_state_display()}, code="not_approved"
        )
    _four_eyes(approval, by)
    if not may_execute(approval, access_of(by)):
        raise Forbidden(_not_the_executor(approval), code="four_eyes")
    if _is_stale(approval):
        return _close(approval, State.STALE, by)
    return _apply(approval, by)


def _not_the_executor(approval: Approval) -> str:
    if KINDS[approval.kind].executor is None:
        return _("Whoever approved last does not execute it, and only the roles that decide do. Ask a colleague.")
    return _("Nobody executes what they asked for or approved. Ask a colleague whose role includes executing.")


@transaction.atomic
def cancel(*, approval_id: int, by) -> Approval:
    """Close an approved request that nobody has executed. The caller has checked the right to do so."""
    approval = Approval.objects.select_for_update(of=("self",)).get(pk=approval_id)
    if approval.state != State.APPROVED:
        raise Conflict(
            _("This was decided meanwhile: %(state)s.") % {"state": approval.get_state_display()}, code="decided"
        )
    return _close(approval, State.WITHDRAWN, by)


@transaction.atomic
def withdraw(*, approval_id: int, by) -> Approval:
    """Take one's own waiting request back."""
    approval = _locked(approval_id, by)
    if approval.requested_by_id != by.pk:
        raise Forbidden(_("Only the author withdraws a request."), code="not_author")
    if approval.state != State.PENDING:
        raise Conflict(
            _("This was decided meanwhile: %(state)s.") % {"state": approval.get_state_display()}, code="decided"
        )
    return _close(approval, State.WITHDRAWN, by)


def visible_to(access):
    """The approvals that this user may read: own requests, those of projects in which the user may see approvals, and those
    beyond any project for whoever handles accounts company-wide."""
    handles_accounts = access.everywhere & {Permission.ACCOUNT_DECIDE, Permission.ACCOUNT_PROPOSE}
    company = Q(project_id__isnull=True) if handles_accounts else Q(pk__in=[])
    others = access.projects(Permission.APPROVAL_SEE) & Q(project_id__isnull=False) | company
    return Approval.objects.filter(Q(requested_by=access.user) | others & ~_hidden_from(access))


def _hidden_from(access) -> Q:
    """Requests that their kind keeps from this reader. Found by id: a negated look into JSON also loses rows without the key."""
    hidden = Q(pk__in=[])
    for code, kind in KINDS.items():
        if kind.hides is not None:
            hidden |= Q(pk__in=Approval.objects.filter(kind.hides(access), kind=code).values("pk"))
    return hidden


def waiting_for(access):
    """The approvals whose current stage this user may decide now, oldest first: not their own, not one they decided before."""
    open_stage = ApprovalStage.objects.filter(
        approval=OuterRef("pk"), number=OuterRef("stage_no"), decision__isnull=True
    )
    can_decide = Q(pk__in=[])
    for project_id in [*access.roles, None]:
        roles = access.roles_in(project_id)
        if roles:
            where = Q(project_id=project_id) if project_id is not None else Q(project_id__isnull=True)
            can_decide |= where & Q(Exists(open_stage.filter(role__in=roles)))
    if access.company_roles:
        can_decide |= Q(Exists(open_stage.filter(role__in=access.company_roles)))
    return (
        Approval.objects.filter(can_decide, state=State.PENDING)
        .exclude(authors=access.user)
        .exclude(stages__decision__decided_by=access.user)
        .exclude(_by_whom_one_stands_in(access))
        .order_by("requested_at", "pk")
    )


def _by_whom_one_stands_in(access) -> Q:
    """The requests of those for whom this user is deputy: nobody decides them in their own name (abuse 10)."""
    own = Q(pk__in=[])
    for project_id, represented in access.deputy_of.items():
        own |= Q(project_id=project_id, authors=represented)
    return own


def deciders(approval: Approval) -> list:
    """The users who may decide the current stage."""
    roles = list(approval.stages.filter(number=approval.stage_no, decision__isnull=True).values_list("role", flat=True))
    authors = set(approval.authors.values_list("pk", flat=True))
    return [user for user in deciding_users(roles, approval.project_id) if user.pk not in authors]


def require_decider(*, approval: Approval, by) -> None:
    """Raise Forbidden unless this user could decide the current stage: for acts on a part of what is asked for."""
    _stage_for(approval, by)


def last_comment(approval: Approval) -> str:
    """What the last decider wrote; empty when nobody decided."""
    last = ApprovalDecision.objects.filter(stage__approval=approval).order_by("-decided_at", "-pk").first()
    return last.comment if last else ""


def may_execute(approval: Approval, access) -> bool:
    """Whether this user may carry out an approved request: a decider's role, but neither an author, nor who stands in for one,
    nor the one who decided last."""
    same_side = {access.user.pk, access.deputy_of.get(approval.project_id or 0)}
    if approval.authors.filter(pk__in=same_side - {None}).exists():
        return False
    last = ApprovalDecision.objects.filter(stage__approval=approval).order_by("-decided_at").first()
    executor = KINDS[approval.kind].executor
    if executor is not None:
        decided = ApprovalDecision.objects.filter(stage__approval=approval, decided_by=access.user).exists()
        return last is not None and not decided and access.can(executor, approval.project_id)
    roles = {stage.role for stage in approval.stages.all()}
    return (
        last is not None
        and last.decided_by_id != access.user.pk
        and bool(roles & set(access.roles_in(approval.project_id)))
    )


def read_targets(items: Sequence[Approval]) -> None:
    """Read what these requests are about, one query for each kind that has something to read."""
    for code, kind in KINDS.items():
        alike = [item for item in items if item.kind == code]
        if kind.rows is not None and alike:
            found = kind.rows([item.target_id for item in alike if item.target_id])
            for item in alike:
                vars(item)["_target"] = found.get(item.target_id or 0)


def target_of(approval: Approval) -> Any:
    """What the request is about; on a list it was read with all others before."""
    if "_target" not in vars(approval):
        read_targets([approval])
    return vars(approval)["_target"]


def page_url(approval: Approval) -> str:
    return reverse("approval", args=[approval.pk])


def _locked(approval_id: int, by) -> Approval:
    access = access_of(by)
    approval = Approval.objects.select_for_update(of=("self",)).filter(pk=approval_id).first()
    if approval is None or (
        not visible_to(access).filter(pk=approval_id).exists()
        and not waiting_for(access).filter(pk=approval_id).exists()
    ):
        raise NotVisible(_("There is no such request."))
    return approval


def _stage_for(approval: Approval, by) -> tuple[ApprovalStage, int | None]:
    _four_eyes(approval, by)
    access = access_of(by)
    open_stages = approval.stages.filter(number=approval.stage_no, decision__isnull=True)
    decided_before = ApprovalDecision.objects.filter(stage__approval=approval, decided_by=by).exists()
    stage = open_stages.filter(role__in=access.roles_in(approval.project_id)).first()
    if stage is None or decided_before:
        waiting = listed(item.get_role_display() for item in open_stages)
        raise Forbidden(_("This waits for: %(roles)s.") % {"roles": waiting}, code="wrong_role")
    represented = access.deputy_of.get(approval.project_id or 0) if stage.role == Role.SUPERVISOR else None
    if represented is not None and approval.authors.filter(pk=represented).exists():
        raise Forbidden(
            _("You stand in for the author of this request, so somebody else decides it."), code="four_eyes"
        )
    return stage, represented


def _four_eyes(approval: Approval, by) -> None:
    """Nobody decides what they asked for or had a hand in; a second account with the same phone is the same person (abuse 10)."""
    authors = list(approval.authors.all())
    if by.pk in {author.pk for author in authors}:
        raise Forbidden(
            _("You requested this yourself or entered what it is about, so somebody else decides it."),
            code="four_eyes",
        )
    if by.phone and by.phone in {author.phone for author in authors}:
        raise Forbidden(
            _("Your account has the same phone number as an author of this request, so somebody else decides it."),
            code="four_eyes",
        )


def _is_stale(approval: Approval) -> bool:
    version = KINDS[approval.kind].version
    return bool(version and approval.target_id and version(approval.target_id) != approval.target_version)


def _advance(approval: Approval, stage: ApprovalStage, by) -> Approval:
    if not stage.any_of and approval.stages.filter(number=approval.stage_no, decision__isnull=True).exists():
        return approval
    _settle(approval)
    if approval.stages.filter(number__gt=approval.stage_no).exists():
        approval.stage_no += 1
        save_tracked(approval, action=f"{approval.kind}.stage", by=by, fields=["stage_no"])
        _ask(approval)
        return approval
    if KINDS[approval.kind].separate:
        approval.state = State.APPROVED
        save_tracked(approval, action=f"{approval.kind}.approve", by=by, fields=["state"])
        told = KINDS[approval.kind].approved
        if told:
            told(approval, by)
        _answer(approval, "approval.decided", by)
        return approval
    return _apply(approval, by)


def _apply(approval: Approval, by) -> Approval:
    approval.state, approval.executed_by, approval.executed_at = State.EXECUTED, by, clock.now()
    KINDS[approval.kind].apply(approval, by)
    save_tracked(
        approval, action=f"{approval.kind}.execute", by=by, fields=["state", "executed_by", "executed_at", "effect"]
    )
    _answer(approval, "approval.decided", by)
    return approval


def _close(approval: Approval, state: str, by, *, comment: str = "") -> Approval:
    approval.state = state
    save_tracked(approval, action=f"{approval.kind}.{state.lower()}", by=by, fields=["state"])
    _settle(approval)
    rule = KINDS[approval.kind]
    if rule.closed:
        rule.closed(approval, by)
    if state == State.RETURNED:
        _answer(approval, "approval.returned", by, comment=comment)
    elif state == State.STALE:
        _answer(approval, "approval.stale", by)
    return approval


def _ask(approval: Approval) -> None:
    notices.tell(
        deciders(approval),
        "approval.asked",
        key=_asked_key(approval),
        url=page_url(approval),
        project_id=approval.project_id,
        by=str(approval.requested_by),
        subject=approval.subject,
    )


def _asked_key(approval: Approval) -> str:
    return f"approval-{approval.pk}-{approval.stage_no}"


def _settle(approval: Approval) -> None:
    """Nobody is asked any more: what asked for this stage counts as read in every inbox."""
    notices.settle(_asked_key(approval))


def _answer(approval: Approval, code: str, by, **params) -> None:
    notices.tell(
        [approval.requested_by],
        code,
        key=f"approval-{approval.pk}-{approval.state}",
        url=page_url(approval),
        project_id=approval.project_id,
        by=str(by),
        subject=approval.subject,
        **params,
    )


def _tell_represented(approval: Approval, by, represented: int | None) -> None:
    if represented is not None:
        supervisor = get_user_model().objects.get(pk=represented)
        notices.tell(
            [supervisor],
            "approval.for_you",
            key=f"deputy-{approval.pk}-{approval.stage_no}",
            url=page_url(approval),
            project_id=approval.project_id,
            by=str(by),
            subject=approval.subject,
        )
