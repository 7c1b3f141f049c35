"""Pages of holds: each in its good case, what was typed is kept, a lost race leads on, and who reads what."""

import io
import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from contracts.models import Claim, HoldRequest, WaitingEntry
from contracts.services import holds, requests, waiting
from contracts.states import ClaimState, HoldKind, RequestState, WaitingState
from enquiries.models import Customer
from inventory.models import Unit
from inventory.queries.present import card, sight
from inventory.states import Status
from salescontrol.core import clock
from salescontrol.core.access import access_of
from salescontrol.core.models import AuditEvent, Setting
from tests import build
from tests.contracts.stock import customer, hold
from tests.contracts.test_holds import later

pytestmark = pytest.mark.django_db


def at(name: str, *args) -> str:
    return reverse(f"contracts:{name}", args=["AAA", *args])


def text(response) -> str:
    return response.content.decode()


def panel(client, unit) -> str:
    return text(client.get(reverse("inventory:board_panel", args=["AAA", unit.pk]), headers={"HX-Request": "true"}))


def form(room, **changes) -> dict:
    typed = {
        "op_id": uuid.uuid4(), "customer": room.customer.pk, "kind": "CUSTOMER", "evidence": "ID_SEEN",
        "reason": "Decides tonight",
    }  # fmt: skip
    return {**typed, **changes}


def why() -> dict:
    return {"op_id": uuid.uuid4(), "reason": "They said so"}


def test_the_desk_holds_a_unit_and_comes_back_to_its_panel(room, sign_in):
    client = sign_in(room.specialist)
    assert at("hold_place", room.unit.pk) in panel(client, room.unit)
    page = client.get(at("hold_place", room.unit.pk))
    assert room.customer.name in text(page)
    response = client.post(at("hold_place", room.unit.pk), form(room), follow=True)

    claim = Claim.every.get()
    assert response.redirect_chain == [(f"{reverse('inventory:board', args=['AAA'])}?unit={room.unit.pk}", 302)]
    assert claim.salesperson == room.salesperson
    assert f"Hold {claim.number}." in text(response)
    assert f'data-ends-at="{claim.expires_at.astimezone(clock.local(claim.expires_at).tzinfo).isoformat()}"' in text(
        response
    )
    assert room.customer.name in text(response)


def test_a_new_customer_is_entered_with_the_hold(room, sign_in):
    typed = form(room, customer="", new_name="Sun Li", new_phone="138 0013 8000", salesperson=room.colleague.pk)
    assert sign_in(room.specialist).post(at("hold_place", room.unit.pk), typed).status_code == 302

    claim = Claim.every.get()
    assert (claim.customer.name, claim.customer.phone, claim.customer.owner) == (
        "Sun Li",
        "13800138000",
        room.colleague,
    )


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"customer": ""}, "Choose a customer, or enter name and phone of a new one."),
        ({"new_name": "Sun Li", "new_phone": "13800138000"}, "Choose a customer or enter a new one, not both."),
        ({"customer": "", "new_name": "Sun Li"}, "Enter the phone of the new customer too."),
        (
            {"customer": "", "new_name": "Sun Li", "new_phone": "12", "salesperson": "own"},
            "Enter a mobile or landline number",
        ),
        ({"evidence": "NONE"}, "Select a valid choice."),
        ({"reason": ""}, "This field is required."),
        ({"op_id": ""}, "Open this form anew."),
    ],
)
def test_what_is_missing_is_told_at_its_field_and_nothing_typed_is_lost(room, sign_in, changes, told):
    if changes.get("salesperson") == "own":
        changes = {**changes, "salesperson": room.salesperson.pk}
    response = sign_in(room.specialist).post(at("hold_place", room.unit.pk), form(room, reason="Kept") | changes)

    assert response.status_code == 422
    assert told in text(response)
    assert changes.get("reason", "Kept") in text(response)
    assert not Claim.every.exists()


def test_abuse_01_who_comes_too_late_reads_who_was_first_and_what_is_free(room, sign_in):
    client = sign_in(room.specialist)
    client.get(at("hold_place", room.unit.pk))
    hold(room.unit, room.theirs, room.colleague, room.supervisor)
    typed = form(room, reason="Wants it badly")
    response = client.post(at("hold_place", room.unit.pk), typed)

    assert response.status_code == 409
    assert f"held for a customer of {room.colleague.employee_no} {room.colleague.name}" in text(response)
    assert f'<a href="/p/AAA/board/?unit={room.other.pk}">{room.other.number} is free</a>' in text(response)
    assert "Wants it badly" in text(response)
    assert str(typed["op_id"]) not in text(response)


