"""The list of units and the page of one unit: what each reader finds there, and what nobody can find out (R6.4, abuse 25–29)."""

import io
import re
from datetime import timedelta
from decimal import Decimal
from urllib.parse import quote

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from inventory.models import Unit, UnitInterest
from inventory.models.unit import PropertyType
from inventory.states import Status
from salescontrol.core import clock
from salescontrol.core.models import AuditEvent
from salescontrol.core.permissions import Role
from tests import build

LIST = ("inventory:unit_list", "AAA")


def address(name: str, *args) -> str:
    return reverse(f"inventory:{name}", args=["AAA", *args])


@pytest.fixture
def house(people):
    """Three units of project A: one of the salesperson, one of a colleague, one withheld; one unit of project B."""
    people.building = build.building(people.a, "3#")
    people.layout = build.layout(people.a, "C2")
    people.mine = build.unit(
        people.building, 12, "02", by=people.specialist, salesperson=people.salesperson, layout=people.layout
    )
    people.theirs = build.unit(
        people.building,
        13,
        "01",
        by=people.specialist,
        salesperson=people.colleague,
        layout=build.layout(people.a, "HIDDEN-LAYOUT"),
    )
    people.kept = build.unit(
        build.building(people.a, "9#", position=2), 5, "03", by=people.specialist, status=Status.WITHHELD
    )
    people.foreign = build.unit(build.building(people.b, "7#"), 2, "01", by=people.other_supervisor)
    return people


def numbers(response) -> list[str]:
    return [item["row"].number for item in response.context["rows"]]


def test_the_desk_sees_every_unit_of_the_project_and_none_of_another(house, sign_in):
    response = sign_in(house.specialist).get(address("unit_list"))
    assert sorted(numbers(response)) == sorted([house.mine.number, house.theirs.number, house.kept.number])
    assert house.foreign.number not in response.content.decode()


def test_a_salesperson_sees_their_own_units_only(house, sign_in):
    response = sign_in(house.salesperson).get(address("unit_list"))
    page = response.content.decode()
    assert numbers(response) == [house.mine.number]
    for hidden in (house.theirs.number, "HIDDEN-LAYOUT", "9#", "Xu Lei", "Floor price"):
        assert hidden not in page
    assert response.context["page"].paginator.count == 1


def test_a_live_interest_shows_a_unit_and_ends_by_itself(house, sign_in):
    interest = UnitInterest.objects.create(
        unit=house.theirs, user=house.salesperson, kind="viewing", until=clock.now() + timedelta(hours=1)
    )
    assert len(numbers(sign_in(house.salesperson).get(address("unit_list")))) == 2
    interest.until = clock.now() - timedelta(seconds=1)
    interest.save()
    assert numbers(sign_in(house.salesperson).get(address("unit_list"))) == [house.mine.number]


def test_with_the_switch_a_salesperson_sees_units_for_sale_but_not_whose_they_are(house, sign_in):
    house.a.share_for_sale = True
    house.a.save()
    response = sign_in(house.salesperson).get(address("unit_list"))
    assert set(numbers(response)) == {house.mine.number, house.theirs.number}
    assert "Xu Lei" not in response.content.decode()
    assert [item["html"].count(">mine<") for item in response.context["rows"]].count(1) == 1


def test_floor_price_is_a_column_for_those_who_may_read_it(house, sign_in):
    for person, there in (
        (house.supervisor, True),
        (house.finance, True),
        (house.specialist, False),
        (house.salesperson, False),
    ):
        page = sign_in(person).get(address("unit_list")).content.decode()
        assert ("2,616,640" in page) is there


def test_the_department_head_and_the_administrator_have_no_list(house, sign_in):
    assert sign_in(house.head).get(address("unit_list")).status_code == 403
    assert sign_in(house.administrator).get(address("unit_list")).status_code == 404


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("room=1202", ["mine"]),
        ("floor_from=13", ["theirs"]),
        ("floor_to=5", ["kept"]),
        ("status=WITHHELD", ["kept"]),
        ("area_from=200", []),
        ("area_from=１１８.４&area_to=118.4", ["mine", "theirs", "kept"]),
        ("total_from=270", ["mine", "theirs", "kept"]),
        ("total_from=1,000", []),
        ("total_to=271万", ["mine", "theirs", "kept"]),
        ("entrance=2单元", []),
        ("property_type=PARKING", []),
        ("orientation=S", []),
        ("lock=PRICE", []),
        ("salesperson=none", ["kept"]),
        ("review=DRAFT", []),
    ],
)
def test_every_filter_narrows_by_what_it_says(house, sign_in, query, expected):
    response = sign_in(house.supervisor).get(f"{address('unit_list')}?{query}")
    assert sorted(numbers(response)) == sorted(getattr(house, name).number for name in expected)


