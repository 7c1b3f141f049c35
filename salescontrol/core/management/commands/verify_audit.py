"""`manage.py verify_audit`: whether the record is as it was written; exit 1 when something is not."""

import json
import sys
import time

from django.core.management.base import BaseCommand

from salescontrol.core import proof
from salescontrol.core.models import RewritingReason


class Command(BaseCommand):
    help = "Recompute every digest, follow the chain of seals and the journal, and name what does not fit."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--json", action="store_true", help="the result as JSON")

    def handle(self, *args, **options) -> None:
        started = time.monotonic()
        found = proof.verify()
        if options["json"]:
            told = {**found.as_json(), "seconds": round(time.monotonic() - started, 1)}
            self.stdout.write(json.dumps(told, ensure_ascii=False, indent=1))
        else:
            for finding in found.findings:
                self.stdout.write(finding.sentence)
            self.stdout.write(
                f"{len(found.findings)} findings in {found.rows} rows, {found.seals} seals, {found.lines} lines of the journal;"
                f" anchored up to seal {found.anchored}."
            )
            for reason, count in sorted(found.rewritten.items()):
                self.stdout.write(f"{count} rows rewritten on record: {RewritingReason(reason).label}.")
        if found.findings:
            sys.exit(1)
