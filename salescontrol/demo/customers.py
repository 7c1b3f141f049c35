"""The demonstration's customers, entered by their salespeople through the same service as people use. Nobody of them is real."""

import uuid

from enquiries.services import customers
from inventory.models import Project
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


def make(projects: dict[str, Project], people: dict[str, User]) -> None:
    """Two dozen customers, half in each project, shared evenly by its salespeople."""
    codes = tuple(projects)
    for position, name in enumerate(NAMES):
        project = projects[codes[position % len(codes)]]
        team = SALESPEOPLE[project.code]
        seller = people[team[position // len(codes) % len(team)]]
        customers.enter_customer(
            op_id=uuid.uuid4(), project=project, name=name, phone=str(BLOCK + position), owner=seller,
            note=NOTES[position % len(NOTES)], by=seller,
        )  # fmt: skip
