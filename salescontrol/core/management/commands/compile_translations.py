"""`manage.py compile_translations`: the .mo files, made without gettext."""

from django.core.management.base import BaseCommand

from salescontrol.core import translations


class Command(BaseCommand):
    help = "Compile the catalogues that are newer than their compiled form."
    requires_system_checks = ()

    def handle(self, *args, **options) -> None:
        self.stdout.write(f"{translations.compile_all()} compiled")
