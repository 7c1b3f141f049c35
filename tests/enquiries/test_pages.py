"""The pages of customers: each address works, keeps what was typed, and shows no number that was not asked for."""

import io
import uuid

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from enquiries import phones
from enquiries.models import Customer
from enquiries.services import looks
from salescontrol.core import panels
from salescontrol.core.models import AuditEvent
from tests.enquiries import stock


def address(name: str, *args) -> str:
    return reverse(f"enquiries:{name}", args=["AAA", *args])


def text(response) -> str:
    return response.content.decode()


@pytest.fixture
def room(people):
    people.mine = stock.customer(people.a, people.salesperson, name="Chen Lan", note="Wants the river")
    people.theirs = stock.customer(people.a, people.colleague, name="Huang Bo")
    return people


def test_an_empty_list_offers_the_first_action(people, sign_in):
    page = text(sign_in(people.salesperson).get(address("customer_list")))
    assert "No customers yet. Enter the first one" in page
    assert address("customer_enter") in page
    page = text(sign_in(people.management).get(address("customer_list")))
    assert "No customers yet. The room enters them" in page
    assert address("customer_enter") not in page


def test_the_list_shows_the_desk_all_and_a_salesperson_their_own_masked(room, sign_in):
    page = text(sign_in(room.specialist).get(address("customer_list")))
    for row in (room.mine, room.theirs):
        assert row.name in page
        assert phones.masked(row.phone) in page
        assert row.phone not in page
        assert address("customer", row.number) in page
    assert "Xu Lei" in page
    page = text(sign_in(room.salesperson).get(address("customer_list")))
    assert "Chen Lan" in page
    assert not any(secret in page for secret in ("Huang Bo", room.theirs.number, "Xu Lei"))


def test_the_list_is_filtered_by_name_number_whole_phone_and_salesperson(room, sign_in):
    client = sign_in(room.specialist)
    for query in ({"q": "huang"}, {"q": room.theirs.number}, {"q": room.theirs.phone}, {"owner": room.colleague.pk}):
        response = client.get(address("customer_list"), query)
        assert [card.name for card in response.context["page"]] == ["Huang Bo"], query
    assert "Nothing matches the filter." in text(client.get(address("customer_list"), {"q": room.theirs.phone[:6]}))
    names = [card.name for card in client.get(address("customer_list"), {"sort": "-name"}).context["page"]]
    assert names == ["Huang Bo", "Chen Lan"]


def test_abuse_27_a_salesperson_filters_and_sorts_by_nothing_that_is_hidden(room, sign_in):
    client = sign_in(room.salesperson)
    plain = [card.name for card in client.get(address("customer_list")).context["page"]]
    for query in (
        "owner=" + str(room.colleague.pk),
        "owner__in=1,2,3",
        "sort=phone",
        "sort=owner",
        "phone_index=x",
        "note=x",
    ):
        assert [card.name for card in client.get(f"{address('customer_list')}?{query}").context["page"]] == plain


def test_the_list_needs_the_same_number_of_queries_for_one_and_for_thirty(
    people, sign_in, django_assert_max_num_queries, monkeypatch
):
    monkeypatch.setattr(looks, "PROBES_PER_HOUR", 100)
    client = sign_in(people.specialist)
    counts = []
    for number in (1, 29):
        for _time in range(number):
            stock.customer(people.a, people.salesperson)
        client.get(address("customer_list"))
        with django_assert_max_num_queries(100) as queries:
            client.get(address("customer_list"))
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_excel_holds_exactly_the_list_masked(room, sign_in):
    response = sign_in(room.specialist).get(address("customer_list"), {"q": "Chen", "format": "xlsx"})
    sheets = load_workbook(io.BytesIO(response.content)).worksheets
    cells = [cell for sheet in sheets for row in sheet.iter_rows(values_only=True) for cell in row if cell]
    assert {"Chen Lan", phones.masked(room.mine.phone), "Zhao Ming"} <= set(cells)
    assert not any("Huang" in str(cell) or room.mine.phone in str(cell) for cell in cells)
    assert "q=*" in cells


def test_management_reads_masked_and_takes_nothing_out(room, sign_in):
    client = sign_in(room.management)
    page = text(client.get(address("customer", room.mine.number)))
    assert phones.masked(room.mine.phone) in page
    assert address("customer_reveal", room.mine.number) not in page
    assert address("customer_change", room.mine.number) not in page
    assert client.post(address("customer_reveal", room.mine.number), {"purpose": "CALL"}).status_code == 403
    response = client.get(address("customer_list"), {"format": "xlsx"})
    assert response["Content-Type"].startswith("text/html")


