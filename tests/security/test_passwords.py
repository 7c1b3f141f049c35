"""Password profiles, the first change, one's own change, one-time links (quality S1, reliability 3.8)."""

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from salescontrol.core import clock
from salescontrol.core.errors import Forbidden, NotVisible, Refusal
from salescontrol.core.models import AuditEvent, Notice
from security import passwords
from security.models import FormerPassword, OneTimeLink, Session, User
from security.services import accounts, attempts
from security.services import passwords as services
from tests.security.conftest import PASSWORD

pytestmark = pytest.mark.django_db
NEW = "Quiet-Harbour-77"


def problems(password, user=None) -> list[str]:
    try:
        passwords.ProfileValidator().validate(password, user)
    except ValidationError as error:
        return error.messages
    return []


@pytest.mark.parametrize(
    "good", ["Abcdefgh-1", "abcdefgh-1", "ABCDEFGH-1", "Abcdefgh12", "海港Abcdefg1", "x" * 126 + "A1"]
)
def test_mlps_takes_ten_characters_of_three_classes(good):
    assert problems(good) == []


@pytest.mark.parametrize(
    "bad", ["Abcde-123", "abcdefghijk", "abcdefgh12", "ABCDEFGH12", "1234567890", "x" * 127 + "A1"]
)
def test_mlps_refuses_shorter_simpler_and_endless_ones(bad):
    assert len(problems(bad)) == 1


def test_asvs_asks_for_length_only(settings):
    settings.PASSWORD_PROFILE = "asvs"
    assert problems("harbourlight") == [] and problems("harbourligh") != []


@pytest.mark.parametrize("password", ["Lin Yue-2026-x", "X-T09001-longer", "A-13800138000-b"])
def test_name_number_and_phone_stay_out_of_it(password):
    user = User(employee_no="T09001", name="Lin Yue", phone="13800138000")
    assert problems(password, user) == ["Leave your name and employee number out of it."]


@pytest.mark.parametrize("profile", ["mlps", "asvs"])
def test_common_passwords_are_refused_whatever_the_profile(known, sign_in, settings, profile):
    settings.PASSWORD_PROFILE = profile
    client = sign_in(known.supervisor)
    common = "qwertyuiop123" if profile == "asvs" else "Password123"
    answer = client.post(reverse("security:password"), {"present": PASSWORD, "new": common, "again": common})
    assert answer.status_code == 422
    known.supervisor.refresh_from_db()
    assert known.supervisor.check_password(PASSWORD)


def change(client, new, present=PASSWORD, again=None):
    return client.post(reverse("security:password"), {"present": present, "new": new, "again": again or new})


def test_the_last_five_passwords_are_not_taken_again(known, sign_in):
    client = sign_in(known.supervisor)
    used = [PASSWORD]
    for turn in range(5):
        assert change(client, f"Harbour-Light-{turn}", used[-1]).status_code == 302
        used.append(f"Harbour-Light-{turn}")
    assert FormerPassword.objects.filter(user=known.supervisor).count() == 5
    for old in used[1:5]:
        assert "used this password before" in change(client, old, used[-1]).content.decode()
    assert change(client, PASSWORD, used[-1]).status_code == 302, "the sixth before is free again"


def test_a_mistake_says_where_and_changes_nothing(known, sign_in):
    client = sign_in(known.supervisor)
    assert "not the same" in change(client, NEW, again="Quiet-Harbour-78").content.decode()
    assert "not your present password" in change(client, NEW, present="wrong").content.decode()
    assert "at least 10 characters" in change(client, "Ab-1").content.decode()
    assert "is the present one" in change(client, PASSWORD).content.decode()
    known.supervisor.refresh_from_db()
    assert (
        known.supervisor.check_password(PASSWORD) and not AuditEvent.objects.filter(action="password.change").exists()
    )


def test_five_wrong_present_passwords_end_the_session(known, sign_in):
    client = sign_in(known.supervisor)
    for _ in range(4):
        assert change(client, NEW, present="wrong").status_code == 422
    answer = change(client, NEW, present="wrong")
    assert answer.status_code == 302 and answer.url == "/sign-in/"
    assert client.get(reverse("inbox")).status_code == 302
    assert Session.objects.get(user=known.supervisor).ended_at is not None


def test_a_first_password_must_be_changed_before_anything_else(known, enter, client):
    User.objects.filter(pk=known.supervisor.pk).update(must_change_password=True)
    enter(known.supervisor)
    answer = client.get(reverse("inbox"))
    assert answer.status_code == 302 and answer.url == "/me/password/?next=%2Finbox%2F"
    page = client.get(answer.url)
    assert page.status_code == 200 and b'class="rail"' not in page.content
    assert client.post(reverse("inbox_read_all")).status_code == 302
    answer = client.post("/me/password/?next=/inbox/", {"present": PASSWORD, "new": NEW, "again": NEW})
    assert answer.url == "/inbox/" and client.get("/inbox/").status_code == 200
    assert client.post(reverse("security:sign_out")).status_code == 302


def test_who_owes_a_password_may_still_leave_and_choose_a_language(known, enter, client):
    User.objects.filter(pk=known.supervisor.pk).update(must_change_password=True)
    enter(known.supervisor)
    assert (
        client.post(reverse("security:language"), {"language": "zh-hans", "next": "/me/password/"}).url
        == "/me/password/"
    )
    assert client.post(reverse("security:sign_out")).url == "/sign-in/"


@pytest.mark.parametrize(("profile", "due"), [("mlps", True), ("asvs", False)])
def test_after_ninety_days_mlps_asks_for_a_new_one_and_asvs_does_not(known, settings, later, profile, due):
    settings.PASSWORD_PROFILE = profile
    known.supervisor.password_changed_at = clock.now()
    later(days=89)
    assert passwords.is_due(known.supervisor) is False
    later(days=91)
    assert passwords.is_due(known.supervisor) is due


