"""What security contributes to the kernel's registries."""


def register() -> None:
    """Called once when the apps are ready."""
