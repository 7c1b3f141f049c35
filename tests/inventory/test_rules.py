"""One row of unit data: what is accepted, what is refused, and in which words (R6.1, decisions 8 and 9, domain B14)."""

from decimal import Decimal

import pytest

from inventory import rules
from inventory.models.unit import Finish, Orientation, PricingMode, PropertyType, Unit
from inventory.rules import fields
from inventory.rules.places import parse_floor
from inventory.states import Status

PLACE = {"building": "1栋", "floor": "7", "room": "01"}
GOOD = {**PLACE, "built_area": "100"}


def codes(row: rules.CleanedRow) -> list[tuple[str, str]]:
    return [(problem.code, problem.field) for problem in row.problems]


def place(**texts: str) -> rules.Place:
    found = rules.clean_row({**GOOD, **texts}).place
    assert found is not None, rules.clean_row({**GOOD, **texts}).problems
    return found


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("125.53", "125.53"),
        ("１２５．５３", "125.53"),
        (" 1,025.5 ", "1025.50"),
        ("1，025", "1025.00"),
        ("125.53㎡", "125.53"),
        ("125.53平方米", "125.53"),
        ("125.53 m²", "125.53"),
        (".5", "0.50"),
    ],
)
def test_areas_are_read_as_people_write_them(text, value):
    row = rules.clean_row({**PLACE, "built_area": text})
    assert (row.values["built_area"], row.problems) == (Decimal(value), [])


@pytest.mark.parametrize(
    ("text", "rounded"),
    [("96.9435", "96.94"), ("1.005", "1.01"), ("1.0049", "1.00"), ("0.005", "0.01"), ("5.85000001", "5.85")],
)
def test_areas_round_half_up_with_a_notice(text, rounded):
    row = rules.clean_row({**PLACE, "built_area": text})
    assert row.values["built_area"] == Decimal(rounded)
    assert codes(row) == [("rounded", "built_area")]
    assert not row.errors


@pytest.mark.parametrize("field", ["built_area", "list_unit_price", "list_total"])
@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("-5", "not_positive"),
        ("0", "not_positive"),
        ("0.00", "not_positive"),
        ("NaN", "not_a_number"),
        ("inf", "not_a_number"),
        ("1e309", "not_a_number"),
        ("1E5", "not_a_number"),
        ("12,5", "not_a_number"),
        ("1.2.3", "not_a_number"),
        ("十", "not_a_number"),
        ("=1+1", "not_a_number"),
        ("٣", "not_a_number"),
        ("9" * 60, "not_a_number"),
        ("9" * 30, "too_large"),
        ("2026-01-05", "date_found"),
        ("#REF!", "cell_error"),
        ("#FORMULA!", "formula_without_value"),
    ],
)
def test_abuse_8_bad_figures_are_errors_at_their_field(field, text, code):
    row = rules.clean_row({**GOOD, field: text})
    assert codes(row) == [(code, field)]
    assert field not in row.values
    assert row.errors[0].message


def test_abuse_8_three_decimals_of_a_total_are_refused_and_of_a_unit_price_rounded_with_a_notice():
    assert codes(rules.clean_row({**GOOD, "list_total": "2000000.123"})) == [("too_precise", "list_total")]
    row = rules.clean_row({**GOOD, "list_unit_price": "20000.126"})
    assert (row.values["list_unit_price"], codes(row)) == (Decimal("20000.13"), [("rounded", "list_unit_price")])


def test_a_total_that_the_sheet_calculated_is_kept_in_whole_yuan():
    row = rules.clean_row({**GOOD, "built_area": "125.53", "list_unit_price": "52229.87", "list_total": "6556415.5811"})
    assert row.values["list_total"] == Decimal(6556416)
    assert codes(row) == [("total_rounded", "list_total")]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("610.45万", "6104500.00"),
        ("610.45万元", "6104500.00"),
        ("¥6,104,507", "6104507.00"),
        ("6104507.5元", "6104507.50"),
    ],
)
def test_totals_are_read_with_their_units(text, value):
    assert rules.clean_row({**GOOD, "list_total": text}).values["list_total"] == Decimal(value)


def test_the_missing_price_of_the_two_is_computed_and_the_total_rounded_to_whole_yuan():
    row = rules.clean_row({**GOOD, "built_area": "78.13", "list_unit_price": "5353"})
    assert row.values["list_total"] == Decimal("418230.00")
    row = rules.clean_row({**GOOD, "built_area": "78.13", "list_total": "418230"})
    assert row.values["list_unit_price"] == Decimal("5353.00")


