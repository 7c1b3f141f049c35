"""The identity of a buyer (R6.2, domain B12): never changed directly while a sale is under way, corrected by a decided request."""

import uuid

import pytest
from django.db import connection
from django.urls import reverse

from contracts.models import Buyer, Change, Claim, Contract, Paper, Subscription
from contracts.queries import changes as change_queries
from contracts.queries import identity as identity_queries
from contracts.queries import story
from contracts.services import changes, papers
from contracts.services.change_identity import Correction
from contracts.states import ChangeKind, ChangeState, PaperKind, Stage, SubscriptionKind
from enquiries.models import Customer, IdPaper
from enquiries.services import customers, identity, merging, numbers
from inventory.models import UnitEvent
from salescontrol.core import approvals, files
from salescontrol.core.access import access_of
from salescontrol.core.errors import Conflict, Forbidden, NotVisible, Refusal
from salescontrol.core.models import Approval
from tests import build
from tests.contracts.changing import (
    approve,
    carried_out,
    draft,
    entry,
    execute,
    levels_of,
    refund,
    sold,
    staffed,
    submitted,
)
from tests.contracts.selling import activate, complete
from tests.contracts.selling import draft as draw_up
from tests.contracts.selling import small as draw_small
from tests.contracts.stock import customer, hold
from tests.contracts.word import texts

pytestmark = pytest.mark.django_db
RIGHT, WRONG = "11010519491231002X", "440524188001010014"


@pytest.fixture
def room(room):
    """With a second specialist, a permit, and a paper of the customer that was entered with a wrong number."""
    staffed(room)
    build.permit(room.unit.building)
    room.paper = numbers.add_paper(customer=room.customer, kind="RESIDENT", number=WRONG, by=room.specialist)
    return room


def asked(room, of_customer=None, **agent):
    of_customer = of_customer or identity.Correction(name="Zhou Ming")
    return entry(ChangeKind.IDENTITY, identity=Correction(room.customer.number, of_customer, **agent))


def rewritten(room, name: str = "Zhou Ming") -> None:
    customers.change_customer(customer=room.customer, name=name, phone="", note="", by=room.specialist)


# Directly: refused while a sale is under way, free otherwise.


def _free(room):
    """The customer holds a unit, drew a subscription up, or bought and gave it back: nobody's papers name them."""


def _held(room):
    hold(room.unit, room.customer, room.salesperson, room.specialist)


def _drawn_up(room):
    draw_up(room)


def _refunded(room):
    carried_out(room, sold(room), refund())


@pytest.mark.parametrize("state", [_free, _held, _drawn_up, _refunded])
def test_without_a_sale_under_way_the_identity_is_changed_directly(room, state):
    state(room)
    rewritten(room)
    numbers.remove_paper(customer=room.customer, paper_id=room.paper.pk, by=room.specialist)
    assert Customer.every.get(pk=room.customer.pk).name == "Zhou Ming"
    assert not IdPaper.every.exists()


def _small(room):
    row = draw_small(room)
    complete(row, room.specialist)
    activate(room, row)


def _delivered(room):
    contract = sold(room, signed=True)
    contract.state = "DELIVERED"
    contract.save(update_fields=["state"])


