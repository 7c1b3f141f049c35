"""Surveyed areas settled together 面积补差 (R3.1, domain B9): a list whole or not at all, one decision, and a letter for each buyer."""

import io
import uuid
from decimal import Decimal
from zipfile import ZipFile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import Workbook

from contracts.models import AreaBatch, Change, Contract, IssuedNumber, Paper
from contracts.queries import story
from contracts.services import area_batches, changes
from contracts.services.area_batches import Row
from contracts.states import ChangeKind, ChangeState, NumberKind, NumberState
from inventory.models import Unit
from inventory.services import units
from inventory.states import Lock
from salescontrol.core import approvals
from salescontrol.core.access import access_of
from salescontrol.core.errors import Conflict, Forbidden, NotVisible, Refusal
from salescontrol.core.history import save_tracked
from salescontrol.core.models import Approval, AuditEvent, Notice
from security.queries import consistency
from tests.contracts.changing import DECIDERS, entry, sold, staffed, status
from tests.contracts.changing import draft as draft_single
from tests.contracts.word import texts

pytestmark = pytest.mark.django_db
# Agreed is 118.40 in both.
NEAR, LESS, FAR = Decimal("119.40"), Decimal("117.90"), Decimal("130.00")


@pytest.fixture
def room(room):
    """Two signed contracts, and a second specialist, who executes what the first asked for."""
    staffed(room)
    room.first, room.second_contract = sold(room, signed=True), sold(room, signed=True, unit=room.other)
    return room


def rows_of(room, first=NEAR, second=LESS):
    return [Row("Row 2", room.unit.pk, first), Row("Row 3", room.other.pk, second)]


def handed(room, rows=None, keeps=(), by=None, op_id=None) -> AreaBatch:
    return area_batches.request_batch(
        op_id=op_id or uuid.uuid4(), project=room.a, title="Building 3, June", reason="Surveyed by the city",
        rows=rows or rows_of(room), keeps=keeps, by=by or room.specialist,
    )  # fmt: skip


def approved(room, batch: AreaBatch) -> AreaBatch:
    for stage in batch.approval.stages.order_by("number"):
        approvals.decide(approval_id=batch.approval_id, by=getattr(room, DECIDERS[stage.role]), agree=True)
    return area_batches.fresh(batch.code)


def carried(room, batch: AreaBatch, by=None) -> AreaBatch:
    return area_batches.execute(op_id=uuid.uuid4(), code=batch.code, by=by or room.second)


def states(batch: AreaBatch) -> set[str]:
    return set(Change.every.filter(batch=batch).values_list("state", flat=True))


def settled(contract) -> tuple:
    row = Contract.every.get(pk=contract.pk)
    return row.surveyed_area, row.settlement


def test_a_list_is_asked_for_decided_once_and_carried_out_by_a_third(room):
    batch = handed(room)
    assert (status(room.unit)[1], status(room.other)[1]) == ([Lock.CHANGE], [Lock.CHANGE])
    assert list(batch.approval.stages.order_by("number").values_list("role", flat=True)) == ["finance", "supervisor"]
    assert Approval.objects.count() == 1
    with pytest.raises(Conflict):
        carried(room, batch)
    batch = approved(room, batch)
    assert states(batch) == {ChangeState.APPROVED}
    assert Notice.objects.filter(code="change.to_execute", to=room.second).count() == 1
    for nobody in (room.specialist, room.supervisor, room.finance, room.management, room.salesperson):
        with pytest.raises((Forbidden, NotVisible)):
            carried(room, batch, by=nobody)
    carried(room, batch)

    assert states(batch) == {ChangeState.EXECUTED}
    assert (settled(room.first), settled(room.second_contract)) == ((NEAR, Decimal(22860)), (LESS, Decimal(-11430)))
    assert (status(room.unit)[1], status(room.other)[1]) == ([], [])
    assert set(Change.every.filter(batch=batch).values_list("executed_by", flat=True)) == {room.second.pk}
    assert consistency.problems() == []
    access = access_of(room.supervisor)
    told = story.steps(access, room.first.trade, story.papers(access, room.first.trade))
    words = " ".join(f"{step.text} {step.lines}" for step in told)
    assert "Asked for: Building 3, June · 2" in words
    assert "Surveyed by the city" in words


