"""`manage.py check_translations`: every text of the product is there in 简体 and 繁體."""

import shutil
import tempfile
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from salescontrol.core import translations


class Command(BaseCommand):
    help = "List the texts of the sources that are not translated; fails when there are any."
    requires_system_checks = ()

    def handle(self, *args, **options) -> None:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "locale"
            shutil.copytree(settings.LOCALE_PATHS[0], folder)
            translations.collect(folder)
            found = translations.problems(folder)
        if found:
            raise CommandError("\n".join([*found[:200], f"{len(found)} texts are not complete."]))
        self.stdout.write("All texts are translated.")
