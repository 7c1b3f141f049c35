"""The demonstration's customers, entered by their salespeople through the same service as people use. Nobody of them is real."""

import uuid

from enquiries.models import Customer
from enquiries.services import customers, follow_ups, numbers
from enquiries.states import Channel, Grade, PaperKind, Way
from inventory.models import Project
from salescontrol.core import clock
from security.models import User

# 138 0000 0xxx: the block that examples are written with.
BLOCK = 13_800_000_100
SALESPEOPLE = {"RSC": ("A001", "A002"), "HGT": ("A003", "A004")}
NAMES = (
    "Zhou Min 周敏", "Wang Fang 王芳", "Li Jun 李军", "Emma Carter", "Zhang Wei 张伟", "Liu Yang 刘洋", "Chen Jing 陈静", "Oliver Grant",
    "Yang Xue 杨雪", "Huang Lei 黄磊", "Wu Ting 吴婷", "Sophie Laurent", "Xu Bin 徐斌", "Sun Li 孙丽", "Ma Rui 马瑞", "Daniel Novak",
    "Zhu Hong 朱红", "Hu Jie 胡杰", "Guo Ying 郭颖", "Grace Tan", "He Peng 何鹏", "Lin Na 林娜", "Luo Kai 罗凯", "Tom Becker",
)  # fmt: skip
NOTES = (
    "Three rooms, high floor 三房高层",
    "Pays at once 一次性付款",
    "",
    "Near the school 靠近学校",
    "Second visit on Saturday 周六复访",
    "",
)
CHANNELS = (Channel.PASSING, Channel.WEB, Channel.REFERRAL, Channel.OUTDOOR, "")
GRADES = (Grade.A, Grade.B, Grade.S, "", Grade.C, Grade.B, Grade.D)
LAYOUTS = ("Three rooms 三房", "", "Two rooms 两房")
SAID = (
    (Way.PHONE, "Asks about the monthly payment 咨询月供"), (Way.VISIT, "Saw the show flat, liked the kitchen 看样板房，喜欢厨房"),
    (Way.MESSAGE, "Sent the floor plan 已发户型图"), (Way.PHONE, "Talks with the family this week 本周与家人商量"),
)  # fmt: skip


def make(projects: dict[str, Project], people: dict[str, User]) -> None:
    """Two dozen customers, half in each project, shared evenly by its salespeople."""
    codes = tuple(projects)
    for position, name in enumerate(NAMES):
        project = projects[codes[position % len(codes)]]
        team = SALESPEOPLE[project.code]
        seller = people[team[position // len(codes) % len(team)]]
        row = customers.enter_customer(
            op_id=uuid.uuid4(), project=project, name=name, phone=str(BLOCK + position), owner=seller,
            note=NOTES[position % len(NOTES)], by=seller, channel=CHANNELS[position % len(CHANNELS)],
            grade=GRADES[position % len(GRADES)], layout=LAYOUTS[position % len(LAYOUTS)],
        )  # fmt: skip
        if position < len(SAID):
            _know(row, position, seller)


def _know(row: Customer, position: int, seller: User) -> None:
    """A follow-up that is due today, and for the first a second phone and a paper; its number is an example of the standard."""
    way, content = SAID[position]
    follow_ups.follow_up(
        op_id=uuid.uuid4(), customer=row, way=way, content=content, next_on=clock.today(row.project.zone), by=seller
    )
    if position == 0:
        numbers.add_phone(customer=row, phone=str(BLOCK + 900), by=seller)
        numbers.add_paper(customer=row, kind=PaperKind.RESIDENT, number="110101199003072519", by=seller)
