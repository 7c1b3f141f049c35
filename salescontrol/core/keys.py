"""Newer field keys (R7.3, quality P7): everything encrypted under an older key is encrypted again under the first, histories
included, while people work. What it did is on record; whoever reads or searches notices nothing.

Rows of business are locked a few at a time, and those that somebody else holds are left for the next look: nobody waits for
the rotation for long, and it waits for nobody. Their version and history do not move, for nothing about them has changed; each
batch is on record with the numbers of its rows, which is what the database asks for (`core.guards`). Evidence goes through
`core.rewriting`. A second run goes on where the first was ended: what stands under the first key is not touched.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography.fernet import InvalidToken
from django.apps import apps
from django.core.checks import Error
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, ProgrammingError, connection, models, transaction
from django.db.models import F, TextField
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from salescontrol.core import audit, fields, files, journal, rewriting, seals
from salescontrol.core.append_only import encrypted_fields, evidence_models
from salescontrol.core.errors import Conflict
from salescontrol.core.guards import ROTATED as ROWS
from salescontrol.core.models import Attachment, RewritingReason

ACT, FILES = "keys.rotate", "files"
BATCH, ROUNDS, SEAL_EVERY = 300, 5, 2000
PAUSE = 0.5
Row = tuple[int, dict[str, str]]


@dataclass
class Count:
    """How many values of a table were looked at, stand under an older key, and are under none of the keys."""

    values: int = 0
    older: int = 0
    unreadable: int = 0


@dataclass
class Rotation:
    """What a rotation did: values by table, and how it stands now."""

    done: dict[str, int] = field(default_factory=dict)
    older: int = 0
    unreadable: int = 0


def places() -> list[type[models.Model]]:
    """Every table that holds cipher text, histories included."""
    found = [model for model in apps.get_models(include_auto_created=True) if not model._meta.proxy]
    return sorted((model for model in found if encrypted_fields(model)), key=_label)


def survey() -> dict[str, Count]:
    """How every table stands, and the files that lie encrypted. It reads all of them."""
    tables = {_label(model): _count([row for _pk, row in part] for part in _parts(model)) for model in places()}
    return {**tables, FILES: _count([{"content": _cipher_of(file)}] for file in files.sealed())}


def rotate(*, by=None, tell: Callable[[str, int, int], None] = lambda label, done, seen: None) -> Rotation:
    """Encrypt again what is not under the first key; `tell` hears of every batch: the table, how many values were encrypted
    again in this run, how many rows have been looked at.

    Raises Conflict while the database is older than its journal: the replay comes first.
    """
    if journal.restore_needed():
        raise Conflict(_("The database is older than its journal. Run replay_journal first, then rotate the keys."))
    rotation, unsealed = Rotation(), 0
    for _round in range(ROUNDS):
        for model in places():
            label, seen = _label(model), 0
            for part in _parts(model):
                seen += len(part)
                count = _again(model, [pk for pk, row in part if _is_older(row)])
                rotation.done[label] = rotation.done.get(label, 0) + count
                unsealed += count
                tell(label, rotation.done[label], seen)
                if unsealed >= SEAL_EVERY:
                    journal.keep(wait=False)
                    unsealed = 0
        rotation.done[FILES] = rotation.done.get(FILES, 0) + _files_again()
        counts = survey().values()
        rotation.older, rotation.unreadable = sum(row.older for row in counts), sum(row.unreadable for row in counts)
        if not rotation.older:
            break
        # What is left was held by somebody, or has been saved meanwhile by a process that still has the older key first.
        time.sleep(PAUSE)
    _record(rotation, by)
    return rotation


def faults() -> list[str]:
    """A sentence for each table whose first or last value no key opens: a key was taken away that is still needed."""
    try:
        return [
            _("%(table)s holds values that no key of FIELD_KEYS opens. Put the key back that was taken away, as the last one.")
            % {"table": model._meta.db_table}
            for model in places()
            if any(_state(value) is None for row in _ends(model) for value in row.values())
        ]  # fmt: skip
    except (OperationalError, ProgrammingError):
        # Before the first migration, and while the database does not answer, there is nothing to look at.
        return []


def check(databases=None, **kwargs) -> list[Error]:
    """The same as a system check (`manage.py check --database default`, and before `migrate`)."""
    return [Error(sentence, id="salescontrol.E002") for sentence in faults()] if databases else []


def refuse_unreadable() -> None:
    """Raise ImproperlyConfigured when a key that is needed is missing, before people meet pages that cannot be shown."""
    found = faults()
    if found:
        raise ImproperlyConfigured(" ".join(found))


def _label(model: type[models.Model]) -> str:
    return str(model._meta.label_lower)


def _cipher_of(file: Attachment) -> str:
    return fields.cipher_text(files.path_of(file).read_bytes())


def _count(parts: Iterable[list[dict[str, str]]]) -> Count:
    count = Count()
    for part in parts:
        states = [_state(value) for row in part for value in row.values()]
        count.values += len(states)
        count.older += states.count(False)
        count.unreadable += states.count(None)
    return count


def _state(cipher: str) -> bool | None:
    """Whether the value stands under the first key; None when no key opens it."""
    if fields.is_newest(cipher):
        return True
    try:
        fields.decrypt(cipher)
    except (InvalidToken, ValueError):
        return None
    return False


def _is_older(row: dict[str, str]) -> bool:
    return any(_state(value) is False for value in row.values())


def _ciphers(model: type[models.Model], rows: models.QuerySet) -> models.QuerySet:
    """(pk, cipher text of each encrypted column, empty where there is none)."""
    names = [item.attname for item in encrypted_fields(model)]
    hidden = {f"cipher_{name}": Cast(F(name), TextField()) for name in names}
    return rows.annotate(**hidden).values_list("pk", *hidden)


def _filled(model: type[models.Model], rows: Sequence[tuple]) -> list[Row]:
    names = [item.attname for item in encrypted_fields(model)]
    return [
        (pk, {name: value for name, value in zip(names, values, strict=True) if value}) for pk, *values in rows
    ]  # fmt: skip


def _parts(model: type[models.Model]) -> Iterator[list[Row]]:
    """All rows in the order of their keys, a batch at a time, with the cipher text that they hold."""
    last = None
    while True:
        rows = (
            model._base_manager.order_by("pk")
            if last is None
            else model._base_manager.order_by("pk").filter(pk__gt=last)
        )
        part = _filled(model, list(_ciphers(model, rows)[:BATCH]))
        if not part:
            return
        yield part
        last = part[-1][0]


def _ends(model: type[models.Model]) -> Iterator[dict[str, str]]:
    for order in ("pk", "-pk"):
        for _pk, row in _filled(model, list(_ciphers(model, model._base_manager.order_by(order))[:20])):
            yield row


def _again(model: type[models.Model], pks: Sequence[int]) -> int:
    """Encrypt these rows again; returns how many values."""
    if not pks:
        return 0
    with transaction.atomic():
        return _of_evidence(model, pks) if model in evidence_models() else _of_business(model, pks)


def _of_evidence(model: type[models.Model], pks: Sequence[int]) -> int:
    # Read while nobody else rewrites: an erasure in between must not be undone.
    seals.alone(wait=True)
    rows = _filled(model, list(_ciphers(model, model._base_manager.filter(pk__in=pks))))
    changes = {pk: _clear(row) for pk, row in rows}
    rewriting.rewrite(model, {pk: row for pk, row in changes.items() if row}, reason=RewritingReason.KEYS, by=None)
    return sum(len(row) for row in changes.values())


def _of_business(model: type[models.Model], pks: Sequence[int]) -> int:
    free = model._base_manager.filter(pk__in=pks).order_by("pk").select_for_update(skip_locked=True, no_key=True)
    rows = [(pk, old) for pk, row in _filled(model, list(_ciphers(model, free))) if (old := _clear(row))]
    if not rows:
        return 0
    quote, key, done = connection.ops.quote_name, str(model._meta.pk.column), 0
    with connection.cursor() as cursor:
        for item in encrypted_fields(model):
            put = f"UPDATE {quote(model._meta.db_table)} SET {quote(str(item.column))} = %s WHERE {quote(key)} = %s"  # noqa: S608 - names of ours
            values = [(fields.encrypt(row[item.attname]), pk) for pk, row in rows if item.attname in row]
            cursor.executemany(put, values)
            done += len(values)
    audit.record(ROWS, detail={"table": _label(model), "rows": [pk for pk, _row in rows]})
    return done


def _files_again() -> int:
    """Encrypt the sealed files again; returns how many."""
    older = [file.pk for file in files.sealed() if _state(_cipher_of(file)) is False]
    for pk in older:
        with transaction.atomic():
            files.seal_again(pk)
    return len(older)


def _clear(row: dict[str, str]) -> dict[str, str]:
    """The clear text of what stands under an older key."""
    return {name: fields.decrypt(value) for name, value in row.items() if _state(value) is False}


def _record(rotation: Rotation, by: Any) -> None:
    detail = {
        "count": sum(rotation.done.values()), "tables": {label: count for label, count in rotation.done.items() if count},
        "left": rotation.older, "unreadable": rotation.unreadable,
    }  # fmt: skip
    audit.record(ACT, by=by, detail=detail)
