"""What security contributes to the kernel's registries."""

from django.utils.translation import gettext_lazy as _

from salescontrol.core import journal, navigation
from salescontrol.core.permissions import Permission
from security.queries.journal import unit_event_lines


def register() -> None:
    """Called once when the apps are ready."""
    # The handlers register themselves when their modules are read.
    from security import tasks  # noqa: F401
    from security.services import deputies, kinds  # noqa: F401

    kinds.register()
    journal.register("inventory.unitevent", unit_event_lines)
    navigation.register(
        _("Accounts"),
        "security:account_list",
        group="security",
        order=10,
        icon="users",
        permission=Permission.ACCOUNT_SEE,
    )
    navigation.register(
        _("Deputies"),
        "security:deputies",
        group="security",
        order=15,
        icon="user-check",
        permission=Permission.DEPUTY_NAME,
    )
    navigation.register(
        _("Settings"),
        "security:settings",
        group="security",
        order=20,
        icon="settings",
        permission=Permission.COMPANY_SETTINGS,
    )
    navigation.register(
        _("Deadlines and hours"), "security:project_settings", group="security", order=21, icon="timer",
        permission=Permission.PROJECT_SETTINGS, project=True,
    )  # fmt: skip
    navigation.register(
        _("Holidays"),
        "security:holidays",
        group="security",
        order=22,
        icon="calendar-days",
        permission=Permission.COMPANY_SETTINGS,
    )
    navigation.register(
        _("Audit trail"),
        "security:trail",
        group="security",
        order=30,
        icon="scroll-text",
        permission=Permission.AUDIT_SEE,
    )
    navigation.register(
        _("Who saw whom"), "security:seen", group="security", order=31, icon="eye", permission=Permission.AUDIT_SEE
    )
    navigation.register(
        _("Check of the record"), "security:consistency", group="security", order=32, icon="shield-check",
        permission=Permission.CONSISTENCY_SEE,
    )  # fmt: skip
