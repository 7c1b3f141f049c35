"""The pages of listing batches: hand over, wait, choose, look, accept, submit; what is hidden stays hidden (R1.1, R1.2)."""

from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import load_workbook

from inventory.models import ListingBatch, Unit
from inventory.services import imports
from inventory.states import BatchState
from salescontrol.core.models import Attachment, AuditEvent
from tests import build
from tests.inventory.workbooks import HEADS, price_list, row, workbook

pytestmark = pytest.mark.django_db


def address(name, *args, code="AAA"):
    return reverse(f"inventory:{name}", args=[code, *args])


@pytest.fixture
def marketing(people, sign_in):
    return sign_in(people.marketing)


@pytest.fixture
def batch(people, tmp_path):
    """A batch of marketing's with two good rows, one refused and one rounded."""
    path = price_list(
        tmp_path / "list.xlsx", row(), row(房号="02"), row(房号="03", 建筑面积="x"), row(房号="04", 建筑面积="100.004")
    )
    made = imports.submit_file(
        project=people.a, upload=SimpleUploadedFile(path.name, path.read_bytes()), by=people.marketing
    )
    return imports.read_batch(batch_id=made.pk)


def upload(path):
    return {"file": SimpleUploadedFile(path.name, path.read_bytes()), "title": "", "note": ""}


def test_a_file_is_handed_over_read_looked_at_and_accepted(people, marketing, tmp_path):
    assert "Hand over a price list" in marketing.get(address("batch_list")).content.decode()
    path = price_list(tmp_path / "list.xlsx", row(), row(房号="02"))
    answer = marketing.post(address("batch_new"), upload(path), follow=True)
    made = ListingBatch.objects.get()
    assert answer.redirect_chain == [(address("batch", made.pk), 302)]
    assert "being read" in answer.content.decode()
    imports.read_batch(batch_id=made.pk)
    page = marketing.get(address("batch", made.pk)).content.decode()
    assert "2 new, 0 changed, 0 unchanged, 0 refused." in page
    assert "1-1-701" in page
    made.refresh_from_db()
    marketing.post(address("batch_accept", made.pk), {"version": made.version})
    assert Unit.objects.count() == 2
    page = marketing.get(address("batch", made.pk)).content.decode()
    assert address("batch_submit", made.pk) in page
    assert made.number in marketing.get(address("batch_list")).content.decode()


def test_the_waiting_page_shows_progress_and_reloads_when_it_is_over(marketing, batch):
    ListingBatch.objects.filter(pk=batch.pk).update(state=BatchState.READING, progress=37)
    answer = marketing.get(address("batch_progress", batch.pk))
    assert 'value="37"' in answer.content.decode()
    assert "HX-Refresh" not in answer
    ListingBatch.objects.filter(pk=batch.pk).update(state=BatchState.PREVIEW)
    assert marketing.get(address("batch_progress", batch.pk))["HX-Refresh"] == "true"


def test_the_preview_names_every_problem_with_its_cell_and_filters_by_kind(marketing, batch):
    page = marketing.get(address("batch", batch.pk)).content.decode()
    assert "H4" in page
    assert "“x” is not a number. Write Built area in digits" in page
    assert "was rounded to 100.00" in page
    refused = marketing.get(address("batch", batch.pk), {"kind": "refused"}).content.decode()
    assert "1-1-703" in refused
    assert "1-1-701" not in refused
    assert "1-1-701" in marketing.get(address("batch", batch.pk), {"kind": "nonsense", "page": "99"}).content.decode()


def test_refused_rows_stop_the_batch_until_the_box_is_ticked(marketing, batch):
    answer = marketing.post(address("batch_accept", batch.pk), {"version": batch.version})
    assert answer.status_code == 422
    assert "1 rows are refused" in answer.content.decode()
    assert Unit.objects.count() == 0
    answer = marketing.post(address("batch_accept", batch.pk), {"version": batch.version, "leave_out": "on"})
    assert answer.status_code == 302
    assert Unit.objects.count() == 3


def test_a_stale_or_forged_preview_form_changes_nothing(marketing, batch):
    assert marketing.post(address("batch_accept", batch.pk), {"version": 99, "leave_out": "on"}).status_code == 409
    assert marketing.post(address("batch_accept", batch.pk), {"version": "x", "leave_out": "on"}).status_code == 422
    assert marketing.get(address("batch_accept", batch.pk)).status_code == 405
    assert Unit.objects.count() == 0


def test_abuse_6_extra_fields_of_the_forms_do_nothing(people, marketing, batch):
    extra = {
        "status": "CONTRACTED",
        "state": "APPROVED",
        "made_by": people.supervisor.pk,
        "project": people.b.pk,
        "approved_by": "1",
    }
    marketing.post(address("batch_accept", batch.pk), {"version": batch.version, "leave_out": "on", **extra})
    batch.refresh_from_db()
    assert (batch.state, batch.made_by, batch.project) == (BatchState.DRAFT, people.marketing, people.a)
    assert set(Unit.objects.values_list("status", "review")) == {("DRAFT", "DRAFT")}


