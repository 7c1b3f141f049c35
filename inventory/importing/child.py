"""The process that opens files: takes limits on itself first, then reads one file and answers in JSON (abuse 55, 56)."""

import json
import resource
import sys
from pathlib import Path

MEMORY = 512 * 1024 * 1024
CPU_SECONDS = 20
# Imported after the limits are set, so that nothing in them runs without.


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
    from inventory.importing.guard import check
    from inventory.importing.interpret import interpret
    from inventory.importing.refusals import Refused
    from inventory.importing.sheets import read_sheets

    asked = json.load(sys.stdin)
    path = Path(asked["path"])
    try:
        kind, flaws = check(path, asked["name"])
        sheets = read_sheets(path, kind, flaws)
        if asked["want"] == "grid":
            found = [(sheet.name, sheet.rows) for sheet in sheets]
        else:
            table = interpret(sheets, remembered=asked["remembered"], mapping=asked["mapping"], names=asked["names"])
            found = table.as_json()
    except Refused as refused:
        answer = {"refused": refused.code, "params": refused.params}
    else:
        answer = {"answer": found}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