def test_filters_by_building_layout_and_salesperson(house, sign_in):
    client = sign_in(house.supervisor)
    for name, row in (("building", house.building), ("layout", house.layout), ("salesperson", house.colleague)):
        found = numbers(client.get(f"{address('unit_list')}?{name}={row.pk}"))
        assert len(found) == {"building": 2, "layout": 1, "salesperson": 1}[name]


@pytest.mark.parametrize(
    "query",
    [
        "area_from=abc",
        "area_from=NaN",
        "total_to=-3",
        "floor_from=1e309",
        "room=%00",
        "building=999999",
        "status=SOLD",
        "floor_from=99999999999999999999",
    ],
)
def test_abuse_8_a_filter_that_cannot_be_read_says_so_and_never_fails(house, sign_in, query):
    response = sign_in(house.supervisor).get(f"{address('unit_list')}?{query}")
    assert response.status_code == 200
    assert response.context["filter"].form.errors


def test_the_total_line_adds_up_what_matches(house, sign_in):
    response = sign_in(house.supervisor).get(address("unit_list"))
    texts = {cell["label"]: cell["text"] for cell in response.context["foot"]}
    assert [texts[label] for label in texts if str(label) == "Area, ㎡"] == ["355.20"]
    assert [texts[label] for label in texts if str(label) == "List price"] == ["8,119,872"]


def test_the_surveyed_area_takes_the_place_of_the_planned(house, sign_in):
    Unit.objects.filter(pk=house.mine.pk).update(surveyed_built_area=Decimal("119.00"))
    page = sign_in(house.supervisor).get(f"{address('unit_list')}?area_from=118.9").content.decode()
    assert "119.00" in page
    assert house.theirs.number not in page


def test_units_without_a_value_stand_last_in_either_direction_on_every_engine(house, sign_in):
    client = sign_in(house.supervisor)
    for sort in ("layout", "-layout", "salesperson", "-salesperson"):
        assert numbers(client.get(f"{address('unit_list')}?sort={sort}"))[-1] == house.kept.number


def test_sorting_by_each_head_in_both_directions(house, sign_in):
    client = sign_in(house.supervisor)
    up, down = (numbers(client.get(f"{address('unit_list')}?sort={sort}")) for sort in ("floor", "-floor"))
    assert up == down[::-1] == [house.kept.number, house.mine.number, house.theirs.number]


def test_abuse_27_unknown_parameters_and_hidden_columns_change_nothing(house, sign_in):
    """Whatever is asked for by a name outside the allow-list, the answer is the one without it."""
    client = sign_in(house.salesperson)
    house.a.share_for_sale = True
    house.a.save()
    plain = client.get(address("unit_list"))
    for query in (
        "ordering=floor_total",
        "order_by=floor_total",
        "sort=floor_total",
        "sort=salesperson__name",
        "sort=-salesperson",
        "sort=salesperson__password",
        "owner=1",
        f"owner__in={house.colleague.pk}",
        f"salesperson={house.colleague.pk}",
        f"salesperson__id={house.colleague.pk}",
        "review=DRAFT",
        "list_total__gt=1",
        "project=2",
    ):
        answer = client.get(f"{address('unit_list')}?{query}")
        assert numbers(answer) == numbers(plain), query
        assert answer.context["page"].paginator.count == plain.context["page"].paginator.count


def test_abuse_27_an_export_with_a_changed_filter_holds_only_visible_units(house, sign_in):
    client = sign_in(house.supervisor)
    book = workbook(client.get(f"{address('unit_list')}?format=xlsx&owner__in=1&project={house.b.pk}&sort=password"))
    assert [row[0] for row in book.worksheets[0].iter_rows(min_row=2, values_only=True)] == [
        house.theirs.number,
        house.mine.number,
        house.kept.number,
    ]


def workbook(response):
    assert response.status_code == 200
    return openpyxl.load_workbook(io.BytesIO(response.content))


def test_excel_is_exactly_what_is_shown_and_on_record(house, sign_in):
    client = sign_in(house.supervisor)
    book = workbook(client.get(f"{address('unit_list')}?status=AVAILABLE&format=xlsx&sort=floor"))
    rows = list(book.worksheets[0].iter_rows(values_only=True))
    assert [row[0] for row in rows[1:]] == [house.mine.number, house.theirs.number]
    assert rows[1][rows[0].index("List price")] == 2706624
    event = AuditEvent.objects.get(action="export")
    assert event.detail == {"what": "Units", "filter": "status=AVAILABLE&sort=floor"}
    about = {row[0]: row[1] for row in book.worksheets[1].iter_rows(values_only=True)}
    assert about["Rows"] == 2
    assert about["Export number"] == f"E{event.pk}"


