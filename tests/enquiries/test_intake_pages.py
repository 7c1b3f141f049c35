"""The pages of imports: hand over, look at the preview, accept, take the marked workbook; numbers masked, looks on record (R7.1, R7.5)."""

from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import translation
from openpyxl import load_workbook

from enquiries.intake.fields import FIELDS
from enquiries.intake.problems import RowProblem
from enquiries.models import Customer, Intake
from enquiries.services import intake as service
from enquiries.states import IntakeState
from salescontrol.core.models import AuditEvent
from tests.enquiries.lists import book, customer

pytestmark = pytest.mark.django_db


def address(name, *args, code="AAA"):
    return reverse(f"enquiries:{name}", args=[code, *args])


def upload(path, content="CUSTOMERS"):
    return {"file": SimpleUploadedFile(path.name, path.read_bytes()), "content": content, "note": "旧台账"}


@pytest.fixture
def desk(people, sign_in):
    return sign_in(people.specialist)


@pytest.fixture
def intake(people, tmp_path):
    """A list that was read: a good row, one refused, one that means harm to a page."""
    path = book(
        tmp_path / "list.xlsx",
        customer(客户姓名="周敏", 地址="幸福路77号", 置业顾问="Zhao Ming"),
        customer(客户姓名="李华", 联系电话="1380003999"),
        customer(客户姓名="<script>alert(1)</script>", 联系电话="13800030002", 备注="@SUM(1+1)"),
    )
    made = service.submit_file(project=people.a, content="CUSTOMERS", upload=upload(path)["file"], by=people.specialist)
    return service.read_intake(intake_id=made.pk)


def test_a_list_is_handed_over_read_looked_at_and_accepted(desk, tmp_path):
    assert address("intake_list") in desk.get(address("customer_list")).content.decode()
    assert "No import yet" in desk.get(address("intake_list")).content.decode()
    assert address("intake_template") in desk.get(address("intake_new")).content.decode()
    answer = desk.post(address("intake_new"), upload(book(tmp_path / "list.xlsx", customer())), follow=True)
    made = Intake.every.get()
    assert answer.redirect_chain == [(address("intake", made.pk), 302)]
    assert "The file is being read" in answer.content.decode()
    service.read_intake(intake_id=made.pk)
    page = desk.get(address("intake", made.pk)).content.decode()
    assert "1 new, 0 known with gaps to fill, 0 known with nothing new, 0 refused." in page
    made.refresh_from_db()
    desk.post(address("intake_accept", made.pk), {"version": made.version})
    service.write_intake(intake_id=made.pk)
    page = desk.get(address("intake", made.pk)).content.decode()
    assert address("customer", Customer.every.get().number) in page
    assert "Taken over" in page
    assert made.number in desk.get(address("intake_list")).content.decode()


def test_the_preview_masks_numbers_and_each_showing_is_on_record(desk, people, intake):
    page = desk.get(address("intake", intake.pk)).content.decode()
    assert "138****0001" in page
    assert "Zhao Ming" in page
    assert "“138…99” is no phone number." in page
    for secret in ("13800030001", "1380003999", "13800030002", "幸福路77号", "<script>alert(1)"):
        assert secret not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    seen = AuditEvent.objects.get(action="intake.see")
    assert (seen.actor, seen.target_id) == (people.specialist, intake.pk)


def test_refused_rows_must_be_left_out_on_purpose(desk, intake):
    answer = desk.post(address("intake_accept", intake.pk), {"version": intake.version})
    assert answer.status_code == 422
    assert "1 rows are refused." in answer.content.decode()
    desk.post(address("intake_accept", intake.pk), {"version": intake.version, "leave_out": "on"})
    assert service.write_intake(intake_id=intake.pk).state == IntakeState.DONE
    assert Customer.every.count() == 2


def test_the_workbook_marks_each_problem_in_its_cell_and_is_on_record(desk, people, intake):
    answer = desk.get(address("intake_workbook", intake.pk))
    sheet = load_workbook(BytesIO(answer.content))["台账"]
    assert sheet["C2"].value == "13800030001"
    assert "no phone number" in sheet["C3"].comment.text
    assert sheet["R4"].value == "@SUM(1+1)"
    assert sheet["R4"].data_type == "s"
    assert AuditEvent.objects.get(action="intake.download").actor == people.specialist


def test_an_import_is_read_again_and_discarded(desk, intake):
    assert "compared with the customers" in desk.get(address("intake_again", intake.pk)).content.decode()
    desk.post(address("intake_again", intake.pk), {"version": intake.version})
    assert Intake.every.get().state == IntakeState.READING
    progress = desk.get(address("intake_progress", intake.pk))
    assert "HX-Refresh" not in progress
    service.read_intake(intake_id=intake.pk)
    assert desk.get(address("intake_progress", intake.pk))["HX-Refresh"] == "true"
    desk.post(address("intake_discard", intake.pk), {"version": Intake.every.get().version})
    assert Intake.every.get().state == IntakeState.DISCARDED
    assert desk.get(address("intake_workbook", intake.pk)).status_code == 404
    assert "forgotten" in desk.get(address("intake", intake.pk)).content.decode()


@pytest.mark.parametrize(
    ("who", "status"), [("salesperson", 404), ("finance", 404), ("management", 404), ("other_supervisor", 404), ("supervisor", 200)]
)  # fmt: skip
def test_an_import_is_there_for_the_desk_only(people, sign_in, intake, who, status):
    reader = sign_in(getattr(people, who))
    assert reader.get(address("intake", intake.pk)).status_code == status
    assert reader.get(address("intake_workbook", intake.pk)).status_code == status
    listed = reader.get(address("intake_list")).status_code
    assert listed == (200 if status == 200 else 404 if who == "other_supervisor" else 403)
    if who == "salesperson":
        assert address("intake_list") not in reader.get(address("customer_list")).content.decode()


@pytest.mark.parametrize("language", ["en", "zh-hans", "zh-hant"])
@pytest.mark.parametrize("content", ["customers", "calls"])
def test_the_template_is_understood_as_it_is_filled_in(desk, people, tmp_path, language, content):
    """Heads in the reader's language, every one found again; the choices offered are choices that are taken."""
    people.specialist.language = language
    people.specialist.save()
    answer = desk.get(address("intake_template"), {"of": content}, headers={"Accept-Language": language})
    filled = load_workbook(BytesIO(answer.content))
    sheet, lists = filled.worksheets
    fields = FIELDS[content.upper()]
    with translation.override(language):
        assert [cell.value for cell in sheet[1]] == [str(entry.label) for entry in fields]
    for column, entry in enumerate(fields, start=1):
        first = lists.cell(1, column).value
        sheet.cell(2, column, first or entry.example or {"paper": "11010519491231002X"}.get(entry.name))
    path = tmp_path / "filled.xlsx"
    filled.save(path)
    made = service.submit_file(
        project=people.a, content=content.upper(), upload=upload(path)["file"], by=people.specialist
    )
    read = service.read_intake(intake_id=made.pk)
    problems = [RowProblem.from_json(problem) for problem in read.lines.get().content["problems"]]
    assert [problem.code for problem in problems if problem.severity == "error"] == []
    assert [code for code, _params in read.outcome["remarks"] if code != "lapsing"] == []