@pytest.mark.parametrize("state", [_small, sold, lambda room: sold(room, signed=True), _delivered])
def test_while_a_sale_is_under_way_nothing_of_the_identity_is_changed_directly(room, state):
    """From the small deposit to the handed-over contract: name, kind, a further paper, the removal of one."""
    state(room)
    other = customer(room.a, room.salesperson, name="Zhou M.")
    numbers.add_paper(customer=other, kind="PASSPORT", number="E12345678", by=room.specialist)
    for by in (room.specialist, room.supervisor, room.salesperson):
        for act in (
            lambda by=by: customers.change_customer(customer=room.customer, name="Other", phone="", note="", by=by),
            lambda by=by: customers.change_customer(
                customer=room.customer, name=room.customer.name, phone="", note="", kind="COMPANY", by=by
            ),
            lambda by=by: numbers.add_paper(customer=room.customer, kind="RESIDENT", number=RIGHT, by=by),
            lambda by=by: numbers.remove_paper(customer=room.customer, paper_id=room.paper.pk, by=by),
        ):
            with pytest.raises(Conflict, match="requested from the sale") as refused:
                act()
            assert refused.value.code == "buyer"
            assert bool(refused.value.links) == (by != room.salesperson)
    with pytest.raises(Conflict, match="requested from the sale"):
        merging.merge(kept=room.customer, number=other.number, reason="The same", by=room.specialist)
    kept = Customer.every.get(pk=room.customer.pk)
    assert (kept.name, kept.kind, IdPaper.every.get(customer=kept).number) == (room.customer.name, "PERSON", WRONG)


def test_what_is_no_identity_is_still_changed_directly_and_a_first_paper_is_entered(room):
    numbers.remove_paper(customer=room.customer, paper_id=room.paper.pk, by=room.specialist)
    sold(room)
    customers.change_customer(
        customer=room.customer, name=room.customer.name, phone="13912345678", note="Rings at night", by=room.specialist
    )
    numbers.add_paper(customer=room.customer, kind="RESIDENT", number=RIGHT, by=room.specialist)
    assert Customer.every.get(pk=room.customer.pk).note == "Rings at night"
    with pytest.raises(Conflict, match="requested from the sale"):
        numbers.add_paper(customer=room.customer, kind="PASSPORT", number="E12345678", by=room.specialist)


def test_the_refusal_on_the_page_leads_to_the_request(room, sign_in):
    subject = sold(room)
    page = reverse("enquiries:customer_change", args=["AAA", room.customer.number])
    client = sign_in(room.specialist)
    refused = client.post(page, {"name": "Zhou Ming", "note": ""})
    way = f"{reverse('sales:change_new', args=['AAA', subject.trade.number])}?kind=IDENTITY"
    assert refused.status_code == 409
    assert way in refused.content.decode()
    assert 'value="Zhou Ming"' in refused.content.decode()
    assert way in client.get(reverse("enquiries:customer", args=["AAA", room.customer.number])).content.decode()
    salespersons = sign_in(room.salesperson).post(page, {"name": "Zhou Ming", "note": ""})
    assert (salespersons.status_code, way in salespersons.content.decode()) == (409, False)


# By request.


def test_a_name_is_corrected_by_request_approval_and_execution_of_three_people(room):
    subject = sold(room)
    change = submitted(room, subject, asked(room))
    assert levels_of(change) == ["supervisor"]
    assert Customer.every.get(pk=room.customer.pk).name == room.customer.name
    for nobody in (room.specialist, room.second, room.salesperson, room.finance):
        with pytest.raises((Forbidden, NotVisible)):
            approvals.decide(approval_id=change.approval_id, by=nobody, agree=True)
    change = approve(room, change)
    for nobody in (room.specialist, room.supervisor):
        with pytest.raises(Forbidden):
            execute(room, change, by=nobody)
    done = execute(room, change)

    found = Customer.every.get(pk=room.customer.pk)
    assert (done.state, found.name, found.name_keys.startswith("|zhouming")) == (
        ChangeState.EXECUTED,
        "Zhou Ming",
        True,
    )
    record = found.history.latest("history_id")
    assert (record.history_change_reason, record.history_user) == ("change.identity", room.second)
    assert UnitEvent.every.filter(unit=room.unit).latest("seq").action == "trade.subscribe"


