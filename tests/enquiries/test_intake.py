"""Lists of customers and calls are taken over: read, planned, written; all or nothing, and never twice (R2.5, R7.3)."""

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction

from enquiries.intake.problems import RowProblem, refusal
from enquiries.models import Call, Customer, CustomerPhone, IdPaper, Intake
from enquiries.services import customers, erasing
from enquiries.services import intake as service
from enquiries.states import CallState, IntakeState
from salescontrol.core import clock, files
from salescontrol.core.errors import Conflict, Forbidden, NotVisible, Refusal
from salescontrol.core.models import Notice, OutboxMessage
from salescontrol.core.permissions import Role
from tests import build
from tests.enquiries import stock
from tests.enquiries.lists import book, call, customer, table
from tests.inventory.workbooks import workbook

pytestmark = pytest.mark.django_db
ID = "11010519491231002X"


@pytest.fixture
def hand_over(people, tmp_path):
    """Hand a list over as the specialist and have it read: `hand_over(row, …)`, `hand_over(path=…)`, `content="CALLS"`."""

    def give(*rows: dict, path: Path | None = None, content: str = "CUSTOMERS") -> Intake:
        path = path or book(tmp_path / "list.xlsx", *rows)
        upload = SimpleUploadedFile(path.name, path.read_bytes())
        row = service.submit_file(project=people.a, content=content, upload=upload, by=people.specialist)
        return service.read_intake(intake_id=row.pk)

    return give


@pytest.fixture
def take_over(people):
    """Accept the preview and write it: what the background does."""

    def take(row: Intake, *, leave_out: bool = False) -> Intake:
        service.accept(intake=row, version=row.version, leave_out=leave_out, by=people.specialist)
        return service.write_intake(intake_id=row.pk)

    return take


def counts(row: Intake) -> tuple[int, ...]:
    return tuple(row.outcome["counts"][kind] for kind in ("new", "fills", "unchanged", "refused"))


def codes(row: Intake) -> dict[int, list[tuple[str, str]]]:
    """Row → (column, code) of its problems."""
    return {
        line.row: [(item["column"], item["code"]) for item in line.content["problems"]]
        for line in row.lines.all()
        if line.content["problems"]
    }


def texts(row: Intake) -> list[str]:
    return [
        RowProblem.from_json(item).text(row.content) for line in row.lines.all() for item in line.content["problems"]
    ]


def test_a_customer_is_taken_over_with_everything_that_the_file_says(people, hand_over, take_over):
    row = hand_over(
        customer(客户姓名="老业主", 联系电话="0912345678"),
        customer(
            客户姓名="周敏", 客户类型="个人", 联系电话="138 0003 0001、021-58881234", 证件类型="身份证", 证件号码=ID, 地址="幸福路1号",
            获知途径="老带新", 意向等级="A类", 置业顾问="Zhao Ming", 登记日期=date(2026, 11, 20), 最近跟进日期="2026年11月25日",
            介绍人电话="0912345678", 意向户型="三房", 需求面积="90-120㎡", 预算="300万以内", 意向楼层="8-15", 购房目的="自住",
            备注="周末来",
        ),
    )  # fmt: skip
    assert (row.state, counts(row), texts(row)) == (IntakeState.PREVIEW, (2, 0, 0, 0), [])
    assert take_over(row).state == IntakeState.DONE
    found = Customer.every.get(name="周敏")
    assert (found.channel, found.grade, found.address, found.note) == ("REFERRAL", "A", "幸福路1号", "周末来")
    assert (found.owner, found.referrer.name, found.entered_by) == (people.salesperson, "老业主", people.specialist)
    assert found.owner_since == datetime.fromisoformat("2026-11-20T00:00+08:00")
    assert found.last_contact_at == datetime.fromisoformat("2026-11-25T00:00+08:00")
    assert (found.layout, found.area_from, found.area_to, found.budget_to) == ("三房", 90, 120, 3_000_000)
    assert (found.floor_from, found.floor_to, found.motive) == (8, 15, "OWN")
    numbers = CustomerPhone.every.filter(customer=found).values_list("is_main", "number")
    assert [*numbers] == [(True, "13800030001"), (False, "021-58881234".replace("-", ""))]
    assert IdPaper.every.get(customer=found).number == ID
    assert found.history.last().history_change_reason == f"customer.import: {row.number}"
    assert row.lines.get(row=3).customer == found


