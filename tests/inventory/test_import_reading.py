"""Price lists as people send them are read into rows of units with their places in the sheet (R1.2)."""

import datetime

import pytest

from inventory.importing import Refused, heads_digest, read_file, refusal_message, remark_message
from inventory.rules import clean_row
from tests.inventory.workbooks import HEADS, price_list, row, workbook, workbooks


def read(path, **options):
    return read_file(path, name=path.name, **options)


def refusal(path, name="") -> str:
    with pytest.raises(Refused) as caught:
        read_file(path, name=name or path.name)
    assert refusal_message(caught.value.code, caught.value.params)
    return caught.value.code


def texts(table):
    return [source.texts() for source in table.rows]


def test_a_plain_list_with_its_positions(tmp_path):
    table = read(price_list(tmp_path / "a.xlsx", row(), row(房号="02")))
    assert (table.form, len(table.rows), table.remarks) == ("list", 2, [])
    assert table.rows[1].cells["room"] == ("02", "D", "价格表", 3)
    assert [column.field for column in table.columns] == [
        "building", "entrance", "floor", "room", "property_type", "layout", "orientation", "built_area", "inner_area",
        "list_unit_price", "list_total", "finish",
    ]  # fmt: skip


def test_heads_are_found_below_titles_and_totals_notes_and_blank_rows_are_told_apart(tmp_path):
    rows = [["某花园价格表"], ["单位：元"], HEADS, row(), [], row(房号="02"), HEADS, ["小计", *[""] * 9, "4000000"],
            row(房号="03"), ["合计"], ["注：以实测为准"]]  # fmt: skip
    table = read(workbook(tmp_path / "a.xlsx", rows))
    assert [(source.row, source.cells["room"].text) for source in table.rows] == [(4, "01"), (6, "02"), (9, "03")]
    assert table.blank_rows == 1
    assert [(skipped.row, skipped.reason) for skipped in table.skipped] == [
        (7, "heading"),
        (8, "total"),
        (10, "total"),
        (11, "note"),
    ]


def test_two_rows_of_heads_with_merged_cells(tmp_path):
    rows = [["楼栋", "楼层", "房号", "建筑面积", "备案价", "", "表价", ""], ["", "", "", "(㎡)", "单价", "总价", "单价(元/㎡)",
             "总价（万元）"],
            ["1栋", "7", "01", 100, 19000, 1900000, 20000, 200]]  # fmt: skip
    table = read(workbook(tmp_path / "a.xlsx", rows, merged=["A1:A2", "B1:B2", "C1:C2", "E1:F1", "G1:H1"]))
    assert texts(table)[0] == {
        "building": "1栋", "floor": "7", "room": "01", "built_area": "100", "filed_unit_price": "19000", "filed_total": "1900000",
        "list_unit_price": "20000", "list_total": "200万元",
    }  # fmt: skip
    assert [remark.code for remark in table.remarks] == ["in_ten_thousands"]
    assert clean_row(texts(table)[0]).problems == []


def test_merged_building_cells_are_filled_down(tmp_path):
    rows = [["楼栋", "楼层", "房号", "面积"], ["1栋", 7, "01", 100], ["", 7, "02", 100], ["2栋", 7, "01", 90]]
    table = read(workbook(tmp_path / "a.xlsx", rows, merged=["A2:A3"]))
    assert [source.cells["building"].text for source in table.rows] == ["1栋", "1栋", "2栋"]


def test_a_building_that_is_left_blank_without_merging_stays_missing(tmp_path):
    table = read(
        workbook(tmp_path / "a.xlsx", [["楼栋", "楼层", "房号", "面积"], ["1栋", 7, "01", 100], ["", 7, "02", 100]])
    )
    assert clean_row(texts(table)[1]).errors[0].code == "missing"


def test_traditional_heads(tmp_path):
    heads = [
        "棟別",
        "樓層",
        "戶別",
        "主要用途",
        "建築面積（平方公尺）",
        "單價",
        "總價（萬元）",
        "預售許可證號",
        "朝向",
        "備註",
    ]
    table = read(
        workbook(
            tmp_path / "a.xlsx",
            [heads, ["A棟", "十二樓", "A1", "住家用", "１００", "60,000", "600", "1", "東南", "無"]],
        )
    )
    cleaned = clean_row(texts(table)[0])
    assert cleaned.problems == []
    assert (cleaned.place.key, cleaned.values["orientation"]) == (("A", "", "12", "A1"), "SE")
    assert {remark.code for remark in table.remarks} == {"in_ten_thousands", "permit_not_imported"}
    assert all(remark_message(*remark) for remark in table.remarks)