def test_the_number_of_a_paper_and_a_company_and_who_represents_it_are_corrected(room):
    subject = sold(room, signed=True)
    Buyer.every.filter(trade=subject.trade).update(
        agent_kind="REPRESENTATIVE", agent_name="Li Na", agent_paper="RESIDENT", agent_number=WRONG, agent_phone="138"
    )
    right = identity.Correction("Harbour Trading Ltd", "COMPANY", room.paper.pk, False, "COMPANY", "91110000600037341L")
    carried_out(room, subject, asked(room, right, agent_name="Li Nan", agent_number=RIGHT))

    found, row = Customer.every.get(pk=room.customer.pk), Buyer.every.get(trade=subject.trade)
    assert (found.name, found.kind) == ("Harbour Trading Ltd", "COMPANY")
    paper = IdPaper.every.get(customer=found)
    assert (paper.pk, paper.kind, paper.number) == (room.paper.pk, "COMPANY", "91110000600037341L")
    assert (row.agent_kind, row.agent_name, row.agent_number, row.agent_phone) == (
        "REPRESENTATIVE", "Li Nan", RIGHT, "138",
    )  # fmt: skip
    assert numbers.whose_paper(room.a, identity.papers.index(WRONG)) is None


def test_a_paper_that_is_not_theirs_is_removed_and_a_further_one_added_by_request(room):
    subject = sold(room)
    carried_out(room, subject, asked(room, identity.Correction(paper="PASSPORT", number="e 12345678")))
    assert {(row.kind, row.number) for row in IdPaper.every.all()} == {("RESIDENT", WRONG), ("PASSPORT", "E12345678")}
    carried_out(room, subject, asked(room, identity.Correction(replaced=room.paper.pk, gone=True)))
    assert [row.kind for row in IdPaper.every.all()] == ["PASSPORT"]


@pytest.mark.parametrize(
    ("of_customer", "roles"),
    [
        (identity.Correction(name="Zhou Ming"), ["supervisor"]),
        (identity.Correction(paper="PASSPORT", number="E12345678"), ["supervisor"]),
        (identity.Correction("Xu Yan", paper="PASSPORT", number="E12345678"), ["supervisor", "management"]),
        (identity.Correction("Xu Yan Ltd", "COMPANY"), ["supervisor", "management"]),
    ],
)
def test_what_could_be_a_transfer_under_another_word_needs_who_decides_transfers(room, of_customer, roles):
    assert levels_of(submitted(room, sold(room), asked(room, of_customer))) == roles


def test_small_deposit_and_handed_over_contract_are_corrected_too(room):
    row = draw_small(room)
    complete(row, room.specialist)
    row = activate(room, row)
    assert Claim.every.get(pk=row.claim_id).stage == Stage.SMALL_DEPOSIT
    carried_out(room, row, asked(room))
    assert Customer.every.get(pk=room.customer.pk).name == "Zhou Ming"
    assert Subscription.every.get(pk=row.pk).kind == SubscriptionKind.SMALL


def test_it_is_possible_while_a_contract_is_drawn_up_which_does_not_name_them(room):
    subject = sold(room)
    Contract.every.create(
        project=room.a, trade=subject.trade, unit=room.unit, claim=subject.claim, subscription=subject, method="FULL",
        area=subject.area, total=subject.total, unit_price=subject.unit_price, main_amount=subject.total,
        made_by=room.specialist, number="X-1",
    )  # fmt: skip
    carried_out(room, subject, asked(room))
    assert Customer.every.get(pk=room.customer.pk).name == "Zhou Ming"


def test_every_sale_to_the_customer_follows_and_tells_it(room):
    first, second = sold(room), sold(room, unit=room.other)
    change = carried_out(room, first, asked(room))
    for subject in (first, second):
        access = access_of(room.specialist)
        told = story.steps(access, subject.trade, story.papers(access, subject.trade))
        words = [text for step in told for text in (step.text, *step.lines)]
        assert any("Identity of a buyer corrected" in text and change.number in text for text in words)
    assert not any("Zhou" in text for text in words)


