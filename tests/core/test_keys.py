"""The field keys are rotated while people work (R7.3, quality P7): everything is encrypted again, histories included, nothing that
somebody saves meanwhile is lost, and everything is found as before."""

import random
from io import StringIO

import pytest
from cryptography.fernet import Fernet
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.db.models import F, TextField
from django.db.models.functions import Cast

from enquiries.models import Customer, CustomerPhone, IdPaper
from enquiries.queries.customers import found
from enquiries.services import customers, numbers
from salescontrol.core import audit, fields, files, guards, journal, keys, proof
from salescontrol.core.access import access_of
from salescontrol.core.append_only import encrypted_fields, history_models
from salescontrol.core.errors import Conflict
from salescontrol.core.models import AuditEvent, NoticeWay, Rewriting, Seal
from security.models import User
from tests.architecture.source import sources
from tests.audit.conftest import _new_chain, as_superuser  # noqa: F401 - a chain of its own for each test
from tests.enquiries.stock import customer
from tests.rivals import Rival

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
PHONE, PAPER = "13912345678", "110101199003072519"


@pytest.fixture
def older(people, settings):
    """What was saved while the older key was the only one: customers with phones, an address and a paper, sealed."""
    settings.FIELD_KEYS = [OLD]
    first = customer(people.a, people.salesperson, name="Zhou Min", number=PHONE)
    customers.change_customer(
        customer=first, name="Zhou Min", phone="", note="", by=people.salesperson, address="Lakeside 7"
    )
    numbers.add_phone(customer=first, phone="13987654321", by=people.salesperson)
    numbers.add_paper(customer=first, kind="RESIDENT", number=PAPER, by=people.salesperson)
    for _number in range(5):
        customer(people.a, people.salesperson)
    journal.keep()
    settings.FIELD_KEYS = [NEW, OLD]
    people.customer = Customer.every.get(pk=first.pk)
    return people


def ciphers() -> dict[tuple, str]:
    """Every cipher text of the database by table, row and column."""
    return {
        (model._meta.label, field.name, pk): value
        for model in apps.get_models()
        for field in encrypted_fields(model)
        for pk, value in model._base_manager.annotate(raw=Cast(F(field.name), TextField())).values_list("pk", "raw")
        if value
    }


def clear_texts() -> dict[tuple, str]:
    return {key: fields.decrypt(value) for key, value in ciphers().items()}


def lives() -> dict[str, int]:
    return {model._meta.label: model._base_manager.count() for model in history_models()}


def test_everything_is_encrypted_again_histories_included_and_says_what_it_said(older, settings):
    before, rows, version = clear_texts(), lives(), older.customer.version
    done = keys.rotate()
    assert (done.older, done.unreadable, sum(done.done.values())) == (0, 0, len(before))
    settings.FIELD_KEYS = [NEW]
    assert clear_texts() == before and any("Historical" in model for model, _field, _pk in before)
    assert lives() == rows
    older.customer.refresh_from_db()
    assert older.customer.version == version
    proved = proof.verify()
    assert proved.findings == []
    assert dict(proved.rewritten) == {"KEYS": Rewriting.objects.count()} and Rewriting.objects.exists()
    told = AuditEvent.objects.get(action=keys.ACT).detail
    assert (told["count"], told["left"], told["unreadable"]) == (len(before), 0, 0)


def test_a_second_rotation_finds_nothing_to_do(older):
    keys.rotate()
    before = ciphers()
    assert sum(keys.rotate().done.values()) == 0
    assert ciphers() == before


def test_customers_are_found_by_phone_last_four_digits_and_paper_all_along(older, settings):
    access = access_of(older.salesperson)

    def all_found() -> bool:
        return all(older.customer in found(access, words) for words in (PHONE, "5678", "4321", PAPER))

    seen = [all_found()]
    keys.rotate(tell=lambda *_batch: seen.append(all_found()))
    settings.FIELD_KEYS = [NEW]
    assert all([*seen, all_found()]) and len(seen) > 5


