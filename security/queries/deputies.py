"""Deputies: who stands in for whom, and who could."""

from django.db.models import Q, QuerySet

from inventory.models import Project, ProjectGrant
from salescontrol.core import clock
from salescontrol.core.access import Access
from salescontrol.core.permissions import Permission, Role
from security.models import Deputy, User


def deputies_visible_to(access: Access) -> QuerySet[Deputy]:
    """The deputyships of the reader's projects (for supervisors and management), and those the reader is part of."""
    rows = Deputy.objects.select_related("supervisor", "deputy")
    if Permission.ACCOUNT_DECIDE in access.everywhere:
        return rows
    return rows.filter(Q(supervisor=access.user) | Q(deputy=access.user) | access.projects(Permission.ACCOUNT_DECIDE))


def projects_to_deputise(access: Access) -> QuerySet[Project]:
    """The projects in which the reader is supervisor in their own right."""
    own = [pk for pk, held in access.roles.items() if Role.SUPERVISOR in held and pk not in access.deputy_of]
    return Project.objects.filter(pk__in=own, archived_at__isnull=True)


def possible_deputies(project_id: int, supervisor: User) -> QuerySet[User]:
    """Who could stand in: active people with a role in the project, but salespeople and the supervisor."""
    roles = [role.codename for role in Role if role not in (Role.SALESPERSON, Role.MANAGEMENT, Role.ADMINISTRATOR)]
    able = ProjectGrant.objects.filter(content_object_id=project_id, permission__codename__in=roles)
    barred = ProjectGrant.objects.filter(content_object_id=project_id, permission__codename=Role.SALESPERSON.codename)
    return (
        User.objects.filter(pk__in=able.values("user"), is_active=True)
        .exclude(pk__in=barred.values("user"))
        .exclude(pk=supervisor.pk)
    )


def project_names() -> dict[int, str]:
    """The name of each project by id."""
    return dict(Project.objects.values_list("pk", "name"))


def state_of_deputy(row: Deputy) -> str:
    """Where a deputyship stands: `planned`, `running`, `over` or `ended`."""
    now = clock.now()
    if row.cancelled_at:
        return "ended"
    return "planned" if row.starts_at > now else "running" if row.ends_at > now else "over"
