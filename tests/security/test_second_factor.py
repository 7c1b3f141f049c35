"""The second factor: asked for by role, each code once, five tries (quality S3, abuse 52)."""

import time

import pytest
from django.test import Client
from django.urls import reverse
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from salescontrol.core import approvals
from salescontrol.core.models import AuditEvent
from security.models import Session, User
from security.queries import needs_second_factor, second_factor_of
from security.services import accounts, second_factor
from tests.security.conftest import PASSWORD

pytestmark = pytest.mark.django_db
PAGE = "/second-factor/"


def code_of(device: TOTPDevice, step: int = 0) -> str:
    totp = TOTP(device.bin_key, device.step, device.t0, device.digits)
    totp.time = time.time() + 30 * step
    return f"{totp.token():06d}"


@pytest.fixture
def phone(known) -> TOTPDevice:
    return TOTPDevice.objects.create(user=known.supervisor, name="phone", confirmed=True)


def test_the_password_alone_opens_nothing_when_a_phone_is_set_up(known, enter, client, phone):
    answer = enter(known.supervisor, data={"next": "/inbox/"})
    assert answer.url == "/second-factor/?next=%2Finbox%2F"
    assert client.get(reverse("inbox")).status_code == 302
    assert not Session.objects.filter(user=known.supervisor).exists()
    answer = client.post(answer.url, {"code": code_of(phone)})
    assert answer.status_code == 302 and answer.url == "/inbox/"
    assert client.get(reverse("inbox")).status_code == 200


def test_abuse_52_a_code_works_once(known, enter, phone):
    code = code_of(phone)
    first, second = Client(), Client()
    enter(known.supervisor, on=first)
    enter(known.supervisor, on=second)
    assert first.post(PAGE, {"code": code}).status_code == 302
    answer = second.post(PAGE, {"code": code})
    assert answer.status_code == 422 and "used already" in answer.content.decode()
    assert second.post(PAGE, {"code": code_of(phone, 1)}).status_code == 302, "one step of drift is allowed"


def test_abuse_52_an_old_code_is_refused(known, enter, client, phone):
    enter(known.supervisor)
    assert client.post(PAGE, {"code": code_of(phone, -3)}).status_code == 422


def test_abuse_52_five_wrong_codes_close_the_door_for_every_browser_of_this_account(known, enter, phone, later):
    codes = []
    for _turn in range(5):
        client = Client()
        enter(known.supervisor, on=client)
        codes.append(client.post(PAGE, {"code": "000000" if code_of(phone) != "000000" else "111111"}).status_code)
    assert codes == [422, 422, 422, 422, 429]
    client = Client()
    enter(known.supervisor, on=client)
    assert client.post(PAGE, {"code": code_of(phone)}).status_code == 429, "the right one does not help either"
    assert AuditEvent.objects.filter(action="second_factor.failure", target_id=known.supervisor.pk).count() == 5
    later(minutes=16)
    client = Client()
    enter(known.supervisor, on=client)
    assert client.post(PAGE, {"code": code_of(phone)}).status_code == 302


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "１２３"])
def test_what_is_no_code_is_said_at_the_field_and_counts_no_try(known, enter, client, phone, typed):
    enter(known.supervisor)
    assert client.post(PAGE, {"code": typed}).status_code == 422
    phone.refresh_from_db()
    assert phone.throttling_failure_count == 0


def test_full_width_digits_and_blanks_are_understood(known, enter, client, phone):
    enter(known.supervisor)
    code = code_of(phone)
    typed = "".join(chr(ord(digit) + 0xFEE0) for digit in code[:3]) + " " + code[3:]
    assert client.post(PAGE, {"code": typed}).status_code == 302


def test_the_right_password_is_remembered_for_ten_minutes_only(known, enter, client, phone, later):
    enter(known.supervisor)
    later(minutes=11)
    answer = client.post(PAGE, {"code": code_of(phone)})
    assert answer.status_code == 302 and answer.url == "/sign-in/"


def test_a_role_that_needs_it_sets_it_up_at_the_first_sign_in(known, enter, client, settings):
    settings.SECOND_FACTOR = True
    assert enter(known.supervisor).url == PAGE
    page = client.get(PAGE).content.decode()
    assert 'src="data:image/svg+xml' in page and "style=" not in page
    device = TOTPDevice(user=known.supervisor, key=client.session["second_factor_key"])
    assert client.post(PAGE, {"code": "000000" if code_of(device) != "000000" else "1" * 6}).status_code == 422
    assert not TOTPDevice.objects.exists()
    assert client.post(PAGE, {"code": code_of(device)}).status_code == 302
    assert client.get(reverse("inbox")).status_code == 200
    assert second_factor_of(known.supervisor).key == device.key and "second_factor_key" not in client.session


def test_which_roles_need_it(known, settings):
    people = ("supervisor", "finance", "administrator", "specialist", "salesperson", "marketing", "head", "management")
    needing = lambda: {name for name in people if needs_second_factor(getattr(known, name))}  # noqa: E731
    assert needing() == set()
    settings.SECOND_FACTOR = True
    assert needing() == {"supervisor", "finance", "administrator"}


def test_everybody_may_set_one_up_and_give_it_up_but_not_where_the_role_needs_it(known, sign_in, settings):
    client = sign_in(known.salesperson)
    page = reverse("security:second_factor_set")
    client.get(page)
    device = TOTPDevice(user=known.salesperson, key=client.session["second_factor_key"])
    assert client.post(page, {"present": "wrong", "code": code_of(device)}).status_code == 422
    assert client.post(page, {"present": PASSWORD, "code": code_of(device)}).status_code == 302
    assert second_factor_of(known.salesperson) is not None
    assert client.post(reverse("security:second_factor_remove"), {"present": PASSWORD}).status_code == 302
    assert second_factor_of(known.salesperson) is None
    settings.SECOND_FACTOR = True
    TOTPDevice.objects.create(user=known.finance, name="phone", confirmed=True)
    client = sign_in(known.finance)
    answer = client.post(reverse("security:second_factor_remove"), {"present": PASSWORD})
    assert answer.status_code == 422 and second_factor_of(known.finance) is not None


def test_another_phone_takes_the_place_of_the_first(known, phone):
    key = second_factor.new_key()
    second_factor.enrol(user=known.supervisor, key=key, code=code_of(TOTPDevice(user=known.supervisor, key=key)))
    assert list(TOTPDevice.objects.values_list("key", flat=True)) == [key]


def test_a_lost_phone_is_forgotten_by_a_decision_and_sessions_end(known, phone, enter):
    asked = accounts.propose_second_factor_reset(by=known.administrator, user=known.supervisor, reason="Phone lost")
    assert second_factor_of(known.supervisor) is not None
    approvals.decide(approval_id=asked.pk, by=known.management, agree=True)
    assert second_factor_of(known.supervisor) is None
    assert User.objects.get(pk=known.supervisor.pk).auth_epoch == 1
    assert AuditEvent.objects.filter(action="second_factor.reset", target_id=known.supervisor.pk).count() == 1


def test_nobody_reaches_the_page_without_the_password(client, known):
    assert client.get(PAGE).url == "/sign-in/"
    assert client.post(PAGE, {"code": "123456"}).url == "/sign-in/"


def test_a_changed_password_voids_a_half_finished_sign_in(known, enter, client, phone):
    enter(known.supervisor)
    known.supervisor.set_password("Another-Tide-31")
    known.supervisor.save()
    assert client.post(PAGE, {"code": code_of(phone)}).url == "/sign-in/"
