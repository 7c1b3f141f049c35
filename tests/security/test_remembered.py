"""Rights remembered between requests end with the next request all the same (quality P5, S2, V16)."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from inventory.models import ProjectGrant
from salescontrol.core import clock
from salescontrol.core.permissions import Role
from security import remembered
from security.models import Deputy, Rights, User
from tests import build

pytestmark = pytest.mark.django_db
BOARD = "/p/AAA/board/past/"


@pytest.fixture(autouse=True)
def _nothing_known():
    remembered._KNOWN.clear()


def test_the_second_page_asks_nobody_for_roles(people, sign_in):
    client = sign_in(people.supervisor)
    client.get(BOARD)
    with CaptureQueriesContext(connection) as seen:
        assert client.get(BOARD).status_code == 200

    asked = [row["sql"] for row in seen]
    assert not [sql for sql in asked if 'FROM "inventory_projectgrant"' in sql or 'FROM "security_deputy"' in sql]
    assert len([sql for sql in asked if '"security_user"."auth_epoch"' in sql]) == 1


def test_a_role_taken_away_is_gone_with_the_next_request(people, sign_in):
    client = sign_in(people.supervisor)
    assert client.get(BOARD).status_code == 200
    ProjectGrant.objects.filter(user=people.supervisor).delete()
    assert client.get(BOARD).status_code == 404


def test_a_role_given_is_there_with_the_next_request(people, sign_in):
    client = sign_in(people.other_supervisor)
    assert client.get(BOARD).status_code == 404
    build.grant(people.other_supervisor, Role.SPECIALIST, people.a)
    assert client.get(BOARD).status_code == 200


def test_a_company_role_and_a_closed_account_count_at_once(people, sign_in):
    client = sign_in(people.management)
    assert client.get(BOARD).status_code == 200
    people.management.groups.remove(Group.objects.get(name=Role.MANAGEMENT))
    assert client.get(BOARD).status_code == 404
    User.objects.filter(pk=people.management.pk).update(is_active=False)
    assert client.get(BOARD).status_code == 302


def test_a_deputyship_begins_and_ends_by_the_clock(people, sign_in, monkeypatch):
    real = clock.now
    Deputy.objects.create(
        project_id=people.a.pk, supervisor=people.supervisor, deputy=people.specialist, reason="Leave",
        starts_at=real() + timedelta(minutes=5), ends_at=real() + timedelta(minutes=10),
    )  # fmt: skip
    client = sign_in(people.specialist)
    statuses = []
    for minutes in (0, 6, 11):
        monkeypatch.setattr(clock, "now", lambda ahead=minutes: real() + timedelta(minutes=ahead))
        statuses.append(client.get("/p/AAA/settings/").status_code)
    assert statuses == [403, 200, 403]


def test_a_stamp_does_not_come_back_after_a_rollback(people):
    def stamp() -> str:
        return Rights.objects.get(pk=1).stamp

    first = stamp()
    with transaction.atomic():
        build.grant(people.finance, Role.SPECIALIST, people.a)
        undone = stamp()
        transaction.set_rollback(True)
    build.grant(people.finance, Role.MARKETING, people.a)
    assert len({first, undone, stamp()}) == 3
