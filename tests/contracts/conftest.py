"""A unit on sale, a second one like it, and customers of two salespeople."""

import pytest

from tests import build
from tests.contracts.stock import customer


@pytest.fixture
def room(people):
    """A unit of the salesperson's on sale, another like it, and customers who want it."""
    where = build.building(people.a)
    people.unit = build.unit(where, by=people.specialist, salesperson=people.salesperson)
    people.other = build.unit(where, floor=13, by=people.specialist)
    people.customer = customer(people.a, people.salesperson)
    people.theirs = customer(people.a, people.colleague, name="Qian Hua")
    return people