def test_the_same_file_twice_is_nothing_new(people, hand_over, take_over):
    rows = [customer(证件号码=ID, 需求面积="100", 地址="幸福路1号"), customer(客户姓名="李华", 联系电话="13800030002")]
    take_over(hand_over(*rows))
    again = hand_over(*rows)
    assert (counts(again), texts(again)) == ((0, 0, 2, 0), [])
    with pytest.raises(Refusal) as refused:
        take_over(again)
    assert (refused.value.code, Customer.every.count()) == ("nothing_new", 2)


def test_gaps_of_a_known_customer_are_filled_and_what_is_kept_stays(people, hand_over, take_over):
    known = stock.customer(
        people.a, people.salesperson, name="周敏", number="13800030001", note="旧备注", by=people.specialist
    )
    row = hand_over(
        customer(
            客户姓名="周敏敏",
            联系电话="13800030001/13800030009",
            备注="新备注",
            意向等级="B",
            置业顾问="Xu Lei",
            需求面积="90-120",
        )
    )
    assert counts(row) == (0, 1, 0, 0)
    assert codes(row) == {2: [("A", "kept"), ("R", "kept"), ("I", "owner_kept")]}
    take_over(row)
    known.refresh_from_db()
    assert (known.name, known.note, known.owner) == ("周敏", "旧备注", people.salesperson)
    assert (known.grade, known.area_from, known.version) == ("B", 90, 1)
    assert [*CustomerPhone.every.filter(customer=known).values_list("number", flat=True)] == [
        "13800030001",
        "13800030009",
    ]
    assert counts(hand_over(customer(联系电话="13800030001", 意向等级="B"))) == (0, 0, 1, 0)


def test_a_customer_named_by_a_number_gets_the_name_of_the_file(people, hand_over, take_over):
    known = stock.customer(people.a, people.salesperson, name="…0001", number="13800030001", by=people.specialist)
    take_over(hand_over(customer()))
    known.refresh_from_db()
    assert (known.name, "zhoumin" in known.name_keys) == ("周敏", True)


FAULTS = (
    (customer(客户姓名="", 联系电话="13800030198"), ("A", "missing")),
    (customer(联系电话=""), ("C", "missing")),
    (customer(客户姓名="\u200b", 联系电话="13800030199"), ("A", "missing")),
    (customer(联系电话=" 、/ "), ("C", "missing")),
    (customer(联系电话="1380003"), ("C", "bad_phone")),
    (customer(联系电话="1.38E+10"), ("C", "lost_digits")),
    (customer(联系电话="13800030101", 证件类型="身份证", 证件号码="110105194912310021"), ("E", "bad_paper")),
    (customer(联系电话="13800030102", 证件号码="110101199003070000"), ("E", "bad_paper")),
    (customer(联系电话="13800030103", 证件号码="AB1234567"), ("E", "paper_kind_missing")),
    (customer(联系电话="13800030104", 证件类型="护照"), ("E", "paper_missing")),
    (customer(联系电话="13800030105", 获知途径="托梦"), ("G", "unknown_choice")),
    (customer(联系电话="13800030106", 意向等级="E"), ("H", "unknown_choice")),
    (customer(联系电话="13800030107", 置业顾问="Deng Li"), ("I", "unknown_person")),
    (customer(联系电话="13800030108", 置业顾问="Double Name"), ("I", "several_people")),
    (customer(联系电话="13800030109", 置业顾问="Zhao Ming", 登记日期="九月初"), ("J", "bad_day")),
    (customer(联系电话="13800030110", 最近跟进日期="2026-13-01"), ("K", "bad_day")),
    (customer(联系电话="13800030111", 最近跟进日期="2031-01-01"), ("K", "future")),
    (customer(联系电话="13800030112", 最近跟进日期="1899-12-30"), ("K", "too_early")),
    (customer(联系电话="13800030113", 介绍人电话="13900000000"), ("L", "referrer_unknown")),
    (customer(联系电话="13800030114", 介绍人电话="13800030114"), ("L", "referrer_self")),
    (customer(联系电话="13800030115", 需求面积="120-90"), ("N", "upside_down")),
    (customer(联系电话="13800030116", 预算="99999999999"), ("O", "out_of_range")),
    (customer(联系电话="13800030117", 意向楼层="999"), ("P", "out_of_range")),
    (customer(联系电话="13800030118", 购房目的="炫耀"), ("Q", "unknown_choice")),
    (customer(联系电话="13800030119", 备注="长" * 10_000), ("R", "too_long")),
    (customer(联系电话="13800030120", 客户姓名="周\u202e敏"), ("A", "bad_character")),
    (customer(联系电话="13800030121", 备注="#N/A"), ("R", "cell_error")),
    (customer(联系电话="13800030122", 备注="=1+1"), ("R", "formula_without_value")),
    (customer(联系电话="1" * 10_000), ("C", "too_long")),
    (customer(客户姓名="首次", 联系电话="13800030123", 证件号码=ID), None),
    (customer(联系电话="13800030123"), ("C", "phone_twice")),
    (customer(联系电话="13800030124", 证件号码=ID.lower()), ("E", "paper_twice")),
    (customer(联系电话="13800040001、13800040002"), ("C", "of_two")),
    (customer(联系电话="13800030125", 客户类型="外星人"), ("B", "unknown_choice")),
)  # fmt: skip


