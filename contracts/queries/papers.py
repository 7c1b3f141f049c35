"""The papers of a trade or quotation, the office's templates, and what of a trade stands in a template's fields."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.utils import translation
from django.utils.translation import gettext as _

from contracts.models import Contract, IssuedNumber, Paper, PaperTemplate, Quotation, Subscription, Trade
from contracts.papers.fields import blank
from contracts.queries.scope import (
    buyers_visible_to,
    claims_visible_to,
    contracts_visible_to,
    papers_visible_to,
    quotations_visible_to,
    subscriptions_visible_to,
    trades_visible_to,
)
from contracts.states import AgentKind, ContractState, NumberKind, SubscriptionState, TemplateState
from enquiries.models import Customer
from enquiries.queries.numbers import papers_of
from inventory.models import Project, Unit
from salescontrol.core import money
from salescontrol.core.access import Access
from salescontrol.core.errors import NotVisible

# Papers are written in the language of the country where they are signed, whatever language their maker reads.
LANGUAGE = "zh-hans"
_UNIT = "unit__building", "unit__layout"


def find_trade(access: Access, project: Project, number: str) -> Trade:
    """The trade, or NotVisible with one text for missing and hidden."""
    return _one(trades_visible_to(access).select_related("salesperson").filter(project=project, number=number))


def find_quotation(access: Access, project: Project, number: str) -> Quotation:
    return _one(quotations_visible_to(access).select_related("unit").filter(project=project, number=number))


def find(access: Access, project: Project, code: str) -> Paper:
    seen = papers_visible_to(access).filter(project=project, code=code)
    return _one(
        seen.select_related("trade", "quotation", "template", "file", "scan", "made_by", "complete_by", "project")
    )


def _one(rows: QuerySet) -> Any:
    found = rows.first()
    if found is None:
        raise NotVisible("")
    return found


def listed(access: Access, *, trade: Trade | None = None, quotation: Quotation | None = None) -> QuerySet[Paper]:
    """The papers of a trade, those of its quotations among them; or of one quotation."""
    rows = papers_visible_to(access).select_related("template", "made_by")
    return rows.filter(trade=trade) if trade else rows.filter(quotation=quotation)


def templates(project: Project) -> QuerySet[PaperTemplate]:
    """Every version of the office's templates."""
    return PaperTemplate.objects.filter(project=project).select_related("uploaded_by", "file", "in_force_by")


def in_force(project: Project, kind: str) -> PaperTemplate | None:
    """The office's template for this kind of paper; None: the product's own is used."""
    return templates(project).filter(kind=kind, state=TemplateState.IN_FORCE).first()


def subscription_of(access: Access, trade: Trade) -> Subscription | None:
    """The active subscription of a trade, else the last one that was active."""
    rows = subscriptions_visible_to(access).filter(trade=trade).exclude(number="").select_related("quotation", *_UNIT)
    return rows.filter(state=SubscriptionState.ACTIVE).first() or rows.first()


def contract_of(access: Access, trade: Trade) -> Contract | None:
    """The contract of a trade that is open, else the last one."""
    rows = contracts_visible_to(access).filter(trade=trade).select_related(*_UNIT)
    return rows.exclude(state=ContractState.CLOSED).first() or rows.first()


def trade_facts(access: Access, trade: Trade) -> dict[str, Any]:
    """What a trade says in a template's fields."""
    subscription, contract = subscription_of(access, trade), contract_of(access, trade)
    with translation.override(LANGUAGE):
        values = {
            **blank(),
            "trade_no": trade.number,
            "salesperson": trade.salesperson.name if trade.salesperson else "",
            **_unit(_unit_of(access, trade, subscription, contract)),
        }
        values |= _buyers(access, trade)
        if subscription and subscription.quotation:
            values |= _quotation(subscription.quotation)
        if subscription:
            values |= _subscription(subscription)
        if contract:
            values |= _contract(contract)
    change = IssuedNumber.objects.filter(trade=trade, kind=NumberKind.CHANGE).order_by("-pk").first()
    return {**values, "change_no": change.number if change else ""}


def quotation_facts(access: Access, quotation: Quotation) -> dict[str, Any]:
    """What a quotation says in a template's fields."""
    with translation.override(LANGUAGE):
        values = {
            **blank(),
            "salesperson": quotation.salesperson.name,
            **_quotation(quotation),
            **_unit(quotation.unit),
        }
        if quotation.customer:
            buyer = {**dict.fromkeys(_AGENT, ""), **_person(quotation.customer), "share": "100"}
            values |= {"buyers": [buyer], "customer_names": buyer["name"]}
    return values


def day(value: date | None) -> str:
    """`2026年12月1日`, as papers have it."""
    return f"{value.year}年{value.month}月{value.day}日" if value else ""


def amount(value: Decimal | None) -> str:
    return f"{money.cents(value):,.2f}" if value is not None else ""


def capitals(value: Decimal | None) -> str:
    """In capitals, without the currency in front: the template says it."""
    return money.capitals(value).removeprefix("人民币") if value is not None else ""


