"""Buyers of drafts and sales when customers are merged or erased (R7.6, abuse 53)."""

import uuid
from decimal import Decimal

import pytest

from contracts.models import Buyer, Document, Subscription
from contracts.services import documents, erasing, merging, subscriptions, trades
from contracts.states import AgentKind
from salescontrol.core import approvals
from salescontrol.core.errors import Conflict, Refusal
from salescontrol.core.models import Approval
from tests import build
from tests.contracts import selling
from tests.contracts.stock import customer

pytestmark = pytest.mark.django_db


@pytest.fixture
def room(room):
    build.permit(room.unit.building)
    return room


def halves(*customers) -> list[trades.Purchaser]:
    return [trades.Purchaser(one, Decimal(100) / len(customers)) for one in customers]


def refused(act, *args) -> str:
    with pytest.raises(Refusal) as told:
        act(*args)
    return told.value.code


def test_a_buyer_of_a_draft_goes_over_to_the_one_who_is_kept(room):
    row = selling.draft(room)
    merging.move(room.customer, room.theirs, room.specialist, "Same person")
    assert Buyer.every.get(trade=row.trade).customer == room.theirs


def test_two_who_buy_in_one_draft_are_not_merged_before_it_is_corrected(room):
    row = selling.draft(room, *halves(room.customer, room.theirs))
    with pytest.raises(Conflict, match="Both customers buy in one draft"):
        merging.move(room.customer, room.theirs, room.specialist, "Same person")
    assert Buyer.every.filter(trade=row.trade, customer=room.customer, until=None).exists()


@pytest.mark.parametrize("other", ["customer", "theirs"])
def test_no_buyer_of_a_running_sale_is_merged_away(room, other):
    selling.active(room, selling.draft(room, *halves(room.customer, room.theirs)))
    third = customer(room.a, room.salesperson, name="Xu Yan")
    with pytest.raises(Conflict, match="being sold"):
        merging.move(getattr(room, other), third, room.specialist, "Same person")


def test_a_buyer_is_kept_as_the_law_says_and_every_co_buyer_too(room):
    assert not erasing.held().filter(pk=room.theirs.pk).exists()
    row = selling.draft(room, *halves(room.customer, room.theirs))
    for one in (room.customer, room.theirs):
        assert refused(erasing.require, one, [one.pk]) == "bound"
        assert erasing.held().filter(pk=one.pk).exists()
    selling.active(room, row)
    for one in (room.customer, room.theirs):
        assert refused(erasing.require, one, [one.pk]) == "legal_hold"
        assert erasing.held().filter(pk=one.pk).exists()


def test_of_a_discarded_draft_nothing_personal_is_left(room):
    buyer = trades.Purchaser(
        room.customer, Decimal(100), AgentKind.AGENT, "Li An", "PASSPORT", "E7654321", "13812345678"
    )
    row = selling.draft(room, buyer)
    line = Document.every.filter(trade=row.trade).first()
    documents.ask_waiver(
        op_id=uuid.uuid4(), code=row.code, document_id=line.pk, reason="Her mother is ill", by=room.specialist
    )  # fmt: skip
    approvals.withdraw(approval_id=Approval.objects.get().pk, by=room.specialist)
    subscriptions.discard(op_id=uuid.uuid4(), code=row.code, reason="Bought elsewhere", by=room.specialist)
    erasing.require(room.customer, [room.customer.pk])
    erasing.forget_texts([room.customer.pk], room.supervisor, "x")

    row = Subscription.every.get()
    found = [Buyer.every.get(), *Buyer.history.all()]
    assert {text for one in found for text in (one.agent_name, one.agent_number, one.agent_phone)} == {""}
    assert {one.close_note for one in (row, *Subscription.history.all())} == {""}
    assert "ill" not in Approval.objects.get().reason
    assert (row.state, row.close_reason) == ("CLOSED", "DISCARDED")
