"""Batches from files: read, planned, accepted into drafts; all or nothing (R1.1, R1.2, decisions 9 and 10)."""

from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from inventory.models import BatchLine, Building, ImportMapping, ListingBatch, Unit
from inventory.models.batch import LineKind, LineState
from inventory.services import imports
from inventory.states import BatchState, Review, Status
from salescontrol.core import jobs, notices
from salescontrol.core.errors import Conflict, Forbidden, Refusal
from salescontrol.core.models import Notice, OutboxMessage
from tests import build
from tests.inventory.workbooks import HEADS, price_list, row, workbook

pytestmark = pytest.mark.django_db


@pytest.fixture
def hand_over(people, tmp_path):
    """Hand a workbook over as marketing and have it read: `hand_over(row(), row(房号="02"))` or `hand_over(path=…)`."""

    def give(*rows, path=None, by=None) -> ListingBatch:
        path = path or price_list(tmp_path / "list.xlsx", *rows)
        upload = SimpleUploadedFile(path.name, path.read_bytes())
        batch = imports.submit_file(project=people.a, upload=upload, by=by or people.marketing)
        return imports.read_batch(batch_id=batch.pk)

    return give


@pytest.fixture
def accept(people):
    def take(batch, by=None, **options) -> ListingBatch:
        return imports.accept_batch(batch=batch, version=batch.version, by=by or people.marketing, **options)

    return take


def counts(batch) -> tuple[int, ...]:
    return tuple(batch.outcome["counts"][kind] for kind in ("new", "changed", "unchanged", "refused"))


def codes(batch) -> list[tuple[int, str, str]]:
    lines = batch.lines.order_by("pk")
    return [(problem["row"], problem["column"], problem["code"]) for line in lines for problem in line.problems]


def approve(batch) -> None:
    """Make the batch's units approved and withheld, as the review does."""
    build.place_in(Status.WITHHELD, *Unit.objects.filter(batch=batch), review=Review.APPROVED)
    ListingBatch.objects.filter(pk=batch.pk).update(state=BatchState.APPROVED)


def test_a_file_is_kept_with_who_and_when_and_read_in_the_background(people, tmp_path):
    path = price_list(tmp_path / "九月价格表.xlsx", row())
    batch = imports.submit_file(
        project=people.a, upload=SimpleUploadedFile(path.name, path.read_bytes()), by=people.marketing
    )
    assert (batch.state, batch.title, batch.made_by, batch.file.name) == (
        BatchState.READING,
        "九月价格表",
        people.marketing,
        path.name,
    )
    assert batch.number.startswith("AAA-")
    assert batch.history.get().history_change_reason == "batch.submit_file"
    message = OutboxMessage.objects.get(topic=imports.READ_TOPIC)
    assert message.payload == {"batch_id": batch.pk}
    assert Unit.objects.count() == 0


def test_the_dispatcher_reads_what_was_handed_over(people, settings, tmp_path):
    settings.REDIS_URL = ""
    path = price_list(tmp_path / "a.xlsx", row())
    batch = imports.submit_file(
        project=people.a, upload=SimpleUploadedFile(path.name, path.read_bytes()), by=people.marketing
    )
    jobs.run_due()
    batch.refresh_from_db()
    assert (batch.state, batch.progress) == (BatchState.PREVIEW, 100)
    assert "1 new" in notices.sentence(Notice.objects.get(to=people.marketing))


def test_only_who_may_submit_hands_over(people, tmp_path):
    path = price_list(tmp_path / "a.xlsx", row())
    for person in (people.salesperson, people.finance, people.administrator, people.other_supervisor):
        with pytest.raises(Forbidden):
            imports.submit_file(project=people.a, upload=SimpleUploadedFile(path.name, path.read_bytes()), by=person)


