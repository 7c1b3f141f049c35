"""The kernel's own rail entries."""

from django.utils.translation import gettext_lazy as _

from salescontrol.core import approvals, navigation


def register() -> None:
    """Called once when the apps are ready."""
    navigation.register(_("Workbench"), "home", group="", order=1, icon="layout-dashboard")
    navigation.register(
        _("Approvals"),
        "approval_list",
        group="",
        order=3,
        icon="stamp",
        count=lambda access, project: approvals.waiting_for(access).count(),
        due=True,
    )
