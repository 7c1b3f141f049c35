"""Quotations: what is kept, whose consent is asked for and given, when one may be subscribed on, and that nobody reads the floor
price out of it (R3.1, domain B4, B16.6; decisions 4, 11)."""

import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from contracts.models import Quotation
from contracts.services import erasing, merging, quotations, quoting
from contracts.states import Consent, PaymentMethod, QuotationState
from enquiries.models import Customer
from inventory.models import Unit
from inventory.queries.concerned import concerned
from inventory.states import Status
from salescontrol.core import approvals, clock, options
from salescontrol.core.access import access_of
from salescontrol.core.errors import Conflict, Forbidden, NotVisible, Refusal
from salescontrol.core.models import Approval, AuditEvent, Notice
from tests import build
from tests.contracts.stock import hold, subscribed
from tests.inventory.stock import policy

pytestmark = pytest.mark.django_db
D = Decimal


def terms(room, **changes) -> quoting.Terms:
    fields = {"salesperson": room.salesperson, "method": PaymentMethod.FULL, "valid_until": clock.today()}
    return quoting.Terms(**{**fields, **changes})


def paper():
    return SimpleUploadedFile("ground.pdf", b"%PDF-1.7\n%%EOF")


def make(room, by=None, *, unit=None, upload=None, op_id=None, **changes) -> Quotation:
    return quotations.make_quotation(
        op_id=op_id or uuid.uuid4(), unit_id=(unit or room.unit).pk, terms=terms(room, **changes),
        by=by or room.specialist, upload=upload,
    )  # fmt: skip


def special(room, percent: str, by=None, **changes) -> Quotation:
    return make(room, by, special_percent=D(percent), reason="Bought two before", **changes)


def ask(row, by) -> Approval:
    quotations.ask_consent(op_id=uuid.uuid4(), number=row.number, reason="Agree, please", by=by)
    return Approval.objects.get(kind=quotations.KIND, target_id=row.pk, state="PENDING")


def decide(approval, *people, agree=True):
    for person in people:
        approvals.decide(approval_id=approval.pk, by=person, agree=agree, comment="" if agree else "Too little")


def again(row) -> Quotation:
    return Quotation.every.get(pk=row.pk)


def usable(row) -> None:
    with transaction.atomic():
        unit = Unit.every.select_related("project").get(pk=row.unit_id)
        quotations.require_usable(again(row), unit, clock.now())


def put(unit, **fields) -> None:
    unit.refresh_from_db()
    for name, value in fields.items():
        setattr(unit, name, value)
    unit._change_reason = "unit.build"
    unit.save()


def test_the_list_price_is_ready_at_once_and_kept_with_what_it_was_counted_from(room):
    row = make(room, room.salesperson, customer=room.customer)
    assert (row.state, row.consent, row.total, row.unit_price) == (
        QuotationState.READY,
        Consent.NONE,
        D("2706624"),
        D("22860"),
    )
    assert (row.list_total, row.area, row.floor_total, row.first_payment, row.loan, row.monthly) == (
        D("2706624"), D("118.40"), D("2616640"), D("2706624"), 0, None)  # fmt: skip
    assert (row.customer, row.salesperson, row.made_by, row.discounts) == (
        room.customer,
        room.salesperson,
        room.salesperson,
        [],
    )
    assert row.history.get().history_change_reason == "quotation.make"
    usable(row)


def test_public_discounts_are_kept_in_their_order_whatever_the_order_of_the_form(room):
    second = policy(room.a, room.marketing, name="Two", percent=None, amount=D("1000"), position=2)
    first = policy(room.a, room.marketing, name="One", percent=D("1"), position=1)
    row = make(room, policies=(second.pk, first.pk))
    assert [line["name"] for line in row.discounts] == ["One", "Two"]
    assert row.discounts[0] == {"policy": first.pk, "name": "One", "percent": "1.00"}
    assert (row.total, row.consent, row.state) == (D("2678558"), Consent.NONE, QuotationState.READY)


def test_a_policy_of_which_each_use_is_approved_needs_the_supervisor(room):
    asks = policy(room.a, room.marketing, name="Asks", percent=D("1"), needs_approval=True)
    row = make(room, policies=(asks.pk,))
    assert (row.consent, row.state) == (Consent.SUPERVISOR, QuotationState.DRAFT)


