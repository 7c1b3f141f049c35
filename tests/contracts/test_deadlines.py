"""Deadlines: working days over the holidays, notices in their order, later deadlines by level, reminders once (domain B6, B14)."""

import uuid
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import transaction

from contracts.models import Subscription
from contracts.queries import subscriptions as queries
from contracts.services import deadlines
from salescontrol.core import approvals, clock
from salescontrol.core.access import access_of
from salescontrol.core.errors import Conflict, Forbidden, NotVisible, Refusal
from salescontrol.core.models import Approval, Holiday, Notice, Setting
from salescontrol.core.money import capitals
from salescontrol.core.workdays import day_after
from tests import build
from tests.contracts import selling
from tests.contracts.test_holds import later

pytestmark = pytest.mark.django_db


@pytest.fixture
def room(room):
    build.permit(room.unit.building)
    return room


@pytest.fixture
def october(db):
    """The National Day holidays of 2026: seven days off, two weekend days worked for them."""
    for day in range(1, 8):
        Holiday.objects.create(day=date(2026, 10, day), working=False, name="国庆节")
    for day in (date(2026, 9, 27), date(2026, 10, 10)):
        Holiday.objects.create(day=day, working=True, name="调休")


@pytest.mark.parametrize(
    ("start", "count", "working", "end"),
    [
        ("2026-09-28", 7, False, "2026-10-05"),
        ("2026-09-28", 3, True, "2026-10-08"),  # 29, 30 September, then after the holidays
        ("2026-09-30", 2, True, "2026-10-09"),
        ("2026-09-30", 3, True, "2026-10-10"),  # a Saturday that is worked
        ("2026-09-30", 4, True, "2026-10-12"),
        ("2026-09-25", 1, True, "2026-09-27"),  # a Sunday that is worked
        ("2026-10-01", 0, True, "2026-10-01"),
    ],
)
def test_working_days_follow_the_table_of_holidays(october, start, count, working, end):
    assert day_after(date.fromisoformat(start), count, working=working) == date.fromisoformat(end)


def test_the_signing_deadline_counts_working_days_where_the_office_says_so(room):
    with transaction.atomic():
        Setting.objects.create(project_id=room.a.pk, key="signing.working_days", value=True)
    today = clock.today(room.a.zone)
    assert selling.active(room).due_on == day_after(today, 7, working=True) > today + timedelta(days=7)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("405767", "肆拾万伍仟柒佰陆拾柒元整"), ("0", "零元整"), ("0.05", "伍分"), ("0.50", "伍角整"), ("1.05", "壹元零伍分"),
        ("10", "壹拾元整"), ("1001", "壹仟零壹元整"), ("1010.10", "壹仟零壹拾元壹角整"), ("10010", "壹万零壹拾元整"),
        ("100000", "壹拾万元整"), ("1000001", "壹佰万零壹元整"), ("100000001.99", "壹亿零壹元玖角玖分"),
        ("120030400", "壹亿贰仟零叁万零肆佰元整"), ("1999.995", "贰仟元整"), ("-12", "负壹拾贰元整"),
    ],
)  # fmt: skip
def test_amounts_in_capitals(amount, text):
    assert capitals(Decimal(amount)) == text


def send(name, room, row, on=None, by=None):
    return getattr(deadlines, name)(
        op_id=uuid.uuid4(), code=row.code, on=on or clock.today(room.a.zone), by=by or room.specialist
    )


def test_the_notices_follow_each_other_after_the_deadline(room, monkeypatch):
    row = selling.active(room)
    with pytest.raises(Conflict, match="has not passed"):
        send("warn", room, row)
    with pytest.raises(Conflict, match="comes first"):
        send("end", room, row)
    later(monkeypatch, days=9)
    for wrong in (row.due_on, clock.today(room.a.zone) + timedelta(days=1)):
        with pytest.raises(Refusal, match="Enter the day"):
            send("warn", room, row, on=wrong)
    warned = send("warn", room, row)
    with pytest.raises(Refusal, match="Enter the day"):
        send("end", room, row, on=warned.warned_on - timedelta(days=1))
    ended = send("end", room, row)

    assert (ended.warned_on, ended.ended_on) == (clock.today(room.a.zone), clock.today(room.a.zone))
    assert ended.state == Subscription.State.ACTIVE
    for name in ("warn", "end"):
        with pytest.raises(Conflict, match="recorded already"):
            send(name, room, row)
    assert set(Notice.objects.filter(to=room.salesperson).values_list("code", flat=True)) == {
        "subscription.active", "subscription.warned", "subscription.terminated",
    }  # fmt: skip