def test_papers_made_before_stay_and_those_made_afterwards_name_the_corrected_buyer(room):
    subject = sold(room)

    def made() -> str:
        paper = papers.make(
            op_id=uuid.uuid4(), kind=PaperKind.SUBSCRIPTION, trade=subject.trade.number, by=room.specialist
        )
        return "".join(texts(files.content_of(Paper.every.select_related("file").get(pk=paper.pk).file)))

    before = made()
    old = Paper.every.select_related("file").get().file
    content = files.content_of(old)
    carried_out(
        room, subject, asked(room, identity.Correction("Zhou Ming", "", room.paper.pk, False, "RESIDENT", RIGHT))
    )
    after = made()
    assert (room.customer.name in before, WRONG in before) == (True, True)
    assert ("Zhou Ming" in after, RIGHT in after, WRONG in after) == (True, True, False)
    assert files.content_of(old) == content


# What ends a request, and what is refused.


def test_a_request_about_somebody_who_changed_since_is_out_of_date(room):
    """B12: decided is what was read. Here another sale's request was executed first."""
    first, second = sold(room), sold(room, unit=room.other)
    late = submitted(room, first, asked(room, identity.Correction("Zhou Min Min")))
    carried_out(room, second, asked(room))
    approvals.decide(approval_id=late.approval_id, by=room.supervisor, agree=True)
    assert Approval.objects.get(pk=late.approval_id).state == Approval.State.STALE
    assert changes.fresh(late.code).state == ChangeState.VOID
    assert Customer.every.get(pk=room.customer.pk).name == "Zhou Ming"


def test_a_call_or_another_salesperson_does_not_make_it_out_of_date(room):
    change = submitted(room, sold(room), asked(room))
    customers.assign_owner(customer=room.customer, owner=room.colleague, reason="Holiday", by=room.specialist)
    customers.change_customer(
        customer=room.customer, name=room.customer.name, phone="", note="Asks when", by=room.specialist
    )
    assert execute(room, approve(room, change)).state == ChangeState.EXECUTED


def test_somebody_elses_number_is_refused_when_asked_and_when_executed(room):
    subject, other = sold(room), customer(room.a, room.salesperson)
    right = asked(room, identity.Correction("", "", room.paper.pk, False, "RESIDENT", RIGHT))
    change = approve(room, submitted(room, subject, right))
    numbers.add_paper(customer=other, kind="RESIDENT", number=RIGHT, by=room.specialist)
    with pytest.raises(Conflict, match=other.number):
        execute(room, change)
    assert IdPaper.every.get(customer=room.customer).number == WRONG
    assert changes.fresh(change.code).state == ChangeState.APPROVED
    changes.void(op_id=uuid.uuid4(), code=change.code, reason="Somebody else's", by=room.supervisor)
    with pytest.raises(Conflict, match=other.number):
        draft(room, subject, right)


def test_what_cannot_be_is_refused_at_its_field(room):
    subject, stranger = sold(room), customer(room.a, room.salesperson)
    foreign = numbers.add_paper(customer=stranger, kind="PASSPORT", number="E12345678", by=room.specialist)
    of = identity.Correction
    cases = (
        (of(), {}, "name"), (of(room.customer.name), {}, "name"), (of("X", "GHOST"), {}, "kind"),
        (of(replaced=foreign.pk, paper="PASSPORT", number="E1"), {}, "paper"), (of(replaced=room.paper.pk), {}, "number"),
        (of(gone=True), {}, "paper"), (of(replaced=room.paper.pk, gone=True, paper="RESIDENT", number=RIGHT), {}, "paper"),
        (of(paper="RESIDENT", number="110105"), {}, "number"), (of(paper="", number=RIGHT), {}, "number"),
        (of("", "", room.paper.pk, False, "RESIDENT", WRONG), {}, "number"), (of(), {"agent_name": "Li"}, "agent_name"),
        (of(), {"agent_kind": "AGENT"}, "agent_name"),
        (of(), {"agent_kind": "AGENT", "agent_name": "Li", "agent_paper": "RESIDENT", "agent_number": "1"}, "agent_number"),
    )  # fmt: skip
    for of_customer, agent, name in cases:
        what = entry(ChangeKind.IDENTITY, identity=Correction(room.customer.number, of_customer, **agent))
        with pytest.raises(Refusal) as refused:
            draft(room, subject, what)
        assert list(refused.value.fields) == [name]
    with pytest.raises(Conflict, match="no buyer of this sale"):
        draft(room, subject, entry(ChangeKind.IDENTITY, identity=Correction(stranger.number, of("X"))))
    with pytest.raises(Refusal, match="whose identity"):
        draft(room, subject, entry(ChangeKind.IDENTITY))
    assert not Change.every.exists()


