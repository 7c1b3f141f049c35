"""THE table of what a list of customers or of calls may hold (R6.1): labels, heads, kinds and lengths; template and reading take it
from here."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from enquiries.intake.words import in_every_language, same
from enquiries.states import Channel, CustomerKind, Grade, IntakeContent, Invited, Motive, PaperKind
from inventory.importing.heads import Head

Kind = Literal[
    "text",
    "phones",
    "phone",
    "paper",
    "choice",
    "person",
    "day",
    "moment",
    "clock",
    "area",
    "budget",
    "floor",
    "flag",
    "rings",
]


@dataclass(frozen=True)
class Field:
    """One column: what it is called here, what offices call it, how it is read, and what the template says of it."""

    name: str
    label: Promise
    kind: Kind
    heads: tuple[str, ...]
    longest: int = 0
    choices: type[TextChoices] | None = None
    need: bool = False
    hint: Promise | str = ""
    example: str = ""


_TIME_ONLY = re.compile(r"\s*(上午|下午|am|pm)?\s*[0-9]{1,2}\s*[:：点時时]", re.IGNORECASE)
_DATES = _("A date such as 2026-09-01.")
_PERSON = _("Employee number or name of a salesperson of the project.")
_SPAN = _("A figure or a range such as 90-120.")
_PHONE_HEADS = (
    "联系电话", "手机", "手机号", "手机号码", "电话", "电话号码", "联系方式", "移动电话", "联络电话", "客户电话",
    "phone", "phones", "mobile", "telephone", "tel",
)  # fmt: skip
_NAME_HEADS = ("客户姓名", "姓名", "客户名称", "客户", "名称", "公司名称", "联系人", "name", "customer", "customername")
_OWNER_HEADS = (
    "置业顾问",
    "销售顾问",
    "业务员",
    "销售员",
    "销售人员",
    "跟进人",
    "归属人",
    "顾问",
    "salesperson",
    "owner",
)
_CHANNEL = Field(
    "channel", _("Channel"), "choice",
    (
        "认知途径", "获知途径", "来源渠道", "客户来源", "渠道", "来源", "获知渠道", "认知渠道", "媒体", "媒体来源",
        "途径", "channel", "source",
    ),
    choices=Channel,
)  # fmt: skip
# What somebody looks for: the same columns in both lists (domain B5).
_WISHES = (
    Field("layout", _("Layout"), "text", ("意向户型", "需求户型", "户型", "户型需求", "layout"), longest=40, example="3房2厅"),
    Field("area", _("Area"), "area", ("需求面积", "意向面积", "面积", "面积需求", "area"), hint=_SPAN, example="90-120"),
    Field(
        "budget_to", _("Budget up to"), "budget", (
            "预算", "总价预算", "购房预算", "意向总价", "心理价位", "总价", "budget", "budgetupto",
        ),
        hint=_("An amount; below 10,000 it is taken as 万."), example="300万",
    ),
    Field("floor", _("Floor"), "floor", ("意向楼层", "楼层", "楼层需求", "需求楼层", "floor"), hint=_SPAN, example="8-15"),
    Field(
        "motive", _("Wanted"), "choice", ("购房目的", "置业目的", "购房用途", "用途", "购房动机", "目的", "purpose", "wanted"),
        choices=Motive,
    ),
    Field("needs", _("Special needs"), "text", (
        "特殊需求", "特殊要求", "其他要求", "其他需求", "需求", "specialneeds", "needs",
    ), longest=500),
)  # fmt: skip
CUSTOMERS = (
    Field("name", pgettext_lazy("of a person", "Name"), "text", _NAME_HEADS, longest=60, need=True, example="示例客户"),
    Field("kind", _("Kind"), "choice", ("客户类型", "客户性质", "类型", "性质", "kind", "type"), choices=CustomerKind),
    Field(
        "phones", _("Phone"), "phones", _PHONE_HEADS, need=True,
        hint=_("Several numbers in one cell stand with 、 or / between them; the first is the main one."), example="13800000000",
    ),
    Field(
        "more_phones", _("Further phones"), "phones",
        (
            "备用电话", "其他电话", "其它电话", "第二联系电话", "电话2", "联系电话2", "手机2", "备用手机",
            "furtherphones", "phone2",
        ),
    ),
    Field("paper_kind", _("Kind of paper"), "choice", (
        "证件类型", "证件种类", "证件名称", "kindofpaper", "idtype",
    ), choices=PaperKind),
    Field(
        "paper", _("Paper number"), "paper",
        ("证件号码", "证件号", "身份证号码", "身份证号", "身份证", "证件编号", "papernumber", "idnumber", "id"),
        hint=_("Keep the cell as text: a spreadsheet rounds long numbers."),
    ),
    Field("address", _("Address"), "text", (
        "地址", "联系地址", "通讯地址", "家庭住址", "住址", "居住地址", "居住区域", "address",
    ), longest=200),
    _CHANNEL,
    Field(
        "grade", _("Grade"), "choice", (
            "意向等级", "客户等级", "等级", "级别", "意向级别", "客户级别", "意向", "意向度", "grade",
        ), choices=Grade
    ),
    Field("owner", _("Salesperson"), "person", _OWNER_HEADS, hint=_PERSON),
    Field(
        "owner_since", _("With the salesperson since"), "day",
        (
            "归属日期", "分配日期", "登记日期", "首次登记日期", "录入日期", "建档日期", "首访日期", "登记时间",
            "withthesalespersonsince", "since",
        ),
        hint=_DATES, example="2026-09-01",
    ),
    Field(
        "last_contact_at", _("Last contact"), "day",
        (
            "最后联系日期", "最近联系日期", "最近跟进日期", "最后跟进日期", "最近跟进时间", "最后联系", "最近联系",
            "最近跟进", "最后跟进", "lastcontact",
        ),
        hint=_DATES, example="2026-11-01",
    ),
    Field("visited", _("Has visited"), "flag", (
        "是否到访", "是否来访", "到访", "已到访", "hasvisited", "visited",
    ), hint=_("Yes or no.")),
    Field("referrer", _("Referrer's phone"), "phone", (
        "介绍人电话", "推荐人电话", "介绍人手机", "推荐人手机", "老业主电话", "referrersphone", "referrer'sphone",
    )),
    *_WISHES,
    Field("note", _("Note"), "text", ("备注", "说明", "备注说明", "note", "remarks"), longest=300),
)  # fmt: skip
CALLS = (
    Field(
        "at", _("Called"), "moment", (
            "来电时间", "来电日期", "来电日", "日期", "登记日期", "接听日期", "date", "called", "calledat",
        ), need=True,
        hint=_("Day and time such as 2026-09-01 14:30; the time may have a column of its own."), example="2026-09-01 14:30",
    ),
    Field("clock", _("Time"), "clock", ("时间", "时刻", "接听时间", "来电时刻", "time")),
    Field("taken_by", _("Answered by"), "person", (
        "接听人", "接电人", "接听人员", "接线员", "接线人", "登记人", "answeredby",
    ), hint=_("Employee number or name; left empty: who imports the list.")),
    Field("rings", _("Rings"), "rings", (
        "响铃次数", "铃声次数", "响铃", "铃声", "响铃声数", "rings",
    ), hint=_("A figure; M when the call was missed.")),
    Field("caller", _("Caller"), "text", ("来电人", "来电客户", *_NAME_HEADS, "caller"), longest=60),
    Field("gender", _("Gender"), "text", ("性别", "gender", "sex"), longest=10),
    Field("phone", _("Phone"), "phone", ("来电号码", "来电电话", *_PHONE_HEADS), example="13800000000"),
    _CHANNEL,
    *_WISHES,
    Field("asked", _("Asked"), "text", (
        "咨询内容", "咨询问题", "客户问题", "关注问题", "来电内容", "问题", "关注点", "询问内容", "asked",
    ), longest=1000),
    Field("answered", _("Answer given"), "text", (
        "答复", "解答", "回复内容", "答复内容", "回答", "answer", "answergiven",
    ), longest=1000),
    Field("salesperson", _("Salesperson"), "person", _OWNER_HEADS, hint=_PERSON),
    Field("invited", _("Invitation"), "choice", ("是否邀约", "邀约情况", "邀约", "邀约结果", "invitation"), choices=Invited),
    Field("next_on", _("Next contact"), "day", (
        "下次联系日期", "下次跟进日期", "回访日期", "下次联系", "下次跟进", "nextcontact",
    ), hint=_DATES),
    Field("note", _("Note"), "text", ("备注", "说明", "note", "remarks"), longest=500, hint=_("Kept among the special needs.")),
)  # fmt: skip
# The sheet of a template that holds its choices.
LISTS = "Lists"
FIELDS: Mapping[str, Sequence[Field]] = {IntakeContent.CUSTOMERS: CUSTOMERS, IntakeContent.CALLS: CALLS}
BY_NAME: Mapping[str, Mapping[str, Field]] = {
    content: {entry.name: entry for entry in fields} for content, fields in FIELDS.items()
}


@lru_cache(maxsize=8)
def _heads(content: str) -> dict[str, tuple[str, int]]:
    """Every spelling of a head → (field, rank): what offices write, and the labels of the template in each language."""
    found: dict[str, tuple[str, int]] = {}
    for entry in FIELDS[content]:
        for rank, head in enumerate((*in_every_language(entry.label), *map(same, entry.heads))):
            found.setdefault(head, (entry.name, rank))
    return found


def named(content: str, head: Head, values: Sequence[str]) -> tuple[str, int]:
    """The field that a head of such a list names, and how well; ("", 0) for none. A column of times alone gives no day."""
    name, rank = _heads(content).get(same(head.words), ("", 0))
    filled = [text for text in values if text]
    if name == "at" and filled and all(_TIME_ONLY.match(text) for text in filled):
        return "clock", rank
    return name, rank
