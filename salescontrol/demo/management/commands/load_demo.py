"""`manage.py load_demo`: two invented projects with people of every role; does nothing when they are there."""

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from inventory.models import Project
from salescontrol.demo import (
    calls,
    customers,
    erasures,
    holds,
    intake,
    people,
    reception,
    sales,
    today,
    units,
    viewings,
    visits,
)


class Command(BaseCommand):
    help = "Load the demonstration into an empty instance, and write its sign-ins into VAR_DIR."

    def handle(self, *args, **options) -> None:
        if Project.objects.filter(code="RSC").exists():
            self.stdout.write("The demonstration is there already.")
            return
        if not settings.DEMO:
            raise CommandError("This instance is not a demonstration. Set DEMO=1 for one.")
        if Project.objects.exists():
            raise CommandError("There are other projects here; the demonstration wants an instance of its own.")
        with transaction.atomic():
            projects = units.make_projects()
            staff = people.make(projects)
            people.make_teams(projects, staff)
            count = units.make(projects, staff)
            customers.make(projects, staff)
            today.make(projects, staff)
            holds.make(projects, staff)
            viewings.make(projects, staff)
            calls.make(projects, staff)
            visits.make(projects, staff)
            erasures.make(projects, staff)
            reception.make(projects, staff)
            intake.make(projects, staff)
            sales.make(projects, staff)
        self.stdout.write(
            f"{count} units in {len(projects)} projects. Sign-ins: {Path(settings.VAR_DIR) / people.SIGN_INS}"
        )
