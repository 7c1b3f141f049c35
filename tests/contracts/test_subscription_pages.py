"""Pages of subscriptions: the whole way in a browser without script, who reads what, and nothing of others."""

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from contracts.models import Buyer, Document, Subscription
from contracts.states import SubscriptionState
from inventory.models import Unit
from inventory.states import Status
from salescontrol.core import clock
from salescontrol.core.models import Approval, AuditEvent
from tests import build
from tests.contracts import selling
from tests.contracts.stock import customer, hold
from tests.contracts.test_pages import panel, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def room(room):
    build.permit(room.unit.building, number="2026-088")
    return room


def at(name: str, *args) -> str:
    return reverse(f"sales:{name}", args=["AAA", *args])


def form(room, **changes) -> dict:
    typed = {
        "op_id": uuid.uuid4(), "kind": "FULL", "method": "FULL", "deposit": "50,000", "salesperson": room.salesperson.pk,
        "buyer1": room.customer.pk, "share1": "100", "agent_kind1": "NONE",
    }  # fmt: skip
    return {**typed, **changes}


def overdue(row) -> None:
    """Its signing deadline passed the day before yesterday."""
    row.due_on = clock.today(row.project.zone) - timedelta(days=2)
    Subscription.every.filter(pk=row.pk).update(due_on=row.due_on)


def test_from_the_board_to_an_active_subscription(room, sign_in):
    client = sign_in(room.specialist)
    new = at("subscription_new", room.unit.pk)
    assert new in panel(client, room.unit)
    assert room.customer.name in text(client.get(new))
    page = client.post(new, form(room), follow=True)
    row = Subscription.every.get()
    assert "The draft is drawn up" in text(page)
    for shown in (
        "2026-088",
        "贰佰柒拾万陆仟陆佰贰拾肆元整",
        "伍万元整",
        room.customer.name,
        "Household book",
    ):
        assert shown in text(page), shown
    for line in Document.every.filter(moment="SUBSCRIBE"):
        paper = at("document_receive", row.code, line.pk)
        assert paper in text(page)
        assert client.get(paper).status_code == 200
        typed = {"op_id": uuid.uuid4(), "copies": "1", "original_seen": "on"}
        assert client.post(paper, typed).status_code == 302
    activate = at("subscription_activate", row.code)
    assert "贰佰柒拾万" in text(client.get(activate))
    done = client.post(activate, {"op_id": uuid.uuid4(), "receipt": "R77", "received": "50000"}, follow=True)

    row.refresh_from_db()
    assert f"Subscription {row.number} is active." in text(done)
    assert (row.state, row.receipt) == (SubscriptionState.ACTIVE, "R77")
    assert row.number in panel(client, room.unit)
    assert AuditEvent.objects.filter(action="customer.see", target_id=room.customer.pk).exists()


def test_a_hold_fills_the_form_in(room, sign_in):
    held = hold(room.unit, room.customer, room.salesperson, room.specialist)
    client = sign_in(room.specialist)
    url = f"{at('subscription_new', room.unit.pk)}?hold={held.number}"
    assert url in text(client.get(reverse("contracts:hold", args=["AAA", held.number])))
    page = text(client.get(url))
    assert f'<option value="{room.customer.pk}" selected>' in page
    assert f'<option value="{room.salesperson.pk}" selected>' in page
    assert client.get(f"{at('subscription_new', room.unit.pk)}?hold=ZZZZ9999").status_code == 404


def test_a_quotation_fills_the_form_in(room, sign_in):
    quoted = selling.quotation(room, method="MORTGAGE")
    page = text(sign_in(room.specialist).get(f"{at('subscription_new', room.unit.pk)}?quotation={quoted.number}"))
    assert f'<option value="{quoted.pk}" selected>' in page and '<option value="MORTGAGE" selected>' in page


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"share1": "90"}, "make 90 percent"),
        ({"share1": "90", "share2": "10"}, "Name the buyer."),
        ({"agent_name1": "Li An"}, "Say in which role"),
        ({"deposit": "1"}, "At least 50,000.00"),
        ({"deposit": "900000"}, "At most 541,324.80"),
        ({"buyer1": ""}, "Name the buyer."),
        ({"op_id": ""}, "Open this form anew."),
    ],
)
def test_what_is_refused_stands_at_its_field_and_nothing_typed_is_lost(room, sign_in, changes, told):
    typed = form(room, agent_phone1="13800000001") | changes
    response = sign_in(room.specialist).post(at("subscription_new", room.unit.pk), typed)
    assert response.status_code == 422
    assert told in text(response) and "13800000001" in text(response)
    assert not Subscription.every.exists()