def ask(room, row, days, by=None):
    return deadlines.ask_extension(
        op_id=uuid.uuid4(), code=row.code, until=row.due_on + timedelta(days=days), reason="The bank is late",
        by=by or room.specialist,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("days", "who"),
    [(7, ["supervisor"]), (8, ["supervisor", "management"]), (14, ["supervisor", "management"]),
     (15, ["supervisor", "management", "finance"])],
)  # fmt: skip
def test_how_much_later_says_who_decides(room, days, who):
    row = selling.active(room)
    ask(room, row, days)
    approval = Approval.objects.get()
    with pytest.raises((Forbidden, NotVisible)):
        approvals.decide(approval_id=approval.pk, by=room.specialist, agree=True)
    for name in who:
        row.refresh_from_db()
        assert row.extensions == 0
        approvals.decide(approval_id=approval.pk, by=getattr(room, name), agree=True)

    row.refresh_from_db()
    assert (row.due_on, row.extensions) == (row.signed_on + timedelta(days=7 + days), 1)


def test_two_short_extensions_are_one_long_one(room):
    row = selling.active(room)
    ask(room, row, 7)
    approvals.decide(approval_id=Approval.objects.get().pk, by=room.supervisor, agree=True)
    row.refresh_from_db()
    ask(room, row, 7)
    assert Approval.objects.latest("pk").stages.count() == 2


def test_a_deadline_that_has_passed_or_an_earlier_day_is_no_extension(room, monkeypatch):
    row = selling.active(room)
    with pytest.raises(Refusal, match="Enter a day after"):
        ask(room, row, 0)
    later(monkeypatch, days=8)
    with pytest.raises(Conflict, match="has passed"):
        ask(room, row, 5)


@pytest.mark.parametrize(
    ("days", "who"),
    [(7, ["supervisor"]), (8, ["supervisor", "management"]), (15, ["supervisor", "management", "finance"])],
)
def test_there_is_longer_to_top_a_small_deposit_up_by_approval(room, monkeypatch, days, who):
    """Domain B6: longer needs consent."""
    row = selling.active(room, selling.small(room))
    first = row.top_up_on
    deadlines.ask_extension(
        op_id=uuid.uuid4(), code=row.code, until=first + timedelta(days=days), reason="The family gathers it",
        by=room.specialist,
    )  # fmt: skip
    approval = Approval.objects.get()
    assert approvals.KINDS[approval.kind].present(approval, None)[0][1] == first.isoformat()
    for name in who:
        row.refresh_from_db()
        assert row.top_up_on == first
        approvals.decide(approval_id=approval.pk, by=getattr(room, name), agree=True)
    row.refresh_from_db()
    assert (row.top_up_on, row.due_on, row.extensions) == (first + timedelta(days=days), None, 1)
    assert Notice.objects.filter(to=room.salesperson, code="subscription.top_up_extended").count() == 1
    later(monkeypatch, days=days + 20)
    with pytest.raises(Conflict, match="let it lapse"):
        deadlines.ask_extension(
            op_id=uuid.uuid4(), code=row.code, until=clock.today() + timedelta(days=1), reason="Again", by=room.specialist
        )  # fmt: skip


def test_an_extension_of_what_has_changed_meanwhile_is_out_of_date(room):
    row = selling.active(room)
    ask(room, row, 3)
    selling.void(room, row)
    assert approvals.decide(approval_id=Approval.objects.get().pk, by=room.supervisor, agree=True).state == "STALE"


def test_salesperson_and_desk_are_told_once_that_a_deadline_is_near_and_once_that_it_has_passed(room, monkeypatch):
    row = selling.active(room)
    other = selling.active(room, selling.small(room, unit=room.other))
    Notice.objects.all().delete()
    assert (deadlines.tell_due(), Notice.objects.count()) == (0, 0)
    later(monkeypatch, days=2)
    for _again in "12":
        assert deadlines.tell_due() == 1
    assert Notice.objects.filter(code="subscription.top_up_near", url__contains=other.code).count() == 3
    later(monkeypatch, days=8)
    for _again in "12":
        deadlines.tell_due()
    told = Notice.objects.filter(code="subscription.signing_passed", url__contains=row.code)
    assert {notice.to for notice in told} == {room.salesperson, room.specialist, room.supervisor}
    assert told.count() == 3


def test_what_is_overdue_to_sign_is_found_by_who_may_read_it(room, monkeypatch):
    row = selling.active(room)
    selling.active(room, selling.small(room, unit=room.other))
    assert not queries.overdue_to_sign(access_of(room.specialist), room.a).exists()
    later(monkeypatch, days=8)
    for reader in (room.specialist, room.salesperson, room.finance, room.management):
        assert list(queries.overdue_to_sign(access_of(reader), room.a)) == [row]
    assert not queries.overdue_to_sign(access_of(room.colleague), room.a).exists()
    assert queries.due(access_of(room.specialist), room.a).count() == 2
