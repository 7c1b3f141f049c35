"""The base views by the first lists and forms that use them: pages, sizes, refusals in the form, exports on record."""

import pytest
from django.urls import reverse

from inventory.models import Layout, Unit
from salescontrol.core.history import create_tracked
from salescontrol.core.models import AuditEvent
from salescontrol.core.views import ActionPage
from tests import build

LAYOUTS = reverse("inventory:layout_list", args=["AAA"])


@pytest.fixture
def many(people):
    create_tracked(
        [Layout(project=people.a, code=f"L{number:03}") for number in range(130)], action="layout.enter", by=None
    )
    return people


def codes(response) -> list[str]:
    return [item["row"].code for item in response.context["rows"]]


def test_a_list_comes_in_pages_of_a_chosen_size(many, sign_in):
    client = sign_in(many.specialist)
    assert len(codes(client.get(LAYOUTS))) == 50
    assert codes(client.get(f"{LAYOUTS}?page=3")) == [f"L{number:03}" for number in range(100, 130)]
    assert len(codes(client.get(f"{LAYOUTS}?size=100"))) == 100
    page = client.get(f"{LAYOUTS}?size=100&sort=-code").content.decode()
    assert "?size=100&amp;sort=-code&amp;page=2" in page


@pytest.mark.parametrize(
    "query",
    [
        "page=0",
        "page=-1",
        "page=x",
        "page=999999",
        "size=1",
        "size=100000",
        "size=x",
        "sort=;drop",
        "page=%00",
        "size=５０",
        "sort=--",
        "format=pdf",
        "format=xlsx",
    ],
)
def test_abuse_8_strange_addresses_give_an_ordinary_page(many, sign_in, query):
    response = sign_in(many.specialist).get(f"{LAYOUTS}?{query}")
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/html")
    assert 0 < len(codes(response)) <= 50


def test_a_parameter_never_becomes_markup(many, sign_in):
    page = sign_in(many.specialist).get(f'{LAYOUTS}?sort="><script>alert(1)</script>&x=<b>').content.decode()
    assert "<script>alert" not in page
    assert "<b>" not in page


def test_a_list_without_rows_says_what_belongs_here(people, sign_in):
    assert "No layout yet" in sign_in(people.specialist).get(LAYOUTS).content.decode()


def test_a_list_whose_filter_matches_nothing_says_so_and_offers_a_way_out(people, sign_in):
    build.unit(build.building(people.a), by=people.specialist)
    page = (
        sign_in(people.specialist).get(reverse("inventory:unit_list", args=["AAA"]) + "?room=nothing").content.decode()
    )
    assert "Nothing matches the filter." in page
    assert 'href="?"' in page


def test_who_took_what_is_on_record_and_parameters_that_mean_nothing_are_not(people, sign_in):
    build.unit(build.building(people.a), by=people.specialist)
    client = sign_in(people.specialist)
    client.get(reverse("inventory:unit_list", args=["AAA"]) + "?room=12&phone=13800001234&format=xlsx")
    event = AuditEvent.objects.get(action="export")
    assert (event.actor, event.project_id, event.detail) == (
        people.specialist,
        people.a.pk,
        {"what": "Units", "filter": "room=12"},
    )


def test_a_refusal_of_a_service_stands_in_the_form_with_what_was_typed(people, sign_in):
    build.layout(people.a, "C2")
    response = sign_in(people.specialist).post(
        reverse("inventory:layout_new", args=["AAA"]), {"code": "c2", "description": "typed"}
    )
    page = response.content.decode()
    assert response.status_code == 409
    assert "is there already" in page
    assert 'value="typed"' in page


def test_an_unknown_project_and_one_that_is_not_mine_are_the_same(people, sign_in):
    client = sign_in(people.specialist)
    assert (
        client.get(LAYOUTS.replace("AAA", "BBB")).status_code
        == client.get(LAYOUTS.replace("AAA", "NONE")).status_code
        == 404
    )


def test_every_page_is_for_people_who_signed_in(people, client):
    for name in ("unit_list", "layout_list", "project_settings", "assign", "unit_enter"):
        response = client.get(reverse(f"inventory:{name}", args=["AAA"]))
        assert response.status_code == 302
        assert "sign-in" in response.url or "login" in response.url


def test_answers_stay_out_of_caches(people, sign_in):
    response = sign_in(people.specialist).get(LAYOUTS)
    assert response["Cache-Control"] == "no-store, private"
    assert "default-src 'none'" in response["Content-Security-Policy"]


def test_abuse_44_what_changes_something_is_never_a_get(people, sign_in):
    unit = build.unit(build.building(people.a), by=people.specialist)
    client = sign_in(people.supervisor)
    client.get(
        reverse("inventory:unit_assign", args=["AAA", unit.pk]) + f"?salesperson={people.salesperson.pk}&reason=x"
    )
    client.get(
        reverse("inventory:assign", args=["AAA"])
        + f"?everything=on&salesperson={people.salesperson.pk}&reason=x&chosen={unit.pk}"
    )
    assert Unit.objects.get().salesperson is None


@pytest.mark.parametrize(
    ("came_from", "back"),
    [
        ("http://testserver/p/AAA/board/?unit=7", "http://testserver/p/AAA/board/?unit=7"),
        ("https://elsewhere.example/", "/"),
        ("//elsewhere.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
def test_abuse_43_the_way_back_from_an_action_stays_on_this_site(rf, came_from, back):
    page = ActionPage()
    page.request = rf.get("/", headers={"Referer": came_from})
    assert page.get_back_url() == back
