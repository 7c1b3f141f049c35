"""Nothing important changes without a record, and records stay as they were written (architecture rule 8, quality A1, A3)."""

import uuid
from datetime import time

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import DatabaseError, connection, models, transaction
from django.db.models import CASCADE

from enquiries.models import Customer, RotationTurn
from inventory.states import Status
from salescontrol.core import approvals, audit, clock, rewriting, seals
from salescontrol.core.append_only import append_only_models, evidence_models, history_models
from salescontrol.core.models import ApprovalDecision
from salescontrol.core.permissions import Role
from tests import build
from tests.architecture.source import APPS

# Models without a history of their own, each with its reason.
RECORDED_OTHERWISE = {
    "core.ApprovalDecision": "append-only",
    "core.ApprovalStage": "written once with its request; its decision is append-only",
    "core.Attachment": "written once; its level is that of what it belongs to",
    "contracts.Claim": "the unit's events with its number are its history; no claim moves without one",
    "core.AuditEvent": "append-only",
    "core.Heartbeat": "a sign of life",
    "core.JobRun": "a log of its own",
    "core.Notice": "a message; what it tells of is recorded where it happened",
    "core.NoticeDelivery": "what became of word of a message; the message is in the inbox",
    "core.NumberSequence": "a counter; the numbers stand on the rows that got them",
    "core.Operation": "what became of a form; what it did is recorded where it happened",
    "core.OutboxMessage": "work to be done; its effect is recorded where it happens",
    "core.Rewriting": "append-only",
    "core.Seal": "append-only",
    "core.SealedRow": "append-only",
    "enquiries.Rotation": "a row to lock; the turns are append-only",
    "enquiries.RotationTurn": "append-only",
    "enquiries.IntakeLine": "a line of an import, forgotten with its file; what it becomes has a history",
    "enquiries.ViewingSlot": "follows the viewing, which has a history",
    "inventory.BatchLine": "a line of a hand-over: the file is kept, and what it becomes has a history",
    "inventory.BoardChange": "a bell, kept for a day",
    "inventory.ImportMapping": "a proposal remembered for the next file",
    "inventory.PriceLine": "part of a price list, frozen with it; the unit's price has a history",
    "inventory.ProjectGrant": "granted and taken back as a recorded act",
    "inventory.ProjectGroupGrant": "not used; its package wants the pair",
    "inventory.UnitEvent": "append-only",
    "inventory.UnitInterest": "follows the rows of the apps above, which have a history",
    "security.AttemptCount": "a counter of knocks",
    "security.FormerPassword": "hashes only",
    "security.OneTimeLink": "made and used as recorded acts",
    "security.Rights": "a stamp; the rights themselves are recorded",
    "security.Session": "a record itself: ended sessions stay",
}  # fmt: skip


def business_models():
    return [
        model
        for model in apps.get_models()
        if model._meta.app_label in ("core", *APPS) and not model.__name__.startswith("Historical")
    ]


def test_every_model_has_a_history_or_a_reason():
    without = {model._meta.label for model in business_models() if not hasattr(model, "history")}
    assert without == set(RECORDED_OTHERWISE)


def test_models_that_are_records_refuse_rewriting():
    declared = {model._meta.label for model in append_only_models()}
    assert declared == {name for name, reason in RECORDED_OTHERWISE.items() if reason == "append-only"}


def test_no_history_is_lost_with_its_row():
    """History tables hold the number of their row, not a key that would take them along."""
    for model in apps.get_models():
        if not model.__name__.startswith("Historical"):
            continue
        cascading = [
            field.name for field in model._meta.get_fields()
            if field.is_relation and getattr(field.remote_field, "on_delete", None) is CASCADE and field.concrete
        ]  # fmt: skip
        assert cascading == [], model._meta.label


