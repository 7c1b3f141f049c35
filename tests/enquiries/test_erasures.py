"""Erasures are asked for by one and decided by another, proposed by the clock, done everywhere, and done again after a restore
(R7.6, quality P7, abuse 53, 54)."""

import io
import json
import uuid
from datetime import date, datetime, time, timedelta

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import models
from django.urls import reverse
from openpyxl import load_workbook

from enquiries.models import Call, Customer, CustomerPhone, Erasure, FollowUp
from enquiries.queries import erasures as query
from enquiries.queries import roster
from enquiries.queries.customers import customer_choices, found
from enquiries.queries.scope import customers_visible_to, erased_visible_to, erasures_visible_to
from enquiries.services import calls, customers, erasing, erasures, follow_ups, ledger, merging, ownership, viewings
from enquiries.states import ErasureReason, ErasureState, Way
from salescontrol.core import approvals, clock, options
from salescontrol.core.access import access_of
from salescontrol.core.errors import Conflict, Forbidden, NotVisible, Refusal
from salescontrol.core.history import save_tracked
from salescontrol.core.models import Approval, AuditEvent, Notice
from salescontrol.core.permissions import Role
from tests import build
from tests.enquiries import stock

pytestmark = pytest.mark.django_db

# Text columns that say nothing of a person, each with its reason.
HARMLESS = {
    "enquiries.Call.number": "a random code",
    "enquiries.CalendarLink.digest": "a digest of a colleague's secret",
    "enquiries.Customer.number": "a random code",
    "enquiries.Erasure.number": "a random code",
    "enquiries.Intake.number": "a number of the office's",
    "enquiries.Intake.note": "what the desk says of a file",
    "enquiries.Intake.outcome": "goes with every import that names the person",
    "enquiries.IntakeLine.sheet": "the name of a sheet",
    "enquiries.IntakeLine.content": "goes with every import that names the person",
    "enquiries.PreReport.number": "a random code",
    "enquiries.PreReport.agency": "who announced somebody, and is paid for it",
    "enquiries.PreReport.agent_name": "who announced somebody, and is paid for it",
    "enquiries.PreReport.agent_phone": "who announced somebody, and is paid for it",
    "enquiries.RotationTurn.note": "why a colleague did not take a turn",
    "enquiries.TalkingPoint.title": "what every caller is told",
    "enquiries.TalkingPoint.title_keys": "the same for searching",
    "enquiries.TalkingPoint.text": "what every caller is told",
    "enquiries.Viewing.number": "a random code",
    "enquiries.Visit.number": "a random code",
    "contracts.Claim.number": "a random code",
    "contracts.HoldRequest.number": "a random code",
    "contracts.WaitingEntry.number": "a random code",
    "contracts.Trade.number": "a random code",
    "contracts.Subscription.code": "a random code",
    "contracts.Subscription.number": "a number of the office's",
    "contracts.IssuedNumber.number": "a number of the office's",
    "contracts.Document.kind": "a key of the checklist",
    "contracts.BlankForm.serial": "printed on the form",
    "contracts.BlankRange.prefix": "printed on the form",
    "contracts.BlankRange.note": "what the desk says of its stock",
    "contracts.AreaBatch.code": "a random code",
    "contracts.AreaBatch.title": "the name of a survey",
    "contracts.Change.code": "a random code",
    "contracts.Change.number": "a number of the office's",
    "contracts.Contract.code": "a random code",
    "contracts.Contract.number": "a number of the office's",
    "contracts.Contract.draft_no": "a number of the authority's",
    "contracts.Contract.online_no": "a number of the authority's",
    "contracts.Contract.filing_no": "a number of the authority's",
    "contracts.Contract.contents": "what the contract has, as ticks",
    "contracts.Contract.loan_bank": "which bank",
    "contracts.Contract.fund_bank": "which bank",
    "contracts.Paper.code": "a random code",
    "contracts.Paper.number": "a number of the office's",
    "contracts.PaperTemplate.note": "what the office says of its template",
    "contracts.Quotation.number": "a random code",
    "contracts.Quotation.discounts": "policies and their percentages",
    "contracts.SalesImport.number": "a number of the office's",
    "contracts.SalesImport.note": "what the desk says of a file",
    "contracts.SalesImport.outcome": "goes with every import that names the person",
}


