"""`manage.py replay_journal`: after a restore, bring back from the journal what the restored copy lacks, and say what was lost."""

import json
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from salescontrol.core import journal
from salescontrol.core.errors import Refusal
from security.services.replay import replay


class Command(BaseCommand):
    help = "Bring back the unit events and claims that the journal has and the restored database lacks; safe to repeat."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--journal", type=Path, help="the folder of the journal, when it is not found by itself")
        parser.add_argument("--json", action="store_true", help="the report as JSON")

    def handle(self, *args, **options) -> None:
        try:
            gap = replay(place=options["journal"])
        except Refusal as refusal:
            raise CommandError(str(refusal.message)) from refusal
        journal.write_due()
        if options["json"]:
            self.stdout.write(json.dumps(gap.as_json(), ensure_ascii=False, indent=1))
            return
        self.stdout.write(f"The database ended at seal {gap.head}, the journal at {gap.anchored} ({gap.last_at}).")
        for title, names in (
            ("Brought back", gap.events),
            ("Could not be brought back", gap.refused),
            ("Claims to be completed with their customer", gap.to_complete),
        ):
            self.stdout.write(f"{title}: {len(names)}")
            for name in names:
                self.stdout.write(f"  {name}")
