"""A project's settings are pages with history (decisions 33), and management opens projects."""

from datetime import date

import pytest
from django.urls import reverse

from inventory.models import Building, Permit, Phase, Project, Team, Unit
from inventory.services import projects as service
from salescontrol.core.errors import Forbidden
from tests import build


def address(name: str, *args) -> str:
    return reverse(f"inventory:{name}", args=["AAA", *args])


def test_all_settings_stand_on_one_page_with_their_history(people, sign_in):
    service.save_phase(project=people.a, phase=None, name="Phase I", position=1, by=people.supervisor)
    page = sign_in(people.supervisor).get(address("project_settings")).content.decode()
    assert "Phase I" in page
    assert "Phase entered: Phase I, by Lin Yue" in page
    assert "No building yet" in page


@pytest.mark.parametrize("person", ["specialist", "salesperson", "marketing", "finance", "management", "head"])
def test_settings_are_the_supervisors(people, sign_in, person):
    client = sign_in(getattr(people, person))
    for name in ("project_settings", "project_edit", "phase_new", "building_new", "permit_new", "team_new"):
        assert client.get(address(name)).status_code == 403
        assert client.post(address(name), {"name": "x"}).status_code in (403, 405)
    with pytest.raises(Forbidden):
        service.change_project(project=people.a, name="x", city="", share_for_sale=True, by=getattr(people, person))


def test_another_projects_supervisor_finds_nothing(people, sign_in):
    assert sign_in(people.other_supervisor).get(address("project_settings")).status_code == 404


def test_the_sharing_switch_says_what_it_does_and_is_on_record(people, sign_in):
    client = sign_in(people.supervisor)
    assert "Never whose they are" in client.get(address("project_edit")).content.decode()
    client.post(address("project_edit"), {"name": "Riverside Court", "city": "Wuxi", "share_for_sale": "on"})
    people.a.refresh_from_db()
    assert (people.a.share_for_sale, people.a.city) == (True, "Wuxi")
    page = client.get(address("project_settings")).content.decode()
    assert "facts, list price and status of all units for sale" in page
    assert "Project changed: Riverside Court, by Lin Yue" in page


def test_abuse_6_a_settings_form_changes_only_its_own_fields(people, sign_in):
    sign_in(people.supervisor).post(
        address("project_edit"),
        {
            "name": "New name",
            "code": "ZZZ",
            "currency": "TWD",
            "optional_before_approval": "layout",
            "archived_at": "2026-01-01",
        },
    )
    people.a.refresh_from_db()
    assert (
        people.a.name,
        people.a.code,
        people.a.currency,
        people.a.optional_before_approval,
        people.a.archived_at,
    ) == ("New name", "AAA", "CNY", [], None)


def test_names_that_are_taken_are_refused_at_their_field(people, sign_in):
    client = sign_in(people.supervisor)
    response = client.post(address("project_edit"), {"name": "hill garden"})
    assert response.status_code == 409
    assert response.context["form"].errors["name"]
    for name in ("phase", "team"):
        data = {"name": "One", "position": 1}
        assert client.post(address(f"{name}_new"), data).status_code == 302
        assert client.post(address(f"{name}_new"), {**data, "name": " one "}).status_code == 409


def test_phases_and_buildings_are_made_ordered_and_joined(people, sign_in):
    client = sign_in(people.supervisor)
    client.post(address("phase_new"), {"name": "Phase I", "position": 1})
    phase = Phase.objects.get()
    client.post(address("building_new"), {"name": "1#", "phase": phase.pk, "position": ""})
    client.post(address("building_new"), {"name": "2#", "phase": "", "position": ""})
    assert list(Building.objects.order_by("position").values_list("name", "key", "position", "phase")) == [
        ("1#", "1", 1, phase.pk),
        ("2#", "2", 2, None),
    ]
    client.post(
        address("building_edit", Building.objects.get(key="2").pk), {"name": "2#", "phase": phase.pk, "position": 5}
    )
    assert (Building.objects.get(key="2").position, Building.objects.get(key="2").phase) == (5, phase)


def test_abuse_18_a_building_spelled_otherwise_is_the_same(people, sign_in):
    build.building(people.a, "3#")
    for spelled in ("3栋", "３＃", "03号楼", "三栋"):
        response = sign_in(people.supervisor).post(address("building_new"), {"name": spelled})
        assert response.status_code == 409
        assert "3#" in str(response.context["form"].errors["name"])
    assert sign_in(people.supervisor).post(address("building_new"), {"name": "  "}).status_code == 422


def test_another_spelling_keeps_the_numbers_and_another_name_renumbers(people):
    building = build.building(people.a, "3#")
    unit = build.unit(building, by=people.specialist, number="3-1202", key="3//12/1202")
    service.save_building(project=people.a, building=building, name="3栋", phase=None, position=1, by=people.supervisor)
    assert Unit.objects.get().number == "3-1202"
    service.save_building(project=people.a, building=building, name="5栋", phase=None, position=1, by=people.supervisor)
    after = Unit.objects.get()
    assert (after.number, after.key, after.version) == ("5-1202", "5//12/1202", unit.version + 1)
    assert after.history.first().history_change_reason == "unit.renumber: 5栋"


