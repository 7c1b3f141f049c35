"""Whoever holds the database can change it, but not unnoticed (quality A2, abuse 84): every edit, deletion, swap, insertion, cut and
re-chaining of what the journal has anchored is found, and its place is named."""

import json
import random
import uuid
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import models, transaction

from inventory.models import UnitEvent
from salescontrol.core import audit, clock, journal, proof, seals
from salescontrol.core.models import AuditEvent, Seal, SealedRow
from tests.audit.conftest import as_superuser

SEED, EACH = 20261123, 25


def test_what_is_as_it_was_written_gives_no_finding(chain):
    found = proof.verify()
    assert found.findings == []
    assert found.seals >= 4 and found.anchored == found.seals
    assert found.rows == SealedRow.objects.count() > 50


def _other(field: models.Field, value, chance: random.Random):
    """Another value that the column takes."""
    if isinstance(field, models.BooleanField):
        return not value
    if isinstance(field, models.UUIDField):
        return uuid.UUID(int=chance.getrandbits(128))
    if isinstance(field, models.JSONField):
        return {"changed": chance.random()}
    if isinstance(field, models.DecimalField):
        return (value or Decimal(1)) + chance.randint(1, 9)
    if isinstance(field, models.DateTimeField):
        return (value or datetime.now().astimezone()) - timedelta(seconds=chance.randint(1, 99_999))
    if isinstance(field, models.DateField):
        return (value or date(2026, 1, 1)) - timedelta(days=chance.randint(1, 99))
    if isinstance(field, models.CharField | models.TextField):
        other = ("" if value else "x") if (field.max_length or 99) == 1 else f"{value or ''}~"
        return other if len(other) <= (field.max_length or 999) else "~" + str(value)[1:]
    return (value or 0) + chance.randint(1000, 9999)


def _some(chance: random.Random, count: int = 1, *, skip: tuple[str, ...] = ()):
    """A model that has so many sealed rows, and the rows."""
    labels = sorted(set(SealedRow.objects.values_list("model", flat=True)) - set(skip))
    chance.shuffle(labels)
    for label in labels:
        pks = list(SealedRow.objects.filter(model=label).order_by("row_id").values_list("row_id", flat=True))
        if len(pks) >= count:
            return label, seals.sealed_models()[label], chance.sample(pks, count)
    raise AssertionError("there is no such model")


def edit(chance):
    label, model, (pk,) = _some(chance)
    row = model._base_manager.get(pk=pk)
    field = chance.choice([field for field in model._meta.concrete_fields if not field.primary_key])
    value = _other(field, getattr(row, field.attname), chance)
    model._base_manager.filter(pk=pk).update(**{field.attname: value})
    return {("row_changed", label, pk)}


def delete(chance):
    label, model, (pk,) = _some(chance)
    model._base_manager.filter(pk=pk)._raw_delete("default")
    return {("row_missing", label, pk)}


def swap(chance):
    label, model, pks = _some(chance, 2, skip=("inventory.unitevent",))
    pair = [model._base_manager.filter(pk=pk) for pk in pks]
    first, second = (
        {field.attname: value for field, value in zip(model._meta.concrete_fields, rows.values_list()[0], strict=True)
         if not field.primary_key}
        for rows in pair
    )  # fmt: skip
    pair[0].update(**second)
    pair[1].update(**first)
    return {("row_changed", label, pk) for pk in pks}


def insert_below(chance):
    """An old number that was free: the row stands among others that have long been sealed."""
    label, model, (pk,) = _some(chance, skip=("core.approvaldecision",))
    row = model._base_manager.get(pk=pk)
    row.pk = model._base_manager.order_by("pk").first().pk - chance.randint(1, 99)
    if isinstance(row, UnitEvent):
        row.op_id, row.seq = uuid.UUID(int=chance.getrandbits(128)), row.seq + 7000
    model._base_manager.bulk_create([row])
    return {("row_unsealed", label, row.pk)}


def insert_backdated(chance):
    """A new number and an old date: the sealer takes it for new, its date tells."""
    row = AuditEvent(action="sign_in", at=clock.now() - timedelta(hours=chance.randint(5, 500)))
    AuditEvent.objects.bulk_create([row])
    seals.seal_due()
    return {("row_backdated", "core.auditevent", row.pk)}


def cut_off_the_end(chance):
    last = Seal.objects.count()
    first = chance.randint(2, last)
    for label, pk in SealedRow.objects.filter(seal__gte=first).values_list("model", "row_id"):
        seals.sealed_models()[label]._base_manager.filter(pk=pk)._raw_delete("default")
    SealedRow.objects.filter(seal__gte=first)._raw_delete("default")
    Seal.objects.filter(number__gte=first)._raw_delete("default")
    return {("seals_cut_off", first, last)}


def _seal_anew(first: int) -> None:
    """Recompute everything from this seal on, as the sealer would have done it."""
    previous = Seal.objects.filter(number=first - 1).values_list("digest", flat=True).first() or seals.FIRST
    for seal in Seal.objects.filter(number__gte=first).order_by("number"):
        rows = list(seal.rows.order_by("place"))
        now = dict(seals.digests([(row.model, row.row_id) for row in rows]))
        rows = [row for row in rows if (row.model, row.row_id) in now]
        seal.rows.all()._raw_delete("default")
        for place, row in enumerate(rows, start=1):
            row.place, row.digest = place, now[row.model, row.row_id]
        SealedRow.objects.bulk_create(rows)
        seal.previous, seal.count = previous, len(rows)
        previous = seal.digest = seals.digest_of(seal, [row.digest for row in rows])
        Seal.objects.filter(pk=seal.pk).update(previous=seal.previous, count=seal.count, digest=seal.digest)


