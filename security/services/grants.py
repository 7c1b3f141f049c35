"""Giving and taking roles: the only code that writes them (decisions 2). Each is on record; sessions end at once."""

from collections.abc import Iterable

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.utils.translation import gettext as _

from inventory.models import Project, ProjectGrant
from salescontrol.core import audit
from salescontrol.core.access import forget_access
from salescontrol.core.errors import Refusal
from salescontrol.core.permissions import COMPANY_ROLES, PROJECT_ROLES, Role
from security.models import EndReason, User
from security.queries import all_roles_of, roles_of
from security.services.sessions import end_all_sessions


def check_roles(user: User | None, project_id: int | None, roles: Iterable[Role]) -> None:
    """Refuse roles that do not belong there, and an administrator who would hold any other role (separation of duties)."""
    roles = frozenset(roles)
    if roles - frozenset(COMPANY_ROLES if project_id is None else PROJECT_ROLES):
        _refuse(
            _("These roles cannot be held there: management and administrator are company-wide, all others by project.")
        )
    held = {**(all_roles_of(user) if user and user.pk else {}), project_id: roles}
    everything = frozenset().union(*held.values())
    if Role.ADMINISTRATOR in everything and len(everything) > 1:
        _refuse(
            _(
                "A system administrator holds no other role: whoever keeps the accounts decides nothing. Use a second person."
            )
        )


def _refuse(message: str) -> None:
    raise Refusal(message, code="roles", fields={"roles": [message]})


@transaction.atomic
def set_roles(
    *, user: User, project_id: int | None, roles: Iterable[Role], by: User | None, approval_id: int | None = None
) -> User:
    """Make `roles` the user's roles in the project (company-wide when None), one audit event each; ends the user's sessions."""
    roles = frozenset(roles)
    check_roles(user, project_id, roles)
    held = roles_of(user, project_id)
    for role in sorted(held - roles):
        _revoke(user, project_id, role)
        _record("role.revoke", user, project_id, role, by, approval_id)
    for role in sorted(roles - held):
        _grant(user, project_id, role)
        _record("role.grant", user, project_id, role, by, approval_id)
    forget_access(user)
    return end_all_sessions(user=user, by=by, reason=EndReason.RIGHTS_CHANGED)


def _grant(user: User, project_id: int | None, role: Role) -> None:
    if project_id is None:
        user.groups.add(Group.objects.get_or_create(name=role.value)[0])
    else:
        ProjectGrant.objects.create(user=user, content_object_id=project_id, permission=_permission(role))


def _revoke(user: User, project_id: int | None, role: Role) -> None:
    if project_id is None:
        user.groups.remove(Group.objects.get(name=role.value))
    else:
        ProjectGrant.objects.filter(user=user, content_object_id=project_id, permission=_permission(role)).delete()


def _permission(role: Role) -> Permission:
    return Permission.objects.get(
        codename=role.codename, content_type__app_label="inventory", content_type__model=Project._meta.model_name
    )


def _record(
    action: str, user: User, project_id: int | None, role: Role, by: User | None, approval_id: int | None
) -> None:
    audit.record(
        action, by=by, project_id=project_id, target=user, detail={"role": role.value, "approval": approval_id}
    )