def test_several_sheets_one_a_building(tmp_path):
    heads = ["楼层", "房号", "建筑面积", "总价"]
    sheets = {
        "说明": [["请勿修改"]],
        "1栋": [heads, [7, "01", 100, 2000000]],
        "2栋": [heads, [7, "01", 90, 1800000], ["合计"]],
    }
    table = read(workbooks(tmp_path / "a.xlsx", sheets))
    assert [(source.sheet, source.cells["building"].text) for source in table.rows] == [("1栋", "1栋"), ("2栋", "2栋")]
    assert [remark.code for remark in table.remarks] == [
        "sheet_without_units",
        "building_from_sheet",
        "building_from_sheet",
    ]


def test_floors_are_read_from_room_numbers_when_there_is_no_floor_column(tmp_path):
    table = read(
        workbook(tmp_path / "a.xlsx", [["楼栋", "房号", "面积"], ["1栋", "1-2-1001", 100], ["1栋", "305", 100]])
    )
    assert [clean_row(cells).place.floor.level for cells in texts(table)] == [10, 3]
    assert "floor_from_room" in [remark.code for remark in table.remarks]


def test_parking_spaces_are_known_by_the_head_of_their_numbers(tmp_path):
    rows = [["楼栋", "楼层", "车位编号", "面积", "总价"], ["1栋", "负一层", "B-012", 12.5, 150000]]
    cleaned = clean_row(texts(read(workbook(tmp_path / "a.xlsx", rows)))[0])
    assert (cleaned.values["property_type"], cleaned.place.floor.level, cleaned.problems) == ("PARKING", -1, [])


@pytest.mark.parametrize(
    ("head", "value", "field"),
    [
        ("表价", 6104507, "list_total"),
        ("表价", 48629.87, "list_unit_price"),
        ("表价（元/㎡）", 999999, "list_unit_price"),
        ("底价(万元)", 500, "floor_total"),
    ],
)
def test_a_head_with_two_meanings_is_decided_by_its_unit_or_its_figures(tmp_path, head, value, field):
    table = read(workbook(tmp_path / "a.xlsx", [["楼栋", "楼层", "房号", "面积", head], ["1栋", 7, "01", 100, value]]))
    assert table.columns[-1].field == field


def test_prices_that_are_missing_are_said_to_be_missing(tmp_path):
    table = read(workbook(tmp_path / "a.xlsx", [["楼栋", "楼层", "房号", "面积"], ["1栋", 7, "01", 100]]))
    assert [remark.code for remark in table.remarks] == ["prices_missing"]


def test_chosen_columns_come_before_ours_and_are_remembered_by_their_heads(tmp_path):
    path = workbook(tmp_path / "a.xlsx", [["楼栋", "楼层", "房号", "甲", "乙"], ["1栋", 7, "01", 100, 20000]])
    assert read(path).form == "unclear"
    mapping = {"楼栋": "building", "楼层": "floor", "房号": "room", "甲": "built_area", "乙": "list_unit_price"}
    assert texts(read(path, mapping=mapping))[0]["built_area"] == "100"
    digest = heads_digest(["楼栋", "楼层", "房号", "甲", "乙"])
    assert texts(read(path, remembered={digest: mapping}))[0]["list_unit_price"] == "20000"
    assert read(path, remembered={heads_digest(["楼栋"]): mapping}).form == "unclear"


def test_a_column_may_be_chosen_to_be_ignored(tmp_path):
    path = price_list(tmp_path / "a.xlsx", row())
    assert "list_total" not in texts(read(path, mapping={"总价": ""}))[0]


# ------------------------------------------------------------------ boards
BOARD = [
    ["楼栋", "楼层", "01", "02", "合计"],
    ["1栋1单元", 2, 2000000, 2010000, 4010000],
    ["", 1, 1900000, "--", 1900000],
]


def test_a_board_of_floors_and_rooms(tmp_path):
    table = read(workbook(tmp_path / "a.xlsx", BOARD, title="总价"))
    assert table.form == "board"
    assert [(s.cells["floor"].text, s.cells["room"].text, s.cells["list_total"]) for s in table.rows] == [
        ("2", "01", ("2000000", "C", "总价", 2)), ("2", "02", ("2010000", "D", "总价", 2)), ("1", "01", ("1900000", "C", "总价", 3)),
    ]  # fmt: skip
    assert [str(clean_row(cells, required=()).place) for cells in texts(table)] == [
        "1-1-201",
        "1-1-202",
        "1-1-101",
    ]


def test_boards_of_totals_unit_prices_and_areas_are_joined(tmp_path):
    sheets = {
        "总价": BOARD,
        "单价": [BOARD[0], ["1栋1单元", 2, 20000, 20100], ["", 1, 19000]],
        "面积": [BOARD[0], ["1栋1单元", 2, 100, 100], ["", 1, 100]],
    }
    table = read(workbooks(tmp_path / "a.xlsx", sheets))
    assert len(table.rows) == 3
    assert [clean_row(cells).problems for cells in texts(table)] == [[], [], []]
    assert table.rows[0].cells["built_area"] == ("100", "C", "面积", 2)


