"""What inventory contributes to the kernel's registries: rail entries, approval kinds, panel sections, notices."""

from inventory.queries import scope
from salescontrol.core import navigation


def register() -> None:
    """Called once when the apps are ready."""
    navigation.register_projects(scope.projects_visible_to)
