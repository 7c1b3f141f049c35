"""Opens the first two accounts and prints a one-time link for each; nothing has a built-in password (decisions 6)."""

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse

from salescontrol.core.errors import Refusal
from salescontrol.core.permissions import Role
from security.services.first import open_first_accounts
from security.services.passwords import LINK_HOURS

PEOPLE = {"admin": Role.ADMINISTRATOR, "management": Role.MANAGEMENT}


class Command(BaseCommand):
    help = (
        "Open the accounts of the first administrator and of the first management user, and print their one-time links."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        for who in PEOPLE:
            parser.add_argument(
                f"--{who}-no", default="", help=f"employee number of the {who} account; asked for when left out"
            )
            parser.add_argument(f"--{who}-name", default="", help=f"name of the {who} account; asked for when left out")
        parser.add_argument(
            "--url", default="http://127.0.0.1:8000", help="the address at which people reach the application"
        )

    def handle(self, *args, **options) -> None:
        people = {role: (_ask(options, who, "no"), _ask(options, who, "name")) for who, role in PEOPLE.items()}
        try:
            tokens = open_first_accounts(people=people)
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        for role, token in tokens.items():
            link = options["url"].rstrip("/") + reverse("security:one_time", args=[token])
            self.stdout.write(f"{role.label}: {people[role][1]} ({people[role][0]})\n  {link}")
        self.stdout.write(f"Each link works once, within {LINK_HOURS} hours. Hand it to the person it is for.")


def _ask(options: dict, who: str, what: str) -> str:
    question = {"no": "Employee number", "name": "Name"}[what]
    given = options[f"{who}_{what}"] or input(f"{question} of the {who} account: ")
    if not given.strip():
        raise CommandError(f"{question} of the {who} account is missing. Give it with --{who}-{what}.")
    return given
