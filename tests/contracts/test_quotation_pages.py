"""Pages of quotations: worked out and saved, read and printed, and what no page tells a salesperson or a specialist."""

import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from contracts.models import Quotation
from contracts.services import quotations
from contracts.states import QuotationState
from enquiries.models import Customer
from salescontrol.core import approvals, clock
from salescontrol.core.models import Approval, AuditEvent
from tests.contracts.stock import hold
from tests.contracts.test_quotations import ask, decide, make, paper, special
from tests.inventory.stock import policy

pytestmark = pytest.mark.django_db
D = Decimal
FLOOR = ("2,616,640", "2616640", "22,100", "floor price", "Below")


def at(name: str, *args) -> str:
    return reverse(f"sales:{name}", args=["AAA", *args])


def text(response) -> str:
    return response.content.decode()


def form(**changes) -> dict:
    return {"op_id": uuid.uuid4(), "method": "FULL", "valid_until": clock.today().isoformat(), **changes}


def test_a_price_is_worked_out_before_anything_is_kept_and_then_saved(room, sign_in):
    public = policy(room.a, room.marketing, name="Opening", percent=D("2"), conditions="Within May")
    client, url = sign_in(room.salesperson), at("quotation_new", room.unit.pk)
    panel = text(
        client.get(reverse("inventory:board_panel", args=["AAA", room.unit.pk]), headers={"HX-Request": "true"})
    )
    assert url in panel
    page = text(client.get(url))
    assert "Opening · 2.00 % · Within May" in page and "¥2,706,624" in page and 'name="salesperson"' not in page

    typed = form(
        customer=room.customer.pk, policies=[public.pk], special_amount="１０,000", method="MORTGAGE", loan="200 万",
        loan_years="30", loan_rate="0", reason="Second flat",
    )  # fmt: skip
    page = text(client.post(url, {**typed, "calculate": "1"}))
    assert not Quotation.every.exists()
    for shown in (
        "¥2,642,492",
        "¥22,318.34",
        "¥642,492",
        "¥2,000,000",
        "¥5,555.56",
        "1. Opening",
        "2. Special discount",
    ):
        assert shown in page, shown
    assert "needs approval of the supervisor" in page and "Second flat" in page

    response = client.post(url, typed, follow=True)
    row = Quotation.every.get()
    assert response.redirect_chain == [(at("quotation", row.number), 302)]
    assert (row.total, row.state) == (D("2642492"), QuotationState.DRAFT)
    assert (row.customer, row.salesperson) == (room.customer, room.salesperson)
    page = text(response)
    spelled = "贰佰陆拾肆万贰仟肆佰玖拾贰元整"
    for shown in (spelled, "¥5,555.56", room.customer.name, "30 years", "Commercial mortgage"):
        assert shown in page, shown
    assert client.post(url, typed).status_code == 302 and Quotation.every.count() == 1


def test_the_desk_quotes_a_new_customer_with_the_terms_of_a_hold(room, sign_in):
    claim = hold(room.unit, room.customer, room.salesperson, room.specialist)
    client, url = sign_in(room.specialist), at("quotation_new", room.unit.pk)
    assert url in text(client.get(reverse("contracts:hold", args=["AAA", claim.number])))
    page = text(client.get(url))
    assert "as on the day the hold began" in page and f'value="{room.customer.pk}" selected' in page
    typed = form(new_name="Sun Li", new_phone="13800138000", salesperson=room.colleague.pk)
    text(client.post(url, {**typed, "calculate": "1"}))
    assert not Customer.every.filter(name="Sun Li").exists(), "working a price out enters nobody"
    client.post(url, typed)
    assert (Quotation.every.get().customer.name, Quotation.every.get().salesperson) == ("Sun Li", room.colleague)


def test_what_is_missing_stands_at_its_field_and_nothing_typed_is_lost(room, sign_in):
    client, url = sign_in(room.specialist), at("quotation_new", room.unit.pk)
    response = client.post(url, form(special_percent="4", salesperson=room.salesperson.pk))
    assert response.status_code == 422 and "Attach what the price is based on" in text(response)
    assert "Give the reason: whoever decides reads it." in text(response) and 'value="4"' in text(response)
    for field, value in (
        ("special_percent", "NaN"),
        ("special_amount", "1e309"),
        ("loan", "-3"),
        ("loan_rate", "1.234"),
    ):
        response = client.post(url, form(**{field: value, "calculate": "1"}))
        assert response.status_code == 422, field
    paper = SimpleUploadedFile("ground.pdf", b"%PDF-1.7\n%%EOF")
    typed = form(special_percent="4", salesperson=room.salesperson.pk, reason="Staff", evidence=paper)
    assert client.post(url, typed).status_code == 302
    row = Quotation.every.get()
    response = client.get(at("quotation_file", row.number))
    assert response.status_code == 200 and 'filename="ground.pdf"' in response["Content-Disposition"]
    response.close()