def test_a_rename_from_a_stale_page_renumbers_from_the_name_that_is_kept(people):
    building = build.building(people.a, "3#")
    build.unit(building, by=people.specialist, number="3-1202", key="3//12/1202")
    seen_before = type(building).objects.get()
    for row, name in ((building, "5栋"), (seen_before, "7栋")):
        service.save_building(project=people.a, building=row, name=name, phase=None, position=1, by=people.supervisor)
    after = Unit.objects.get()
    assert (after.number, after.key) == ("7-1202", "7//12/1202")


def test_a_phase_of_another_project_cannot_be_chosen(people, sign_in):
    foreign = Phase.objects.create(project=people.b, name="Theirs")
    response = sign_in(people.supervisor).post(address("building_new"), {"name": "1#", "phase": foreign.pk})
    assert response.status_code == 422
    assert not Building.objects.exists()


def test_a_permit_names_its_buildings_and_the_record_too(people, sign_in):
    client = sign_in(people.supervisor)
    one, two = build.building(people.a, "1#"), build.building(people.a, "2#", position=2)
    foreign = build.building(people.b, "7#")
    assert (
        client.post(
            address("permit_new"), {"number": "2026-18", "issued_on": "2026-03-01", "buildings": [foreign.pk]}
        ).status_code
        == 422
    )
    assert (
        client.post(
            address("permit_new"), {"number": "2026-18", "issued_on": "yesterday", "buildings": [one.pk]}
        ).status_code
        == 422
    )
    client.post(address("permit_new"), {"number": "2026-18", "issued_on": "2026-03-01", "buildings": [one.pk, two.pk]})
    permit = Permit.objects.get()
    assert (permit.issued_on, set(permit.buildings.all())) == (date(2026, 3, 1), {one, two})
    client.post(
        address("permit_edit", permit.pk), {"number": "2026-18", "issued_on": "2026-03-01", "buildings": [two.pk]}
    )
    page = client.get(address("project_settings")).content.decode()
    assert "Pre-sale permit entered: 2026-18, by Lin Yue" in page
    assert "1#, 2#" in page
    assert (
        client.post(
            address("permit_new"), {"number": "2026-18", "issued_on": "2026-03-02", "buildings": [one.pk]}
        ).status_code
        == 409
    )


def test_a_team_is_of_salespeople_of_the_project(people, sign_in):
    client = sign_in(people.supervisor)
    assert (
        client.post(address("team_new"), {"name": "East", "members": [people.other_salesperson.pk]}).status_code == 422
    )
    client.post(
        address("team_new"),
        {"name": "East", "lead": people.salesperson.pk, "members": [people.salesperson.pk, people.colleague.pk]},
    )
    team = Team.objects.get()
    assert (team.lead, team.members.count()) == (people.salesperson, 2)
    page = client.get(address("project_settings")).content.decode()
    assert "led by Zhao Ming" in page
    assert client.get(address("team_edit", team.pk)).status_code == 200


def test_parts_of_another_project_are_not_found(people, sign_in):
    phase = Phase.objects.create(project=people.b, name="Theirs")
    building = build.building(people.b, "7#")
    client = sign_in(people.supervisor)
    assert client.get(address("phase_edit", phase.pk)).status_code == 404
    assert client.post(address("building_edit", building.pk), {"name": "8#"}).status_code == 404


# ------------------------------------------------------------------ the company's projects


def test_management_opens_a_project(people, sign_in):
    client = sign_in(people.management)
    response = client.post(
        reverse("company:project_open"), {"code": "new-1", "name": "Lake View", "city": "Suzhou", "currency": "CNY"}
    )
    assert response.url == reverse("company:project_list")
    project = Project.objects.get(code="NEW-1")
    assert project.history.get().history_user == people.management
    page = client.get(response.url).content.decode()
    assert "Lake View" in page
    assert "Riverside Court" in page
    assert client.get(reverse("inventory:board", args=["NEW-1"])).status_code == 200


def test_codes_and_names_of_projects_are_used_once_and_well_formed(people, sign_in):
    client = sign_in(people.management)
    for data, status in (
        ({"code": "aaa", "name": "Other"}, 409),
        ({"code": "NEW", "name": "riverside court"}, 409),
        ({"code": "../x", "name": "Other"}, 422),
        ({"code": "", "name": ""}, 422),
    ):
        assert client.post(reverse("company:project_open"), {**data, "currency": "CNY"}).status_code == status
    assert Project.objects.count() == 2


def test_nobody_else_opens_projects_or_lists_them_all(people, sign_in):
    for name in ("supervisor", "specialist", "salesperson", "marketing", "finance", "head", "administrator"):
        client = sign_in(getattr(people, name))
        assert client.get(reverse("company:project_list")).status_code == 403
        assert (
            client.post(reverse("company:project_open"), {"code": "X", "name": "X", "currency": "CNY"}).status_code
            == 403
        )
