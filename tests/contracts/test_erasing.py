"""A customer who is erased is nowhere any more, whatever was kept about them; a buyer is kept as the law says (R7.6, P7, abuse 53)."""

import json
import uuid
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection

from contracts.models import Claim, HoldRequest, WaitingEntry
from contracts.services import holds, requests, waiting
from contracts.states import Stage
from enquiries import papers, phones
from enquiries.models import Call, Customer, Erasure, Visit
from enquiries.queries import roster
from enquiries.services import (
    calls,
    customers,
    erasures,
    follow_ups,
    ledger,
    merging,
    numbers,
    transfer,
    viewings,
    visits,
)
from enquiries.states import ErasureReason, ErasureState, PaperKind, Way
from inventory.models import Unit, UnitEvent
from salescontrol.core import approvals, clock, journal, proof
from salescontrol.core.errors import Conflict, NotVisible, Refusal
from salescontrol.core.models import Approval, AuditEvent, Rewriting
from tests import build
from tests.audit.conftest import _new_chain as _new_chain
from tests.contracts.stock import hold
from tests.enquiries import stock

pytestmark = pytest.mark.django_db


class Canaries:
    """Texts that occur nowhere else, and where numbers are found by."""

    def __init__(self) -> None:
        self.texts: set[str] = set()
        self.masked: set[str] = set()

    def text(self, about: str) -> str:
        token = f"zq{about}{len(self.texts):03d}k"
        self.texts.add(token)
        return token

    def phone(self) -> str:
        digits = f"139{uuid.uuid4().int % 10**8:08d}"
        self.texts |= {digits, phones.index(digits), phones.tail_index(digits)}
        self.masked.add(phones.masked(digits))
        return digits

    def paper(self) -> str:
        number = f"E{uuid.uuid4().int % 10**8:08d}"
        self.texts |= {number, papers.index(number)}
        return number


@pytest.fixture
def day(people, monkeypatch):
    """A clock that the test moves: it begins on a Monday at eight."""
    monday = datetime(2026, 11, 30, 8, tzinfo=roster.zone_of(people.a))
    people.move_clock = lambda **delta: monkeypatch.setattr(clock, "now", lambda: monday + timedelta(**delta))
    people.move_clock()
    people.day = monday.date()
    where = build.building(people.a)
    people.unit = build.unit(where, by=people.specialist, salesperson=people.salesperson)
    people.other = build.unit(where, floor=13, by=people.specialist)
    return people


def enter(room, mark: Canaries) -> Customer:
    """A customer about whom everything is written that can be, with a life behind them."""
    row = customers.enter_customer(
        op_id=uuid.uuid4(), project=room.a, name=f"Zhou {mark.text('name')}", phone=mark.phone(), owner=room.salesperson,
        note=mark.text("note"), by=room.specialist, address=mark.text("home"), needs=mark.text("needs"),
        layout=mark.text("layout"), channel="FENCE", grade="A",
    )  # fmt: skip
    row = customers.change_customer(
        customer=row, name=f"Zhou {mark.text('name')}", phone=mark.phone(), note=mark.text("note"), by=room.specialist,
        address=mark.text("home"), referrer=stock.customer(room.a, room.salesperson).number,
    )  # fmt: skip
    numbers.add_phone(customer=row, phone=mark.phone(), by=room.specialist)
    gone = numbers.add_phone(customer=row, phone=mark.phone(), by=room.specialist)
    numbers.remove_phone(customer=row, phone_id=gone.pk, by=room.specialist)
    numbers.add_paper(customer=row, kind=PaperKind.PASSPORT, number=mark.paper(), by=room.specialist)
    lost = numbers.add_paper(customer=row, kind=PaperKind.PASSPORT, number=mark.paper(), by=room.specialist)
    numbers.remove_paper(customer=row, paper_id=lost.pk, by=room.specialist)
    follow_ups.follow_up(
        op_id=uuid.uuid4(), customer=row, way=Way.PHONE, content=mark.text("said"), next_on=room.day, by=room.specialist
    )
    return row


