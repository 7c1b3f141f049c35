"""Random steps of a small office against a model of a few lines (I6): the moves T1–T8 by every role. T9–T20: `sales`.

Whatever the model allows must happen, whatever it does not must be refused and change nothing; after each step the unit,
its history and its claims say the same (domain B16: 1–4 and 13).
"""

import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from contracts.models import Claim
from contracts.queries.live import is_live
from contracts.services import holds
from contracts.states import Stage
from inventory.models import SalesStop, Unit, UnitEvent
from inventory.queries.scope import units_visible_to
from inventory.queries.standing import status_at
from inventory.services import locks, release, review, stops
from inventory.states import Lock, Review, Status
from salescontrol.core import approvals, clock
from salescontrol.core.access import access_of
from salescontrol.core.errors import Refusal
from salescontrol.core.models import Setting
from salescontrol.core.permissions import Role
from tests import build
from tests.contracts.stock import customer, hold
from tests.inventory.stock import drafts

STEPS = 50
NOON = datetime(2027, 3, 1, 4, tzinfo=UTC)
DESK = {Role.SPECIALIST, Role.SUPERVISOR}
# Who may do each move of domain B2.4 at once; the clock does T6.
MAY = {
    "T1": {Role.SUPERVISOR}, "T2": {Role.SUPERVISOR}, "T3": {Role.SUPERVISOR}, "T4": {Role.SUPERVISOR},
    "T5": DESK, "T7": DESK, "T8": DESK,
}  # fmt: skip
PROPOSES = {"T3": {Role.SPECIALIST}, "T4": {Role.SPECIALIST}}
INDEX = st.integers(0, 11)
MOVES = [
    *["submit", "decide", "decide", "decide", "put_on_sale", "put_on_sale", "withhold"],
    *["hold", "hold", "hold", "hold", "extend", "extend", "extend", "let_go", "let_go"],
    *["wait", "sweep", "keep", "give_back", "stop", "reopen"],
]
# Half of the tries are the desk's, so that units move on.
ROLES = st.sampled_from([*Role, *[Role.SUPERVISOR, Role.SPECIALIST] * 3])
HOLD, CAP, EXTENSIONS = timedelta(hours=24), 2, 1


@dataclass
class Modelled:
    """What the model knows of one unit."""

    review: str = Review.DRAFT
    status: str = Status.DRAFT
    ends: datetime = NOON
    buyer: int = -1
    extended: int = 0
    kept: bool = False
    lock: str = ""
    events: int = 0
    number: str = ""
    batch: object = None

    def counts_as(self, now: datetime) -> str:
        return Status.AVAILABLE if self.status == Status.HELD and self.ends <= now else self.status

    def settle(self, now: datetime) -> None:
        """The end of a hold is written by whoever moves the unit next."""
        if self.status == Status.HELD and self.ends <= now:
            self.status, self.events = Status.AVAILABLE, self.events + 1

    def move(self, status: str) -> None:
        self.status, self.events = status, self.events + 1


class Office:
    """The rows that every example starts from; what it does is rolled back."""

    def __init__(self) -> None:
        self.project = build.project("SM")
        self.people = {role: build.user(role, self.project) for role in Role}
        self.clerk = build.user(Role.MARKETING, self.project)
        house = build.building(self.project)
        build.permit(house)
        self.units = [
            *drafts(house, None, self.clerk, count=2),
            build.unit(house, floor=13, by=self.clerk, status=Status.AVAILABLE),
        ]
        sellers = [build.user(Role.SALESPERSON, self.project) for _ in range(2)]
        self.buyers = [(customer(self.project, seller), seller) for seller in sellers]
        for key, value in {"hold.cool_down_hours": 0, "hold.per_salesperson": 50, "hold.per_customer": CAP}.items():
            build_setting(key, value, self.people[Role.SUPERVISOR])


def build_setting(key: str, value: int, by) -> None:
    row = Setting(key=key, value=value)
    row._history_user, row._change_reason = by, "setting.change"
    row.save()


