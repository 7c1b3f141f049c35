"""Whatever stands in a row or a sheet: an answer in words, never a crash (abuse 8, 57, 66)."""

from hypothesis import given, settings
from hypothesis import strategies as st

from inventory import rules
from inventory.importing.grid import Sheet
from inventory.importing.interpret import interpret
from inventory.importing.refusals import Refused, refusal_message, remark_message

WORDS = st.sampled_from(
    ["楼栋", "单元", "楼层", "房号", "建筑面积", "套内面积", "单价", "总价（万元）", "状态", "合计", "1栋", "3栋1单元", "01", "7", "负一层",
     "天面",      "1-2-1001", "100", "1,000", "1e309", "-5", "--", "2026-01-02", "#REF!", "31-32",
     "已售", "注：", "坪", "表价", "|", "~", "('"]
)  # fmt: skip
BUILDINGS = st.sampled_from(
    ["1栋", "3棟", "A座", "松风3栋1单元", "6栋--", "Building 12", "十二号楼", "𠮷祥楼", "|", "楼", "1/2", ""]
)
FLOORS = st.sampled_from(["7", "7F", "负一层", "天面", "31-32", "复式31", "十二樓", "B2", "六層", "0", ""])
ROOMS = st.sampled_from(["01", "701", "0701", "1-2-1001", "12-0301", "7-01", "天面01", "A1-06F號", "3栋1单元1001室", "车位B-012", "101/102",
                         "12b", "1-2-10-01", "A", "1单元01", "|", "~", "B-1"])  # fmt: skip
PLACED = st.fixed_dictionaries(
    {
        "building": BUILDINGS,
        "entrance": st.sampled_from(["", "--", "1单元", "一單元", "2", "A座", "|"]),
        "floor": FLOORS,
        "room": st.one_of(ROOMS, st.text(max_size=6)),
        "built_area": st.sampled_from(["100", "125.53", "1.005", "99999.99"]),
    }
)
CELLS = st.one_of(WORDS, st.text(max_size=12), st.integers(-5, 10**12).map(str), st.floats().map(str))


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(PLACED, st.dictionaries(st.sampled_from(sorted(rules.FIELDS)), st.one_of(CELLS, st.text(max_size=400))))
)
def test_any_row_gets_values_or_messages(texts):
    row = rules.clean_row(texts)
    assert all(problem.message for problem in row.problems)
    assert row.errors or row.place is not None
    if not row.errors:
        kept = {name: rules.as_text(value) for name, value in row.values.items()}
        again = rules.kept_place(kept)
        assert (again.key, again.columns()) == (row.place.key, row.place.columns())
        assert len(row.place.unit_key) <= 100
        assert len(row.place.number) <= 60
        assert 0 < row.values["built_area"] < 100_000
    values, messages = rules.check_form(texts)
    assert set(messages) == {problem.field for problem in row.errors}
    assert set(values) >= set(texts)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.lists(CELLS, min_size=6, max_size=6), max_size=12),
    st.lists(st.tuples(*[st.integers(0, 8)] * 4), max_size=3),
)
def test_any_sheet_is_read_or_refused(rows, areas):
    merged = [(min(a, c), min(b, d), max(a, c), max(b, d)) for a, b, c, d in areas]
    sheets = [Sheet("表", [[cell.strip() for cell in row] for row in rows], merged)]
    try:
        table = interpret(sheets, remembered={}, mapping={}, names=["某园"])
    except Refused as refused:
        assert refusal_message(refused.code, refused.params)
        return
    assert all(remark_message(*remark) for remark in table.remarks)
    for source in table.rows:
        rules.clean_row(source.texts(), required=())
        for cell in source.cells.values():
            assert 1 <= cell.row <= len(rows)