def test_boards_one_a_building_with_titles_side_by_side_and_below(tmp_path):
    rows = [["1栋单价表", "", "", "", "2栋单价表"], ["楼层", "01", "02", "", "楼层", "01", "02"], [2, 20000, 20100, "", 2, 21000, 21100],
            ["合计", 1, 1], ["3栋单价表"], ["楼层", "01", "02"], ["天面", 15000, ""]]  # fmt: skip
    table = read(workbook(tmp_path / "a.xlsx", rows, title="Sheet1"))
    places = sorted(str(clean_row(cells, required=()).place) for cells in texts(table))
    assert places == ["1-201", "1-202", "2-201", "2-202", "3-01"]


def test_a_cell_merged_over_two_floors_is_a_duplex(tmp_path):
    rows = [["楼栋", "楼层", "01", "02"], ["1栋", 32, 3000000, 2000000], ["", 31, "", 2000000]]
    table = read(workbook(tmp_path / "a.xlsx", rows, merged=["C2:C3"]))
    assert clean_row(texts(table)[0], required=()).place.key == ("1", "", "31~32", "3101")


def test_a_status_on_a_board_is_read_as_status(tmp_path):
    table = read(
        workbook(tmp_path / "a.xlsx", [["楼层", "01", "02"], [2, "已售", 20000], [1, 20000, 20000]], title="1栋单价")
    )
    assert table.rows[0].cells["status"].text == "已售"


# ------------------------------------------------------------------ text files
LINES = "楼栋,楼层,房号,建筑面积,单价\r\n一号楼,7,01,100,20000\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030", "gbk"])
def test_abuse_57_text_files_in_their_encodings(tmp_path, encoding):
    path = tmp_path / "a.csv"
    path.write_bytes(LINES.encode(encoding))
    assert texts(read(path))[0]["building"] == "一号楼"


def test_abuse_57_big5_is_told_from_gb18030(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("棟別,樓層,房號,建築面積,單價\r\n一號樓,7,01,100,20000\r\n".encode("big5"))
    assert texts(read(path))[0]["building"] == "一號樓"


@pytest.mark.parametrize("delimiter", ["\t", ";"])
def test_other_delimiters(tmp_path, delimiter):
    path = tmp_path / "a.csv"
    path.write_text(LINES.replace(",", delimiter), encoding="utf-8")
    assert texts(read(path))[0]["room"] == "01"


def test_abuse_57_line_ends_inside_cells(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('楼栋,楼层,房号,"建筑面积\r\n（㎡）"\r\n1栋,7,"0\r\n1",100\r\n', encoding="utf-8")
    assert texts(read(path))[0]["built_area"] == "100"
    assert clean_row(texts(read(path))[0]).errors == []


# ------------------------------------------------------------------ what spreadsheet programs do to cells
def test_abuse_57_hidden_rows_are_read_and_numbers_lose_no_digit(tmp_path):
    from openpyxl import load_workbook

    path = price_list(tmp_path / "a.xlsx", row(建筑面积=125.53, 单价=52229.87, 总价=6556415, 套内面积=0.1 + 0.2))
    book = load_workbook(path)
    book.active.row_dimensions[2].hidden = True
    book.save(path)
    cells = texts(read(path))[0]
    assert (cells["built_area"], cells["list_unit_price"], cells["list_total"], cells["inner_area"]) == (
        "125.53",
        "52229.87",
        "6556415",
        "0.3",
    )


def test_abuse_57_dates_errors_and_formulas_without_result_are_named_cell_by_cell(tmp_path):
    path = price_list(
        tmp_path / "a.xlsx",
        row(建筑面积=datetime.date(2026, 1, 5), 套内面积="#REF!", 单价="=1+1"),
        row(房号=datetime.date(2026, 1, 2)),
    )
    first, second = (clean_row(cells) for cells in texts(read(path)))
    assert [(problem.code, problem.field) for problem in first.problems] == [
        ("date_found", "built_area"), ("cell_error", "inner_area"), ("formula_without_value", "list_unit_price"),
    ]  # fmt: skip
    assert [(problem.code, problem.field) for problem in second.problems] == [("date_found", "room")]


def test_a_workbook_of_another_kind_is_refused_politely(tmp_path):
    path = workbook(tmp_path / "a.xlsx", [["姓名", "电话"], ["张三", "13800000000"]])
    assert refusal(path) == "no_heads"


def test_heads_without_rows_and_empty_files_are_refused(tmp_path):
    assert refusal(workbook(tmp_path / "a.xlsx", [HEADS])) == "no_rows"
    assert refusal(workbook(tmp_path / "b.xlsx", [])) == "empty"
    (tmp_path / "c.csv").write_bytes(b"")
    assert refusal(tmp_path / "c.csv") == "empty"
