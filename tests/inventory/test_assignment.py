"""The supervisor assigns units to salespeople, one or many, with history; sight follows at once (R6.4, decisions 3)."""

import pytest
from django.urls import reverse

from inventory.models import Unit
from inventory.queries.scope import units_visible_to
from inventory.services.assignment import assign_units, salespeople
from inventory.states import Status
from salescontrol.core import notices
from salescontrol.core.access import access_of, forget_access
from salescontrol.core.errors import Forbidden, Refusal
from salescontrol.core.models import Notice
from salescontrol.core.permissions import Role
from tests import build


def address(name: str, *args) -> str:
    return reverse(f"inventory:{name}", args=["AAA", *args])


@pytest.fixture
def house(people):
    people.building = build.building(people.a)
    people.units = [build.unit(people.building, floor, "01", by=people.specialist) for floor in (1, 2, 3)]
    people.foreign = build.unit(build.building(people.b), 1, "01", by=people.other_supervisor)
    return people


def assign(house, chosen, person, reason="new on the team", by=None):
    return assign_units(
        project=house.a,
        unit_ids=[unit.pk for unit in chosen],
        visible=Unit.objects.all(),
        salesperson=person,
        reason=reason,
        by=by or house.supervisor,
    )


def sees(person) -> set[int]:
    forget_access(person)
    return set(units_visible_to(access_of(person)).values_list("pk", flat=True))


def test_many_units_go_to_one_person_with_one_history_entry_each_and_one_notice(house):
    assert assign(house, house.units[:2], house.salesperson) == house.units[:2]
    assert sees(house.salesperson) == {unit.pk for unit in house.units[:2]}
    for unit in house.units[:2]:
        entry = unit.history.first()
        assert (entry.history_user, entry.history_change_reason, entry.salesperson) == (
            house.supervisor,
            "unit.assign: new on the team",
            house.salesperson,
        )
        assert unit.history.count() == 2
    assert [notices.sentence(notice) for notice in Notice.objects.filter(to=house.salesperson)] == [
        "Units assigned to you in Riverside Court: 2"
    ]


def test_after_reassignment_the_former_salesperson_sees_nothing_of_it(house, sign_in):
    assign(house, house.units, house.salesperson)
    assign(house, house.units[:1], house.colleague)
    assert sees(house.salesperson) == {unit.pk for unit in house.units[1:]}
    assert sees(house.colleague) == {house.units[0].pk}
    client = sign_in(house.salesperson)
    assert client.get(address("unit", house.units[0].pk)).status_code == 404
    told = [notices.sentence(notice) for notice in Notice.objects.filter(to=house.salesperson)]
    assert "Units of Riverside Court that are no longer yours: 1" in told
    assert not [text for text in told if "Xu Lei" in text or house.units[0].number in text]


def test_an_assignment_can_be_taken_away(house):
    assign(house, house.units, house.salesperson)
    assign(house, house.units, None, reason="left")
    assert sees(house.salesperson) == set()
    assert house.units[0].history.first().history_change_reason == "unit.unassign: left"


def test_what_is_so_already_is_not_written_again(house):
    assign(house, house.units, house.salesperson)
    assert assign(house, house.units, house.salesperson) == []
    assert house.units[0].history.count() == 2
    assert Notice.objects.filter(to=house.salesperson).count() == 1


def test_a_reason_a_unit_and_a_salesperson_of_the_project_are_needed(house):
    gone = build.user(Role.SALESPERSON, house.a, is_active=False)
    for chosen, person, reason, code in (
        (house.units, house.salesperson, "  ", "no_reason"),
        ([], house.salesperson, "x", "nothing_chosen"),
        (house.units, house.other_salesperson, "x", "no_salesperson"),
        (house.units, house.specialist, "x", "no_salesperson"),
        (house.units, gone, "x", "no_salesperson"),
        ([house.foreign], house.salesperson, "x", "nothing_chosen"),
    ):
        with pytest.raises(Refusal) as caught:
            assign(house, chosen, person, reason)
        assert caught.value.code == code
    assert not Unit.objects.filter(salesperson__isnull=False).exists()


def test_only_the_supervisor_assigns(house, sign_in):
    for name in ("specialist", "salesperson", "marketing", "finance", "management", "other_supervisor"):
        person = getattr(house, name)
        forget_access(person)
        with pytest.raises(Forbidden):
            assign(house, house.units, house.salesperson, by=person)
        expected = 404 if name == "other_supervisor" else 403
        assert sign_in(person).post(address("assign"), {"chosen": house.units[0].pk}).status_code == expected


def test_salespeople_are_those_of_the_project_by_name(house):
    assert [person.name for person in salespeople(house.a)] == ["Xu Lei", "Zhao Ming"]


def test_one_unit_is_assigned_on_its_own_page(house, sign_in):
    client, url = sign_in(house.supervisor), address("unit_assign", house.units[0].pk)
    assert "Zhao Ming" in client.get(url).content.decode()
    response = client.post(url, {"salesperson": house.salesperson.pk, "reason": "asked for it"})
    assert response.url == address("unit", house.units[0].pk)
    house.units[0].refresh_from_db()
    assert house.units[0].salesperson == house.salesperson


def test_ticked_units_are_assigned_from_the_list(house, sign_in):
    client = sign_in(house.supervisor)
    chosen = [house.units[0].pk, house.units[2].pk]
    assert "Zhao Ming" in client.get(address("assign")).content.decode()
    response = client.post(address("assign"), {"chosen": chosen, "salesperson": house.salesperson.pk, "reason": "x"})
    assert response.status_code == 302
    assert sees(house.salesperson) == set(chosen)


def test_all_that_match_the_filter_are_assigned_and_no_others(house, sign_in):
    build.unit(house.building, 9, "01", by=house.specialist, status=Status.WITHHELD)
    client, url = sign_in(house.supervisor), f"{address('assign')}?floor_from=2&status=AVAILABLE"
    client.post(url, {"everything": "on", "salesperson": house.salesperson.pk, "reason": "x"})
    assert sees(house.salesperson) == {house.units[1].pk, house.units[2].pk}


def test_a_mistake_keeps_what_was_ticked_and_typed(house, sign_in):
    response = sign_in(house.supervisor).post(
        f"{address('assign')}?floor_from=2",
        {"chosen": [house.units[1].pk, "x", "9" * 30], "salesperson": "", "reason": "typed"},
    )
    page = response.content.decode()
    assert response.status_code == 422
    assert f'value="{house.units[1].pk}" aria-label="{house.units[1].number}" checked' in page
    assert 'value="typed"' in page
    assert house.units[0].number not in page


def test_abuse_6_extra_fields_change_nothing(house, sign_in):
    unit = house.units[0]
    sign_in(house.supervisor).post(
        address("unit_assign", unit.pk),
        {
            "salesperson": house.salesperson.pk,
            "reason": "x",
            "status": "CONTRACTED",
            "list_total": "1",
            "review": "DRAFT",
            "project": house.b.pk,
        },
    )
    after = Unit.objects.get(pk=unit.pk)
    assert (after.status, after.list_total, after.review, after.project_id) == (
        unit.status,
        unit.list_total,
        unit.review,
        house.a.pk,
    )


def test_a_unit_of_another_project_is_never_assigned_from_here(house, sign_in):
    response = sign_in(house.supervisor).post(
        address("assign"), {"chosen": house.foreign.pk, "salesperson": house.salesperson.pk, "reason": "x"}
    )
    assert response.status_code == 422
    house.foreign.refresh_from_db()
    assert house.foreign.salesperson is None
