"""The kernel's own rail entries."""

from django.utils.translation import gettext_lazy as _

from salescontrol.core import approvals, navigation, options


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
    options.define(
        options.Option(
            "files.daily_count", "security", _("Files that one person may hand in within 24 hours"), 300, "", 1, 100_000
        ),
        options.Option("files.daily_mb", "security", _("Size of all of them together"), 2000, "MB", 1, 1_000_000),
    )
