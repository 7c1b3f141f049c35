"""Word of notices goes outside through the outbox: never what they say, never lost, usually once (R1.8, decisions 23)."""

import re
import time
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.urls import reverse

from salescontrol.core import clock, gateways, jobs, notices, outside
from salescontrol.core.errors import Refusal
from salescontrol.core.gateways import Away
from salescontrol.core.models import Notice, NoticeDelivery, NoticeWay, OutboxMessage, WayKind
from tests.core.receivers import MailServer, Robot

notices.register("claim.try", "Unit %(unit)s for customer %(customer)s")
KEY = re.compile(r"\[([0-9a-f]{12})\]")


@pytest.fixture(autouse=True)
def _set(settings, monkeypatch):
    settings.REDIS_URL, settings.PUBLIC_URL = "", "https://sales.example.com"
    settings.ROBOT_HOSTS = [*settings.ROBOT_HOSTS, "127.0.0.1"]
    monkeypatch.setattr(outside, "_away_until", {})
    monkeypatch.setattr(jobs, "_SCHEDULE", {})


@pytest.fixture
def mail(settings):
    server = MailServer()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    yield server
    server.stop()


@pytest.fixture
def robot():
    server = Robot()
    yield server
    server.stop()


def way(kind, address, *, to=None, project=None, groups=("claims",)) -> NoticeWay:
    row = outside.way_of(kind, user=to, project_id=project and project.pk)
    return outside.set_up(way=row, address=address, groups=groups, test=False, by=to)


def tell(*people, key="k1", project=None) -> None:
    where = project.pk if project else None
    notices.tell(people, "claim.try", key=key, url="/x", project_id=where, unit="3-1202", customer="Mr Secret")


def later() -> None:
    """Time passes: what waits is due, and gateways may be asked again."""
    outside._away_until.clear()
    OutboxMessage.objects.filter(done_at=None).update(due_at=clock.now() - timedelta(seconds=1))
    jobs.run_due()


@pytest.mark.django_db
def test_word_goes_by_mail_and_robot_without_what_the_notice_says(people, mail, robot):
    way(WayKind.EMAIL, "zhao@example.com", to=people.salesperson)
    way(WayKind.ROBOT, f"json://127.0.0.1:{robot.port}/hook", to=people.salesperson)
    tell(people.salesperson)
    assert mail.got == robot.got == [], "nothing leaves in the request"
    jobs.run_due()
    [letter], [chat] = mail.got, robot.got
    assert letter["To"] == "zhao@example.com"
    assert letter["Message-ID"] == f"<{letter['X-Notice-Key']}@sales.example.com>"
    for text in (letter.get_content(), str(chat)):
        assert "https://sales.example.com/inbox/" in text
        assert "3-1202" not in text and "Secret" not in text
    assert KEY.search(chat["message"])


@pytest.mark.django_db
def test_only_chosen_groups_go_outside_and_only_ones_own(people, mail):
    way(WayKind.EMAIL, "zhao@example.com", to=people.salesperson, groups=["units"])
    way(WayKind.EMAIL, "xu@example.com", to=people.colleague)
    tell(people.salesperson)
    jobs.run_due()
    assert mail.got == [] and OutboxMessage.objects.count() == 0


@pytest.mark.django_db
def test_what_the_outbox_carries_are_ids_only(people, mail):
    row = way(WayKind.EMAIL, "zhao@example.com", to=people.salesperson)
    tell(people.salesperson)
    assert OutboxMessage.objects.get().payload == {"notice": Notice.objects.get().pk, "way": row.pk}


@pytest.mark.django_db
def test_a_notice_told_again_and_a_message_done_again_go_outside_once(people, mail):
    way(WayKind.EMAIL, "zhao@example.com", to=people.salesperson)
    tell(people.salesperson)
    tell(people.salesperson)
    message = OutboxMessage.objects.get()
    jobs.run_due()
    outside.send(**message.payload)
    tell(people.salesperson)
    jobs.run_due()
    assert len(mail.got) == 1


@pytest.mark.django_db
def test_a_group_chat_is_told_once_however_many_people_are(people, robot):
    way(WayKind.ROBOT, f"json://127.0.0.1:{robot.port}/room", project=people.a)
    for person in (people.salesperson, people.colleague):
        tell(person, key="one-event", project=people.a)
    tell(people.other_salesperson, key="elsewhere", project=people.b)
    jobs.run_due()
    assert len(robot.got) == 1


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_is_told_nowhere(people, mail):
    way(WayKind.EMAIL, "zhao@example.com", to=people.salesperson)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        tell(people.salesperson)
        raise ZeroDivisionError
    jobs.run_due()
    assert mail.got == [] and not Notice.objects.exists() and not NoticeDelivery.objects.exists()


