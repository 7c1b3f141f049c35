"""Proves that evidence is as it was written (quality A2): recomputes every digest, follows the chain of seals and the chain of the
journal, compares the two, and names what does not fit. It reads only.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from itertools import chain, groupby
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy

from salescontrol.core import append_only, guards, journal, rewriting, seals
from salescontrol.core.models import Rewriting, RewritingReason, Seal, SealedRow

# A row dated so long before the seal ahead of its own should have been in that one.
BACKDATED = timedelta(hours=3)
CHUNK = 2000
SENTENCES = {
    "guard_missing": gettext_lazy("The guard of the table %(table)s is gone or switched off."),
    "row_changed": gettext_lazy("%(model)s %(row)s was changed after seal %(seal)s was laid on it."),
    "row_missing": gettext_lazy("%(model)s %(row)s was deleted after seal %(seal)s was laid on it."),
    "row_unsealed": gettext_lazy("%(model)s %(row)s has no seal although later rows have one: it was put in afterwards."),
    "row_backdated": gettext_lazy("%(model)s %(row)s bears a time long before seal %(seal)s: it was put in afterwards."),
    "row_rewritten": gettext_lazy("%(model)s %(row)s is not what the journal says of it: it was rewritten and sealed anew."),
    "rewriting_broken": gettext_lazy(
        "The records of how %(model)s %(row)s was rewritten do not lead from seal %(seal)s to what it says now."
    ),
    "rewriting_forbidden": gettext_lazy("%(model)s %(row)s is said to have been rewritten, which nothing allows."),
    "rewriting_stray": gettext_lazy("%(model)s %(row)s is said to have been rewritten, but there is no such row."),
    "seal_changed": gettext_lazy("Seal %(seal)s does not fit its rows: it or the list of its rows was changed."),
    "seal_cut_off": gettext_lazy("Seal %(seal)s is not built on the seal before it: something between them was changed."),
    "seals_missing": gettext_lazy("Seals %(first)s to %(last)s are missing."),
    "seals_cut_off": gettext_lazy("Seals %(first)s to %(last)s stand in the journal, but not in the database: the end was cut off."),
    "seals_rewritten": gettext_lazy("Seals %(first)s to %(last)s are not those that the journal has anchored: the chain was rewritten."),
    "restore_unknown": gettext_lazy("Seal %(seal)s claims to follow a restore of which the journal knows nothing."),
    "journal_line": gettext_lazy("Line %(line)s of the journal's file %(file)s is damaged, missing or not in its place."),
    "journal_other": gettext_lazy("The journal of another chain lies in the folder %(file)s. Move it away if its database is no more."),
}  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """One thing that does not fit: what (`code`), and where."""

    code: str
    where: dict[str, Any]

    @property
    def sentence(self) -> str:
        """The finding in words, in the reader's language."""
        return str(SENTENCES[self.code]) % self.where


@dataclass
class Proof:
    """What was looked at, and what was found. `restores`: the seals after which a restore is on record; `rewritten`: how many rows
    were rewritten with a record of it, by reason."""

    findings: list[Finding] = field(default_factory=list)
    seals: int = 0
    rows: int = 0
    lines: int = 0
    anchored: int = 0
    restores: list[int] = field(default_factory=list)
    rewritten: Counter[str] = field(default_factory=Counter)

    def as_json(self) -> dict[str, Any]:
        found = [{**asdict(finding), "sentence": finding.sentence} for finding in self.findings]
        return {**asdict(self), "findings": found, "sound": not self.findings}


def verify() -> Proof:
    """Recompute and compare everything; what is sealed meanwhile is left for the next time."""
    proof = Proof()
    known = {seal.number: seal for seal in Seal.objects.order_by("number")}
    proof.seals = len(known)
    proof.restores = [seal.number for seal in known.values() if seal.follows]
    parts = (
        _guards(),
        _chain(known),
        _rows(known, proof),
        _rewritings(),
        _unsealed(),
        _journal(known, proof),
        _others(),
    )
    proof.findings = list(chain.from_iterable(parts))
    return proof


def _guards() -> Iterator[Finding]:
    for table in [*append_only.missing(connection), *guards.missing(connection)]:
        yield Finding("guard_missing", {"table": table})


