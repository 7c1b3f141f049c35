"""What each client asked and was answered, written at once: a client that is killed leaves everything up to its last call."""

import json
import os
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TAIL = 4096


class Log:
    """One file of one client process: `invoked` before the call, `returned` after it."""

    def __init__(self, file: Path) -> None:
        self.descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.count = 0

    def invoked(self, **what: Any) -> None:
        self.count += 1
        self._write({"n": self.count, "invoked": time.monotonic(), "wall": time.time(), **what})

    def returned(self, **answer: Any) -> None:
        self._write({"n": self.count, "returned": time.monotonic(), **answer})

    def _write(self, line: dict) -> None:
        os.write(self.descriptor, json.dumps(line).encode() + b"\n")


def earlier(place: Path) -> dict | None:
    """A call of some client, to be sent again: as often one of its last, perhaps still under way, as any of its past."""
    files = [name for name in os.listdir(place) if name.endswith(".jsonl")]
    with (place / random.choice(files)).open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        file.seek(max(0, random.choice((end, random.randint(0, end))) - TAIL))
        lines = file.read(TAIL).split(b"\n")[1:-1]
    calls = [json.loads(line) for line in lines if b'"op_id"' in line]
    return random.choice(calls[-3:]) if calls else None


def read_calls(place: Path) -> Iterator[dict]:
    """Every call with its answer, if one came, merged into one mapping; a torn last line of a killed client is left out."""
    for file in sorted(place.glob("client-*.jsonl")):
        calls: dict[int, dict] = {}
        for line in file.read_bytes().split(b"\n")[:-1]:
            entry = json.loads(line)
            calls.setdefault(entry["n"], {}).update(entry)
        yield from calls.values()
