"""The audit trail as people read it, who saw whom, and the check with its freeze (quality A4, A6, R7.5)."""

import json
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from contracts.models import Claim
from inventory.models import Unit, UnitLock
from inventory.states import Lock, Status
from salescontrol.core import audit, clock, jobs, journal, keys
from salescontrol.core.access import access_of
from salescontrol.core.errors import Conflict, Forbidden, Refusal
from salescontrol.core.models import AuditEvent, Notice, Rewriting
from security.queries import consistency, trail
from security.services import consistency as service
from tests import build, engines
from tests.contracts.stock import customer, hold

pytestmark = pytest.mark.django_db
TRAIL, SEEN, CHECK = (reverse(f"security:{name}") for name in ("trail", "seen", "consistency"))


@pytest.fixture
def acts(people):
    """Acts on a unit and a customer of project A, and one in project B."""
    people.unit = build.unit(build.building(people.a), by=people.specialist)
    people.customer = customer(people.a, people.salesperson)
    audit.record("customer.see", by=people.specialist, project_id=people.a.pk, target=people.customer)
    audit.record(
        "customer.reveal",
        by=people.finance,
        project_id=people.a.pk,
        target=people.customer,
        detail={"purpose": "payment"},
    )
    audit.record("unit.discard", by=people.specialist, project_id=people.a.pk, target=people.unit)
    audit.record("export", by=people.other_supervisor, project_id=people.b.pk, detail={"what": "Units of Hill Garden"})
    return people


def body(response) -> str:
    assert response.status_code == 200
    return response.content.decode()


def test_a_supervisor_reads_their_own_project_management_reads_all(acts, sign_in):
    page = body(sign_in(acts.supervisor).get(TRAIL))
    assert "Looked at a customer" in page and acts.customer.number in page
    assert "Units of Hill Garden" not in page
    assert "Units of Hill Garden" in body(sign_in(acts.management).get(TRAIL))


@pytest.mark.parametrize(
    ("asked", "inside", "outside"),
    [
        ({"who": "He Fang"}, "Saw personal data in full", "Discarded a draft ("),
        ({"action": "unit.discard"}, "3#-1202", "payment"),
        ({"object": "3#-1202"}, "Discarded a draft (", "payment"),
        ({"until": "2020-01-01"}, "Nothing matches the filter", "payment"),
    ],
)
def test_the_trail_is_filtered_by_who_what_on_which_and_when(acts, sign_in, asked, inside, outside):
    page = body(sign_in(acts.supervisor).get(TRAIL, asked))
    assert inside in page and outside not in page


def test_taking_the_trail_away_is_on_record_before_it_leaves(acts, sign_in):
    answer = sign_in(acts.supervisor).get(TRAIL, {"format": "xlsx"})
    assert "spreadsheet" in answer["Content-Type"]
    assert AuditEvent.objects.filter(action="export", actor=acts.supervisor, detail__what="Audit trail").exists()


def test_who_saw_a_customer_is_answered_by_their_number(acts, sign_in):
    page = body(sign_in(acts.supervisor).get(SEEN, {"object": acts.customer.number.lower()}))
    assert "Wu Qian" in page and "He Fang" in page
    other = customer(acts.a, acts.salesperson)
    assert "He Fang" not in body(sign_in(acts.supervisor).get(SEEN, {"object": other.number}))
    assert "He Fang" not in body(sign_in(acts.supervisor).get(SEEN))


def test_what_was_seen_more_than_180_days_ago_is_not_told(acts, sign_in, monkeypatch):
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + timedelta(days=181))
    assert trail.seen_by(access_of(acts.supervisor), acts.customer.number).count() == 0


@pytest.mark.postgres
def test_what_cannot_be_recorded_is_not_done(transactional_db, acts, sign_in):
    """Fails closed (A4): without the right to write the record, nothing leaves and nothing is revealed."""
    client = sign_in(acts.supervisor)
    _as_owner("REVOKE INSERT ON core_auditevent FROM salescontrol_app")
    try:
        client.raise_request_exception = False
        answer = client.get(TRAIL, {"format": "xlsx"})
        assert answer.status_code == 500 and "spreadsheet" not in answer["Content-Type"]
        with pytest.raises(DatabaseError), transaction.atomic():
            audit.record("customer.see", by=acts.supervisor, target=acts.customer)
    finally:
        _as_owner("GRANT INSERT ON core_auditevent TO salescontrol_app")


def _as_owner(statement: str) -> None:
    engines.become_owner()
    with connection.cursor() as cursor:
        cursor.execute(statement)
    engines.become_application()


@pytest.fixture
def broken(people):
    """Three units: one held as it should be, one whose status has no claim, one whose lock is shown but does not lie on it."""
    where = build.building(people.a)
    people.good, people.bad, people.shown = (build.unit(where, floor, by=people.specialist) for floor in (3, 4, 5))
    hold(people.good, customer(people.a, people.salesperson), people.salesperson, people.specialist)
    build.place_in(Status.SUBSCRIBED, people.bad, by=people.specialist)
    Unit.objects.filter(pk=people.shown.pk).update(locks=Lock.PRICE)
    journal.keep()
    return people