def _area(value: Decimal | None) -> str:
    return f"{value:.2f}" if value is not None else ""


_AGENT = ("agent_kind", "agent_name", "agent_paper_no", "agent_phone")


def _buyers(access: Access, trade: Trade) -> dict[str, Any]:
    rows = (
        buyers_visible_to(access)
        .filter(trade=trade, until__isnull=True)
        .select_related("customer")
        .order_by("position", "pk")
    )
    buyers = [
        {
            **_person(row.customer),
            "share": f"{row.share:f}".rstrip("0").rstrip(".") if "." in f"{row.share:f}" else f"{row.share:f}",
            "agent_kind": "" if row.agent_kind == AgentKind.NONE else str(row.get_agent_kind_display()),
            "agent_name": row.agent_name, "agent_paper_no": row.agent_number, "agent_phone": row.agent_phone,
        }
        for row in rows
    ]  # fmt: skip
    return {"buyers": buyers, "customer_names": "、".join(buyer["name"] for buyer in buyers)}


def _person(customer: Customer) -> dict[str, str]:
    paper = papers_of(customer).first()
    return {
        "name": customer.name, "phone": customer.phone, "address": customer.address,
        "paper_kind": str(paper.get_kind_display()) if paper else "", "paper_no": paper.number if paper else "",
    }  # fmt: skip


def _unit_of(access: Access, trade: Trade, *rows: Subscription | Contract | None) -> Unit | None:
    """The unit that the trade has now: its live claim's, else its last paper's."""
    claims = claims_visible_to(access).filter(trade=trade).select_related(*_UNIT).order_by("-placed_at", "-pk")
    claim = claims.filter(released_at__isnull=True).first() or claims.first()
    named = [row for row in rows if row is not None]
    return claim.unit if claim else named[-1].unit if named else None


def _unit(unit: Unit | None) -> dict[str, str]:
    if unit is None:
        return {}
    return {
        "unit_no": unit.number, "building": unit.building.name, "entrance": unit.entrance, "floor": unit.floor_label,
        "room": unit.room, "layout": unit.layout.code if unit.layout else "", "built_area": _area(unit.built_area),
        "inner_area": _area(unit.inner_area), "surveyed_area": _area(unit.surveyed_built_area),
    }  # fmt: skip


def _quotation(row: Quotation) -> dict[str, Any]:
    return {
        "quotation_no": row.number, "method": str(row.get_method_display()), "list_total": amount(row.list_total),
        "list_unit_price": amount(row.list_unit_price), "total": amount(row.total), "total_capitals": capitals(row.total),
        "unit_price": amount(row.unit_price), "first_payment": amount(row.first_payment), "loan": amount(row.loan),
        "loan_years": str(row.loan_years or ""), "monthly": amount(row.monthly), "valid_until": day(row.valid_until),
        "discounts": [_discount(one) for one in row.discounts],
    }  # fmt: skip


def _discount(one: dict) -> dict[str, str]:
    """What is taken off, and called how; a special discount has no policy whose name it could bear."""
    value = f"减 {one['percent']}%" if one.get("percent") else f"减 {amount(Decimal(one['amount']))} 元"
    return {"name": one["name"] if one.get("policy") else _("Special discount"), "value": value}


def _subscription(row: Subscription) -> dict[str, Any]:
    return {
        "subscription_no": row.number, "receipt_no": row.receipt, "method": str(row.get_method_display()),
        "list_total": amount(row.list_total), "total": amount(row.total), "total_capitals": capitals(row.total),
        "unit_price": amount(row.unit_price), "deposit": amount(row.deposit), "deposit_capitals": capitals(row.deposit),
        "paid": amount(row.paid), "paid_capitals": capitals(row.paid), "subscribed_on": day(row.signed_on),
        "top_up_on": day(row.top_up_on), "due_on": day(row.due_on),
    }  # fmt: skip


def _contract(row: Contract) -> dict[str, Any]:
    values = {
        "contract_no": row.number, "online_no": row.online_no, "filing_no": row.filing_no, "signed_on": day(row.signed_on),
        "online_on": day(row.online_on), "filed_on": day(row.filed_on), "hand_over_on": day(row.hand_over_on),
        "method": str(row.get_method_display()), "total": amount(row.total), "total_capitals": capitals(row.total),
        "unit_price": amount(row.unit_price), "main_amount": amount(row.main_amount),
        "decoration_amount": amount(row.decoration_amount), "supplement_amount": amount(row.supplement_amount),
        "contract_area": _area(row.area), "loan_bank": row.loan_bank, "fund_bank": row.fund_bank,
        "contract_pages": str(row.pages or ""), "contract_copies": str(row.copies),
    }  # fmt: skip
    if row.surveyed_area is not None:
        values["surveyed_area"] = _area(row.surveyed_area)
    if row.settlement is not None:
        way = "买受人补交" if row.settlement > 0 else "出卖人退还" if row.settlement < 0 else "互不补退"
        owed = abs(row.settlement)
        values |= {"settlement": amount(owed), "settlement_capitals": capitals(owed), "settlement_way": way}
    return values