def link_of(user, by) -> str:
    return reverse("security:one_time", args=[services.make_link(user=user, by=by)])


def test_a_one_time_link_sets_the_password_once_and_ends_what_was_open(known, enter, client):
    enter(known.salesperson)
    url = link_of(known.salesperson, known.administrator)
    stranger = Client()
    page = stranger.get(url)
    assert page.status_code == 200 and known.salesperson.employee_no in page.content.decode()
    assert stranger.post(url, {"new": NEW, "again": NEW}).url == "/sign-in/"
    assert client.get(reverse("inbox")).status_code == 302, "older sessions are over"
    assert stranger.get(url).status_code == 404 and stranger.post(url, {"new": NEW, "again": NEW}).status_code == 404
    assert enter(known.salesperson, NEW, on=stranger).status_code == 302
    assert AuditEvent.objects.filter(action="password.set_by_link", actor=known.salesperson).count() == 1


def test_a_weak_password_does_not_use_the_link_up(known):
    url = link_of(known.salesperson, known.administrator)
    answer = Client().post(url, {"new": "short", "again": "short"})
    assert answer.status_code == 422 and "at least 10 characters" in answer.content.decode()
    assert Client().post(url, {"new": NEW, "again": NEW}).status_code == 302


def test_a_link_ends_after_a_day_and_when_a_newer_one_is_made(known, later):
    first = link_of(known.salesperson, known.administrator)
    second = link_of(known.salesperson, known.administrator)
    assert Client().get(first).status_code == 404 and Client().get(second).status_code == 200
    later(hours=25)
    assert Client().get(second).status_code == 404


@pytest.mark.parametrize("token", ["x", "0" * 43, "..%2f..%2fetc"])
def test_abuse_48_a_link_that_never_was_looks_like_one_that_is_over(known, token):
    old = link_of(known.salesperson, known.administrator)
    OneTimeLink.objects.update(used_at=clock.now())
    never, over = Client().get(f"/one-time/{token}/"), Client().get(old)
    assert never.status_code == over.status_code == 404
    assert "used, is older than 24 hours or was replaced" in over.content.decode()


def test_only_the_digest_of_a_link_is_kept(known):
    token = services.make_link(user=known.salesperson, by=known.administrator)
    assert token not in str(OneTimeLink.objects.values()) and len(OneTimeLink.objects.get().digest) == 64
    assert token not in str(list(AuditEvent.objects.values())) + str(list(Notice.objects.values()))


def test_resetting_a_password_is_told_to_the_owner_and_the_supervisors(known):
    services.make_link(user=known.salesperson, by=known.administrator)
    told = set(Notice.objects.filter(code="password.link").values_list("to__name", flat=True))
    assert {"Zhao Ming", "Lin Yue", "Ma Chao"} <= told


def test_who_may_make_a_link(known):
    for person in (known.supervisor, known.management, known.salesperson):
        with pytest.raises(Forbidden):
            services.make_link(user=known.specialist, by=person)
    with pytest.raises(Forbidden):
        services.make_link(user=known.administrator, by=known.administrator)
    known.specialist.is_active = False
    known.specialist.save()
    with pytest.raises(Refusal):
        services.make_link(user=known.specialist, by=known.administrator)


def test_the_administrator_sees_the_link_once_and_never_the_password(known, sign_in):
    client = sign_in(known.administrator)
    url = reverse("security:account_link", args=[known.salesperson.pk])
    assert "works once" in client.get(url).content.decode() and not OneTimeLink.objects.exists()
    page = client.post(url).content.decode()
    token = page.split("/one-time/")[1].split("/")[0]
    assert services.live_link(token).user == known.salesperson
    assert "/one-time/" not in client.get(reverse("security:account", args=[known.salesperson.pk])).content.decode()


def test_a_closed_account_opens_no_link(known):
    token = services.make_link(user=known.salesperson, by=known.administrator)
    User.objects.filter(pk=known.salesperson.pk).update(is_active=False)
    with pytest.raises(NotVisible):
        services.live_link(token)
    with pytest.raises(NotVisible):
        services.use_link(token=token, new=NEW, source="10.0.0.1")


def test_a_link_is_dead_once_the_owner_has_set_a_password(known, sign_in):
    """Whoever is told of a link they did not ask for changes the password, and the link must be worth nothing then."""
    token = services.make_link(user=known.salesperson, by=known.administrator)
    assert change(sign_in(known.salesperson), NEW).status_code == 302
    with pytest.raises(NotVisible):
        services.live_link(token)


def test_a_link_is_dead_once_the_account_was_closed_also_when_it_is_opened_again(known):
    token = services.make_link(user=known.salesperson, by=known.administrator)
    accounts.suspend(by=known.administrator, user=known.salesperson, reason="Phone stolen")
    User.objects.filter(pk=known.salesperson.pk).update(is_active=True)
    with pytest.raises(NotVisible):
        services.live_link(token)


def test_abuse_50_links_are_throttled_like_sign_ins(known):
    client = Client()
    url = link_of(known.salesperson, known.administrator)
    for _ in range(attempts.SOURCE_LIMIT):
        attempts.count_from("127.0.0.1")
    assert client.post(url, {"new": NEW, "again": NEW}).status_code == 429


def test_a_password_never_stands_in_a_history(known, sign_in):
    change(sign_in(known.supervisor), NEW)
    known.supervisor.refresh_from_db()
    rows = list(known.supervisor.history.values())
    assert rows and not any(known.supervisor.password in map(str, row.values()) for row in rows)
    assert known.supervisor.history.first().history_change_reason == "password.set"
