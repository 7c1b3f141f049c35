"""Papers: every kind is made with what is known, opened on record, only by whoever may; templates and scans are kept (R3.1, R3.6)."""

import uuid
from datetime import date
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.urls import reverse

from contracts.models import IssuedNumber, Paper, PaperTemplate, Quotation
from contracts.papers import defaults
from contracts.services import erasing, numbers, paper_templates, papers, trades
from contracts.states import LETTERS, NumberKind, PaperKind, PaymentMethod, SubscriptionKind, TemplateState
from enquiries.services import numbers as contacts
from enquiries.states import PaperKind as IdKind
from salescontrol.core import files
from salescontrol.core.errors import Conflict, Forbidden, NotVisible, Refusal
from salescontrol.core.history import save_tracked
from salescontrol.core.models import Attachment, AuditEvent
from tests.contracts.stock import contracted, customer, subscribed
from tests.contracts.word import document, texts, upload

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
ENTERED = papers.Entered(text="双方同意更名。", amount=Decimal("10000.5"), until=date(2026, 12, 31))


def quoted(room, **changes) -> Quotation:
    total = room.unit.list_total
    row = Quotation(
        project=room.a, unit=room.unit, customer=room.customer, salesperson=room.salesperson, method=PaymentMethod.MORTGAGE,
        area=room.unit.built_area, list_unit_price=room.unit.list_unit_price, list_total=total, total=total - 20000,
        unit_price=Decimal("20000.00"), first_payment=total - 20000 - 1000000, loan=Decimal(1000000), loan_years=30,
        discounts=[
            {"policy": 1, "name": "按时签约", "percent": "2"}, {"policy": None, "name": "Special discount", "amount": "8.50"},
        ],
        valid_until=date(2026, 12, 8), made_by=room.specialist, **changes,
    )  # fmt: skip
    return save_tracked(row, action="quotation.make", by=room.specialist)


def bought(room, **changes):
    """A contract by two buyers, its area settled."""
    contract = contracted(room.unit, room.customer, room.salesperson, room.specialist)
    for name, value in {"surveyed_area": contract.area + 1, "settlement": Decimal("-23327.70"), **changes}.items():
        setattr(contract, name, value)
    save_tracked(contract, action="contract.change", by=room.specialist)
    second = customer(room.a, room.salesperson, name="李四 & 子")
    with transaction.atomic():
        both = [trades.Purchaser(room.customer, Decimal(50)), trades.Purchaser(second, Decimal(50))]
        trades.name_buyers(trade=contract.trade, buyers=both, by=room.specialist)
    return contract


def make(trade, kind, by, **changes) -> Paper:
    what = {"op_id": uuid.uuid4(), "kind": kind, "trade": trade.number, "entered": ENTERED, "by": by, **changes}
    return papers.make(**what)


def printed(paper: Paper) -> str:
    return "\n".join(texts(files.content_of(paper.file)))


@pytest.mark.parametrize("kind", [PaperKind.COVER, PaperKind.CHANGE, PaperKind.DUNNING, PaperKind.SETTLEMENT])
def test_papers_of_a_contract_say_what_is_known(room, kind):
    contract = bought(room)
    if kind == PaperKind.CHANGE:
        with transaction.atomic():
            numbers.give(project=room.a, kind=NumberKind.CHANGE, trade=contract.trade, by=room.specialist)
    paper = make(contract.trade, kind, room.specialist)
    text = printed(paper)
    assert contract.number in text and room.unit.number in text
    assert room.customer.name in text and "李四 & 子" in text
    assert bool(paper.number) == (kind in LETTERS)
    wanted = {
        PaperKind.COVER: [f"{contract.total:,.2f}", "50", room.customer.phone],
        PaperKind.CHANGE: ["双方同意更名。", "壹万元伍角整", "AAA-"],
        PaperKind.DUNNING: ["10,000.50", "2026年12月31日", paper.number],
        PaperKind.SETTLEMENT: ["23,327.70", "出卖人退还", "贰万叁仟叁佰贰拾柒元柒角整", paper.number],
    }[kind]
    assert [word for word in wanted if word not in text] == []


@pytest.mark.parametrize(
    "kind", [PaperKind.SUBSCRIPTION, PaperKind.PROVISIONAL, PaperKind.NOTICE, PaperKind.TERMINATION]
)
def test_papers_of_a_subscription_say_what_is_known(room, kind):
    size = SubscriptionKind.SMALL if kind == PaperKind.PROVISIONAL else SubscriptionKind.FULL
    row = subscribed(
        room.unit, room.customer, room.salesperson, room.specialist, kind=size, top_up_on=date(2026, 12, 4)
    )
    paper = make(row.trade, kind, room.specialist)
    text = printed(paper)
    assert row.number in text and room.unit.number in text and room.customer.name in text
    due = row.top_up_on if kind == PaperKind.PROVISIONAL else row.due_on
    assert f"{due.year}年{due.month}月{due.day}日" in text
    if kind in LETTERS:
        assert IssuedNumber.objects.get(number=paper.number).trade == row.trade