def test_abuse_17_people_and_units_cannot_be_deleted_from_under_their_records():
    """Every key from a record to a person or a unit protects it."""
    guarded = (get_user_model(), apps.get_model("inventory", "Unit"), apps.get_model("inventory", "Project"))
    own = {"inventory.UnitInterest", "security.FormerPassword", "security.OneTimeLink", "security.Session", "core.Notice",
           "inventory.ProjectGrant", "inventory.ProjectGroupGrant", "inventory.ImportMapping"}  # fmt: skip
    loose = [
        f"{model._meta.label}.{field.name}"
        for model in business_models()
        for field in model._meta.fields
        if field.is_relation
        and field.related_model in guarded
        and field.remote_field.on_delete is CASCADE
        and model._meta.label not in own
    ]
    assert loose == []


def test_what_a_model_calls_personal_is_a_column_of_it_or_of_its_history():
    for model in business_models():
        names = set(getattr(model, "personal", ()))
        known = {field.name for field in model._meta.concrete_fields}
        if hasattr(model, "history"):
            known |= {field.name for field in model.history.model._meta.concrete_fields}
        assert names <= known, model._meta.label


@pytest.fixture
def evidence(people):
    """One row in every append-only table."""
    unit = build.unit(build.building(people.a), by=people.specialist, status=Status.AVAILABLE)
    audit.record("export", by=people.specialist, project_id=people.a.pk, target=unit)
    approval = approvals.Approval.objects.create(
        kind="x", project_id=people.a.pk, subject="x", reason="x", requested_by=people.specialist
    )
    stage = approvals.ApprovalStage.objects.create(approval=approval, number=1, role=Role.SUPERVISOR)
    ApprovalDecision.objects.create(
        stage=stage, agreed=True, decided_by=people.supervisor, requested_by=people.specialist
    )
    out = {
        "project": people.a,
        "line": "BOTH",
        "kind": "OUT",
        "salesperson": people.salesperson,
        "by": people.specialist,
    }
    RotationTurn.objects.create(**out)
    for model in history_models():
        _any_row(model)
    seals.seal_due()
    known = Customer.history.model
    rewriting.rewrite(known, {known.objects.first().pk: {"name": "x"}}, reason="ERASURE", by=None)
    return unit


def _any_row(model) -> None:
    """A row of a history, with something in every column that must have something."""
    given = {models.DecimalField: 1, models.IntegerField: 1, models.DateTimeField: clock.now(), models.DateField: clock.today(),
             models.TimeField: time(9), models.JSONField: {}, models.ForeignKey: 1, models.UUIDField: uuid.uuid4()}  # fmt: skip
    needed = [field for field in model._meta.concrete_fields if not (field.null or field.has_default())]
    model.objects.create(**{
        field.attname: next((value for kind, value in given.items() if isinstance(field, kind)), "")
        for field in needed if field.db_default is models.NOT_PROVIDED and not field.primary_key
    })  # fmt: skip


@pytest.mark.parametrize("model", evidence_models(), ids=lambda model: model._meta.label)
@pytest.mark.parametrize("verb", ["UPDATE", "DELETE"])
def test_evidence_refuses_to_be_rewritten_by_any_statement(evidence, model, verb):
    table = connection.ops.quote_name(model._meta.db_table)
    key = model._meta.pk.column
    statement = f"UPDATE {table} SET {key} = {key}" if verb == "UPDATE" else f"DELETE FROM {table}"
    before = list(model.objects.order_by("pk").values())
    assert before, "the table needs a row, or the test shows nothing"

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)

    assert list(model.objects.order_by("pk").values()) == before


@pytest.mark.parametrize("model", evidence_models(), ids=lambda model: model._meta.label)
def test_evidence_refuses_to_be_rewritten_through_the_orm(evidence, model):
    row, key = model.objects.first(), model._meta.pk.attname
    pk = row.pk
    for attempt in (row.save, row.delete, model.objects.all().delete, lambda: model.objects.update(**{key: pk})):
        with pytest.raises(DatabaseError), transaction.atomic():
            attempt()
    assert model.objects.filter(pk=pk).exists()


@pytest.mark.postgres
@pytest.mark.parametrize("model", evidence_models(), ids=lambda model: model._meta.label)
def test_evidence_refuses_to_be_emptied(evidence, model):
    table = connection.ops.quote_name(model._meta.db_table)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {table} CASCADE")
    assert model.objects.exists()
