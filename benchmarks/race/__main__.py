"""`python -m benchmarks.race quick|long|sqlite [--clients 8 …]`: race, print the figures, exit 1 on a violation."""

import argparse
import json
import sys
from dataclasses import fields, replace

from benchmarks.race.plan import PLANS
from benchmarks.race.results import keep
from benchmarks.race.run import run

SHOWN = 1000


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.race")
    parser.add_argument("plan", choices=PLANS)
    parser.add_argument("--template", default="", help="a migrated, empty database to copy instead of migrating")
    parser.add_argument("--keep", action="store_true", help="write the figures into benchmarks/results.json")
    for field in fields(PLANS["quick"]):
        kind = {"action": argparse.BooleanOptionalAction} if field.type is bool else {"type": field.type}
        parser.add_argument(f"--{field.name.replace('_', '-')}", default=None, **kind)
    given = vars(parser.parse_args(arguments))
    template, kept = given.pop("template"), given.pop("keep")
    name = given.pop("plan")
    plan = replace(PLANS[name], **{key: value for key, value in given.items() if value is not None})
    verdict = run(plan, template=template)
    print(json.dumps(verdict.figures, indent=2))
    for violation in verdict.violations[:SHOWN]:
        print(violation)
    if kept:
        keep(name, verdict.figures)
    print(f"{len(verdict.violations)} violations, {verdict.figures['double claims']} double claims")
    return 1 if verdict.violations else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