def test_a_new_unit_becomes_a_draft_with_everything_the_row_says(people, hand_over, accept):
    batch = accept(hand_over(row()))
    unit = Unit.objects.get()
    assert (unit.number, unit.key, unit.stack, unit.floor, unit.room) == ("1-1-701", "1|1|7|701", "1-01", 7, "701")
    assert (unit.building.name, unit.building.key, unit.layout.code, unit.orientation) == ("1栋", "1", "三室两厅", "S")
    assert (unit.built_area, unit.inner_area, unit.shared_area) == (
        Decimal("100.00"),
        Decimal("80.00"),
        Decimal("20.00"),
    )
    assert (unit.list_unit_price, unit.list_total, unit.finish) == (Decimal("20000.00"), Decimal("2000000.00"), "BARE")
    assert (unit.status, unit.review, unit.batch, unit.entered_by) == (
        Status.DRAFT,
        Review.DRAFT,
        batch,
        people.marketing,
    )
    assert batch.state == BatchState.DRAFT
    assert [(entry.history_change_reason, entry.history_user) for entry in unit.history.all()] == [
        ("unit.enter", people.marketing)
    ]
    line = batch.lines.get()
    assert (line.kind, line.state, line.unit, line.row) == (LineKind.NEW, LineState.ENTERED, unit, 2)


def test_nothing_is_written_before_the_preview_is_accepted(people, hand_over):
    batch = hand_over(row(), row(房号="02"))
    assert (batch.state, counts(batch)) == (BatchState.PREVIEW, (2, 0, 0, 0))
    assert (Unit.objects.count(), Building.objects.count()) == (0, 0)
    notice = Notice.objects.get(to=people.marketing)
    assert (notice.code, notice.params["new"]) == ("batch.preview", 2)
    assert notice.url.endswith(f"/batches/{batch.pk}/")


def test_refused_rows_keep_the_whole_file_back_until_they_are_left_out(people, hand_over, accept):
    batch = hand_over(row(), row(房号="02", 建筑面积="x"))
    assert counts(batch) == (1, 0, 0, 1)
    with pytest.raises(Refusal) as caught:
        accept(batch)
    assert caught.value.code == "refused_rows"
    assert Unit.objects.count() == 0
    refused = batch.lines.get(kind=LineKind.REFUSED)
    accept(batch, leave_out=[refused.pk])
    assert Unit.objects.get().number == "1-1-701"
    refused.refresh_from_db()
    assert (refused.state, refused.unit) == (LineState.LEFT_OUT, None)


def test_abuse_16_the_same_file_twice_changes_nothing_and_says_so(hand_over, accept):
    rows = [row(房号=f"{number:02d}") for number in range(1, 9)]
    first = accept(hand_over(*rows))
    again = hand_over(*rows)
    assert counts(again) == (0, 0, 8, 0)
    with pytest.raises(Refusal) as caught:
        accept(again)
    assert caught.value.code == "nothing_new"
    approve(first)
    assert counts(hand_over(*rows)) == (0, 0, 8, 0)
    assert Unit.objects.count() == 8


def test_changes_of_a_draft_are_taken_over_at_once_with_history(people, hand_over, accept):
    accept(hand_over(row()))
    batch = hand_over(row(朝向="南北", 单价="21000", 总价="2100000"))
    line = batch.lines.get()
    assert (counts(batch), line.before) == (
        (0, 1, 0, 0),
        {"orientation": "S", "list_unit_price": "20000.00", "list_total": "2000000.00"},
    )
    accept(batch)
    unit = Unit.objects.get()
    assert (unit.orientation, unit.list_total, unit.version) == ("SN", Decimal("2100000.00"), 2)
    assert unit.history.first().history_change_reason == "unit.change_draft"


def test_changes_of_an_approved_unit_wait_for_the_review(hand_over, accept):
    approve(accept(hand_over(row())))
    batch = accept(hand_over(row(建筑面积="101", 套内面积="81", 总价="2020000")))
    unit, line = Unit.objects.get(), batch.lines.get()
    assert (unit.built_area, unit.version) == (Decimal("100.00"), 1)
    assert (line.kind, line.state, line.unit_version, line.after) == (
        LineKind.CHANGED,
        LineState.ENTERED,
        1,
        {"built_area": "101.00", "inner_area": "81.00", "list_total": "2020000.00"},
    )
    waiting = hand_over(row(朝向="北"))
    assert codes(waiting) == [(2, "G", "in_other_batch")]


