"""The approvals about accounts: who decides, what is shown, what is applied (decisions 1, 22)."""

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from salescontrol.core import approvals
from salescontrol.core.access import Access
from salescontrol.core.approvals import Kind, Stage
from salescontrol.core.models import Approval
from salescontrol.core.permissions import Permission, Role
from salescontrol.core.words import listed
from security.services import accounts


def register() -> None:
    """Name the kinds to the one approvals mechanism; called once when the apps are ready."""
    kinds = {
        "account.open": (gettext_lazy("New account"), accounts.open_account, _new_account),
        "account.roles": (gettext_lazy("Roles"), accounts.apply_roles, _roles),
        "account.deactivate": (gettext_lazy("Close an account"), accounts.apply_active, _active),
        "account.reactivate": (gettext_lazy("Open an account again"), accounts.apply_active, _active),
        "account.second_factor": (
            gettext_lazy("Reset a second factor"),
            accounts.apply_second_factor_reset,
            _second_factor,
        ),
    }
    for code, (label, apply, present) in kinds.items():
        version = None if code == "account.open" else accounts.state_of
        kind = Kind(label, _stages, apply, present, _url, version=version, hides=_hidden)
        approvals.register(code, kind)


def _hidden(access: Access) -> Q:
    """Requests about accounts are read where the reader sees accounts: they name people, their numbers and why they go."""
    return ~access.projects(Permission.ACCOUNT_SEE)


def _stages(approval: Approval) -> list[Stage]:
    """Beyond one project: management alone. Otherwise the first of supervisor and management that answers."""
    if approval.effect.get("company"):
        return [Stage((Role.MANAGEMENT,))]
    return [Stage((Role.SUPERVISOR, Role.MANAGEMENT), any_of=True)]


def _url(approval: Approval) -> str:
    user_id = approval.target_id or approval.effect.get("user")
    return reverse("security:account", args=[user_id]) if user_id else ""


def _new_account(approval: Approval, access: Access) -> list[tuple]:
    data = approval.after
    return [
        (_("Employee number"), "", data["employee_no"]),
        (pgettext("of a person", "Name"), "", data["name"]),
        (_("Phone"), "", data["phone"]),
        (_where(approval), "", _in_words(data["roles"])),
    ]


def _roles(approval: Approval, access: Access) -> list[tuple]:
    return [(_where(approval), _in_words(approval.before["roles"]), _in_words(approval.after["roles"]))]


def _active(approval: Approval, access: Access) -> list[tuple]:
    words = {True: _("Open"), False: _("Closed")}
    held = _in_words(approval.effect.get("roles", []))
    return [(_("Account"), words[approval.before["active"]], words[approval.after["active"]]), (_("Roles"), held, held)]


def _second_factor(approval: Approval, access: Access) -> list[tuple]:
    return [(_("Second factor"), _("Set up"), _("None until the next sign-in"))]


def _where(approval: Approval) -> str:
    if approval.project_id is None:
        return _("Roles in the whole company")
    return _("Roles in %(project)s") % {"project": approval.effect.get("where", "")}


def _in_words(roles: list[str]) -> str:
    return listed(Role(role).label for role in roles) or _("none")
