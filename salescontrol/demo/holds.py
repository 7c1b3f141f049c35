"""Holds of the demonstration: live, soon over and expired ones, requests that wait, and a waiting list; all through the services."""

import uuid
from decimal import Decimal

from contracts.models import Claim
from contracts.services import holds, requests, waiting
from contracts.states import Evidence
from enquiries.models import Customer
from inventory.models import Project, Unit
from inventory.states import Status
from salescontrol.demo.past import hours_ago
from security.models import User

# Salesperson → when each of their holds was placed, in hours ago; a hold lasts 24.
PLACED = {
    "A001": (24.6, 22.6, 5.0, 0.4),
    "A002": (23.2, 9.0, 2.0),
    "A003": (22.2, 7.0, 3.0),
    "A004": (26.0, 20.0, 6.0, 0.5),
}
REASONS = (
    "Talks it over at home 回家商量",
    "Waits for the bank's answer 等银行答复",
    "Comes back with the parents 带父母再看",
    "Compares two layouts 比较户型",
)


def make(projects: dict[str, Project], people: dict[str, User]) -> int:
    """Hold what the salespeople's customers want, oldest first; returns how many holds were placed."""
    stock = {number: _free_units(people[number]) for number in PLACED}
    wanting = {number: list(Customer.every.filter(owner=people[number]).order_by("pk")[:8]) for number in PLACED}
    plan = sorted(((hours, number) for number, times in PLACED.items() for hours in times), reverse=True)
    made: dict[str, list[Claim]] = {number: [] for number in PLACED}
    for hours, number in plan:
        count = len(made[number])
        terms = holds.Terms(wanting[number][count], people[number], REASONS[count], Evidence.ID_SEEN)
        with hours_ago(hours):
            claim = holds.place_hold(
                op_id=uuid.uuid4(), unit_id=stock[number].pop(0).pk, terms=terms, by=people["C001"]
            )
        made[number].append(claim)
    holds.expire_due()
    _ask(projects, people, stock, wanting)
    _wait(made["A001"][2], people, wanting)
    return len(plan)


def _free_units(salesperson: User) -> list[Unit]:
    """Units of the salesperson's that are on sale and on which nothing lies or waits, spread over the towers."""
    mine = Unit.every.filter(salesperson=salesperson, status=Status.AVAILABLE, locks="", property_type="HOME")
    return list(mine.exclude(floor__in=(9, 16)).order_by("stack", "-floor", "building_id")[:20:3])


def _ask(projects: dict[str, Project], people: dict[str, User], stock: dict[str, list[Unit]], wanting: dict) -> None:
    with hours_ago(1.2):
        requests.ask_for_hold(
            op_id=uuid.uuid4(), project=projects["RSC"], unit_id=stock["A002"][0].pk, wish=requests.Wish(),
            customer=wanting["A002"][4], reason="Pays the deposit tomorrow 明天付定金", by=people["A002"],
        )  # fmt: skip
    with hours_ago(0.6):
        wish = requests.Wish(floor_from=8, floor_to=20, budget=Decimal(2_300_000))
        requests.ask_for_hold(
            op_id=uuid.uuid4(), project=projects["HGT"], unit_id=None, wish=wish, customer=wanting["A003"][4],
            reason="Wants a high floor, no matter which 要高楼层", by=people["A003"],
        )  # fmt: skip


def _wait(claim: Claim, people: dict[str, User], wanting: dict) -> None:
    """Two customers wait for one of the held units."""
    for number, place in (("A002", 5), ("A001", 5)):
        waiting.join(
            op_id=uuid.uuid4(), unit_id=claim.unit_id, customer=wanting[number][place], salesperson=people[number],
            note="Would take it at once 有房就要", by=people["C001"],
        )  # fmt: skip