def test_a_lost_race_is_told_in_the_form(room, sign_in):
    hold(room.unit, room.theirs, room.colleague, room.specialist)
    response = sign_in(room.specialist).post(at("subscription_new", room.unit.pk), form(room))
    assert response.status_code == 409
    assert "is held for a customer of" in text(response) and f"{room.other.number} is free" in text(response)


def test_a_draft_is_corrected_and_discarded(room, sign_in):
    row, client = selling.draft(room), sign_in(room.specialist)
    edit = at("subscription_edit", row.code)
    assert f'<option value="{room.customer.pk}" selected>' in text(client.get(edit))
    second = customer(room.a, room.salesperson, name="Xu Yan")
    typed = form(room, version="0", share1="50", buyer2=second.pk, share2="50", deposit="60000")
    assert client.post(edit, typed).status_code == 302
    page = text(client.get(at("subscription", row.code)))
    assert "Xu Yan" in page and "60,000" in page
    discard = at("subscription_discard", row.code)
    assert client.post(discard, {"op_id": uuid.uuid4(), "reason": ""}).status_code == 422
    page = client.post(discard, {"op_id": uuid.uuid4(), "reason": "Wants another"}, follow=True)
    assert "Draft discarded" in text(page) and "Wants another" in text(page)
    assert not [
        at(name, row.code)
        for name in ("subscription_edit", "subscription_activate")
        if at(name, row.code) in text(page)
    ]


def test_the_numbers_of_an_agent_are_never_shown_in_full_and_stay_when_left_empty(room, sign_in):
    client, edit = sign_in(room.specialist), "subscription_edit"
    acts = {"agent_kind1": "AGENT", "agent_name1": "Li An", "agent_paper1": "PASSPORT"}
    typed = form(room, **acts, agent_number1="E7654321", agent_phone1="13812345678")
    page = client.post(at("subscription_new", room.unit.pk), typed, follow=True)
    row = Subscription.every.get()
    for shown in (text(page), text(client.get(at(edit, row.code)))):
        assert "Li An" in shown and "E7654321" not in shown and "13812345678" not in shown
    assert client.post(at(edit, row.code), form(room, version="0", **acts)).status_code == 302
    buyer = Buyer.every.get()
    assert (buyer.agent_number, buyer.agent_phone) == ("E7654321", "13812345678")
    other = {**acts, "agent_name1": "Li Bo"}
    assert client.post(at(edit, row.code), form(room, version="1", **other)).status_code == 302
    buyer.refresh_from_db()
    assert (buyer.agent_number, buyer.agent_phone) == ("", "")


def test_a_small_deposit_is_topped_up_made_void_again_and_lapses(room, sign_in):
    row = selling.active(room, selling.small(room))
    client = sign_in(room.supervisor)
    page = text(client.get(at("subscription", row.code)))
    for name in ("subscription_top_up", "subscription_lapse", "subscription_void"):
        assert at(name, row.code) in page
        assert client.get(at(name, row.code)).status_code == 200
    typed = {"op_id": uuid.uuid4(), "receipt": "R2", "received": "30000", "letter_back": "on"}
    assert client.post(at("subscription_top_up", row.code), typed).status_code == 302
    void = {"op_id": uuid.uuid4(), "reason": "Wrong unit"}
    assert client.post(at("subscription_void", row.code), void).status_code == 302
    typed = {"op_id": uuid.uuid4(), "outcome": "REFUND", "target": "available", "reason": "No loan"}
    assert client.post(at("subscription_lapse", row.code), typed).status_code == 302

    row.refresh_from_db()
    assert (row.close_reason, Unit.every.get(pk=room.unit.pk).status) == ("LAPSED", Status.AVAILABLE)