def rewrite_the_chain(chance):
    change = chance.choice([edit, delete])
    (_code, label, pk) = min(change(chance))
    first, last = SealedRow.objects.get(model=label, row_id=pk).seal_id, Seal.objects.count()
    _seal_anew(first)
    if first == 1:  # The chain has another name then, and the journal of the old one lies beside.
        return {("journal_other",)}
    named = {("row_rewritten", label, pk)} if label == "inventory.unitevent" and change is edit else set()
    return {("seals_rewritten", first, last)} | named


def change_a_seal(chance):
    number = chance.randint(1, Seal.objects.count())
    field = chance.choice(["count", "note", "at", "digest", "previous"])
    seal = Seal.objects.get(number=number)
    value = _other(Seal._meta.get_field(field), getattr(seal, field), chance)
    Seal.objects.filter(number=number).update(**{field: value})
    return {("seal_changed", number)}


def change_the_list_of_rows(chance):
    row = chance.choice(list(SealedRow.objects.order_by("pk")))
    rows = SealedRow.objects.filter(pk=row.pk)
    rows._raw_delete("default") if chance.random() < 0.5 else rows.update(digest="0" * 64)
    return {("seal_changed", row.seal_id)}


def take_a_seal_out(chance):
    number = chance.randint(2, Seal.objects.count() - 1)
    SealedRow.objects.filter(seal=number)._raw_delete("default")
    Seal.objects.filter(number=number)._raw_delete("default")
    return {("seals_missing", number, number)}


KINDS = (edit, delete, swap, insert_below, insert_backdated, cut_off_the_end, rewrite_the_chain, change_a_seal,
         change_the_list_of_rows, take_a_seal_out)  # fmt: skip


def _named(found: proof.Proof) -> set[tuple]:
    names = set()
    for finding in found.findings:
        where = finding.where
        if "row" in where:
            names.add((finding.code, where["model"], where["row"]))
        elif "first" in where:
            names.add((finding.code, where["first"], where["last"]))
        else:
            names.add((finding.code, *([where["seal"]] if "seal" in where else [])))
    return names


@pytest.mark.slow
def test_abuse_84_every_tampering_is_found_and_named(chain, record_property):
    """250 of them, ten kinds in turn, each undone before the next."""
    chance, unnamed = random.Random(SEED), []
    with as_superuser():
        for number in range(EACH * len(KINDS)):
            kind = KINDS[number % len(KINDS)]
            point = transaction.savepoint()
            expected = kind(chance)
            named = _named(proof.verify())
            if not expected <= named:
                unnamed.append((kind.__name__, expected, sorted(named, key=str)[:5]))
            transaction.savepoint_rollback(point)
            seals._MARKS.clear()
    record_property("tamperings", EACH * len(KINDS))
    assert unnamed == []


def test_abuse_84_the_journal_itself_cannot_be_changed_unnoticed(chain):
    place = journal.folder()
    path = journal.files(place)[0]
    lines = path.read_bytes().splitlines(keepends=True)
    middle = len(lines) // 2
    line = json.loads(lines[middle])
    changed = json.dumps({**line, "row" if line["kind"] == "event" else "count": 999_999}).encode() + b"\n"
    for spoilt in (
        [*lines[:middle], changed, *lines[middle + 1 :]],
        [*lines[:middle], *lines[middle + 1 :]],
        [*lines[:middle], lines[middle + 1], lines[middle], *lines[middle + 2 :]],
        [*lines[:middle], b"not a line\n", *lines[middle:]],
    ):
        path.write_bytes(b"".join(spoilt))
        found = [item for item in proof.verify().findings if item.code == "journal_line"]
        assert found and found[0].where["line"] in (middle + 1, middle + 2)


def test_a_line_cut_short_by_a_crash_is_written_again(chain, people):
    path = journal.files(journal.folder())[0]
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) - 40])
    journal.write_due()
    assert proof.verify().findings == []


def test_the_record_goes_on_when_a_migration_adds_a_column(chain, monkeypatch):
    plain = seals.columns_of
    shorter = lambda model: [name for name in plain(model) if name != "request_id"]  # noqa: E731 - one word for the patch
    monkeypatch.setattr(seals, "columns_of", shorter)
    audit.record("export", detail={"what": "before"})
    journal.keep()
    monkeypatch.setattr(seals, "columns_of", plain)
    audit.record("export", detail={"what": "after"})
    journal.keep()
    assert proof.verify().findings == []
    assert len(seals.columns_since()) == 3


def test_abuse_84_a_guard_that_is_gone_is_named(chain, capsys):
    with as_superuser():
        codes = {finding.code for finding in proof.verify().findings}
        assert codes == {"guard_missing"}
        with pytest.raises(SystemExit) as ended:
            call_command("verify_audit", json=True)
    assert ended.value.code == 1
    told = json.loads(capsys.readouterr().out)
    assert not told["sound"] and told["findings"][0]["sentence"]


def test_a_database_older_than_its_journal_seals_nothing_and_says_so(chain):
    with as_superuser():
        cut_off_the_end(random.Random(1))
        assert journal.state().restore_needed and journal.state().alarm
        before = Seal.objects.count()
        audit.record("export")
        journal.keep()
        assert Seal.objects.count() == before