@pytest.mark.django_db
def test_quality_c1_servers_that_are_away_get_everything_when_they_are_back_with_keys_of_their_own(people, mail, robot):
    way(WayKind.EMAIL, "zhao@example.com", to=people.salesperson)
    way(WayKind.ROBOT, f"json://127.0.0.1:{robot.port}/hook", to=people.salesperson)
    mail.stop()
    robot.stop()
    for number in range(10):
        tell(people.salesperson, key=f"event-{number}")
    for _round in range(12):
        later()
    assert mail.got == robot.got == []
    assert not OutboxMessage.objects.filter(given_up_at__isnull=False).exists(), "tried for days, not five times"
    mail.start()
    robot.start()
    later()
    assert len(mail.got) == len({letter["X-Notice-Key"] for letter in mail.got}) == 10
    assert len(robot.got) == len({KEY.search(chat["message"])[1] for chat in robot.got}) == 10
    assert Notice.objects.filter(to=people.salesperson).count() == 10
    later()
    assert len(mail.got) == len(robot.got) == 10


@pytest.mark.django_db
def test_a_gateway_that_is_away_is_asked_once_a_minute_not_once_a_letter(people, mail):
    way(WayKind.EMAIL, "zhao@example.com", to=people.salesperson)
    mail.stop()
    for number in range(10):
        tell(people.salesperson, key=f"event-{number}")
    jobs.run_due()
    assert sum(NoticeDelivery.objects.values_list("tries", flat=True)) == 1
    assert OutboxMessage.objects.filter(done_at=None, due_at__gt=clock.now()).count() == 10
    mail.start()


