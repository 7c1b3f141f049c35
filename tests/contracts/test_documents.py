"""The checklist: which papers whom, what is ticked off stays, a waiver needs another person (domain B6)."""

import uuid
from decimal import Decimal

import pytest
from django.db import transaction

from contracts.models import Buyer, Document
from contracts.services import documents, subscriptions, trades
from contracts.states import AgentKind, Moment, PaymentMethod
from enquiries.models import IdPaper
from enquiries.states import CustomerKind, PaperKind
from salescontrol.core import approvals, clock
from salescontrol.core.errors import Conflict, Forbidden, NotVisible, Refusal
from salescontrol.core.models import Approval, Setting
from tests import build
from tests.contracts import selling
from tests.contracts.stock import customer, hold, subscribed

pytestmark = pytest.mark.django_db
PERSON_FIRST = {"identity", "deposit_receipt"}
PERSON_LATER = {"subscription_letter", "deposit_receipt", "first_receipt", "identity", "household", "marriage"}
BANK = {"couple", "income", "statement"}


@pytest.fixture
def room(room):
    build.permit(room.unit.building)
    return room


def kinds(row, moment) -> set[str]:
    return set(Document.every.filter(trade=row.trade, moment=moment).values_list("kind", flat=True))


def both(row) -> tuple[set[str], set[str]]:
    return kinds(row, Moment.SUBSCRIBE), kinds(row, Moment.SIGN)


def paper(who, kind, number):
    return IdPaper.every.create(project=who.project, customer=who, kind=kind, number=number, number_index=number[:24])


def act(name, row, line, by, **fields):
    return getattr(documents, name)(op_id=uuid.uuid4(), code=row.code, document_id=line.pk, by=by, **fields)


@pytest.mark.parametrize("method", PaymentMethod)
def test_who_borrows_brings_the_banks_papers_too(room, method):
    first, later = both(selling.draft(room, method=method))
    assert first == PERSON_FIRST
    assert later == PERSON_LATER | (BANK if method in ("MORTGAGE", "PROVIDENT", "COMBINED") else set())


def test_a_company_brings_licence_representative_and_seal(room):
    room.customer.kind = CustomerKind.COMPANY
    room.customer.save()
    first, later = both(selling.draft(room, method=PaymentMethod.MORTGAGE))
    assert first == {"licence", "representative", "seal", "deposit_receipt"}
    assert later == first | {"subscription_letter", "first_receipt"}


def test_minors_foreigners_and_agents_have_papers_of_their_own(room):
    child, foreign = (customer(room.a, room.salesperson, name=name) for name in ("Wu Jie", "Ann Lee"))
    born = clock.today().year - 10
    paper(child, PaperKind.RESIDENT, f"110101{born}03072519")
    paper(foreign, PaperKind.PASSPORT, "E1234567")
    row = selling.draft(
        room,
        trades.Purchaser(child, Decimal(30), AgentKind.GUARDIAN, "Wu Da"),
        trades.Purchaser(foreign, Decimal(30)),
        trades.Purchaser(room.customer, Decimal(40), AgentKind.AGENT, "Li An"),
    )
    owns = {
        who: set(Document.every.filter(trade=row.trade, buyer__customer=who).values_list("moment", "kind"))
        for who in (child, foreign, room.customer)
    }
    assert {("SUBSCRIBE", "guardian_identity"), ("SIGN", "birth"), ("SIGN", "parents")} <= owns[child]
    assert ("SIGN", "translation") in owns[foreign] and ("SIGN", "translation") not in owns[child]
    assert {("SUBSCRIBE", "proxy"), ("SUBSCRIBE", "proxy_identity"), ("SIGN", "proxy")} <= owns[room.customer]
    assert {who.minor for who in documents.buyers_of(row.trade)} == {True, False}


def test_where_the_city_limits_buyers_their_papers_are_asked_for(room):
    with transaction.atomic():
        Setting.objects.create(project_id=room.a.pk, key=documents.LIMITED, value=True)
    assert both(selling.draft(room)) == (PERSON_FIRST, PERSON_LATER | {"qualification"})


def test_the_identity_paper_seen_at_the_hold_counts_as_seen(room):
    hold(room.unit, room.customer, room.salesperson, room.specialist)
    line = Document.every.get(trade=selling.draft(room).trade, moment="SUBSCRIBE", kind="identity")
    assert (line.original_seen, line.copies, line.received_by) == (True, 0, room.specialist)


def test_what_was_received_stays_when_the_way_of_paying_or_a_buyer_changes(room):
    row = selling.draft(room, method=PaymentMethod.MORTGAGE)
    income, statement = (Document.every.get(trade=row.trade, kind=kind) for kind in ("income", "statement"))
    act("receive", row, income, room.specialist, copies=1, original_seen=False)
    identity = Document.every.get(trade=row.trade, kind="identity", moment="SUBSCRIBE")
    act("receive", row, identity, room.specialist, copies=1, original_seen=True)
    both_buy = [trades.Purchaser(room.customer, Decimal(50)), trades.Purchaser(room.theirs, Decimal(50))]
    subscriptions.edit(
        op_id=uuid.uuid4(), code=row.code, version=row.version, terms=selling.terms(room, *both_buy), by=room.specialist
    )  # fmt: skip

    income.refresh_from_db()
    assert (income.copies, income.copies_needed) == (1, 0)
    assert not Document.every.filter(pk=statement.pk).exists()
    lines = Document.every.filter(trade=row.trade, kind="identity", moment="SUBSCRIBE")
    assert {(line.buyer.customer, line.original_seen) for line in lines} == {
        (room.customer, True),
        (room.theirs, False),
    }


