"""`manage.py reapply_erasures`: after a restore, erase again whom the ledger beside the journal names (abuse 54)."""

from django.core.management.base import BaseCommand, CommandError

from enquiries.services import erasures, ledger


class Command(BaseCommand):
    help = "Erase again the customers whom the ledger of erasures names and a restored copy has brought back; safe to repeat."

    def add_arguments(self, parser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="only say how many there are, and fail when there are any"
        )

    def handle(self, *args, **options) -> None:
        if options["check"]:
            self._check()
            return
        named, again, damaged = erasures.erase_again()
        self.stdout.write(f"The ledger {ledger.path()} names {named} customers; {again} erased again.")
        self._tell_damage(damaged)

    def _check(self) -> None:
        said = ledger.read()
        self._tell_damage(said.damaged)
        if back := len(ledger.missing(said.marks)):
            raise CommandError(f"{back} erased customers are there again. Run `manage.py reapply_erasures`.")
        self.stdout.write(f"The ledger names {len(said.marks)} customers; none of them is there.")

    def _tell_damage(self, damaged: tuple[int, ...]) -> None:
        for line in damaged:
            self.stderr.write(
                f"Line {line} of the ledger is damaged or not in its place. Compare it with a copy of the file."
            )