def test_abuse_65_the_workbook_with_the_problems_marked_is_safe_and_in_place(people, marketing, tmp_path):
    path = price_list(tmp_path / "=cmd.xlsx", row(户型="=cmd|'/c calc'!A1", 建筑面积="x"), row(房号="02", 户型="+1+1"))
    made = imports.submit_file(
        project=people.a, upload=SimpleUploadedFile(path.name, path.read_bytes()), by=people.marketing
    )
    imports.read_batch(batch_id=made.pk)
    answer = marketing.get(address("batch_workbook", made.pk))
    sheet = load_workbook(BytesIO(answer.content)).active
    assert (sheet.title, [cell.value for cell in sheet[1]][: len(HEADS)]) == ("价格表", list(HEADS))
    assert sheet["H2"].value == "x"
    assert sheet["H2"].fill.fgColor.rgb.endswith("F6D5D2")
    assert "is not a number" in sheet["H2"].comment.text
    assert sheet["M2"].value.startswith("H2: “x” is not a number.")
    assert {sheet["F3"].data_type, sheet["F2"].data_type} == {"s"}
    assert AuditEvent.objects.filter(action="batch.workbook", target_id=made.pk).exists()


def test_the_file_is_handed_out_as_it_came_and_that_is_on_record(marketing, batch, tmp_path):
    answer = marketing.get(address("batch_file", batch.pk))
    assert b"".join(answer.streaming_content) == (tmp_path / "list.xlsx").read_bytes()
    assert AuditEvent.objects.filter(action="file.download").exists()


def test_columns_are_chosen_in_the_page_and_samples_are_shown(marketing, people, tmp_path):
    path = workbook(tmp_path / "x.xlsx", [["楼栋", "楼层", "房号", "甲"], ["1栋", 7, "01", 100]])
    marketing.post(address("batch_new"), upload(path))
    made = ListingBatch.objects.get()
    imports.read_batch(batch_id=made.pk)
    assert address("batch_columns", made.pk) in marketing.get(address("batch", made.pk)).content.decode()
    made.refresh_from_db()
    chosen = {
        "column_A": "building",
        "column_B": "floor",
        "column_C": "room",
        "column_D": "built_area",
        "version": made.version,
    }
    wrong = marketing.post(address("batch_columns", made.pk), {**chosen, "column_C": ""})
    assert wrong.status_code == 422
    assert "Choose the column that holds the room numbers." in wrong.content.decode()
    assert marketing.post(address("batch_columns", made.pk), {**chosen, "column_D": "status; DROP"}).status_code == 422
    assert marketing.post(address("batch_columns", made.pk), chosen).status_code == 302
    assert imports.read_batch(batch_id=made.pk).outcome["counts"]["new"] == 1


def test_a_refused_file_says_why_and_offers_the_next_step(marketing, tmp_path):
    marketing.post(address("batch_new"), upload(workbook(tmp_path / "x.xlsx", [["姓名", "电话"], ["张三", "1"]])))
    made = ListingBatch.objects.get()
    imports.read_batch(batch_id=made.pk)
    page = marketing.get(address("batch", made.pk)).content.decode()
    assert "does not look like a list of units" in page
    assert "姓名 | 电话" in page


@pytest.mark.parametrize(
    ("name", "content"), [("a.exe", b"MZ"), ("a.svg", b"<svg/>"), ("a.xlsx", b""), ("a.png", b"x")]
)
def test_abuse_59_other_kinds_of_files_are_refused_at_the_field(marketing, name, content):
    answer = marketing.post(address("batch_new"), {"file": SimpleUploadedFile(name, content), "title": "kept title"})
    assert answer.status_code == 422
    assert "kept title" in answer.content.decode()
    assert ListingBatch.objects.count() == Attachment.objects.count() == 0


def test_abuse_45_what_a_file_holds_is_shown_as_text(marketing, tmp_path):
    evil = "<img src=x onerror=alert(1)>"
    path = workbook(
        tmp_path / "a.xlsx", [[*HEADS, evil], [*row(户型=evil, 朝向=f"{evil}{{{{7777*7}}}}"), "x"]], title="<b>x"
    )
    marketing.post(address("batch_new"), {**upload(path), "title": evil, "note": "\u202e{{7777*7}}"})
    made = ListingBatch.objects.get()
    imports.read_batch(batch_id=made.pk)
    for name in ("batch", "batch_columns"):
        page = marketing.get(address(name, made.pk)).content.decode()
        assert "<img src=x" not in page
        assert "&lt;img src=x" in page
        assert "54439" not in page
    assert "<img src=x" not in marketing.get(address("batch_list")).content.decode()