def test_the_page_of_a_customer_masks_the_number_and_tells_their_life(room, sign_in):
    page = text(sign_in(room.specialist).get(address("customer", room.mine.number)))
    for shown in (
        "Chen Lan",
        phones.masked(room.mine.phone),
        "Wants the river",
        "Entered by Zhao Ming",
        room.mine.number,
    ):
        assert shown in page
    assert room.mine.phone not in page
    page = text(sign_in(room.salesperson).get(address("customer", room.mine.number)))
    assert "Entered by" not in page
    assert address("customer_owner", room.mine.number) not in page


def test_abuse_25_a_colleagues_customer_is_as_missing_as_one_that_is_not_there(room, sign_in):
    client = sign_in(room.salesperson)
    for name in ("customer", "customer_change", "customer_owner"):
        hidden, missing = (client.get(address(name, number)) for number in (room.theirs.number, "ZZZZZZZZ"))
        assert hidden.status_code == missing.status_code == 404
    for name in ("customer_change", "customer_owner", "customer_reveal"):
        assert client.post(address(name, room.theirs.number), {"purpose": "CALL"}).status_code == 404
    assert sign_in(room.other_supervisor).get(address("customer", room.mine.number)).status_code == 404
    assert (
        sign_in(room.management).get(reverse("enquiries:customer", args=["BBB", room.mine.number])).status_code == 404
    )


def test_the_number_is_shown_on_the_page_without_javascript(room, sign_in):
    client = sign_in(room.salesperson)
    response = client.post(address("customer_reveal", room.mine.number), {"purpose": "CALL"})
    assert response.status_code == 200
    assert room.mine.phone in text(response)
    assert "Wants the river" in text(response)
    assert "no-store" in response["Cache-Control"]
    assert room.mine.phone not in text(client.get(address("customer", room.mine.number)))


def test_with_htmx_only_the_line_of_the_number_comes_back(room, sign_in):
    response = sign_in(room.salesperson).post(
        address("customer_reveal", room.mine.number), {"purpose": "CALL"}, headers={"HX-Request": "true"}
    )
    assert room.mine.phone in text(response)
    assert "<html" not in text(response)
    assert AuditEvent.objects.filter(action="customer.reveal").count() == 1


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_a_refused_look_says_why_and_shows_nothing(room, sign_in, monkeypatch, headers):
    monkeypatch.setattr(looks, "REVEALS_PER_HOUR", 0)
    response = sign_in(room.salesperson).post(
        address("customer_reveal", room.mine.number), {"purpose": "CALL"}, headers=headers
    )
    assert response.status_code == 422
    assert "which is the limit" in text(response)
    assert room.mine.phone not in text(response)


def form_values(client, url: str, **values) -> dict:
    """What the form of this page would post, with these values entered."""
    form = client.get(url).context["form"]
    return {"op_id": form["op_id"].value(), **values} if "op_id" in form.fields else values


def test_a_salesperson_enters_a_customer(people, sign_in):
    client, phone = sign_in(people.salesperson), stock.phone()
    values = form_values(client, address("customer_enter"), name="Zhou Min", phone=phone, note="River view")
    first, again = (client.post(address("customer_enter"), values) for _time in range(2))
    row = Customer.every.get()
    assert (row.name, row.phone, row.owner) == ("Zhou Min", phone, people.salesperson)
    assert first.url == again.url == address("customer", row.number)
    assert "owner" not in client.get(address("customer_enter")).context["form"].fields


def test_the_desk_enters_a_customer_for_a_salesperson(people, sign_in):
    client = sign_in(people.specialist)
    values = form_values(
        client, address("customer_enter"), name="Zhou Min", phone=stock.phone(), owner=people.colleague.pk
    )
    assert client.post(address("customer_enter"), values).status_code == 302
    assert Customer.every.get().owner == people.colleague


def test_abuse_06_a_salesperson_sends_another_owner_along_and_stays_the_owner(people, sign_in):
    client = sign_in(people.salesperson)
    values = form_values(
        client, address("customer_enter"), name="Zhou Min", phone=stock.phone(), owner=people.colleague.pk
    )
    client.post(address("customer_enter"), values)
    assert Customer.every.get().owner == people.salesperson


