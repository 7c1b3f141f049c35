"""The journal (decisions 18, quality B7): committed rows of evidence that a lost database must not take along, one JSON line
each, chained, in files outside the database. Its anchors repeat every seal, so that nobody who holds the database alone can cut
or rewrite the chain unnoticed.

One folder per chain, named by its first seal; one file a month; one writer. What has been written is the position, so it needs
no table: each pass goes on behind the last anchor. No personal data: the app that owns the rows says what a line holds.
"""

import fcntl
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.db import DatabaseError
from django.db.models import Min, Q

from salescontrol.core import clock, seals
from salescontrol.core.models import Seal, SealedRow

log = structlog.get_logger(__name__)
ALARM = timedelta(seconds=60)
EVENT, ANCHOR = "event", "anchor"
Line = dict[str, Any]
Maker = Callable[[Sequence[int]], Mapping[int, Line]]
_MAKERS: dict[str, Maker] = {}
_TAILS: dict[Path, tuple[int, Line]] = {}
_LOOKED = [0.0]
LOOK_EVERY = 20.0


def register(label: str, maker: Maker) -> None:
    """The rows of the model `label` belong into the journal; `maker` gives the line of each row by its id."""
    _MAKERS[label] = maker


def folder() -> Path | None:
    """Where the journal of this database's chain lies; None while nothing is sealed."""
    first = Seal.objects.order_by("number").values_list("digest", flat=True).first()
    return Path(settings.JOURNAL_DIR) / first[:16] if first else None


def others() -> list[Path]:
    """Journals beside this one, of chains that this database does not have."""
    mine, top = folder(), Path(settings.JOURNAL_DIR)
    return sorted(path for path in top.iterdir() if path.is_dir() and path != mine) if top.is_dir() else []


def write_due(*, wait: bool = True) -> int:
    """Write every seal that is not in the journal yet, with the lines of its rows; returns how many lines. Nothing is written
    while the database is older than its journal (`restore_needed`)."""
    place = folder()
    if place is None:
        return 0
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _only_writer(place, wait) as mine:
        if not mine or restore_needed():
            return 0
        last, done = tail(place), 0
        for seal in Seal.objects.filter(number__gt=last["seal"] if last else 0).order_by("number").iterator():
            done += _append(place, [*_events(seal), _anchor(seal)])
        return done


def restore_needed() -> bool:
    """Whether the journal knows seals that the database lacks: an older copy was restored, or the end was cut off. No more once
    a seal says that it goes on behind them."""
    place = folder()
    last = tail(place) if place else None
    if last is None:
        return False
    there = Q(number=last["seal"], digest=last["digest"])
    replayed = Q(number__gt=last["seal"], follows__gt=0, follows__lt=last["seal"])
    return not Seal.objects.filter(there | replayed).exists()


def lag(now: datetime | None = None) -> timedelta:
    """How long the oldest row has waited that belongs into the journal and is not in it."""
    place = folder()
    last = tail(place) if place else None
    waiting = [Seal.objects.filter(number__gt=last["seal"] if last else 0).aggregate(first=Min("at"))["first"]]
    for label in _MAKERS:
        model = seals.sealed_models()[label]
        rows = model._base_manager.filter(pk__gt=seals.marks().get(label, 0))
        if brought := getattr(model, "brought", ()):  # what tells of a time long ago did not wait so long
            rows = rows.exclude(action__in=brought)
        open_rows = rows.exclude(pk__in=SealedRow.objects.filter(model=label).values("row_id"))
        waiting.append(open_rows.aggregate(first=Min("at"))["first"])
    oldest = min((moment for moment in waiting if moment), default=None)
    return max((now or clock.now()) - oldest, timedelta()) if oldest else timedelta()


def _events(seal: Seal) -> Iterator[Line]:
    rows = list(seal.rows.filter(model__in=_MAKERS).order_by("place").values_list("model", "row_id", "digest"))
    said = {label: maker([pk for model, pk, _digest in rows if model == label]) for label, maker in _MAKERS.items()}
    for label, pk, digest in rows:
        yield {"kind": EVENT, "model": label, "row": pk, "digest": digest, **said[label][pk]}


def _anchor(seal: Seal) -> Line:
    return {
        "kind": ANCHOR, "seal": seal.number, "digest": seal.digest, "count": seal.count, "at": seal.at.isoformat(),
        **({"follows": seal.follows, "note": seal.note} if seal.follows else {}),
    }  # fmt: skip


