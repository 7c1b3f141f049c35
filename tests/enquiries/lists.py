"""Lists of customers and calls made for tests: workbooks and text files as offices keep them. Nobody in them is real."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.inventory.workbooks import workbook

CUSTOMER = {
    "客户姓名": "周敏", "客户类型": "", "联系电话": "13800030001", "证件类型": "", "证件号码": "",
    "地址": "", "获知途径": "", "意向等级": "", "置业顾问": "", "登记日期": "",
    "最近跟进日期": "", "介绍人电话": "", "意向户型": "", "需求面积": "", "预算": "", "意向楼层": "",
    "购房目的": "", "备注": "",
}  # fmt: skip
CALL = {
    "来电时间": "2026-11-02 14:30", "接听人": "", "响铃次数": "2", "客户姓名": "周敏", "性别": "", "来电号码": "13800030001",
    "获知途径": "", "需求面积": "", "预算": "", "咨询内容": "", "答复": "",
    "特殊需求": "", "置业顾问": "", "是否邀约": "", "下次联系日期": "",
}  # fmt: skip


def customer(**changes: object) -> dict:
    return {**CUSTOMER, **changes}


def call(**changes: object) -> dict:
    return {**CALL, **changes}


def table(rows: Iterable[dict]) -> list[Sequence[object]]:
    """Heads and rows, from rows by head."""
    rows = list(rows)
    heads = list(dict.fromkeys(head for row in rows for head in row))
    return [heads, *([row.get(head, "") for head in heads] for row in rows)]


def book(path: Path, *rows: dict) -> Path:
    """A workbook with these rows below their heads."""
    return workbook(path, table(rows), title="台账")