def _chain(known: dict[int, Seal]) -> Iterator[Finding]:
    """Every seal fits its rows and is built on the one before it."""
    digests = _digests_by_seal()
    before: Seal | None = None
    for seal in known.values():
        number, digest = (before.number, before.digest) if before else (0, seals.FIRST)
        follows = seal.follows or seal.number - 1
        if follows > number:
            yield Finding("seals_missing", {"first": number + 1, "last": follows})
        elif seal.previous != digest or follows < number:
            yield Finding("seal_cut_off", {"seal": seal.number})
        rows = digests.get(seal.number, [])
        if seals.digest_of(seal, rows) != seal.digest or len(rows) != seal.count:
            yield Finding("seal_changed", {"seal": seal.number})
        before = seal


def _digests_by_seal() -> dict[int, list[str]]:
    rows = SealedRow.objects.order_by("seal_id", "place").values_list("seal_id", "digest")
    return {
        seal: [digest for _seal, digest in group]
        for seal, group in groupby(rows.iterator(chunk_size=CHUNK), key=lambda row: row[0])
    }


def _rows(known: dict[int, Seal], proof: Proof) -> Iterator[Finding]:
    """Every sealed row is there and says what it said, or what the records of its rewritings lead to."""
    versions = seals.versions()
    ends = [since for since, _columns in versions[1:]] + [max(known, default=0) + 1]
    for (since, columns), end in zip(versions, ends, strict=False):
        for label in seals.sealed_models():
            sealed = SealedRow.objects.filter(model=label, seal_id__gte=since, seal_id__lt=end).order_by("row_id")
            for part in _in_chunks(sealed.values_list("row_id", "seal_id", "digest")):
                proof.rows += len(part)
                yield from _compare(label, part, columns.get(label), known, proof)


def _in_chunks(rows) -> Iterator[list[tuple[int, int, str]]]:
    part: list[tuple[int, int, str]] = []
    for row in rows.iterator(chunk_size=CHUNK):
        part.append(row)
        if len(part) == CHUNK:
            yield part
            part = []
    if part:
        yield part


def _compare(label: str, part, columns, known: dict[int, Seal], proof: Proof) -> Iterator[Finding]:
    ids = [row_id for row_id, _seal, _digest in part]
    rows = seals.sealed_models()[label]._base_manager.filter(pk__in=ids)
    now, chains = _digests_and_chains(label, part, rows, columns)
    proof.rewritten.update(reason for records in chains.values() for reason in {record.reason for record in records})
    moments = dict(rows.values_list("pk", _moment(label)))
    brought = _brought(label, rows)
    for row_id, seal, digest in part:
        where = {"model": label, "row": row_id, "seal": seal}
        if row_id not in now:
            yield Finding("row_missing", where)
        elif fault := _fault(digest, chains.get(row_id, []), now[row_id]):
            yield Finding(fault, where)
        elif row_id not in brought and _is_backdated(moments[row_id], known.get(seal), known.get(seal - 1)):
            yield Finding("row_backdated", where)


def _digests_and_chains(label: str, part, rows, columns) -> tuple[dict[int, str], dict[int, list[Rewriting]]]:
    """What the rows say now and how they were rewritten. If that does not fit, both are read again while nobody rewrites:
    a rotation of keys may have come in between."""
    ids = [row_id for row_id, _seal, _digest in part]
    chains = rewriting.chains(label, ids)
    now = dict(seals.row_digests(label, rows, columns))
    if any(row_id in now and _fault(digest, chains.get(row_id, []), now[row_id]) for row_id, _seal, digest in part):
        with transaction.atomic():
            seals.alone(wait=True)
            return dict(seals.row_digests(label, rows, columns)), rewriting.chains(label, ids)
    return now, chains


def _fault(sealed: str, records: Sequence[Rewriting], now: str) -> str:
    """What is wrong with a row: it was rewritten before or after its seal was laid on it, and the records of that must follow
    each other from the first digest to the one of now, with the sealed digest among them."""
    steps = [record.before for record in records[:1]] + [record.after for record in records]
    linked = all(record.before == step for record, step in zip(records, steps, strict=False))
    if not records:
        return "" if now == sealed else "row_changed"
    if not linked or sealed not in steps or (now != steps[-1] and now in {sealed, *steps}):
        return "rewriting_broken"
    return "" if now == steps[-1] else "row_changed"


def _rewritings() -> Iterator[Finding]:
    """No record of a rewriting is about what must not be rewritten, or about a row that is not there."""
    for reason in RewritingReason.values:
        allowed = [label for label, model in seals.sealed_models().items() if append_only.rewritable(model, reason)]
        for label, row_id in _distinct(Rewriting.objects.filter(reason=reason).exclude(model__in=allowed)):
            yield Finding("rewriting_forbidden", {"model": label, "row": row_id})
    sealed = SealedRow.objects.filter(model=OuterRef("model"), row_id=OuterRef("row_id"))
    for label, row_id in _distinct(Rewriting.objects.filter(~Exists(sealed))):
        model = seals.sealed_models().get(label)
        if model is None or not model._base_manager.filter(pk=row_id).exists():
            yield Finding("rewriting_stray", {"model": label, "row": row_id})