def test_a_salesperson_and_marketing_take_no_excel(house, sign_in):
    for person in (house.salesperson, house.marketing):
        response = sign_in(person).get(f"{address('unit_list')}?format=xlsx")
        assert response["Content-Type"].startswith("text/html")
        assert not AuditEvent.objects.filter(action="export").exists()


def test_abuse_28_counts_pages_and_choices_come_from_visible_units_alone(house, sign_in):
    """Two worlds that differ only in units the salesperson may not see give the same page."""
    client = sign_in(house.salesperson)
    queries = (
        "",
        "?room=3",
        "?floor_from=1",
        "?size=50&page=2",
        f"?building={house.kept.building_id}",
        "?status=WITHHELD",
        "?sort=-list_total",
    )
    before = [_bare(client.get(address("unit_list") + query)) for query in queries]
    for floor in range(20, 30):
        build.unit(build.building(house.a, f"X{floor}"), floor, "31", by=house.specialist, salesperson=house.colleague)
    Unit.objects.filter(pk=house.kept.pk).update(number="9#-3333")
    assert [_bare(client.get(address("unit_list") + query)) for query in queries] == before


def _bare(response) -> str:
    """The page without what differs from request to request: tokens, and the address asked for."""
    tokens = r'csrfmiddlewaretoken" value="[^"]+"|X-CSRFToken":"[^"]+"|/units/\d+/|building=\d+'
    return re.sub(tokens, "", response.content.decode())


def test_abuse_28_a_building_that_is_not_seen_and_one_that_does_not_exist_are_the_same(house, sign_in):
    client = sign_in(house.salesperson)
    hidden, missing = house.kept.building_id, 999_999
    pages = [_bare(client.get(f"{address('unit_list')}?building={pk}")) for pk in (hidden, missing)]
    assert pages[0] == pages[1]


@pytest.mark.parametrize("person", ["supervisor", "salesperson", "marketing"])
def test_one_row_and_many_take_the_same_number_of_queries(house, sign_in, person):
    client, who = sign_in(getattr(house, person)), getattr(house, person)
    build.unit(
        house.building,
        29,
        "08",
        by=who,
        salesperson=house.salesperson,
        status=Status.DRAFT if person == "marketing" else Status.AVAILABLE,
    )
    client.get(address("unit_list"))
    counts = []
    for room in ("08", "09"):
        with CaptureQueriesContext(connection) as captured:
            assert client.get(f"{address('unit_list')}?size=100").status_code == 200
        counts.append(len(captured))
        for floor in range(30, 42):
            build.unit(
                house.building,
                floor,
                room,
                by=who,
                salesperson=house.salesperson,
                layout=house.layout,
                status=Status.DRAFT if person == "marketing" else Status.AVAILABLE,
            )
    assert counts[0] == counts[1]
    assert counts[0] <= 25


# ------------------------------------------------------------------ the page of one unit


def test_the_page_shows_facts_areas_prices_and_history(house, sign_in):
    page = sign_in(house.supervisor).get(address("unit", house.mine.pk)).content.decode()
    for text in (house.mine.number, "118.40", "94.12", "¥2,706,624", "Zhao Ming", "Entered by Wu Qian"):
        assert text in page


def test_abuse_25_a_colleagues_unit_and_a_missing_one_are_the_same_answer(house, sign_in):
    client = sign_in(house.salesperson)
    answers = []
    for pk in (house.theirs.pk, house.kept.pk, house.foreign.pk, 10**9):
        response = client.get(address("unit", pk))
        assert response.status_code == 404
        answers.append(_bare(response))
    assert len(set(answers)) == 1


def test_abuse_26_no_other_way_of_asking_opens_a_hidden_unit(house, sign_in):
    client = sign_in(house.salesperson)
    url = address("unit", house.theirs.pk)
    for method in ("get", "post", "head", "put", "delete", "options", "patch"):
        assert getattr(client, method)(url).status_code in (404, 405)
    assert client.post(url, {"_method": "GET"}).status_code in (404, 405)
    for odd in (
        url + "/",
        url.rstrip("/"),
        url + "..;/",
        quote(quote(url)),
        url.replace("/units/", "/units/%2e/"),
        url + "?pk=" + str(house.mine.pk),
    ):
        answer = client.get(odd, follow=True)
        assert answer.status_code == 404
        assert house.theirs.number not in answer.content.decode()


