"""The chain over everything that is evidence (decisions 18, quality A2): rows are sealed in batches, each seal is built on the
one before it. What is sealed cannot change unnoticed; what the journal has anchored cannot even be sealed anew unnoticed.

One sealer at a time. A row is sealed within seconds of its commit; ids may commit out of order, so the last quarter of an hour
is looked through again. What turns up below that mark later is never sealed: it is a finding (`core.proof`).
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from django.db import connection, models, transaction
from django.db.models import F, TextField
from django.db.models.functions import Cast

from salescontrol.core import audit, clock
from salescontrol.core.append_only import LOCK, encrypted_fields, evidence_models
from salescontrol.core.models import AuditEvent, Seal, SealedRow

BATCH, ROUNDS = 2000, 20
LATE = timedelta(minutes=15)
FIRST = "0" * 64
COLUMNS = "seal.columns"
_JOURNAL_LOCK = 0x5EA2
_MARKS: dict[str, tuple[datetime, dict[str, int]]] = {}

Row = tuple[str, int]


@cache
def sealed_models() -> dict[str, type[models.Model]]:
    """Every kind of evidence by its label; the chain itself is not."""
    found = {model._meta.label_lower: model for model in evidence_models() if model not in (Seal, SealedRow)}
    return dict(sorted(found.items()))


def seal_due(*, wait: bool = True, rounds: int = ROUNDS) -> int:
    """Seal what is not sealed yet, in at most `rounds` seals of `BATCH` rows, because others need whoever runs this too.

    Returns how many rows. Without `wait` it leaves the work to whoever is at it.
    """
    done = 0
    for _round in range(rounds):
        if not _unsealed(1):
            break
        with transaction.atomic():
            if not alone(wait):
                break
            count = len(_seal(_unsealed(BATCH)))
        done += count
        if count < BATCH:
            break
    return done


def seal_restore(*, last: int, note: str) -> Seal:
    """The seal after a restore: it follows the head that the restored database has, and its number goes on behind `last`, the
    last that the journal knows. Needs the caller's transaction; all rows that are not sealed yet are in it."""
    alone(wait=True)
    rows = _unsealed(1_000_000, whole=True)
    return _write(rows, head=head(), number=last + 1, note=note)


def head() -> Seal | None:
    """The newest seal."""
    return Seal.objects.order_by("-number").first()


def alone(wait: bool, lock: int = LOCK) -> bool:
    """Hold the sealer's lock until the transaction ends: nothing is sealed and no evidence rewritten meanwhile.

    On SQLite the transaction itself is that lock (IMMEDIATE).
    """
    if connection.vendor != "postgresql":
        return True
    name = "pg_advisory_xact_lock" if wait else "pg_try_advisory_xact_lock"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {name}(%s)", [lock])
        return wait or cursor.fetchone()[0]


@contextmanager
def journal_lock(wait: bool) -> Iterator[bool]:
    """The database's half of the journal's lock; whether it was got."""
    if connection.vendor != "postgresql":
        yield True
        return
    with transaction.atomic():
        yield alone(wait, _JOURNAL_LOCK)


def _seal(rows: Sequence[Row]) -> Sequence[Row]:
    if rows:
        newest = head()
        _write(rows, head=newest, number=newest.number + 1 if newest else 1, note="")
    return rows


def _write(rows: Sequence[Row], *, head: Seal | None, number: int, note: str) -> Seal:
    rows = [*rows, *_note_columns(number)]
    known = dict(digests(rows))
    parts = [(label, pk, known[label, pk]) for label, pk in rows if (label, pk) in known]
    before = head.number if head else 0
    seal = Seal(
        number=number, at=clock.now(), follows=0 if before == number - 1 else before, count=len(parts),
        previous=head.digest if head else FIRST, note=note,
    )  # fmt: skip
    seal.digest = digest_of(seal, [digest for _label, _pk, digest in parts])
    seal.save(force_insert=True)
    sealed = [
        SealedRow(seal=seal, place=place, model=label, row_id=pk, digest=digest)
        for place, (label, pk, digest) in enumerate(parts, start=1)
    ]
    SealedRow.objects.bulk_create(sealed, batch_size=500)
    return seal


def digest_of(seal: Seal, rows: Iterable[str]) -> str:
    """The digest of a seal: over everything it says, the seal before it, and the digests of its rows in their order."""
    said = [seal.number, seal.at.astimezone(UTC).isoformat(), seal.follows, seal.count, seal.previous, seal.note, *rows]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def digests(rows: Iterable[Row], columns: Mapping[str, Sequence[str]] | None = None) -> Iterator[tuple[Row, str]]:
    """The digest of each of these rows as it stands, over its `columns` (by label; those of today unless said otherwise)."""
    by_label: dict[str, list[int]] = {}
    for label, pk in rows:
        by_label.setdefault(label, []).append(pk)
    for label, pks in by_label.items():
        for start in range(0, len(pks), 500):
            chosen = sealed_models()[label]._base_manager.filter(pk__in=pks[start : start + 500])
            for pk, digest in row_digests(label, chosen, columns.get(label) if columns else None):
                yield (label, pk), digest


