"""Sheets of past sales → rows of texts by field with their places, and what was left out (R1.2, R3.3). Asks nothing of the project."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from contracts.services.past_sales_problems import LABELS
from enquiries.intake.words import in_every_language, same
from inventory.importing import Grid, Refused
from inventory.importing.grid import Sheet
from inventory.importing.heads import Head, HeadRow, field_of, find_heads
from inventory.importing.listing import floor_of, skip_reason, with_unit
from inventory.importing.table import SourceCell, SourceRow, letter

SKIPPED_KEPT = 200
# What a row may say of its unit; the rest of the columns is about the sale.
OF_UNIT = (
    "building", "entrance", "floor", "room", "built_area", "inner_area", "layout", "orientation", "property_type",
)  # fmt: skip
NEEDED = ("room", "signed_on", "total")
WANTED = ("building", "floor", "built_area", "contract_no", "buyer")
_PRICES = {"list_total": "total", "list_unit_price": "unit_price"}
_HEADS: dict[str, tuple[str, ...]] = {
    "subscribed_on": (
        "认购日期", "认购时间", "认购日", "认购书日期", "订购日期", "大定日期", "subscribed", "subscribedon", "subscriptiondate",
        "datesubscribed", "dateofpasp",
    ),
    "signed_on": (
        "签约日期", "签约时间", "签约日", "合同日期", "合同签订日期", "签订日期", "签署日期", "成交日期", "交易日期", "交易年月日",
        "销售日期", "日期", "date", "signed", "signedon", "signingdate", "datesigned", "contractdate", "saledate", "dealdate",
        "dateofasp",
    ),
    "filed_on": ("备案日期", "备案时间", "合同备案日期", "网签备案日期", "filed", "filedon", "filingdate", "datefiled"),
    "delivered_on": (
        "交付日期", "交房日期", "交楼日期", "收楼日期", "交付时间", "交屋日期", "handedover", "handedoveron", "handoverdate",
        "delivered", "deliveredon", "deliverydate", "datehandedover",
    ),
    "total": (
        "成交总价", "合同总价", "合同金额", "合同价", "成交价", "成交金额", "签约总价", "签约金额", "总价元", "总金额", "房款",
        "totalprice", "dealprice", "contractprice", "contracttotal", "price", "amount",
    ),
    "unit_price": ("成交单价", "合同单价", "签约单价", "单价元平方公尺", "unitprice", "dealunitprice", "contractunitprice"),
    "deposit": ("定金", "认购金", "定金金额", "认购定金", "deposit"),
    "contract_no": (
        "合同编号", "合同号", "合同号码", "买卖合同编号", "买卖合同号", "contractno", "contractnumber", "contract", "agreementno",
    ),
    "subscription_no": (
        "认购书编号", "认购编号", "认购书号", "认购号", "subscriptionno", "subscriptionnumber", "subscription",
    ),
    "method": ("付款方式", "付款方法", "支付方式", "paymentmethod", "payment", "method"),
    "buyer": (
        "买受人", "买方", "买方姓名", "买受人姓名", "客户姓名", "客户名称", "客户", "业主", "业主姓名", "购房人", "姓名",
        "buyer", "buyername", "buyers", "customer", "customername", "name", "purchaser",
    ),
    "phone": (
        "联系电话", "买方电话", "客户电话", "业主电话", "手机", "手机号", "手机号码", "电话", "电话号码", "联系方式",
        "phone", "buyerphone", "mobile", "telephone", "tel",
    ),
    "salesperson": ("置业顾问", "销售顾问", "业务员", "销售员", "销售人员", "顾问", "salesperson", "seller", "agent"),
}  # fmt: skip
_ROOMS = ("fullnumber", "fullroomnumber", "unitname", "unitcode", "number", "房源编码", "房间全称")
_WORDS: dict[str, tuple[str, int]] = {}


def _words() -> dict[str, tuple[str, int]]:
    """Every spelling of a head → (field, rank): what offices write, and the labels in each language."""
    if not _WORDS:
        for name, heads in _HEADS.items():
            for rank, head in enumerate((*in_every_language(LABELS[name]), *map(same, heads))):
                _WORDS.setdefault(head, (name, rank))
        for rank, head in enumerate(map(same, _ROOMS), start=60):
            _WORDS.setdefault(head, ("room", rank))
    return _WORDS


def named(head: Head, values: Sequence[str]) -> tuple[str, int]:
    """The field of a past sale that a head names, and how well; ("", 0) for none."""
    known = _words().get(same(head.words)) or _words().get(same(head.words + head.unit))
    if known:
        return known
    name, rank = field_of(head, values)
    name = _PRICES.get(name, name)
    return (name, rank + 40) if name in OF_UNIT or name in LABELS else ("", 0)


@dataclass
class Sales:
    """What a file holds: rows, the columns found, rows that are none, blank ones counted, and remarks (code, parameters)."""

    rows: list[SourceRow] = field(default_factory=list)
    fields: set[str] = field(default_factory=set)
    skipped: list[tuple[str, int, str, str]] = field(default_factory=list)
    blank_rows: int = 0
    remarks: list[tuple[str, dict[str, Any]]] = field(default_factory=list)


def read(grid: Grid) -> Sales:
    """The rows of every sheet of past sales. Raises Refused (`empty`, `no_sales_list` with the columns it lacks, `no_sales`)."""
    sheets = [Sheet(title, rows) for title, rows in grid if any(any(row) for row in rows)]
    if not sheets:
        raise Refused("empty")
    sales, lacking = Sales(), []
    for sheet in sheets:
        heads = find_heads(sheet, {}, named)
        missing = [name for name in NEEDED if heads is None or name not in heads.fields]
        if heads is None or missing:
            lacking.append((missing, [head.text for head in heads.heads if head.text][:40] if heads else []))
            sales.remarks.append(("sheet_left_out", {"sheet": sheet.name}))
        else:
            _read_sheet(sheet, heads, sales)
    if not sales.fields:
        missing, found = min(lacking, key=lambda pair: len(pair[0]))
        raise Refused("no_sales_list", missing=missing, heads=[text[:30] for text in found])
    if not sales.rows:
        raise Refused("no_sales")
    if absent := [name for name in WANTED if name not in sales.fields]:
        sales.remarks.append(("columns_missing", {"fields": absent}))
    return sales


def _read_sheet(sheet: Sheet, heads: HeadRow, sales: Sales) -> None:
    sheet.fill_merged()
    used = {index: name for index, name in enumerate(heads.fields) if name}
    sales.fields |= {*used.values()}
    for number, texts in enumerate(sheet.rows[heads.last + 1 :], heads.last + 2):
        reason = skip_reason(texts, heads, sheet)
        if reason == "blank":
            sales.blank_rows += 1
        elif reason:
            if len(sales.skipped) < SKIPPED_KEPT:
                sales.skipped.append((sheet.name, number, reason, " ".join(filter(None, texts))[:80]))
        else:
            sales.rows.append(_row(sheet, heads, used, number, texts))
    ignored = [head.text[:30] for head, name in zip(heads.heads, heads.fields, strict=True) if head.text and not name]
    if ignored:
        sales.remarks.append(("columns_ignored", {"heads": ", ".join(ignored)}))


def _row(sheet: Sheet, heads: HeadRow, used: dict[int, str], number: int, texts: list[str]) -> SourceRow:
    row = SourceRow(sheet.name, number)
    for index, name in used.items():
        text = texts[index]
        if name in ("total", "unit_price", "deposit"):
            text = with_unit(text, heads.heads[index].unit, "list_total")
        row.cells[name] = SourceCell(text, letter(index), sheet.name, number)
    if "floor" not in row.cells:
        room = row.cells["room"]
        row.cells["floor"] = SourceCell(floor_of(room.text), room.column, sheet.name, number)
    return row
