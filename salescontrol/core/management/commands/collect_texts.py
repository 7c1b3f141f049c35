"""`manage.py collect_texts`: bring the catalogues up to the texts of the sources, for the translators."""

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand

from salescontrol.core import translations


class Command(BaseCommand):
    help = "Add new texts of the sources to the catalogues (needs gettext)."
    requires_system_checks = ()

    def handle(self, *args, **options) -> None:
        folder = Path(settings.LOCALE_PATHS[0])
        translations.collect(folder)
        self.stdout.write(f"{len(translations.problems(folder))} texts wait for a translation.")