def test_the_three_percent_are_reckoned_for_each_contract_and_who_keeps_the_unit_is_said(room):
    with pytest.raises(Refusal, match="more than 3") as refused:
        handed(room, rows_of(room, FAR, LESS))
    assert "Row 2" in str(refused.value.fields["file"])
    batch = handed(room, rows_of(room, FAR, LESS), keeps=[room.unit.number])
    found = {change.unit_id: Decimal(change.content["settlement"]) for change in Change.every.filter(batch=batch)}
    within = Decimal("118.40") * 3 / 100
    assert found[room.unit.pk] == (within * room.first.unit_price).quantize(Decimal(1))
    with pytest.raises(Refusal, match="Not in the list: 9-9-9"):
        handed(room, keeps=["9-9-9"])


def test_every_row_that_cannot_be_settled_is_named_and_nothing_is_taken(room):
    draft_single(room, room.first, entry(ChangeKind.METHOD, method="MORTGAGE"))
    free = Unit.every.get(pk=room.other.pk)
    rows = [
        Row("Row 2", room.unit.pk, NEAR), Row("Row 3", room.other.pk, Decimal("NaN")), Row("Row 4", free.pk, NEAR),
        Row("Row 5", None, None, "No such floor."), Row("Row 6", 999999, NEAR),
    ]  # fmt: skip
    with pytest.raises(Refusal) as refused:
        handed(room, rows)
    told = refused.value.fields["file"]
    assert [text.partition(":")[0] for text in told[1:]] == ["Row 2", "Row 3", "Row 4", "Row 5", "Row 6"]
    for part, text in zip(
        ("is under way", "surveyed area in", "twice", "No such floor", "no such unit"), told[1:], strict=True
    ):
        assert part in text
    assert not AreaBatch.every.exists()
    assert status(room.other)[1] == []
    assert IssuedNumber.objects.filter(kind=NumberKind.CHANGE).count() == 1


def test_more_problems_than_ten_are_counted_and_a_list_has_an_end(room):
    with pytest.raises(Refusal) as refused:
        handed(room, [Row(f"Row {number}", None, None, "Wrong.") for number in range(14)])
    assert refused.value.fields["file"][-1] == "… and 4 more rows."
    with pytest.raises(Refusal, match="at most 300"):
        handed(room, [Row("Row", room.unit.pk, NEAR)] * 301)


def test_units_of_another_project_and_people_without_the_right_have_no_list(room):
    for person in (room.salesperson, room.finance, room.management):
        with pytest.raises(Forbidden):
            handed(room, by=person)
    with pytest.raises((Forbidden, NotVisible)):
        handed(room, by=room.other_supervisor)
    batch = handed(room)
    for act in (area_batches.withdraw, area_batches.execute):
        with pytest.raises(NotVisible):
            act(op_id=uuid.uuid4(), code=batch.code, by=room.other_supervisor)


def test_the_same_form_twice_is_one_list(room):
    op_id = uuid.uuid4()
    assert handed(room, op_id=op_id) == handed(room, op_id=op_id)
    assert Change.every.count() == 2


@pytest.mark.parametrize("end", ["returned", "withdrawn"])
def test_a_list_that_ends_leaves_no_lock_and_explained_numbers(room, end):
    batch = handed(room)
    if end == "returned":
        approvals.decide(approval_id=batch.approval_id, by=room.finance, agree=False, comment="Look again")
    else:
        with pytest.raises(Forbidden):
            area_batches.withdraw(op_id=uuid.uuid4(), code=batch.code, by=room.second)
        area_batches.withdraw(op_id=uuid.uuid4(), code=batch.code, by=room.specialist)
    assert states(batch) == {ChangeState.REJECTED if end == "returned" else ChangeState.VOID}
    assert (status(room.unit)[1], status(room.other)[1]) == ([], [])
    given = set(IssuedNumber.objects.filter(kind=NumberKind.CHANGE).values_list("state", flat=True))
    assert given == {NumberState.GIVEN if end == "returned" else NumberState.VOID}
    assert settled(room.first) == (None, None)