@pytest.mark.parametrize(
    "status", [Status.HELD, Status.SMALL_DEPOSIT, Status.SUBSCRIBED, Status.CONTRACTED, Status.DELIVERED]
)
def test_units_with_a_live_claim_are_not_changed_by_an_import(hand_over, accept, status):
    approve(accept(hand_over(row())))
    build.place_in(status, *Unit.objects.all())
    assert codes(hand_over(row(总价="2100000", 单价="21000"))) == [(2, "J", "live_claim")]
    assert counts(hand_over(row())) == (0, 0, 1, 0)


def test_units_that_are_locked_are_not_changed_by_an_import(hand_over, accept):
    approve(accept(hand_over(row())))
    Unit.objects.update(locks="PRICE")
    batch = hand_over(row(总价="2100000", 单价="21000"))
    assert codes(batch) == [(2, "J", "unit_locked")]


def test_units_under_review_are_not_changed_by_another_file(hand_over, accept):
    accept(hand_over(row()))
    Unit.objects.update(review=Review.SUBMITTED)
    assert codes(hand_over(row(朝向="北"))) == [(2, "G", "in_other_batch")]


def test_abuse_15_a_status_column_never_resets_a_status(hand_over, accept, tmp_path):
    rows = [[*row(房号=f"{number:02d}"), "可售"] for number in range(1, 51)]
    path = workbook(tmp_path / "status.xlsx", [[*HEADS, "状态"], *rows])
    approve(accept(hand_over(path=path)))
    build.place_in(Status.AVAILABLE, *Unit.objects.exclude(room="707"))
    build.place_in(Status.CONTRACTED, Unit.objects.get(room="707"))
    batch = hand_over(path=path)
    assert counts(batch) == (0, 0, 49, 1)
    assert codes(batch) == [(8, "M", "status_differs")]
    assert Unit.objects.get(room="707").status == Status.CONTRACTED


def test_a_status_in_a_new_row_is_not_imported(hand_over, accept, tmp_path):
    batch = accept(hand_over(path=workbook(tmp_path / "s.xlsx", [[*HEADS, "状态"], [*row(), "已售"]])))
    assert Unit.objects.get().status == Status.DRAFT
    assert "status_not_imported" in [remark[0] for remark in batch.outcome["remarks"]]


@pytest.mark.parametrize("typed", ["0701", "701 ", "７０１", "701室"])
def test_abuse_18_another_spelling_is_the_same_room_and_said_so(hand_over, accept, typed):
    accept(hand_over(row(房号="701")))
    batch = hand_over(row(房号=typed, 朝向="北"))
    assert counts(batch) == (0, 1, 0, 0)
    accept(batch)
    unit = Unit.objects.get()
    assert (unit.room, unit.orientation) == ("701", "N")
    assert codes(batch) == ([(2, "D", "same_room_other_spelling")] if typed == "0701" else [])


def test_abuse_18_two_spellings_in_one_file_collide_with_both_rows_named(hand_over):
    batch = hand_over(row(房号="0701"), row(房号="701"), row(楼栋="1#", 房号="01"))
    assert codes(batch) == [(3, "D", "duplicate"), (4, "D", "duplicate")]
    problem = batch.lines.get(row=3).problems[0]
    assert (problem["params"]["row"], problem["params"]["sheet"]) == (2, "价格表")


def test_a_row_without_entrance_finds_the_only_such_room_and_asks_when_there_are_two(
    people, hand_over, accept, tmp_path
):
    accept(hand_over(row(), row(房号="02"), row(单元="2单元", 房号="02")))
    path = workbook(
        tmp_path / "p.xlsx",
        [["楼栋", "楼层", "房号", "单价"], ["1栋", "7", "701", "21000"], ["1栋", "7", "702", "21000"]],
    )
    batch = hand_over(path=path)
    assert counts(batch) == (0, 1, 0, 1)
    assert batch.lines.get(kind=LineKind.CHANGED).after == {"list_unit_price": "21000.00", "list_total": "2100000.00"}
    assert codes(batch) == [(3, "", "missing")]