def test_a_published_total_is_kept_and_is_the_same_below_one_yuan():
    row = rules.clean_row({**GOOD, "built_area": "125.53", "list_unit_price": "52229.87", "list_total": "6556415"})
    assert (row.values["list_total"], row.problems) == (Decimal("6556415.00"), [])
    row = rules.clean_row({**GOOD, "list_unit_price": "20000", "list_total": "2000001"})
    assert codes(row) == [("total_mismatch", "list_total")]
    assert "1.00" in row.problems[0].message


def test_a_large_area_cannot_carry_its_total_in_two_decimals():
    row = rules.clean_row({**GOOD, "built_area": "500", "list_unit_price": "24691.36", "list_total": "12345678"})
    assert row.problems == []


def test_prices_follow_the_pricing_mode():
    by_inner = {**GOOD, "inner_area": "80", "pricing_mode": "套内面积", "list_unit_price": "25000"}
    assert rules.clean_row(by_inner).values["list_total"] == Decimal("2000000.00")
    by_unit = {**GOOD, "pricing_mode": "套", "list_unit_price": "1", "list_total": "150000"}
    assert rules.clean_row(by_unit).problems == []


def test_areas_add_up_exactly():
    row = rules.clean_row({**GOOD, "built_area": "78.13", "inner_area": "64.03"})
    assert row.values["shared_area"] == Decimal("14.10")
    assert codes(rules.clean_row({**GOOD, "inner_area": "100.01"})) == [("inner_exceeds_built", "inner_area")]
    assert codes(rules.clean_row({**GOOD, "inner_area": "80", "shared_area": "20.01"})) == [("area_sum", "shared_area")]
    assert rules.clean_row({**GOOD, "inner_area": "100"}).values["shared_area"] == 0


def test_rounding_of_the_three_areas_is_not_their_fault():
    row = rules.clean_row({**GOOD, "built_area": "100.005", "inner_area": "80.005", "shared_area": "20.000"})
    assert row.errors == []
    assert row.values["built_area"] == row.values["inner_area"] + row.values["shared_area"]


@pytest.mark.parametrize(
    ("text", "level", "top"),
    [
        ("7", 7, 7), ("7F", 7, 7), ("７层", 7, 7), ("第7层", 7, 7), ("十二层", 12, 12), ("十二樓", 12, 12), ("二十", 20, 20),
        ("负一层", -1, -1), ("負一層", -1, -1), ("B1", -1, -1), ("-2", -2, -2), ("地下二樓", -2, -2), ("地下室", -1, -1), ("首层", 1, 1),
        ("天面", 900, 900), ("屋顶", 900, 900), ("屋面", 900, 900), ("Roof", 900, 900),
        ("31-32", 31, 32), ("31~32层", 31, 32), ("复式31", 31, 32), ("12F/13F", 12, 13),
    ],
)  # fmt: skip
def test_floors_are_read_as_people_write_them(text, level, top):
    floor = parse_floor(text)
    assert floor is not None
    assert (floor.level, floor.top, floor.text) == (level, top, text.strip())


@pytest.mark.parametrize("text", ["0", "层", "abc", "9999", "7-3", "3-30", "一千层"])
def test_what_is_no_floor_is_refused_in_words(text):
    row = rules.clean_row({**GOOD, "floor": text})
    assert codes(row) == [("bad_floor", "floor")]
    assert text in row.problems[0].message


@pytest.mark.parametrize("text", ["3栋", "3棟", "3#", "3号楼", "03栋", "三栋", "３栋", "3 栋", "Building 3", "3幢"])
def test_one_building_has_many_spellings_and_keeps_the_given_one(text):
    assert place(building=text).building_key == "3"


def test_the_name_of_the_project_is_no_part_of_a_building():
    row = rules.clean_row({**GOOD, "building": "松风明月花园3栋1单元"}, project_names=["松风明月花园"])
    assert (row.place.building, row.place.entrance, row.place.key[:2]) == ("3栋", "1单元", ("3", "1"))


@pytest.mark.parametrize(
    ("text", "key"), [("1单元", "1"), ("一单元", "1"), ("1單元", "1"), ("--", ""), ("", ""), ("—", ""), ("A座", "A")]
)
def test_entrances(text, key):
    assert place(entrance=text).entrance_key == key


