"""`manage.py import_sales FILE --project CODE`: past sales without a browser, for operators and scripts (R3.3)."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from contracts.models import SalesImport
from contracts.services import past_sales
from contracts.services.past_sales_plan import make_plan
from contracts.services.past_sales_problems import SaleProblem, refusal, remark
from contracts.services.past_sales_read import read
from enquiries.states import IntakeState
from inventory.importing import Refused, read_grid
from inventory.models import Project
from inventory.services import command_line
from salescontrol.core.access import access_of
from salescontrol.core.errors import Refusal
from salescontrol.core.permissions import Permission

COUNTS = ("new", "unchanged", "refused", "units")


class Command(BaseCommand):
    help = (
        "Reads sales made before this system was used and takes them over with their true dates: all of them, or none."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="a .xlsx, .xls or .csv file, a row a sale")
        parser.add_argument("--project", required=True, metavar="CODE", help="code of the project")
        parser.add_argument(
            "--create-units", action="store_true",
            help="make the units that rows name and the project lacks, approved and on sale as of the first date",
        )  # fmt: skip
        parser.add_argument("--dry-run", action="store_true", help="only say what would be done; nothing is kept")
        parser.add_argument(
            "--by", metavar="EMPLOYEE_NO", help="who hands the file over; else the account of the command line"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")

    def handle(self, *args, **options) -> None:
        if not options["file"].is_file():
            raise CommandError(f"There is no file {options['file']}.")
        project = Project.objects.filter(code=options["project"], archived_at__isnull=True).first()
        if project is None:
            raise CommandError(f"There is no project {options['project']}. Make it first.")
        try:
            answer = (dry_run if options["dry_run"] else take_over)(project, options)
        except Refused as refused:
            answer = refused_file(refused.code, refused.params)
        except (Refusal, ValidationError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(json.dumps(answer, ensure_ascii=False, indent=2) if options["json"] else as_text(answer))
        if answer["refused"] or not answer["rows"]:
            raise SystemExit(1)


def dry_run(project: Project, options: Mapping[str, Any]) -> dict[str, Any]:
    """Compare without keeping anything, the file included."""
    sales = read(read_grid(options["file"].resolve(), name=options["file"].name))
    plan = make_plan(project=project, sales=sales, create_units=options["create_units"])
    return report(plan.counts(), plan.problems(), sales.remarks)


def take_over(project: Project, options: Mapping[str, Any]) -> dict[str, Any]:
    """Hand over, read and, when no row is refused and one is new, accept and write, as the pages do."""
    path, by = options["file"], command_line.actor(options["by"])
    if options["by"]:
        access_of(by).require(Permission.SALES_IMPORT, project.pk)
    with path.open("rb") as stream:
        upload = command_line.LocalFile(stream, path)
        row = past_sales.keep(project=project, upload=upload, create_units=options["create_units"], by=by)
    row = past_sales.read_import(import_id=row.pk)
    answer = of_import(row)
    if answer["refused"] or not answer["new"]:
        past_sales.give_up(row=row, by=by)
        return answer
    past_sales.start_writing(row=row, version=row.version, by=by)
    row = past_sales.write_import(import_id=row.pk)
    if row.state != IntakeState.DONE:
        raise CommandError("The project changed while the sales were written, so nothing was taken over. Run it again.")
    return answer


def of_import(row: SalesImport) -> dict[str, Any]:
    """The report of a file that was read."""
    outcome = row.outcome
    if row.state == IntakeState.REFUSED:
        return refused_file(outcome["refused"], outcome["params"]) | {"import": row.number}
    return report(outcome["counts"], outcome["problems"], outcome["remarks"]) | {"import": row.number}


def report(counts: Mapping[str, int], problems: Any, remarks: Any) -> dict[str, Any]:
    """What the command prints: counts, every problem with its row, and what is worth knowing of the file."""
    return {
        "rows": sum(counts[name] for name in ("new", "unchanged", "refused")),
        **{name: counts[name] for name in COUNTS},
        "problems": [_problem(problem) for problem in problems],
        "notices": [{"code": code, "message": remark(code, params)} for code, params in remarks],
    }


def _problem(problem: Mapping[str, Any]) -> dict[str, Any]:
    found = SaleProblem.from_json(problem)
    place = {name: problem[name] for name in ("sheet", "row", "column")}
    return {**place, "code": found.code, "message": found.message, "severity": found.severity}


def refused_file(code: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """The report of a file that holds no past sales."""
    said = report(dict.fromkeys(COUNTS, 0), [], [])
    problem = {"sheet": "", "row": 0, "column": "", "code": code, "message": refusal(code, params), "severity": "error"}
    return said | {"problems": [problem]}


def as_text(answer: Mapping[str, Any]) -> str:
    """The report for people."""
    lines = ["{rows} rows: {new} new, {unchanged} known, {refused} refused; {units} units made".format(**answer)]
    if answer["rows"] and not answer["new"] and not answer["refused"]:
        lines.append("Every sale of this file is in the system already: nothing was changed.")
    lines += [entry["message"] for entry in answer["notices"]]
    lines += ["{sheet} {column}{row}: {message}".format(**entry) for entry in answer["problems"]]
    return "\n".join(lines)
