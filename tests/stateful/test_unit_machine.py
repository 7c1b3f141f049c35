"""T1–T8 by every role against the model, in their order and at random, on both engines (I6)."""

from collections.abc import Callable

import pytest
from hypothesis import Phase

from inventory.services import expiry
from salescontrol.core.permissions import Role
from tests.stateful.machine import MAY, PROPOSES, STEPS, Office, UnitMachine, others, prepare, walk

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

# With those of `test_sale_machine` ten thousand steps and more.
EXAMPLES = 142


def wanted() -> set[tuple]:
    """Every move by every role: done by those who may, refused to the others although the unit was in the right state."""
    found = {("T6", "clock", "done")}
    for move, may in MAY.items():
        found |= {(move, role, "refused by role") for role in others(move)}
        found |= {(move, role, "proposed") for role in PROPOSES.get(move, ())}
        found |= {(move, role, "done") for role in may}
    return found


def tour(machine: UnitMachine) -> None:
    """A walk through all of that: each move is first tried by everybody who may not, then done by each who may."""

    def step(act: Callable[..., None], roles, index: int = 1, before: Callable[..., None] | None = None) -> None:
        for role in roles:
            if before is not None:
                before(1, Role.SPECIALIST, 0)
            act(index, role, 0)
            machine.everything_says_the_same()

    machine.submit(1, Role.MARKETING, 0)
    step(machine.decide, [*others("T2"), Role.SUPERVISOR], index=3)
    machine.submit(1, Role.MARKETING, 0)
    step(machine.decide, [*others("T1"), Role.SUPERVISOR])
    step(machine.put_on_sale, [*others("T3"), Role.SPECIALIST, Role.SUPERVISOR])
    step(machine.withhold, [*others("T4"), Role.SPECIALIST, Role.SUPERVISOR])
    step(machine.hold, others("T5"))
    for role in (Role.SPECIALIST, Role.SUPERVISOR):
        step(machine.hold, [role])
        step(machine.extend, [*others("T8"), role])
        step(machine.let_go, [*others("T7"), role])
    step(machine.hold, [Role.SPECIALIST])
    machine.wait(3, Role.SPECIALIST, 0)
    step(machine.sweep, [Role.SPECIALIST])


@pytest.fixture
def machine(monkeypatch):
    return prepare(UnitMachine, Office(), monkeypatch)


def test_every_move_is_done_by_each_role_that_may_and_refused_to_every_other(machine):
    tour(machine())

    assert wanted() - machine.seen.keys() == set()


def test_thousands_of_random_steps_do_what_the_model_says(machine):
    walk(machine, EXAMPLES)

    assert machine.steps >= EXAMPLES * STEPS
    assert {move for move, _role, outcome in machine.seen if outcome == "done"} >= {"T1", "T3", "T4", "T5", "T7", "T8"}


def test_the_machine_finds_a_seeded_fault(machine, monkeypatch):
    """The control: with the expiry off, a hold past its end stands in the way, and the model says so."""
    monkeypatch.setattr(expiry, "_WRITERS", [])
    with pytest.raises(AssertionError):
        walk(machine, EXAMPLES, phases=[Phase.generate])
