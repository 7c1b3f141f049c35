"""Accounts: the administrator proposes, supervisor or management decide (decisions 1); an emergency is stopped at once."""

import zlib

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory.models import Project
from salescontrol.core import approvals, notices
from salescontrol.core.access import access_of
from salescontrol.core.errors import Conflict, Forbidden, Refusal
from salescontrol.core.history import save_tracked
from salescontrol.core.models import Approval
from salescontrol.core.permissions import COMPANY_ROLES, Permission, Role
from security.models import EndReason, User
from security.models.user import normal_employee_no
from security.queries import all_roles_of, leaders_of, roles_of
from security.services import second_factor
from security.services.grants import check_roles, set_roles
from security.services.passwords import end_links
from security.services.sessions import end_all_sessions

notices.register(
    "account.changed", gettext_lazy("Your account or your roles were changed. Sign in again if you are asked to.")
)
notices.register(
    "account.suspended", gettext_lazy("%(by)s suspended the account of %(who)s at once. Reason: %(reason)s")
)


@transaction.atomic
def propose_account(
    *,
    by: User,
    employee_no: str,
    name: str,
    phone: str,
    email: str,
    project_id: int | None,
    roles: list[Role],
    reason: str,
) -> Approval:
    """Ask for a new account with its first roles. Raises Forbidden, Conflict (number taken), Refusal (roles, reason)."""
    access_of(by).require(Permission.ACCOUNT_PROPOSE)
    number = normal_employee_no(employee_no)
    _require_free(number)
    if Approval.objects.filter(kind="account.open", state=Approval.State.PENDING, after__employee_no=number).exists():
        _taken(_("An account with this employee number is already waiting for a decision."))
    check_roles(None, project_id, roles)
    after = {"employee_no": number, "name": name.strip(), "phone": phone, "email": email, "roles": _names(roles)}
    return approvals.request(
        kind="account.open", by=by, subject=f"{name.strip()} ({number})", reason=reason, project_id=project_id,
        after=after, effect=_effect(project_id, frozenset(roles)),
    )  # fmt: skip


@transaction.atomic
def propose_roles(*, by: User, user: User, project_id: int | None, roles: list[Role], reason: str) -> Approval:
    """Ask that `roles` become the user's roles in the project (company-wide when None)."""
    _require_proposer(by, user)
    held = roles_of(user, project_id)
    if held == frozenset(roles):
        message = _("These are the roles already held there.")
        raise Refusal(message, code="same", fields={"roles": [message]})
    check_roles(user, project_id, roles)
    return _request(
        "account.roles",
        by,
        user,
        reason,
        project_id,
        {"roles": _names(held)},
        {"roles": _names(roles)},
        held | frozenset(roles),
    )


@transaction.atomic
def propose_active(*, by: User, user: User, active: bool, reason: str) -> Approval:
    """Ask that an account be closed, or opened again."""
    _require_proposer(by, user)
    if user.is_active == active:
        raise Conflict(_("The account is already as you want it."), code="same")
    kind = "account.reactivate" if active else "account.deactivate"
    project_id, roles = _home(user)
    return _request(kind, by, user, reason, project_id, {"active": not active}, {"active": active}, roles)


@transaction.atomic
def propose_second_factor_reset(*, by: User, user: User, reason: str) -> Approval:
    """Ask that a lost phone be forgotten, so that its owner sets up another at the next sign-in."""
    _require_proposer(by, user)
    project_id, roles = _home(user)
    return _request("account.second_factor", by, user, reason, project_id, {}, {}, roles)


@transaction.atomic
def change_details(*, by: User, user: User, name: str, phone: str, email: str) -> User:
    """Correct name, phone or e-mail of an account; no decision needed, the history shows it."""
    _require_proposer(by, user)
    row = User.objects.select_for_update().get(pk=user.pk)
    row.name, row.phone, row.email = name.strip(), phone, email
    save_tracked(row, action="account.change", by=by, fields=["name", "phone", "email"])
    return row


@transaction.atomic
def suspend(*, by: User, user: User, reason: str) -> User:
    """Close an account at once in an emergency: sessions end, supervisors and management are told. Opening it again is decided."""
    _require_proposer(by, user)
    if not reason.strip():
        message = _("Give the reason: supervisors and management read it.")
        raise Refusal(message, code="no_reason", fields={"reason": [message]})
    row = User.objects.select_for_update().get(pk=user.pk)
    if not row.is_active:
        raise Conflict(_("The account is closed already."), code="same")
    _set_active(row, False, by, "account.suspend", reason)
    notices.tell(
        leaders_of(row),
        "account.suspended",
        key=f"suspended-{row.pk}-{row.auth_epoch}",
        url=_page(row),
        by=by.name,
        who=row.name,
        reason=reason.strip(),
    )
    return row


