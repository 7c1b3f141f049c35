"""Layouts: code, rooms, area, drawings (R1.3)."""

from decimal import Decimal

import pytest
from django.urls import reverse

from inventory.models import Layout
from inventory.services.layouts import save_layout
from salescontrol.core.errors import Forbidden
from tests import build


def address(name: str, *args) -> str:
    return reverse(f"inventory:{name}", args=["AAA", *args])


def test_a_layout_is_entered_listed_and_changed_with_history(people, sign_in):
    client = sign_in(people.specialist)
    response = client.post(
        address("layout_new"), {"code": "C2", "description": "3 bedrooms", "bedrooms": 3, "built_area": "１１８.4"}
    )
    layout = Layout.objects.get()
    assert response.url == address("layout", layout.pk)
    assert (layout.bedrooms, layout.built_area) == (3, Decimal("118.40"))
    build.unit(build.building(people.a), by=people.specialist, layout=layout)
    page = client.get(address("layout_list")).content.decode()
    assert "3 bedrooms" in page
    client.post(address("layout_edit", layout.pk), {"code": "C2", "bedrooms": 4})
    page = client.get(address("layout", layout.pk)).content.decode()
    assert "Layout changed: C2, by Wu Qian" in page
    assert "1 unit" in page


def test_an_empty_list_says_what_belongs_here(people, sign_in):
    assert "No layout yet" in sign_in(people.specialist).get(address("layout_list")).content.decode()


@pytest.mark.parametrize("code", ["c2", "Ｃ２", " C 2 "])
def test_abuse_18_a_code_spelled_otherwise_is_the_same(people, sign_in, code):
    build.layout(people.a, "C2")
    response = sign_in(people.specialist).post(address("layout_new"), {"code": code})
    assert response.status_code == 409
    assert response.context["form"].errors["code"]


@pytest.mark.parametrize(
    "data",
    [
        {"code": ""},
        {"code": "x" * 41},
        {"code": "C", "bedrooms": -1},
        {"code": "C", "bedrooms": "1e309"},
        {"code": "C", "built_area": "NaN"},
        {"code": "C", "built_area": "0"},
        {"code": "C", "built_area": "1e309"},
        {"code": "C", "built_area": "-5"},
    ],
)
def test_abuse_8_bad_values_are_refused_at_their_field(people, sign_in, data):
    response = sign_in(people.specialist).post(address("layout_new"), data)
    assert response.status_code == 422
    assert response.context["form"].errors
    assert not Layout.objects.exists()


def test_the_same_code_may_stand_in_another_project(people):
    build.layout(people.b, "C2")
    made = save_layout(
        project=people.a,
        layout=None,
        code="C2",
        description="",
        bedrooms=None,
        living_rooms=None,
        bathrooms=None,
        built_area=None,
        by=people.specialist,
    )
    assert made.project == people.a


def test_layouts_are_kept_by_those_who_enter_units(people, sign_in):
    layout = build.layout(people.a, "C2")
    for person in (people.salesperson, people.finance, people.management):
        client = sign_in(person)
        for name, args in (
            ("layout_list", ()),
            ("layout", (layout.pk,)),
            ("layout_new", ()),
            ("layout_edit", (layout.pk,)),
        ):
            assert client.get(address(name, *args)).status_code == 403
        with pytest.raises(Forbidden):
            save_layout(
                project=people.a,
                layout=layout,
                code="X",
                description="",
                bedrooms=None,
                living_rooms=None,
                bathrooms=None,
                built_area=None,
                by=person,
            )


def test_a_layout_of_another_project_is_not_found(people, sign_in):
    foreign = build.layout(people.b, "X1")
    for name in ("layout", "layout_edit", "layout_material_add"):
        assert sign_in(people.supervisor).get(address(name, foreign.pk)).status_code == 404