def test_abuse_02_the_same_form_twice_is_one_hold(room, sign_in):
    client, typed = sign_in(room.specialist), form(room)
    first, second = (client.post(at("hold_place", room.unit.pk), typed) for _time in range(2))
    assert (first.status_code, second.status_code) == (302, 302)
    assert first["Location"] == second["Location"]
    assert Claim.every.count() == 1


def test_abuse_06_further_fields_change_nothing(room, sign_in):
    more = {"state": "CONVERTED", "stage": "CONTRACT", "expires_at": "2099-01-01", "list_total": "1", "override": "yes",
            "placed_by": room.supervisor.pk, "number": "AAAA2222"}  # fmt: skip
    sign_in(room.specialist).post(at("hold_place", room.unit.pk), form(room) | more)

    claim = Claim.every.get()
    assert (claim.state, claim.stage, claim.placed_by) == (ClaimState.ACTIVE, "HOLD", room.specialist)
    assert claim.list_total == room.unit.list_total
    assert claim.number != "AAAA2222"
    assert claim.expires_at - claim.placed_at == timedelta(hours=24)
    assert not AuditEvent.objects.filter(action="claim.override").exists()


def test_abuse_07_no_step_is_skipped_by_a_forged_form(room, sign_in):
    """Illegal moves (B16.13): what is over cannot be extended or released, what is no offer cannot be taken."""
    claim = hold(room.unit, room.customer, room.salesperson, room.specialist)
    client = sign_in(room.specialist)
    taking = client.post(at("offer_take", claim.number), why() | {"evidence": "ID_SEEN"})
    naming = client.post(at("hold_complete", claim.number), why() | {"customer": room.theirs.pk})
    assert (taking.status_code, naming.status_code) == (409, 409)
    assert "This is no offer any more" in text(taking)

    assert client.post(at("hold_release", claim.number), why()).status_code == 302
    for name in ("hold_extend", "hold_release", "offer_take"):
        assert client.post(at(name, claim.number), why() | {"evidence": "ID_SEEN"}).status_code == 409
    sold = build.unit(room.unit.building, 14, by=room.specialist, status=Status.CONTRACTED)
    assert client.post(at("hold_place", sold.pk), form(room)).status_code == 409
    assert Unit.every.get(pk=room.unit.pk).status == Status.AVAILABLE


def test_the_supervisor_goes_beyond_the_rules_on_record(room, sign_in):
    Setting.objects.create(project_id=room.a.pk, key="hold.per_customer", value=1)
    hold(room.other, room.customer, room.salesperson, room.specialist)
    client = sign_in(room.supervisor)
    refused = client.post(at("hold_place", room.unit.pk), form(room))
    assert refused.status_code == 422
    assert "as many as the office allows" in text(refused)
    client.post(at("hold_place", room.unit.pk), form(room, override="Two brothers"))

    assert Claim.every.count() == 2
    assert AuditEvent.objects.get(action="claim.override").detail == {"reason": "Two brothers"}


def test_a_hold_is_extended_and_released_with_a_reason(room, sign_in):
    claim = hold(room.unit, room.customer, room.salesperson, room.specialist)
    client = sign_in(room.specialist)
    assert "Extended 0 of 1 times" in text(client.get(at("hold_extend", claim.number)))
    assert client.post(at("hold_extend", claim.number), why()).status_code == 302
    refused = client.post(at("hold_extend", claim.number), why())
    assert (refused.status_code, "The supervisor can extend it" in text(refused)) == (422, True)
    assert client.post(at("hold_release", claim.number), {"op_id": uuid.uuid4()}).status_code == 422
    response = client.post(at("hold_release", claim.number), why(), follow=True)

    assert f"{room.unit.number} was released." in text(response)
    page = text(client.get(at("hold", claim.number)))
    for told in ("Hold released by Wu Qian: They said so", "Hold extended by Wu Qian", "Held by Wu Qian"):
        assert told in page