@pytest.mark.parametrize(
    ("texts", "key"),
    [
        ({"room": "01"}, ("1", "", "7", "701")),
        ({"room": "1"}, ("1", "", "7", "701")),
        ({"room": "701"}, ("1", "", "7", "701")),
        ({"room": "0701"}, ("1", "", "7", "701")),
        ({"room": "７０１室"}, ("1", "", "7", "701")),
        ({"room": "701 "}, ("1", "", "7", "701")),
        ({"room": "12b"}, ("1", "", "7", "12B")),
        ({"building": "", "floor": "", "room": "1-2-1001"}, ("1", "2", "10", "1001")),
        ({"building": "1栋", "floor": "10", "room": "1-2-1001"}, ("1", "2", "10", "1001")),
        ({"building": "1", "entrance": "2单元", "floor": "10", "room": "2-1001"}, ("1", "2", "10", "1001")),
        ({"building": "12", "floor": "3", "room": "12-0301"}, ("12", "", "3", "301")),
        ({"building": "12", "floor": "3", "room": "12-301"}, ("12", "", "3", "301")),
        ({"building": "", "entrance": "", "floor": "", "room": "3栋1单元1001室"}, ("3", "1", "10", "1001")),
        ({"building": "1", "floor": "7", "room": "7-01"}, ("1", "", "7", "701")),
        ({"building": "1", "floor": "-1", "room": "15"}, ("1", "", "-1", "15")),
        ({"building": "1", "floor": "天面", "room": "天面01"}, ("1", "", "R", "天面01")),
        ({"building": "", "floor": "六層", "room": "A1-06F號"}, ("A", "", "6", "A1")),
        ({"building": "1", "floor": "31-32", "room": "01"}, ("1", "", "31~32", "3101")),
    ],
)
def test_abuse_18_a_room_is_one_room_however_it_is_written(texts, key):
    assert place(**texts).key == key


def test_a_room_that_names_another_building_is_refused():
    assert codes(rules.clean_row({**GOOD, "building": "3栋", "entrance": "1单元", "room": "2-1-701"})) == [
        ("room_disagrees", "room")
    ]


def test_a_date_in_the_room_column_is_not_taken_for_a_room():
    assert codes(rules.clean_row({**GOOD, "room": "2026-01-02"})) == [("date_found", "room")]


def test_what_stands_on_the_board_above_each_other_has_one_stack():
    assert {place(entrance="1单元", floor=str(floor), room="02").stack for floor in (3, 12, 31)} == {"1-02"}
    assert place(room="1203", floor="12").stack == "03"


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ("property_type", "住宅", "HOME"), ("property_type", "車位", "PARKING"), ("property_type", "其他", "OTHER"),
        ("property_type", "HOME", "HOME"), ("orientation", "南北通透", "SN"), ("orientation", "東南", "SE"),
        ("orientation", "坐北朝南", "S"), ("finish", "精裝修", "FINISHED"), ("pricing_mode", "按套內建築面積", "INNER"),
    ],
)  # fmt: skip
def test_choices_in_both_scripts(field, text, value):
    assert rules.clean_row({**GOOD, field: text}).values[field] == value


def test_an_unknown_choice_names_the_choices():
    row = rules.clean_row({**GOOD, "orientation": "上"})
    assert codes(row) == [("unknown_choice", "orientation")]
    assert "South" in row.problems[0].message


@pytest.mark.parametrize(
    ("text", "value"), [("已抵押", True), ("无抵押", False), ("是", True), ("否", False), ("FALSE", False)]
)
def test_flags(text, value):
    assert rules.clean_row({**GOOD, "mortgaged": text}).values["mortgaged"] is value


def test_a_flag_that_is_neither_is_refused():
    assert codes(rules.clean_row({**GOOD, "sealed": "也许"})) == [("unknown_flag", "sealed")]


@pytest.mark.parametrize("missing", rules.ENTRY)
def test_each_mandatory_field_is_asked_for_by_name(missing):
    row = rules.clean_row({**GOOD, missing: " "})
    assert codes(row) == [("missing", missing)]
    assert str(rules.FIELDS[missing].label) in row.problems[0].message