def test_the_identity_paper_stands_on_the_subscription_letter(room):
    contacts.add_paper(customer=room.customer, kind=IdKind.RESIDENT, number="11010519491231002X", by=room.specialist)
    row = subscribed(room.unit, room.customer, room.salesperson, room.specialist)
    assert "11010519491231002X" in printed(make(row.trade, PaperKind.SUBSCRIPTION, room.specialist))


def test_a_quotation_is_printed_by_its_salesperson(room):
    row = quoted(room)
    what = {"op_id": uuid.uuid4(), "kind": PaperKind.QUOTATION, "quotation": row.number}
    paper = papers.make(**what, by=room.salesperson)
    text = printed(paper)
    discounts = ["按时签约", "减 2%", "特批优惠", "减 8.50 元"]
    wanted = [row.number, *discounts, "2026年12月8日", f"{row.total:,.2f}", room.customer.name]
    assert [word for word in wanted if word not in text] == []
    assert papers.make(**what, by=room.salesperson) == paper
    with pytest.raises(NotVisible):
        papers.make(**{**what, "op_id": uuid.uuid4()}, by=room.colleague)


def test_what_the_trade_lacks_is_said(room):
    row = subscribed(room.unit, room.customer, room.salesperson, room.specialist)
    for kind, code in ((PaperKind.COVER, "nothing_to_print"), (PaperKind.PROVISIONAL, "nothing_to_print"),
                       (PaperKind.SETTLEMENT, "nothing_to_print")):  # fmt: skip
        with pytest.raises(Conflict) as caught:
            make(row.trade, kind, room.specialist)
        assert caught.value.code == code
    with pytest.raises(Refusal) as caught:
        make(row.trade, PaperKind.QUOTATION, room.specialist)
    assert caught.value.code == "other_paper"
    with pytest.raises(Refusal) as caught:
        make(row.trade, PaperKind.DUNNING, room.specialist, entered=papers.Entered())
    assert set(caught.value.fields) == {"amount", "until"}
    assert not Paper.every.exists()


def test_only_the_desk_makes_papers_of_a_trade(room):
    row = subscribed(room.unit, room.customer, room.salesperson, room.specialist)
    for who in (room.salesperson, room.finance, room.management):
        with pytest.raises(Forbidden):
            make(row.trade, PaperKind.SUBSCRIPTION, who)
    for who in (room.colleague, room.marketing):
        with pytest.raises((NotVisible, Forbidden)):
            make(row.trade, PaperKind.SUBSCRIPTION, who)


def given(room, content: bytes, kind=PaperKind.SUBSCRIPTION, name="letter.docx") -> PaperTemplate:
    return paper_templates.upload_template(
        op_id=uuid.uuid4(), project=room.a, kind=kind, upload=upload(content, name), by=room.supervisor
    )


def enforced(room, template) -> PaperTemplate:
    return paper_templates.put_in_force(op_id=uuid.uuid4(), template=template, by=room.supervisor)


def test_the_offices_template_in_force_is_used(room):
    first, second = given(room, document("一 {{ total }}")), given(room, document("二 {{ total_capitals }}"))
    assert [first.version, second.version] == [1, 2]
    row = subscribed(room.unit, room.customer, room.salesperson, room.specialist, total=Decimal("2706624"))
    assert make(row.trade, PaperKind.SUBSCRIPTION, room.specialist).template is None
    enforced(room, first)
    assert enforced(room, second).state == TemplateState.IN_FORCE
    first.refresh_from_db()
    assert first.state == TemplateState.SUPERSEDED
    paper = make(row.trade, PaperKind.SUBSCRIPTION, room.specialist)
    assert (paper.template, printed(paper)) == (second, "二 贰佰柒拾万陆仟陆佰贰拾肆元整")
    with pytest.raises(Conflict):
        enforced(room, second)


def test_templates_are_kept_by_the_supervisor_and_bad_ones_not_at_all(room):
    with pytest.raises(Forbidden):
        paper_templates.upload_template(
            op_id=uuid.uuid4(), project=room.a, kind=PaperKind.COVER, upload=upload(document("x")), by=room.specialist
        )
    for content, name in ((document("{{ nope }}"), "a.docx"), (document("x"), "a.xlsx"), (b"PK\x03\x04", "a.docx")):
        with pytest.raises(Refusal):
            given(room, content, name=name)
    assert not PaperTemplate.objects.exists()
    assert not Attachment.objects.exists()


def at(name: str, *args) -> str:
    return reverse(f"sales:{name}", args=["AAA", *args])


def body(response) -> str:
    return response.content.decode()


