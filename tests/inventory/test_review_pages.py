"""Pages of the review, of putting on sale, of changes, prices and discounts: who may come, what they show, what they refuse."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.urls import reverse

from inventory.models import DiscountPolicy, ListingBatch, PriceLine, PriceList, Project, Unit
from inventory.queries.scope import units_visible_to
from inventory.services import prices, review
from inventory.states import BatchState, Review, Status
from salescontrol.core import clock
from salescontrol.core.access import access_of
from salescontrol.core.models import Approval
from tests import build
from tests.core.test_approvals import Counter
from tests.inventory import stock


@pytest.fixture
def house(people):
    return build.building(people.a)


@pytest.fixture
def batch(people, house):
    found = stock.batch(people.a, people.marketing)
    found.drafts = stock.drafts(house, found, people.marketing)
    return found


def url(people, name: str, *args) -> str:
    return reverse(f"inventory:{name}", args=[people.a.code, *args])


def body(response) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


# ---------------------------------------------------------------- review


def test_the_review_page_shows_what_is_missing_and_filters_by_it(people, batch, sign_in):
    bad = batch.drafts[0]
    Unit.objects.filter(pk=bad.pk).update(orientation="", no_discount=False)
    review.submit_batch(batch=batch, by=people.marketing)
    client = sign_in(people.supervisor)
    page = body(client.get(url(people, "batch_review", batch.pk)))
    assert "Orientation, Discount policy" in page
    assert page.count('name="chosen"') == 3
    page = body(client.get(url(people, "batch_review", batch.pk), {"missing": "on"}))
    assert page.count('name="chosen"') == 1


def test_the_review_page_shows_changes_beside_what_was_there(people, house, sign_in):
    found = stock.batch(people.a, people.marketing)
    unit = build.unit(house, by=people.specialist)
    stock.changed_line(found, unit, {"orientation": "S"}, {"orientation": "SN"})
    page = body(sign_in(people.supervisor).get(url(people, "batch_review", found.pk)))
    assert "<del>South</del> → <ins>South and north</ins>" in page


def test_the_supervisor_approves_on_the_page(people, batch, sign_in):
    review.submit_batch(batch=batch, by=people.marketing)
    client = sign_in(people.supervisor)
    assert "3 new units" in body(client.get(url(people, "batch_approve", batch.pk)))
    answer = client.post(url(people, "batch_approve", batch.pk), {"comment": ""})
    assert answer.status_code == 302
    assert stock.statuses(batch.drafts) == {Status.WITHHELD}


def test_an_incomplete_batch_is_refused_on_the_page_by_name(people, batch, sign_in):
    Unit.objects.filter(pk=batch.drafts[0].pk).update(layout=None)
    review.submit_batch(batch=batch, by=people.marketing)
    answer = sign_in(people.supervisor).post(url(people, "batch_approve", batch.pk), {"comment": "fine"})
    assert answer.status_code == 422
    assert batch.drafts[0].number in body(answer)
    assert "fine" in body(answer)


def test_units_are_returned_from_the_page_and_a_missing_comment_keeps_the_choice(people, batch, sign_in):
    review.submit_batch(batch=batch, by=people.marketing)
    client, first = sign_in(people.supervisor), batch.drafts[0]
    answer = client.post(url(people, "batch_return_units", batch.pk), {"chosen": [first.pk], "comment": ""})
    assert answer.status_code == 422
    assert re.search(rf'value="{first.pk}" aria-label="[^"]*" checked', body(answer))
    client.post(url(people, "batch_return_units", batch.pk), {"chosen": [first.pk], "comment": "Which way?"})
    first.refresh_from_db()
    assert (first.review, first.review_comment) == (Review.RETURNED, "Which way?")


def test_the_whole_batch_is_returned_on_the_page(people, batch, sign_in):
    review.submit_batch(batch=batch, by=people.marketing)
    client = sign_in(people.supervisor)
    assert client.post(url(people, "batch_return", batch.pk), {"comment": ""}).status_code == 422
    assert client.post(url(people, "batch_return", batch.pk), {"comment": "Areas?"}).status_code == 302
    assert ListingBatch.objects.get().state == BatchState.RETURNED


@pytest.mark.parametrize("name", ["batch_approve", "batch_return", "batch_return_units"])
def test_the_author_of_a_batch_cannot_decide_it_on_the_page(people, batch, sign_in, name):
    review.submit_batch(batch=batch, by=people.marketing)
    answer = sign_in(people.marketing).post(
        url(people, name, batch.pk), {"comment": "x", "chosen": [batch.drafts[0].pk]}
    )
    assert answer.status_code == 403
    assert stock.reviews(batch.drafts) == {Review.SUBMITTED}


def test_another_project_finds_no_batch(people, batch, sign_in):
    client = sign_in(people.other_supervisor)
    assert client.get(url(people, "batch_review", batch.pk)).status_code == 404
    assert client.get(reverse("inventory:batch_review", args=[people.b.code, batch.pk])).status_code == 404


def test_drafts_are_submitted_from_their_page(people, house, sign_in):
    drafts = stock.drafts(house, None, people.specialist, 2)
    client = sign_in(people.specialist)
    assert client.post(url(people, "drafts"), {"note": "Shops"}).status_code == 422
    answer = client.post(url(people, "drafts"), {"chosen": [unit.pk for unit in drafts], "note": "Shops"})
    assert answer.status_code == 302
    assert Approval.objects.get().reason == "Shops"


def test_empty_pages_say_what_belongs_there(people, sign_in):
    client = sign_in(people.supervisor)
    for name, words in (
        ("drafts", "No draft is open"),
        ("release", "No unit is withheld"),
        ("withhold", "No unit is available"),
        ("price_lists", "No price list yet"),
        ("discounts", "No discount policy yet"),
    ):
        assert words in body(client.get(url(people, name))), name


def test_what_may_be_missing_is_relaxed_with_a_reason(people, sign_in):
    client = sign_in(people.supervisor)
    assert client.post(url(people, "review_rules"), {"facts": ["layout"], "reason": ""}).status_code == 422
    client.post(url(people, "review_rules"), {"facts": ["layout"], "reason": "Not in the file"})
    project = Project.objects.get(pk=people.a.pk)
    assert (project.optional_before_approval, project.optional_reason) == (["layout"], "Not in the file")
    assert sign_in(people.specialist).get(url(people, "review_rules")).status_code == 403


def test_the_review_page_asks_the_same_questions_for_one_and_for_thirty(people, house, sign_in):
    counts = []
    client = sign_in(people.supervisor)
    for number, size in enumerate((1, 30), start=1):
        found = stock.batch(people.a, people.marketing, f"LB-{number}")
        stock.drafts(build.building(people.a, f"{number}0#"), found, people.marketing, size)
        client.get(url(people, "batch_review", found.pk))
        with connection.execute_wrapper(counter := Counter()):
            assert client.get(url(people, "batch_review", found.pk)).status_code == 200
        counts.append(counter.count)
    assert counts[0] == counts[1]


# ---------------------------------------------------------------- putting on sale


def test_one_unit_is_put_on_sale_from_its_page(people, house, sign_in):
    unit = build.unit(house, by=people.specialist, status=Status.WITHHELD)
    client = sign_in(people.supervisor)
    assert "no pre-sale permit" in body(client.get(url(people, "unit_release", unit.pk)))
    answer = client.post(url(people, "unit_release", unit.pk), {"reason": "Phase 2"})
    assert answer.status_code == 409
    assert "Phase 2" in body(answer)
    build.permit(house)
    assert client.post(url(people, "unit_release", unit.pk), {"reason": "Phase 2"}).status_code == 302
    assert client.post(url(people, "unit_withhold", unit.pk), {"reason": ""}).status_code == 422
    assert client.post(url(people, "unit_withhold", unit.pk), {"reason": "Bank"}).status_code == 302
    unit.refresh_from_db()
    assert (unit.status, unit.status_reason, unit.event_seq) == (Status.WITHHELD, "Bank", 3)


def test_all_that_match_the_filter_are_put_on_sale(people, house, sign_in):
    units = stock.stock(house, people.specialist, 4, Status.WITHHELD)
    build.permit(house)
    client = sign_in(people.supervisor)
    page = body(client.get(url(people, "release")))
    assert page.count('name="chosen"') == 4
    answer = client.post(f"{url(people, 'release')}?floor_from=3", {"everything": "on", "reason": "Upper floors"})
    assert answer.status_code == 302
    assert list(Unit.objects.order_by("floor").values_list("status", flat=True)) == [
        Status.WITHHELD, Status.WITHHELD, Status.AVAILABLE, Status.AVAILABLE
    ]  # fmt: skip
    client.post(url(people, "release"), {"chosen": [units[0].pk], "reason": "One"})
    assert Unit.objects.get(pk=units[0].pk).status == Status.AVAILABLE


def test_a_whole_column_is_put_on_sale_together(people, house, sign_in):
    units = stock.stock(house, people.specialist, 3, Status.WITHHELD)
    other = stock.stock(house, people.specialist, 3, Status.WITHHELD, room="03")
    build.permit(house)
    address = f"{url(people, 'release')}?building={house.pk}&stack=02"
    assert body(sign_in(people.supervisor).get(address)).count('name="chosen"') == 3
    sign_in(people.supervisor).post(address, {"everything": "on", "reason": "Column 02"})
    assert stock.statuses(units) == {Status.AVAILABLE}
    assert stock.statuses(other) == {Status.WITHHELD}


def test_a_refused_release_keeps_reason_and_choice(people, house, sign_in):
    units = stock.stock(house, people.specialist, 2, Status.WITHHELD)
    answer = sign_in(people.supervisor).post(url(people, "release"), {"chosen": [units[0].pk], "reason": "Phase 2"})
    page = body(answer)
    assert answer.status_code == 409
    assert "Phase 2" in page
    assert re.search(rf'value="{units[0].pk}" aria-label="[^"]*" checked', page)


def test_a_specialist_proposes_on_the_same_page(people, house, sign_in):
    unit = build.unit(house, by=people.specialist)
    client = sign_in(people.specialist)
    assert "Propose" in body(client.get(url(people, "unit_withhold", unit.pk)))
    client.post(url(people, "unit_withhold", unit.pk), {"reason": "Bank"})
    unit.refresh_from_db()
    assert unit.status == Status.AVAILABLE
    assert Approval.objects.get().kind == "unit.withhold"


@pytest.mark.parametrize("name", ["release", "withhold"])
@pytest.mark.parametrize("who", ["salesperson", "marketing", "finance"])
def test_others_do_not_come_to_these_pages(people, sign_in, name, who):
    assert sign_in(getattr(people, who)).get(url(people, name)).status_code == 403


def test_abuse_6_extra_fields_in_the_form_change_nothing(people, house, sign_in):
    unit = build.unit(house, by=people.specialist, status=Status.WITHHELD)
    build.permit(house)
    sign_in(people.supervisor).post(
        url(people, "unit_release", unit.pk),
        {"reason": "Phase 2", "status": "CONTRACTED", "salesperson": people.colleague.pk, "list_total": "1"},
    )
    unit.refresh_from_db()
    assert (unit.status, unit.salesperson, unit.list_total) == (Status.AVAILABLE, None, Decimal("2706624.00"))


# ---------------------------------------------------------------- changes


def change_data(client, people, unit, **edited) -> dict:
    """What the form shows, with some fields edited, as a browser would post it."""
    form = client.get(url(people, "unit_change", unit.pk)).context["form"]
    return {**{name: form[name].value() or "" for name in form.fields}, **edited}


def test_a_change_is_asked_for_with_present_values_shown(people, house, sign_in):
    unit = build.unit(house, by=people.specialist)
    client = sign_in(people.specialist)
    data = change_data(client, people, unit, orientation="SN", reason="Surveyed anew")
    assert data["list_total"] == "2706624.00"
    assert "floor_total" not in data
    answer = client.post(url(people, "unit_change", unit.pk), data)
    approval = Approval.objects.get()
    assert answer.url == reverse("approval", args=[approval.pk])
    page = body(sign_in(people.supervisor).get(answer.url))
    assert "South and north" in page
    assert "floor_total" in change_data(client, people, unit)


def test_abuse_8_a_wrong_figure_is_told_at_its_field_and_nothing_typed_is_lost(people, house, sign_in):
    unit = build.unit(house, by=people.specialist)
    client = sign_in(people.specialist)
    data = change_data(client, people, unit, built_area="abc", note="Corner of the yard", reason="Surveyed anew")
    answer = client.post(url(people, "unit_change", unit.pk), data)
    page = body(answer)
    assert answer.status_code == 422
    assert "is not a number" in page
    assert "Corner of the yard" in page


def test_abuse_11_a_form_open_too_long_gets_409(people, house, sign_in):
    unit = build.unit(house, by=people.specialist)
    client = sign_in(people.specialist)
    data = change_data(client, people, unit, orientation="SN", reason="Surveyed anew")
    Unit.objects.filter(pk=unit.pk).update(version=9)
    assert client.post(url(people, "unit_change", unit.pk), data).status_code == 409


def test_a_floor_price_reaches_no_page_of_a_specialist(people, house, sign_in):
    unit = build.unit(
        house, by=people.specialist, floor_unit_price=Decimal("31415.00"), floor_total=Decimal("3719536.00")
    )
    second_request = {"orientation": "SN", "reason": "x"}
    client = sign_in(people.specialist)
    client.post(url(people, "unit_change", unit.pk), change_data(client, people, unit, **second_request))
    addresses = [
        url(people, "unit_change", unit.pk),
        reverse("approval_list"),
        reverse("approval", args=[Approval.objects.get().pk]),
    ]
    for address in addresses:
        page = client.get(address).content.decode()
        assert "31415" not in page
        assert "3,719,536" not in page
        assert "3719536" not in page


@pytest.mark.parametrize("who", ["marketing", "finance", "management"])
def test_who_may_not_ask_for_changes(people, house, sign_in, who):
    unit = build.unit(house, by=people.specialist)
    answer = sign_in(getattr(people, who)).get(url(people, "unit_change", unit.pk))
    assert answer.status_code in (403, 404)


# ---------------------------------------------------------------- prices


@pytest.fixture
def price_list(people, house) -> PriceList:
    stock.stock(house, people.specialist)
    return prices.create_price_list(
        project=people.a,
        kind="LIST",
        title="Autumn",
        effective_from=clock.now() - timedelta(minutes=1),
        reason="Selling well",
        visible=units_visible_to(access_of(people.specialist)),
        percent=Decimal("-4"),
        by=people.specialist,
    )


def test_a_price_list_is_proposed_and_opens_with_its_grid(people, house, sign_in):
    stock.stock(house, people.specialist)
    client = sign_in(people.specialist)
    assert 'value="FLOOR"' not in body(client.get(url(people, "price_list_new")))
    data = {
        "title": "Autumn",
        "kind": "LIST",
        "effective_from": "2026-12-01T09:00",
        "percent": "２．５",
        "reason": "Selling well",
    }
    assert client.post(url(people, "price_list_new"), {**data, "reason": ""}).status_code == 422
    assert client.post(url(people, "price_list_new"), {**data, "kind": "FLOOR"}).status_code == 422
    answer = client.post(url(people, "price_list_new"), {**data, "buildings": [house.pk]})
    page = body(client.get(answer.url))
    assert 'value="23431.50"' in page
    assert page.count('name="line"') == 3


def test_the_grid_stores_and_a_wrong_cell_is_told_in_its_place(people, price_list, sign_in):
    client, line = sign_in(people.specialist), price_list.lines.first()
    address = url(people, "price_list_lines", price_list.pk)
    cells = {
        "line": [line.pk],
        "version": 1,
        f"unit_price_{line.pk}": "abc",
        f"total_{line.pk}": "",
        f"note_{line.pk}": "N",
    }
    answer = client.post(address, cells)
    assert answer.status_code == 422
    assert "is not a number" in body(answer)
    assert 'value="abc"' in body(answer)
    assert client.post(address, {**cells, f"unit_price_{line.pk}": "23000"}).status_code == 302
    line.refresh_from_db()
    assert (line.total, line.note) == (Decimal("2723200.00"), "N")
    assert client.post(address, {**cells, f"unit_price_{line.pk}": "24000"}).status_code == 409


def test_lines_are_taken_out_from_the_grid(people, price_list, sign_in):
    client, line = sign_in(people.specialist), price_list.lines.first()
    lines = {"line": [line.pk], "version": 1, "chosen": [line.pk], "remove": "1"}
    assert client.post(url(people, "price_list_lines", price_list.pk), lines).status_code == 302
    assert price_list.lines.count() == 2


def test_head_percentage_template_and_submission(people, price_list, sign_in):
    client = sign_in(people.specialist)
    head = {"title": "Winter", "effective_from": "2026-12-01T09:00", "reason": "Cold", "version": 1}
    assert client.post(url(people, "price_list_head", price_list.pk), head).status_code == 302
    assert (
        client.post(url(people, "price_list_adjust", price_list.pk), {"percent": "60", "version": 2}).status_code == 422
    )
    assert (
        client.post(url(people, "price_list_adjust", price_list.pk), {"percent": "1", "version": 2}).status_code == 302
    )
    answer = client.get(url(people, "price_list_template", price_list.pk))
    assert answer["Content-Type"].endswith("spreadsheetml.sheet")
    upload = {"version": 3, "file": SimpleUploadedFile("prices.xlsx", answer.content)}
    totals = list(PriceLine.objects.values_list("total", flat=True))
    answer = client.post(url(people, "price_list_file", price_list.pk), upload)
    assert answer.status_code == 302, body(answer)
    assert list(PriceLine.objects.values_list("total", flat=True)) == totals
    assert "3 units are locked" in body(client.get(url(people, "price_list_submit", price_list.pk)))
    assert client.post(url(people, "price_list_submit", price_list.pk), {"version": 4}).status_code == 302
    assert PriceList.objects.get().state == "SUBMITTED"


def test_lines_below_the_floor_are_counted_only_for_who_may_know(people, price_list, sign_in):
    address = url(people, "price_list", price_list.pk)
    assert "Below the floor price" in body(sign_in(people.supervisor).get(address))
    assert "Below the floor price" not in body(sign_in(people.specialist).get(address))


def test_a_price_list_is_hidden_from_who_may_not_read_it(people, price_list, sign_in):
    for who, status in (("marketing", 404), ("salesperson", 404), ("other_supervisor", 404), ("finance", 200)):
        answer = sign_in(getattr(people, who)).get(url(people, "price_list", price_list.pk))
        assert answer.status_code == status, who
    assert sign_in(people.salesperson).get(url(people, "price_lists")).status_code == 403


def test_a_waiting_line_says_that_it_takes_effect_after_the_claim(people, price_list, sign_in):
    line = price_list.lines.first()
    build.place_in(Status.HELD, line.unit)
    PriceList.objects.update(state="EFFECTIVE")
    page = body(sign_in(people.supervisor).get(url(people, "price_list", price_list.pk)))
    assert page.count("takes effect when the claim ends") == 1
    assert "1 wait for the end of a claim" in page


# ---------------------------------------------------------------- discounts

POLICY = {
    "name": "Opening",
    "kind": "PERCENT",
    "percent": "2",
    "amount": "",
    "valid_from": "2026-11-01",
    "valid_to": "2027-12-31",
    "position": "1",
    "stackable": "on",
    "reason": "Opening month",
}


def test_a_policy_goes_its_way_on_the_pages(people, house, sign_in):
    client = sign_in(people.marketing)
    answer = client.post(url(people, "discount_new"), {**POLICY, "buildings": [house.pk]})
    policy = DiscountPolicy.objects.get()
    assert answer.url == url(people, "discount", policy.pk)
    approval = Approval.objects.get()
    sign_in(people.supervisor).post(reverse("approval", args=[approval.pk]), {"answer": "approve"})
    page = body(sign_in(people.salesperson).get(url(people, "discounts")))
    assert "Opening" in page
    assert "2 %" in page
    client = sign_in(people.marketing)
    assert 'value="Opening"' in body(client.get(url(people, "discount_change", policy.pk)))
    client.post(url(people, "discount_change", policy.pk), {**POLICY, "percent": "1.5"})
    newer = DiscountPolicy.objects.get(version=2)
    page = body(sign_in(people.supervisor).get(reverse("approval", args=[Approval.objects.latest("pk").pk])))
    assert "2.00 %" in page
    assert "1.5" in page
    answer = sign_in(people.supervisor).post(url(people, "discount_end", policy.pk), {"reason": "Sold out"})
    assert answer.status_code == 302
    assert "Ended" in body(sign_in(people.supervisor).get(url(people, "discount", policy.pk)))
    assert newer.replaces == policy


@pytest.mark.parametrize("percent", ["101", "-1", "NaN", "abc", "1e309", "1.234", "100"])
def test_abuse_9_impossible_discounts_are_told_at_the_field(people, sign_in, percent):
    answer = sign_in(people.marketing).post(url(people, "discount_new"), {**POLICY, "percent": percent})
    assert answer.status_code == 422
    assert answer.context["form"].errors.keys() == {"percent"}
    assert not DiscountPolicy.objects.exists()


def test_a_returned_policy_is_corrected_on_its_page(people, sign_in):
    client = sign_in(people.marketing)
    client.post(url(people, "discount_new"), POLICY)
    policy = DiscountPolicy.objects.get()
    answer = {"answer": "return", "comment": "Too much"}
    sign_in(people.supervisor).post(reverse("approval", args=[Approval.objects.get().pk]), answer)
    client = sign_in(people.marketing)
    assert "Correct and submit" in body(client.get(url(people, "discount", policy.pk)))
    client.post(url(people, "discount_edit", policy.pk), {**POLICY, "percent": "1"})
    policy.refresh_from_db()
    assert (policy.percent, policy.state) == (Decimal("1.00"), "SUBMITTED")