@pytest.mark.parametrize(
    ("text", "character"),
    [
        ("a\x00b", "U+0000"),
        ("a\x0bb", "U+000B"),
        ("a\ud800b", "U+D800"),
        ("a\u202eb", "U+202E"),
        ("a\uffffb", "U+FFFF"),
    ],
)
@pytest.mark.parametrize("field", ["building", "room", "layout", "note", "built_area"])
def test_abuse_66_characters_that_cannot_be_kept_are_named_with_their_place(field, text, character):
    row = rules.clean_row({**GOOD, field: text})
    assert [
        (problem.code, problem.field, problem.params["character"], problem.params["position"])
        for problem in row.problems
    ] == [("bad_character", field, character, 2)]
    assert character in row.problems[0].message


def test_abuse_66_rare_characters_and_long_names_are_kept():
    row = rules.clean_row({**GOOD, "building": "𠮷祥楼", "layout": "𠮷·阿不都热合曼", "note": "第一行\r\n第二行 · 𪚥"})
    assert row.problems == []
    assert (row.values["building"], row.values["layout"]) == ("𠮷祥楼", "𠮷·阿不都热合曼")


def test_texts_that_are_too_long_are_refused_with_the_limit():
    row = rules.clean_row({**GOOD, "building": "长" * 25, "note": "长" * 301, "layout": "长" * 41})
    assert sorted(codes(row)) == [("too_long", "building"), ("too_long", "layout"), ("too_long", "note")]
    assert "24" in next(problem.message for problem in row.problems if problem.field == "building")


def test_every_problem_of_a_row_is_told_at_once():
    row = rules.clean_row(
        {"building": "", "floor": "x", "room": "", "built_area": "-1", "orientation": "?", "list_total": "y"}
    )
    assert sorted(codes(row)) == sorted(
        [
            ("missing", "building"), ("missing", "room"), ("bad_floor", "floor"), ("not_positive", "built_area"),
            ("unknown_choice", "orientation"), ("not_a_number", "list_total"),
        ]
    )  # fmt: skip


def test_a_form_gets_values_and_messages_from_the_same_rules():
    values, messages = rules.check_form({**GOOD, "inner_area": "x", "layout": "", "built_area": "100.005"})
    assert values["built_area"] == Decimal("100.01")
    assert values["layout"] is None
    assert messages == {"inner_area": [rules.clean_row({**GOOD, "inner_area": "x"}).problems[0].message]}


def test_values_survive_waiting_as_text():
    row = rules.clean_row({**GOOD, "mortgaged": "是", "orientation": "南", "list_unit_price": "20000", "note": "x"})
    texts = {name: rules.as_text(value) for name, value in row.values.items()}
    kept = {name: value for name, value in row.values.items() if name not in ("building", "entrance", "floor", "room")}
    assert rules.from_text(texts) == kept
    assert rules.read_place(texts)[0].key == row.place.key


def test_every_code_has_a_sentence_that_can_be_filled():
    names = "value rounded limit label character position choices inner built shared total computed difference row sheet unit batch"
    filled = dict.fromkeys(names.split(), "x") | {"status": "CONTRACTED", "lock": "PRICE"}
    for code in rules.MESSAGES:
        assert "%(" not in rules.Problem(code, "built_area", filled).message
    with pytest.raises(KeyError):
        _ = rules.Problem("no_such_code").message


def test_the_table_of_fields_and_the_model_agree():
    assert list(fields.PROPERTY_TYPES) == PropertyType.values
    assert sorted(fields.ORIENTATIONS) == sorted(Orientation.values)
    assert list(fields.FINISHES) == Finish.values
    assert list(fields.PRICING_MODES) == PricingMode.values
    assert set(fields.STATUS_WORDS) == set(Status.values) - {"DRAFT"}
    for table, choices in (
        (fields.PROPERTY_TYPES, PropertyType), (fields.ORIENTATIONS, Orientation), (fields.FINISHES, Finish),
        (fields.PRICING_MODES, PricingMode),
    ):  # fmt: skip
        assert {value: str(label) for value, (label, _words) in table.items()} == {
            value: str(label) for value, label in choices.choices
        }
    for name, field in rules.FIELDS.items():
        if name not in ("building", "permit_number") and field.kind in ("text", "note", "entrance", "room"):
            column = Unit._meta.get_field({"layout": "layout"}.get(name, name))
            assert (
                field.limit <= (column.related_model._meta.get_field("code") if name == "layout" else column).max_length
            )
