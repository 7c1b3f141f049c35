"""Whatever stands where an id, a code or words are expected: nothing breaks, on either engine (abuse 6, 8)."""

import pytest
from django.urls import reverse

from salescontrol.core.forms import ids
from tests import build

ODD = ["x", "", "-1", "1.5", "9" * 30, "9" * 5000, "\u0661", "\u00b2"]


def test_only_ids_that_a_database_can_hold_are_taken():
    assert ids([*ODD, "7", "7", "12"]) == {7, 12}


@pytest.mark.parametrize("name", ["assign", "release", "withhold", "drafts"])
def test_pages_of_many_units_answer_odd_choices_with_a_sentence(people, sign_in, name):
    build.unit(build.building(people.a), by=people.specialist)
    page = reverse(f"inventory:{name}", args=["AAA"])
    answer = sign_in(people.supervisor).post(page, {"chosen": ODD, "reason": "typed", "salesperson": ""})
    assert answer.status_code == 422


@pytest.mark.django_db
def test_deciding_many_answers_odd_choices_with_a_sentence(people, sign_in):
    answer = sign_in(people.supervisor).post(
        reverse("approval_decide"), {"approval": ODD, "answer": "approve", "comment": ""}
    )
    assert answer.status_code == 422


def test_the_board_knows_no_unit_with_an_odd_id(people, sign_in):
    client = sign_in(people.supervisor)
    for odd in filter(None, ODD):
        assert client.get(reverse("inventory:board", args=["AAA"]), {"unit": odd}).status_code == 404


@pytest.mark.parametrize("path", ["/p/%00/board/", "/p/A%00A/units/", "/settings/p/%00/", "/search/?q=%00302"])
def test_an_address_with_a_character_that_no_database_keeps_finds_nothing(people, sign_in, path):
    answer = sign_in(people.supervisor).get(path)
    assert answer.status_code == (200 if "search" in path else 404)
