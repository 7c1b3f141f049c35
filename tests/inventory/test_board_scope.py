"""Rows on the board, in search and on the workbench: what is not yours leaves no trace (R6.4, decisions 3)."""

import re
from datetime import timedelta

import pytest

from inventory.models import Unit, UnitInterest
from inventory.states import Status
from salescontrol.core import clock
from salescontrol.core.permissions import Role
from tests import build

pytestmark = pytest.mark.django_db
URL = "/p/AAA/board/"
FOREIGN = ("wall/", "print/", "?plain=1")


def stripped(response) -> str:
    """A page without what differs from request to request: tokens, times, numbers of records."""
    assert response.status_code == 200
    page = response.content.decode()
    page = re.sub(r'(name="csrfmiddlewaretoken" value|"X-CSRFToken"): ?="[^"]*"', "", page)
    page = re.sub(r'value="[A-Za-z0-9]{64}"|"X-CSRFToken":"[^"]*"|&quot;[A-Za-z0-9]{64}&quot;', "", page)
    return re.sub(r'\d\d:\d\d:\d\d|no\. P\d+|data-token="[^"]*"', "", page)


@pytest.fixture
def mine(people):
    """Two units of the salesperson in project A."""
    where = build.building(people.a)
    people.layout = build.layout(people.a, "C")
    people.own = build.unit(where, 12, by=people.specialist, salesperson=people.salesperson, layout=people.layout)
    people.through = build.unit(where, 14, "03", by=people.specialist, status=Status.HELD)
    UnitInterest.objects.create(unit=people.through, user=people.salesperson, kind="viewing")
    people.building = where
    return people


def add_foreign(people) -> Unit:
    """Everything that a salesperson must not notice: more floors, columns, buildings, layouts, statuses, parking, drafts."""
    by, where = people.specialist, people.building
    build.unit(where, 13, by=by, salesperson=people.colleague, layout=people.layout)
    build.unit(where, 12, "01", by=by, status=Status.CONTRACTED)
    build.unit(where, 14, "04", by=by, status=Status.DRAFT)
    tower = build.building(people.a, "9#", position=0)
    build.unit(tower, -1, "P9", by=by, property_type="PARKING")
    return build.unit(tower, 12, by=by, layout=build.layout(people.a, "Z9"), orientation="NW", locks="STOP")


@pytest.mark.parametrize("path", FOREIGN)
def test_the_board_of_a_salesperson_is_the_same_whether_others_units_exist_or_not(mine, sign_in, path):
    client = sign_in(mine.salesperson)
    alone = stripped(client.get(f"{URL}{path}"))
    foreign = add_foreign(mine)
    assert stripped(client.get(f"{URL}{path}")) == alone
    assert "1202" in alone
    assert "1403" in alone
    assert "9#" not in alone
    assert client.get(URL, {"unit": foreign.pk}).status_code == 404


@pytest.mark.parametrize("query", ["building=%(building)s", "layout=%(layout)s", "orientation=NW", "lock=STOP", "status=CONTRACTED",
                                   "total_from=1", "tab=attached"])  # fmt: skip
def test_abuse_28_no_filter_tells_that_others_units_exist(mine, sign_in, query):
    client = sign_in(mine.salesperson)
    foreign = add_foreign(mine)
    named = query % {"building": foreign.building_id, "layout": foreign.layout_id}
    with_others = stripped(client.get(f"{URL}?{named}"))
    Unit.objects.exclude(pk__in=[mine.own.pk, mine.through.pk]).update(project=mine.b)
    assert stripped(client.get(f"{URL}?{named}")) == with_others


def test_a_panel_of_somebody_elses_unit_is_404_like_one_that_does_not_exist(mine, sign_in):
    foreign = add_foreign(mine)
    client = sign_in(mine.salesperson)
    for pk in (foreign.pk, 987654):
        for headers in ({}, {"HX-Request": "true"}):
            assert client.get(f"{URL}unit/{pk}/", headers=headers).status_code == 404
    assert client.get(f"{URL}unit/{mine.own.pk}/").status_code == 200


