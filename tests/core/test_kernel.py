"""The small parts of the kernel: money, encrypted fields, numbers, settings, notices, history, append-only tables."""

from decimal import Decimal

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import FieldError
from django.db import DatabaseError, connection, models, transaction

from inventory.models import UnitEvent
from inventory.states import Status
from salescontrol.core import audit, fields, history, money, notices, numbering, options
from salescontrol.core.append_only import append_only_models
from salescontrol.core.errors import Refusal
from salescontrol.core.models import AuditEvent, Notice, Setting
from tests import build


def test_totals_are_rounded_half_up_to_whole_yuan():
    assert money.total_of(Decimal("5353"), Decimal("78.13")) == Decimal("418230.00")
    assert money.whole("0.5") == Decimal("1.00")


@pytest.mark.parametrize(
    ("one", "other", "same"), [("100", "100.99", True), ("100", "101", False), (None, None, True), (None, "1", False)]
)
def test_totals_less_than_a_yuan_apart_are_the_same(one, other, same):
    assert money.same_total(one and Decimal(one), other and Decimal(other)) is same


def test_encrypted_text_reads_back_and_hides_itself():
    cipher = fields.encrypt("13812345678")
    assert "13812345678" not in cipher
    assert fields.decrypt(cipher) == "13812345678"
    with pytest.raises(ValueError, match="not encrypted"):
        fields.decrypt("13812345678")


def test_a_blind_index_finds_the_same_text_and_keeps_kinds_apart():
    assert fields.blind_index("phone", "138 1234 5678") == fields.blind_index("phone", "１３８12345678")
    assert fields.blind_index("phone", "13812345678") != fields.blind_index("id", "13812345678")
    assert fields.blind_index("phone", " ") == ""


def test_a_ticket_reads_back_under_an_older_key_too_and_says_nothing_to_anybody_else(settings):
    ticket = fields.ticket("7.1211")
    assert "1211" not in ticket
    assert fields.ticket("7.1211") != ticket
    settings.FIELD_KEYS = [Fernet.generate_key().decode(), *settings.FIELD_KEYS]
    assert fields.read_ticket(ticket) == "7.1211"
    settings.FIELD_KEYS = settings.FIELD_KEYS[:1]
    with pytest.raises(ValueError, match="not a ticket"):
        fields.read_ticket(ticket)


@pytest.mark.parametrize(
    "text", ["", "x", "gAAAAA", "t1_", "t1_价", "t1_" + "A" * 16, "t1_" + "A" * 17, "A" * 400, "t1_" + "a+/b" * 10]
)
def test_what_is_no_ticket_is_refused_in_one_way(text):
    with pytest.raises(ValueError, match="not a ticket"):
        fields.read_ticket(text)


def test_a_changed_ticket_is_none():
    ticket = fields.ticket("7.1211")
    with pytest.raises(ValueError, match="not a ticket"):
        fields.read_ticket(ticket[:3] + ("B" if ticket[3] == "A" else "A") + ticket[4:])


def test_an_encrypted_field_cannot_be_searched_by_equality():
    field = fields.EncryptedTextField(name="phone")
    with pytest.raises(FieldError, match="blind index"):
        field.get_lookup("exact")
    assert issubclass(field.get_lookup("isnull"), models.lookups.IsNull)


@pytest.mark.django_db
def test_numbers_run_on_within_their_series_and_need_a_transaction():
    given = [numbering.next_number("RSC", 2026, "PL") for _ in range(3)]
    assert given == ["RSC-2026-PL-00001", "RSC-2026-PL-00002", "RSC-2026-PL-00003"]
    assert numbering.next_number("RSC", 2027, "PL") == "RSC-2027-PL-00001"


@pytest.mark.django_db(transaction=True)
def test_a_number_of_a_failed_transaction_is_given_again():
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        numbering.next_number("RSC", 2026, "PL")
        raise ZeroDivisionError
    with transaction.atomic():
        assert numbering.next_number("RSC", 2026, "PL") == "RSC-2026-PL-00001"


@pytest.mark.django_db
def test_a_projects_setting_wins_over_the_companys_over_the_default(people):
    assert options.value("hold.hours", people.a.pk) == 24
    options.change(by=people.administrator, project_id=None, changes={"hold.hours": 12})
    options.change(by=people.supervisor, project_id=people.a.pk, changes={"hold.hours": 6})
    assert options.value("hold.hours", people.a.pk) == 6
    assert options.value("hold.hours", people.b.pk) == 12
    assert options.values(people.b.pk)["hold.hours"] == 12
    assert [entry.history_user for entry in Setting.history.filter(project_id=people.a.pk)] == [people.supervisor]


@pytest.mark.django_db
def test_a_setting_out_of_bounds_is_refused_at_its_field(people):
    with pytest.raises(Refusal) as refused:
        options.change(by=people.administrator, project_id=None, changes={"hold.hours": 0})
    assert list(refused.value.fields) == ["hold.hours"]
    assert not Setting.objects.exists()


@pytest.mark.django_db
def test_a_notice_is_told_once_per_key_and_read_by_its_reader_only(people):
    for _ in range(2):
        notices.tell([people.salesperson], "approval.decided", key="one", by="Lin Yue", subject="3-1202")
    notice = Notice.objects.get()
    assert "3-1202" in notices.sentence(notice)
    assert notices.mark_read(by=people.colleague, pk=notice.pk) == 0
    assert notices.mark_read(by=people.salesperson, pk=notice.pk) == 1


@pytest.mark.django_db
def test_a_matter_dealt_with_counts_as_read_in_every_inbox(people):
    notices.tell([people.salesperson, people.colleague], "approval.asked", key="one", by="Wu Qian", subject="3-1202")
    assert notices.settle("one") == 2
    assert not Notice.objects.filter(read_at__isnull=True).exists()


@pytest.mark.django_db
def test_a_life_is_read_back_newest_first_with_who_and_what(people):
    people.a.name = "Riverside Court II"
    history.save_tracked(people.a, action="project.rename", by=people.supervisor)
    newest = history.timeline(people.a)[0]
    assert (newest.by, newest.action) == (people.supervisor, "project.rename")
    assert [(change.field, change.old, change.new) for change in newest.changes] == [
        ("name", "Riverside Court", "Riverside Court II")
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("verb", ["update", "delete"])
def test_the_database_refuses_to_rewrite_evidence(people, verb):
    unit = build.unit(build.building(people.a), by=people.specialist, status=Status.AVAILABLE)
    audit.record("export", by=people.specialist, project_id=people.a.pk, target=unit)
    assert {UnitEvent, AuditEvent} <= set(append_only_models())
    for model in (UnitEvent, AuditEvent):
        statement = (
            f"DELETE FROM {model._meta.db_table}"
            if verb == "delete"
            else f"UPDATE {model._meta.db_table} SET action = 'x'"
        )
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
        assert model.objects.exists()
