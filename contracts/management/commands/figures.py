"""`manage.py figures --project CODE --by month|building|layout`: deals, amounts and areas, as every report counts them."""

import json
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import BaseCommand, CommandError, CommandParser

from contracts.queries import figures
from inventory.models import Project


class Command(BaseCommand):
    help = "Prints deals, total price and area of a project by month, building or layout."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--project", required=True, metavar="CODE", help="code of the project")
        parser.add_argument(
            "--by", choices=sorted(figures.KEYS), default="month", help="what the figures are parted by"
        )
        parser.add_argument("--from", dest="since", metavar="D", help="first business date, as 2026-09-01")
        parser.add_argument("--to", dest="until", metavar="D", help="last business date")
        parser.add_argument(
            "--as-of", metavar="T", help="as known at that moment: 2026-09-01T18:00, or a date for its end"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")

    def handle(self, *args, **options) -> None:
        project = Project.objects.filter(code=options["project"]).first()
        if project is None:
            raise CommandError(f"There is no project {options['project']}.")
        found = figures.figures(
            project, by=options["by"], since=day(options["since"]), until=day(options["until"]),
            as_of=moment(options["as_of"], project.zone),
        )  # fmt: skip
        said = {key: figure.as_json() for key, figure in found.items()}
        self.stdout.write(json.dumps(said, ensure_ascii=False, indent=2) if options["json"] else as_text(said))


def day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise CommandError(f"{text} is no date. Write it as 2026-09-01.") from error


def moment(text: str | None, zone: str) -> datetime | None:
    """A moment by the project's clock unless it says otherwise; of a date alone its end."""
    if not text:
        return None
    try:
        if len(text.strip()) == 10:
            return datetime.combine(date.fromisoformat(text.strip()), time.max, tzinfo=ZoneInfo(zone))
        found = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise CommandError(f"{text} is no moment. Write it as 2026-09-01T18:00.") from error
    return found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))


def as_text(said: dict[str, dict[str, Any]]) -> str:
    """A line for each part."""
    return "\n".join(
        f"{key or '–'}: {row['deals']} deals, {row['total_price']:,}, {row['area']:,} ㎡" for key, row in said.items()
    )