def test_consent_is_asked_for_given_and_read_on_the_page(room, sign_in):
    row = special(room, "1", room.salesperson)
    client = sign_in(room.salesperson)
    page = text(client.get(at("quotation_ask", row.number)))
    assert "needs approval of the supervisor" in page and "Bought two before" in page
    client.post(at("quotation_ask", row.number), {"op_id": uuid.uuid4(), "reason": "Please"})
    approval = Approval.objects.get()
    page = text(client.get(at("quotation", row.number)))
    assert "Waiting for consent" in page and approvals.page_url(approval) in page
    client = sign_in(room.supervisor)
    assert at("quotation", row.number) in text(client.get(approvals.page_url(approval)))
    decide(approval, room.supervisor)
    page = text(client.get(at("quotation", row.number)))
    assert "Consent given" in page and at("quotation_ask", row.number) not in page
    client.post(at("quotation_withdraw", row.number), {"op_id": uuid.uuid4()})
    assert Quotation.every.get().state == QuotationState.WITHDRAWN


def test_decisions_4_no_page_tells_a_salesperson_or_specialist_of_the_floor_price(room, sign_in):
    row = make(room, room.salesperson, special_amount=D("100000"), reason="Why", upload=paper())
    approval = ask(row, room.salesperson)
    pages = [
        at("quotation", row.number),
        at("quotation_list"),
        at("quotation_ask", row.number),
        approvals.page_url(approval),
    ]
    url, typed = at("quotation_new", room.unit.pk), {"special_amount": "100000", "reason": "Why"}
    for person in (room.salesperson, room.specialist):
        client = sign_in(person)
        shown = [text(client.get(page)) for page in [*pages, url]]
        shown.append(text(client.post(url, form(calculate="1", salesperson=room.salesperson.pk, **typed))))
        for page in shown:
            assert not [word for word in (*FLOOR, "10,016", "0.38") if word in page]
        assert "needs approval of supervisor, management and finance" in shown[0] + shown[-1]
    for person in (room.supervisor, room.finance, room.management):
        assert "10,016 (0.38%)" in text(sign_in(person).get(at("quotation", row.number)))
    shown = text(sign_in(room.supervisor).post(url, form(calculate="1", salesperson=room.salesperson.pk, **typed)))
    assert "10,016 (0.38%)" in shown


def test_abuse_25_a_colleagues_quotation_is_not_there(room, sign_in):
    row = make(room, room.specialist, salesperson=room.colleague, special_percent=D("1"), reason="Why", upload=paper())
    client = sign_in(room.salesperson)
    for name in ("quotation", "quotation_ask", "quotation_withdraw", "quotation_file"):
        there, nowhere = client.get(at(name, row.number)), client.get(at(name, "ZZZZ9999"))
        assert there.status_code == nowhere.status_code == 404
        assert client.post(at(name, row.number), {"op_id": uuid.uuid4(), "reason": "x"}).status_code in (404, 405)
    assert row.number not in text(client.get(at("quotation_list")))
    assert client.get(at("quotation_new", room.other.pk)).status_code == 404


def test_the_list_filters_and_asks_no_more_for_more_rows(room, sign_in):
    first, second = make(room), special(room, "1", customer=room.customer)
    client = sign_in(room.specialist)
    page = text(client.get(at("quotation_list")))
    assert first.number in page and second.number in page and room.customer.name in page
    assert AuditEvent.objects.filter(action="customer.list", actor=room.specialist).exists()
    page = text(client.get(at("quotation_list"), {"state": "READY"}))
    assert first.number in page and second.number not in page
    page = text(client.get(at("quotation_list"), {"salesperson": room.salesperson.pk}))
    assert first.number in page
    counts = []
    for more in (0, 4):
        for _one in range(more):
            make(room, customer=room.customer)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            client.get(at("quotation_list"))
        counts.append(len(asked))
    assert counts[0] == counts[1]
    assert "No price was quoted yet" in text(sign_in(room.colleague).get(at("quotation_list")))
    assert client.get(at("quotation_list"), {"format": "xlsx"}).status_code == 200


def test_past_its_day_it_says_so_and_offers_nothing(room, sign_in):
    row = special(room, "1", room.salesperson)
    row.valid_until = clock.today() - timedelta(days=1)
    row._change_reason = "quotation.build"
    row.save()
    client = sign_in(room.salesperson)
    page = text(client.get(at("quotation", row.number)))
    assert "past" in page and at("quotation_ask", row.number) not in page
    response = client.post(at("quotation_ask", row.number), {"op_id": uuid.uuid4(), "reason": "Please"})
    assert response.status_code == 409 and "Make a new one." in text(response)


def test_a_refused_price_keeps_the_form_and_says_whom_to_ask(room, sign_in):
    client, url = sign_in(room.salesperson), at("quotation_new", room.unit.pk)
    for amount in range(1, 6):
        assert client.post(url, form(special_amount=str(amount), calculate="1")).status_code == 200
    response = client.post(url, form(special_amount="6", calculate="1"))
    assert response.status_code == 422 and "Ask the supervisor." in text(response)
    hold(room.unit, room.theirs, room.colleague, room.specialist)
    response = client.post(url, form(special_amount="5", calculate="1"))
    assert response.status_code == 409 and "not for sale now" in text(response)
    assert quotations.KIND in approvals.KINDS