def test_one_of_a_list_goes_its_way_with_the_others_but_can_be_left_out(room):
    batch = handed(room)
    one = Change.every.get(batch=batch, unit=room.unit)
    with pytest.raises(Conflict, match="belongs to"):
        changes.withdraw(op_id=uuid.uuid4(), code=one.code, by=room.specialist)
    approved(room, batch)
    with pytest.raises(Conflict, match="belongs to"):
        changes.execute(op_id=uuid.uuid4(), code=one.code, by=room.second)
    changes.void(op_id=uuid.uuid4(), code=one.code, reason="Sues us", by=room.supervisor)
    carried(room, batch)
    assert (settled(room.first), settled(room.second_contract)) == ((None, None), (LESS, Decimal(-11430)))


def test_leaving_the_last_one_out_ends_the_request(room):
    batch = approved(room, handed(room, [Row("Row 2", room.unit.pk, NEAR)]))
    one = Change.every.get(batch=batch)
    changes.void(op_id=uuid.uuid4(), code=one.code, reason="Sues us", by=room.supervisor)
    assert area_batches.fresh(batch.code).approval.state == Approval.State.WITHDRAWN
    assert changes.fresh(one.code).state == ChangeState.VOID


def test_what_changed_since_is_named_and_everything_waits(room):
    """Details of a contract may be entered meanwhile; another area or price may not have come about."""
    batch = approved(room, handed(room))
    room.first.note = "Keys later"
    save_tracked(room.first, action="contract.details", by=room.specialist, fields=["note"])
    room.second_contract.unit_price = Decimal(1)
    save_tracked(room.second_contract, action="contract.details", by=room.specialist, fields=["unit_price"])
    with pytest.raises(Conflict, match=Change.every.get(batch=batch, unit=room.other).number):
        carried(room, batch)
    assert states(batch) == {ChangeState.APPROVED}
    assert settled(room.first) == (None, None)


def test_a_failure_half_way_leaves_every_contract_as_it_was(room, monkeypatch):
    batch, carry_out, calls = approved(room, handed(room)), changes.carry_out, []

    def fail_at_the_second(*args, **kwargs):
        calls.append(args)
        if len(calls) == 2:
            raise RuntimeError("the plug was pulled")
        return carry_out(*args, **kwargs)

    monkeypatch.setattr(changes, "carry_out", fail_at_the_second)
    with pytest.raises(RuntimeError):
        carried(room, batch)
    assert len(calls) == 2
    assert (settled(room.first), states(batch)) == ((None, None), {ChangeState.APPROVED})
    assert consistency.problems() == []


# The letters.


def test_each_settled_contract_gets_one_letter_with_its_figures_however_often_they_are_made(room):
    batch = approved(room, handed(room))
    assert area_batches.make_letters(code=batch.code, by=room.specialist) == []
    carried(room, batch)
    made = area_batches.make_letters(code=batch.code, by=room.specialist)
    again = area_batches.make_letters(code=batch.code, by=room.supervisor)
    assert {paper.pk for paper in made} == {paper.pk for paper in again}
    assert Paper.every.count() == 2
    assert {paper.trade_id for paper in made} == {room.first.trade_id, room.second_contract.trade_id}
    assert len({paper.number for paper in made}) == 2


