"""Viewings of the demonstration: today's and tomorrow's, one of last week with its outcome, and this week's roster."""

import uuid
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from enquiries.models import Customer, Viewing
from enquiries.queries import roster as hours
from enquiries.services import roster, viewings
from enquiries.states import Liking
from inventory.models import Project, Unit
from salescontrol.core import clock
from salescontrol.demo.customers import SALESPEOPLE
from salescontrol.demo.past import hours_ago
from security.models import User

TIMES = (time(9, 30), time(11), time(14), time(15, 30))
NOTES = ("Brings the parents 带父母来", "", "Wants to see the model flat 看样板间", "")


def make(projects: dict[str, Project], people: dict[str, User]) -> None:
    """A roster of this week and the next, and viewings with each salesperson on three days."""
    for code, team in SALESPEOPLE.items():
        project, sellers = projects[code], [people[number] for number in team]
        today = clock.today(project.zone)
        _plan_duty(project, sellers, hours.monday(today), people["S001"])
        for place, seller in enumerate(sellers):
            _book(project, seller, today, place, people["C001"])


def _plan_duty(project: Project, sellers: list[User], first: date, by: User) -> None:
    days = [first + timedelta(days=count) for count in range(2 * hours.DAYS)]
    shift = (time(9), time(18))
    roster.keep_roster(project=project, hours={(seller.pk, day): shift for seller in sellers for day in days}, by=by)


def _book(project: Project, seller: User, today: date, place: int, by: User) -> None:
    """Booked four days ago: one viewing for yesterday, two for today, one for tomorrow."""
    plans = list(_plans(project, seller, today, place))
    with hours_ago(96):
        booked = [viewings.book_viewing(op_id=uuid.uuid4(), project=project, plan=plan, by=by) for plan in plans]
        for viewing in booked[:2]:
            viewings.confirm_viewing(viewing=viewing, by=seller)
    _report(booked[0], seller)


def _plans(project: Project, seller: User, today: date, place: int) -> Iterator[viewings.Plan]:
    guests = Customer.every.filter(project=project, owner=seller).order_by("pk")[:4]
    units = Unit.every.filter(project=project, salesperson=seller, property_type="HOME").order_by("floor", "pk")[:8]
    for number, (guest, days) in enumerate(zip(guests, (-1, 0, 0, 1), strict=False)):
        start: datetime = hours.at(project, today + timedelta(days=days), TIMES[(number + place) % len(TIMES)])
        yield viewings.Plan(
            customer=guest, salesperson=seller, starts_at=start, party_size=1 + number % 3,
            units=list(units[2 * number : 2 * number + 2]), note=NOTES[number],
        )  # fmt: skip


def _report(viewing: Viewing, by: User) -> None:
    opinions = {
        item.pk: (liking, words)
        for item, liking, words in zip(
            viewing.items.all(),
            (Liking.LIKED.value, Liking.UNDECIDED.value),
            ("Light and quiet 采光好", "Too low 楼层低"),
            strict=False,
        )
    }
    viewings.record_outcome(viewing=viewing, outcome="Comes back at the weekend 周末再来", opinions=opinions, by=by)