def test_the_check_freezes_what_does_not_fit_and_repairs_nothing(broken):
    detail = service.check().detail
    assert {(row["code"], row["unit"]) for row in detail["problems"]} == {
        ("claim_missing", broken.bad.pk), ("locks_differ", broken.shown.pk),
    }  # fmt: skip
    assert detail["chain"] == []
    assert set(UnitLock.objects.filter(kind=Lock.FROZEN).values_list("unit_id", flat=True)) == {
        broken.bad.pk,
        broken.shown.pk,
    }
    assert Unit.objects.get(pk=broken.bad.pk).status == Status.SUBSCRIBED
    assert Unit.objects.get(pk=broken.good.pk).locks == ""
    assert Notice.objects.filter(code="consistency.found", to=broken.supervisor).exists()
    again = service.check().detail
    assert again["count"] == detail["count"] and UnitLock.objects.filter(kind=Lock.FROZEN).count() == 2


def test_a_frozen_unit_takes_no_claim_until_the_supervisor_lifts_it_with_a_reason(broken, sign_in):
    service.check()
    with pytest.raises(Conflict, match="Under examination"):
        hold(broken.shown, customer(broken.a, broken.salesperson), broken.salesperson, broken.specialist)
    with pytest.raises(Forbidden):
        service.lift_freeze(unit_id=broken.shown.pk, reason="Looked at", by=broken.specialist)
    with pytest.raises(Refusal):
        service.lift_freeze(unit_id=broken.shown.pk, reason=" ", by=broken.supervisor)
    client = sign_in(broken.supervisor)
    assert "the locks that the board shows" in body(client.get(CHECK))
    client.post(reverse("security:freeze_lift", args=[broken.shown.pk]), {"reason": "The list was wrong"})
    assert Lock.FROZEN not in Unit.objects.get(pk=broken.shown.pk).lock_codes
    assert AuditEvent.objects.get(action="consistency.lift").detail == {"reason": "The list was wrong"}


@pytest.mark.parametrize(
    ("code", "spoil"),
    [
        ("status_differs", lambda good: Unit.objects.filter(pk=good.pk).update(status=Status.AVAILABLE)),
        ("number_differs", lambda good: Unit.objects.filter(pk=good.pk).update(event_seq=9)),
        ("end_differs", lambda good: Unit.objects.filter(pk=good.pk).update(claim_ends_at=None)),
        ("claim_extra", lambda good: Unit.objects.filter(pk=good.pk).update(status=Status.WITHHELD)),
        ("claim_differs", lambda good: Claim.objects.update(event_seq=1)),
        ("claim_missing", lambda good: Claim.objects.all()._raw_delete("default")),
    ],
)
def test_each_difference_between_tables_and_events_has_its_own_word(broken, code, spoil):
    with transaction.atomic():
        spoil(broken.good)
        assert code in {problem.code for problem in consistency.problems([broken.good.pk])}
        transaction.set_rollback(True)


def test_what_the_journal_has_not_reached_yet_is_nothing_against_a_unit(people, later):
    """After an upgrade, or while its disk is full, the journal is late: that is told by its own watch."""
    unit = build.unit(build.building(people.a), by=people.specialist)
    later(minutes=30)
    assert journal.state().alarm and not consistency.journal_problems()
    service.check()
    assert Unit.objects.get(pk=unit.pk).lock_codes == []
    journal.keep()
    assert not consistency.journal_problems()


def test_events_that_only_one_side_has_are_told(broken):
    path = journal.files(journal.folder())[0]
    lines = [json.loads(raw) for raw in path.read_bytes().splitlines()]
    event = next(line for line in lines if line["kind"] == "event")
    other = {**event, "op": "0b0f2a52-0000-4000-8000-000000000000", "seq": 77}
    path.write_text("".join(json.dumps(other if line is event else line) + "\n" for line in lines))
    found = {problem.code: problem.project_id for problem in consistency.journal_problems()}
    assert found == {"not_in_journal": broken.good.project_id, "only_in_journal": broken.good.project_id}


def test_the_command_reports_in_json_and_ends_with_1_on_findings(broken, capsys):
    with pytest.raises(SystemExit) as ended:
        call_command("check_consistency", json=True)
    assert ended.value.code == 1
    told = json.loads(capsys.readouterr().out)
    assert told["count"] == 2 and len(told["sentences"]) == 2


def test_the_check_is_asked_for_on_its_page_and_done_in_the_background(people, sign_in, settings):
    settings.REDIS_URL = ""
    client = sign_in(people.administrator)
    client.post(reverse("security:check_now"))
    jobs.run_due()
    page = body(client.get(CHECK))
    assert "Everything fits" in page
    assert AuditEvent.objects.filter(action=consistency.ACT, actor=people.administrator).exists()


def test_what_is_found_is_told_only_where_the_reader_looks_after_the_project(broken, sign_in):
    service.check()
    assert broken.bad.number not in body(sign_in(broken.other_supervisor).get(CHECK))
    assert broken.bad.number in body(sign_in(broken.management).get(CHECK))


def test_the_page_says_when_the_keys_were_rotated_and_how_many_rows_were_rewritten(acts, sign_in, settings):
    reader = sign_in(acts.supervisor)
    assert "The field keys have not been rotated yet." in body(reader.get(CHECK))
    journal.keep()
    settings.FIELD_KEYS = [Fernet.generate_key().decode(), *settings.FIELD_KEYS]
    count = sum(keys.rotate().done.values())
    service.check(by=acts.supervisor)
    page = body(reader.get(CHECK))
    assert f"Values encrypted again by the last rotation: {count}; left under older keys: 0; not readable: 0." in page
    rows = Rewriting.objects.count()
    assert f"Rows rewritten on record: {rows} encrypted under a newer key, 0 erased." in page
    assert "Encrypted everything under the newest key" in body(sign_in(acts.management).get(TRAIL))