def test_prices_without_areas_need_units_that_are_known(hand_over, accept, tmp_path):
    accept(hand_over(row()))
    path = workbook(tmp_path / "p.xlsx", [["楼栋", "楼层", "01", "02"], ["1栋1单元", 7, 2000000, 2000000]])
    batch = hand_over(path=path)
    assert counts(batch) == (0, 0, 1, 1)
    assert codes(batch) == [(2, "D", "unknown_unit_without_area")]


def test_a_total_within_one_yuan_of_unit_price_by_area_is_no_change(hand_over, accept, tmp_path):
    accept(hand_over(row(建筑面积="125.53", 套内面积="100", 单价="52229.87", 总价="")))
    assert Unit.objects.get().list_total == Decimal("6556416.00")
    path = workbook(tmp_path / "p.xlsx", [["楼栋", "楼层", "01", "02"], ["1栋1单元", 7, 6556415, ""]])
    assert counts(hand_over(path=path)) == (0, 0, 1, 0)
    path = workbook(tmp_path / "p.xlsx", [["楼栋", "楼层", "01", "02"], ["1栋1单元", 7, 6556414, ""]])
    assert counts(hand_over(path=path)) == (0, 1, 0, 0)


def test_floor_prices_are_decided_by_management_and_not_imported(hand_over, accept, tmp_path):
    batch = accept(hand_over(path=workbook(tmp_path / "f.xlsx", [[*HEADS, "底价总价"], [*row(), "1800000"]])))
    assert Unit.objects.get().floor_total is None
    assert "floor_price_not_imported" in [remark[0] for remark in batch.outcome["remarks"]]
    assert "1800000" not in str(batch.lines.values())
    assert batch.file.level == "CONFIDENTIAL" or type(batch.file).objects.get(pk=batch.file_id).level == "CONFIDENTIAL"


def test_a_unit_that_changed_after_the_preview_stops_the_whole_batch(hand_over, accept):
    accept(hand_over(row()))
    batch = hand_over(row(朝向="北"), row(房号="02"))
    Unit.objects.update(version=9)
    with pytest.raises(Conflict) as caught:
        accept(batch)
    assert caught.value.code == "stale_preview"
    assert Unit.objects.get().orientation == "S"


def test_a_unit_entered_after_the_preview_stops_the_whole_batch(people, hand_over, accept):
    batch = hand_over(row(), row(房号="02"))
    where = build.building(people.a, "1栋", key="1")
    build.unit(where, 7, "02", by=people.specialist, status=Status.DRAFT, key="1|1|7|702")
    with pytest.raises(Conflict):
        accept(batch)
    assert Unit.objects.count() == 1


def test_a_preview_that_was_accepted_or_replaced_is_not_accepted_again(people, hand_over, accept):
    batch = hand_over(row())
    accept(batch)
    with pytest.raises(Conflict):
        accept(batch)
    other = hand_over(row(房号="02"))
    imports.read_again(batch=other, version=other.version, by=people.marketing)
    with pytest.raises(Conflict):
        accept(other)


def test_abuse_68_reading_again_after_an_interruption_gives_one_result(hand_over):
    batch = hand_over(row(), row(房号="02"))
    ListingBatch.objects.filter(pk=batch.pk).update(state=BatchState.READING)
    again = imports.read_batch(batch_id=batch.pk)
    assert (again.state, again.lines.count()) == (BatchState.PREVIEW, 2)
    assert imports.read_batch(batch_id=batch.pk).lines.count() == 2
    assert Notice.objects.count() == 1


def test_a_file_that_cannot_be_read_is_refused_with_the_reason(people, hand_over, tmp_path):
    batch = hand_over(path=workbook(tmp_path / "x.xlsx", [["姓名", "电话"], ["张三", "1"]]))
    assert (batch.state, batch.outcome["refused"]) == (BatchState.REFUSED, "no_heads")
    assert Notice.objects.get().code == "batch.refused"