def test_a_policy_that_stands_alone_one_that_is_over_and_a_unit_without_policies(room):
    alone = policy(room.a, room.marketing, name="Alone", percent=D("1"), stackable=False)
    other = policy(room.a, room.marketing, name="Other", percent=D("1"), position=2)
    for chosen, code in (((alone.pk, other.pk), "not_stackable"), ((99_999_999,), "policy")):
        with pytest.raises(Refusal) as refused:
            make(room, policies=chosen)
        assert refused.value.code == code and list(refused.value.fields) == ["policies"]
    assert make(room, policies=(alone.pk,)).state == QuotationState.READY
    put(room.unit, no_discount=True)
    with pytest.raises(Refusal, match="not in force"):
        make(room, policies=(other.pk,))


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"special_percent": D("1"), "special_amount": D("5")}, "special_amount", "special"),
        ({"special_percent": D("-1")}, "special_percent", "special"),
        ({"special_percent": D("100")}, "special_percent", "special"),
        ({"special_amount": D("-5")}, "special_amount", "special"),
        ({"special_amount": D("2706624")}, "special_amount", "too_much"),
        ({"special_amount": D("9999999999")}, "special_amount", "too_much"),
        ({"loan": D("100000")}, "loan", "loan"),
        ({"method": PaymentMethod.MORTGAGE}, "loan", "loan"),
        ({"method": PaymentMethod.MORTGAGE, "loan": D("1005000")}, "loan", "loan"),
        ({"method": PaymentMethod.MORTGAGE, "loan": D("-10000")}, "loan", "loan"),
        ({"method": PaymentMethod.MORTGAGE, "loan": D("2170000"), "loan_years": 30, "loan_rate": D("3")}, "loan", "first_payment"),
        ({"method": PaymentMethod.MORTGAGE, "loan": D("1000000"), "loan_years": 30}, "loan_rate", "loan"),
        ({"method": PaymentMethod.MORTGAGE, "loan": D("1000000"), "loan_rate": D("3")}, "loan_years", "loan"),
        ({"days": -1}, "valid_until", "valid_until"),
        ({"days": 8}, "valid_until", "valid_until"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_at_its_field(room, changes, field, code):
    if "days" in changes:
        changes = {"valid_until": clock.today() + timedelta(days=changes["days"])}
    with pytest.raises(Refusal) as refused:
        make(room, reason="Why", **changes)
    assert (list(refused.value.fields), refused.value.code) == ([field], code)
    assert not Quotation.every.exists()


def test_abuse_9_a_loan_up_to_the_least_first_payment(room):
    loan = {"method": PaymentMethod.COMBINED, "loan": D("2160000"), "loan_years": 30, "loan_rate": D("0")}
    row = make(room, **loan)
    assert (row.first_payment, row.monthly) == (D("546624"), D("6000"))


def test_the_price_on_file_is_not_exceeded_or_only_warned_of_as_the_office_sets(room):
    put(room.unit, filed_total=D("2700000"))
    with pytest.raises(Refusal, match="price on file"):
        make(room)
    options.change(by=room.supervisor, project_id=room.a.pk, changes={"quotation.filed_blocks": False})
    offer = quotations.preview(unit=room.unit, terms=terms(room), by=room.specialist)
    assert offer.above_filed and make(room).state == QuotationState.READY


@pytest.mark.parametrize(
    ("percent", "consent", "deciders"),
    [
        ("1.00", Consent.SUPERVISOR, ["supervisor"]),
        ("1.01", Consent.MANAGEMENT, ["supervisor", "management"]),
        ("3.00", Consent.MANAGEMENT, ["supervisor", "management"]),
        ("3.01", Consent.FINANCE, ["supervisor", "finance", "management"]),
    ],
)
def test_b16_6_each_level_becomes_ready_by_the_last_of_its_deciders_only(room, percent, consent, deciders):
    row = special(room, percent, upload=paper())
    assert (row.consent, row.state) == (consent, QuotationState.DRAFT)
    with pytest.raises(Conflict, match="has to be ready"):
        usable(row)
    approval = ask(row, room.specialist)
    for person in deciders:
        assert again(row).state == QuotationState.ASKED
        with pytest.raises(Conflict):
            usable(row)
        decide(approval, getattr(room, person))
    assert again(row).state == QuotationState.READY
    usable(row)


def test_b16_6_below_the_floor_needs_everybody_however_little_is_taken_off(room):
    put(room.unit, floor_total=D("2706624"))
    assert make(room).consent == Consent.NONE, "at the floor price is not below it"
    with pytest.raises(Refusal) as refused:
        make(room, special_amount=D("1"))
    assert set(refused.value.fields) == {"reason", "evidence"}
    row = make(room, special_amount=D("1"), reason="Why", upload=paper())
    assert row.consent == Consent.FINANCE and row.evidence.name == "ground.pdf"
    public = policy(room.a, room.marketing, name="Public", percent=D("1"))
    assert make(room, policies=(public.pk,), reason="Why", upload=paper()).consent == Consent.FINANCE


def test_a_special_discount_has_a_reason(room):
    with pytest.raises(Refusal) as refused:
        make(room, special_percent=D("1"))
    assert list(refused.value.fields) == ["reason"]


def test_four_eyes_who_made_or_asked_does_not_decide_and_management_stands_in(room):
    approval = ask(special(room, "1", room.supervisor), room.supervisor)
    with pytest.raises(Forbidden):
        decide(approval, room.supervisor)
    decide(approval, room.management)
    row = special(room, "0.5", room.supervisor)
    approval = ask(row, room.specialist)
    with pytest.raises(Forbidden):
        decide(approval, room.supervisor)
    with pytest.raises((Forbidden, NotVisible)):
        decide(approval, room.colleague)
    decide(approval, room.management)
    assert again(row).state == QuotationState.READY


def test_returned_withdrawn_and_asked_again(room):
    row = special(room, "1", room.salesperson)
    decide(ask(row, room.salesperson), room.supervisor, agree=False)
    assert again(row).state == QuotationState.REFUSED
    with pytest.raises(Conflict, match="Returned by now"):
        ask(row, room.salesperson)

    row = special(room, "0.5", room.salesperson)
    approval = ask(row, room.salesperson)
    with pytest.raises(Forbidden):
        quotations.withdraw_quotation(op_id=uuid.uuid4(), number=row.number, by=room.specialist)
    approvals.withdraw(approval_id=approval.pk, by=room.salesperson)
    assert again(row).state == QuotationState.DRAFT
    approval = ask(row, room.salesperson)
    quotations.withdraw_quotation(op_id=uuid.uuid4(), number=row.number, by=room.salesperson)
    approval.refresh_from_db()
    assert (again(row).state, approval.state) == (QuotationState.WITHDRAWN, "WITHDRAWN")
    with pytest.raises(Conflict):
        quotations.withdraw_quotation(op_id=uuid.uuid4(), number=row.number, by=room.salesperson)
    acts = [record.history_change_reason for record in row.history.order_by("history_id")]
    twice = ["quotation.ask", "quotation.take_back"] * 2
    assert acts == ["quotation.make", *twice, "quotation.withdraw"]


def test_abuse_11_a_request_about_a_quotation_that_changed_is_out_of_date(room):
    row = special(room, "1")
    approval = ask(row, room.specialist)
    changed = again(row)
    changed.version += 1
    changed._change_reason = "quotation.build"
    changed.save()
    decide(approval, room.supervisor)
    approval.refresh_from_db()
    assert (approval.state, again(row).state) == ("STALE", QuotationState.DRAFT)


def test_it_is_usable_on_its_own_unit_while_valid_and_at_the_price_of_today(room, monkeypatch):
    row, other = make(room, valid_until=clock.today() + timedelta(days=2)), Unit.every.get(pk=room.other.pk)
    with pytest.raises(Conflict, match="another unit"):
        quotations.require_usable(row, other, clock.now())
    late = clock.now() + timedelta(days=2)
    quotations.require_usable(row, room.unit, late)
    with pytest.raises(Conflict, match="was valid until"):
        quotations.require_usable(row, room.unit, late + timedelta(days=1))
    put(room.unit, floor_total=D("2706625"))
    with pytest.raises(Conflict, match="changed since"):
        usable(row)
    put(room.unit, floor_total=D("2616640"), list_total=D("2706625"))
    with pytest.raises(Conflict, match="changed since"):
        usable(row)
    put(room.unit, list_total=D("2706624"), surveyed_built_area=D("118.00"))
    with pytest.raises(Conflict, match="changed since"):
        usable(row)


def test_decisions_11_the_price_of_a_live_claim_counts_and_goes_on_counting(room):
    hold(room.unit, room.customer, room.salesperson, room.specialist)
    room.unit.refresh_from_db()
    put(room.unit, list_total=D("3000000"), list_unit_price=D("25337.84"))
    row = make(room, room.salesperson, customer=room.customer)
    assert (row.list_total, row.list_unit_price) == (D("2706624"), D("22860"))
    usable(row)


def test_a_unit_that_is_not_for_sale_is_not_quoted(room):
    subscribed(room.unit, room.customer, room.salesperson, room.specialist)
    build.place_in(Status.WITHHELD, room.other)
    for unit in (room.unit, room.other):
        with pytest.raises(Conflict) as refused:
            make(room, unit=unit)
        assert refused.value.code == "not_for_sale"


def test_who_may_quote_what_to_whom(room):
    with pytest.raises(NotVisible):
        make(room, room.salesperson, unit=room.other)  # nobody's business of this salesperson
    with pytest.raises(NotVisible):
        make(room, room.other_salesperson)
    with pytest.raises(Forbidden):
        make(room, room.finance)
    with pytest.raises(NotVisible):
        make(room, room.salesperson, customer=room.theirs)
    with pytest.raises(Refusal, match="no salesperson"):
        make(room, room.salesperson, salesperson=room.colleague)
    hold(room.unit, room.theirs, room.colleague, room.specialist)
    with pytest.raises(Conflict, match="not for sale now"):
        make(room, room.salesperson)


def test_a_colleagues_quotation_is_nobodys(room):
    row = special(room, "1", room.salesperson)
    for act in (
        lambda: ask(row, room.colleague),
        lambda: quotations.withdraw_quotation(op_id=uuid.uuid4(), number=row.number, by=room.colleague),
    ):
        with pytest.raises(NotVisible):
            act()


def test_one_form_one_quotation_also_when_the_unit_is_sold_meanwhile(room):
    op_id = uuid.uuid4()
    row = make(room, op_id=op_id)
    assert make(room, op_id=op_id) == row
    subscribed(room.unit, room.customer, room.salesperson, room.specialist)
    assert make(room, op_id=op_id) == row and Quotation.every.count() == 1


def test_used_once_inside_the_transaction_of_its_subscription(room):
    row = make(room)
    with transaction.atomic():
        quotations.use(row, room.specialist)
    with pytest.raises(Conflict), transaction.atomic():
        quotations.use(row, room.specialist)
    assert again(row).state == QuotationState.USED


def test_decisions_4_how_many_prices_of_a_unit_may_be_asked_for_is_limited_and_on_record(room):
    def probe(amount, by, unit=room.unit):
        return quotations.preview(unit=unit, terms=terms(room, special_amount=D(amount)), by=by)

    for amount in range(1, 6):
        probe(amount, room.salesperson)
    probe(3, room.salesperson)  # the same price is no new question
    for _attempt in range(2):
        with pytest.raises(Refusal) as refused:
            probe(6, room.salesperson)
        assert refused.value.code == "too_often"
    with pytest.raises(Refusal):
        make(room, room.salesperson, special_amount=D("7"), reason="Why")
    assert AuditEvent.objects.filter(action=quoting.QUESTION, actor=room.salesperson).count() == 5
    assert AuditEvent.objects.filter(action=quoting.REFUSED, actor=room.salesperson).count() == 3
    assert Notice.objects.filter(to=room.supervisor, code=quoting.REFUSED).count() == 1
    probe(6, room.specialist)
    for amount in range(1, 9):
        probe(amount, room.supervisor)
    assert not AuditEvent.objects.filter(actor=room.supervisor, action=quoting.QUESTION).exists()


def test_the_request_tells_how_far_below_the_floor_only_those_who_may_know(room):
    row = make(room, special_amount=D("100000"), reason="Why", upload=paper())
    approval = ask(row, room.specialist)
    rule = approvals.KINDS[quotations.KIND]
    shown = {person: str(rule.present(approval, access_of(getattr(room, person)))) for person in
             ("supervisor", "management", "finance", "specialist", "salesperson")}  # fmt: skip
    for person in ("supervisor", "management", "finance"):
        assert "10,016 (0.38%)" in shown[person]
    for person in ("specialist", "salesperson"):
        assert "10,016" not in shown[person] and "floor" not in shown[person].lower()
        assert "needs approval of supervisor, management and finance" in shown[person]


def test_r1_8_whoever_has_an_open_quotation_hears_of_changes(room):
    room.other.salesperson = None
    row = make(room, unit=room.other)
    assert concerned([room.other]) == {room.salesperson: [room.other]}
    quotations.withdraw_quotation(op_id=uuid.uuid4(), number=row.number, by=room.specialist)
    assert concerned([room.other]) == {}


def test_quotations_of_a_customer_who_is_merged_go_along_but_those_that_are_over(room):
    other = Customer.every.get(pk=room.customer.pk)
    kept = Customer.every.get(pk=room.theirs.pk)
    live, over = make(room, customer=other), make(room, customer=other)
    quotations.withdraw_quotation(op_id=uuid.uuid4(), number=over.number, by=room.specialist)
    with transaction.atomic():
        merging.move(other, kept, room.specialist, "Twice")
    assert (again(live).customer, again(over).customer) == (kept, other)


def test_what_was_written_about_a_customer_who_is_erased_is_forgotten_but_not_the_figures(room):
    row = special(room, "1", customer=room.customer, upload=paper())
    approval = ask(row, room.specialist)
    ids = [room.customer.pk]
    part = erasing.PART
    with pytest.raises(Conflict, match="waits for consent"):
        part.require(room.customer, ids)
    assert room.customer.pk in set(part.held().values_list("pk", flat=True))
    decide(approval, room.supervisor)
    with transaction.atomic():
        part.forget(ids, room.supervisor, "x")
    row = again(row)
    assert (row.reason, row.evidence, row.total) == ("", None, D("2679558"))
    assert not row.history.exclude(reason="").exists()
    approval.refresh_from_db()
    assert (approval.reason, approval.subject) == ("", row.number)
    usable(row)