def test_what_ran_out_stays_listed_although_nobody_wrote_it_down(room, sign_in, monkeypatch):
    over = hold(room.unit, room.customer, room.salesperson, room.specialist, kind=HoldKind.DEAL)
    live = hold(room.other, room.theirs, room.colleague, room.specialist)
    later(monkeypatch, minutes=11)
    client = sign_in(room.specialist)

    def numbers(**query) -> list[str]:
        rows = client.get(at("hold_list"), query).context["rows"]
        return [item["row"].number for item in rows]

    assert numbers() == [live.number, over.number]
    assert numbers(state="ACTIVE") == [live.number]
    assert numbers(state="EXPIRED") == [over.number]
    assert numbers(salesperson=room.colleague.pk, building=room.unit.building.pk) == [live.number]
    assert "ran out" in text(client.get(at("hold_list")))
    page = text(client.get(at("hold", over.number)))
    assert "Expired" in page
    assert at("hold_extend", over.number) not in page


def test_the_list_goes_into_a_workbook_with_its_record(room, sign_in):
    hold(room.unit, room.customer, room.salesperson, room.specialist)
    response = sign_in(room.specialist).get(at("hold_list"), {"format": "xlsx"})
    rows = list(load_workbook(io.BytesIO(response.content)).active.values)
    assert any(room.unit.number in row and f"{room.customer.name} ({room.customer.number})" in row for row in rows)
    assert AuditEvent.objects.filter(action="export").exists()


def test_a_hold_without_a_customer_is_completed(room, sign_in):
    claim = hold(room.unit, None, room.salesperson, room.specialist, kind=HoldKind.DEAL)
    client = sign_in(room.specialist)
    assert at("hold_complete", claim.number) in panel(client, room.unit)
    assert client.get(at("hold_complete", claim.number)).status_code == 200
    client.post(at("hold_complete", claim.number), why() | {"customer": room.customer.pk})

    claim.refresh_from_db()
    assert (claim.customer, claim.salesperson) == (room.customer, room.salesperson)
    assert "Customer of the hold named by Wu Qian" in text(client.get(at("hold", claim.number)))


def test_a_salesperson_asks_and_the_desk_places(room, sign_in):
    client = sign_in(room.salesperson)
    assert at("request_new", room.unit.pk) in panel(client, room.unit)
    page = text(client.get(at("request_new", room.unit.pk)))
    assert room.customer.name in page
    assert room.theirs.name not in page
    client.post(at("request_new", room.unit.pk), why() | {"customer": room.customer.pk})
    asked = HoldRequest.every.get()
    assert "They said so" in text(client.get(at("request", asked.number)))

    client = sign_in(room.specialist)
    assert [item["row"] for item in client.get(at("request_list")).context["rows"]] == [asked]
    assert asked.number in text(client.get(reverse("home")))
    place = f"{at('hold_place', room.unit.pk)}?request={asked.number}"
    assert place in text(client.get(at("request", asked.number)))
    assert 'name="new_phone"' not in text(client.get(place))
    client.post(place, form(room, salesperson=room.salesperson.pk))
    asked.refresh_from_db()
    assert (asked.state, asked.claim) == (RequestState.PLACED, Claim.every.get())
    late = client.post(place, form(room))
    assert late.status_code == 409


def test_a_salesperson_enters_a_new_customer_with_the_request(room, sign_in):
    typed = why() | {"new_name": "Sun Li", "new_phone": "13800138000"}
    assert sign_in(room.salesperson).post(at("request_new", room.unit.pk), typed).status_code == 302
    assert HoldRequest.every.get().customer.owner == room.salesperson


def test_a_salesperson_does_not_learn_whose_customer_a_number_is(room, sign_in):
    typed = why() | {"new_name": "Sun Li", "new_phone": room.theirs.phone}
    response = sign_in(room.salesperson).post(at("request_new", room.unit.pk), typed)

    assert response.status_code == 409
    assert "whom a colleague looks after" in text(response)
    assert room.theirs.number not in text(response)
    assert room.colleague.name not in text(response)
    assert AuditEvent.objects.filter(action="customer.probe", actor=room.salesperson).count() == 1


def test_a_wish_is_asked_for_and_the_desk_picks(room, sign_in):
    client = sign_in(room.salesperson)
    assert client.get(at("wish_new")).status_code == 200
    wish = why() | {"customer": room.customer.pk, "floor_from": "13", "budget": "２８０万"}
    assert client.post(at("wish_new"), why() | {"customer": room.customer.pk}).status_code == 422
    assert client.post(at("wish_new"), wish | {"floor_to": "2"}).status_code == 422
    assert client.post(at("wish_new"), wish).status_code == 302
    asked = HoldRequest.every.get()
    assert room.other.number not in text(client.get(at("request", asked.number)))

    page = sign_in(room.specialist).get(at("request", asked.number))
    assert [item["unit"] for item in page.context["fitting"]] == [room.other]
    assert "from floor 13, up to 280 万" in text(page)


