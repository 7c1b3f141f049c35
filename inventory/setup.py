"""What inventory contributes to the kernel's registries: rail entries, approval kinds, panel sections, notices."""

from django.utils.translation import gettext_lazy as _

from inventory import tasks as tasks  # the handlers of background work make themselves known when they are imported
from inventory.queries import scope
from inventory.services import changes, discounts, prices, release, review
from inventory.views import materials, panel, sections
from salescontrol.core import navigation, panels
from salescontrol.core.permissions import Permission


def register() -> None:
    """Called once when the apps are ready."""
    navigation.register_projects(scope.projects_visible_to)
    navigation.register(
        _("Sales board"),
        "inventory:board",
        group="",
        order=2,
        icon="layout-grid",
        permission=Permission.BOARD_SEE,
        project=True,
    )
    navigation.register(
        _("Batches"),
        "inventory:batch_list",
        group="sales",
        order=10,
        icon="file-spreadsheet",
        permission=Permission.BATCH_SUBMIT,
        project=True,
    )
    navigation.register(
        _("Price lists"),
        "inventory:price_lists",
        group="sales",
        order=12,
        icon="tags",
        permission=Permission.PRICE_PROPOSE,
        project=True,
    )
    navigation.register(
        _("Discounts"),
        "inventory:discounts",
        group="sales",
        order=14,
        icon="badge-percent",
        permission=Permission.PRICE_SEE,
        project=True,
    )
    navigation.register(
        _("Units"),
        "inventory:unit_list",
        group="sales",
        order=5,
        icon="list",
        permission=Permission.BOARD_SEE,
        project=True,
    )
    navigation.register(
        _("Layouts"),
        "inventory:layout_list",
        group="sales",
        order=16,
        icon="ruler",
        permission=Permission.MATERIAL_ADD,
        project=True,
    )
    navigation.register(
        _("Project settings"),
        "inventory:project_settings",
        group="sales",
        order=90,
        icon="settings-2",
        permission=Permission.PROJECT_SETTINGS,
        project=True,
    )
    navigation.register(
        _("Projects"),
        "company:project_list",
        group="",
        order=8,
        icon="building-2",
        permission=Permission.PROJECT_OPEN,
    )
    for service in (review, release, changes, prices, discounts):
        service.register()
    panels.contribute("unit", order=10, template="inventory/panel_facts.html", prepare=panel.facts)
    panels.contribute("unit", order=20, template="inventory/panel_actions.html", prepare=panel.actions)
    panels.contribute("unit", order=60, template="inventory/material_short.html", prepare=materials.panel_materials)
    panels.contribute("unit", order=70, template="inventory/unit_history_short.html", prepare=materials.panel_history)
    panels.contribute("workbench", order=10, template="inventory/stock_tiles.html", prepare=sections.stock)
    panels.contribute("workbench", order=30, template="inventory/my_units.html", prepare=sections.my_units)
    panels.contribute("search", order=10, template="inventory/search_units.html", prepare=sections.found_units)
