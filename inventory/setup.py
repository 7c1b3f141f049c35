"""What inventory contributes to the kernel's registries: rail entries, approval kinds, panel sections, notices."""

from django.utils.translation import gettext_lazy as _

from inventory import tasks as tasks  # the handlers of background work make themselves known when they are imported
from inventory.queries import scope
from inventory.services import changes, discounts, grants, prices, release, review, stops
from inventory.views import grants as grant_pages
from inventory.views import materials, panel, sections
from inventory.views import stops as stop_pages
from salescontrol.core import navigation, panels
from salescontrol.core.permissions import Permission

# Label, address, group, order, icon, permission: the rail entries that need a project at hand.
RAIL = (
    (_("Sales board"), "board", "", 2, "layout-grid", Permission.BOARD_SEE),
    (_("Units"), "unit_list", "sales", 5, "list", Permission.BOARD_SEE),
    (_("Batches"), "batch_list", "sales", 20, "file-spreadsheet", Permission.BATCH_SUBMIT),
    (_("Price lists"), "price_lists", "sales", 21, "tags", Permission.PRICE_PROPOSE),
    (_("Discounts"), "discounts", "sales", 22, "badge-percent", Permission.PRICE_SEE),
    (_("Layouts"), "layout_list", "sales", 23, "ruler", Permission.MATERIAL_ADD),
    (_("Access"), "access", "security", 30, "key-round", Permission.ACCESS_REQUEST),
    (_("Project settings"), "project_settings", "sales", 90, "settings-2", Permission.PROJECT_SETTINGS),
)


def register() -> None:
    """Called once when the apps are ready."""
    _register_rail()
    for service in (review, release, changes, prices, discounts, stops, grants):
        service.register()
    panels.contribute("unit", order=4, template="inventory/granted.html", prepare=grant_pages.granted)
    panels.contribute("unit", order=5, template="inventory/stop_banner.html", prepare=stop_pages.unit_banner)
    panels.contribute("unit", order=10, template="inventory/panel_facts.html", prepare=panel.facts)
    panels.contribute("unit", order=20, template="inventory/panel_actions.html", prepare=panel.actions)
    panels.contribute("unit", order=60, template="inventory/material_short.html", prepare=materials.panel_materials)
    panels.contribute("unit", order=70, template="inventory/unit_history_short.html", prepare=materials.panel_history)
    panels.contribute("workbench", order=5, template="inventory/stop_banner.html", prepare=stop_pages.banner)
    panels.contribute("workbench", order=10, template="inventory/stock_tiles.html", prepare=sections.stock)
    panels.contribute("workbench", order=30, template="inventory/my_units.html", prepare=sections.my_units)
    panels.contribute("search", order=10, template="inventory/search_units.html", prepare=sections.found_units)


def _register_rail() -> None:
    navigation.register_projects(scope.projects_visible_to)
    for label, name, group, order, icon, permission in RAIL:
        navigation.register(
            label, f"inventory:{name}", group=group, order=order, icon=icon, permission=permission, project=True
        )
    navigation.register(
        _("Sales stops"),
        "inventory:stops",
        group="sales",
        order=24,
        icon="octagon-x",
        permission=Permission.APPROVAL_SEE,
        project=True,
        count=stop_pages.count,
        due=True,
    )
    navigation.register(
        _("Projects"), "company:project_list", group="", order=8, icon="building-2", permission=Permission.PROJECT_OPEN
    )
