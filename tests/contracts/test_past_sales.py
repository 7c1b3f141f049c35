"""Past sales: every fault is told with its row, nothing is written then; good files come in whole, with their true dates (R3.3)."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import transaction
from django.urls import reverse

from contracts.models import Buyer, Claim, Contract, IssuedNumber, SalesImport, Subscription, Trade
from contracts.queries import figures
from contracts.services import numbers
from contracts.services import past_sales as service
from contracts.services.past_sales_problems import ERRORS, NOTICES, SaleProblem
from contracts.states import NumberKind, NumberState
from enquiries.models import Customer
from enquiries.states import IntakeState
from inventory.models import Unit, UnitEvent
from inventory.services import units
from inventory.states import BROUGHT_TABLE, Lock, Status
from salescontrol.core import audit, clock, proof, seals
from salescontrol.core.errors import Conflict, Forbidden, Refusal
from salescontrol.core.models import AuditEvent, Notice
from security.queries import consistency
from tests import build
from tests.contracts.stock import customer, hold
from tests.inventory.workbooks import workbook

pytestmark = pytest.mark.django_db
HEADS = {
    "楼栋": "5栋", "楼层": "7", "房号": "701", "建筑面积": "100.00", "成交总价": "2000000", "签约日期": "2025-03-10",
    "认购日期": "", "备案日期": "", "交付日期": "", "合同编号": "", "认购书编号": "", "付款方式": "", "买受人": "", "联系电话": "",
    "置业顾问": "", "户型": "",
}  # fmt: skip


def sale(**changes: str) -> list[str]:
    return [*{**HEADS, **changes}.values()]


@pytest.fixture
def bring(people, tmp_path):
    """Hand a workbook of these sales over and read it."""

    def give(*rows, create_units=True, heads=tuple(HEADS), by=None) -> SalesImport:
        path = workbook(tmp_path / "sales.xlsx", [heads, *rows])
        upload = SimpleUploadedFile("sales.xlsx", path.read_bytes())
        row = service.submit_file(
            project=people.a, upload=upload, create_units=create_units, by=by or people.supervisor
        )
        return service.read_import(import_id=row.pk)

    return give


def take_over(row: SalesImport, by) -> SalesImport:
    service.accept(row=row, version=row.version, by=by)
    return service.write_import(import_id=row.pk)


def told(row: SalesImport) -> list[tuple[int, str, str]]:
    return [(problem["row"], problem["code"], problem["field"]) for problem in row.outcome["problems"]]


def written() -> tuple[int, ...]:
    models = (Trade, Claim, Contract, Subscription, Buyer, Customer, Unit, UnitEvent)
    return (*(model.every.count() for model in models), IssuedNumber.objects.count())


def test_a_sale_comes_in_with_its_true_dates_buyer_and_numbers(people, bring):
    row = take_over(
        bring(sale(
            认购日期="2025-03-01", 备案日期="2025-03-20", 交付日期="2025-09-30", 合同编号="HT-0071", 认购书编号="RG-0071",
            付款方式="按揭", 买受人="周敏", 联系电话="13800030001", 置业顾问="Zhao Ming", 户型="3房2厅",
        )),
        people.supervisor,
    )  # fmt: skip
    assert (row.state, row.outcome["counts"]) == (
        IntakeState.DONE,
        {"new": 1, "unchanged": 0, "refused": 0, "units": 1},
    )
    unit, trade, claim = Unit.every.get(), Trade.every.get(), Claim.every.get()
    contract, subscription, buyer = Contract.every.get(), Subscription.every.get(), Buyer.every.get()
    assert (unit.status, unit.list_total, unit.batch.state, unit.layout.code) == (
        Status.DELIVERED, Decimal(2000000), "APPROVED", "3房2厅",
    )  # fmt: skip
    assert (trade.migrated, trade.salesperson, claim.trade, claim.customer) == (
        True,
        people.salesperson,
        trade,
        buyer.customer,
    )
    assert (buyer.customer.name, buyer.customer.phone, buyer.share) == ("周敏", "13800030001", 100)
    assert (contract.number, contract.method, contract.signed_on, contract.filed_on, contract.delivered_on) == (
        "HT-0071", "MORTGAGE", date(2025, 3, 10), date(2025, 3, 20), date(2025, 9, 30),
    )  # fmt: skip
    assert (subscription.number, subscription.signed_on, contract.subscription) == (
        "RG-0071",
        date(2025, 3, 1),
        subscription,
    )
    assert set(IssuedNumber.objects.values_list("number", "kind", "state")) == {
        ("HT-0071", NumberKind.CONTRACT, NumberState.RESERVED), ("RG-0071", NumberKind.SUBSCRIPTION, NumberState.RESERVED),
    }  # fmt: skip
    events = list(UnitEvent.every.order_by("seq"))
    assert [(event.action, event.business_date) for event in events] == [
        ("unit.bring_approved", date(2025, 3, 1)), ("unit.bring_released", date(2025, 3, 1)),
        ("trade.bring_subscribed", date(2025, 3, 1)), ("trade.bring_signed", date(2025, 3, 10)),
        ("trade.bring_handed_over", date(2025, 9, 30)),
    ]  # fmt: skip
    assert all(one.at <= two.at for one, two in pairwise(events))
    assert {event.action for event in events} == set(BROUGHT_TABLE)
    assert consistency.problems() == []
    assert AuditEvent.objects.get(action="past_sales.write").detail["new"] == 1
    # What the file said is forgotten; the counts stay.
    assert (row.dropped_at is not None, [*row.outcome]) == (True, ["counts"])


def test_units_that_are_there_take_the_sale_wherever_they_stand_without_a_claim(people, bring):
    where = build.building(people.a, "5栋", key="5")
    free, withheld = (
        build.unit(where, floor, "01", by=people.specialist, status=status, built_area=Decimal(100), inner_area=None)
        for floor, status in ((7, Status.AVAILABLE), (8, Status.WITHHELD))
    )
    row = bring(sale(), sale(楼层="8", 房号="801"), create_units=False)
    assert told(row) == [(3, "not_on_sale", "room")]
    take_over(row, people.supervisor)
    assert set(Unit.every.values_list("number", "status")) == {
        (free.number, "CONTRACTED"),
        (withheld.number, "CONTRACTED"),
    }
    assert set(Claim.every.values_list("list_total", flat=True)) == {None}
    assert figures.total(people.a).as_json() == {"deals": 2, "total_price": 4000000, "area": 200}


def test_numbers_brought_along_are_never_given_again(people, bring):
    year = clock.today(people.a.zone).year
    number = f"AAA-{year}-HT-00001"
    take_over(bring(sale(合同编号=number)), people.supervisor)
    with transaction.atomic():
        given = numbers.give(project=people.a, kind=NumberKind.CONTRACT, trade=None, by=people.specialist)
    assert given.number == f"AAA-{year}-HT-00002"


def test_two_units_of_one_buyer_are_one_customer_and_a_known_phone_is_that_customer(people, bring):
    rows = [sale(买受人="周敏", 联系电话="13800030001"), sale(房号="702", 买受人="周敏", 联系电话="13800030001"),
            sale(房号="703", 买受人="李华"), sale(房号="704")]  # fmt: skip
    take_over(bring(*rows), people.supervisor)
    assert (Customer.every.count(), Buyer.every.count(), Claim.every.filter(customer=None).count()) == (2, 3, 1)
    take_over(bring(sale(房号="705", 联系电话="13800030001")), people.supervisor)
    assert (Customer.every.count(), Buyer.every.count()) == (2, 4)


def test_the_same_file_again_changes_nothing_and_says_so(people, bring):
    rows = [sale(合同编号="HT-1", 买受人="周敏"), sale(房号="702")]
    take_over(bring(*rows), people.supervisor)
    before = written()
    again = bring(*rows)
    assert again.outcome["counts"] == {"new": 0, "unchanged": 2, "refused": 0, "units": 0}
    assert told(again) == [(2, "known_sale", "room"), (3, "known_sale", "room")]
    with pytest.raises(Refusal) as refused:
        service.accept(row=again, version=again.version, by=people.supervisor)
    assert (refused.value.code, written()) == ("nothing_new", before)


TOMORROW = object()
FAULTS = {
    "missing signed": ({"签约日期": ""}, "missing", "signed_on"),
    "missing total": ({"成交总价": ""}, "missing", "total"),
    "missing area": ({"建筑面积": ""}, "missing", "built_area"),
    "missing room": ({"房号": ""}, "missing", "room"),
    "future": ({"签约日期": TOMORROW}, "in_the_future", "signed_on"),
    "long ago": ({"签约日期": "1925-03-10"}, "long_ago", "signed_on"),
    "no day": ({"签约日期": "三月"}, "bad_day", "signed_on"),
    "impossible day": ({"签约日期": "2025-02-30"}, "bad_day", "signed_on"),
    "out of order": ({"认购日期": "2025-03-11"}, "out_of_order", "signed_on"),
    "handed over before": ({"交付日期": "2025-01-01"}, "out_of_order", "delivered_on"),
    "negative": ({"成交总价": "-1"}, "not_positive", "total"),
    "zero": ({"成交总价": "0"}, "not_positive", "total"),
    "text for a price": ({"成交总价": "两百万"}, "not_a_number", "total"),
    "date for a price": ({"成交总价": "2025-03-10"}, "date_found", "total"),
    "impossible price": ({"成交总价": "200"}, "price_impossible", "total"),
    "too large": ({"成交总价": "900000000000"}, "too_large", "total"),
    "too precise": ({"成交总价": "2000000.123"}, "too_precise", "total"),
    "text for an area": ({"建筑面积": "一百"}, "not_a_number", "built_area"),
    "no floor": ({"楼层": "高层区"}, "bad_floor", "floor"),
    "bad phone": ({"买受人": "周敏", "联系电话": "1380"}, "bad_phone", "phone"),
    "phone of nobody": ({"联系电话": "13800030009"}, "buyer_missing", "buyer"),
    "no method": ({"付款方式": "以物易物"}, "method_unknown", "method"),
    "number too long": ({"合同编号": "9" * 61}, "too_long", "contract_no"),
    "not storable": ({"合同编号": "HT\u202e1"}, "bad_character", "contract_no"),
    "unit twice": ({"房号": "701"}, "unit_twice", "room"),
    "number twice": ({"合同编号": "HT-1"}, "number_twice", "contract_no"),
    "area differs": ({"楼栋": "6栋", "房号": "701", "建筑面积": "99"}, "area_differs", "built_area"),
    "number known": ({"合同编号": "HT-OLD"}, "number_known", "contract_no"),
    "held": ({"楼栋": "6栋", "房号": "702"}, "sold_already", "room"),
    "locked": ({"楼栋": "6栋", "房号": "703"}, "on_hold", "room"),
    "draft": ({"楼栋": "6栋", "房号": "704"}, "not_approved", "room"),
    "sold otherwise": ({"楼栋": "6栋", "房号": "705", "成交总价": "2100000"}, "sold_already", "room"),
    "unknown building": ({"楼栋": "9栋"}, "unknown_building", "building"),
    "unknown unit": ({"楼栋": "6栋", "房号": "799"}, "unknown_unit", "room"),
}  # fmt: skip


@pytest.fixture
def house(people, bring):
    """Building 6: a free unit, one held, one locked, a draft, one whose sale was brought along; and a number that is given."""
    people.customer = build_customer(people)
    six = build.building(people.a, "6栋", key="6")
    area = {"built_area": Decimal(100), "inner_area": None, "by": people.specialist}
    build.unit(six, 7, "01", **area)
    held = build.unit(six, 7, "02", **area)
    locked = build.unit(six, 7, "03", **area)
    build.unit(six, 7, "04", status=Status.DRAFT, **area)
    build.unit(six, 7, "05", **area)
    hold(held, people.customer, people.salesperson, people.specialist)
    with transaction.atomic():
        units.lay_lock(unit=Unit.every.get(pk=locked.pk), kind=Lock.CHANGE, reason="x", by=people.supervisor)
        numbers.reserve(
            project=people.a, kind=NumberKind.CONTRACT, number="HT-OLD", trade=None, year=2020, by=people.supervisor
        )
    take_over(bring(sale(楼栋="6栋", 房号="705"), create_units=False), people.supervisor)
    return people


def build_customer(people) -> Customer:
    return customer(people.a, people.salesperson)


def test_every_fault_is_told_with_its_row_and_nothing_is_written(house, bring):
    before = written()
    tomorrow = (clock.today(house.a.zone) + timedelta(days=1)).isoformat()
    made = {name: fault for name, fault in FAULTS.items() if not name.startswith("unknown")}
    rows = [sale(合同编号="HT-1")]
    for number, (changes, _code, _field) in enumerate(made.values(), start=710):
        changed = {name: tomorrow if value is TOMORROW else value for name, value in changes.items()}
        rows.append(sale(**{"房号": str(number), **changed}))
    row = bring(*rows)
    assert row.outcome["counts"] == {"new": 1, "unchanged": 0, "refused": len(made), "units": 1}
    wanted = [(place, code, field) for place, (_c, code, field) in enumerate(made.values(), start=3)]
    assert [found for found in told(row) if found[1] not in NOTICES] == wanted
    assert all(SaleProblem.from_json(problem).message for problem in row.outcome["problems"])
    with pytest.raises(Refusal) as refused:
        service.accept(row=row, version=row.version, by=house.supervisor)
    assert (refused.value.code, written()) == ("refused_rows", before)

    strict = [FAULTS[name] for name in FAULTS if name.startswith("unknown")]
    row = bring(*(sale(**changes) for changes, _code, _field in strict), create_units=False)
    assert told(row) == [(place, code, field) for place, (_c, code, field) in enumerate(strict, start=2)]
    assert len(FAULTS) >= 20 and {code for _c, code, _f in FAULTS.values()} >= set(ERRORS)
    assert written() == before


def test_a_file_without_the_columns_says_which_it_lacks(people, bring):
    row = bring(["5栋", "701", "2000000"], heads=("楼栋", "房号", "面积"))
    assert (row.state, row.outcome["refused"]) == (IntakeState.REFUSED, "no_sales_list")
    assert row.outcome["params"]["missing"] == ["signed_on", "total"]
    row = bring(["701", "7", "2000000", "2025-03-10"], heads=("room", "floor", "total_price", "date"))
    assert ("columns_missing", {"fields": ["building", "built_area", "contract_no", "buyer"]}) in [
        (code, params) for code, params in row.outcome["remarks"]
    ]


def test_a_project_that_changed_since_the_preview_stops_the_writing(people, bring):
    where = build.building(people.a, "5栋", key="5")
    unit = build.unit(where, 7, "01", by=people.specialist, built_area=Decimal(100), inner_area=None)
    row = bring(sale(), create_units=False)
    service.accept(row=row, version=row.version, by=people.supervisor)
    hold(unit, build_customer(people), people.salesperson, people.specialist)
    row = service.write_import(import_id=row.pk)
    assert (row.state, Contract.every.count()) == (IntakeState.READING, 0)
    row = service.read_import(import_id=row.pk)
    assert (row.state, row.outcome["counts"]["refused"]) == (IntakeState.PREVIEW, 1)
    assert row.outcome["remarks"][0][0] == "changed_meanwhile"


def test_only_who_may_brings_sales_along(people, bring):
    for person in (people.specialist, people.marketing, people.other_supervisor):
        with pytest.raises(Forbidden):
            bring(sale(), by=person)
    assert SalesImport.every.count() == 0


def test_imports_that_nobody_decides_on_are_forgotten(people, bring, monkeypatch):
    row = bring(sale())
    assert service.forget_old() == 0
    later = clock.now() + service.KEPT + timedelta(days=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert (service.forget_old(), service.forget_old()) == (1, 0)
    row.refresh_from_db()
    assert (row.state, row.outcome) == (IntakeState.DISCARDED, {"counts": row.outcome["counts"]})


def test_an_erased_customer_is_in_no_file_that_waits(house, bring):
    other = bring(sale())
    row = bring(sale(联系电话=house.customer.phone))
    with transaction.atomic():
        service.forget_naming(ids=[house.customer.pk], by=house.supervisor)
    row.refresh_from_db()
    other.refresh_from_db()
    assert (row.state, "people" in row.outcome, other.state) == (IntakeState.DISCARDED, False, IntakeState.PREVIEW)


def test_figures_by_business_date_and_as_of(people, bring):
    take_over(
        bring(sale(户型="A"), sale(房号="702", 户型="B", 签约日期="2025-04-02"), sale(楼栋="6栋", 户型="A")),
        people.supervisor,
    )
    one = {"deals": 1, "total_price": 2000000, "area": 100}
    two = {"deals": 2, "total_price": 4000000, "area": 200}

    def by(part, **limits):
        return {key: figure.as_json() for key, figure in figures.figures(people.a, by=part, **limits).items()}

    assert by("month") == {"2025-03": two, "2025-04": one}
    assert by("building") == {"5栋": two, "6栋": one}
    assert by("layout") == {"A": two, "B": one}
    assert by("month", since=date(2025, 4, 1)) == {"2025-04": one}
    assert by("month", until=date(2025, 3, 31)) == {"2025-03": two}
    assert figures.figures(people.b, by="month") == {}


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("action", BROUGHT_TABLE)
def test_what_is_brought_along_moves_by_its_table_and_only_there(people, status, action):
    unit = build.unit(build.building(people.a), by=people.specialist, status=status)
    before, rule = unit.event_seq, BROUGHT_TABLE[action]
    moves = [units.PastMove(action, clock.now() - timedelta(days=400), "")]

    def bring() -> None:
        with transaction.atomic():
            units.bring_along(lives=[(unit, moves)], by=people.supervisor, reason="x")

    if status in rule.sources:
        bring()
        assert Unit.every.values_list("status", "event_seq").get(pk=unit.pk) == (rule.target, before + 1)
    else:
        with pytest.raises(Conflict):
            bring()
        assert Unit.every.values_list("status", "event_seq").get(pk=unit.pk) == (status, before)
    assert {action for action, rule in BROUGHT_TABLE.items() if Status.HELD in rule.sources} == set()


def test_the_seals_take_what_was_brought_along_for_no_forgery(people, bring):
    audit.record("x", by=people.supervisor)
    seals.seal_due()
    take_over(bring(sale()), people.supervisor)
    seals.seal_due()
    assert not [finding for finding in proof.verify().findings if finding.code == "row_backdated"]


def test_the_command_says_what_it_would_do_and_does_it(people, tmp_path, capsys):
    path = workbook(tmp_path / "sales.xlsx", [[*HEADS], sale()])
    call_command("import_sales", str(path), "--project", "AAA", "--create-units", "--dry-run")
    assert "1 rows: 1 new, 0 known, 0 refused; 1 units made" in capsys.readouterr().out
    assert (SalesImport.every.count(), Contract.every.count()) == (0, 0)
    with pytest.raises(SystemExit):
        call_command("import_sales", str(path), "--project", "AAA", "--json")
    assert '"unknown_building"' in capsys.readouterr().out
    with pytest.raises(CommandError):
        call_command(
            "import_sales", str(path), "--project", "AAA", "--create-units", "--by", people.specialist.employee_no
        )
    call_command("import_sales", str(path), "--project", "AAA", "--create-units", "--by", people.supervisor.employee_no)
    assert Contract.every.get().made_by == people.supervisor
    call_command("import_sales", str(path), "--project", "AAA")
    assert "nothing was changed" in capsys.readouterr().out
    call_command("figures", "--project", "AAA", "--by", "building", "--as-of", "2025-03-09")
    assert capsys.readouterr().out.strip() == ""
    call_command("figures", "--project", "AAA", "--by", "building", "--as-of", "2025-03-10")
    assert "5栋: 1 deals" in capsys.readouterr().out


def address(name, *args) -> str:
    return reverse(f"sales:{name}", args=["AAA", *args])


def test_the_pages_from_the_file_to_the_sales(people, sign_in, tmp_path):
    client = sign_in(people.supervisor)
    assert "No import yet" in client.get(address("past_import_list")).content.decode()
    assert "Contract number" in client.get(address("past_import_new")).content.decode()
    path = workbook(tmp_path / "sales.xlsx", [[*HEADS], sale(), sale(房号="702", 签约日期="")])
    upload = {"file": SimpleUploadedFile("sales.xlsx", path.read_bytes()), "create_units": "on", "note": ""}
    answer = client.post(address("past_import_new"), upload, follow=True)
    row = SalesImport.every.get()
    assert "The file is being read" in answer.content.decode()
    assert client.get(address("past_import_progress", row.pk)).status_code == 200
    service.read_import(import_id=row.pk)
    page = client.get(address("past_import", row.pk)).content.decode()
    assert "1 new, 0 in the system already, 1 refused" in page
    assert "Signed on is missing" in page
    assert 'class="btn primary">Accept' not in page
    row.refresh_from_db()
    assert client.post(address("past_import_accept", row.pk), {"version": row.version}).status_code == 422
    client.post(address("past_import_discard", row.pk), {"version": row.version})
    row.refresh_from_db()
    assert row.state == IntakeState.DISCARDED

    path = workbook(tmp_path / "good.xlsx", [[*HEADS], sale()])
    upload = {"file": SimpleUploadedFile("good.xlsx", path.read_bytes()), "create_units": "on", "note": ""}
    client.post(address("past_import_new"), upload)
    row = service.read_import(import_id=SalesImport.every.latest("pk").pk)
    page = client.get(address("past_import", row.pk)).content.decode()
    assert 'class="btn primary">Accept' in page
    client.post(address("past_import_accept", row.pk), {"version": row.version})
    service.write_import(import_id=row.pk)
    page = client.get(address("past_import", row.pk)).content.decode()
    assert "Accepted by Lin Yue" in page
    assert Notice.objects.filter(code="past_sales.done").exists()
    unit = Unit.every.get()
    history = client.get(reverse("inventory:unit", args=["AAA", unit.pk])).content.decode()
    assert "Contract signed before this system was used" in history
    assert client.get(reverse("inventory:batch", args=["AAA", unit.batch_id])).status_code == 200
