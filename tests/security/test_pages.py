"""The pages around people as a whole: one's own page, the rail, the headers, no style or script in a page."""

import re

import pytest
from django.urls import reverse

from security.models import Session
from tests.security.conftest import PASSWORD

pytestmark = pytest.mark.django_db
OWN = ("me", "password", "second_factor_set", "second_factor_remove", "sessions", "deputies")
KEPT = ("account_list", "account_open", "settings", "settings_history", "holidays", "holiday_add")
LANGUAGES = ("en", "zh-hans", "zh-hant")


def test_my_page_says_who_i_am_and_what_i_may_change(people, sign_in):
    page = sign_in(people.supervisor).get(reverse("security:me")).content.decode()
    for word in (
        "Lin Yue",
        people.supervisor.employee_no,
        "Riverside Court: Supervisor",
        "Change password",
        "My sessions",
    ):
        assert word in page, word
    assert 'name="name"' not in page and 'name="phone"' not in page


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", OWN + KEPT)
def test_every_page_opens_in_every_language_without_style_or_script_of_its_own(people, sign_in, name, language):
    people.administrator.language = language
    people.administrator.save()
    client = sign_in(people.administrator)
    client.post(reverse("security:language"), {"language": language})
    answer = client.get(reverse(f"security:{name}"))
    page = answer.content.decode()
    assert answer.status_code == 200
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\bsrc=)", page), name
    assert "unsafe" not in answer["Content-Security-Policy"] and answer["Cache-Control"] == "no-store, private"


def test_who_sees_which_entries_of_the_rail(people, sign_in):
    expected = {
        "administrator": {"/people/accounts/", "/settings/", "/settings/holidays/"},
        "supervisor": {"/people/accounts/", "/people/deputies/", "/settings/p/AAA/"},
        "management": {"/people/accounts/"},
        "salesperson": set(),
    }
    for name, urls in expected.items():
        page = sign_in(getattr(people, name)).get(reverse("security:me")).content.decode()
        rail = page.split('<nav class="rail"')[1].split("</nav>")[0]
        found = set(re.findall(r'href="(/(?:people|settings)[^"]*)"', rail))
        assert found == urls, name


@pytest.mark.parametrize("name", OWN + KEPT)
def test_nobody_gets_in_without_signing_in(client, name, db):
    url = reverse(f"security:{name}")
    answer = client.get(url)
    assert answer.status_code == 302 and answer.url.startswith("/sign-in/?next=")
    assert client.post(url).status_code == 302
    assert not Session.objects.exists()


def test_abuse_45_a_name_is_shown_as_text(people, sign_in):
    people.salesperson.name = "<img src=x onerror=alert(1)>{{7*7}}"
    people.salesperson.save()
    client = sign_in(people.administrator)
    for url in (reverse("security:account_list"), reverse("security:account", args=[people.salesperson.pk])):
        page = client.get(url).content.decode()
        assert "<img src=x" not in page and "&lt;img src=x" in page and "{{7*7}}" in page


def test_a_password_is_never_sent_back_to_the_browser(people, enter):
    answer = enter(people.supervisor, PASSWORD + "x")
    assert answer.status_code == 422 and PASSWORD not in answer.content.decode()
