"""Nothing important changes without a record, by whichever path (quality A1, abuse 24): twelve paths × what matters most.

On PostgreSQL each path leaves a record or is refused at commit; on SQLite the paths through the product leave one.
"""

from datetime import timedelta

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, models, transaction
from django.db.migrations.operations import RunPython
from django.db.models import F, Value
from django.db.models.functions import Concat
from django.urls import reverse

from contracts.models import Claim
from enquiries.models import Customer
from inventory.models import PriceLine, PriceList, ProjectGrant, Unit, UnitEvent
from inventory.states import Status
from salescontrol.core import clock, jobs, options
from salescontrol.core.history import save_tracked
from salescontrol.core.models import AuditEvent, Setting
from salescontrol.core.permissions import Role
from security.models import User
from security.services import grants
from tests import build
from tests.contracts.stock import customer, hold

TABLES = ("unit status", "unit price", "claim", "customer", "price list", "price line", "user", "role", "setting")


@pytest.fixture
def rows(transactional_db, people):
    """One row of each kind, made earlier (in transactions of their own)."""
    unit = build.unit(build.building(people.a), by=people.specialist)
    who = customer(people.a, people.salesperson)
    claim = hold(unit, who, people.salesperson, people.specialist)
    prices = save_tracked(
        PriceList(project=people.a, number="P-1", title="x", kind="LIST", reason="x", effective_from=clock.now(), made_by=people.marketing),
        action="price_list.create", by=people.marketing,
    )  # fmt: skip
    with transaction.atomic():
        line = PriceLine.objects.create(price_list=prices, unit=unit, unit_price=1, total=1)
        save_tracked(prices, action="price_list.edit_lines", by=people.marketing)
    with transaction.atomic():
        options.change(by=people.administrator, project_id=None, changes={"hold.hours": 30})
    people.row = {
        "unit status": (Unit, unit.pk, "status", Status.SUBSCRIBED), "unit price": (Unit, unit.pk, "list_total", 5),
        "claim": (Claim, claim.pk, "reason", "x"), "customer": (Customer, who.pk, "name", "x"),
        "price list": (PriceList, prices.pk, "title", "y"), "price line": (PriceLine, line.pk, "total", 5),
        "user": (User, people.colleague.pk, "name", "x"),
        "role": (ProjectGrant, ProjectGrant.objects.filter(user=people.colleague).get().pk, "user_id", people.finance.pk),
        "setting": (Setting, Setting.objects.get().pk, "value", 99),
    }  # fmt: skip
    return people


def _records() -> int:
    """How many records there are of any kind."""
    history = sum(model.history.model.objects.count() for model in apps.get_models() if hasattr(model, "history"))
    return history + UnitEvent.objects.count() + AuditEvent.objects.count()


def by_save(model, pk, field, value):
    row = model._base_manager.get(pk=pk)
    setattr(row, field, value)
    row.save(update_fields=[field.removesuffix("_id")])


def by_update(model, pk, field, value):
    model._base_manager.filter(pk=pk).update(**{field: value})


def by_bulk_update(model, pk, field, value):
    row = model._base_manager.get(pk=pk)
    setattr(row, field, value)
    model._base_manager.bulk_update([row], [field.removesuffix("_id")])


def by_expression(model, pk, field, value):
    kind = model._meta.get_field(field)
    if isinstance(kind, models.DecimalField | models.IntegerField):
        value = F(field) + 1
    elif isinstance(kind, models.CharField) and field != "status":
        value = Concat(F(field), Value("~"))
    by_update(model, pk, field, value)


def by_sql(model, pk, field, value):
    column, prepared = (
        model._meta.get_field(field).column,
        model._meta.get_field(field).get_db_prep_save(value, connection),
    )
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {model._meta.db_table} SET {column} = %s WHERE id = %s", [prepared, pk])


def by_migration(model, pk, field, value):
    """A data migration sees models without our methods and histories."""
    RunPython(
        lambda known, _editor: by_update(known.get_model(model._meta.app_label, model.__name__), pk, field, value)
    ).code(apps, None)