def test_every_fault_of_a_list_of_customers_is_named_at_its_row(people, hand_over, take_over):
    """Thirty-three faults, one a row; exactly these, and the good rows only with the refused ones left out on purpose."""
    for _each in range(2):
        build.user(Role.SALESPERSON, people.a, name="Double Name")
    for number in ("13800040001", "13800040002"):
        stock.customer(people.a, people.salesperson, number=number, by=people.specialist)
    row = hand_over(*(fault for fault, _expected in FAULTS))
    expected = {number: [found] for number, (_fault, found) in enumerate(FAULTS, start=2) if found}
    assert codes(row) == expected
    assert counts(row) == (1, 0, 0, len(FAULTS) - 1)
    said = " ".join(texts(row))
    assert "%(" not in said
    for secret in ("13800030123", "13800040001", ID, "110105194912310021", "13900000000"):
        assert secret not in said
    assert "row 31 of sheet “台账”" in said
    with pytest.raises(Refusal) as refused:
        take_over(row)
    assert (refused.value.code, Customer.every.filter(name="首次").exists()) == ("refused_rows", False)
    take_over(row, leave_out=True)
    assert Customer.every.filter(project=people.a).count() == 3


CALL_FAULTS = (
    (call(来电时间=""), ("A", "missing")),
    (call(来电时间="14:30"), ("A", "no_day")),
    (call(来电时间="2026-11-02 25:99"), ("A", "bad_day")),
    (call(来电时间="2031-01-01 10:00"), ("A", "future")),
    (call(来电时间="2026-11-02 10:01", 接听人="Nobody"), ("B", "unknown_desk")),
    (call(来电时间="2026-11-02 10:02", 响铃次数="许多"), ("C", "unknown_choice")),
    (call(来电时间="2026-11-02 10:03", 客户姓名="", 来电号码=""), ("F", "nobody")),
    (call(来电时间="2026-11-02 10:04", 来电号码="12"), ("F", "bad_phone")),
    (call(来电时间="2026-11-02 15:00", 是否邀约="大概吧"), ("N", "unknown_choice")),
    (call(来电时间="2026-11-02 15:01", 置业顾问="Nobody"), ("M", "unknown_person")),
    (call(来电时间="2026-11-02 15:02", 下次联系日期="2026-11-01"), ("O", "before_call")),
    (call(来电时间="2026-11-02 15:03", 咨询内容="问" * 1001), ("J", "too_long")),
    (call(来电时间="2026-11-02 15:04"), None),
    (call(来电时间="2026年11月2日 下午3点04分"), ("A", "call_twice")),
)  # fmt: skip


def test_every_fault_of_a_list_of_calls_is_named_at_its_row(people, hand_over):
    row = hand_over(*(fault for fault, _expected in CALL_FAULTS), content="CALLS")
    assert codes(row) == {number: [found] for number, (_fault, found) in enumerate(CALL_FAULTS, start=2) if found}


