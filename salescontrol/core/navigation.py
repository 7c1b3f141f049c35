"""The rail: each app names its entries; the count beside an entry is what waits for this user."""

from collections.abc import Callable
from dataclasses import dataclass

from django.urls import reverse

from salescontrol.core.permissions import Permission


@dataclass(frozen=True)
class Entry:
    """One link of the rail, for who holds one of `permissions` (everybody when there are none); `project` entries need the
    project at hand; `count(access, project)` may be None."""

    group: str
    order: int
    label: object
    url_name: str
    permissions: tuple[Permission, ...]
    project: bool
    icon: str
    count: Callable | None = None
    due: bool = False


_PROJECTS: list[Callable] = []
GROUPS = ("", "sales", "reports", "office", "security")
_ENTRIES: list[Entry] = []


def register(
    label,
    url_name: str,
    *,
    group: str,
    order: int,
    icon: str,
    permission: Permission | tuple[Permission, ...] = (),
    project: bool = False,
    count=None,
    due: bool = False,
) -> None:
    """Add an entry, for who holds `permission` or one of several; called from `AppConfig.ready`."""
    permissions = permission if isinstance(permission, tuple) else (permission,)
    _ENTRIES.append(Entry(group, order, label, url_name, permissions, project, icon, count, due))


def register_projects(query: Callable) -> None:
    """Name the query that lists the projects a user works in: `query(access)`; called once, by the app that owns projects."""
    _PROJECTS[:] = [query]


def projects_of(request) -> list:
    """The projects that this user may switch to, read once per request."""
    known = getattr(request, "known_projects", None)
    if known is None:
        known = request.known_projects = list(_PROJECTS[0](request.access)) if _PROJECTS else []
    return known


def current_project(request):
    """The project of the page, else the one looked at last, else the first of the user's."""
    project = getattr(request, "project", None)
    if project is None:
        mine = projects_of(request)
        last = request.session.get("project")
        project = next((item for item in mine if item.code == last), mine[0] if mine else None)
    return project


def entries(access, project, current: str) -> list[dict]:
    """The rail of this user: label, url, icon, count, whether it is the current page, grouped in order."""
    shown = []
    for entry in sorted(_ENTRIES, key=lambda item: (GROUPS.index(item.group), item.order)):
        if entry.project and project is None:
            continue
        where = project.pk if entry.project else None
        if entry.permissions and not any(access.can(permission, where) for permission in entry.permissions):
            continue
        url = reverse(entry.url_name, kwargs={"code": project.code} if entry.project else None)
        count = entry.count(access, project) if entry.count else 0
        shown.append(
            {
                "group": entry.group,
                "label": entry.label,
                "url": url,
                "icon": entry.icon,
                "count": count,
                "due": entry.due,
                "current": entry.url_name == current,
            }
        )
    return shown