@pytest.mark.parametrize("typed", ["-1", "NaN", "1e309", "0", "x", "Infinity"])
def test_abuse_08_a_budget_that_is_none_is_told_at_its_field(room, sign_in, typed):
    wish = why() | {"customer": room.customer.pk, "budget": typed}
    response = sign_in(room.salesperson).post(at("wish_new"), wish)
    assert response.status_code == 422
    assert "Enter an amount in 万" in text(response)


def test_a_request_is_rejected_with_an_answer_or_withdrawn(room, sign_in):
    made = [
        requests.ask_for_hold(
            op_id=uuid.uuid4(), project=room.a, unit_id=None, wish=requests.Wish(floor_from=floor), customer=room.customer,
            reason="Asks", by=room.salesperson,
        )
        for floor in (3, 4)
    ]  # fmt: skip
    client = sign_in(room.specialist)
    assert client.get(at("request_reject", made[0].number)).status_code == 200
    assert client.post(at("request_reject", made[0].number), {"op_id": uuid.uuid4()}).status_code == 422
    client.post(at("request_reject", made[0].number), {"op_id": uuid.uuid4(), "answer": "Opening on Sunday"})
    client = sign_in(room.salesperson)
    assert "Opening on Sunday" in text(client.get(at("request", made[0].number)))
    assert client.get(at("request_withdraw", made[1].number)).status_code == 200
    client.post(at("request_withdraw", made[1].number), {"op_id": uuid.uuid4()})

    states = HoldRequest.every.order_by("pk").values_list("state", flat=True)
    assert [*states] == [RequestState.REJECTED, RequestState.WITHDRAWN]


def test_customers_wait_are_offered_and_take(room, sign_in):
    claim = hold(room.unit, room.customer, room.salesperson, room.specialist)
    client = sign_in(room.specialist)
    assert at("waiting_join", room.unit.pk) in panel(client, room.unit)
    assert client.get(at("waiting_join", room.unit.pk)).status_code == 200
    client.post(at("waiting_join", room.unit.pk), {"op_id": uuid.uuid4(), "customer": room.theirs.pk, "note": "Waits"})
    assert "1 customer waits" in panel(client, room.unit)
    assert room.theirs.name in text(client.get(at("waiting_list", room.unit.pk)))
    client.post(at("hold_release", claim.number), why())
    offer = waiting.offer_next(unit_id=room.unit.pk)
    assert at("offer_take", offer.number) in panel(client, room.unit)
    assert offer.number in text(client.get(at("waiting_list", room.unit.pk)))
    assert client.get(at("offer_take", offer.number)).status_code == 200
    response = client.post(at("offer_take", offer.number), why() | {"evidence": "DEPOSIT"}, follow=True)

    assert "is held until" in text(response)
    assert WaitingEntry.every.get().state == WaitingState.TAKEN
    assert "Offer taken, held by Wu Qian" in text(client.get(at("hold", offer.number)))


def test_the_desk_is_led_to_the_waiting_list_when_customers_wait(room, sign_in):
    claim = hold(room.unit, room.customer, room.salesperson, room.specialist)
    waiting.join(op_id=uuid.uuid4(), unit_id=room.unit.pk, customer=room.theirs, salesperson=room.colleague, note="",
                 by=room.specialist)  # fmt: skip
    holds.release_hold(op_id=uuid.uuid4(), number=claim.number, reason="Off", by=room.specialist)
    client = sign_in(room.specialist)
    response = client.post(at("hold_place", room.unit.pk), form(room))
    assert response.status_code == 409
    assert f'href="{at("waiting_list", room.unit.pk)}"' in text(response)

    place = WaitingEntry.every.get()
    assert client.get(at("waiting_leave", place.number)).status_code == 200
    client.post(at("waiting_leave", place.number), why())
    assert client.post(at("hold_place", room.unit.pk), form(room)).status_code == 302


