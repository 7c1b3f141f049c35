"""Settings and the calendar: pages with history, company-wide or by project (decisions 31, 33)."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from salescontrol.core import options
from salescontrol.core.errors import Conflict, Forbidden, Refusal
from salescontrol.core.models import AuditEvent, Holiday, Setting
from security.queries import knows, official_days
from security.services import settings as services

pytestmark = pytest.mark.django_db


def filled(project_id=None, **changes) -> dict:
    values = {key: value for key, value in options.values(project_id).items() if value is not False}
    return {**values, **changes}


def test_the_administrator_changes_the_companys_values(people, sign_in):
    client = sign_in(people.administrator)
    page = client.get(reverse("security:settings")).content.decode()
    assert "Hold for a customer" in page and "Opening hours" in page
    assert (
        client.post(reverse("security:settings"), filled(**{"hold.hours": 48, "office.opens_at": "08:30"})).status_code
        == 302
    )
    assert options.value("hold.hours") == 48 and options.value("office.opens_at") == "08:30"
    assert Setting.objects.count() == 2, "only what differs is stored"
    assert options.value("hold.hours", people.a.pk) == 48


def test_a_supervisor_changes_the_own_projects_values_only(people, sign_in):
    client = sign_in(people.supervisor)
    url = reverse("security:project_settings", args=["AAA"])
    assert client.post(url, filled(**{"hold.hours": 12})).status_code == 302
    assert (
        options.value("hold.hours", people.a.pk) == 12
        and options.value("hold.hours", people.b.pk) == options.value("hold.hours") == 24
    )
    assert client.get(reverse("security:project_settings", args=["BBB"])).status_code == 404
    assert client.post(reverse("security:settings"), filled(**{"hold.hours": 1})).status_code == 403
    with pytest.raises(Forbidden):
        services.change_settings(by=people.supervisor, project_id=people.b.pk, changes={"hold.hours": 1})
    with pytest.raises(Forbidden):
        services.change_settings(by=people.administrator, project_id=people.a.pk, changes={"hold.hours": 1})


@pytest.mark.parametrize("who", ["specialist", "salesperson", "finance", "management"])
def test_nobody_else_opens_the_settings(people, sign_in, who):
    client = sign_in(getattr(people, who))
    for name, args in (("settings", []), ("project_settings", ["AAA"]), ("holidays", []), ("settings_history", [])):
        assert client.get(reverse(f"security:{name}", args=args)).status_code == 403, name


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("hold.hours", "0"),
        ("hold.hours", "241"),
        ("hold.hours", "x"),
        ("hold.hours", ""),
        ("office.opens_at", "24:00"),
        ("office.opens_at", "9"),
    ],
)
def test_a_value_out_of_bounds_is_said_at_its_field_and_nothing_is_saved(people, sign_in, key, value):
    answer = sign_in(people.administrator).post(reverse("security:settings"), filled(**{key: value, "signing.days": 9}))
    assert answer.status_code == 422 and answer.context["form"].errors.get(key)
    assert not Setting.objects.exists() and 'value="9"' in answer.content.decode()


def test_a_project_can_go_back_to_the_companys_value(people, sign_in):
    client = sign_in(people.supervisor)
    services.change_settings(by=people.supervisor, project_id=people.a.pk, changes={"hold.hours": 12})
    url = reverse("security:project_setting_reset", args=["AAA", "hold.hours"])
    assert (
        "Use the company's value (24)"
        in client.get(reverse("security:project_settings", args=["AAA"])).content.decode()
    )
    assert "24 hours" in client.get(url).content.decode()
    assert client.post(url).status_code == 302
    assert options.value("hold.hours", people.a.pk) == 24 and not Setting.objects.exists()
    assert client.post(url).status_code == 409
    assert client.get(reverse("security:project_setting_reset", args=["AAA", "no.such"])).status_code == 404


def test_a_choice_of_yes_or_no_is_told_in_words(people, sign_in):
    client = sign_in(people.supervisor)
    services.change_settings(by=people.supervisor, project_id=people.a.pk, changes={"rotation.keep": False})
    pages = [
        client.get(reverse(f"security:project_{name}", args=["AAA", *args])).content.decode()
        for name, args in (("settings", ()), ("setting_reset", ["rotation.keep"]), ("settings_history", ()))
    ]
    assert "Use the company&#x27;s value (Yes)" in pages[0] or "Use the company's value (Yes)" in pages[0]
    assert "holds here: Yes" in pages[1]
    assert "No" in pages[2] and "False" not in pages[2]


def test_every_change_is_told_with_who_and_from_what_to_what(people, sign_in):
    for hours in (12, 36):
        services.change_settings(by=people.supervisor, project_id=people.a.pk, changes={"hold.hours": hours})
    services.reset_setting(by=people.supervisor, project_id=people.a.pk, key="hold.hours")
    services.change_settings(by=people.administrator, project_id=None, changes={"signing.days": 5})
    page = sign_in(people.supervisor).get(reverse("security:project_settings_history", args=["AAA"])).content.decode()
    assert (
        "<del>12</del> → <ins>36</ins>" in page
        and "<del>36</del>" in page
        and "Lin Yue" in page
        and "Signing deadline" not in page
    )
    page = sign_in(people.administrator).get(reverse("security:settings_history")).content.decode()
    assert "Signing deadline" in page and "<ins>5</ins>" in page and "Lin Yue" not in page


def test_the_history_of_settings_costs_the_same_for_many(people, sign_in):
    client = sign_in(people.administrator)
    url = reverse("security:settings_history")
    services.change_settings(by=people.administrator, project_id=None, changes={"signing.days": 50})
    client.get(url)
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    for days in range(2, 32):
        services.change_settings(by=people.administrator, project_id=None, changes={"signing.days": days})
    with CaptureQueriesContext(connection) as many:
        client.get(url)
    assert len(many) == len(few)


def test_the_official_calendar_is_taken_over_and_again_changes_nothing(people, sign_in):
    client = sign_in(people.administrator)
    url = f"{reverse('security:holidays')}?year=2026"
    assert "Take over the official calendar" in client.get(url).content.decode()
    assert client.post(reverse("security:holidays"), {"year": "2026"}).url == url
    days = {row.day: row for row in Holiday.objects.all()}
    assert days[date(2026, 10, 1)].working is False and days[date(2026, 2, 14)].working is True
    assert all(row.working != (row.day.weekday() < 5) for row in days.values()), "only exceptions are listed"
    assert services.take_over_calendar(by=people.administrator, year=2026) == 0
    assert AuditEvent.objects.filter(action="holiday.take_over").count() == 2
    page = client.get(url).content.decode()
    assert "国庆节" in page and "is worked" in page and "Taken over from the official calendar" in page


def test_taking_over_keeps_days_of_our_own(people):
    own = services.save_holiday(
        by=people.administrator, day=date(2026, 6, 8), working=False, name="Opening of phase II"
    )
    services.save_holiday(by=people.administrator, day=date(2026, 10, 1), working=False, name="Party")
    assert services.take_over_calendar(by=people.administrator, year=2026) == len(official_days(2026))
    own.refresh_from_db()
    assert own.name == "Opening of phase II" and Holiday.objects.get(day=date(2026, 10, 1)).name == "国庆节"


def test_a_year_that_nobody_knows_yet_is_said_and_refused(people, sign_in):
    assert knows(2026) and not knows(2027)
    client = sign_in(people.administrator)
    page = client.get(f"{reverse('security:holidays')}?year=2027").content.decode()
    assert "The official calendar of 2027 is not known" in page and "Take over" not in page
    assert client.post(reverse("security:holidays"), {"year": "2027"}).status_code == 422
    with pytest.raises(Refusal):
        services.take_over_calendar(by=people.administrator, year=2027)


def test_days_are_added_changed_and_removed_and_the_history_keeps_them(people, sign_in):
    client = sign_in(people.administrator)
    add = reverse("security:holiday_add")
    assert (
        client.post(add, {"day": "2026-06-08", "working": "off", "name": "Opening"}).url
        == "/settings/holidays/?year=2026"
    )
    row = Holiday.objects.get()
    assert client.post(add, {"day": "2026-06-08", "working": "off", "name": "Again"}).status_code == 409
    assert client.post(add, {"day": "2026-06-09", "working": "worked", "name": "No exception"}).status_code == 422
    assert client.post(add, {"day": "2026-02-30", "working": "off", "name": "x"}).status_code == 422
    edit = reverse("security:holiday_edit", args=[row.pk])
    assert 'value="2026-06-08"' in client.get(edit).content.decode()
    assert client.post(edit, {"day": "2026-06-08", "working": "off", "name": "Grand opening"}).status_code == 302
    assert client.post(reverse("security:holiday_remove", args=[row.pk])).status_code == 302
    assert not Holiday.objects.exists()
    reasons = list(Holiday.history.order_by("history_id").values_list("history_change_reason", "history_user__name"))
    assert reasons == [("holiday.change", "Tang Wei"), ("holiday.change", "Tang Wei"), ("holiday.remove", "Tang Wei")]
    assert "Day removed" in client.get("/settings/holidays/?year=2026").content.decode()


def test_only_the_administrator_writes_the_calendar(people):
    for act in (
        lambda: services.save_holiday(by=people.supervisor, day=date(2026, 6, 8), working=False, name="x"),
        lambda: services.take_over_calendar(by=people.supervisor, year=2026),
    ):
        with pytest.raises(Forbidden):
            act()
    assert not Holiday.objects.exists()


@pytest.mark.parametrize("year", ["", "x", "99999", "-1", "1999"])
def test_a_year_that_is_none_shows_this_one(people, sign_in, year):
    answer = sign_in(people.administrator).get(reverse("security:holidays"), {"year": year})
    assert answer.status_code == 200 and 2026 <= answer.context["year"] <= 2100


def test_resetting_what_is_not_set_is_a_conflict(people):
    with pytest.raises(Conflict):
        services.reset_setting(by=people.supervisor, project_id=people.a.pk, key="hold.hours")