def written(mark: Canaries, phone: str, **changes) -> calls.Content:
    return calls.Content(
        phone=phone, caller=mark.text("caller"), layout=mark.text("layout"), needs=mark.text("needs"),
        asked=mark.text("asked"), answered=mark.text("answered"), rings="2", **changes,
    )  # fmt: skip


def ring(room, mark: Canaries, row: Customer) -> None:
    """A call with the drafts before it, a draft of nobody's with half the number, a discarded one, one of an outsider."""
    sheet, by = uuid.uuid4(), room.specialist
    calls.save_draft(sheet=sheet, project=room.a, content=written(mark, row.phone[:9]), by=by)
    calls.log_call(op_id=uuid.uuid4(), sheet=sheet, project=room.a, content=written(mark, row.phone), by=by)
    mark.texts.add(row.phone[:9])
    calls.save_draft(sheet=uuid.uuid4(), project=room.a, content=written(mark, row.phone[:9]), by=by)
    thrown = calls.save_draft(sheet=uuid.uuid4(), project=room.a, content=written(mark, row.phone), by=by)
    calls.discard_draft(call=thrown, by=by)
    alone = written(mark, row.phone, outsider=True)
    calls.log_call(op_id=uuid.uuid4(), sheet=uuid.uuid4(), project=room.a, content=alone, by=by)
    theirs = uuid.uuid4()
    calls.save_draft(sheet=theirs, project=room.a, content=written(mark, row.phone), by=by)
    other = calls.Content(phone=room.bystander.phone, caller="Bystander", rings="1")
    calls.log_call(op_id=uuid.uuid4(), sheet=theirs, project=room.a, content=other, by=by)


def come(room, mark: Canaries, row: Customer) -> None:
    """A visit with every text, a viewing that was moved and held, one that was called off."""
    said = {name: mark.text(name[:6]) for name in (
        "home_area", "work_area", "occupation", "use", "factors", "objections", "note", "layout", "needs")}  # fmt: skip
    late = visits.Report(
        row, at=clock.now() - timedelta(days=2), late_reason=mark.text("late"), said={**said, "employer": "STATE"}
    )
    visits.log_visit(op_id=uuid.uuid4(), project=room.a, report=late, by=room.supervisor)
    for hour in (10, 14):
        starts = roster.at(room.a, room.day, time(hour))
        plan = viewings.Plan(row, room.salesperson, starts, units=[room.unit], note=mark.text("note"))
        booked = viewings.book_viewing(op_id=uuid.uuid4(), project=room.a, plan=plan, by=room.specialist)
        if hour == 14:
            viewings.cancel_viewing(viewing=booked, reason=mark.text("cancel"), by=room.specialist)
            continue
        viewings.move_viewing(
            viewing=booked, starts_at=starts + timedelta(hours=1), salesperson=room.salesperson, reason=mark.text("move"),
            by=room.specialist,
        )  # fmt: skip
        room.move_clock(hours=4)
        viewings.record_outcome(
            viewing=booked, outcome=mark.text("came"), opinions={booked.items.get().pk: ("LIKED", mark.text("liked"))},
            by=room.specialist,
        )  # fmt: skip


def want(room, mark: Canaries, row: Customer) -> Claim:
    """A hold that was asked for, placed, asked back and released; requests and places in the list that came to nothing."""
    desk = room.specialist
    for unit in (room.unit, None):
        asked = requests.ask_for_hold(
            op_id=uuid.uuid4(), project=room.a, unit_id=unit and unit.pk, wish=requests.Wish(floor_from=2), customer=row,
            reason=mark.text("wish"), by=room.salesperson,
        )  # fmt: skip
        if unit is None:
            requests.reject_request(op_id=uuid.uuid4(), number=asked.number, answer=mark.text("answer"), by=desk)
    terms = holds.Terms(row, room.salesperson, mark.text("hold"), "NONE", override=mark.text("override"))
    claim = holds.place_hold(op_id=uuid.uuid4(), unit_id=room.unit.pk, terms=terms, by=room.supervisor)
    requests.ask_to_release(op_id=uuid.uuid4(), number=claim.number, reason=mark.text("back"), by=room.salesperson)
    holds.release_hold(op_id=uuid.uuid4(), number=claim.number, reason=mark.text("release"), by=desk)
    hold(room.other, room.bystander, room.salesperson, desk, reason="Somebody else's reason")
    entry = waiting.join(
        op_id=uuid.uuid4(), unit_id=room.other.pk, customer=row, salesperson=room.salesperson, note=mark.text("wait"), by=desk
    )  # fmt: skip
    waiting.leave(op_id=uuid.uuid4(), number=entry.number, reason=mark.text("leave"), by=desk)
    return claim


