"""`manage.py run_due`: one round of the dispatcher, for a plain cron line."""

from django.core.management.base import BaseCommand

from salescontrol.core import jobs


class Command(BaseCommand):
    help = "Do everything that is due, once."

    def handle(self, *args, **options) -> None:
        self.stdout.write(f"{jobs.run_due()} done")