def test_a_paper_is_made_opened_and_brought_back_on_the_pages(room, sign_in):
    row, client = subscribed(room.unit, room.customer, room.salesperson, room.specialist), sign_in(room.specialist)
    assert "No paper was made yet" in body(client.get(at("paper_list", row.trade.number)))
    assert client.get(at("paper_make", row.trade.number)).status_code == 200
    response = client.post(
        at("paper_make", row.trade.number), {"op_id": uuid.uuid4(), "kind": "SUBSCRIPTION"}, follow=True
    )
    paper = Paper.every.get()
    assert response.redirect_chain == [(at("paper", paper.code), 302)]
    assert at("paper", paper.code) in body(client.get(at("paper_list", row.trade.number)))
    assert not AuditEvent.objects.filter(action="paper.open").exists()
    assert room.customer.name in body(client.get(at("paper_print", paper.code)))
    answer = client.get(at("paper_file", paper.code))
    assert room.customer.name in "".join(texts(answer.content))
    seen = AuditEvent.objects.filter(
        action="paper.open", actor=room.specialist, target_id=paper.pk, project_id=room.a.pk
    )
    assert {event.detail["way"] for event in seen} == {"print", "file"}

    assert client.get(at("paper_scan", paper.code)).status_code == 404
    form = {"op_id": uuid.uuid4(), "pages": 6, "complete": "on"}
    assert client.post(at("paper_sign", paper.code), form).status_code == 422
    form = {"op_id": uuid.uuid4(), "pages": 6, "complete": "on", "file": SimpleUploadedFile("s.pdf", PDF)}
    assert client.post(at("paper_sign", paper.code), form).status_code == 302
    paper.refresh_from_db()
    assert (paper.pages, paper.complete_by) == (6, room.specialist)
    assert client.get(at("paper_scan", paper.code)).content == PDF
    assert files.path_of(paper.scan).read_bytes() != PDF
    form = {"op_id": uuid.uuid4(), "pages": 5}
    assert client.post(at("paper_sign", paper.code), form).status_code == 302
    paper.refresh_from_db()
    assert (paper.pages, paper.complete_at) == (5, None)


def test_a_refusal_keeps_what_was_typed(room, sign_in):
    row = subscribed(room.unit, room.customer, room.salesperson, room.specialist)
    form = {"op_id": uuid.uuid4(), "kind": "DUNNING", "text": "typed by hand"}
    response = sign_in(room.specialist).post(at("paper_make", row.trade.number), form)
    assert response.status_code == 422
    assert "This paper needs it" in body(response) and "typed by hand" in body(response)


def test_who_reads_a_paper(room, sign_in):
    row = subscribed(room.unit, room.customer, room.salesperson, room.specialist)
    paper = make(row.trade, PaperKind.SUBSCRIPTION, room.specialist)
    expected = {
        room.specialist: (200, 200), room.supervisor: (200, 200), room.salesperson: (200, 200), room.colleague: (404, 404),
        room.finance: (200, 403), room.management: (200, 403), room.other_salesperson: (404, 404), room.marketing: (404, 404),
    }  # fmt: skip
    for who, (page, file) in expected.items():
        client = sign_in(who)
        assert client.get(at("paper", paper.code)).status_code == page, who
        assert client.get(at("paper_list", row.trade.number)).status_code == page, who
        for name in ("paper_file", "paper_print"):
            assert client.get(at(name, paper.code)).status_code == file, (who, name)
    assert room.customer.name not in body(sign_in(room.finance).get(at("paper", paper.code)))


def test_the_pages_of_templates(room, sign_in):
    client = sign_in(room.supervisor)
    assert "no templates of its own yet" in body(client.get(at("template_list")))
    assert "customer_names" in body(client.get(at("template_fields")))
    own = client.get(at("template_own", "cover"))
    assert own.content == defaults.template(PaperKind.COVER)
    assert client.get(at("template_own", "nothing")).status_code == 404
    bad = {"op_id": uuid.uuid4(), "kind": "COVER", "file": upload(document("{{ nope }}"))}
    response = client.post(at("template_upload"), bad)
    assert response.status_code == 422 and "nope" in body(response)
    good = {"op_id": uuid.uuid4(), "kind": "COVER", "file": upload(document("{{ contract_no }}"))}
    response = client.post(at("template_upload"), good, follow=True)
    template = PaperTemplate.objects.get()
    assert "usually says it" in body(response)
    assert texts(client.get(at("template_preview", template.pk)).content) == ["JSJY-2026-HT-00027"]
    assert texts(client.get(at("template_file", template.pk)).getvalue()) == ["{{ contract_no }}"]
    assert client.get(at("template_enforce", template.pk)).status_code == 200
    assert client.post(at("template_enforce", template.pk), {"op_id": uuid.uuid4()}).status_code == 302
    assert "In force" in body(client.get(at("template", template.pk)))
    assert sign_in(room.specialist).get(at("template_list")).status_code == 403


def test_what_papers_said_is_forgotten_with_the_customer(room):
    row = subscribed(room.unit, room.customer, room.salesperson, room.specialist)
    paper = make(row.trade, PaperKind.SUBSCRIPTION, room.specialist)
    for number in (1, 2):
        scan = SimpleUploadedFile("s.pdf", PDF + bytes([number]) + b"%%EOF")
        papers.attach_scan(
            op_id=uuid.uuid4(), paper=paper, upload=scan, pages=number, complete=False, by=room.specialist
        )
    assert Attachment.objects.exclude(sha256="").count() == 3
    with transaction.atomic():
        erasing.forget_texts([room.customer.pk], room.supervisor, "E1")
    paper.refresh_from_db()
    assert (paper.file, paper.scan) == (None, None)
    assert not Attachment.objects.exclude(sha256="").exists()
