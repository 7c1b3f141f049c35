"""The names that stand in a template, one table of them: what each means, how it looks, and which paper wants which."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from contracts.states import PaperKind


@dataclass(frozen=True)
class Field:
    """One name with its label and how its value looks, or, with `rows`, a list of such."""

    name: str
    label: Any
    example: str = ""
    rows: "tuple[Field, ...]" = ()
    examples: tuple[Mapping[str, str], ...] = ()


BUYER = (
    Field("name", _("name"), "王小明"),
    Field("paper_kind", _("kind of the identity paper"), "居民身份证"),
    Field("paper_no", _("number of the identity paper"), "11010519491231002X"),
    Field("phone", _("phone"), "13800138000"),
    Field("address", _("address"), "上海市浦东新区世纪大道1号"),
    Field("share", _("share in percent"), "50"),
    Field("agent_kind", _("who acts for the buyer"), "委托代理人"),
    Field("agent_name", _("name of who acts"), "李华"),
    Field("agent_paper_no", _("number of that paper"), "110101199003070011"),
    Field("agent_phone", _("phone of who acts"), "13900139000"),
)
DISCOUNT = (Field("name", _("discount"), "按时签约"), Field("value", _("percent or amount"), "减 2%"))
_SPOUSE = {"name": "李四 & <王五>", "paper_no": "440106198608080022", "share": "50"}

GROUPS: tuple[tuple[Any, tuple[Field, ...]], ...] = (
    (_("The office and the paper"), (
        Field("project_name", _("project"), "金色家园"),
        Field("project_city", _("city"), "上海"),
        Field("paper_no", _("number of the letter"), "JSJY-2026-HJ-00012"),
        Field("made_on", _("day on which the paper is made"), "2026年12月1日"),
        Field("made_by", _("who makes the paper"), "赵敏"),
        Field("salesperson", _("salesperson"), "孙丽"),
    )),
    (_("The unit"), (
        Field("unit_no", _("unit"), "3#1-1201"),
        Field("building", _("building"), "3#"),
        Field("entrance", _("entrance"), "1"),
        Field("floor", _("floor"), "12"),
        Field("room", _("room"), "1201"),
        Field("layout", _("layout"), "C"),
        Field("built_area", _("built area"), "118.40"),
        Field("inner_area", _("inner area"), "92.15"),
        Field("surveyed_area", _("surveyed area"), "119.02"),
    )),
    (_("The buyers"), (
        Field("customer_names", _("names of all buyers"), "王小明、李四"),
        Field("buyers", _("the buyers, one by one"), rows=BUYER, examples=({}, _SPOUSE)),
    )),
    (_("Prices"), (
        Field("method", _("payment method"), "商业按揭"),
        Field("list_total", _("list price"), "2,762,000.00"),
        Field("list_unit_price", _("list unit price"), "23,327.70"),
        Field("discounts", _("discounts in order"), rows=DISCOUNT, examples=({}, {"name": "总价优惠", "value": "减 10,000.00 元"})),
        Field("total", _("deal price"), "2,706,624.00"),
        Field("total_capitals", _("deal price in capitals"), "贰佰柒拾万陆仟陆佰贰拾肆元整"),
        Field("unit_price", _("deal unit price"), "22,860.00"),
        Field("first_payment", _("first payment"), "816,624.00"),
        Field("loan", _("loan"), "1,890,000.00"),
        Field("loan_years", _("years of the loan"), "30"),
        Field("monthly", _("monthly payment, estimated"), "9,021.35"),
        Field("deposit", _("deposit"), "50,000.00"),
        Field("deposit_capitals", _("deposit in capitals"), "伍万元整"),
        Field("paid", _("received of the deposit"), "50,000.00"),
        Field("paid_capitals", _("received of the deposit, in capitals"), "伍万元整"),
        Field("main_amount", _("main contract"), "2,706,624.00"),
        Field("decoration_amount", _("decoration contract"), "0.00"),
        Field("supplement_amount", _("supplement"), "0.00"),
    )),
    (_("Dates"), (
        Field("valid_until", _("the quotation is valid until"), "2026年12月8日"),
        Field("subscribed_on", _("subscribed on"), "2026年12月1日"),
        Field("top_up_on", _("small deposit to be topped up by"), "2026年12月4日"),
        Field("due_on", _("contract to be signed by"), "2026年12月8日"),
        Field("signed_on", _("contract signed on"), "2026年12月7日"),
        Field("online_on", _("signed online on"), "2026年12月7日"),
        Field("filed_on", _("filed on"), "2026年12月20日"),
        Field("hand_over_on", _("to be handed over on"), "2027年6月30日"),
    )),
    (pgettext_lazy("of the office", "Numbers"), (
        Field("trade_no", _("trade"), "K7M2QX9A"),
        Field("quotation_no", _("quotation"), "Q4XW81ZP"),
        Field("subscription_no", _("subscription no."), "JSJY-2026-RG-00031"),
        Field("receipt_no", _("receipt no."), "0012345"),
        Field("contract_no", _("contract no."), "JSJY-2026-HT-00027"),
        Field("online_no", _("online-signing no."), "202612070001"),
        Field("filing_no", _("filing no."), "BA20261220001"),
        Field("change_no", _("change no."), "JSJY-2026-BG-00003"),
    )),
    (_("The contract"), (
        Field("contract_area", _("area in the contract"), "118.40"),
        Field("loan_bank", _("bank of the loan"), "中国建设银行"),
        Field("fund_bank", _("bank of the provident fund"), "公积金中心"),
        Field("contract_pages", _("pages of the contract"), "46"),
        Field("contract_copies", _("copies of the contract"), "4"),
        Field("settlement", _("area settlement"), "14,173.20"),
        Field("settlement_capitals", _("area settlement in capitals"), "壹万肆仟壹佰柒拾叁元贰角整"),
        Field("settlement_way", _("who pays the area settlement"), "买受人补交"),
    )),
    (_("Entered when the paper is made"), (
        Field("text", _("text"), "双方同意将付款方式变更为一次性付款。"),
        Field("amount", _("amount"), "100,000.00"),
        Field("amount_capitals", _("amount in capitals"), "壹拾万元整"),
        Field("until", _("to be done by"), "2026年12月15日"),
    )),
)  # fmt: skip

FIELDS: dict[str, Field] = {field.name: field for _label, fields in GROUPS for field in fields}
LOOPS = {name: frozenset(row.name for row in field.rows) for name, field in FIELDS.items() if field.rows}
# What a template of this kind should hold; one that lacks it is taken, with a warning.
WANTED: dict[PaperKind, tuple[str, ...]] = {
    PaperKind.QUOTATION: ("unit_no", "list_total", "total", "unit_price", "method", "valid_until"),
    PaperKind.SUBSCRIPTION: ("subscription_no", "buyers", "unit_no", "total", "total_capitals", "deposit", "due_on"),
    PaperKind.PROVISIONAL: ("subscription_no", "customer_names", "unit_no", "paid", "top_up_on"),
    PaperKind.COVER: ("contract_no", "buyers", "unit_no", "total", "signed_on"),
    PaperKind.NOTICE: ("paper_no", "customer_names", "unit_no", "due_on"),
    PaperKind.TERMINATION: ("paper_no", "customer_names", "unit_no", "due_on"),
    PaperKind.CHANGE: ("customer_names", "unit_no", "text"),
    PaperKind.DUNNING: ("paper_no", "customer_names", "unit_no", "amount", "until"),
    PaperKind.SETTLEMENT: ("paper_no", "customer_names", "contract_area", "surveyed_area", "settlement"),
}
# What whoever makes the paper has to enter for it.
ENTERED: dict[PaperKind, tuple[str, ...]] = {
    PaperKind.CHANGE: ("text",),
    PaperKind.DUNNING: ("amount", "until"),
}


def example() -> dict[str, Any]:
    """The values of a trade that never was: what a template is tried with."""
    values: dict[str, Any] = {}
    for name, field in FIELDS.items():
        plain = {row.name: row.example for row in field.rows}
        values[name] = [{**plain, **changed} for changed in field.examples] if field.rows else field.example
    return values


def blank() -> dict[str, Any]:
    """Every field, empty: what a trade does not have is an empty place on the paper."""
    return {name: [] if field.rows else "" for name, field in FIELDS.items()}
