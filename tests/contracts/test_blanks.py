"""The stock of blank forms: no serial twice, and what became of each is known (domain B7)."""

import threading
import uuid

import pytest
from django.db import connection
from django.urls import reverse

from contracts.models import BlankForm, BlankRange
from contracts.queries import blanks as queries
from contracts.services import blanks
from contracts.states import FormKind, FormState
from salescontrol.core import clock
from salescontrol.core.errors import Conflict, Forbidden, Refusal
from tests.contracts.stock import subscribed

pytestmark = pytest.mark.django_db


def take(room, first="A000101", last="A000110", **changes) -> BlankRange:
    what = {"op_id": uuid.uuid4(), "project": room.a, "kind": FormKind.RECEIPT, "first": first, "last": last,
            "taken_on": clock.today(room.a.zone), "by": room.specialist, **changes}  # fmt: skip
    return blanks.take_in(**what)


def about(room, first="A000101", last="", **changes) -> dict:
    return {"op_id": uuid.uuid4(), "project": room.a, "kind": FormKind.RECEIPT, "first": first, "last": last,
            "by": room.specialist, **changes}  # fmt: skip


def states(*serials) -> list[str]:
    return [BlankForm.objects.get(serial=serial).state for serial in serials]


def test_a_range_comes_in_each_form_with_its_history(room):
    row = take(room)
    assert str(row) == "A000101–A000110"
    assert BlankForm.objects.count() == BlankForm.history.count() == 10
    assert queries.stock(room.a)[0]["counts"][0]["count"] == 10


@pytest.mark.parametrize(
    ("first", "last", "code"),
    [("A1", "B2", "serials"), ("A09", "A100", "serials"), ("A9", "A1", "serials"), ("", "", "serials"), ("AB", "AC", "serials"),
     ("A0001", "A9999", "too_many"), ("A" * 21 + "1", "A" * 21 + "2", "serials"), ("一1", "一2", "serials")],
)  # fmt: skip
def test_serials_that_are_none_are_refused(room, first, last, code):
    with pytest.raises(Refusal) as caught:
        take(room, first, last)
    assert caught.value.code == code
    assert not BlankRange.objects.exists()


@pytest.mark.parametrize(
    ("first", "last"), [("A000110", "A000115"), ("A000095", "A000101"), ("a000105", ""), ("A000090", "A000120")]
)
def test_overlapping_ranges_are_refused(room, first, last):
    take(room)
    with pytest.raises(Conflict) as caught:
        take(room, first, last)
    assert caught.value.code == "serial_known"
    assert BlankForm.objects.count() == 10
    take(room, first, last, kind=FormKind.CONTRACT)


def test_given_out_used_void_returned(room):
    take(room)
    trade = subscribed(room.unit, room.customer, room.salesperson, room.specialist).trade
    assert blanks.give_out(**about(room, "A000101", "A000105"), holder=room.salesperson) == 5
    blanks.mark(**about(room, "A000101"), state=FormState.USED, trade=trade.number.lower())
    blanks.mark(**about(room, "A000102"), state=FormState.VOID, reason="Spoilt")
    blanks.mark(**about(room, "A000106"), state=FormState.RETURNED, reason="Old print")
    blanks.mark(**about(room, "A000103"), state=FormState.LEFT)
    assert states("A000101", "A000102", "A000103", "A000104", "A000106") == ["USED", "VOID", "LEFT", "OUT", "RETURNED"]
    assert BlankForm.objects.get(serial="A000101").trade == trade
    counts = {one["state"]: one["count"] for one in queries.stock(room.a)[0]["counts"]}
    assert list(counts.values()) == [5, 2, 1, 1, 1]


def test_what_may_not_be_done_with_a_form(room):
    take(room)
    blanks.mark(**about(room), state=FormState.VOID, reason="Spoilt")
    refused = [
        ("other_state", lambda: blanks.give_out(**about(room), holder=room.salesperson)),
        ("other_state", lambda: blanks.mark(**about(room), state=FormState.RETURNED, reason="x")),
        ("other_state", lambda: blanks.mark(**about(room, "A000102"), state=FormState.LEFT)),
        ("no_reason", lambda: blanks.mark(**about(room, "A000102"), state=FormState.VOID)),
        ("no_trade", lambda: blanks.mark(**about(room, "A000102"), state=FormState.USED, trade="ZZZZ9999")),
        ("no_such_form", lambda: blanks.mark(**about(room, "A000999"), state=FormState.VOID, reason="x")),
        ("holder", lambda: blanks.give_out(**about(room, "A000102"), holder=room.other_salesperson)),
    ]
    for code, act in refused:
        with pytest.raises(Refusal) as caught:
            act()
        assert caught.value.code == code
    with pytest.raises(Forbidden):
        take(room, "B1", "B2", by=room.salesperson)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_who_take_in_the_same_serials_at_once(room):
    barrier, results = threading.Barrier(2), []

    def work(first: str, last: str) -> None:
        try:
            barrier.wait()
            take(room, first, last)
            results.append("in")
        except Conflict as refusal:
            results.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=pair) for pair in (("A000001", "A000200"), ("A000150", "A000300"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["in", "serial_known"]
    assert BlankRange.objects.count() == 1
    serials = list(BlankForm.objects.values_list("serial", flat=True))
    assert len(serials) == len(set(serials))


def at(name: str) -> str:
    return reverse(f"sales:{name}", args=["AAA"])


def test_the_pages_of_the_stock(room, sign_in):
    client = sign_in(room.specialist)
    assert "No blank forms were entered yet" in client.get(at("form_list")).content.decode()
    typed = {
        "op_id": uuid.uuid4(),
        "kind": "RECEIPT",
        "first": "A01",
        "last": "A03",
        "taken_on": clock.today(room.a.zone),
    }
    for name in ("form_take_in", "form_give_out", "form_mark"):
        assert client.get(at(name)).status_code == 200
    assert "Taken in: A01–A03." in client.post(at("form_take_in"), typed, follow=True).content.decode()
    again = client.post(at("form_take_in"), {**typed, "op_id": uuid.uuid4()})
    assert again.status_code == 409 and "in the stock already" in again.content.decode()
    typed = {"op_id": uuid.uuid4(), "kind": "RECEIPT", "first": "A01", "last": "A02", "holder": room.salesperson.pk}
    assert "2 forms were given out." in client.post(at("form_give_out"), typed, follow=True).content.decode()
    typed = {"op_id": uuid.uuid4(), "kind": "RECEIPT", "first": "A01", "state": "VOID", "reason": "Spoilt by ink"}
    assert "1 form was marked." in client.post(at("form_mark"), typed, follow=True).content.decode()
    assert "Spoilt by ink" in client.get(at("form_list")).content.decode()
    assert sign_in(room.salesperson).get(at("form_list")).status_code == 403
    assert sign_in(room.finance).get(at("form_take_in")).status_code == 403