# What is read and kept.


def test_names_are_for_who_may_see_the_customer_and_numbers_masked_for_everybody(room, sign_in):
    subject = sold(room)
    digit = WRONG[:9] + "9" + WRONG[10:]
    right = identity.Correction("Zhou Ming", "", room.paper.pk, False, "PASSPORT", "E12345678")
    change = submitted(room, subject, asked(room, right))
    for person, full in ((room.specialist, True), (room.supervisor, True), (room.finance, False), (None, False)):
        access = access_of(person) if person else None
        text = str(change_queries.lines(changes.fresh(change.code), access))
        assert (WRONG in text, "E12345678" in text, "Zhou Ming" in text) == (False, False, full)
        assert "4405**********0014" in text
    request = approvals.page_url(change.approval)
    assert "Zhou Ming" not in sign_in(room.supervisor).get(request).content.decode()
    page = sign_in(room.supervisor).get(reverse("sales:change", args=["AAA", change.code])).content.decode()
    assert "Zhou Ming" in page
    assert digit not in page


def test_where_two_numbers_differ_is_said_since_their_masks_look_alike(room):
    twin = RIGHT[:8] + "8" + RIGHT[9:]
    shown = identity_queries.paper_line("RESIDENT", twin, RIGHT)
    assert shown == "Resident identity card 1101**********002X (differs at sign 9)"
    assert identity_queries.paper_line("RESIDENT", RIGHT, "E12345678") == "Resident identity card 1101**********002X"


def test_old_and_new_value_are_kept_encrypted(room):
    draft(room, sold(room), asked(room, identity.Correction("Zhou Ming", "", room.paper.pk, False, "RESIDENT", RIGHT)))
    with connection.cursor() as cursor:
        for table in ("contracts_change", "contracts_historicalchange"):
            cursor.execute(f"SELECT content FROM {table}")
            for (content,) in cursor.fetchall():
                assert all(secret not in str(content) for secret in (RIGHT, WRONG, "Zhou"))


def test_the_form_offers_the_buyers_and_their_masked_papers_and_keeps_what_was_typed(room, sign_in):
    subject = sold(room)
    client = sign_in(room.specialist)
    url = f"{reverse('sales:change_new', args=['AAA', subject.trade.number])}?kind=IDENTITY"
    page = client.get(url).content.decode()
    assert "4405**********0014" in page
    assert WRONG not in page
    typed = {
        "op_id": uuid.uuid4(), "cause": "MISTAKE", "reason": "Misread", "form_signed": "on", "documents": "ID card",
        "buyer": room.customer.number, "name": "Zhou Ming", "paper": room.paper.pk, "paper_kind": "RESIDENT",
        "paper_number": "1101",
    }  # fmt: skip
    refused = client.post(url, typed)
    assert (refused.status_code, "compare it sign by sign" in refused.content.decode()) == (422, True)
    assert 'value="Zhou Ming"' in refused.content.decode()
    kept = client.post(url, typed | {"paper_number": RIGHT, "op_id": uuid.uuid4()})
    assert kept.status_code == 302
    change = Change.every.get()
    assert (change.kind, change.content["correction"]["number"]) == (ChangeKind.IDENTITY, RIGHT)


def test_an_old_sale_does_not_bind(room):
    """The claim of a sale that is over names nobody as buyer."""
    subject = sold(room)
    assert identity.buyers_among([room.customer.pk, room.theirs.pk]) == {room.customer.pk}
    carried_out(room, subject, refund())
    assert not identity.is_buyer(room.customer)
