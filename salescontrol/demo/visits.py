"""The demonstration's visits of today: first ones, one after a call and a repeated one. Nobody of them is real."""

import uuid
from datetime import timedelta

from enquiries.models import Call, Customer
from enquiries.services import visits
from enquiries.states import AgeBand, Channel, Employer, Grade, Party, Reaction
from inventory.models import Project
from salescontrol.core import clock
from security.models import User

OBJECTIONS = ("Far from the metro 离地铁远", "", "Total too high 总价偏高", "Few parking spaces 车位少")
HOMES = ("West Lake District 西湖区", "Old town 老城区", "New town 新城区")


def make(projects: dict[str, Project], people: dict[str, User]) -> None:
    """Visits of today in the first project, logged by the desk; one customer comes twice."""
    project, desk = projects["RSC"], people["C001"]
    guests = list(Customer.every.filter(project=project, owner__isnull=False).order_by("pk")[:4])
    called = Call.every.filter(project=project, customer__isnull=False).order_by("pk").first()
    for place, guest in enumerate([*guests, *([called.customer] if called else []), *guests[:1]]):
        _log(project, guest, place, desk)


def _log(project: Project, guest: Customer, place: int, desk: User) -> None:
    """The visit a few minutes ago, so that it is of today whenever the demonstration is loaded."""
    today = clock.local(clock.now(), project.zone)
    began = today.replace(hour=0, minute=0, second=0, microsecond=0)
    said = {
        "party": Party.values[place % 3], "age_band": AgeBand.values[place % 7], "home_area": HOMES[place % 3],
        "employer": Employer.values[place % 6], "channel": Channel.values[place], "unit_price": Reaction.values[place % 3],
        "objections": OBJECTIONS[place % 4], "grade": Grade.values[1 + place % 3], "layout": "A",
    }  # fmt: skip
    report = visits.Report(
        customer=guest, at=max(began, today - timedelta(minutes=20 * (6 - place))), said=said, carry=True
    )
    visits.log_visit(op_id=uuid.uuid4(), project=project, report=report, by=desk)
