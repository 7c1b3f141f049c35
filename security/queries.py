"""Who may do what, and who is there."""

from collections import defaultdict
from collections.abc import Iterable

from django.db.models import Q
from django.utils import timezone

from inventory.models import ProjectGrant
from salescontrol.core.access import Access
from salescontrol.core.permissions import COMPANY_ROLES, PROJECT_ROLES, Role
from security.models import Deputy, User
from security.roles import permissions_of

_BY_CODENAME = {role.codename: role for role in PROJECT_ROLES}


def access_for(user) -> Access:
    """Everything that decides the user's rights, in three queries: company roles, roles by project, deputyships (decisions 2, 5)."""
    if not user.is_authenticated or not user.is_active:
        return Access(user=user)
    company = frozenset(Role(name) for name in user.groups.values_list("name", flat=True) if name in COMPANY_ROLES)
    roles: dict[int, set[Role]] = defaultdict(set)
    for project_id, codename in ProjectGrant.objects.filter(user=user).values_list(
        "content_object_id", "permission__codename"
    ):
        roles[project_id].add(_BY_CODENAME[codename])
    deputy_of = dict(deputyships(user).values_list("project_id", "supervisor_id"))
    for project_id in deputy_of:
        roles[project_id].add(Role.SUPERVISOR)
    held = {project_id: frozenset(names) for project_id, names in roles.items()}
    return Access(
        user=user,
        roles=held,
        company_roles=company,
        permissions={project_id: permissions_of(names) for project_id, names in held.items()},
        everywhere=permissions_of(company),
        deputy_of={pk: boss for pk, boss in deputy_of.items() if not _own_supervisor(user, pk)},
    )


def _own_supervisor(user, project_id: int) -> bool:
    return ProjectGrant.objects.filter(
        user=user, content_object_id=project_id, permission__codename=Role.SUPERVISOR.codename
    ).exists()


def deputyships(user):
    """The deputyships of `user` that run now and whose supervisor is still one."""
    now = timezone.now()
    return Deputy.objects.filter(deputy=user, starts_at__lte=now, ends_at__gt=now, supervisor__is_active=True)


def users_with_roles(roles: Iterable[str], project_id: int | None) -> list[User]:
    """Active users who hold one of `roles` in the project (in any, when None) or company-wide, deputies of supervisors included."""
    roles = list(roles)
    granted = ProjectGrant.objects.filter(permission__codename__in=[f"role_{role}" for role in roles])
    deputies = Deputy.objects.filter(starts_at__lte=timezone.now(), ends_at__gt=timezone.now())
    if project_id is not None:
        granted, deputies = granted.filter(content_object_id=project_id), deputies.filter(project_id=project_id)
    if Role.SUPERVISOR not in roles:
        deputies = deputies.none()
    who = Q(pk__in=granted.values("user")) | Q(groups__name__in=roles) | Q(pk__in=deputies.values("deputy"))
    return list(User.objects.filter(who, is_active=True).distinct())