def test_a_rotation_that_was_ended_goes_on_where_it_was(older, settings, monkeypatch):
    monkeypatch.setattr(keys, "BATCH", 2)
    before, heard = clear_texts(), []

    def end_after_five(label, done, seen) -> None:
        heard.append((label, done))
        if len(heard) == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        keys.rotate(tell=end_after_five)
    assert clear_texts() == before
    first = sum(dict(heard).values())
    assert 0 < first < len(before)
    assert sum(keys.rotate().done.values()) == len(before) - first
    settings.FIELD_KEYS = [NEW]
    assert clear_texts() == before and proof.verify().findings == []


def test_the_command_says_when_the_older_key_may_go(older, settings):
    told = StringIO()
    call_command("rotate_keys", dry_run=True, stdout=told)
    assert "enquiries.customer: 7 values, 7 under older keys" in told.getvalue() and not Rewriting.objects.exists()
    with pytest.raises(SystemExit):
        call_command("rotate_keys", check=True, stdout=StringIO())
    told = StringIO()
    call_command("rotate_keys", stdout=told)
    assert "0 values left under older keys; all keys but the first may be removed from" in told.getvalue()
    settings.FIELD_KEYS = [NEW]
    call_command("rotate_keys", check=True, stdout=StringIO())


def test_a_key_that_was_taken_away_too_early_is_missed_at_the_start(older, settings):
    assert keys.check(databases=["default"]) == []
    settings.FIELD_KEYS = [NEW]
    assert {error.id for error in keys.check(databases=["default"])} == {"salescontrol.E002"}
    with pytest.raises(ImproperlyConfigured, match="enquiries_customer holds values that no key"):
        keys.refuse_unreadable()
    told = StringIO()
    with pytest.raises(SystemExit):
        call_command("rotate_keys", check=True, stdout=told)
    assert "put the missing key back" in told.getvalue()


def test_values_that_no_key_opens_stay_as_they_are_and_are_counted(older, settings):
    before = ciphers()
    settings.FIELD_KEYS = [NEW, Fernet.generate_key().decode()]
    done = keys.rotate()
    assert (done.older, done.unreadable) == (0, len(before))
    assert ciphers() == before


def test_while_the_database_is_older_than_its_journal_nothing_is_rotated(transactional_db, older):
    audit.record("export")
    journal.keep()
    with as_superuser():
        last = Seal.objects.order_by("-pk").first()
        last.rows.all()._raw_delete("default")
        Seal.objects.filter(pk=last.pk)._raw_delete("default")
        with pytest.raises(Conflict, match="replay_journal"):
            keys.rotate()


def test_every_place_is_known_in_which_something_is_encrypted():
    """What is encrypted beside a field would be forgotten by the rotation. The mark of an open board lives for minutes only."""
    places = {
        source.path
        for source in sources()
        for call in source.calls()
        if getattr(call.func, "id", getattr(call.func, "attr", "")) in ("encrypt", "ticket")
    }
    assert places == {"salescontrol/core/fields.py", "salescontrol/core/keys.py", "inventory/views/tokens.py"}
    assert {Customer, CustomerPhone, IdPaper, NoticeWay, NoticeWay.history.model} <= set(keys.places())


def _encrypt_by_hand(row, told: dict, **more) -> None:
    """As the rotation does it, with `told` on record."""
    put = ", ".join(["phone = %s", *(f"{name} = %s" for name in more)])
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE enquiries_customer SET {put} WHERE id = %s", [fields.encrypt(PHONE), *more.values(), row.pk]
        )
        audit.record(guards.ROTATED, detail=told)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.postgres