def hand_on(room, mark: Canaries, row: Customer) -> Customer:
    """Passed on and claimed, refused and granted; and one who turned out to be the same person."""
    asked = transfer.ask_transfer(customer=row, owner=room.colleague, reason=mark.text("pass"), by=room.salesperson)
    approvals.decide(approval_id=asked.pk, by=room.supervisor, agree=False, comment=mark.text("no"))
    claimed = transfer.raise_dispute(project=room.a, phone=row.phone, reason=mark.text("mine"), by=room.colleague)
    approvals.decide(approval_id=claimed.pk, by=room.supervisor, agree=True, comment=mark.text("yes"))
    customers.assign_owner(customer=row, owner=room.salesperson, reason=mark.text("assign"), by=room.specialist)
    twin = customers.enter_customer(
        op_id=uuid.uuid4(), project=room.a, name=mark.text("twin"), phone=mark.phone(), owner=room.colleague,
        note=mark.text("twin"), by=room.specialist,
    )  # fmt: skip
    third = customers.enter_customer(
        op_id=uuid.uuid4(),
        project=room.a,
        name=mark.text("third"),
        phone=mark.phone(),
        owner=None,
        note="",
        by=room.specialist,
    )
    merging.merge(kept=twin, number=third.number, reason=mark.text("same"), by=room.specialist)
    merging.merge(kept=row, number=twin.number, reason=mark.text("same"), by=room.specialist)
    return twin


@pytest.fixture
def lived(day):
    """A customer with all that is ever written about one, sealed and in the journal; and a bystander, who stays."""
    day.bystander = stock.customer(day.a, day.salesperson, name="Bystander Bo", note="Stays here")
    day.mark = mark = Canaries()
    day.row = enter(day, mark)
    ring(day, mark, day.row)
    come(day, mark, day.row)
    day.claim = want(day, mark, day.row)
    day.twin = hand_on(day, mark, day.row)
    journal.keep()
    return day


def erase(room, row: Customer, *, comment: str = "") -> Erasure:
    """Asked for by the specialist, agreed to by the supervisor."""
    asked = erasures.ask(customer=row, why=ErasureReason.WISH, wished_on=room.day, by=room.specialist)
    approvals.decide(approval_id=asked.approval_id, by=room.supervisor, agree=True, comment=comment)
    ledger.write_due()
    return Erasure.every.get(pk=asked.pk)


def everything() -> str:
    """All that the database and the folders hold, in clear: every model's rows, and every column of every table as it is."""
    found = [
        json.dumps(row, default=str, ensure_ascii=False)
        for model in apps.get_models()
        for row in model._base_manager.values()
    ]  # fmt: skip
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            found += map(str, cursor.fetchall())
    for folder in (settings.JOURNAL_DIR, settings.MEDIA_ROOT):
        found += [path.read_text(errors="ignore") for path in Path(folder).rglob("*") if path.is_file()]
    return "\n".join(found)


def test_abuse_53_of_an_erased_enquirer_nothing_is_found_in_any_table_history_message_or_file(lived):
    before = everything()
    assert {text for text in lived.mark.texts if text not in before} == set(), "the canaries are there before"
    assert any(text in before for text in lived.mark.masked)

    erased = erase(lived, lived.row, comment=lived.mark.text("agreed"))

    after = everything()
    assert {text for text in lived.mark.texts | lived.mark.masked if text in after} == set()
    assert erased.state == ErasureState.DONE
    assert "Bystander Bo" in after and "Stays here" in after and "Somebody else's reason" in after