def test_a_unit_of_another_project_is_not_reached_through_this_one(house, sign_in):
    assert sign_in(house.supervisor).get(address("unit", house.foreign.pk)).status_code == 404


def test_a_salesperson_reads_no_floor_price_and_no_name_on_their_own_unit(house, sign_in):
    page = sign_in(house.salesperson).get(address("unit", house.mine.pk)).content.decode()
    assert "¥2,706,624" in page
    for hidden in ("2,616,640", "22,100", "Wu Qian", "Lin Yue"):
        assert hidden not in page


def test_a_shared_unit_shows_no_history(house, sign_in):
    house.a.share_for_sale = True
    house.a.save()
    response = sign_in(house.salesperson).get(address("unit", house.theirs.pk))
    assert response.status_code == 200
    assert response.context["steps"] is None
    assert "Xu Lei" not in response.content.decode()


def test_a_draft_shows_what_is_still_missing_and_how_to_go_on(house, sign_in):
    draft = build.unit(house.building, 20, "01", by=house.specialist, status=Status.DRAFT)
    page = sign_in(house.specialist).get(address("unit", draft.pk)).content.decode()
    assert "Floor plan" in page
    assert address("unit_edit", draft.pk) in page
    assert sign_in(house.salesperson).get(address("unit", draft.pk)).status_code == 404


def test_attached_rooms_are_named_as_far_as_they_are_visible(house, sign_in):
    parking = build.unit(
        house.building, -1, "17", by=house.specialist, property_type=PropertyType.PARKING, attached_to=house.mine
    )
    assert parking.number in sign_in(house.supervisor).get(address("unit", house.mine.pk)).content.decode()
    assert parking.number not in sign_in(house.salesperson).get(address("unit", house.mine.pk)).content.decode()


def test_a_parking_space_names_the_unit_it_belongs_to_only_to_who_sees_that(house, sign_in):
    parking = build.unit(
        house.building, -1, "18", by=house.specialist, property_type=PropertyType.PARKING, salesperson=house.salesperson
    )
    parking.attached_to = house.theirs
    parking._history_user, parking._change_reason = house.supervisor, "unit.change"
    parking.save()
    url = address("unit", parking.pk)
    assert f"belongs to {house.theirs.number}" in sign_in(house.supervisor).get(url).content.decode()
    response = sign_in(house.salesperson).get(url)
    assert response.status_code == 200
    assert house.theirs.number not in response.content.decode()


@pytest.mark.parametrize("person", ["supervisor", "specialist", "finance", "management"])
def test_the_page_takes_the_same_number_of_queries_however_long_the_life_was(house, sign_in, person):
    client = sign_in(getattr(house, person))
    url = address("unit", house.mine.pk)
    counts = []
    for round_ in range(3):
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url).status_code == 200
        counts.append(len(captured))
        for step in range(4):
            house.mine.note, house.mine.salesperson = f"{round_}{step}", (house.colleague, house.salesperson)[step % 2]
            house.mine.layout = build.layout(house.a, f"L{round_}{step}")
            house.mine._history_user, house.mine._change_reason = house.supervisor, "unit.change"
            house.mine.save()
    assert counts[1] == counts[2]


def test_abuse_45_what_people_typed_is_shown_as_text(house, sign_in):
    evil = '<img src=x onerror=alert(1)>{{7*7}}\u202e"><script>'
    Unit.objects.filter(pk=house.mine.pk).update(note=evil[:60], number=evil[:40])
    house.building.name = "<b>&3"
    house.building.save()
    for url in (address("unit_list"), address("unit", house.mine.pk)):
        page = sign_in(house.supervisor).get(url).content.decode()
        assert "<img src=x" not in page
        assert "<b>&3" not in page
        assert "49" not in page.split("onerror", 1)[1][:40]


def test_the_rail_names_the_list_for_everyone_who_has_a_board(house, sign_in):
    for person in (house.supervisor, house.salesperson, house.marketing):
        assert address("unit_list") in sign_in(person).get(address("unit_list")).content.decode()


def test_marketing_sees_its_own_submissions_only(house, sign_in):
    other = build.user(Role.MARKETING, house.a)
    own = build.unit(house.building, 21, "01", by=house.marketing, status=Status.DRAFT)
    build.unit(house.building, 22, "01", by=other, status=Status.DRAFT)
    assert numbers(sign_in(house.marketing).get(address("unit_list"))) == [own.number]
