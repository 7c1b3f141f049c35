"""`manage.py import_units`: the same import from the command line, with one JSON object for scripts."""

import json

import pytest
from django.core.management import CommandError, call_command

from inventory.models import ListingBatch, Project, Unit
from inventory.services import command_line
from inventory.states import BatchState
from salescontrol.core.models import Attachment
from security.models import User
from tests.inventory.workbooks import price_list, row, workbook

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(capsys):
    """Run the command; returns its exit status and what it printed as JSON."""

    def start(path, *options) -> tuple[int, dict]:
        try:
            call_command("import_units", str(path), "--json", *options)
            status = 0
        except SystemExit as left:
            status = left.code
        return status, json.loads(capsys.readouterr().out)

    return start


def test_units_are_taken_over_and_reported(run, tmp_path):
    path = price_list(tmp_path / "a.xlsx", row(楼栋="某园1栋"), row(楼栋="某园1栋", 房号="02", 建筑面积="100.004"))
    status, said = run(path, "--project", "NEW", "--create-project")
    assert status == 0
    assert {name: said[name] for name in ("rows", "new", "changed", "unchanged", "refused")} == {
        "rows": 2, "new": 2, "changed": 0, "unchanged": 0, "refused": 0,
    }  # fmt: skip
    assert said["buildings"] == [
        {"building": "1栋", "entrance": "1单元", "units": 2, "gross_area": 200.0, "net_area": 160.0, "value": 4000000.0}
    ]
    assert [
        {name: problem[name] for name in ("sheet", "row", "column", "code", "message")} for problem in said["problems"]
    ] == [
        {
            "sheet": "价格表",
            "row": 3,
            "column": "H",
            "code": "rounded",
            "message": "Built area 100.004 was rounded to 100.00.",
        }
    ]
    project = Project.objects.get(code="NEW")
    assert (project.name, project.units.count()) == ("某园", 2)


def test_nobody_can_sign_in_as_the_command_line(run, tmp_path):
    run(price_list(tmp_path / "a.xlsx", row()), "--project", "NEW", "--create-project")
    user = User.objects.get(employee_no=command_line.ACCOUNT)
    assert not user.has_usable_password()
    assert Unit.objects.get().entered_by == user
    run(price_list(tmp_path / "b.xlsx", row()), "--project", "NEW")
    assert User.objects.filter(employee_no=command_line.ACCOUNT).count() == 1


def test_a_person_is_named_and_needs_the_right(people, run, tmp_path):
    path = price_list(tmp_path / "a.xlsx", row())
    run(path, "--project", "AAA", "--by", people.marketing.employee_no)
    assert ListingBatch.objects.get().made_by == people.marketing
    with pytest.raises(CommandError, match="role"):
        call_command("import_units", str(path), "--project", "AAA", "--by", people.salesperson.employee_no)
    with pytest.raises(CommandError, match="no active account"):
        call_command("import_units", str(path), "--project", "AAA", "--by", "NOBODY")


def test_a_dry_run_keeps_nothing(people, run, tmp_path):
    status, said = run(price_list(tmp_path / "a.xlsx", row()), "--project", "AAA", "--dry-run")
    assert (status, said["new"], said["buildings"][0]["units"]) == (0, 1, 1)
    status, said = run(price_list(tmp_path / "a.xlsx", row()), "--project", "NEW", "--create-project", "--dry-run")
    assert (status, said["new"]) == (0, 1)
    assert Unit.objects.count() == ListingBatch.objects.count() == Attachment.objects.count() == 0
    assert not Project.objects.filter(code="NEW").exists()


def test_refused_rows_keep_everything_back_unless_left_out(people, run, tmp_path):
    path = price_list(tmp_path / "a.xlsx", row(), row(房号="02", 建筑面积="x"))
    status, said = run(path, "--project", "AAA")
    assert (status, said["refused"], said["problems"][0]["code"], Unit.objects.count()) == (1, 1, "not_a_number", 0)
    status, said = run(path, "--project", "AAA", "--leave-out-refused")
    assert (status, Unit.objects.count()) == (0, 1)


def test_a_file_of_another_kind_is_refused_in_the_same_form(people, run, tmp_path):
    status, said = run(workbook(tmp_path / "a.xlsx", [["姓名"], ["张三"]]), "--project", "AAA")
    assert (status, said["rows"], said["problems"][0]["code"]) == (1, 0, "no_heads")


def test_what_cannot_be_done_is_said_in_one_sentence(people, tmp_path):
    path = price_list(tmp_path / "a.xlsx", row())
    for options, sentence in (
        ((str(tmp_path / "none.xlsx"), "--project", "AAA"), "no file"),
        ((str(path), "--project", "NONE"), "--create-project"),
        ((str(path), "--project", "NONE", "--dry-run"), "--create-project"),
        ((str(path), "--project", "lower case", "--create-project"), "capital letters"),
    ):
        with pytest.raises(CommandError, match=sentence):
            call_command("import_units", *options)
    unclear = workbook(tmp_path / "u.xlsx", [["楼栋", "楼层", "房号", "甲"], ["1", "1", "1", "1"]])
    for options in ((), ("--dry-run",)):
        with pytest.raises(CommandError, match="not clear"):
            call_command("import_units", str(unclear), "--project", "AAA", *options)


def test_drafts_are_submitted_when_asked(people, run, tmp_path):
    run(price_list(tmp_path / "a.xlsx", row()), "--project", "AAA", "--submit")
    assert ListingBatch.objects.get().state == BatchState.SUBMITTED


def test_the_text_form_reads_like_the_page(people, capsys, tmp_path):
    call_command("import_units", str(price_list(tmp_path / "a.xlsx", row())), "--project", "AAA")
    assert capsys.readouterr().out.splitlines() == [
        "1 rows: 1 new, 0 changed, 0 unchanged, 0 refused",
        "1栋 1单元: 1 units, 100.00 ㎡, 80.00 ㎡ inner, 2,000,000.00",
    ]