COUNTED = {
    Call: ("number", "at", "channel", "rings", "customer"), Visit: ("number", "at", "kind", "customer", "grade"),
    Claim: ("number", "placed_at", "released_at", "list_total", "customer"), HoldRequest: ("number", "state", "customer"),
    WaitingEntry: ("number", "state", "customer"), UnitEvent: ("unit", "seq", "action", "at"),
}  # fmt: skip


def counted() -> dict:
    return {model: set(model._base_manager.values_list(*fields)) for model, fields in COUNTED.items()}


def test_abuse_53_what_is_counted_stays(lived):
    before = counted()
    erase(lived, lived.row)
    assert counted() == before
    row = Customer.every.get(pk=lived.row.pk)
    assert (row.number, row.channel, row.grade, row.called) == (lived.row.number, "FENCE", "A", "erased")


def test_the_chain_stays_sound_and_says_how_many_records_were_erased(lived):
    assert proof.verify().findings == []
    erased = erase(lived, lived.row)
    journal.keep()

    found = proof.verify()
    # The clock of this test is days ahead of the one that dates histories.
    assert {finding.code for finding in found.findings} <= {"row_backdated"}
    assert found.rewritten["ERASURE"] > 50
    assert set(Rewriting.objects.values_list("about", flat=True)) == {erased.number}


def test_the_reasons_of_a_unit_are_erased_with_the_customer_and_the_bystanders_stay(lived):
    erase(lived, lived.row)
    assert set(UnitEvent.every.filter(claim=lived.claim.number).values_list("reason", flat=True)) == {""}
    assert Unit.every.get(pk=lived.unit.pk).status_reason == ""
    assert UnitEvent.every.get(unit=lived.other, action="claim.hold").reason == "Somebody else's reason"


def test_a_number_in_the_draft_of_anothers_call_is_erased_and_the_call_stays(lived):
    erase(lived, lived.row)
    call = Call.every.get(customer=lived.bystander)
    assert (call.phone, call.caller) == (lived.bystander.phone, "Bystander")
    assert {record.phone for record in call.history.all()} == {"", lived.bystander.phone}


def test_whoever_has_the_former_number_now_keeps_it(lived):
    former = stock.phone()
    extra = numbers.add_phone(customer=lived.row, phone=former, by=lived.specialist)
    numbers.remove_phone(customer=lived.row, phone_id=extra.pk, by=lived.specialist)
    heir = stock.customer(lived.a, lived.salesperson, name="Heir", number=former)
    calls.log_call(
        op_id=uuid.uuid4(), sheet=uuid.uuid4(), project=lived.a, content=calls.Content(phone=former, caller="Heir"),
        by=lived.specialist,
    )  # fmt: skip
    erase(lived, lived.row)
    assert Call.every.get(customer=heir).history.first().phone == former


def test_the_erased_number_may_be_a_new_customers(lived):
    phone = lived.row.phone
    erase(lived, lived.row)
    assert stock.customer(lived.a, lived.salesperson, number=phone).number != lived.row.number


@pytest.mark.parametrize("stage", [Stage.SMALL_DEPOSIT, Stage.SUBSCRIPTION, Stage.CONTRACT])
@pytest.mark.parametrize("over", [False, True])
def test_abuse_53_a_buyer_is_kept_and_the_statute_is_named(day, stage, over):
    row = stock.customer(day.a, day.salesperson)
    claim = hold(day.unit, row, day.salesperson, day.specialist)
    if over:
        holds.release_hold(op_id=uuid.uuid4(), number=claim.number, reason="Changed mind", by=day.specialist)
    Claim.every.filter(pk=claim.pk).update(stage=stage)
    with pytest.raises(Refusal) as refused:
        erasures.ask(customer=row, why=ErasureReason.WISH, wished_on=day.day, by=day.specialist)
    assert refused.value.code == "legal_hold"
    for word in (
        "Personal Information Protection Law, article 47",
        "Anti-Money-Laundering Law",
        "Nobody can lift this",
    ):
        assert word in str(refused.value)
    assert ("2036-11-30" in str(refused.value)) is over
    assert not Approval.objects.exists()


