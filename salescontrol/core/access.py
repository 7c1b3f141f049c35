"""What one user may do and where: read once per request, asked everywhere (architecture rule 5)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.db.models import Q
from django.http import HttpRequest
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from salescontrol.core.errors import Forbidden
from salescontrol.core.permissions import Permission, Role


@dataclass(frozen=True)
class Access:
    """The user's roles and permissions: by project id, and company-wide (`everywhere`).

    `may_stand_in`: a deputyship of theirs begins later, so that these rights change by the clock.
    """

    user: Any
    roles: Mapping[int, frozenset[Role]] = field(default_factory=dict)
    company_roles: frozenset[Role] = frozenset()
    permissions: Mapping[int, frozenset[Permission]] = field(default_factory=dict)
    everywhere: frozenset[Permission] = frozenset()
    deputy_of: Mapping[int, int] = field(default_factory=dict)
    may_stand_in: bool = False

    def can(self, permission: Permission, project_id: int | None = None) -> bool:
        """Whether the user holds `permission` in the project; without a project: company-wide or in any project."""
        if permission in self.everywhere:
            return True
        if project_id is None:
            return any(permission in held for held in self.permissions.values())
        return permission in self.permissions.get(project_id, ())

    def require(self, permission: Permission, project_id: int | None = None) -> None:
        """Raise `Forbidden` unless `can`."""
        if not self.can(permission, project_id):
            raise Forbidden(_("Your role does not include this. Ask your supervisor if you need it."), code="forbidden")

    def projects(self, permission: Permission, path: str = "project_id") -> Q:
        """A condition on `path`: the projects in which the user holds `permission`."""
        if permission in self.everywhere:
            return ~Q(pk__in=[])  # An empty Q would vanish beside an "or" instead of letting everything through.
        return Q(**{f"{path}__in": [pk for pk, held in self.permissions.items() if permission in held]})

    def roles_in(self, project_id: int | None) -> frozenset[Role]:
        """The user's roles in the project, company-wide ones included; a deputy counts as supervisor there."""
        here = (
            self.roles.get(project_id, frozenset())
            if project_id is not None
            else frozenset().union(*self.roles.values())
        )
        return here | self.company_roles


@cache
def _provider():
    return import_string(settings.ACCESS_PROVIDER)


def access_of(user) -> Access:
    """The access of `user`, read once and kept on the user object (which lives for one request, job or command)."""
    known = getattr(user, "_access", None)
    if known is None:
        known = user._access = _provider()(user)
    return known


def forget_access(user) -> None:
    """Drop what was remembered, after a change of the user's roles within the same request."""
    user._access = user.rights_stamp = None


def require_unchanged(request: HttpRequest) -> None:
    """Raise `Forbidden` unless the session still stands and its user has the rights with which the request began, all read anew.

    Asked before something leaves that took its time to make (abuse 34).
    """
    now = HttpRequest()
    now.session = type(request.session)(request.session.session_key)
    user = get_user(now)
    before = replace(access_of(request.user), user=None)
    if not user.is_authenticated or replace(access_of(user), user=None) != before:
        raise Forbidden(
            _("Your rights changed while this file was made, so it was not handed out. Ask for it again."),
            code="rights_changed",
        )


def deciding_users(roles, project_id: int | None) -> list:
    """The active users who hold one of `roles` in the project (or company-wide), deputies included."""
    return import_string(settings.DECIDERS_PROVIDER)(roles, project_id)