def open_account(approval: Approval, by: User) -> None:
    """Apply `account.open`: the account without a password, and its roles; the administrator then makes a one-time link."""
    data = approval.after
    _require_free(data["employee_no"])
    user = User(**{field: data[field] for field in ("employee_no", "name", "phone", "email")})
    user.set_unusable_password()
    try:
        with transaction.atomic():
            save_tracked(user, action="account.open", by=by)
    except IntegrityError as error:
        raise Conflict(_("This employee number was given meanwhile."), code="taken") from error
    set_roles(user=user, project_id=approval.project_id, roles=map(Role, data["roles"]), by=by, approval_id=approval.pk)
    approval.effect = {**approval.effect, "user": user.pk}


def apply_roles(approval: Approval, by: User) -> None:
    """Apply `account.roles`."""
    user = _target(approval, by)
    set_roles(
        user=user,
        project_id=approval.project_id,
        roles=map(Role, approval.after["roles"]),
        by=by,
        approval_id=approval.pk,
    )
    notices.tell([user], "account.changed", key=f"account-{approval.pk}")


def apply_active(approval: Approval, by: User) -> None:
    """Apply `account.deactivate` or `account.reactivate`."""
    _set_active(_target(approval, by), approval.after["active"], by, approval.kind, approval.reason)


def apply_second_factor_reset(approval: Approval, by: User) -> None:
    """Apply `account.second_factor`; sessions end, since whoever has the phone may be in one."""
    user = _target(approval, by)
    second_factor.reset(user=user, by=by)
    end_all_sessions(user=user, by=by, reason=EndReason.RIGHTS_CHANGED)


def state_of(user_id: int) -> int:
    """A figure for what a request about an account was made against: whether it is open, and its roles."""
    user = User.objects.get(pk=user_id)
    roles = sorted((project_id or 0, *sorted(names)) for project_id, names in all_roles_of(user).items())
    return zlib.crc32(repr((user.is_active, roles)).encode()) & 0x7FFFFFFF


def _request(
    kind: str,
    by: User,
    user: User,
    reason: str,
    project_id: int | None,
    before: dict,
    after: dict,
    roles: frozenset[Role],
) -> Approval:
    return approvals.request(
        kind=kind, by=by, subject=f"{user.name} ({user.employee_no})", reason=reason, project_id=project_id,
        target_id=user.pk, before=before, after=after, effect=_effect(project_id, roles),
    )  # fmt: skip


def _effect(project_id: int | None, roles: frozenset[Role]) -> dict:
    """Whether management decides: the request reaches beyond one project, or touches a company-wide role. Besides, what the
    inbox says of each request, so that it looks nothing up: the project's name, and the roles it is about."""
    return {
        "company": project_id is None or bool(roles & frozenset(COMPANY_ROLES)),
        "where": "" if project_id is None else Project.objects.get(pk=project_id).name,
        "roles": _names(roles),
    }


def _home(user: User) -> tuple[int | None, frozenset[Role]]:
    """The project whose supervisor decides about the whole account (None when there is not exactly one), and all its roles."""
    held = all_roles_of(user)
    projects = [project_id for project_id in held if project_id is not None]
    only = projects[0] if len(projects) == 1 and None not in held else None
    return only, frozenset().union(*held.values())


def _require_proposer(by: User, user: User) -> None:
    access_of(by).require(Permission.ACCOUNT_PROPOSE)
    if by.pk == user.pk:
        raise Forbidden(_("Nobody changes their own account or roles. Ask another administrator."), code="own_account")


def _target(approval: Approval, by: User) -> User:
    if approval.target_id == by.pk:
        raise Forbidden(_("This is about your own account, so somebody else decides it."), code="own_account")
    return User.objects.select_for_update().get(pk=approval.target_id)


def _set_active(user: User, active: bool, by: User, action: str, reason: str) -> None:
    user.is_active = active
    save_tracked(user, action=action, by=by, fields=["is_active"], reason=reason)
    end_links(user=user)
    end_all_sessions(user=user, by=by, reason=EndReason.RIGHTS_CHANGED)


def _require_free(number: str) -> None:
    if User.objects.filter(employee_no__iexact=number).exists():
        _taken(_("There is an account with this employee number. Look it up in the list; it may be closed."))


def _taken(message: str) -> None:
    raise Conflict(message, code="taken", fields={"employee_no": [message]})


def _names(roles) -> list[str]:
    return sorted(Role(role).value for role in roles)


def _page(user: User) -> str:
    return reverse("security:account", args=[user.pk])