def own_models():
    return [
        model for model in apps.get_models()
        if model._meta.app_label in ("enquiries", "contracts") and not model.__name__.startswith("Historical")
    ]  # fmt: skip


def test_every_text_column_is_declared_personal_or_harmless():
    """A new one that is neither would outlive its person."""
    texts = (models.CharField, models.TextField, models.JSONField, models.BinaryField, models.FileField)
    undeclared = {
        f"{model._meta.label}.{field.name}"
        for model in own_models()
        for field in model._meta.concrete_fields
        if isinstance(field, texts) and not field.choices and field.name not in getattr(model, "personal", ())
    }
    assert undeclared == set(HARMLESS)


def test_every_model_with_a_history_and_personal_columns_forgets_the_reasons_of_its_steps():
    for model in own_models():
        if hasattr(model, "history") and hasattr(model, "personal"):
            assert "history_change_reason" in model.personal, model._meta.label


def test_every_model_with_personal_columns_is_erased():
    """Those that name a customer are found by themselves; of others somebody has to say how they are found."""
    named = {"Customer", "ViewingItem", "Buyer", "Subscription", "Document", "IssuedNumber", "Contract", "Milestone",
             "Change", "Paper", "BlankForm", "Quotation"}  # fmt: skip
    declared = {model.__name__ for model in own_models() if hasattr(model, "personal")}
    found = {model.__name__ for model in erasing.about_customers()} | {"Claim", "HoldRequest", "WaitingEntry"}
    assert declared == found | named


@pytest.fixture
def room(people, monkeypatch):
    """A Monday at eight, years ago; a customer of the salesperson's and one of the colleague's."""
    monday = datetime(2024, 11, 18, 8, tzinfo=roster.zone_of(people.a))
    people.move_clock = lambda **delta: monkeypatch.setattr(clock, "now", lambda: monday + timedelta(**delta))
    people.move_clock()
    people.today = monday.date()
    people.row = stock.customer(people.a, people.salesperson, name="Chen Lan 陈兰", note="Wants the river")
    people.other = stock.customer(people.a, people.colleague, name="Huang Bo")
    Customer.every.update(entered_at=monday)
    return people


def ask(room, row: Customer | None = None, *, by=None, **changes) -> Erasure:
    values = {"why": ErasureReason.WISH, "wished_on": room.today, **changes}
    return erasures.ask(customer=row or room.row, by=by or room.specialist, **values)


def decide(room, erasure: Erasure, *, by=None, agree: bool = True, comment: str = "") -> Erasure:
    approvals.decide(approval_id=erasure.approval_id, by=by or room.supervisor, agree=agree, comment=comment)
    return Erasure.every.get(pk=erasure.pk)


def erase(room, row: Customer | None = None) -> Customer:
    erasure = decide(room, ask(room, row))
    ledger.write_due()
    return Customer.every.get(pk=erasure.customer_id)


def test_the_desk_asks_and_the_supervisor_decides_within_thirty_days_of_the_wish(room):
    asked = ask(room, wished_on=room.today - timedelta(days=4))
    assert (asked.state, asked.due_on) == (ErasureState.REQUESTED, room.today + timedelta(days=26))
    assert Customer.every.get(pk=room.row.pk).name == "Chen Lan 陈兰"

    done = decide(room, asked)
    assert (done.state, done.closed_by) == (ErasureState.DONE, room.supervisor)
    row = Customer.every.get(pk=room.row.pk)
    assert (row.name, row.name_keys, row.phone, row.phone_index, row.note) == ("", "", "", "", "")
    assert row.erased_at is not None and not CustomerPhone.every.filter(customer=row).exists()


