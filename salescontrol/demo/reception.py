"""The demonstration's reception: pre-reports of channel companies, one of which arrived, and who is at lunch. Nobody is real."""

import uuid
from datetime import datetime, timedelta

from enquiries.models import Customer
from enquiries.services import customers, pre_reports, rotation, visits
from enquiries.states import Channel, SkipReason
from inventory.models import Project
from salescontrol.core import clock
from salescontrol.demo.customers import BLOCK, SALESPEOPLE
from salescontrol.demo.past import hours_ago
from security.models import User

# Company, agent, name, number (the hidden one as agents tell it), and in how many hours they come.
ANNOUNCED = (
    ("Good Homes 好房渠道", "Peng Fei 彭飞", "Zhou Lan 周岚", str(BLOCK + 400), 3),
    ("Bridge Agency 桥梁经纪", "Lu Ting 陆婷", "Zhou Lan 周岚", str(BLOCK + 400), 5),
    ("Bridge Agency 桥梁经纪", "Lu Ting 陆婷", "Mr Hu 胡先生", "138****4405", 26),
    ("Good Homes 好房渠道", "Peng Fei 彭飞", "Guan Yu 管宇", str(BLOCK + 402), None),
)


def make(projects: dict[str, Project], people: dict[str, User]) -> None:
    """Pre-reports of yesterday in the first project, the last of which arrives today; one salesperson is at lunch."""
    project, desk = projects["RSC"], people["C001"]
    with hours_ago(20):
        for company, agent, name, phone, hours in ANNOUNCED:
            expected = clock.now() + timedelta(hours=20 + hours) if hours else None
            _announce(project, desk, company, agent, name, phone, expected)
    guest = customers.find_or_enter(project=project, name=name, phone=phone, owner=None, channel=Channel.AGENT, by=desk)
    _receive(project, guest, people[SALESPEOPLE["RSC"][0]], desk)
    rotation.go_out(
        op_id=uuid.uuid4(),
        project=project,
        salesperson=people[SALESPEOPLE["RSC"][-1]],
        reason=SkipReason.LUNCH,
        by=desk,
    )


def _announce(
    project: Project, desk: User, company: str, agent: str, name: str, phone: str, expected: datetime | None
) -> None:
    announced = pre_reports.Announcement(
        agency=company, agent_name=agent, agent_phone=str(BLOCK + 450), name=name, phone=phone, expected_at=expected
    )
    pre_reports.enter_report(op_id=uuid.uuid4(), project=project, announced=announced, by=desk)


def _receive(project: Project, guest: Customer, seller: User, desk: User) -> None:
    report = visits.Report(customer=guest, salesperson=seller, said={"channel": Channel.AGENT, "layout": "A"})
    visits.log_visit(op_id=uuid.uuid4(), project=project, report=report, by=desk)