def test_a_form_with_errors_keeps_what_was_typed(people, sign_in):
    client = sign_in(people.salesperson)
    values = form_values(client, address("customer_enter"), name="Zhou Min", phone="12", note="River view")
    response = client.post(address("customer_enter"), values)
    assert response.status_code == 422
    page = text(response)
    assert 'value="Zhou Min"' in page
    assert 'value="12"' in page
    assert "River view" in page
    assert "phone" in response.context["form"].errors


def test_a_clash_is_shown_at_the_number_to_a_salesperson_and_with_a_link_to_the_desk(room, sign_in):
    client = sign_in(room.salesperson)
    values = form_values(client, address("customer_enter"), name="Zhou Min", phone=room.theirs.phone)
    response = client.post(address("customer_enter"), values)
    assert response.status_code == 409
    assert "Ask the supervisor" in response.context["form"].errors["phone"][0]
    assert not any(secret in text(response) for secret in ("Huang Bo", room.theirs.number))
    client = sign_in(room.specialist)
    values = form_values(client, address("customer_enter"), name="Zhou Min", phone=room.theirs.phone)
    assert address("customer", room.theirs.number) in text(client.post(address("customer_enter"), values))


def test_a_customer_is_changed_and_the_form_never_holds_the_number(room, sign_in):
    client = sign_in(room.salesperson)
    url = address("customer_change", room.mine.number)
    page = text(client.get(url))
    assert phones.masked(room.mine.phone) in page
    assert room.mine.phone not in page
    response = client.post(url, {"name": "Chen Lan 陈兰", "phone": "", "note": "Floor 12"})
    assert response.url == address("customer", room.mine.number)
    row = Customer.every.get(pk=room.mine.pk)
    assert (row.name, row.note, row.phone) == ("Chen Lan 陈兰", "Floor 12", room.mine.phone)


def test_the_desk_gives_a_customer_to_another_salesperson(room, sign_in):
    client = sign_in(room.supervisor)
    url = address("customer_owner", room.mine.number)
    assert "Xu Lei" in text(client.get(url))
    missing = client.post(url, {"owner": room.colleague.pk, "reason": ""})
    assert missing.status_code == 422
    assert client.post(url, {"owner": room.colleague.pk, "reason": "On leave"}).status_code == 302
    assert Customer.every.get(pk=room.mine.pk).owner == room.colleague
    assert sign_in(room.salesperson).get(address("customer", room.mine.number)).status_code == 404


def test_a_salesperson_cannot_open_the_change_of_owner(room, sign_in):
    client = sign_in(room.salesperson)
    url = address("customer_owner", room.mine.number)
    assert client.get(url).status_code == 403
    assert client.post(url, {"owner": room.colleague.pk, "reason": "x"}).status_code == 403


def test_the_search_page_finds_customers_masked(room, sign_in):
    page = text(sign_in(room.specialist).get("/search/", {"q": room.mine.phone}))
    assert "Chen Lan" in page
    assert phones.masked(room.mine.phone) in page
    assert "Huang Bo" not in page
    page = text(sign_in(room.salesperson).get("/search/", {"q": room.theirs.phone}))
    assert "Huang Bo" not in page
    assert "Nothing found" in page


def test_the_rail_leads_to_customers_whoever_may_read_them(people, sign_in):
    for name, shown in (
        ("specialist", True),
        ("salesperson", True),
        ("management", True),
        ("finance", False),
        ("head", False),
    ):
        assert ('/customers/"' in text(sign_in(getattr(people, name)).get("/"))) is shown, name


def test_other_apps_add_sections_to_the_page_of_a_customer(room, sign_in, monkeypatch):
    seen = []
    section = panels.Section(1, "enquiries/customer_phone.html", lambda access, customer: seen.append(customer))
    monkeypatch.setitem(panels._PAGES, "customer", [section])
    sign_in(room.specialist).get(address("customer", room.mine.number))
    assert seen == [room.mine]


def test_abuse_45_hostile_text_is_shown_as_text(people, sign_in):
    hostile = '<img src=x onerror="1">{{7*7}}'
    row = stock.customer(people.a, people.salesperson, name=hostile, note=hostile)
    client = sign_in(people.salesperson)
    for url in (address("customer", row.number), address("customer_list"), "/search/?q=img"):
        page = text(client.get(url))
        assert "<img src=x" not in page
        assert "{{7*7}}" in page


def test_an_op_id_is_made_anew_for_each_form(people, sign_in):
    client = sign_in(people.salesperson)
    first, second = (uuid.UUID(str(form_values(client, address("customer_enter"))["op_id"])) for _time in range(2))
    assert first != second
