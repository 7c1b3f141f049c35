"""Who may do what, and who is there."""

from collections import defaultdict
from collections.abc import Iterable

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django_otp.plugins.otp_totp.models import TOTPDevice

from inventory.models import ProjectGrant
from salescontrol.core import clock
from salescontrol.core.access import Access
from salescontrol.core.permissions import COMPANY_ROLES, PROJECT_ROLES, Role
from security import remembered
from security.models import Deputy, User
from security.roles import SECOND_FACTOR_ROLES, permissions_of

_BY_CODENAME = {role.codename: role for role in PROJECT_ROLES}


def access_for(user) -> Access:
    """What decides the user's rights (decisions 2, 5); remembered between requests as long as nobody's rights change."""
    if not user.is_authenticated or not user.is_active:
        return Access(user=user)
    return remembered.access_of(user, lambda: _read(user))


def _read(user: User) -> Access:
    """The rights from the tables, in five queries: company roles, roles by project, the time, deputyships now and later."""
    company = frozenset(Role(name) for name in user.groups.values_list("name", flat=True) if name in COMPANY_ROLES)
    roles: dict[int, set[Role]] = defaultdict(set)
    for project_id, codename in ProjectGrant.objects.filter(user=user).values_list(
        "content_object_id", "permission__codename"
    ):
        roles[project_id].add(_BY_CODENAME[codename])
    deputy_of = dict(running_deputyships().filter(deputy=user).values_list("project_id", "supervisor_id"))
    deputy_of = {project_id: boss for project_id, boss in deputy_of.items() if Role.SUPERVISOR not in roles[project_id]}
    for project_id in deputy_of:
        roles[project_id].add(Role.SUPERVISOR)
    held = {project_id: frozenset(names) for project_id, names in roles.items() if names}
    return Access(
        user=user,
        roles=held,
        company_roles=company,
        permissions={project_id: permissions_of(names) for project_id, names in held.items()},
        everywhere=permissions_of(company),
        deputy_of=deputy_of,
        may_stand_in=Deputy.objects.filter(deputy=user, cancelled_at__isnull=True, ends_at__gt=clock.now()).exists(),
    )


def running_deputyships() -> QuerySet[Deputy]:
    """The deputyships that run at this moment: begun, not over, not ended early, the supervisor still one and the deputy
    still somebody who could be named (decisions 5)."""
    now = clock.now()
    there = ProjectGrant.objects.filter(content_object_id=OuterRef("project_id"))
    still = there.filter(user=OuterRef("supervisor"), permission__codename=Role.SUPERVISOR.codename)
    theirs = there.filter(user=OuterRef("deputy"))
    running = Deputy.objects.filter(
        starts_at__lte=now, ends_at__gt=now, cancelled_at__isnull=True, supervisor__is_active=True
    )
    return running.filter(
        Exists(still), Exists(theirs), ~Exists(theirs.filter(permission__codename=Role.SALESPERSON.codename))
    )


def users_with_roles(roles: Iterable[str], project_id: int | None) -> list[User]:
    """Active users who hold one of `roles` in the project (in any, when None) or company-wide, deputies of supervisors included."""
    roles = list(roles)
    granted = ProjectGrant.objects.filter(permission__codename__in=[f"role_{role}" for role in roles])
    deputies = running_deputyships() if Role.SUPERVISOR in roles else Deputy.objects.none()
    if project_id is not None:
        granted, deputies = granted.filter(content_object_id=project_id), deputies.filter(project_id=project_id)
    who = Q(pk__in=granted.values("user")) | Q(groups__name__in=roles) | Q(pk__in=deputies.values("deputy"))
    return list(User.objects.filter(who, is_active=True).distinct())


def second_factor_of(user: User) -> TOTPDevice | None:
    """The user's confirmed second factor, if there is one."""
    return TOTPDevice.objects.filter(user=user, confirmed=True).first()


def needs_second_factor(user: User) -> bool:
    """Whether one of the user's roles must use a second factor (setting SECOND_FACTOR, quality S3)."""
    if not settings.SECOND_FACTOR:
        return False
    access = access_for(user)
    return bool((access.roles_in(None) | access.company_roles) & SECOND_FACTOR_ROLES)
