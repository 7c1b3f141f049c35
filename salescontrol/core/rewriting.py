"""The one way in which evidence is rewritten, never without a record of it (decisions 18, quality A2, P7).

For two reasons only: cipher text under newer keys, and personal data that is erased. Which columns those are, the models say
(`append_only.rewritable`); the database refuses all others, and every rewriting whose record is not written with it. The record
holds the digests before and after, over the columns that the row's seal covers, so that `core.proof` can follow it.
"""

import json
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import FieldError, ObjectDoesNotExist
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models, transaction

from salescontrol.core import append_only, seals
from salescontrol.core.fields import EncryptedTextField
from salescontrol.core.models import Rewriting, RewritingReason, SealedRow

BATCH = 500
Changes = Mapping[int, Mapping[str, Any]]


@dataclass(frozen=True)
class _Row:
    """One row to be rewritten: its digests, and its new values as the database holds them."""

    pk: int
    before: str
    after: str
    said: dict[str, Any]


def rewrite(model: type[models.Model], changes: Changes, *, reason: str, by, about: str = "") -> int:
    """Give rows of evidence new values (by primary key and attribute, in clear), each with its record; returns how many rows
    say something else now. Part of the caller's transaction; until that ends nothing is sealed.

    Raises FieldError for a column that may not be rewritten for this reason, ObjectDoesNotExist for a row that is not there.
    """
    allowed = append_only.rewritable(model, reason)
    refused = {name for values in changes.values() for name in values} - allowed.keys()
    if refused:
        raise FieldError(
            f"{model._meta.label}: {', '.join(sorted(refused))} may not be rewritten for the reason {reason}"
        )
    done, pks = 0, sorted(changes)
    with transaction.atomic():
        seals.alone(wait=True)
        versions = seals.versions()
        for start in range(0, len(pks), BATCH):
            part = {pk: changes[pk] for pk in pks[start : start + BATCH]}
            rows = list(_prepared(model, part, versions))
            _write(model, rows, reason, about, by)
            done += len(rows)
    return done


def chains(label: str, pks: Iterable[int]) -> dict[int, list[Rewriting]]:
    """The rewritings of these rows in their order."""
    found: dict[int, list[Rewriting]] = {}
    for row in Rewriting.objects.filter(model=label, row_id__in=pks).order_by("pk"):
        found.setdefault(row.row_id, []).append(row)
    return found


def _prepared(model: type[models.Model], changes: Changes, versions: Sequence[tuple[int, dict]]) -> Iterator[_Row]:
    """The rows that will say something else, each digested over the columns under its seal."""
    label = str(model._meta.label_lower)
    fields = append_only.rewritable(model, RewritingReason.ERASURE)
    found = dict(seals.row_values(label, model._base_manager.filter(pk__in=changes)))
    if found.keys() != changes.keys():
        raise ObjectDoesNotExist(f"{label}: {sorted(changes.keys() - found.keys())}")
    sealed = dict(SealedRow.objects.filter(model=label, row_id__in=changes).values_list("row_id", "seal_id"))
    for pk in sorted(changes):
        said = {name: _stored(fields[name], value) for name, value in changes[pk].items()}
        if any(found[pk][name] != value for name, value in said.items()):
            covered = _covered(label, sealed.get(pk), versions)
            before, after = (_digest(label, values, covered) for values in (found[pk], {**found[pk], **said}))
            yield _Row(pk, before, after, said)


def _covered(label: str, seal: int | None, versions: Sequence[tuple[int, dict]]) -> Sequence[str] | None:
    """The columns that this seal covers; those of today for a row that has none yet."""
    if seal is None:
        return None
    place = bisect_right(versions, seal, key=lambda version: version[0]) - 1
    return versions[place][1].get(label) if place >= 0 else None


def _digest(label: str, values: Mapping[str, Any], covered: Sequence[str] | None) -> str:
    return seals.row_digest(label, {name: values[name] for name in values if covered is None or name in covered})


def _stored(field: models.Field, value: Any) -> Any:
    """A value as a later read finds it, cipher text as it is."""
    return field.get_prep_value(value) if isinstance(field, EncryptedTextField) else field.to_python(value)


def _write(model: type[models.Model], rows: Sequence[_Row], reason: str, about: str, by) -> None:
    if not rows:
        return
    if connection.vendor == "postgresql":
        _through_the_function(model, rows, reason, about, by)
    else:
        _past_the_trigger(model, rows)
        label = str(model._meta.label_lower)
        Rewriting.objects.bulk_create(
            Rewriting(model=label, row_id=row.pk, before=row.before, after=row.after, reason=reason, about=about, by=by)
            for row in rows
        )


def _through_the_function(model: type[models.Model], rows: Sequence[_Row], reason: str, about: str, by) -> None:
    fields = append_only.rewritable(model, reason)
    told = [
        {"pk": row.pk, "before": row.before, "after": row.after,
         "said": {fields[name].column: value for name, value in row.said.items()}}
        for row in rows
    ]  # fmt: skip
    given = [
        str(model._meta.label_lower),
        json.dumps(told, cls=DjangoJSONEncoder),
        reason,
        about,
        by.pk if by else None,
    ]
    with connection.cursor() as cursor:
        cursor.execute("SELECT rewrite_evidence(%s::text, %s::jsonb, %s::text, %s::text, %s::bigint)", given)


def _past_the_trigger(model: type[models.Model], rows: Sequence[_Row]) -> None:
    quote, table = connection.ops.quote_name, model._meta.db_table
    fields = append_only.rewritable(model, RewritingReason.ERASURE)
    with append_only.lifted(connection, table), connection.cursor() as cursor:
        for row in rows:
            named = [fields[name] for name in row.said]
            values = [
                value if isinstance(field, EncryptedTextField) else field.get_db_prep_save(value, connection)
                for field, value in zip(named, row.said.values(), strict=True)
            ]
            put = ", ".join(f"{quote(str(field.column))} = %s" for field in named)
            where = quote(str(model._meta.pk.column))
            cursor.execute(f"UPDATE {quote(table)} SET {put} WHERE {where} = %s", [*values, row.pk])  # noqa: S608 - names of ours
