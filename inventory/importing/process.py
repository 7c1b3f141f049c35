"""Reads a file in a child process, so that whatever is in it can only ever harm that process."""

import json
import os
import subprocess
import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from .guard import too_large
from .refusals import Refused
from .table import Table

Grid = list[tuple[str, list[list[str]]]]
ROOT = Path(__file__).resolve().parents[2]
WALL_SECONDS = 60
LARGEST_FILE = 20 * 1024 * 1024
_OUT_OF_TIME = (-24, -9)  # SIGXCPU, and SIGKILL at the hard limit


def read_file(
    path: Path,
    *,
    name: str,
    remembered: Mapping[str, Mapping[str, str]] | None = None,
    mapping: Mapping[str, str] | None = None,
    project_names: Sequence[str] = (),
) -> Table:
    """The units in a price list. `path` is where the content lies, `name` the file's name as given (for its extension).

    `mapping` (folded head → field, "" for none) is what a person chose now, `remembered` what was chosen for earlier files,
    by `heads_digest`. Raises Refused when the file is no list of units or not safe to read.
    """
    asked = {"remembered": remembered or {}, "mapping": mapping or {}, "names": list(project_names)}
    return Table.from_json(_ask(path.resolve(), name, {"want": "table", **asked}))


def read_grid(path: Path, *, name: str) -> Grid:
    """Every sheet of a file as (name, rows of texts). Raises Refused like `read_file`."""
    return _grid(_ask(path.resolve(), name, {"want": "grid"}))


def read_grid_of(content: bytes, *, name: str) -> Grid:
    """The same of a content that never lies on the disk in clear: the child reads it from memory that it inherits."""
    number = os.memfd_create("import")
    with os.fdopen(number, "wb") as memory:
        memory.write(content)
        memory.flush()
        return _grid(_ask(Path(f"/proc/self/fd/{number}"), name, {"want": "grid"}, inherited=(number,)))


def _grid(answer: Any) -> Grid:
    return [(title, rows) for title, rows in answer]


def _ask(path: Path, name: str, question: Mapping[str, Any], *, inherited: Collection[int] = ()) -> Any:
    """Have the child read the file and give its answer; raises Refused with the reason when there is none."""
    if path.stat().st_size > LARGEST_FILE:
        raise too_large()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "inventory.importing.child"],
            input=json.dumps({"path": str(path), "name": name, **question}),
            capture_output=True,
            text=True,
            encoding="utf-8",
            cwd=ROOT,
            timeout=WALL_SECONDS,
            env={"PATH": "/usr/bin:/bin", "PYTHONIOENCODING": "utf-8:surrogatepass", "PYTHONDONTWRITEBYTECODE": "1"},
            pass_fds=tuple(inherited),
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Refused("timed_out") from error
    if done.returncode != 0:
        raise Refused("timed_out") if done.returncode in _OUT_OF_TIME else _crashed(done.stderr)
    answer = json.loads(done.stdout)
    if "refused" in answer:
        raise Refused(answer["refused"], **answer["params"])
    return answer["answer"]


def _crashed(errors: str) -> Refused:
    """A reader that ran out of memory says so; any other end means that the file is damaged."""
    memory = "MemoryError" in errors or "memory allocation" in errors or "cannot allocate" in errors.lower()
    return too_large() if memory else Refused("unreadable")