def by_bulk_create(model, pk, field, value):
    """A twin of the row, put in beside it."""
    row = model._base_manager.get(pk=pk)
    row.pk = None
    twin = {"number": "ZZZZ9999", "employee_no": "Z999", "key": "z||1|1", "phone_index": "z", "unit_id": None}
    for name, other in twin.items():
        if name in {item.attname for item in model._meta.concrete_fields}:
            setattr(row, name, other if name != "unit_id" else build.unit(
                apps.get_model("inventory.Building").objects.get(), 30, by=User.objects.first()).pk)  # fmt: skip
    if model is Setting:
        row.project_id = 1
    if model is Claim:
        row.number = "ZZZZ9999"
    if model is ProjectGrant:
        row.user_id = value
    model._base_manager.bulk_create([row])


def by_psql_delete(model, pk, field, value):
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {model._meta.db_table} WHERE id = %s", [pk])


PAST_THE_PRODUCT = (
    by_save,
    by_update,
    by_bulk_update,
    by_expression,
    by_sql,
    by_migration,
    by_bulk_create,
    by_psql_delete,
)


@pytest.mark.postgres
@pytest.mark.parametrize("path", PAST_THE_PRODUCT, ids=lambda path: path.__name__)
def test_abuse_24_a_write_past_the_services_leaves_a_record_or_is_refused(rows, path):
    """All kinds of rows one after another: refused at commit with nothing changed, or a record more than before."""
    silent = []
    for name in TABLES:
        model, pk, field, value = rows.row[name]
        before, count, rows_before = (
            _records(),
            model._base_manager.count(),
            model._base_manager.values_list(field, flat=True),
        )
        was = list(rows_before.filter(pk=pk))
        try:
            with transaction.atomic():
                path(model, pk, field, value)
        except DatabaseError:
            assert list(rows_before.filter(pk=pk)) == was and model._base_manager.count() == count
            continue
        if _records() <= before:
            silent.append(name)
    assert silent == []


@pytest.mark.postgres
def test_a_cascade_takes_nothing_away_without_a_record(rows):
    """Deleting a person or a list in the database would take along what hangs on it."""
    for model, pk in (
        (User, rows.colleague.pk),
        (PriceList, rows.row["price list"][1]),
        (Unit, rows.row["unit price"][1]),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            model._base_manager.filter(pk=pk)._raw_delete("default")
        assert model._base_manager.filter(pk=pk).exists()


@pytest.mark.postgres
@pytest.mark.parametrize("name", ["unit price", "claim", "customer", "price line", "user", "role", "setting"])
def test_guarded_tables_cannot_be_emptied(rows, name):
    table = rows.row[name][0]._meta.db_table
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {table} CASCADE")


def test_a_page_leaves_its_record(rows, sign_in):
    before = Setting.history.count()
    values = {**options.values(None), "hold.hours": 31}
    sign_in(rows.administrator).post(reverse("security:settings"), {key: str(value) for key, value in values.items()})
    assert Setting.objects.get().value == 31
    assert Setting.history.count() == before + 1
    assert Setting.history.first().history_user == rows.administrator


def test_a_service_of_roles_leaves_its_record(rows):
    before = AuditEvent.objects.count()
    grants.set_roles(user=rows.colleague, project_id=rows.a.pk, roles=[Role.FINANCE], by=rows.supervisor)
    acts = AuditEvent.objects.filter(pk__gt=before, target_id=rows.colleague.pk).values_list("action", flat=True)
    assert {"role.revoke", "role.grant"} <= set(acts)


def test_a_job_leaves_its_record(rows, monkeypatch):
    """A hold that runs out: written by the clock, as an event without an actor."""
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + timedelta(days=3))
    jobs.run_due()
    event = UnitEvent.objects.latest("pk")
    assert (event.action, event.actor, event.to_status) == ("claim.expire", None, Status.AVAILABLE)


def test_a_role_of_the_company_needs_its_record_too(rows):
    if connection.vendor != "postgresql":
        return
    with pytest.raises(DatabaseError), transaction.atomic():
        rows.colleague.groups.add(rows.management.groups.get())
