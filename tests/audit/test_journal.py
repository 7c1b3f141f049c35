"""The journal: written within a minute of every commit, by whoever is there, and without a word about customers (quality B7)."""

import pytest

from inventory.models import UnitEvent
from salescontrol.core import audit, journal, proof, seals
from tests import build
from tests.contracts.stock import customer, hold

pytestmark = pytest.mark.django_db


@pytest.fixture
def held(people):
    unit = build.unit(build.building(people.a), by=people.specialist)
    people.claim = hold(
        unit, customer(people.a, people.salesperson, name="Zhang Canary"), people.salesperson, people.specialist
    )
    return people


def _events() -> list[dict]:
    return [line for *_where, line in journal.read(journal.folder()) if line and line["kind"] == "event"]


def test_every_event_is_a_line_with_what_a_replay_needs_and_nobody_who_buys(held):
    journal.keep()
    lines = _events()
    assert [line["op"] for line in lines] == [
        str(op) for op in UnitEvent.objects.order_by("pk").values_list("op_id", flat=True)
    ]
    last = lines[-1]
    assert (last["action"], last["claim"], last["by"]) == ("claim.hold", held.claim.number, held.specialist.employee_no)
    assert last["terms"]["salesperson"] == held.salesperson.employee_no
    text = journal.files(journal.folder())[0].read_text()
    assert "Canary" not in text and held.claim.reason not in text and held.claim.customer.phone not in text


def test_the_lag_is_told_and_is_an_alarm_after_a_minute(held, later):
    later(seconds=50)
    assert 45 < journal.lag().total_seconds() < 60 and not journal.state().alarm
    later(seconds=20)
    assert journal.state().alarm
    journal.keep()
    assert journal.lag().total_seconds() == 0


def test_a_web_process_keeps_the_journal_up_when_nobody_else_does(held, later, monkeypatch):
    monkeypatch.setattr(journal, "_LOOKED", [0.0])
    journal.keep_up()
    assert journal.folder() is None
    later(seconds=40)
    monkeypatch.setattr(journal, "_LOOKED", [0.0])
    journal.keep_up()
    assert len(_events()) == UnitEvent.objects.count()
    journal.keep_up()
    assert journal._LOOKED[0] > 0


def test_a_disk_that_fails_never_stops_a_sale(held, later, monkeypatch, settings, tmp_path):
    """The journal lags then, which is an alarm; the sale stands."""
    seals.seal_due()
    (tmp_path / "file").write_text("")
    settings.JOURNAL_DIR = tmp_path / "file"
    monkeypatch.setattr(journal, "_LOOKED", [0.0])
    later(minutes=2)
    journal.keep_up()
    assert journal.state().alarm


def test_a_second_writer_that_does_not_wait_leaves_the_work_alone(held):
    seals.seal_due()
    place = journal.folder()
    place.mkdir(parents=True)
    with journal._only_writer(place, wait=True) as first:
        assert first
        assert journal.write_due(wait=False) == 0
    assert journal.write_due() > 0


def _proved() -> list[str]:
    return [finding.code for finding in proof.verify().findings]


def test_abuse_14_a_clock_set_back_over_the_end_of_a_month_writes_no_line_twice(held, later):
    later(days=31)
    journal.keep()
    later(days=-31)
    first = seals.head()
    audit.record("unit.discard", by=held.specialist)
    journal.keep()
    count = len(list(journal.read(journal.folder())))
    journal.keep()
    assert seals.head().number == first.number + 1
    assert len(journal.files(journal.folder())) == 1 and len(list(journal.read(journal.folder()))) == count
    assert "journal_line" not in _proved()


def test_lines_cut_short_at_the_end_of_a_month_are_written_whole_in_the_next(held, later):
    journal.keep()
    path = journal.files(journal.folder())[0]
    torn = path.read_bytes().splitlines(keepends=True)[0]
    path.write_bytes(path.read_bytes() + torn[: len(torn) // 2])
    later(days=31)
    audit.record("unit.discard", by=held.specialist)
    journal.keep()
    assert len(journal.files(journal.folder())) == 2 and _proved() == []
