"""The database away or stuck: pages are read once more, forms say where to look, locks end, others go on (abuse 71, 72)."""

import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from uuid import uuid4

import psycopg
import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from salescontrol.core import notices
from salescontrol.core.models import Notice, Operation
from tests import build
from tests.house.starting import ROOT

only_postgres = pytest.mark.postgres


@pytest.fixture
def second():
    """Another connection of the application to the same database."""
    with psycopg.connect(**{**connection.get_connection_params(), "cursor_factory": psycopg.Cursor}) as other:
        other.autocommit = True
        yield other


@pytest.fixture
def visitor(sign_in, client):
    """The test client, which gives the page instead of raising what the page is about."""
    client.raise_request_exception = False
    yield client
    connection.close()


def break_connection(second) -> None:
    """The server ends the connection that the next request will use, as when it restarts."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]
    second.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


@only_postgres
@pytest.mark.django_db(transaction=True)
def test_abuse_71_a_page_whose_connection_broke_is_read_once_more(people, sign_in, visitor, second):
    sign_in(people.supervisor)
    break_connection(second)
    answer = visitor.get(reverse("home"))
    assert answer.status_code == 200 and "Lin Yue" in answer.content.decode()


@only_postgres
@pytest.mark.django_db(transaction=True)
def test_abuse_71_a_form_whose_connection_broke_says_where_to_look(people, sign_in, visitor, second):
    sign_in(people.supervisor)
    number = str(uuid4())
    break_connection(second)
    answer = visitor.post(reverse("inbox_read_all"), {"op_id": number})
    assert answer.status_code == 503
    assert reverse("operation", args=[number]) in answer.content.decode()
    assert "Do not send it again before you have seen" in answer.content.decode()
    looked = visitor.get(reverse("operation", args=[number]))
    assert looked.status_code == 404 and "No form of yours with this number" in looked.content.decode()


@only_postgres
@pytest.mark.django_db(transaction=True)
def test_abuse_71_a_form_without_a_number_is_not_repeated_either(people, sign_in, visitor, second):
    sign_in(people.supervisor)
    break_connection(second)
    answer = visitor.post(reverse("inbox_read_all"))
    assert answer.status_code == 503
    assert "Look at the page that it would have changed" in answer.content.decode()


@only_postgres
@pytest.mark.django_db(transaction=True)
def test_abuse_71_without_a_database_every_page_says_so_in_the_readers_language(people, sign_in, visitor, monkeypatch):
    sign_in(people.supervisor)
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "PORT", "1")
    answer = visitor.get(reverse("home"), headers={"Accept-Language": "en"})
    assert answer.status_code == 503 and answer["Retry-After"]
    assert "The database cannot be reached. Nothing is lost." in answer.content.decode()
    assert Client().get("/readyz").json()["database"] is False
    assert Client().get("/healthz").status_code == 200


@pytest.mark.django_db
def test_what_became_of_a_form_is_told_to_whoever_sent_it_and_to_nobody_else(people, sign_in):
    done = Operation.objects.create(
        op_id=uuid4(), action="x", fingerprint="x", by=people.specialist, reference={"claim": "AAA-CL-0001"}
    )
    refused = Operation.objects.create(
        op_id=uuid4(), action="x", fingerprint="x", by=people.specialist, refused=True, message="The unit is held."
    )
    own, foreign = sign_in(people.specialist), reverse("operation", args=[done.op_id])
    page = own.get(foreign)
    assert page.status_code == 200 and "AAA-CL-0001" in page.content.decode()
    assert "The unit is held." in own.get(reverse("operation", args=[refused.op_id])).content.decode()
    assert sign_in(people.supervisor).get(foreign).status_code == 404


@only_postgres
@pytest.mark.django_db(transaction=True)
def test_abuse_72_the_application_may_not_wait_for_ever(second):
    limits = {name: second.execute(f"SHOW {name}").fetchone()[0] for name in (
        "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")}  # fmt: skip
    assert limits == {"statement_timeout": "30s", "lock_timeout": "10s", "idle_in_transaction_session_timeout": "1min"}
    with pytest.raises(psycopg.errors.QueryCanceled):
        second.execute("SET statement_timeout = 50; SELECT pg_sleep(5)")


@only_postgres
@pytest.mark.django_db(transaction=True)
def test_abuse_72_a_stuck_row_stops_neither_pages_nor_other_rows_and_its_own_form_says_try_again(
    people, sign_in, visitor, second
):
    house = build.building(people.a)
    stuck, free = (
        build.unit(house, room=room, by=people.supervisor, salesperson=people.salesperson) for room in ("01", "02")
    )
    sign_in(people.supervisor)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '300ms'")
    second.autocommit = False
    second.execute("SELECT 1 FROM inventory_unit WHERE id = %s FOR UPDATE", [stuck.pk])
    begun = time.monotonic()
    assert visitor.get(reverse("inventory:board", args=["AAA"])).status_code == 200
    assert visitor.get(reverse("inventory:unit", args=["AAA", stuck.pk])).status_code == 200
    assert assign(visitor, free, people.colleague) == 302
    assert time.monotonic() - begun < 5
    answer = assign(visitor, stuck, people.colleague)
    second.rollback()
    assert answer == 409
    stuck.refresh_from_db()
    assert stuck.salesperson == people.salesperson


def assign(visitor, unit, person) -> int:
    address = reverse("inventory:unit_assign", args=["AAA", unit.pk])
    return visitor.post(address, {"salesperson": person.pk, "reason": "Knows the house"}).status_code


@only_postgres
@pytest.mark.django_db(transaction=True)
def test_abuse_72_two_writers_who_wait_for_each_other_end_as_a_conflict_not_as_a_failure(
    people, sign_in, visitor, second_writer
):
    sign_in(people.supervisor)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '200ms'")
    with second_writer():
        answer = visitor.post(reverse("inbox_read_all"))
    assert answer.status_code == 409
    assert "Please try again." in answer.content.decode()


@pytest.fixture
def second_writer(people):
    """Somebody who has the inbox of the supervisor locked in a transaction that does not end."""
    notices.tell([people.supervisor], "approval.decided", key="k", by="x", subject="y")
    held, over = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Notice.objects.update(url="/")
            held.set()
            over.wait(20)
        connection.close()

    @contextmanager
    def running():
        thread = threading.Thread(target=hold)
        thread.start()
        held.wait(10)
        yield
        over.set()
        thread.join()

    return running


def test_abuse_67_no_web_process_even_loads_what_speaks_to_redis(tmp_path):
    """Nothing on the way of a request can wait for Redis, because nothing there knows it."""
    program = (
        "import os, sys; os.environ['DJANGO_SETTINGS_MODULE'] = 'salescontrol.settings'\n"
        "from salescontrol.wsgi import application\n"
        "from django.urls import get_resolver\n"
        "get_resolver().url_patterns; [item.url_patterns for item in get_resolver().url_patterns if hasattr(item, 'url_patterns')]\n"
        "from django.test import Client\n"
        "assert Client(headers={'host': 'localhost'}).get('/healthz').status_code == 200\n"
        "print(sorted({'celery', 'kombu', 'redis', 'amqp'} & {*sys.modules}))"
    )
    env = {"PATH": "/usr/bin:/bin", "VAR_DIR": str(tmp_path), "DATABASE_URL": "", "REDIS_URL": "redis://127.0.0.1:1/0"}
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