def test_calls_bring_their_customers_and_keep_their_time(people, hand_over, take_over):
    known = stock.customer(people.a, people.colleague, name="老客户", number="13800030007", by=people.specialist)
    rows = [
        call(
            置业顾问="Zhao Ming", 接听人="Wu Qian", 性别="女", 咨询内容="价格?", 答复="均价三万", 预算="300万", 是否邀约="会来",
            下次联系日期="2026-11-05", 获知途径="抖音", 特殊需求="要车位", 需求面积="越大越好",
        ),
        call(来电时间="2026-11-03 09:00", 响铃次数="5声"),
        call(来电时间="2026-11-04", 来电号码="13800030007", 客户姓名=""),
        call(来电时间="2026-11-04 11:00", 来电号码="", 客户姓名="", 响铃次数="未接"),
    ]  # fmt: skip
    row = hand_over(*rows, content="CALLS")
    assert (counts(row), codes(row)) == ((4, 0, 0, 0), {2: [("H", "in_words")], 4: [("A", "no_time")]})
    take_over(row)
    first = Call.every.get(at=datetime.fromisoformat("2026-11-02T14:30+08:00"))
    assert (first.caller, first.rings, first.asked, first.answered) == ("周敏 (女)", "2", "价格?", "均价三万")
    assert (first.taken_by, first.salesperson, first.invited) == (people.specialist, people.salesperson, "YES")
    assert (first.needs, first.budget_to) == ("要车位; 需求面积: 越大越好", 3_000_000)
    assert (first.state, first.confirmed_by, first.informed_at) == (CallState.CONFIRMED, people.specialist, None)
    assert (first.customer.name, first.customer.owner, first.customer.channel) == ("周敏", people.salesperson, "WEB")
    assert Call.every.filter(customer=first.customer).count() == 2
    assert Call.every.get(customer=known).salesperson == people.colleague
    assert Customer.every.count() == 2
    assert Notice.objects.filter(code="call.yours").count() == 0
    again = hand_over(*rows, content="CALLS")
    assert counts(again) == (0, 0, 4, 0)


def test_a_customer_entered_by_hand_meanwhile_stops_everything_and_the_preview_is_new(people, hand_over):
    row = hand_over(*(customer(联系电话=f"1380003{number:04}") for number in range(20)))
    service.accept(intake=row, version=row.version, by=people.specialist)
    stock.customer(people.a, people.salesperson, name="周敏", number="13800030011", by=people.specialist)
    row = service.write_intake(intake_id=row.pk)
    assert (row.state, Customer.every.count()) == (IntakeState.READING, 1)
    row = service.read_intake(intake_id=row.pk)
    assert (row.state, counts(row)) == (IntakeState.PREVIEW, (19, 0, 1, 0))
    assert [code for code, _params in row.outcome["remarks"]] == ["changed_meanwhile"]


def test_a_known_customer_changed_meanwhile_stops_everything(people, hand_over):
    known = stock.customer(people.a, people.salesperson, number="13800030011", by=people.specialist)
    row = hand_over(customer(), customer(客户姓名="Zhou Min", 联系电话="13800030011", 意向等级="A"))
    service.accept(intake=row, version=row.version, by=people.specialist)
    customers.change_customer(customer=known, name="Other", phone="", note="", by=people.specialist)
    assert service.write_intake(intake_id=row.pk).state == IntakeState.READING
    assert Customer.every.count() == 1


def test_two_imports_of_the_same_list_write_it_once(people, hand_over):
    rows = [customer(联系电话=f"1380003{number:04}") for number in range(9)]
    one, two = hand_over(*rows), hand_over(*rows)
    for row in (one, two):
        service.accept(intake=row, version=row.version, by=people.specialist)
    assert service.write_intake(intake_id=one.pk).state == IntakeState.DONE
    assert service.write_intake(intake_id=two.pk).state == IntakeState.READING
    assert counts(service.read_intake(intake_id=two.pk)) == (0, 0, 9, 0)
    assert Customer.every.count() == 9


def test_accepting_again_and_writing_again_do_nothing(people, hand_over, take_over):
    row = hand_over(customer())
    take_over(row)
    with pytest.raises(Conflict) as conflict:
        service.accept(intake=row, version=row.version, by=people.specialist)
    assert conflict.value.code == "moved_on"
    assert service.write_intake(intake_id=row.pk).state == IntakeState.DONE
    assert Customer.every.count() == 1


def test_salespeople_are_told_once_with_a_count(people, hand_over, take_over):
    rows = [customer(联系电话=f"1380003{number:04}", 置业顾问=people.salesperson.employee_no) for number in range(7)]
    take_over(hand_over(*rows))
    notice = Notice.objects.get(to=people.salesperson)
    assert (notice.code, notice.params["count"]) == ("customer.imported", 7)
    assert {notice.code for notice in Notice.objects.filter(to=people.specialist)} == {"intake.preview", "intake.done"}


