"""Pages of the emergency stop: the list, the button, the request, and the banner wherever units are shown."""

import uuid

import pytest
from django.urls import reverse

from inventory.models import SalesStop, Unit
from inventory.services import stops
from salescontrol.core.models import Approval
from tests import build

pytestmark = pytest.mark.django_db
REASON = "Price error on the website"


@pytest.fixture
def room(people):
    """Two buildings; the salesperson has a unit in the first."""
    people.three, people.nine = build.building(people.a, "3#"), build.building(people.a, "9#", key="9", position=2)
    people.unit = build.unit(people.three, by=people.specialist, salesperson=people.salesperson)
    people.far = build.unit(people.nine, by=people.specialist)
    return people


def stop(room, **scope) -> SalesStop:
    return stops.stop_sales(op_id=uuid.uuid4(), project=room.a, reason=REASON, by=room.supervisor, **scope)


def test_stopping_from_the_page(room, sign_in):
    browser = sign_in(room.supervisor)
    page = browser.get("/p/AAA/stops/new/")
    text = page.content.decode()
    assert "Building 3#: 1 unit, 1 for sale" in text and "The whole project: 2 units, 2 for sale" in text
    assert 'class="btn seal"' in text

    form = {"op_id": page.context["form"]["op_id"].value(), "scope": f"building:{room.three.pk}", "reason": REASON}
    assert browser.post("/p/AAA/stops/new/", form).status_code == 302
    assert browser.post("/p/AAA/stops/new/", form).status_code == 302, "a double click stops once"
    assert SalesStop.objects.count() == 1
    again = browser.post("/p/AAA/stops/new/", {**form, "op_id": uuid.uuid4()})
    assert (again.status_code, "stopped already" in again.content.decode()) == (409, True)


def test_a_part_of_another_project_is_no_choice(room, sign_in):
    other = build.building(room.b, "1#")
    answer = sign_in(room.supervisor).post(
        "/p/AAA/stops/new/", {"op_id": uuid.uuid4(), "scope": f"building:{other.pk}", "reason": REASON}
    )
    assert (answer.status_code, SalesStop.objects.count()) == (422, 0)


def test_the_list_tells_the_life_of_a_stop(room, sign_in):
    assert "never stopped" in sign_in(room.finance).get("/p/AAA/stops/").content.decode()
    laid = stop(room)
    browser = sign_in(room.specialist)
    ask = reverse("inventory:stop_reopen", args=["AAA", laid.pk])
    text = browser.get("/p/AAA/stops/").content.decode()
    assert REASON in text and room.supervisor.name in text and ask in text
    assert browser.post(ask, {"reason": "Corrected"}).status_code == 302
    asked = Approval.objects.get(kind="sales.reopen")
    text = browser.get("/p/AAA/stops/").content.decode()
    assert reverse("approval", args=[asked.pk]) in text and ask not in text

    manager = sign_in(room.management)
    assert manager.post(reverse("approval", args=[asked.pk]), {"answer": "approve"}).status_code == 302
    text = manager.get("/p/AAA/stops/").content.decode()
    assert room.management.name in text and "lifted" in text


def test_the_banner_stands_on_board_panel_and_workbench(room, sign_in):
    stop(room, building=room.three)
    pages = ("/", "/p/AAA/board/", f"/p/AAA/board/unit/{room.unit.pk}/", f"/p/AAA/units/{room.unit.pk}/")
    for person, named in ((room.specialist, True), (room.salesperson, False)):
        browser = sign_in(person)
        for page in pages:
            banner = browser.get(page).content.decode().split('role="alert"', 1)[1].split("</div>")[0]
            assert "Sales of 3# are stopped." in banner and REASON in banner
            assert (room.supervisor.name in banner) is named


def test_who_has_no_unit_in_a_stopped_building_reads_nothing_of_it(room, sign_in):
    stop(room, building=room.nine)
    browser = sign_in(room.salesperson)
    for page in ("/", "/p/AAA/board/", f"/p/AAA/units/{room.unit.pk}/", "/inbox/"):
        assert REASON not in browser.get(page).content.decode()


def test_the_rail_counts_live_stops(room, sign_in):
    stop(room)
    rail = sign_in(room.specialist).get("/").content.decode().split('href="/p/AAA/stops/"', 1)[1]
    assert '<b class="count due">1</b>' in rail.split("</a>")[0]


def test_a_unit_without_a_stop_asks_no_query_for_one(room, django_assert_num_queries):
    from inventory.views.stops import unit_banner
    from salescontrol.core.access import access_of

    access, unit = access_of(room.specialist), Unit.every.get(pk=room.unit.pk)
    with django_assert_num_queries(0):
        assert unit_banner(access, unit) is None
