"""Random days of the order of turns against a plain list: whoever is in front is next, and everybody gets as many (R2.1)."""

import uuid
from collections import Counter
from datetime import datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from enquiries.queries import rotation as query
from enquiries.queries.roster import zone_of
from enquiries.services import rotation
from enquiries.states import Line
from salescontrol.core import clock
from salescontrol.core.permissions import Role
from tests import build

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
EXAMPLES, STEPS = 40, 40
PEOPLE = 4
SOMEBODY = st.integers(0, PEOPLE - 1)


class Machine(RuleBasedStateMachine):
    """`line`: who stands where, by hand; `passed`: who was skipped since the last turn; `even`: since when nothing but turns."""

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.project = build.project()
        self.desk = build.user(Role.SPECIALIST, self.project)
        self.people = [build.user(Role.SALESPERSON, self.project) for _each in range(PEOPLE)]
        self.line, self.passed, self.out = list(self.people), set(), set()
        self.even: Counter = Counter()
        self.now = datetime(2026, 11, 30, 9, 1, tzinfo=zone_of(self.project))
        self.real, clock.now = clock.now, lambda: self.now

    def teardown(self) -> None:
        clock.now = self.real
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    @property
    def here(self) -> list:
        return [person for person in self.line if person not in self.out]

    @property
    def first(self):
        return next((person for person in self.here if person not in self.passed), self.here[0] if self.here else None)

    def to_the_end(self, person) -> None:
        self.line.remove(person)
        self.line.append(person)
        self.passed.clear()

    def said(self) -> dict:
        self.now += timedelta(seconds=7)
        return {"project": self.project, "by": self.desk}

    def again(self) -> dict:
        return {**self.said(), "op_id": uuid.uuid4()}

    @precondition(lambda self: self.here)
    @rule(times=st.integers(1, 3 * PEOPLE))
    def in_turn(self, times: int) -> None:
        for _each in range(times):
            said, person = self.said(), rotation.give_turn(project=self.project, line=Line.PHONE)
            assert person == self.first
            turn = rotation.take_turn(line=Line.PHONE, salesperson=person, **said)
            assert not turn.out_of_turn
            self.to_the_end(person)
            self.even[person] += 1

    @rule(number=SOMEBODY)
    def out_of_turn(self, number: int) -> None:
        person, first = self.people[number], self.first
        turn = rotation.take_turn(line=Line.PHONE, salesperson=person, **self.said())
        assert turn.out_of_turn == (first is not None and person != first)
        self.to_the_end(person)
        self.even.clear()

    @precondition(lambda self: self.here)
    @rule()
    def skip(self) -> None:
        rotation.skip_turn(line=Line.PHONE, salesperson=self.first, reason="BUSY", **self.again())
        self.passed.add(self.first)
        self.even.clear()

    @rule(one=SOMEBODY, other=SOMEBODY)
    def swap(self, one: int, other: int) -> None:
        if one == other:
            return
        first, second = self.people[one], self.people[other]
        rotation.swap_turns(line=Line.PHONE, first=first, second=second, **self.again())
        here, there = self.line.index(first), self.line.index(second)
        self.line[here], self.line[there] = second, first
        self.even.clear()

    @rule(number=SOMEBODY)
    def out_or_back(self, number: int) -> None:
        person = self.people[number]
        if person in self.out:
            rotation.come_back(salesperson=person, **self.again())
        else:
            rotation.go_out(salesperson=person, reason="LUNCH", **self.again())
        self.out ^= {person}
        self.even.clear()

    @invariant()
    def the_order_is_the_list(self) -> None:
        places = query.standing(self.project, Line.PHONE, self.people)
        assert [place.person for place in places if not place.is_out] == self.here
        assert [place.person for place in places if place.is_next] == ([self.first] if self.first else [])

    @invariant()
    def everybody_got_as_many(self) -> None:
        turns = [self.even[person] for person in self.here]
        assert not turns or max(turns) - min(turns) <= 1


def test_the_order_is_fair_whatever_happens():
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
