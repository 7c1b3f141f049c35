"""The process that opens files: takes limits on itself first, then reads one file and answers in JSON (abuse 55, 56)."""

import json
import resource
import sys
from pathlib import Path
from typing import Any

MEMORY = 512 * 1024 * 1024
CPU_SECONDS = 20


def limit() -> None:
    """No more memory, processor time, files or processes than reading a price list needs; never a core dump."""
    for kind, value in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (value, value))


def main() -> None:
    """Arguments come as JSON on standard input; the table, or the refusal, goes to standard output."""
    limit()
    from inventory.importing.refusals import Refused  # after the limits, like everything that touches the file

    asked = json.load(sys.stdin)
    try:
        answer = {"answer": read(asked)}
    except Refused as refused:
        answer = {"refused": refused.code, "params": refused.params}
    json.dump(answer, sys.stdout)


def read(asked: dict[str, Any]) -> Any:
    """What was asked for: the sheets as they are (`grid`), or the table of units in them."""
    from inventory.importing.guard import check
    from inventory.importing.interpret import interpret
    from inventory.importing.sheets import read_sheets

    path = Path(asked["path"])
    kind, flaws = check(path, asked["name"])
    sheets = read_sheets(path, kind, flaws)
    if asked["want"] == "grid":
        return [(sheet.name, sheet.rows) for sheet in sheets]
    return interpret(sheets, remembered=asked["remembered"], mapping=asked["mapping"], names=asked["names"]).as_json()


if __name__ == "__main__":
    main()