def test_the_end_of_a_salespersons_term_is_told_before(people, hand_over, take_over):
    row = hand_over(
        customer(置业顾问="Zhao Ming", 登记日期="2020-01-01"), customer(联系电话="13800030002", 登记日期="2020-01-01")
    )
    assert codes(row) == {2: [("J", "term_over")], 3: [("J", "since_unused")]}
    assert ["lapsing", {"count": 1}] in [list(remark) for remark in row.outcome["remarks"]]
    take_over(row)
    assert Customer.every.get(owner=people.salesperson).owner_since.year == 2019


def test_text_files_in_the_encodings_of_the_trade_are_read(people, hand_over, tmp_path):
    for encoding, number in (("gb18030", "13800030001"), ("utf-8-sig", "13800030002"), ("utf-16", "13800030003")):
        path = tmp_path / f"{encoding}.csv"
        lines = ["序号,姓名,手机号码,来源渠道,备注", f"1,刘德华,{number},户外广告,喜欢😀<b>粗</b>", "合计,1,,,"]
        path.write_bytes("\r\n".join(lines).encode(encoding))
        row = hand_over(path=path)
        assert (counts(row), len(row.outcome["skipped"])) == ((1, 0, 0, 0), 1)
        values = row.lines.get().content["values"]
        assert values == {"name": "刘德华", "phones": [number], "channel": "OUTDOOR", "note": "喜欢😀<b>粗</b>"}


def test_a_list_in_traditional_characters_is_read(people, hand_over, tmp_path):
    path = tmp_path / "big5.csv"
    path.write_bytes("客戶姓名,聯絡電話,獲知途徑,意向等級\r\n陳大文,0912345678,朋友介紹,A級\r\n".encode("big5"))
    values = hand_over(path=path).lines.get().content["values"]
    assert values == {"name": "陳大文", "phones": ["0912345678"], "channel": "REFERRAL", "grade": "A"}


def test_a_day_and_a_time_in_columns_of_their_own_are_one_moment(people, hand_over, tmp_path):
    rows = [{"来电日期": "2026/11/2", "来电时间": "9:05", "姓名": "周敏", "电话": "13800030001"}]
    row = hand_over(path=workbook(tmp_path / "a.xlsx", table(rows)), content="CALLS")
    assert row.lines.get().content["values"]["at"] == "2026-11-02T09:05:00+08:00"


def test_small_budgets_are_ten_thousands(people, hand_over):
    row = hand_over(customer(预算="280"), customer(联系电话="13800030002", 预算="200-260万"))
    assert [line.content["values"]["budget_to"] for line in row.lines.all()] == ["2800000.00", "2600000.00"]
    assert codes(row) == {2: [("O", "read_as")]}


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([["a", "b"], ["1", "2"]], "no_list"), ([["姓名", "电话"]], "no_entries"), ([], "empty"),
        ([["姓名", "地址"], ["周", "路"]], "no_list"),
    ],
)  # fmt: skip
def test_a_file_of_another_kind_is_refused_as_a_whole(people, hand_over, tmp_path, rows, code):
    row = hand_over(path=workbook(tmp_path / "a.xlsx", rows))
    assert (row.state, row.outcome["refused"]) == (IntakeState.REFUSED, code)
    assert refusal(row.outcome, row.content)


def everything_kept() -> str:
    """Every text and number of every table, and every byte below the folder of files, as one text."""
    found = []
    with connection.cursor() as cursor:
        for name in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{name}"')
            found += [str(value) for row in cursor.fetchall() for value in row]
    root = Path(django_settings.MEDIA_ROOT)
    found += [path.read_bytes().decode("latin-1") for path in root.rglob("*") if path.is_file()]
    return "\n".join(found)


