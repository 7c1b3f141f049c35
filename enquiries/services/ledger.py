"""The ledger of erasures (R7.6, reliability 3.10, abuse 54): which customers were erased, outside the database, so that a restored
older copy erases them again.

One file beside the journal, one chained JSON line for each customer: a digest of their number and the day. The number is a
random code, so the line names nobody. A line may stand twice; it counts once.
"""

import fcntl
import hashlib
import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.db import transaction

from enquiries.models import Customer, Erasure
from enquiries.queries.numbers import lives_of
from enquiries.states import ErasureState
from salescontrol.core import clock, journal, seals

NAME = "erasures.jsonl"


def path() -> Path:
    """Where the ledger of this installation lies."""
    return Path(settings.JOURNAL_DIR) / NAME


def mark(number: str) -> str:
    """The digest that stands for the customer with this number."""
    return hashlib.sha256(f"customer\0{number}".encode()).hexdigest()


@dataclass(frozen=True)
class Ledger:
    """What the ledger says: the digests, and at which lines it was damaged."""

    marks: frozenset[str]
    damaged: tuple[int, ...] = ()


def read() -> Ledger:
    """The whole ledger; a line that does not follow the one before it is told, and still counts."""
    marks, damaged, before = set(), [], seals.FIRST
    for count, raw in enumerate(_lines(), start=1):
        line = journal.parse(raw)
        if line is None or line.get("prev") != before or journal.line_hash(line) != line["hash"]:
            damaged.append(count)
        if line is not None:
            marks.add(str(line.get("customer", "")))
            before = line["hash"]
    return Ledger(frozenset(marks), tuple(damaged))


def write_due() -> int:
    """Write down what was erased and is not in the ledger yet; part of every round of the dispatcher. Returns how many erasures."""
    waiting = Erasure.every.filter(state=ErasureState.DONE, noted_at=None)
    if not waiting.exists():
        return 0
    with transaction.atomic():
        rows = list(waiting.select_for_update(of=("self",)).select_related("customer__project").order_by("pk"))
        _append([(number, _day(row)) for row in rows for number in _numbers(row.customer)])
        Erasure.every.filter(pk__in=[row.pk for row in rows]).update(noted_at=clock.now())
    return len(rows)


def missing(marks: Collection[str]) -> list[Customer]:
    """The customers whom the ledger names and the database has again: an older copy was restored."""
    known = Customer.every.filter(erased_at=None).values_list("pk", "number")
    again = [pk for pk, number in known.iterator() if mark(number) in marks]
    return list(Customer.every.filter(pk__in=again).select_related("project", "owner").order_by("pk"))


def _numbers(customer: Customer) -> list[str]:
    return list(Customer.every.filter(pk__in=lives_of(customer)).order_by("pk").values_list("number", flat=True))


def _day(erasure: Erasure) -> date:
    assert erasure.closed_at is not None
    return clock.local(erasure.closed_at, erasure.customer.project.zone).date()


def _append(entries: Sequence[tuple[str, date]]) -> None:
    """Add lines behind the last whole one and force them to the disk; what stands there already is not written again."""
    known = read().marks
    with _opened() as file:
        last = _last(file)
        number, before = (last["n"], last["hash"]) if last else (0, seals.FIRST)
        for customer, day in entries:
            if mark(customer) not in known:
                number += 1
                line: dict[str, Any] = {"n": number, "customer": mark(customer), "on": day.isoformat(), "prev": before}
                line["hash"] = before = journal.line_hash(line)
                file.write(journal.line_bytes(line))
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _opened() -> Iterator[IO[bytes]]:
    """The file, for one writer at a time, at its end; a line that a crash cut short is taken away."""
    path().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path(), os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        whole = file.read()
        file.truncate(whole.rfind(b"\n") + 1)
        file.seek(0, os.SEEK_END)
        yield file


def _last(file: IO[bytes]) -> dict[str, Any] | None:
    file.seek(0)
    lines = [line for raw in file if (line := journal.parse(raw)) is not None]
    file.seek(0, os.SEEK_END)
    return lines[-1] if lines else None


def _lines() -> Iterator[bytes]:
    if path().exists():
        with path().open("rb") as file:
            yield from file