def test_what_is_missing_is_named_with_who_can_lift_it(room):
    row = subscribed(room.unit, room.customer, room.salesperson, room.specialist)
    documents.require_papers(row.trade, Moment.SIGN)
    documents.make_lines(trade=row.trade, method="FULL", by=room.specialist)
    with pytest.raises(Refusal) as refused:
        documents.require_papers(row.trade, Moment.SIGN)
    told = str(refused.value.message)
    assert refused.value.code == "papers" and "Household book" in told and "the supervisor decides" in told
    assert room.customer.number in told and room.customer.name not in told


def test_a_paper_is_whole_with_all_copies_and_the_original(room):
    row = selling.draft(room, method=PaymentMethod.MORTGAGE)
    line = Document.every.get(trade=row.trade, kind="couple")
    with pytest.raises(Refusal, match="Enter the copies"):
        act("receive", row, line, room.specialist, copies=0, original_seen=False)
    assert not documents.complete(act("receive", row, line, room.specialist, copies=2, original_seen=False))
    assert documents.complete(act("receive", row, line, room.specialist, copies=3, original_seen=False))
    undone = act("undo", row, line, room.specialist, reason="Handed out again")
    assert (undone.copies, undone.received_at) == (0, None)
    with pytest.raises(Conflict):
        act("undo", row, line, room.specialist, reason="Again")


def test_what_the_trade_went_on_by_is_fixed(room):
    row = selling.active(room)
    for line in Document.every.filter(trade=row.trade, moment="SUBSCRIBE"):
        with pytest.raises(Conflict, match="fixed"):
            act("undo", row, line, room.specialist, reason="x")
    line = Document.every.get(trade=row.trade, kind="household")
    act("receive", row, line, room.specialist, copies=1, original_seen=False)
    selling.void(room, row)
    with pytest.raises(Conflict, match="fixed"):
        act("undo", row, line, room.specialist, reason="x")


def test_b16_6_a_waiver_is_asked_by_one_and_decided_by_another(room):
    row = selling.draft(room)
    line = Document.every.get(trade=row.trade, kind="identity", moment="SUBSCRIBE")
    act("ask_waiver", row, line, room.specialist, reason="Passport is at the consulate")
    with pytest.raises(Conflict):
        act("ask_waiver", row, line, room.specialist, reason="Again")
    approval = Approval.objects.get()
    for nobody in (room.specialist, room.finance):
        with pytest.raises((Forbidden, NotVisible)):
            approvals.decide(approval_id=approval.pk, by=nobody, agree=True)
    assert [(str(label), new) for label, _old, new in approvals.KINDS[documents.WAIVE].present(approval, None)] == [
        ("Identity paper", "waived")
    ]
    approvals.decide(approval_id=approval.pk, by=room.supervisor, agree=True)

    line.refresh_from_db()
    assert (line.waived_by, documents.complete(line)) == (room.supervisor, True)
    selling.activate(room, row)


def test_the_supervisors_own_wish_for_a_waiver_is_managements_to_decide(room):
    row = selling.draft(room)
    line = Document.every.get(trade=row.trade, kind="identity", moment="SUBSCRIBE")
    act("ask_waiver", row, line, room.supervisor, reason="x")
    approval = Approval.objects.get()
    with pytest.raises(Forbidden):
        approvals.decide(approval_id=approval.pk, by=room.supervisor, agree=True)
    approvals.decide(approval_id=approval.pk, by=room.management, agree=True)
    line.refresh_from_db()
    assert line.waived_by == room.management


def test_a_waiver_of_a_paper_that_came_meanwhile_is_out_of_date(room):
    row = selling.draft(room)
    line = Document.every.get(trade=row.trade, kind="identity", moment="SUBSCRIBE")
    act("ask_waiver", row, line, room.specialist, reason="x")
    act("receive", row, line, room.specialist, copies=1, original_seen=True)
    decided = approvals.decide(approval_id=Approval.objects.get().pk, by=room.supervisor, agree=True)
    line.refresh_from_db()
    assert (decided.state, line.waived_at) == ("STALE", None)


def test_a_line_of_another_trade_is_not_there(room):
    row, other = selling.draft(room), selling.draft(room, unit=room.other)
    line = Document.every.filter(trade=other.trade).first()
    with pytest.raises(NotVisible):
        act("receive", row, line, room.specialist, copies=1, original_seen=True)


def test_who_buys_no_longer_needs_no_paper(room):
    row = selling.draft(room)
    subscriptions.edit(
        op_id=uuid.uuid4(), code=row.code, version=row.version,
        terms=selling.terms(room, trades.Purchaser(room.theirs)), by=room.specialist,
    )  # fmt: skip
    gone = Buyer.every.get(trade=row.trade, customer=room.customer)
    assert not Document.every.filter(buyer=gone).exists()
