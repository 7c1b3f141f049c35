"""Accounts: who may see which, with what roles, and everything that happened to one."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max, Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from inventory.models import Project, ProjectGrant
from salescontrol.core import history
from salescontrol.core.access import Access
from salescontrol.core.models import Approval, AuditEvent
from salescontrol.core.permissions import COMPANY_ROLES, PROJECT_ROLES, Permission, Role
from salescontrol.core.words import listed
from security import acts
from security.models import User
from security.queries.access import users_with_roles

_BY_CODENAME = {role.codename: role for role in PROJECT_ROLES}


def roles_in_words(user: User, access: Access) -> list[dict]:
    """The roles of `user` by project, as far as the reader (`access`) may know them: company-wide ones first."""
    company = [Role(name).label for name in sorted(user.groups.values_list("name", flat=True)) if name in COMPANY_ROLES]
    grants = (
        ProjectGrant.objects.filter(user=user)
        .select_related("content_object", "permission")
        .order_by("content_object__name")
    )
    if user != access.user:
        grants = grants.filter(access.projects(Permission.ACCOUNT_SEE, "content_object_id"))
    projects: dict[str, list] = defaultdict(list)
    for grant in grants:
        projects[grant.content_object.name].append(_BY_CODENAME[grant.permission.codename].label)
    rows = [{"where": name, "roles": labels} for name, labels in projects.items()]
    return [{"where": "", "roles": company}, *rows] if company else rows


def accounts_visible_to(access: Access) -> QuerySet[User]:
    """The accounts this reader may see: all with a company-wide right, else those with a role in the reader's projects."""
    where = access.projects(Permission.ACCOUNT_SEE, "content_object_id")
    if Permission.ACCOUNT_SEE in access.everywhere:
        return User.objects.all()
    return User.objects.filter(pk__in=ProjectGrant.objects.filter(where).values("user"))


def account_list(access: Access) -> QuerySet[User]:
    """The accounts for the list: with when they were last seen, and their roles prefetched as far as the reader may know them."""
    grants = ProjectGrant.objects.filter(access.projects(Permission.ACCOUNT_SEE, "content_object_id"))
    prefetch = Prefetch("projectgrant_set", grants.select_related("content_object", "permission"))
    return accounts_visible_to(access).annotate(seen_at=Max("sessions__seen_at")).prefetch_related(prefetch, "groups")


def roles_line(user: User) -> str:
    """The roles of a row of `account_list` in one line."""
    company = [str(Role(group.name).label) for group in user.groups.all() if group.name in COMPANY_ROLES]
    by_role: dict[Role, list[str]] = defaultdict(list)
    for grant in user.projectgrant_set.all():
        by_role[_BY_CODENAME[grant.permission.codename]].append(grant.content_object.code)
    projects = [
        _("%(role)s (%(projects)s)") % {"role": role.label, "projects": listed(sorted(codes))}
        for role, codes in by_role.items()
    ]
    return listed([*company, *sorted(projects)])


def roles_of(user: User, project_id: int | None) -> frozenset[Role]:
    """The roles granted to the user in the project, or company-wide when None; deputyships do not count."""
    if project_id is None:
        return frozenset(Role(name) for name in user.groups.values_list("name", flat=True) if name in COMPANY_ROLES)
    names = ProjectGrant.objects.filter(user=user, content_object_id=project_id).values_list(
        "permission__codename", flat=True
    )
    return frozenset(_BY_CODENAME[name] for name in names)


def all_roles_of(user: User) -> dict[int | None, frozenset[Role]]:
    """All granted roles by project, company-wide ones under None."""
    found: dict[int | None, set[Role]] = defaultdict(set)
    for project_id, codename in ProjectGrant.objects.filter(user=user).values_list(
        "content_object_id", "permission__codename"
    ):
        found[project_id].add(_BY_CODENAME[codename])
    found[None] = set(roles_of(user, None))
    return {project_id: frozenset(roles) for project_id, roles in found.items() if roles}


def leaders_of(user: User) -> list[User]:
    """Who is told about the account: the supervisors of its projects, and management."""
    found = users_with_roles([Role.MANAGEMENT], None)
    for project_id in all_roles_of(user):
        found += users_with_roles([Role.SUPERVISOR], project_id) if project_id is not None else []
    return [person for person in found if person != user]


def projects_to_staff() -> QuerySet[Project]:
    """The projects in which a role can be given."""
    return Project.objects.filter(archived_at__isnull=True)


def waiting_about(user: User, access: Access) -> QuerySet[Approval]:
    """The undecided requests about this account in the projects whose roles this reader may see."""
    waiting = Approval.objects.filter(kind__startswith="account.", target_id=user.pk, state=Approval.State.PENDING)
    return waiting.filter(access.projects(Permission.ACCOUNT_SEE)).select_related("requested_by")


@dataclass(frozen=True)
class Line:
    """One step in the life of an account: when, who, what, and the details as (label, old, new)."""

    at: datetime
    by: object
    act: str
    details: tuple[tuple[str, str, str], ...] = ()


def account_history(user: User, access: Access) -> list[Line]:
    """Everything that happened to the account, newest first: its own fields, roles, sign-ins and links."""
    rows = [
        Line(entry.at, entry.by, acts.label(entry.action), (*map(_change, entry.changes), *_reason(entry)))
        for entry in history.timeline(user)
    ]
    events = AuditEvent.objects.filter(target_kind=User._meta.label_lower, target_id=user.pk).select_related("actor")
    names = dict(projects_known_to(access).values_list("pk", "name"))
    events = events.filter(Q(project_id__isnull=True) | Q(project_id__in=names)).order_by("-at", "-pk")[:200]
    rows += [Line(event.at, event.actor, acts.label(event.action), _details(event, names)) for event in events]
    return sorted(rows, key=lambda row: row.at, reverse=True)


def projects_known_to(access: Access) -> QuerySet[Project]:
    """The projects whose roles this reader may see."""
    return Project.objects.filter(access.projects(Permission.ACCOUNT_SEE, "pk"))


def _reason(entry: history.Entry) -> tuple[tuple[str, str, str], ...]:
    return ((_("Reason"), "", entry.reason),) if entry.reason else ()


def _change(change: history.Change) -> tuple[str, str, str]:
    return change.label, _in_words(change.old), _in_words(change.new)


def _in_words(value: object) -> str:
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    return "" if value is None else f"{value:%Y-%m-%d %H:%M}" if isinstance(value, datetime) else str(value)


def _details(event: AuditEvent, names: dict[int, str]) -> tuple[tuple[str, str, str], ...]:
    if "role" not in event.detail:
        return ()
    where = names.get(event.project_id, "") if event.project_id else _("Whole company")
    label = str(Role(event.detail["role"]).label)
    return ((where, label, ""),) if event.action == "role.revoke" else ((where, "", label),)
