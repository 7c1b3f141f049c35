"""The kernel's own rail entries."""

from django.utils.translation import gettext_lazy as _

from salescontrol.core import approvals, jobs, journal, navigation, options
from salescontrol.core import outside as outside  # so does what carries notices outside
from salescontrol.core import upkeep as upkeep  # its jobs make themselves known when they are imported
from salescontrol.core.permissions import Permission


def register() -> None:
    """Called once when the apps are ready."""
    jobs.steadily(journal.keep)
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
    navigation.register(
        _("Background work"),
        "background",
        group="security",
        order=60,
        icon="hourglass",
        permission=Permission.CONSISTENCY_SEE,
    )
    options.define(
        options.Option(
            "files.daily_count", "security", _("Files that one person may hand in within 24 hours"), 300, "", 1, 100_000
        ),
        options.Option("files.daily_mb", "security", _("Size of all of them together"), 2000, "MB", 1, 1_000_000),
    )
