"""A scripted working day against real processes while their helpers are stopped, frozen, flushed and killed (quality C1, C2).

`python -m tests.outage` lives through the same day with real waiting and prints what it measured (docs/operations.md).
"""

import os
from statistics import median

import pytest

from tests.outage import calamities
from tests.outage.day import PROJECT, Day
from tests.outage.office import new_office

pytestmark = [pytest.mark.slow, pytest.mark.postgres, pytest.mark.redis]
READ = "SELECT count(*) FROM inventory_historicallistingbatch WHERE id = b.id AND history_change_reason LIKE '%batch.read%'"


@pytest.fixture(scope="module")
def office():
    owner, application = os.environ.get("DATABASE_OWNER_URL", ""), os.environ["DATABASE_URL"]
    if not owner and "REQUIRE_ALL" not in os.environ:
        pytest.skip("DATABASE_OWNER_URL is not set")
    with new_office(owner, application) as office:
        yield office


@pytest.fixture(scope="module")
def lived(office):
    """The whole day, lived once; each test below looks at one side of it."""
    return calamities.live(office, Day(office), length=4, patience=0)


def test_abuse_67_no_click_fails_whatever_happens_to_redis(lived):
    assert lived.day.faults == []
    assert lived.failed() == []
    for calamity in ("Redis stopped", "Redis frozen", "Redis full", "Redis flushed", "worker and beat killed"):
        assert len(lived.clicks(calamity)) > 5, calamity


def test_abuse_67_no_click_waits_for_redis(lived):
    """Whoever spoke to a frozen Redis would wait two seconds for it, each time."""
    usual = median(click.seconds for click in lived.clicks("everything runs"))
    for calamity in ("Redis stopped", "Redis frozen", "Redis full"):
        assert median(click.seconds for click in lived.clicks(calamity)) < 2 * usual + 0.5, lived.table()


def test_abuse_67_everything_that_was_asked_for_is_done_and_once(lived, office):
    """Every list handed over was read: one history entry, one notice, three lines; every decision was told once."""
    made_today = "made_by_id = (SELECT id FROM security_user WHERE employee_no = 'C001') AND title LIKE 'list-%'"
    lists = office.sql(
        f"""SELECT state, (SELECT count(*) FROM inventory_batchline l WHERE l.batch_id = b.id), ({READ}),
        (SELECT count(*) FROM core_notice n WHERE n.key = 'batch:' || b.id || ':' || b.version || ':read')
        FROM inventory_listingbatch b WHERE {made_today}"""
    )
    assert len(lists) == lived.day.lists_handed_over > 1
    assert set(lists) == {("PREVIEW", 3, 1, 1)}
    assert office.sql(calamities.OPEN) == [(0,)]
    # A worker that was killed with a message in its hands leaves that one for a second attempt; its effect is counted above.
    assert office.sql(
        "SELECT max(attempts) <= 2, count(*) FILTER (WHERE attempts > 1) <= 2 FROM core_outboxmessage"
    ) == [(True, True)]


def test_a_form_that_was_sent_twice_held_once(lived, office):
    assert lived.day.holds_placed > 1
    assert office.sql("SELECT count(*), count(released_at) FROM contracts_claim WHERE reason = 'Wants it'") == [
        (lived.day.holds_placed,) * 2
    ]


def test_abuse_69_with_two_beats_every_slot_ran_once(lived, office):
    runs = office.sql("SELECT job, slot, tries FROM core_jobrun WHERE finished_at IS NOT NULL")
    assert len(runs) == len({(job, slot) for job, slot, _tries in runs}) > 3
    assert office.sql("SELECT count(*) FROM core_jobrun WHERE finished_at IS NULL AND tries > 1") == [(0,)]


def test_abuse_68_a_worker_killed_in_the_middle_of_a_file_leaves_one_whole_result(lived, office):
    batch = calamities.kill_the_worker_in_the_middle_of_a_file(office, lived.day)
    assert office.sql(f"SELECT count(*) FROM inventory_batchline WHERE batch_id = {batch}") == [(0,)], (
        "nothing by halves"
    )
    calamities.let_time_pass(office)
    done = f"SELECT 1 FROM inventory_listingbatch WHERE id = {batch} AND state = 'PREVIEW'"
    office.wait_for(lambda: office.sql(done), 60, "the list is read again")
    lines, reads, attempts = office.sql(
        f"""SELECT (SELECT count(*) FROM inventory_batchline WHERE batch_id = b.id), ({READ}),
        (SELECT attempts FROM core_outboxmessage WHERE payload ->> 'batch_id' = b.id::text)
        FROM inventory_listingbatch b WHERE b.id = {batch}"""
    )[0]
    assert (lines, reads, attempts) == (calamities.LONG, 1, 2)


def test_abuse_70_forged_messages_run_nothing_and_the_worker_goes_on(lived, office, tmp_path):
    calamities.forge(office, tmp_path / "trace")
    person = lived.day.people["C001"]
    before = office.sql("SELECT max(id) FROM inventory_listingbatch")[0][0]
    person.send_file(f"/p/{PROJECT}/batches/new/", "after.xlsx", calamities.price_list(8000))
    read = f"SELECT 1 FROM inventory_listingbatch WHERE id > {before} AND state = 'PREVIEW'"
    office.wait_for(lambda: office.sql(read), 60, "the worker goes on")
    assert not (tmp_path / "trace").exists()
    assert "unregistered task" in (office.var_dir / "worker.log").read_text()


def test_abuse_71_when_the_database_drops_every_connection_pages_are_read_once_more(lived, office):
    """Behind a real pool: the server ends all connections of the application, as when it restarts."""
    person = lived.day.people["A001"]
    for _restart in range(5):
        office.drop_connections()
        for path in (f"/p/{PROJECT}/board/", "/", "/inbox/"):
            person.ask(path)
            assert person.clicks[-1].status == 200, person.clicks[-1]
    office.wait_for(office.ready, 60, "the background work lives on")