class UnitMachine(RuleBasedStateMachine):
    office: Office
    now = NOON
    seen: Counter = Counter()
    steps = 0

    def __init__(self) -> None:
        super().__init__()
        self.savepoint = transaction.savepoint()
        type(self).now = NOON
        self.model = {
            unit.pk: Modelled(review=unit.review, status=unit.status, events=unit.event_seq)
            for unit in self.office.units
        }
        self.stopped = False

    def teardown(self) -> None:
        try:
            for pk, unit in self.model.items():
                self.check_history(pk, unit)
        finally:
            transaction.savepoint_rollback(self.savepoint)

    def check_history(self, pk: int, unit: Modelled) -> None:
        events = list(UnitEvent.every.filter(unit=pk).order_by("seq"))
        assert [event.seq for event in events] == list(range(1, unit.events + 1))
        for before, after in pairwise(events):
            assert after.from_status == before.to_status
            assert after.at >= before.at

    # ---------------------------------------------------------------- the moves
    @rule(name=st.sampled_from(MOVES), index=INDEX, role=ROLES, buyer=st.integers(0, 1))
    def move(self, name: str, index: int, role: Role, buyer: int) -> None:
        """One rule for all: of several, the machine leaves some out of each example, and these moves depend on each other."""
        getattr(self, name)(index, role, buyer)

    def submit(self, index: int, role: Role, buyer: int) -> None:
        row, unit = self.at(index, lambda unit: unit.review in (Review.DRAFT, Review.RETURNED))
        right = unit.review in (Review.DRAFT, Review.RETURNED)
        found = self.tried(
            right,
            lambda: review.submit_units(
                project=self.office.project,
                unit_ids=[row.pk],
                visible=self.visible(self.office.clerk),
                by=self.office.clerk,
            ),
        )
        if found:
            unit.review = Review.SUBMITTED
            unit.batch = Unit.every.get(pk=row.pk).batch

    def decide(self, index: int, role: Role, buyer: int) -> None:
        """T1 and T2."""
        agree = index % 3 > 0
        row, unit = self.at(index, lambda unit: unit.review == Review.SUBMITTED)
        if unit.batch is None:
            return
        act = review.approve_batch if agree else review.return_batch
        done = self.attempt(
            "T1" if agree else "T2", role, unit.review == Review.SUBMITTED,
            lambda by: act(batch=unit.batch, by=by, comment="Area is wrong"),
        )  # fmt: skip
        if done:
            unit.review = Review.APPROVED if agree else Review.RETURNED
            if agree:
                unit.move(Status.WITHHELD)

    def put_on_sale(self, index: int, role: Role, buyer: int) -> None:
        row, unit = self.at(index, self.counts_as(Status.WITHHELD))
        right = unit.status == Status.WITHHELD and not self.blocked(unit)
        if self.sale("T3", role, right, release.release_units, row, unit):
            unit.move(Status.AVAILABLE)

    def withhold(self, index: int, role: Role, buyer: int) -> None:
        row, unit = self.at(index, self.counts_as(Status.AVAILABLE))
        right = unit.counts_as(self.now) == Status.AVAILABLE
        if self.sale("T4", role, right, release.withhold_units, row, unit):
            unit.settle(self.now)
            unit.move(Status.WITHHELD)

    def hold(self, index: int, role: Role, buyer: int) -> None:
        row, unit = self.at(index, self.counts_as(Status.AVAILABLE))
        held = sum(other.counts_as(self.now) == Status.HELD and other.buyer == buyer for other in self.model.values())
        right = unit.counts_as(self.now) == Status.AVAILABLE and not self.blocked(unit) and held < CAP
        claim = self.attempt("T5", role, right, lambda by: hold(row, *self.office.buyers[buyer], by))
        if claim:
            unit.settle(self.now)
            unit.move(Status.HELD)
            unit.ends, unit.buyer, unit.extended, unit.number = self.now + HOLD, buyer, 0, claim.number

    def let_go(self, index: int, role: Role, buyer: int) -> None:
        _row, unit = self.at(index, self.counts_as(Status.HELD))
        right = unit.counts_as(self.now) == Status.HELD
        if unit.number and self.on_claim("T7", role, right, holds.release_hold, unit):
            unit.move(Status.AVAILABLE)

    def extend(self, index: int, role: Role, buyer: int) -> None:
        _row, unit = self.at(index, self.counts_as(Status.HELD))
        right = unit.counts_as(self.now) == Status.HELD
        beyond = role != Role.SUPERVISOR and unit.extended >= EXTENSIONS
        if unit.number and self.on_claim("T8", role, right and not beyond, holds.extend_hold, unit):
            unit.move(Status.HELD)
            unit.ends, unit.extended = unit.ends + HOLD, unit.extended + 1

    def sweep(self, index: int, role: Role, buyer: int) -> None:
        """T6."""
        due = [unit for unit in self.model.values() if unit.status == Status.HELD and unit.ends <= self.now]
        assert holds.expire_due() == len(due)
        for unit in due:
            unit.settle(self.now)
            self.seen["T6", "clock", "done"] += 1

    def wait(self, index: int, role: Role, buyer: int) -> None:
        type(self).now += timedelta(hours=(1, 13, 24, 25)[index % 4])

    # ---------------------------------------------------------------- what lies on a unit
    def keep(self, index: int, role: Role, buyer: int) -> None:
        row, unit = self.at(index, self.counts_as(Status.WITHHELD, Status.AVAILABLE))
        right = (
            unit.counts_as(self.now) in (Status.WITHHELD, Status.AVAILABLE)
            and not unit.kept
            and role == Role.SUPERVISOR
        )
        by = self.office.people[role]
        if self.tried(
            right,
            lambda: locks.keep_for_opening(
                project=self.office.project, unit_ids=[row.pk], visible=self.visible(by), reason="Opening", by=by
            ),
        ):
            unit.settle(self.now)
            unit.kept = True

    def give_back(self, index: int, role: Role, buyer: int) -> None:
        row, unit = self.at(index, lambda unit: unit.kept)
        by = self.office.people[Role.SUPERVISOR]
        if self.tried(
            unit.kept,
            lambda: locks.lift_opening(
                project=self.office.project, unit_ids=[row.pk], visible=self.visible(by), reason="Over", by=by
            ),
        ):
            unit.settle(self.now)
            unit.kept = False

    def stop(self, index: int, role: Role, buyer: int) -> None:
        """Seldom: nothing is sold meanwhile."""
        if index % 4:
            return
        right = role in (Role.SUPERVISOR, Role.MANAGEMENT) and not self.stopped
        by = self.office.people[role]
        if self.tried(
            right,
            lambda: stops.stop_sales(op_id=uuid.uuid4(), project=self.office.project, reason="Price error", by=by),
        ):
            self.stopped = True

    def reopen(self, index: int, role: Role, buyer: int) -> None:
        if not self.stopped:
            return
        laid = SalesStop.objects.get(lifted_at__isnull=True)
        asked = stops.ask_to_reopen(
            project=self.office.project, stop_id=laid.pk, reason="Mended", by=self.office.people[Role.SPECIALIST]
        )
        approvals.decide(approval_id=asked.pk, by=self.office.people[Role.MANAGEMENT], agree=True)
        self.stopped = False

    # ---------------------------------------------------------------- how a step is tried
    def at(self, index: int, right: Callable[[Modelled], bool]) -> tuple[Unit, Modelled]:
        """A unit: three times in four one for which the move is right, if there is one."""
        fit = [row for row in self.office.units if right(self.model[row.pk])]
        rows = fit if fit and index % 4 else self.office.units
        row = rows[index % len(rows)]
        return row, self.model[row.pk]

    def counts_as(self, *statuses: str) -> Callable[[Modelled], bool]:
        return lambda unit: unit.counts_as(self.now) in statuses

    def blocked(self, unit: Modelled) -> bool:
        """Whether something lies on the unit that keeps claims away."""
        return bool(unit.kept or unit.lock or (self.stopped and unit.review == Review.APPROVED))

    def visible(self, by):
        return units_visible_to(access_of(by))

    def tried(self, right: bool, act, named: Callable[[str], None] = str):
        """What the act returned; None where it was refused, which is what must happen unless it is right. `named`: told by which
        rule."""
        try:
            with transaction.atomic():
                result = act()
        except Refusal as refusal:
            assert not right, f"refused as {refusal.code}: {refusal}"
            assert refusal.code
            assert str(refusal)
            named(word(refusal))
            return None
        assert right, "done although the model forbids it"
        return result or True

    def attempt(self, move: str, role: Role, right: bool, act):
        """Try a move by somebody of this role; only who may, and only from the right state. Counts what was seen."""
        may = role in MAY[move]
        result = self.tried(may and right, lambda: act(self.office.people[role]))
        self.seen[move, role, "done" if result else "refused by role" if right and not may else "refused by state"] += 1
        return result

    def on_claim(self, move: str, role: Role, right: bool, service, unit: Modelled):
        return self.attempt(
            move, role, right, lambda by: service(op_id=uuid.uuid4(), number=unit.number, reason="As agreed", by=by)
        )

    def sale(self, move: str, role: Role, right: bool, service, row: Unit, unit: Modelled) -> bool:
        """T3 and T4: the supervisor's are done; a specialist's are proposals, withdrawn here, that move nothing (but whoever
        locks a unit writes down that its hold has run out)."""
        if role in PROPOSES[move]:
            by = self.office.people[role]
            outcome = self.tried(right, lambda: self.serve(service, row, by))
            if outcome:
                assert outcome.approval is not None
                unit.settle(self.now)
                approvals.withdraw(approval_id=outcome.approval.pk, by=by)
                self.seen[move, role, "proposed"] += 1
            return False
        return bool(self.attempt(move, role, right, lambda by: self.serve(service, row, by)))

    def serve(self, service, row: Unit, by) -> release.Outcome:
        return service(
            project=self.office.project, unit_ids=[row.pk], visible=self.visible(by), reason="As planned", by=by
        )

    # ---------------------------------------------------------------- what always holds
    @invariant()
    def everything_says_the_same(self) -> None:
        type(self).steps += 1
        rows = Unit.every.filter(pk__in=self.model).annotate(shown=status_at(self.now))
        for row in rows:
            unit = self.model[row.pk]
            assert (row.status, row.shown, row.event_seq) == (unit.status, unit.counts_as(self.now), unit.events)
            assert (row.status == Status.DRAFT) == (row.review != Review.APPROVED)
            assert row.lock_codes == self.lying_on(unit)
        live = Claim.every.filter(is_live(self.now)).values_list("unit", "number", "stage", "customer")
        assert sorted(live) == sorted(self.claims())

    def lying_on(self, unit: Modelled) -> list[str]:
        stopped = self.stopped and unit.review == Review.APPROVED
        on = [unit.lock, unit.kept and Lock.OPENING.value, stopped and Lock.STOP.value]
        return sorted(code for code in on if code)

    def claims(self) -> list[tuple]:
        """The live claims: unit, number, stage and whose."""
        return [
            (pk, unit.number, Stage.HOLD, self.office.buyers[unit.buyer][0].pk)
            for pk, unit in self.model.items()
            if unit.counts_as(self.now) == Status.HELD
        ]


def word(refusal: Refusal) -> str:
    """By which rule it was refused."""
    return refusal.code if refusal.code != "refused" else {403: "forbidden", 404: "not_visible"}[refusal.status]


def others(move: str) -> list[Role]:
    return [role for role in Role if role not in MAY[move] and role not in PROPOSES.get(move, ())]


def prepare(machine: type[UnitMachine], office: Office, monkeypatch) -> type[UnitMachine]:
    """The machine in an office of its own, at its own time; everything is rolled back with the test."""
    monkeypatch.setattr(clock, "now", lambda: machine.now)
    for name, value in {"now": NOON, "steps": 0, "seen": Counter(), "office": office}.items():
        monkeypatch.setattr(machine, name, value, raising=False)
    return machine


def walk(machine: type[UnitMachine], examples: int, **changes) -> None:
    """Random examples of `STEPS` steps; a difference from the model is an AssertionError."""
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples, stateful_step_count=STEPS, deadline=None, database=None, print_blob=False,
            report_multiple_bugs=False, suppress_health_check=list(HealthCheck), **changes,
        ),
    )  # fmt: skip