def row_digests(label: str, rows: models.QuerySet, columns: Sequence[str] | None = None) -> Iterator[tuple[int, str]]:
    """(pk, digest) of each row of the queryset over its columns."""
    for pk, said in row_values(label, rows, columns):
        yield pk, row_digest(label, said)


def row_values(
    label: str, rows: models.QuerySet, columns: Sequence[str] | None = None
) -> Iterator[tuple[int, dict[str, Any]]]:
    """(pk, what its columns say) of each row of the queryset, cipher text as it is."""
    present = columns_of(sealed_models()[label])
    names = present if columns is None else [name for name in columns if name in present]
    hidden = {name: f"cipher_{name}" for name in names if name in _encrypted(label)}
    rows = rows.annotate(**{alias: Cast(F(name), TextField()) for name, alias in hidden.items()})
    asked = rows.values_list("pk", *[hidden.get(name, name) for name in names])
    for pk, *values in asked.iterator(chunk_size=2000):
        yield pk, dict(zip(names, values, strict=True))


def row_digest(label: str, said: Mapping[str, Any]) -> str:
    """The digest of a row that says this, in a form that both engines share."""
    text = json.dumps([label, said], sort_keys=True, default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return value.isoformat() if isinstance(value, date) else str(value)


@cache
def _encrypted(label: str) -> frozenset[str]:
    return frozenset(field.attname for field in encrypted_fields(sealed_models()[label]))


def columns_of(model: type[models.Model]) -> list[str]:
    """The columns of a model that its digests cover today."""
    return sorted(field.attname for field in model._meta.concrete_fields)


def columns_since() -> list[tuple[int, dict[str, list[str]]]]:
    """From which seal on which columns are covered, by label: migrations add columns, old digests stay what they were."""
    told = AuditEvent.objects.filter(action=COLUMNS).order_by("pk").values_list("detail", flat=True)
    return [(detail["from"], detail["columns"]) for detail in told if _is_told(detail)]


def versions() -> list[tuple[int, dict[str, list[str]]]]:
    """The same, each with all labels. Where that record is gone, today's are; then nothing fits, as it should."""
    today = {label: columns_of(model) for label, model in sealed_models().items()}
    told = columns_since()
    found: list[tuple[int, dict[str, list[str]]]] = []
    for since, new in told if told and told[0][0] <= 1 else [(0, today), *told]:
        found.append((since, {**(found[-1][1] if found else {}), **new}))
    return found


def _is_told(detail: object) -> bool:
    """Whether this says which columns are covered: somebody may have changed it."""
    return isinstance(detail, dict) and isinstance(detail.get("from"), int) and isinstance(detail.get("columns"), dict)


def _note_columns(number: int) -> list[Row]:
    """Put on record, in the seal `number` itself, which columns are covered from it on, where that is new."""
    known: dict[str, list[str]] = {}
    for _since, columns in columns_since():
        known.update(columns)
    new = {
        label: columns_of(model) for label, model in sealed_models().items() if known.get(label) != columns_of(model)
    }
    if not new:
        return []
    event = audit.record(COLUMNS, detail={"from": number, "columns": new})
    return [(str(AuditEvent._meta.label_lower), event.pk)]


def _unsealed(count: int, *, whole: bool = False) -> list[Row]:
    """Up to `count` rows that no seal has; only above the mark, unless `whole`."""
    low = {} if whole else marks()
    quote = connection.ops.quote_name
    parts: list[str] = []
    values: list[str | int] = []
    for label, model in sealed_models().items():
        table, key = quote(model._meta.db_table), quote(str(model._meta.pk.column))
        parts.append(
            f"SELECT * FROM (SELECT %s AS label, e.{key} AS pk FROM {table} e WHERE e.{key} > %s AND NOT EXISTS"  # noqa: S608
            f" (SELECT 1 FROM core_sealedrow s WHERE s.model = %s AND s.row_id = e.{key}) ORDER BY e.{key} LIMIT %s) part"
        )
        values += [label, low.get(label, 0), label, count]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts) + f" LIMIT {count:d}", values)
        return [(label, pk) for label, pk in cursor.fetchall()]


def marks() -> dict[str, int]:
    """By label: the last row that was sealed more than a quarter of an hour ago. Looked up once a minute and database."""
    now = clock.now()
    name = str(connection.settings_dict["NAME"])
    kept = _MARKS.get(name)
    if kept is None or not timedelta(0) <= now - kept[0] < timedelta(minutes=1):
        kept = _MARKS[name] = (now, _read_marks(now - LATE))
    return kept[1]


def _read_marks(until: datetime) -> dict[str, int]:
    seal = Seal.objects.filter(at__lt=until).order_by("-number").first()
    if seal is None:
        return {}
    found = {}
    for label in sealed_models():
        rows = SealedRow.objects.filter(model=label, seal_id__lte=seal.number).order_by("-row_id")
        found[label] = rows.values_list("row_id", flat=True).first() or 0
    return found