def test_a_deal_that_is_ten_years_over_is_kept_no_longer(day, monkeypatch):
    row = stock.customer(day.a, day.salesperson)
    claim = hold(day.unit, row, day.salesperson, day.specialist)
    holds.release_hold(op_id=uuid.uuid4(), number=claim.number, reason="Changed mind", by=day.specialist)
    Claim.every.filter(pk=claim.pk).update(stage=Stage.CONTRACT, released_at=clock.months_before(clock.now(), 121))
    assert erase(day, row).state == ErasureState.DONE


def test_a_hold_that_is_over_is_no_deal_a_live_one_is_released_first(day):
    row = stock.customer(day.a, day.salesperson)
    claim = hold(day.unit, row, day.salesperson, day.specialist)
    with pytest.raises(Conflict) as refused:
        erasures.ask(customer=row, why=ErasureReason.WISH, wished_on=day.day, by=day.specialist)
    assert refused.value.code == "bound" and "Release the hold first" in str(refused.value)
    assert [url for _label, url in refused.value.links] == [f"/p/AAA/holds/{claim.number}/"]
    holds.release_hold(op_id=uuid.uuid4(), number=claim.number, reason="Changed mind", by=day.specialist)
    assert erase(day, row).state == ErasureState.DONE


@pytest.mark.parametrize("what", ["request", "place"])
def test_who_asks_or_waits_for_a_unit_is_not_erased(day, what):
    row = stock.customer(day.a, day.salesperson)
    if what == "request":
        requests.ask_for_hold(op_id=uuid.uuid4(), project=day.a, unit_id=day.unit.pk, wish=requests.Wish(), customer=row,
                              reason="Likes it", by=day.salesperson)  # fmt: skip
    else:
        hold(day.unit, stock.customer(day.a, day.salesperson), day.salesperson, day.specialist)
        waiting.join(
            op_id=uuid.uuid4(),
            unit_id=day.unit.pk,
            customer=row,
            salesperson=day.salesperson,
            note="",
            by=day.specialist,
        )
    with pytest.raises(Conflict) as refused:
        erasures.ask(customer=row, why=ErasureReason.WISH, wished_on=day.day, by=day.specialist)
    assert refused.value.code == "bound"


def test_a_deal_that_came_after_the_request_stops_the_decision(day):
    row = stock.customer(day.a, day.salesperson)
    asked = erasures.ask(customer=row, why=ErasureReason.WISH, wished_on=day.day, by=day.specialist)
    claim = hold(day.unit, row, day.salesperson, day.specialist)
    Claim.every.filter(pk=claim.pk).update(stage=Stage.CONTRACT)
    with pytest.raises(Refusal) as refused:
        approvals.decide(approval_id=asked.approval_id, by=day.supervisor, agree=True)
    assert refused.value.code == "legal_hold"


def test_nothing_is_held_asked_or_waited_for_an_erased_customer(day):
    row = stock.customer(day.a, day.salesperson)
    erase(day, row)
    with pytest.raises(NotVisible):
        hold(day.unit, row, day.salesperson, day.specialist)
    with pytest.raises(NotVisible):
        hold(day.unit, row, day.salesperson, day.supervisor, override="Friend")
    with pytest.raises(NotVisible):
        requests.ask_for_hold(op_id=uuid.uuid4(), project=day.a, unit_id=day.unit.pk, wish=requests.Wish(), customer=row,
                              reason="Likes it", by=day.salesperson)  # fmt: skip
    hold(day.unit, stock.customer(day.a, day.salesperson), day.salesperson, day.specialist)
    with pytest.raises(NotVisible):
        waiting.join(
            op_id=uuid.uuid4(),
            unit_id=day.unit.pk,
            customer=row,
            salesperson=day.salesperson,
            note="",
            by=day.specialist,
        )


def test_an_erasure_is_an_act_on_record_without_the_person(lived):
    erased = erase(lived, lived.row)
    act = AuditEvent.objects.get(action="customer.erase")
    assert (act.actor, act.target_id, act.detail) == (
        lived.supervisor,
        lived.row.pk,
        {"erasure": erased.number, "why": "WISH"},
    )