def _append(place: Path, bodies: Sequence[Line]) -> int:
    """Write lines that end with an anchor, and force them to the disk before anything else is done."""
    last = tail(place)
    number, before, written = (last["n"], last["hash"], []) if last else (0, seals.FIRST, [])
    for body in bodies:
        number += 1
        line = {"n": number, **body, "prev": before}
        line["hash"] = before = line_hash(line)
        written.append(line)
    # A clock that was set back must not put new lines into an older file, before what stands in the newest.
    there = files(place)
    if there:
        _cut_torn(there[-1])
    path = max([place / f"{clock.today():%Y-%m}.jsonl", *there])
    new = not path.exists()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(b"".join(line_bytes(line) for line in written))
        file.flush()
        os.fsync(file.fileno())
    if new:
        _sync_folder(place)
    _TAILS[path] = (path.stat().st_size, written[-1])
    return len(written)


def line_hash(line: Line) -> str:
    """The hash of a line: over everything it says, the hash of the line before it included."""
    return hashlib.sha256(_bytes({name: value for name, value in line.items() if name != "hash"})).hexdigest()


def line_bytes(line: Line) -> bytes:
    """The line as it stands in a file."""
    return _bytes(line) + b"\n"


def _bytes(line: Line) -> bytes:
    return json.dumps(line, sort_keys=True, ensure_ascii=True).encode()


def _sync_folder(place: Path) -> None:
    descriptor = os.open(place, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def files(place: Path) -> list[Path]:
    """The files of a journal in their order."""
    return sorted(place.glob("????-??.jsonl"))


def tail(place: Path) -> Line | None:
    """The last anchor: how far the journal is. Lines behind it were cut short by a crash and do not count."""
    for path in reversed(files(place)):
        known = _TAILS.get(path)
        if known is not None and known[0] == path.stat().st_size:
            return known[1]
        end, line = _last_anchor(path)
        if line is not None:
            if end == path.stat().st_size:
                _TAILS[path] = (end, line)
            return line
    return None


def _last_anchor(path: Path) -> tuple[int, Line | None]:
    """Where the last whole anchor of a file ends, and what it says."""
    size, step = path.stat().st_size, 64 * 1024
    with path.open("rb") as file:
        while True:
            start = max(size - step, 0)
            file.seek(start)
            part = file.read(size - start)
            position = start
            found: tuple[int, Line | None] = (0, None)
            for raw in part.splitlines(keepends=True):
                position += len(raw)
                line = parse(raw)
                if line is not None and line.get("kind") == ANCHOR:
                    found = (position, line)
            if found[1] is not None or start == 0:
                return found
            step *= 4


def parse(raw: bytes) -> Line | None:
    """A line of a journal, or None when it is not one (cut short, or damaged)."""
    try:
        line = json.loads(raw) if raw.endswith(b"\n") else None
    except ValueError:
        return None
    return line if isinstance(line, dict) and "n" in line and "hash" in line else None


def _cut_torn(path: Path) -> None:
    """A crash may have left lines without their anchor: they are written again, with it."""
    if _last_anchor(path)[0] != path.stat().st_size:
        os.truncate(path, _last_anchor(path)[0])


def read(place: Path) -> Iterator[tuple[Path, int, Line | None]]:
    """Every line: its file, its number in the file, what it says (None when it is not a line of a journal)."""
    for path in files(place):
        with path.open("rb") as file:
            for count, raw in enumerate(file, start=1):
                yield path, count, parse(raw)


@contextmanager
def _only_writer(place: Path, wait: bool) -> Iterator[bool]:
    """One writer at a time: a lock on the folder, and one in the database for folders that several machines share."""
    with (place / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except OSError:
            yield False
            return
        with seals.journal_lock(wait) as mine:
            yield mine


def keep(*, wait: bool = True, rounds: int = seals.ROUNDS) -> None:
    """Seal what is new and write it into the journal; part of every round of the dispatcher."""
    if restore_needed():
        log.error("database_older_than_journal")
        return
    seals.seal_due(wait=wait, rounds=rounds)
    write_due(wait=wait)


def keep_up() -> None:
    """The same by a web process after a commit, when nobody else did it for half a minute: looked at every 20 seconds, never
    waiting for another, and one seal at a time, because somebody waits for the answer."""
    if time.monotonic() - _LOOKED[0] < LOOK_EVERY:
        return
    _LOOKED[0] = time.monotonic()
    try:
        if lag() > ALARM / 2:
            keep(wait=False, rounds=1)
    except (DatabaseError, OSError):
        log.warning("journal_not_kept_up", exc_info=True)


@dataclass(frozen=True)
class State:
    """How the journal stands, for the health page: how far behind, and whether it knows more than the database."""

    lag: timedelta
    restore_needed: bool

    @property
    def alarm(self) -> bool:
        return self.restore_needed or self.lag > ALARM


def state() -> State:
    """How the journal stands now."""
    return State(lag(), restore_needed())
