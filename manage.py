#!/usr/bin/env python
"""Command line of the product; `manage.py help` lists the commands."""

import os
import sys


def refuse_wrong_settings() -> None:
    """End with the sentence that settings raise about a value, not with a traceback through the framework."""
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from environs.exceptions import EnvError

    try:
        settings.INSTALLED_APPS  # noqa: B018 the first look loads the module
    except (ImproperlyConfigured, EnvError) as error:
        sys.exit(f"Settings: {error}")


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "salescontrol.settings")
    from django.core.management import execute_from_command_line

    refuse_wrong_settings()
    execute_from_command_line(sys.argv)