def test_unclear_columns_are_chosen_by_a_person_and_remembered_for_the_project(people, hand_over, tmp_path):
    path = workbook(tmp_path / "x.xlsx", [["楼栋", "楼层", "房号", "甲", "乙"], ["1栋", 7, "01", 100, 20000]])
    batch = hand_over(path=path)
    assert batch.state == BatchState.MAPPING
    columns = {"A": "building", "B": "floor", "C": "room", "D": "built_area", "E": "list_unit_price"}
    imports.choose_columns(batch=batch, columns=columns, version=batch.version, by=people.marketing)
    assert counts(imports.read_batch(batch_id=batch.pk)) == (1, 0, 0, 0)
    assert ImportMapping.objects.get().confirmed_by == people.marketing
    assert hand_over(path=path).state == BatchState.PREVIEW


@pytest.mark.parametrize(
    ("columns", "code"), [({"A": "building"}, "no_room"), ({"A": "room", "B": "room"}, "chosen_twice")]
)
def test_columns_must_make_sense(people, hand_over, columns, code):
    batch = hand_over(row())
    with pytest.raises(Refusal) as caught:
        imports.choose_columns(batch=batch, columns=columns, version=batch.version, by=people.marketing)
    assert caught.value.code == code


def test_a_hand_over_is_given_up_without_a_trace_in_the_units(people, hand_over, accept):
    batch = hand_over(row())
    imports.discard_batch(batch=batch, version=batch.version, by=people.marketing)
    batch.refresh_from_db()
    assert (batch.state, Unit.objects.count()) == (BatchState.DISCARDED, 0)
    with pytest.raises(Conflict):
        accept(batch)


def test_planning_asks_the_same_number_of_queries_for_one_row_and_for_many(
    people, hand_over, django_assert_num_queries, tmp_path
):
    from inventory.services.import_plan import make_plan

    for name, size in (("one.xlsx", 1), ("many.xlsx", 60)):
        batch = hand_over(
            path=price_list(
                tmp_path / name,
                *(row(楼层=str(number // 9 + 1), 房号=f"{number % 9 + 1:02d}") for number in range(size)),
            )
        )
        table = imports.read_attachment(project=people.a, file=batch.file)
        with django_assert_num_queries(3):
            assert len(make_plan(project=people.a, table=table).lines) == size


def test_a_hand_over_that_is_never_read_to_its_end_can_be_given_up(people, tmp_path):
    path = price_list(tmp_path / "list.xlsx", row())
    upload = SimpleUploadedFile(path.name, path.read_bytes())
    batch = imports.submit_file(project=people.a, upload=upload, by=people.marketing)
    imports.discard_batch(batch=batch, version=batch.version, by=people.marketing)
    assert imports.read_batch(batch_id=batch.pk).state == BatchState.DISCARDED


def test_a_late_reader_does_not_finish_what_was_asked_for_anew(people, hand_over, monkeypatch):
    """A message may come twice: the slow first reader must not answer with the columns of before."""
    batch = hand_over(row())
    imports.read_again(batch=batch, version=batch.version, by=people.marketing)
    real = imports.read_attachment

    def overtaken(**asked):
        monkeypatch.setattr(imports, "read_attachment", real)
        done = imports.read_batch(batch_id=batch.pk)
        imports.read_again(batch=done, version=done.version, by=people.marketing)
        return real(**asked)

    monkeypatch.setattr(imports, "read_attachment", overtaken)
    assert imports.read_batch(batch_id=batch.pk).state == BatchState.READING


def test_lines_of_one_batch_stay_with_it(people, hand_over):
    batch, other = hand_over(row()), hand_over(row(房号="02"))
    assert BatchLine.objects.count() == 2
    imports.discard_batch(batch=other, version=other.version, by=people.marketing)
    assert batch.lines.count() == 1