def test_what_was_written_about_a_colleagues_hold_is_not_read_on_the_unit(room, monkeypatch):
    """Neither when it was let go, nor when it ran out and nobody has written that down."""
    put = {"by": room.specialist, "reason": "Canary family decides"}
    claim = hold(room.unit, room.theirs, room.colleague, **put)

    def read(person) -> str:
        seen = sight(access_of(person), room.a.pk)
        return card(Unit.objects.select_related("salesperson").get(pk=room.unit.pk), seen).reason

    holds.release_hold(op_id=uuid.uuid4(), number=claim.number, reason="Canary went elsewhere", by=room.specialist)
    assert (read(room.salesperson), read(room.specialist)) == ("", "Canary went elsewhere")
    hold(room.unit, room.theirs, room.colleague, **put)
    later(monkeypatch, hours=25)
    assert (read(room.salesperson), read(room.specialist)) == ("", "")


def test_a_salesperson_reads_neutral_words_about_a_colleagues_hold(room, sign_in):
    claim = hold(room.unit, room.theirs, room.colleague, room.specialist)
    waiting.join(op_id=uuid.uuid4(), unit_id=room.unit.pk, customer=customer(room.a, room.colleague), note="",
                 salesperson=room.colleague, by=room.specialist)  # fmt: skip
    client = sign_in(room.salesperson)
    read = panel(client, room.unit)

    assert "Not available now. Ask the desk." in read
    for secret in (claim.number, room.theirs.number, room.theirs.name, room.colleague.name):
        assert secret not in read
    assert "waits" not in read
    for name, args in (("hold", [claim.number]), ("release_ask", [claim.number]), ("hold_release", [claim.number]),
                       ("waiting_leave", [WaitingEntry.every.get().number])):  # fmt: skip
        assert client.get(at(name, *args)).status_code == 404
    assert client.get(at("hold_list")).context["rows"] == []
    refused = client.post(at("request_new", room.unit.pk), why() | {"customer": room.customer.pk})
    assert refused.status_code == 409
    assert f"{room.unit.number} is not available now. Ask the desk." in text(refused)
    assert room.colleague.name not in text(refused)


def test_a_salesperson_sees_own_holds_asks_to_release_and_waits(room, sign_in):
    claim = hold(room.unit, room.customer, room.salesperson, room.specialist)
    client = sign_in(room.salesperson)
    read = panel(client, room.unit)
    assert room.customer.name in read
    assert at("release_ask", claim.number) in read
    assert at("hold_release", claim.number) not in read
    assert claim.number in text(client.get(at("hold_list")))
    assert room.customer.number in text(client.get(reverse("home")))
    client.post(at("release_ask", claim.number), why())
    assert "They said so" in text(sign_in(room.specialist).get(at("hold", claim.number)))

    other = customer(room.a, room.salesperson)
    client = sign_in(room.salesperson)
    assert client.get(at("waiting_join", room.unit.pk)).status_code == 200
    assert (
        client.post(at("waiting_join", room.unit.pk), {"op_id": uuid.uuid4(), "customer": other.pk}).status_code == 302
    )
    assert "Your customer waits" in panel(client, room.unit)


def test_looks_at_a_customers_name_are_on_record(room, sign_in):
    claim = hold(room.unit, room.customer, room.salesperson, room.specialist)
    client = sign_in(room.specialist)
    panel(client, room.unit)
    client.get(at("hold", claim.number))
    client.get(at("hold_list"))
    sign_in(room.finance).get(at("hold", claim.number))

    looks = AuditEvent.objects.filter(action__startswith="customer.").values_list("actor", "action", "target_id")
    assert sorted(looks, key=str) == sorted(
        [(room.specialist.pk, "customer.see", room.customer.pk)] * 2 + [(room.specialist.pk, "customer.list", None)],
        key=str,
    )


def test_a_form_that_names_customers_to_choose_from_is_on_record(room, sign_in):
    """The desk's names everybody of the project, one that answers a request names its customer, a salesperson's their own."""
    asked = requests.ask_for_hold(
        op_id=uuid.uuid4(), project=room.a, unit_id=room.unit.pk, wish=requests.Wish(), customer=room.customer,
        reason="Wants it", by=room.salesperson,
    )  # fmt: skip

    def counted(person, name: str, query: str = "") -> list[int]:
        before = AuditEvent.objects.order_by("pk").last()
        assert sign_in(person).get(at(name, room.unit.pk) + query).status_code == 200
        acts = AuditEvent.objects.filter(pk__gt=before.pk if before else 0, action="customer.list", actor=person)
        return [act.detail["count"] for act in acts]

    assert counted(room.specialist, "hold_place") == [2]
    assert counted(room.specialist, "hold_place", f"?request={asked.number}") == [1]
    assert counted(room.salesperson, "request_new") == [1]
    assert counted(room.specialist, "waiting_join") == [2]


