"""What inventory contributes to the kernel's registries: rail entries, approval kinds, panel sections, notices."""


def register() -> None:
    """Called once when the apps are ready."""