def test_abuse_29_the_panel_fragment_is_scoped_like_the_page(mine, sign_in):
    foreign = add_foreign(mine)
    other = sign_in(mine.other_supervisor)
    assert other.get(f"{URL}unit/{foreign.pk}/", headers={"HX-Request": "true"}).status_code == 404
    assert other.get(f"/p/BBB/board/unit/{foreign.pk}/", headers={"HX-Request": "true"}).status_code == 404


def test_an_ended_interest_no_longer_opens_the_unit(mine, sign_in):

    UnitInterest.objects.update(until=clock.now() - timedelta(seconds=1))
    assert sign_in(mine.salesperson).get(f"{URL}unit/{mine.through.pk}/").status_code == 404


def test_the_switch_shares_units_for_sale_but_never_whose_they_are(mine, sign_in):
    foreign = add_foreign(mine)
    Unit.objects.filter(pk=foreign.pk).update(salesperson=mine.colleague)
    mine.a.share_for_sale = True
    mine.a.save()
    client = sign_in(mine.salesperson)
    board = client.get(URL, {"plain": "1"}).content.decode()
    assert 'class="unit available mine"' in board
    assert re.search(rf'class="unit available locked"[^>]*data-unit="{foreign.pk}"', board)
    assert "1201" not in re.findall(r"<b>([^<]+)</b><em>", board), "a contracted unit of others is not shared"
    panel = client.get(f"{URL}unit/{foreign.pk}/").content.decode()
    assert "¥2,706,624" in panel
    assert "Xu Lei" not in panel
    assert "22,100" not in panel


def test_marketing_sees_its_own_submissions_only(mine, sign_in):
    batchless = build.unit(mine.building, 20, by=mine.marketing, status=Status.DRAFT)
    page = sign_in(mine.marketing).get(URL, {"plain": "1"}).content.decode()
    assert re.findall(r"<b>([^<]+)</b><em>", page) == [batchless.room]
    assert ">0 units</span> · " in page


def test_abuse_28_search_finds_rooms_by_number_among_visible_units_only(mine, sign_in):
    foreign = add_foreign(mine)
    client = sign_in(mine.salesperson)
    page = client.get("/search/", {"q": "１２０"}).content.decode()
    assert f"{URL}?unit={mine.own.pk}" in page
    assert f"unit={foreign.pk}" not in page
    for words in ("9#", foreign.number):
        nothing = client.get("/search/", {"q": words}).content.decode()
        assert "Nothing found." in nothing
    assert f"unit={foreign.pk}" in sign_in(mine.supervisor).get("/search/", {"q": "9#-12"}).content.decode()


def test_search_spans_the_users_projects_and_shows_at_most_twenty(mine, sign_in):
    build.grant(mine.salesperson, Role.SALESPERSON, mine.b)
    there = build.building(mine.b, "7#")
    for floor in range(1, 31):
        build.unit(there, floor, by=mine.other_supervisor, salesperson=mine.salesperson)
    page = sign_in(mine.salesperson).get("/search/", {"q": "02"}).content.decode()
    assert page.count("?unit=") == 20
    assert "/p/BBB/board/?unit=" in page


def test_search_ignores_what_only_looks_like_a_pattern(mine, sign_in):
    for words in ("%", "_", "' OR 1=1 --", "   "):
        assert "?unit=" not in sign_in(mine.supervisor).get("/search/", {"q": words}).content.decode()


def test_the_workbench_shows_stock_to_the_desk_and_own_units_to_a_salesperson(mine, sign_in):
    add_foreign(mine)
    desk = sign_in(mine.supervisor).get("/").content.decode()
    assert re.search(r"<span>Available</span><b>3</b><small>of 5 units</small>", desk)
    assert f'href="{URL}?status=CONTRACTED&amp;status=DELIVERED"' in desk
    assert "My units" not in desk
    own = sign_in(mine.salesperson).get("/").content.decode()
    assert "of 5 units" not in own
    assert re.search(r'My units <span class="muted">2</span>', own)
    assert f"{URL}?unit={mine.through.pk}" in own
