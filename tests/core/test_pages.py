"""The kernel's own pages: health, workbench, inbox, search, refusals."""

import json
import logging

import pytest
from django.urls import reverse

from salescontrol.core import jobs, notices
from salescontrol.core.logs import JsonFormatter
from salescontrol.core.models import Notice

pytestmark = pytest.mark.django_db


def test_alive_says_ok_to_anybody_and_nothing_else(client):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok")


def test_ready_needs_the_background_work(client):
    assert client.get("/readyz").status_code == 503
    jobs.run_due()
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "ready": True,
        "database": True,
        "migrations": True,
        "background": True,
        "journal": True,
        "disk": True,
    }


def test_ready_says_when_the_disk_is_nearly_full(client, settings):
    settings.DISK_LOW_MB = 10**9
    jobs.run_due()
    answer = client.get("/readyz")
    assert answer.status_code == 503 and answer.json()["disk"] is False


def test_every_answer_carries_a_request_id_and_stays_out_of_caches(client):
    answer = client.get("/healthz")
    assert len(answer["X-Request-ID"]) == 32
    assert answer["Cache-Control"] == "no-store, private"


def test_the_workbench_greets_by_name_and_shows_an_empty_inbox(people, sign_in):
    page = sign_in(people.supervisor).get(reverse("home")).content.decode()
    assert "Lin Yue" in page and "Nothing waits for you." in page and "No messages yet." in page


def test_the_inbox_shows_a_message_and_reading_it_leads_to_its_page(people, sign_in):
    notices.tell(
        [people.specialist], "approval.decided", key="k", url="/inbox/", by="Lin Yue", subject="Price of 3-1202"
    )
    client = sign_in(people.specialist)
    assert "Price of 3-1202" in client.get(reverse("inbox")).content.decode()
    notice = Notice.objects.get()
    assert client.post(reverse("inbox_read", args=[notice.pk])).url == "/inbox/"
    notice.refresh_from_db()
    assert notice.read_at is not None


def test_nobody_reads_another_ones_message(people, sign_in):
    notices.tell([people.specialist], "approval.decided", key="k", url="/secret/", by="x", subject="y")
    answer = sign_in(people.colleague).post(reverse("inbox_read", args=[Notice.objects.get().pk]))
    assert answer.url == reverse("inbox")
    assert Notice.objects.get().read_at is None


def test_search_without_words_says_what_to_type(people, sign_in):
    assert "Type a room number above." in sign_in(people.supervisor).get(reverse("search")).content.decode()


def test_abuse_47_a_line_break_in_a_log_message_stays_one_line():
    record = logging.LogRecord("x", logging.INFO, "", 0, "sign-in of %s", ("a\n2026 admin login ok",), None)
    line = JsonFormatter().format(record)
    assert "\n" not in line
    assert json.loads(line)["event"] == "sign-in of a\n2026 admin login ok"
