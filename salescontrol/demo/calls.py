"""The demonstration's calls and talking points, through the same services as people use. Nobody of them is real."""

import uuid
from datetime import timedelta
from decimal import Decimal

from enquiries.services import calls, talk
from enquiries.states import Channel
from inventory.models import Project
from salescontrol.core import clock
from salescontrol.demo.customers import BLOCK, SALESPEOPLE
from security.models import User

POINTS = (
    ("COURTESY", "Greeting 问候", "Good day, sales control room. How may I help you? 您好，销控室，请问有什么可以帮您？"),
    ("FACT", "The project 项目概况", "Eight buildings, 33 floors each, greening 35 %. 八栋，33 层，绿化率 35%。"),
    ("PRICE", "Prices 价格", "The list price of each unit is in the table beside. 每套表价见旁边的列表。"),
    ("SCHOOLS", "Schools 学校", "A primary school at ten minutes on foot. 步行十分钟有小学。"),
    ("TRANSPORT", "Transport 交通", "Metro line 2, seven minutes on foot. 地铁二号线，步行七分钟。"),
    ("FEES", "Management fee 物业费", "2.80 a square metre and month. 每月每平方米 2.80 元。"),
    ("PROCEDURE", "How to buy 购房流程", "Viewing, hold, subscription, contract. 看房、保留、认购、签约。"),
)  # fmt: skip
ASKED = (
    (
        "How much is a three-room home on a high floor? 高层三房多少钱？",
        "From the list, about 3 million. 约 300 万起。",
    ),
    ("Is there a school near by? 附近有学校吗？", "Ten minutes on foot. 步行十分钟。"),
    ("When can I come and see? 什么时候可以看房？", "Every day until 18:00. 每天到 18:00。"),
)


def make(projects: dict[str, Project], people: dict[str, User]) -> None:
    """Talking points in both projects; in the first one calls of today, one of them confirmed, and a draft."""
    for project in projects.values():
        for kind, title, text in POINTS:
            talk.write_point(
                project=project, kind=kind, title=title, text=text, valid_from=clock.today() - timedelta(days=30),
                valid_until=None, by=people["S001"],
            )  # fmt: skip
    riverside, desk, now = projects["RSC"], people["C001"], clock.now()
    for position, rings in enumerate("1224U0MU3"):
        asked, answered = ASKED[position % len(ASKED)]
        seller = people[SALESPEOPLE["RSC"][position % 2]]
        content = calls.Content(
            phone=str(BLOCK + 200 + position), rings=rings, channel=Channel.values[position], asked=asked, answered=answered,
            at=now - timedelta(minutes=25 * position), layout="A", budget_to=Decimal(3_000_000), salesperson=seller,
        )  # fmt: skip
        call = calls.log_call(op_id=uuid.uuid4(), sheet=uuid.uuid4(), project=riverside, content=content, by=desk)
        if position % 2:
            calls.confirm_call(call=call, by=seller)
    half = calls.Content(phone=f"{BLOCK + 300}", asked="Parking? 车位？", rings="1")
    calls.save_draft(sheet=uuid.uuid4(), project=riverside, content=half, by=desk)