@pytest.mark.parametrize("who", ["salesperson", "colleague", "management", "finance", "marketing", "other_supervisor"])
def test_abuse_53_nobody_else_asks_for_an_erasure(room, who):
    with pytest.raises((Forbidden, NotVisible)):
        ask(room, by=getattr(room, who))
    assert not Erasure.every.exists()


def test_whoever_asks_does_not_decide(room):
    asked = ask(room, by=room.supervisor)
    with pytest.raises(Forbidden):
        decide(room, asked, by=room.supervisor)
    assert decide(room, asked, by=room.management).state == ErasureState.DONE


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"why": "RESTORED"}, "why"), ({"why": ""}, "why"), ({"wished_on": None}, "no_day"),
        ({"wished_on": date(2024, 11, 19)}, "future"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_for(room, changes, code):
    with pytest.raises(Refusal) as refused:
        ask(room, **changes)
    assert refused.value.code == code


def test_one_request_at_a_time(room):
    ask(room)
    with pytest.raises(Conflict) as refused:
        ask(room, by=room.supervisor)
    assert refused.value.code == "pending"


def test_a_refused_request_keeps_its_answer_and_the_customer(room):
    refused = decide(room, ask(room), agree=False, comment="Signs tomorrow")
    assert (refused.state, refused.answer) == (ErasureState.REFUSED, "Signs tomorrow")
    assert customers_visible_to(access_of(room.salesperson)).filter(pk=room.row.pk).exists()
    assert ask(room).pk != refused.pk


def test_a_request_that_is_taken_back_leaves_everything(room):
    asked = ask(room)
    approvals.withdraw(approval_id=asked.approval_id, by=room.specialist)
    assert Erasure.every.get().state == ErasureState.WITHDRAWN


def test_a_booked_viewing_is_cancelled_first(room):
    plan = viewings.Plan(room.row, room.salesperson, roster.at(room.a, room.today, time(10)))
    booked = viewings.book_viewing(op_id=uuid.uuid4(), project=room.a, plan=plan, by=room.specialist)
    with pytest.raises(Conflict) as refused:
        ask(room)
    assert refused.value.code == "bound" and "Cancel it first" in str(refused.value)
    viewings.cancel_viewing(viewing=booked, reason="Wishes no more", by=room.specialist)
    assert erase(room).erased_at is not None


def test_an_erased_customer_is_found_nowhere_and_nothing_is_written_about_nobody(room):
    phone, number = room.row.phone, room.row.number
    erase(room)
    for person in (room.supervisor, room.specialist, room.salesperson, room.management):
        access = access_of(person)
        assert not customers_visible_to(access).filter(pk=room.row.pk).exists()
        assert not customer_choices(access, room.a).filter(pk=room.row.pk).exists()
        for words in ("Chen Lan", "chenlan", "cl", phone, phone[-4:], number, ""):
            assert room.row not in found(access, words)
    for refused in (
        lambda: customers.change_customer(customer=room.row, name="x", phone="", note="", by=room.specialist),
        lambda: customers.assign_owner(customer=room.row, owner=room.colleague, reason="x", by=room.specialist),
        lambda: merging.merge(kept=room.row, number=room.other.number, reason="x", by=room.specialist),
        lambda: follow_ups.follow_up(
            op_id=uuid.uuid4(), customer=room.row, way=Way.PHONE, content="x", by=room.salesperson
        ),
        lambda: ask(room),
        lambda: viewings.book_viewing(
            op_id=uuid.uuid4(), project=room.a, by=room.specialist,
            plan=viewings.Plan(room.row, room.salesperson, roster.at(room.a, room.today, time(10))),
        ),
    ):  # fmt: skip
        with pytest.raises(NotVisible):
            refused()
    with pytest.raises(Refusal) as refusal:
        merging.merge(kept=room.other, number=number, reason="x", by=room.specialist)
    assert refusal.value.code == "number"


def test_an_erased_customer_does_not_lapse(room):
    erase(room)
    room.move_clock(days=200)
    ownership.lapse_due()
    assert not Notice.objects.filter(
        code__in=("customer.lapsing", "customer.lapsed"), params__number=room.row.number
    ).exists()


def test_a_later_call_of_the_number_makes_a_new_customer(room):
    phone = room.row.phone
    erase(room)
    call = calls.log_call(
        op_id=uuid.uuid4(), sheet=uuid.uuid4(), project=room.a, content=calls.Content(phone=phone, caller="Chen"),
        by=room.specialist,
    )  # fmt: skip
    assert call.customer != room.row and call.customer.name == "Chen"


def test_the_salesperson_is_told_by_number_only(room):
    erase(room)
    told = Notice.objects.get(to=room.salesperson, code="customer.erased")
    assert told.params == {"number": room.row.number}


def test_whoever_was_merged_by_any_way_is_erased_too(room):
    first, second = (stock.customer(room.a, room.colleague, name=f"Twin {n}") for n in range(2))
    merging.merge(kept=second, number=first.number, reason="same", by=room.specialist)
    merging.merge(kept=room.row, number=second.number, reason="same", by=room.specialist)
    erase(room)
    for row in Customer.every.filter(pk__in=[first.pk, second.pk, room.row.pk]):
        assert (row.name, row.erased_at is not None) == ("", True)
        assert {record.name for record in row.history.all()} == {""}


def test_a_request_goes_with_whoever_is_merged(room):
    asked = ask(room, room.other)
    merging.merge(kept=room.row, number=room.other.number, reason="same", by=room.specialist)
    assert decide(room, asked).customer == room.row
    assert Customer.every.filter(erased_at=None, pk__in=[room.row.pk, room.other.pk]).count() == 0


def test_who_reads_of_erasures(room):
    erasure = ask(room)
    readers = {"supervisor", "specialist", "management"}
    names = {"salesperson", "colleague", "finance", "marketing", "head", "administrator", "other_supervisor", *readers}
    seen = {
        name for name in names if erasures_visible_to(access_of(getattr(room, name))).filter(pk=erasure.pk).exists()
    }
    assert seen == readers


def test_that_a_number_was_erased_is_told_to_whoever_saw_the_customer(room):
    erase(room)
    seen = {
        name for name in ("supervisor", "specialist", "management", "salesperson", "colleague", "finance", "other_supervisor")
        if erased_visible_to(access_of(getattr(room, name))).exists()
    }  # fmt: skip
    assert seen == {"supervisor", "specialist", "management", "salesperson"}


# What the clock proposes.


def test_after_two_years_without_a_contact_the_supervisors_decide_and_nobody_is_erased_silently(room):
    room.move_clock(days=731)
    assert erasures.propose_due() == 2
    assert erasures.propose_due() == 0
    row = Erasure.every.get(customer=room.row)
    assert (row.state, row.why, row.asked_by, row.approval) == (ErasureState.PROPOSED, ErasureReason.TERM, None, None)
    assert Customer.every.filter(erased_at=None).count() == 2
    told = Notice.objects.filter(code="customer.erase_proposed")
    assert [(notice.to, notice.params) for notice in told] == [(room.supervisor, {"months": 24})]


def test_the_day_before_nobody_is_proposed(room):
    room.move_clock(days=729)
    assert erasures.propose_due() == 0


def test_the_term_is_the_offices(room):
    options.change(by=room.supervisor, project_id=room.a.pk, changes={erasures.AFTER: 6})
    room.move_clock(days=200)
    assert erasures.propose_due() == 2


@pytest.mark.parametrize("contact", ["call", "follow_up", "viewing"])
def test_a_contact_begins_the_term_anew(room, contact):
    room.move_clock(days=400)
    if contact == "call":
        calls.log_call(op_id=uuid.uuid4(), sheet=uuid.uuid4(), project=room.a,
                       content=calls.Content(phone=room.row.phone, caller="x"), by=room.specialist)  # fmt: skip
    elif contact == "follow_up":
        follow_ups.follow_up(op_id=uuid.uuid4(), customer=room.row, way=Way.PHONE, content="x", by=room.salesperson)
    else:
        plan = viewings.Plan(room.row, room.salesperson, roster.at(room.a, room.today + timedelta(days=401), time(10)))
        booked = viewings.book_viewing(op_id=uuid.uuid4(), project=room.a, plan=plan, by=room.specialist)
        room.move_clock(days=401, hours=2)
        viewings.record_outcome(viewing=booked, outcome="came", opinions={}, by=room.specialist)
    room.move_clock(days=735)
    erasures.propose_due()
    assert [row.customer for row in Erasure.every.all()] == [room.other]


def test_the_supervisor_decides_the_list_erasing_some_and_keeping_others_for_another_term(room):
    room.move_clock(days=731)
    erasures.propose_due()
    mine, other = (Erasure.every.get(customer=row) for row in (room.row, room.other))
    with pytest.raises(Forbidden):
        erasures.decide_proposed(project=room.a, chosen=[mine.pk], agree=True, answer="", by=room.specialist)
    with pytest.raises(Refusal) as refused:
        erasures.decide_proposed(project=room.a, chosen=[other.pk], agree=False, answer=" ", by=room.supervisor)
    assert refused.value.code == "no_answer"
    assert (
        erasures.decide_proposed(project=room.a, chosen=[mine.pk], agree=True, answer="", by=room.supervisor).done == 1
    )
    erasures.decide_proposed(
        project=room.a, chosen=[other.pk], agree=False, answer="Writes each year", by=room.supervisor
    )
    assert Customer.every.get(pk=room.row.pk).erased_at is not None
    assert (Erasure.every.get(pk=other.pk).state, Customer.every.get(pk=room.other.pk).name) == ("REFUSED", "Huang Bo")
    assert erasures.propose_due() == 0
    room.move_clock(days=731 + 735)
    assert erasures.propose_due() == 1


def test_what_stands_against_one_of_a_list_is_told_and_the_others_are_done(room):
    room.move_clock(days=731)
    erasures.propose_due()
    plan = viewings.Plan(room.other, room.colleague, roster.at(room.a, room.today + timedelta(days=732), time(10)))
    viewings.book_viewing(op_id=uuid.uuid4(), project=room.a, plan=plan, by=room.specialist)
    chosen = list(Erasure.every.values_list("pk", flat=True))
    decided = erasures.decide_proposed(project=room.a, chosen=chosen, agree=True, answer="", by=room.supervisor)
    assert decided.done == 1 and room.other.number in decided.refused[0]
    assert Customer.every.get(pk=room.other.pk).name == "Huang Bo"


def test_a_proposed_one_can_be_asked_for(room):
    room.move_clock(days=731)
    erasures.propose_due()
    asked = ask(room, wished_on=room.today + timedelta(days=731))
    assert (asked.pk, asked.why) == (Erasure.every.get(customer=room.row).pk, ErasureReason.WISH)


def test_whoever_is_bound_is_not_proposed(room):
    plan = viewings.Plan(room.row, room.salesperson, roster.at(room.a, room.today, time(10)))
    viewings.book_viewing(op_id=uuid.uuid4(), project=room.a, plan=plan, by=room.specialist)
    assert list(Customer.every.filter(erasing.held())) == [room.row]
    room.move_clock(days=731)
    erasures.propose_due()
    assert [row.customer for row in Erasure.every.all()] == [room.other]


def test_an_overdue_request_is_told_once_and_settled_with_the_decision(room):
    asked = ask(room)
    room.move_clock(days=30)
    erasures.propose_due()
    assert not Notice.objects.filter(code="customer.erase_overdue").exists()
    room.move_clock(days=31)
    for _time in range(2):
        erasures.propose_due()
    told = Notice.objects.get(code="customer.erase_overdue")
    assert (told.to, told.params, told.read_at) == (room.supervisor, {"number": room.row.number}, None)
    decide(room, asked)
    assert Notice.objects.get(code="customer.erase_overdue").read_at is not None


# The ledger, and a restored copy.


def lines() -> list[dict]:
    return [json.loads(line) for line in ledger.path().read_text().splitlines()]


def test_the_ledger_names_a_digest_and_a_day_and_nobody(room):
    row = erase(room)
    (line,) = lines()
    assert set(line) == {"n", "customer", "on", "prev", "hash"}
    assert (line["customer"], line["on"]) == (ledger.mark(row.number), "2024-11-18")
    assert row.number not in ledger.path().read_text()
    assert ledger.path().stat().st_mode & 0o077 == 0


def test_the_ledger_goes_on_chained_and_tells_what_was_changed_in_it(room):
    erase(room)
    erase(room, room.other)
    first, second = lines()
    assert (second["n"], second["prev"]) == (2, first["hash"])
    assert ledger.read().damaged == ()
    ledger.path().write_text(ledger.path().read_text().replace("2024-11-18", "2024-11-17", 1))
    assert ledger.read().damaged == (1,)
    assert len(ledger.read().marks) == 2


def test_a_line_that_was_cut_short_is_written_again(room):
    erase(room)
    with ledger.path().open("ab") as file:
        file.write(b'{"n": 2, "custo')
    erase(room, room.other)
    assert len(lines()) == 2 and ledger.read().damaged == ()


def test_what_stands_in_the_ledger_is_not_written_twice(room):
    erase(room)
    Erasure.every.update(noted_at=None)
    assert ledger.write_due() == 1
    assert len(lines()) == 1


def restore(room) -> None:
    """The rows as an older copy has them: the customer with name and phone, no erasure."""
    Erasure.every.all().delete()
    row = Customer.every.get(pk=room.row.pk)
    row.name, row.phone, row.note, row.erased_at = "Chen Lan zqback", "13812340000", "zqback", None
    save_tracked(row, action="customer.enter", by=room.specialist)
    phone = CustomerPhone(customer=row, project=room.a, number="13812340000", number_index="zqback", is_main=True)
    save_tracked(phone, action="customer.enter", by=room.specialist)
    said = FollowUp(customer=row, way=Way.PHONE, content="zqback", by=room.specialist)
    save_tracked(said, action="customer.follow_up", by=room.specialist)
    save_tracked(Call(customer=row, project=room.a, caller="zqback", phone="13812340000", taken_by=room.specialist),
                 action="call.draft", by=room.specialist)  # fmt: skip


def told(*arguments: str) -> str:
    out = io.StringIO()
    call_command("reapply_erasures", *arguments, stdout=out)
    return out.getvalue()


def test_abuse_54_a_restored_copy_is_erased_again_from_the_ledger(room):
    erase(room)
    restore(room)
    with pytest.raises(CommandError, match="1 erased customers are there again"):
        told("--check")

    assert "names 1 customers; 1 erased again" in told()

    for model in apps.get_models():
        assert "zqback" not in str(list(model._base_manager.values())), model._meta.label
    row = Customer.every.get(pk=room.row.pk)
    assert (row.name, row.erased_at is not None) == ("", True)
    assert Customer.every.get(pk=room.other.pk).name == "Huang Bo"
    again = Erasure.every.get()
    assert (again.why, again.state, again.asked_by, again.closed_by) == ("RESTORED", "DONE", None, None)
    assert "none of them is there" in told("--check")


def test_abuse_54_that_erased_customers_are_back_is_told_to_who_keeps_the_product_running(room):
    erase(room)
    erasures.propose_due()
    assert not Notice.objects.filter(code="work.erased_returned").exists()
    restore(room)
    erasures.propose_due()
    notice = Notice.objects.filter(code="work.erased_returned")
    assert room.administrator in {row.to for row in notice} and notice[0].params == {"count": 1, "damaged": 0}


def test_abuse_54_erasing_again_twice_changes_nothing_more(room):
    erase(room)
    restore(room)
    told()
    before = list(Customer.every.order_by("pk").values()), Erasure.every.count()
    assert "0 erased again" in told()
    assert (list(Customer.every.order_by("pk").values()), Erasure.every.count()) == before
    assert len(lines()) == 1


def test_without_a_ledger_nothing_is_erased(room):
    assert "names 0 customers; 0 erased again" in told()
    assert not Customer.every.exclude(erased_at=None).exists()


# Pages.


def address(name: str, *args) -> str:
    return reverse(f"enquiries:{name}", args=["AAA", *args])


def text(response) -> str:
    return response.content.decode()


def test_the_desk_asks_on_the_customers_page_and_reads_what_becomes_of_it(room, sign_in):
    client = sign_in(room.specialist)
    assert address("customer_erase", room.row.number) in text(client.get(address("customer", room.row.number)))
    answer = client.post(
        address("customer_erase", room.row.number), {"why": "WISH", "wished_on": "2024-11-18"}, follow=True
    )
    erasure = Erasure.every.get()
    assert answer.redirect_chain[-1][0] == address("erasure", erasure.number)
    page = text(answer)
    assert room.row.number in page and "2024-12-18" in page and "Chen Lan" not in page
    approval = sign_in(room.supervisor).get(reverse("approval", args=[erasure.approval_id]))
    assert "erased for good" in text(approval) and address("erasure", erasure.number) in text(approval)


def test_a_refusal_is_shown_in_the_form_which_keeps_what_was_typed(room, sign_in):
    answer = sign_in(room.specialist).post(
        address("customer_erase", room.row.number), {"why": "WISH", "wished_on": "2024-12-24"}
    )
    assert answer.status_code == 422
    assert "This day lies ahead" in text(answer) and "2024-12-24" in text(answer)


def test_a_salesperson_has_neither_the_button_nor_the_right(room, sign_in):
    client = sign_in(room.salesperson)
    assert address("customer_erase", room.row.number) not in text(client.get(address("customer", room.row.number)))
    assert (
        client.post(address("customer_erase", room.row.number), {"why": "WISH", "wished_on": "2024-11-18"}).status_code
        == 403
    )
    assert client.post(address("customer_erase", room.other.number), {}).status_code == 404
    for name in ("erasure_list", "erasure_due"):
        assert client.get(address(name)).status_code == 403


def test_the_page_of_an_erased_customer_says_when_and_why_and_nothing_else(room, sign_in):
    erase(room)
    erasure = Erasure.every.get()
    for person, link in ((room.specialist, True), (room.salesperson, False)):
        answer = sign_in(person).get(address("customer", room.row.number))
        page = text(answer)
        assert answer.status_code == 200
        assert room.row.number in page and "The customer wishes it" in page and "2024-11-18" in page
        assert (address("erasure", erasure.number) in page) is link
    client = sign_in(room.specialist)
    for name in (
        "customer_change",
        "customer_facts",
        "customer_merge",
        "customer_erase",
        "customer_owner",
        "follow_up",
    ):
        assert client.get(address(name, room.row.number)).status_code == 404
    assert client.post(address("customer_reveal", room.row.number), {"purpose": "CALL"}).status_code == 404
    assert sign_in(room.colleague).get(address("customer", room.row.number)).status_code == 404


def test_the_number_of_one_who_was_merged_leads_to_the_erased_one(room, sign_in):
    merging.merge(kept=room.row, number=room.other.number, reason="same", by=room.specialist)
    erase(room)
    assert room.row.number in text(sign_in(room.specialist).get(address("customer", room.other.number)))


def test_the_list_shows_open_ones_first_and_overdue_ones_as_such(room, sign_in):
    decide(room, ask(room, room.other), agree=False, comment="Signs tomorrow")
    asked = ask(room, wished_on=room.today - timedelta(days=31))
    page = text(sign_in(room.supervisor).get(address("erasure_list")))
    assert page.index(room.row.number) < page.index(room.other.number)
    assert "Requested, overdue" in page and "Signs tomorrow" in page and "Huang Bo" not in page
    assert address("erasure", asked.number) in page
    home = text(sign_in(room.supervisor).get(reverse("home")))
    assert "overdue since 2024-11-17" in home and address("erasure_list") in home


def test_an_empty_list_says_where_an_erasure_begins(people, sign_in):
    assert "No erasure was asked for." in text(sign_in(people.specialist).get(address("erasure_list")))
    assert "Nobody is proposed." in text(sign_in(people.supervisor).get(address("erasure_due")))


def test_the_supervisor_ticks_whom_to_erase(room, sign_in):
    room.move_clock(days=731)
    erasures.propose_due()
    client = sign_in(room.supervisor)
    assert address("erasure_due") in text(client.get(address("erasure_list")))
    mine, other = (Erasure.every.get(customer=row) for row in (room.row, room.other))
    answer = client.post(address("erasure_due"), {"act": "keep", "chosen": [other.pk], "answer": ""})
    assert answer.status_code == 422 and "Say why they are kept." in text(answer)
    assert client.post(address("erasure_due"), {"act": "erase", "answer": ""}).status_code == 422
    page = text(client.post(address("erasure_due"), {"act": "erase", "chosen": [mine.pk], "answer": ""}, follow=True))
    assert "1 customer was decided." in page
    assert Customer.every.get(pk=room.row.pk).erased_at is not None
    client.post(
        address("erasure_due"), {"act": "keep", "chosen": [other.pk, "x", "9" * 30], "answer": "Writes each year"}
    )
    assert Erasure.every.get(pk=other.pk).answer == "Writes each year"


def test_abuse_53_exports_that_may_name_the_customer_are_listed_others_not(people, sign_in):
    sign_in(people.specialist).get(f"{address('customer_list')}?format=xlsx")
    row = stock.customer(people.a, people.salesperson)
    for path in (address("customer_list"), "/p/AAA/units/", address("visit_list")):
        assert sign_in(people.specialist).get(f"{path}?format=xlsx").status_code == 200
    asked = erasures.ask(customer=row, why=ErasureReason.MISTAKE, wished_on=None, by=people.specialist)
    approvals.decide(approval_id=asked.approval_id, by=people.supervisor, agree=True)
    sign_in(people.specialist).get(f"{address('customer_list')}?format=xlsx")

    _before, taken, units, of_visits, later = AuditEvent.objects.filter(action="export").order_by("pk")
    erasure = query.find(access_of(people.supervisor), people.a, asked.number)
    numbers = [export.number for export in query.exports(erasure)]
    assert f"E{units.pk}" not in numbers and f"E{later.pk}" not in numbers
    assert numbers[-2:] == [f"E{taken.pk}", f"E{of_visits.pk}"]
    page = text(sign_in(people.supervisor).get(address("erasure", asked.number)))
    assert f"E{taken.pk}" in page and "Wu Qian" in page


def test_a_workbook_of_customers_has_no_erased_one(room, sign_in):
    erase(room)
    answer = sign_in(room.specialist).get(f"{address('customer_list')}?format=xlsx")
    sheet = load_workbook(io.BytesIO(answer.content)).worksheets[0]
    assert [row[0].value for row in sheet.iter_rows(min_row=2)] == [room.other.number]


def test_where_the_only_supervisor_asks_management_decides(room):
    asked = ask(room, by=room.supervisor)
    assert [stage.role for stage in Approval.objects.get(pk=asked.approval_id).stages.all()] == [
        "management",
        "supervisor",
    ]


def test_a_second_supervisor_decides_what_the_first_asked_for(room):
    second = build.user(Role.SUPERVISOR, room.a)
    assert decide(room, ask(room, by=room.supervisor), by=second).state == ErasureState.DONE