def test_waivers_undoing_notices_and_extensions_have_their_pages(room, sign_in):
    row = selling.active(room)
    client = sign_in(room.specialist)
    line = Document.every.filter(trade=row.trade, moment="SIGN").first()
    waive = at("document_waive", row.code, line.pk)
    assert waive in text(client.get(at("subscription", row.code)))
    assert client.post(waive, {"op_id": uuid.uuid4(), "reason": "Lost"}).status_code == 302
    approval = Approval.objects.get()
    assert (
        reverse("approval", args=[approval.pk])
        and client.get(reverse("approval", args=[approval.pk])).status_code == 200
    )
    typed = {"op_id": uuid.uuid4(), "copies": "1"}
    assert client.post(at("document_receive", row.code, line.pk), typed).status_code == 302
    undo = at("document_undo", row.code, line.pk)
    assert undo in text(client.get(at("subscription", row.code)))
    assert client.post(undo, {"op_id": uuid.uuid4(), "reason": "Slip"}).status_code == 302
    extend = at("subscription_extend", row.code)
    typed = {"op_id": uuid.uuid4(), "reason": "Bank", "until": "2099-01-01"}
    assert client.post(extend, typed).status_code == 302
    assert client.get(reverse("approval", args=[Approval.objects.latest("pk").pk])).status_code == 200
    overdue(row)
    for name in ("subscription_warn", "subscription_end"):
        assert at(name, row.code) in text(client.get(at("subscription", row.code)))
        typed = {"op_id": uuid.uuid4(), "on": row.due_on.isoformat()}
        assert client.post(at(name, row.code), typed).status_code == 422
        typed = {"op_id": uuid.uuid4(), "on": clock.today(room.a.zone).isoformat()}
        assert client.post(at(name, row.code), typed).status_code == 302
    assert "deadline passed" in text(client.get(at("subscription", row.code)))


def test_the_list_filters_and_the_workbench_says_what_falls_due(room, sign_in):
    row, drafted = selling.active(room), selling.draft(room, unit=room.other)
    client = sign_in(room.specialist)
    page = text(client.get(at("subscription_list")))
    assert row.number in page and at("subscription", drafted.code) in page
    page = text(client.get(at("subscription_list"), {"state": "ACTIVE"}))
    assert row.number in page and at("subscription", drafted.code) not in page
    assert row.number not in text(client.get(at("subscription_list"), {"overdue": "passed"}))
    home = text(client.get(reverse("home"), follow=True))
    assert "No subscription is to be signed or topped up within two days." in home
    overdue(row)
    assert row.number in text(client.get(at("subscription_list"), {"overdue": "passed"}))
    home = text(client.get(reverse("home"), follow=True))
    assert at("subscription", row.code) in home


def test_the_search_finds_a_subscription_by_its_number(room, sign_in):
    row = selling.active(room)
    assert at("subscription", row.code) in text(
        sign_in(room.specialist).get(reverse("search"), {"q": row.number.lower()})
    )
    assert at("subscription", row.code) not in text(sign_in(room.colleague).get(reverse("search"), {"q": row.number}))


def test_an_empty_list_says_how_to_begin(room, sign_in):
    assert "Nothing was subscribed yet." in text(sign_in(room.specialist).get(at("subscription_list")))


def test_b16_5_readers_read_and_salespeople_their_own(room, sign_in):
    row = selling.active(room)
    paper = Document.every.filter(trade=row.trade).last()
    for reader in (room.salesperson, room.finance, room.management):
        page = text(sign_in(reader).get(at("subscription", row.code)))
        assert row.number in page
        assert at("subscription_extend", row.code) not in page
        assert at("document_receive", row.code, paper.pk) not in page
    assert room.customer.name in text(sign_in(room.salesperson).get(at("subscription", row.code)))
    assert room.customer.name not in text(sign_in(room.finance).get(at("subscription", row.code)))
    for stranger in (room.colleague, room.other_supervisor, room.other_salesperson):
        client = sign_in(stranger)
        for name in ("subscription", "subscription_edit", "subscription_activate", "subscription_void"):
            assert client.get(at(name, row.code)).status_code == 404
        assert client.post(at("document_receive", row.code, paper.pk)).status_code == 404
        assert row.number not in text(client.get(at("subscription_list"), follow=True))


def test_the_list_asks_no_more_for_more_rows(room, sign_in):
    client = sign_in(room.specialist)

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get(at("subscription_list"))
        return len(queries)

    selling.draft(room)
    asked()
    few = asked()
    for floor in range(20, 24):
        selling.draft(room, unit=build.unit(room.unit.building, floor=floor, by=room.specialist))
    assert asked() == few