def test_batches_of_others_do_not_exist_for_marketing(people, batch, sign_in, client):
    colleague = build.user(build.Role.MARKETING, people.a)
    names = (
        "batch",
        "batch_progress",
        "batch_columns",
        "batch_again",
        "batch_discard",
        "batch_submit",
        "batch_file",
        "batch_workbook",
    )
    for person, code, status in (
        (colleague, "AAA", 404),
        (people.other_supervisor, "AAA", 404),
        (people.other_supervisor, "BBB", 404),
    ):
        sign_in(person)
        assert {client.get(address(name, batch.pk, code=code)).status_code for name in names} == {status}
        assert client.post(address("batch_accept", batch.pk, code=code), {"version": 1}).status_code == status
    sign_in(colleague)
    assert batch.number not in client.get(address("batch_list")).content.decode()
    sign_in(people.supervisor)
    assert batch.number in client.get(address("batch_list")).content.decode()


@pytest.mark.parametrize("who", ["salesperson", "finance", "management", "head"])
def test_who_may_not_hand_over_is_told_so(people, batch, sign_in, who):
    client = sign_in(getattr(people, who))
    assert client.get(address("batch_list")).status_code == 403
    assert client.get(address("batch_new")).status_code == 403
    assert client.get(address("batch", batch.pk)).status_code in (403, 404)
    assert client.get(address("batch_file", batch.pk)).status_code in (403, 404)


def test_what_is_wrong_with_a_floor_price_is_told_without_its_figure_to_who_may_not_read_it(people, sign_in, tmp_path):
    path = workbook(
        tmp_path / "f.xlsx", [[*HEADS, "底价总价"], [*row(), "1234567.891"], [*row(房号="02"), "76543 or so"]]
    )
    made = imports.submit_file(
        project=people.a, upload=SimpleUploadedFile(path.name, path.read_bytes()), by=people.marketing
    )
    imports.read_batch(batch_id=made.pk)
    for person, reads in ((people.specialist, False), (people.marketing, True), (people.supervisor, True)):
        page = sign_in(person).get(address("batch", made.pk)).content.decode()
        assert ("1234567.891" in page, "76543" in page) == (reads, reads)
        assert ("Floor price: what is said about it" in page) is not reads


def test_a_file_with_floor_prices_is_for_its_owner_and_who_may_see_them(people, sign_in, tmp_path):
    path = workbook(tmp_path / "f.xlsx", [[*HEADS, "底价总价"], [*row(), "1234567"]])
    made = imports.submit_file(
        project=people.a, upload=SimpleUploadedFile(path.name, path.read_bytes()), by=people.marketing
    )
    imports.read_batch(batch_id=made.pk)
    for person, status in ((people.marketing, 200), (people.supervisor, 200), (people.specialist, 403)):
        client = sign_in(person)
        for name in ("batch_file", "batch_workbook"):
            answer = client.get(address(name, made.pk))
            assert (answer.status_code, bool(answer.getvalue())) == (status, True)
        for name in ("batch", "batch_columns"):
            page = client.get(address(name, made.pk)).content.decode()
            assert ("1234567" in page) == (status == 200 and name == "batch_columns")


def test_reading_again_and_discarding_ask_first(marketing, batch):
    assert "Nothing is written" in marketing.get(address("batch_again", batch.pk)).content.decode()
    marketing.post(address("batch_again", batch.pk), {"version": batch.version})
    batch = imports.read_batch(batch_id=batch.pk)
    assert batch.state == BatchState.PREVIEW
    marketing.post(address("batch_discard", batch.pk), {"version": batch.version})
    batch.refresh_from_db()
    assert batch.state == BatchState.DISCARDED
    assert marketing.get(address("batch", batch.pk)).status_code == 200


def test_drafts_are_submitted_from_the_batch(marketing, batch):
    marketing.post(address("batch_accept", batch.pk), {"version": batch.version, "leave_out": "on"})
    assert "The supervisor reviews" in marketing.get(address("batch_submit", batch.pk)).content.decode()
    marketing.post(address("batch_submit", batch.pk), {"version": batch.version + 1})
    batch.refresh_from_db()
    assert batch.state == BatchState.SUBMITTED
    assert set(Unit.objects.values_list("review", flat=True)) == {"SUBMITTED"}


def test_the_preview_asks_the_same_number_of_queries_for_one_row_and_for_many(
    marketing, people, tmp_path, django_assert_max_num_queries
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    found = []
    for name, size in (("one.xlsx", 1), ("many.xlsx", 40)):
        path = price_list(tmp_path / name, *(row(楼层=str(number + 1), 房号="01", 朝向="?") for number in range(size)))
        marketing.post(address("batch_new"), upload(path))
        made = ListingBatch.objects.order_by("pk").last()
        imports.read_batch(batch_id=made.pk)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            marketing.get(address("batch", made.pk))
        found.append(len(queries))
    assert found[0] == found[1]
