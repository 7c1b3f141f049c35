"""`manage.py import_units FILE --project CODE`: the import of a price list without a browser, for operators and scripts (R1.2)."""

import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from inventory.importing import Refused, refusal_message, remark_message
from inventory.models import ListingBatch, Project
from inventory.rules import Problem
from inventory.services import command_line, import_plan, imports, review
from inventory.states import BatchState
from salescontrol.core.errors import Refusal

COUNTS = ("new", "changed", "unchanged", "refused")


class Command(BaseCommand):
    help = "Reads a price list, compares it with the project's units and takes it over into drafts."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="a .xlsx, .xls or .csv file")
        parser.add_argument("--project", required=True, metavar="CODE", help="code of the project")
        parser.add_argument(
            "--create-project", action="store_true", help="make the project when there is none of this code"
        )
        parser.add_argument("--dry-run", action="store_true", help="only say what would be done; nothing is kept")
        parser.add_argument(
            "--leave-out-refused", action="store_true", help="take the good rows over, leave the refused out"
        )
        parser.add_argument("--submit", action="store_true", help="submit the drafts for review")
        parser.add_argument(
            "--by", metavar="EMPLOYEE_NO", help="who hands the file over; else the account of the command line"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")

    def handle(self, *args, **options) -> None:
        if not options["file"].is_file():
            raise CommandError(f"There is no file {options['file']}.")
        try:
            answer = dry_run(options) if options["dry_run"] else take_over(options)
        except Refused as refused:
            answer = refused_file(refused.code, refused.params)
        except (Refusal, ValidationError) as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(json.dumps(answer, ensure_ascii=False, indent=2) if options["json"] else as_text(answer))
        if (answer["refused"] and not options["leave_out_refused"]) or not answer["rows"]:
            raise SystemExit(1)


def dry_run(options: Mapping[str, Any]) -> dict[str, Any]:
    """Compare without keeping anything, the file included. A project that would be made has no units yet."""
    project = Project.objects.filter(code=options["project"]).first()
    if project is None and not options["create_project"]:
        raise CommandError(f"There is no project {options['project']}. Add --create-project to have it made.")
    table = command_line.read_path(options["file"], project=project)
    if table.form == "unclear":
        raise CommandError("The columns of this file are not clear. Hand it over in the browser and choose them there.")
    plan = import_plan.make_plan(project=project, table=table)
    problems = [problem for line in plan.lines for problem in line.problems]
    return report(plan.counts(), problems, plan.buildings(), table.remarks)


def take_over(options: Mapping[str, Any]) -> dict[str, Any]:
    """Hand over, read, accept and perhaps submit, as the pages do."""
    path, by = options["file"], command_line.actor(options["by"])
    project = command_line.open_project(code=options["project"], path=path, create=options["create_project"], by=by)
    command_line.may_hand_over(by, project)
    with path.open("rb") as stream:
        batch = imports.submit_file(project=project, upload=command_line.LocalFile(stream, path), by=by)
    batch = imports.read_batch(batch_id=batch.pk)
    answer = of_batch(batch)
    if not (answer["new"] or answer["changed"]) or (answer["refused"] and not options["leave_out_refused"]):
        return answer
    batch = imports.accept_batch(batch=batch, version=batch.version, by=by, leave_out_all=True)
    if options["submit"]:
        review.submit_batch(batch=batch, by=by)
    return answer


def of_batch(batch: ListingBatch) -> dict[str, Any]:
    """The report of a batch that was read."""
    if batch.state == BatchState.REFUSED:
        raise Refused(batch.outcome["refused"], **batch.outcome["params"])
    if batch.state == BatchState.MAPPING:
        raise CommandError(f"The columns of this file are not clear. Choose them in the browser: batch {batch.number}.")
    problems = [problem for line in batch.lines.exclude(problems=[]).order_by("pk") for problem in line.problems]
    outcome = batch.outcome
    return report(outcome["counts"], problems, outcome["buildings"], outcome["remarks"]) | {"batch": batch.number}


def report(
    counts: Mapping[str, int], problems: Iterable[Mapping], buildings: Iterable[Mapping], remarks: Iterable[Sequence]
) -> dict[str, Any]:
    """What the command prints; areas in ㎡ and values as numbers."""
    return {
        "rows": sum(counts.values()),
        **{name: counts[name] for name in COUNTS},
        "problems": [_problem(problem) for problem in problems],
        "buildings": [
            {**entry, **{name: float(Decimal(entry[name])) for name in ("gross_area", "net_area", "value")}}
            for entry in buildings
        ],
        "notices": [{"code": code, "message": remark_message(code, params)} for code, params in remarks],
    }


def _problem(problem: Mapping[str, Any]) -> dict[str, Any]:
    found = Problem.from_json(problem)
    place = {name: problem[name] for name in ("sheet", "row", "column")}
    return {**place, "code": found.code, "message": found.message, "severity": found.severity}


def refused_file(code: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """The report of a file that is no list of units."""
    problem = {
        "sheet": "",
        "row": 0,
        "column": "",
        "code": code,
        "message": refusal_message(code, params),
        "severity": "error",
    }
    return report(dict.fromkeys(COUNTS, 0), [], [], []) | {"problems": [problem]}


def as_text(answer: Mapping[str, Any]) -> str:
    """The report for people."""
    lines = ["{rows} rows: {new} new, {changed} changed, {unchanged} unchanged, {refused} refused".format(**answer)]
    lines += [entry["message"] for entry in answer["notices"]]
    lines += ["{sheet} {column}{row}: {message}".format(**entry) for entry in answer["problems"]]
    lines += [
        "{building} {entrance}: {units} units, {gross_area:,.2f} ㎡, {net_area:,.2f} ㎡ inner, {value:,.2f}".format(
            **entry
        )
        for entry in answer["buildings"]
    ]
    return "\n".join(lines)
