"""Forty seeded faults of fifteen kinds: exactly these messages, in every language, from the file and from the form (R6.1)."""

import datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils.html import escape
from django.utils.translation import override

from inventory import rules
from inventory.forms.entry import UnitForm
from inventory.models import Building, Layout, Unit
from inventory.queries.batches import problem_view
from inventory.services import imports
from tests.inventory.workbooks import HEADS, ROW, workbook

HEADS_HERE = (*HEADS, "公摊面积", "抵押", "备注")
GOOD = dict(zip(HEADS_HERE, (*ROW, "", "", ""), strict=True))
NAMES = (
    "building", "entrance", "floor", "room", "property_type", "layout", "orientation", "built_area", "inner_area",
    "list_unit_price", "list_total", "finish", "shared_area", "mortgaged", "note",
)  # fmt: skip
FIELDS = dict(zip(HEADS_HERE, NAMES, strict=True))
DAY = datetime.date(2026, 1, 5)

# Code, column at fault, cells of that row. Each row of the sheet has one fault.
FAULTS: list[tuple[str, str, dict[str, object]]] = [
    ("missing", "楼栋", {"楼栋": ""}),
    ("missing", "楼层", {"楼层": ""}),
    ("missing", "房号", {"房号": ""}),
    ("missing", "建筑面积", {"建筑面积": ""}),
    ("not_a_number", "建筑面积", {"建筑面积": "一百"}),
    ("not_a_number", "套内面积", {"套内面积": "8O"}),
    ("not_a_number", "单价", {"单价": "面议"}),
    ("not_a_number", "总价", {"总价": "NaN"}),
    ("not_positive", "建筑面积", {"建筑面积": -5}),
    ("not_positive", "套内面积", {"套内面积": 0}),
    ("not_positive", "单价", {"单价": "0.00"}),
    ("not_positive", "总价", {"总价": "-1"}),
    ("too_large", "建筑面积", {"建筑面积": "100000"}),
    ("too_large", "单价", {"单价": "10,000,000"}),
    ("too_large", "总价", {"总价": "10000000万元"}),
    ("too_precise", "总价", {"单价": "", "总价": "2000000.123"}),
    ("too_precise", "总价", {"总价": "2500000.555"}),
    ("date_found", "房号", {"房号": DAY}),
    ("date_found", "建筑面积", {"建筑面积": DAY}),
    ("date_found", "总价", {"总价": DAY}),
    ("bad_floor", "楼层", {"楼层": "零"}),
    ("bad_floor", "楼层", {"楼层": "abc"}),
    ("bad_room", "房号", {"房号": "###"}),
    ("bad_room", "房号", {"房号": "—"}),
    ("room_disagrees", "房号", {"房号": "2-1-701"}),
    ("room_disagrees", "房号", {"房号": "3栋2单元701室"}),
    ("unknown_choice", "业态", {"业态": "城堡"}),
    ("unknown_choice", "朝向", {"朝向": "上"}),
    ("unknown_choice", "装修标准", {"装修标准": "豪华"}),
    ("unknown_flag", "抵押", {"抵押": "也许"}),
    ("unknown_flag", "抵押", {"抵押": "maybe"}),
    ("inner_exceeds_built", "套内面积", {"套内面积": "100.01"}),
    ("inner_exceeds_built", "套内面积", {"套内面积": "１２０"}),
    ("area_sum", "公摊面积", {"公摊面积": "20.01"}),
    ("area_sum", "公摊面积", {"公摊面积": "0"}),
    ("total_mismatch", "总价", {"总价": "2000001"}),
    ("total_mismatch", "总价", {"总价": "199.9999万"}),
    ("too_long", "楼栋", {"楼栋": "长" * 25}),
    ("too_long", "户型", {"户型": "长" * 41}),
    ("too_long", "备注", {"备注": "长" * 301}),
]


def cells(number: int, changes: dict[str, object]) -> dict[str, object]:
    """The cells of one row, in a room of its own unless the room is what is wrong."""
    return {**GOOD, "楼层": str(number + 1), "房号": "01", **changes}


def expected() -> list[tuple[str, int, str, str]]:
    columns = {head: chr(65 + index) for index, head in enumerate(HEADS_HERE)}
    return [("价格表", row, columns[head], code) for row, (code, head, _cells) in enumerate(FAULTS, start=2)]


@pytest.fixture
def batch(people, tmp_path):
    rows = [list(cells(number, changes).values()) for number, (_code, _head, changes) in enumerate(FAULTS)]
    path = workbook(tmp_path / "faults.xlsx", [HEADS_HERE, *rows])
    made = imports.submit_file(
        project=people.a, upload=SimpleUploadedFile(path.name, path.read_bytes()), by=people.marketing
    )
    return imports.read_batch(batch_id=made.pk)


def found(batch) -> list[dict]:
    return [problem for line in batch.lines.order_by("row") for problem in line.problems]


def test_there_are_forty_faults_of_fifteen_kinds():
    assert (len(FAULTS), len({code for code, _head, _cells in FAULTS})) == (40, 15)


@pytest.mark.django_db
def test_forty_faults_give_exactly_forty_messages_and_write_nothing(batch):
    assert [
        (problem["sheet"], problem["row"], problem["column"], problem["code"]) for problem in found(batch)
    ] == expected()
    assert batch.outcome["counts"] == {"new": 0, "changed": 0, "unchanged": 0, "refused": 40}
    assert Unit.objects.count() == Building.objects.count() == Layout.objects.count() == 0


@pytest.mark.django_db
def test_the_forty_messages_are_said_in_three_languages(batch):
    problems, said = found(batch), {}
    for language in ("en", "zh-hans", "zh-hant"):
        with override(language):
            said[language] = [problem_view(problem)["text"] for problem in problems]
    for sentences in zip(*said.values(), strict=True):
        assert len(set(sentences)) == 3, sentences


@pytest.mark.parametrize("number", range(len(FAULTS)), ids=[f"{code}-{head}" for code, head, _cells in FAULTS])
def test_the_same_row_typed_into_the_form_gets_the_same_message(number):
    code, head, changes = FAULTS[number]
    typed = {FIELDS[name]: str(value) for name, value in cells(number, changes).items()}
    row = rules.clean_row(typed)
    assert [(problem.code, problem.field) for problem in row.problems] == [(code, FIELDS[head])]
    _values, messages = rules.check_form(typed)
    assert messages == {FIELDS[head]: [row.problems[0].message]}
    form = UnitForm(typed, project_names=[], currency="CNY", layouts=[], units=Unit.objects.none())
    assert form.errors == messages


@pytest.mark.django_db
@pytest.mark.parametrize("number", [0, 4, 28, 35])
def test_the_page_shows_that_message_at_its_field_and_keeps_what_was_typed(people, sign_in, number):
    _code, head, changes = FAULTS[number]
    typed = {FIELDS[name]: str(value) for name, value in cells(number, changes).items()}
    answer = sign_in(people.marketing).post(reverse("inventory:unit_enter", args=["AAA"]), typed)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert escape(rules.clean_row(typed).problems[0].message) in page
    assert 'value="三室两厅"' in page
    assert Unit.objects.count() == 0