@pytest.mark.django_db
def test_a_gateway_that_hangs_delays_no_page(people, sign_in, settings):
    """A server that accepts and never answers: the page that tells does not wait for it."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.EMAIL_HOST, settings.EMAIL_PORT = silent.getsockname()
        settings.EMAIL_BACKEND, settings.EMAIL_TIMEOUT = "django.core.mail.backends.smtp.EmailBackend", 1
        client, address = sign_in(people.salesperson), reverse("notice_way", args=["email"])
        begun = time.monotonic()
        answer = client.post(address, {"address": "zhao@example.com", "groups": ["claims"], "test": "on"})
        assert answer.status_code == 302 and time.monotonic() - begun < 1
        begun = time.monotonic()
        jobs.run_due()
        assert 0.9 < time.monotonic() - begun < 4
    assert NoticeDelivery.objects.get().failed_at is not None
    assert "was not taken yet" in client.get(reverse("notice_ways")).content.decode()


@pytest.mark.django_db
def test_the_last_try_is_given_up_told_in_the_inbox_and_not_sent_the_same_way(people, mail):
    way(WayKind.EMAIL, "lin@example.com", to=people.supervisor, groups=["claims", "running"])
    mail.stop()
    tell(people.supervisor)
    NoticeDelivery.objects.update(tries=outside.TRIES - 1)
    for _attempt in range(jobs.ATTEMPTS):
        later()
    assert Notice.objects.filter(to=people.supervisor, code="work.given_up").exists()
    assert OutboxMessage.objects.filter(topic=outside.TOPIC).count() == 1
    mail.start()


@pytest.mark.django_db
def test_nobody_is_written_to_after_leaving_or_switching_off(people, mail):
    way(WayKind.EMAIL, "zhao@example.com", to=people.salesperson)
    way(WayKind.EMAIL, "xu@example.com", to=people.colleague)
    tell(people.salesperson, people.colleague)
    people.salesperson.is_active = False
    people.salesperson.save()
    way(WayKind.EMAIL, "", to=people.colleague)
    jobs.run_due()
    assert mail.got == []


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1/x", "json://10.0.0.1/x", "json://169.254.169.254/latest", "json://127.0.0.1@10.0.0.1/x",
        "json://127.0.0.1/x?redirect=yes", "https://qyapi.weixin.qq.com.evil.example/cgi-bin/webhook/send?key=abcdefgh1",
        "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=abcdefgh1&x=y", "file:///etc/passwd", "wecombot://abcdefgh1",
        "https://open.feishu.cn/open-apis/bot/v2/hook/../../x", "json://127.0.0.1:80/x\njson://127.0.0.1/y",
    ],
)  # fmt: skip
def test_a_typed_address_never_leads_elsewhere_than_to_the_named_hosts(address):
    with pytest.raises(Refusal) as refusal:
        gateways.read_robot(address)
    assert refusal.value.code == "robot"


@pytest.mark.parametrize(
    "address",
    [
        "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=abcd1234-ab12-cd34-ef56-abcdef123456",
        "https://oapi.dingtalk.com/robot/send?access_token=abcdef0123456789",
        "https://oapi.dingtalk.com/robot/send?access_token=abcdef0123456789&secret=SECabcdef0123",
        "https://open.feishu.cn/open-apis/bot/v2/hook/abcd1234-ab12",
    ],
)
def test_the_addresses_that_messengers_show_are_understood(address, settings):
    import apprise

    sender = apprise.Apprise.instantiate(gateways.read_robot(address))
    assert sender is not None and sender.redirects is False
    settings.ROBOT_HOSTS = []
    with pytest.raises(Refusal):
        gateways.read_robot(address)


def test_a_redirect_is_not_followed(robot):
    other = Robot()
    robot.server.RequestHandlerClass.status = 307
    robot.server.RequestHandlerClass.goal = f"http://127.0.0.1:{other.port}/inside"
    with pytest.raises(Away):
        gateways.hand_over(WayKind.ROBOT, f"json://127.0.0.1:{robot.port}/x", gateways.Letter("k", "s", "t"))
    other.stop()
    assert len(robot.got) == 1 and other.got == []


@pytest.mark.django_db
def test_the_robots_address_is_kept_encrypted_and_shown_by_its_end_only(people, sign_in):
    secret = "https://open.feishu.cn/open-apis/bot/v2/hook/abcd1234-secret-9876"
    client, address = sign_in(people.salesperson), reverse("notice_way", args=["robot"])
    assert client.post(address, {"address": secret, "groups": ["claims"]}).status_code == 302
    with connection.cursor() as cursor:
        for table in ("core_noticeway", "core_historicalnoticeway"):
            cursor.execute(f"SELECT address FROM {table}")
            assert cursor.fetchone()[0].startswith("f1:")
    for page in (address, reverse("notice_ways")):
        shown = client.get(page).content.decode()
        assert "secret" not in shown and "open.feishu.cn … 9876" in shown
    assert client.post(address, {"groups": ["units"]}).status_code == 302
    row = NoticeWay.objects.get()
    assert (row.address, row.groups) == (secret, ["units"])
    assert "Choice of messages changed" in client.get(address).content.decode()
    assert client.post(address, {"groups": ["units"], "off": "on"}).status_code == 302
    assert NoticeWay.objects.get().address == ""
    assert "Switched off" in client.get(address).content.decode()


@pytest.mark.django_db
def test_a_wrong_address_keeps_what_was_typed_and_says_what_is_wanted(people, sign_in, settings):
    client = sign_in(people.salesperson)
    answer = client.post(reverse("notice_way", args=["robot"]), {"address": "http://10.0.0.1/", "groups": ["claims"]})
    assert answer.status_code == 422 and 'value="http://10.0.0.1/"' in answer.content.decode()
    assert client.post(reverse("notice_way", args=["email"]), {"address": "no mail"}).status_code == 422
    settings.EMAIL_HOST = ""
    answer = client.post(reverse("notice_way", args=["email"]), {"address": "a@example.com"})
    assert answer.status_code == 422 and "EMAIL_URL" in answer.content.decode()
    assert client.post(reverse("notice_way", args=["robot"]), {"test": "on"}).status_code == 422
    assert not NoticeWay.objects.exists()


@pytest.mark.django_db
def test_a_test_message_goes_the_way_that_was_set_up(people, sign_in, mail):
    client = sign_in(people.salesperson)
    fields = {"address": "zhao@example.com", "groups": [], "test": "on"}
    client.post(reverse("notice_way", args=["email"]), fields)
    jobs.run_due()
    assert len(mail.got) == 1


@pytest.mark.django_db
def test_the_supervisor_sets_the_robot_of_the_projects_chat(people, sign_in, robot):
    address = reverse("inventory:project_robot", args=["AAA"])
    fields = {"address": f"json://127.0.0.1:{robot.port}/room", "groups": ["units"]}
    assert sign_in(people.specialist).post(address, fields).status_code == 403
    client = sign_in(people.supervisor)
    assert "Account and sign-in" not in client.get(address).content.decode()
    assert client.post(address, {**fields, "groups": ["account"]}).status_code == 422
    assert client.post(address, fields).status_code == 302
    assert NoticeWay.objects.get().project_id == people.a.pk
    assert "Lin Yue" in client.get(address).content.decode(), "who set it up is on record"
