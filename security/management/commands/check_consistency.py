"""`manage.py check_consistency`: replay all events, compare with tables, claims, locks, journal and chain; exit 1 on findings."""

import json
import sys

from django.core.management.base import BaseCommand

from salescontrol.core.proof import Finding
from security.queries import consistency
from security.services.consistency import check


class Command(BaseCommand):
    help = "Check everything against everything; freeze the units that do not fit and report. Nothing is repaired."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--json", action="store_true", help="the result as JSON")

    def handle(self, *args, **options) -> None:
        detail = check().detail
        sentences = [str(consistency.SENTENCES[row["code"]]) % row["words"] for row in detail["problems"]]
        sentences += [Finding(**row).sentence for row in detail["chain"]]
        if options["json"]:
            self.stdout.write(json.dumps({**detail, "sentences": sentences}, ensure_ascii=False, indent=1))
        else:
            for sentence in sentences:
                self.stdout.write(sentence)
            self.stdout.write(
                f"{detail['count']} findings; {detail['rows']} rows and {detail['seals']} seals looked at."
            )
        if detail["count"]:
            sys.exit(1)