def test_encrypting_again_needs_no_history_as_long_as_the_act_names_the_row(transactional_db, older):
    row = older.customer
    _encrypt_by_hand(row, {"table": "enquiries.customer", "rows": [row.pk]})
    for told, more in (
        ({"table": "enquiries.customer", "rows": [row.pk + 1]}, {}),
        ({"table": "enquiries.idpaper", "rows": [row.pk]}, {}),
        ({}, {}),
        ({"table": "enquiries.customer", "rows": [row.pk]}, {"name": "somebody"}),
        ({"table": "enquiries.customer", "rows": [row.pk]}, {"phone_index": "x"}),
    ):
        with pytest.raises(DatabaseError, match="without its record"):
            _encrypt_by_hand(row, told, **more)
    # The act of the first transaction frees nothing in another.
    with pytest.raises(DatabaseError, match="without its record"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE enquiries_customer SET phone = %s WHERE id = %s", [fields.encrypt(PHONE), row.pk])


@pytest.mark.postgres
def test_who_holds_a_row_does_not_wait_for_the_rotation_nor_it_for_them(transactional_db, older, monkeypatch):
    monkeypatch.setattr(keys, "ROUNDS", 1)
    with transaction.atomic():
        row = Customer.every.select_for_update().get(pk=older.customer.pk)
        rotation = Rival(keys.rotate)
        assert rotation.told() == "done"
        assert rotation.result.older == 2  # phone and address of the row that is held
        row.note = "held"
        row.save(update_fields=["note"])
        row.history.create(**{
            field.attname: getattr(row, field.attname) for field in row.history.model.tracked_fields
        }, history_date=row.entered_at, history_type="~")  # fmt: skip
    assert keys.rotate().older == 0


@pytest.mark.postgres
def test_what_people_save_during_a_rotation_is_kept(transactional_db, older, settings, monkeypatch):
    monkeypatch.setattr(keys, "BATCH", 2)
    by = User.objects.get(pk=older.salesperson.pk)
    rows = list(Customer.every.order_by("pk"))
    last: dict[int, tuple[str, str]] = {}
    chance, going = random.Random(20261129), [True]

    def work() -> None:
        number = 0
        while going[0] or number < 10:
            number += 1
            row = chance.choice(rows)
            digits, address = f"137{number:08}", f"Street {number}"
            customers.change_customer(customer=row, name="Zhou Min", phone=digits, note="", by=by, address=address)
            last[row.pk] = digits, address

    monkeypatch.setattr("enquiries.services.looks.require_probe", lambda **_asked: None)
    worker = Rival(work)
    rotations = [keys.rotate() for _time in range(3)]
    going[0] = False
    assert worker.told() == "done" and last
    assert rotations[-1].unreadable == 0
    keys.rotate()
    settings.FIELD_KEYS = [NEW]
    for pk, (digits, address) in last.items():
        row = Customer.every.get(pk=pk)
        assert (row.phone, row.address) == (digits, address)
        assert CustomerPhone.every.get(customer=pk, is_main=True).number == digits
    counts = keys.survey().values()
    assert (sum(count.older for count in counts), sum(count.unreadable for count in counts)) == (0, 0)
    assert proof.verify().findings == []


def test_files_that_lie_encrypted_are_encrypted_again(older, settings, django_capture_on_commit_callbacks):
    content = "姓名,电话\n周敏,13800030001\n".encode()
    settings.FIELD_KEYS = [OLD]
    sealed = files.take_in(SimpleUploadedFile("list.csv", content), by=older.specialist, kinds=("sheet",), sealed=True)
    plain = files.take_in(SimpleUploadedFile("plain.csv", content), by=older.specialist, kinds=("sheet",))
    path, left_alone = files.path_of(sealed), files.path_of(plain).read_bytes()
    settings.FIELD_KEYS = [NEW, OLD]
    assert keys.survey()["files"] == keys.Count(values=1, older=1)
    with django_capture_on_commit_callbacks(execute=True):
        rotation = keys.rotate()
    assert (rotation.done["files"], rotation.older, rotation.unreadable) == (1, 0, 0)
    settings.FIELD_KEYS = [NEW]
    sealed.refresh_from_db()
    assert files.content_of(sealed) == content
    assert not path.exists()
    assert files.path_of(plain).read_bytes() == left_alone
