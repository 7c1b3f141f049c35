"""`manage.py rotate_keys`: encrypt everything again under the first key of FIELD_KEYS, while people work."""

import sys
import time

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from salescontrol.core import keys
from salescontrol.core.env import env
from salescontrol.core.errors import Conflict


class Command(BaseCommand):
    help = (
        "Encrypt again under the first field key what stands under an older one, histories included. May be repeated."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="count only")
        parser.add_argument(
            "--check",
            action="store_true",
            help="count only; exit 1 when an older key is still needed or one is missing",
        )

    def handle(self, *args, **options) -> None:
        if options["dry_run"] or options["check"]:
            self._count(fail=options["check"])
            return
        started = time.monotonic()
        try:
            done = keys.rotate(tell=self._tell)
        except Conflict as refusal:
            raise CommandError(refusal) from refusal
        seconds = time.monotonic() - started
        self.stdout.write(f"{sum(done.done.values())} values encrypted again in {seconds:.0f} seconds.")
        self._conclude(done.older, done.unreadable, fail=True)

    def _tell(self, label: str, done: int, seen: int) -> None:
        if seen % (10 * keys.BATCH) == 0 or seen < keys.BATCH:
            self.stdout.write(f"{label}: {seen} rows looked at, {done} values encrypted again")

    def _count(self, *, fail: bool) -> None:
        counts = keys.survey()
        for label, count in counts.items():
            self.stdout.write(f"{label}: {count.values} values, {count.older} under older keys")
        older, unreadable = (sum(getattr(count, name) for count in counts.values()) for name in ("older", "unreadable"))
        self._conclude(older, unreadable, fail=fail)

    def _conclude(self, older: int, unreadable: int, *, fail: bool) -> None:
        place = env.str("FIELD_KEYS_FILE", "") or settings.VAR_DIR / "field_keys"
        if unreadable:
            self.stdout.write(f"{unreadable} values are under none of the keys: put the missing key back into {place}.")
        if older:
            self.stdout.write(f"{older} values left under older keys; leave all keys in {place} and run this again.")
        else:
            self.stdout.write(f"0 values left under older keys; all keys but the first may be removed from {place}.")
        if fail and (older or unreadable):
            sys.exit(1)