def _distinct(records) -> list[tuple[str, int]]:
    return sorted(set(records.values_list("model", "row_id")))


def _moment(label: str) -> str:
    names = {item.name for item in seals.sealed_models()[label]._meta.concrete_fields}
    return next(name for name in ("history_date", "at", "decided_at") if name in names)


def _brought(label: str, rows) -> set[int]:
    """The rows that tell of a time before this system was used, and say so by their action (`brought` of their model)."""
    actions = getattr(seals.sealed_models()[label], "brought", ())
    return set(rows.filter(action__in=actions).values_list("pk", flat=True)) if actions else set()


def _is_backdated(moment: datetime, seal: Seal | None, before: Seal | None) -> bool:
    """A full seal had left rows for the next one; after a restore rows come back with the times they had."""
    if seal is None or before is None or seal.follows or before.count >= seals.BATCH:
        return False
    return moment < before.at - BACKDATED


def _unsealed() -> Iterator[Finding]:
    """Below the mark nothing is left without a seal."""
    for label, mark in seals.marks().items():
        sealed = SealedRow.objects.filter(model=label, row_id=OuterRef("pk"))
        rows = seals.sealed_models()[label]._base_manager.filter(~Exists(sealed), pk__lte=mark)
        for pk in rows.order_by("pk").values_list("pk", flat=True):
            yield Finding("row_unsealed", {"model": label, "row": pk})


def _journal(known: dict[int, Seal], proof: Proof) -> Iterator[Finding]:
    """The journal's own chain holds, and its anchors and lines are those of the database."""
    place = journal.folder()
    lost = [(seal.follows, seal.number) for seal in known.values() if seal.follows]
    number, before, announced = 0, seals.FIRST, set()
    rows: list[journal.Line] = []
    cut, rewritten = _Ranges("seals_cut_off"), _Ranges("seals_rewritten")
    for path, count, line in journal.read(place) if place else ():
        proof.lines += 1
        if line is None or line["n"] != number + 1 or line["prev"] != before or journal.line_hash(line) != line["hash"]:
            yield Finding("journal_line", {"file": path.name, "line": count})
        if line is None:
            continue
        number, before = line["n"], line["hash"]
        if line["kind"] == journal.EVENT:
            rows.append(line)
            continue
        proof.anchored = seal = line["seal"]
        announced.update([seal] if "follows" in line else [])
        if not any(first < seal < last for first, last in lost):
            if seal not in known and not _sealed_meanwhile(line, known):
                cut.add(seal)
            elif seal in known and (known[seal].digest, known[seal].count) != (line["digest"], line["count"]):
                rewritten.add(seal)
            yield from _compare_lines(rows)
        rows = []
    yield from (*cut.findings(), *rewritten.findings())
    for seal in proof.restores:
        if seal <= proof.anchored and seal not in announced:
            yield Finding("restore_unknown", {"seal": seal})


def _sealed_meanwhile(line: journal.Line, known: dict[int, Seal]) -> bool:
    newer = line["seal"] > max(known, default=0)
    return newer and Seal.objects.filter(number=line["seal"], digest=line["digest"]).exists()


def _compare_lines(lines: Sequence[journal.Line]) -> Iterator[Finding]:
    """The rows of which the journal has lines are sealed with the digest that stands there."""
    for label, group in groupby(lines, key=lambda line: line["model"]):
        told = {line["row"]: line["digest"] for line in group}
        sealed = SealedRow.objects.filter(model=label, row_id__in=told).values_list("row_id", "digest")
        for row_id, digest in sealed:
            if told[row_id] != digest:
                yield Finding("row_rewritten", {"model": label, "row": row_id})


@dataclass
class _Ranges:
    """Numbers that follow each other make one finding."""

    code: str
    numbers: list[int] = field(default_factory=list)

    def add(self, number: int) -> None:
        self.numbers.append(number)

    def findings(self) -> Iterator[Finding]:
        for _key, group in groupby(enumerate(self.numbers), key=lambda pair: pair[1] - pair[0]):
            part = [number for _place, number in group]
            yield Finding(self.code, {"first": part[0], "last": part[-1]})


def _others() -> Iterator[Finding]:
    for folder in journal.others():
        yield Finding("journal_other", {"file": folder.name})