def test_no_number_lies_in_clear_in_the_database_or_on_the_disk(people, hand_over, take_over, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    path = tmp_path / "list.csv"
    lines = [
        "姓名,电话,身份证号,地址,介绍人电话",
        f"周敏,13800030001,{ID},幸福路77号,13800030002",
        "李华,13800030002,,,",
        "坏,1380003,,,",
        "注:找13800030009,,,,",
    ]
    path.write_bytes("\r\n".join(lines).encode())
    row = hand_over(path=path)
    read = everything_kept()
    take_over(row, leave_out=True)
    for kept in (read, everything_kept()):
        assert "周敏" in everything_kept()
        for secret in ("13800030001", "13800030002", "13800030009", ID, ID[:-1], "幸福路77号"):
            assert secret not in kept
    assert files.content_of(row.file) == path.read_bytes()


def test_what_a_file_said_is_forgotten_after_thirty_days_and_what_became_of_it_stays(
    people, hand_over, take_over, monkeypatch
):
    done, waiting, refused = hand_over(customer()), hand_over(customer()), hand_over(customer(联系电话=""))
    take_over(done)
    assert service.forget_old() == 0
    later = clock.now() + timedelta(days=31)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert (service.forget_old(), service.forget_old()) == (3, 0)
    for row in (done, waiting, refused):
        row.refresh_from_db()
    assert (done.state, waiting.state, refused.state) == (
        IntakeState.DONE,
        IntakeState.DISCARDED,
        IntakeState.DISCARDED,
    )
    assert done.outcome == {"counts": done.outcome["counts"]}
    line = done.lines.get()
    assert (line.content, line.customer) == ({}, Customer.every.get())
    with pytest.raises(NotVisible):
        service.take_out(intake=done, by=people.specialist)


def test_a_discarded_import_is_forgotten_at_once(people, hand_over, django_capture_on_commit_callbacks):
    row = hand_over(customer())
    with django_capture_on_commit_callbacks(execute=True):
        service.discard(intake=row, version=row.version, by=people.specialist)
    row.refresh_from_db()
    assert (row.state, row.lines.get().content, files.path_of(row.file).exists()) == (IntakeState.DISCARDED, {}, False)


@pytest.mark.parametrize("who", ["salesperson", "marketing", "finance", "management", "other_supervisor"])
def test_only_the_desk_takes_lists_over(people, hand_over, tmp_path, who):
    row, person = hand_over(customer()), getattr(people, who)
    path = book(tmp_path / "b.xlsx", customer())
    upload = SimpleUploadedFile(path.name, path.read_bytes())
    acts = (
        lambda: service.submit_file(project=people.a, content="CUSTOMERS", upload=upload, by=person),
        lambda: service.accept(intake=row, version=row.version, by=person),
        lambda: service.read_again(intake=row, version=row.version, by=person),
        lambda: service.discard(intake=row, version=row.version, by=person),
        lambda: service.take_out(intake=row, by=person),
    )
    for act in acts:
        with pytest.raises(Forbidden):
            act()


def test_the_file_is_read_and_written_in_the_background(people, hand_over):
    row = hand_over(customer())
    service.accept(intake=row, version=row.version, by=people.specialist)
    found = OutboxMessage.objects.filter(topic__startswith="intake.").order_by("pk")
    assert [*found.values_list("topic", "payload")] == [
        ("intake.read", {"intake_id": row.pk}), ("intake.write", {"intake_id": row.pk}),
    ]  # fmt: skip


def erase(people, row: Customer) -> Customer:
    with transaction.atomic():
        return erasing.erase(customer=row, by=people.supervisor, about="T")


@pytest.mark.parametrize("taken", [True, False], ids=["taken over", "only looked at"])
def test_abuse_53_every_import_that_names_an_erased_customer_is_forgotten_with_its_file(
    people, hand_over, take_over, taken, django_capture_on_commit_callbacks
):
    known = stock.customer(people.a, people.salesperson, name="Huang Bo", number="13800030005")
    row = hand_over(customer(联系电话="13800030005"), customer(联系电话="13800030006", 客户姓名="另一位"))
    other = hand_over(customer(联系电话="13800030007", 客户姓名="第三位"))
    if taken:
        take_over(row)
    with django_capture_on_commit_callbacks(execute=True):
        erase(people, known)
    row.refresh_from_db()
    other.refresh_from_db()
    assert row.state == (IntakeState.DONE if taken else IntakeState.DISCARDED)
    assert row.dropped_at and not files.path_of(row.file).exists()
    assert not any(line.content for line in row.lines.all())
    assert not other.dropped_at and files.path_of(other.file).exists()


def test_abuse_53_a_refused_row_with_the_number_of_an_erased_customer_counts_too(people, hand_over):
    known = stock.customer(people.a, people.salesperson, name="Huang Bo", number="13800030005")
    row = hand_over(customer(联系电话="13800030005", 登记日期="2999-01-01"), customer(联系电话="13800030006"))
    assert counts(row)[3] == 1
    erase(people, known)
    row.refresh_from_db()
    assert row.dropped_at


def test_nobody_is_erased_while_an_import_that_names_them_is_written(people, hand_over):
    known = stock.customer(people.a, people.salesperson, name="Huang Bo", number="13800030005")
    row = hand_over(customer(联系电话="13800030005"), customer(联系电话="13800030006"))
    service.accept(intake=row, version=row.version, by=people.specialist)
    with pytest.raises(Conflict, match=row.number):
        erase(people, known)