def test_the_list_comes_in_as_a_workbook_and_the_letters_go_out_together(room, sign_in):
    client = sign_in(room.specialist)
    assert (
        reverse("sales:area_batch_new", args=["AAA"])
        in client.get(reverse("sales:change_list", args=["AAA"])).content.decode()
    )
    url = reverse("sales:area_batch_new", args=["AAA"])
    assert client.get(url).status_code == 200

    def post(*lines, **more):
        return client.post(url, {
            "op_id": uuid.uuid4(), "file": workbook(*lines), "title": "Building 3, June", "reason": "Surveyed", **more,
        })  # fmt: skip

    first, second = Unit.every.get(pk=room.unit.pk), Unit.every.get(pk=room.other.pk)
    wrong = post(place(first, "119.40"), place(second, "many"), ("3#", "1", "77", "01", "100"))
    shown = wrong.content.decode()
    assert wrong.status_code == 422
    assert ("row 2" in shown, "row 3" in shown, "row 4" in shown) == (False, True, True)
    assert 'value="Building 3, June"' in shown
    nothing = post(("3#", "1", "12", "02", ""))
    assert (nothing.status_code, "no surveyed area" in nothing.content.decode()) == (422, True)
    done = post(place(first, "119.40"), place(second, "117.90"))
    assert done.status_code == 302
    batch = AreaBatch.every.select_related("approval").get()
    page = client.get(done["Location"]).content.decode()
    assert all(text in page for text in (first.number, second.number, "119.40", "22,860", "-11,430"))
    assert reverse("sales:area_batch_withdraw", args=["AAA", batch.code]) in page
    assert sign_in(room.salesperson).get(done["Location"]).status_code == 404

    approved(room, batch)
    client = sign_in(room.second)
    execute = reverse("sales:area_batch_execute", args=["AAA", batch.code])
    assert execute in client.get(done["Location"]).content.decode()
    assert client.get(execute).status_code == 200
    assert client.post(execute, {"op_id": uuid.uuid4()}).status_code == 302
    letters = reverse("sales:area_batch_letters", args=["AAA", batch.code])
    assert letters in client.get(done["Location"]).content.decode()
    assert client.post(letters, {"op_id": uuid.uuid4()}).status_code == 302

    file = reverse("sales:area_batch_file", args=["AAA", batch.code])
    assert file in client.get(done["Location"]).content.decode()
    assert sign_in(room.finance).get(file).status_code == 403
    client = sign_in(room.second)
    opened = AuditEvent.objects.filter(action="paper.open").count()
    answer = client.get(file)
    assert (answer["Content-Type"], "attachment" in answer["Content-Disposition"]) == ("application/zip", True)
    archive = ZipFile(io.BytesIO(answer.content))
    papers = {name: "".join(texts(archive.read(name))) for name in archive.namelist()}
    assert set(papers) == {f"{paper.number}.docx" for paper in Paper.every.all()}
    assert {("22,860.00" in text, "11,430.00" in text) for text in papers.values()} == {(True, False), (False, True)}
    assert AuditEvent.objects.filter(action="paper.open").count() == opened + 2


def place(unit: Unit, area: str) -> tuple:
    return (unit.building.name, unit.entrance, unit.floor_label, unit.room, area)


def workbook(*lines) -> SimpleUploadedFile:
    book = Workbook()
    book.active.append(["楼栋", "单元", "楼层", "房号", "实测建筑面积"])
    for line in lines:
        book.active.append(list(line))
    stream = io.BytesIO()
    book.save(stream)
    return SimpleUploadedFile("areas.xlsx", stream.getvalue())


def test_a_list_that_fails_at_its_last_contract_leaves_no_number_lock_or_request(room, monkeypatch):
    given, lay_lock, calls = IssuedNumber.objects.count(), units.lay_lock, []

    def fail_at_the_second(**values):
        calls.append(values)
        if len(calls) == 2:
            raise RuntimeError("the plug was pulled")
        return lay_lock(**values)

    monkeypatch.setattr(units, "lay_lock", fail_at_the_second)
    with pytest.raises(RuntimeError):
        handed(room)
    assert len(calls) == 2
    assert (IssuedNumber.objects.count(), Approval.objects.count(), AreaBatch.every.count()) == (given, 0, 0)
    assert status(room.unit)[1] == []