def test_finance_reads_holds_by_the_customers_number(room, sign_in):
    claim = hold(room.unit, room.customer, room.salesperson, room.specialist)
    client = sign_in(room.finance)
    for page in (client.get(at("hold_list")), client.get(at("hold", claim.number))):
        assert room.customer.number in text(page)
        assert room.customer.name not in text(page)
    assert client.get(at("hold_release", claim.number)).status_code == 403


def test_a_claim_is_found_by_its_number_and_its_customers(room, sign_in):
    claim = hold(room.unit, room.customer, room.salesperson, room.specialist)
    for words in (claim.number, claim.number.lower(), room.customer.number):
        assert at("hold", claim.number) in text(sign_in(room.specialist).get(reverse("search"), {"q": words}))
        assert at("hold", claim.number) not in text(sign_in(room.colleague).get(reverse("search"), {"q": words}))


@pytest.mark.parametrize(
    ("who", "name", "told"),
    [
        ("specialist", "hold_list", "No unit was held yet."),
        ("specialist", "request_list", "Nobody asks for a hold."),
        ("salesperson", "request_list", "No requests yet."),
    ],
)
def test_an_empty_list_says_what_belongs_there(room, sign_in, who, name, told):
    assert told in text(sign_in(getattr(room, who)).get(at(name)))


def test_an_empty_workbench_and_waiting_list_say_so(room, sign_in):
    client = sign_in(room.specialist)
    home = text(client.get(reverse("home")))
    assert "No hold ends within two hours" in home
    assert "Nobody waits for this unit." in text(client.get(at("waiting_list", room.unit.pk)))


def _queries(client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(
        connection,
    ) as done:
        assert client.get(address).status_code == 200
    return len(done)


@pytest.mark.parametrize("who", ["specialist", "salesperson"])
def test_as_many_queries_for_thirty_rows_as_for_one(room, sign_in, who):
    Setting.objects.create(project_id=room.a.pk, key="hold.per_salesperson", value=50)
    client = sign_in(getattr(room, who))
    pages = [
        at("hold_list"),
        at("request_list"),
        reverse("home"),
        reverse("inventory:board_panel", args=["AAA", room.unit.pk]),
    ]
    if who == "specialist":
        pages.append(at("waiting_list", room.unit.pk))

    def fill(floor: int) -> None:
        unit = build.unit(room.unit.building, floor, by=room.specialist, salesperson=room.salesperson)
        mine = customer(room.a, room.salesperson)
        hold(unit, mine, room.salesperson, room.specialist)
        requests.ask_for_hold(op_id=uuid.uuid4(), project=room.a, unit_id=None, wish=requests.Wish(floor_from=floor),
                              customer=mine, reason="Asks", by=room.salesperson)  # fmt: skip
        waiting.join(op_id=uuid.uuid4(), unit_id=room.unit.pk, customer=mine, salesperson=room.salesperson, note="",
                     by=room.specialist)  # fmt: skip

    hold(room.unit, room.customer, room.salesperson, room.specialist)
    fill(40)
    few = [_queries(client, page) for page in pages]
    for floor in range(41, 70):
        fill(floor)
    assert [_queries(client, page) for page in pages] == few


def test_another_projects_holds_are_not_there(room, sign_in):
    claim = hold(room.unit, room.customer, room.salesperson, room.specialist)
    client = sign_in(room.other_supervisor)
    assert client.get(at("hold", claim.number)).status_code == 404
    assert client.get(reverse("contracts:hold", args=["BBB", claim.number])).status_code == 404
    assert client.get(reverse("contracts:hold_place", args=["BBB", room.unit.pk])).status_code == 404
    assert client.post(reverse("contracts:hold_release", args=["BBB", claim.number]), why()).status_code == 404


def test_no_customer_of_another_project_can_be_named(room, sign_in):
    foreign = customer(room.b, room.other_salesperson, by=room.other_supervisor)
    response = sign_in(room.specialist).post(at("hold_place", room.unit.pk), form(room, customer=foreign.pk))
    assert response.status_code == 422
    assert Customer.every.filter(project=room.a).count() == 2
