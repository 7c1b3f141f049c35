"""One client: a process with a connection of its own, people who act, and the service layer as the product calls it."""

import os
import random
import signal
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db import InterfaceError, InternalError, OperationalError, connection
from django.db.models import OuterRef, Subquery

from benchmarks.race.log import Log, earlier
from benchmarks.race.plan import Plan
from benchmarks.race.world import World
from contracts.models import Claim
from contracts.services import holds
from contracts.states import Evidence
from enquiries.models import Customer
from inventory.models import Project, Unit
from inventory.queries.scope import units_visible_to
from inventory.queries.standing import status_at
from inventory.services import release
from salescontrol.core import clock
from salescontrol.core.access import access_of
from salescontrol.core.errors import Refusal
from security.models import User

# How often each is done, out of 100; `again` sends a call of any client once more, `sweep` writes down what has run out.
MIX = {"hold": 22, "release": 10, "extend": 7, "withhold": 3, "offer": 5, "again": 22, "sweep": 1, "read": 30}
DEADLOCK, LOCK_TIMEOUT = "40P01", "55P03"
# The server ended the connection of a process that the machine left waiting in a transaction for half a minute (roles.sql): the
# line is cut like any other, though Django calls it an internal error. What came of the call is looked for all the same.
STARVED = "25P03"
# What is written in a log beside what was asked: it is not sent again.
WRITTEN = ("n", "invoked", "wall")


class People:
    """Who acts and for whom, read once before the clients begin; everything else is asked of the database each time."""

    def __init__(self, world: World) -> None:
        self.users = {user.pk: user for user in User.objects.all()}
        self.customers = {row.pk: row for row in Customer.every.all()}
        self.project = Project.objects.get(pk=world.project)
        for user in self.users.values():
            access_of(user)


class Client:
    mix = MIX

    def __init__(self, number: int, plan: Plan, world: World, people: "People", place: Path) -> None:
        self.world, self.plan, self.place = world, plan, place
        self.users, self.customers, self.project = people.users, people.customers, people.project
        self.number = number
        self.known: dict[int, str] = {}
        self.lost: list[dict] = []
        self.waited = 0.0

    def open_log(self) -> None:
        """In the forked process: a file and a sequence of choices of its own."""
        random.seed(f"{self.plan.seed}/{self.number}/{os.getpid()}")
        self.log = Log(self.place / f"client-{self.number:03d}-{os.getpid()}.jsonl")

    def run(self, deadline: float) -> None:
        names, weights = list(self.mix), list(self.mix.values())
        with connection.execute_wrapper(self._measure_locks):
            while self.log.count < self.plan.operations and time.monotonic() < deadline:
                if self.lost and random.random() < 0.7:
                    self._call(self.lost.pop())
                else:
                    self._call(getattr(self, f"_{random.choices(names, weights)[0]}")())

    # ---------------------------------------------------------------- what is asked
    def _hold(self) -> dict:
        by = random.choice(self.world.specialists + self.world.supervisors)
        customer, seller = random.choice(self.world.customers), random.choice(self.world.salespeople)
        return self._claiming("hold", self._unit(), by, customer=customer, seller=seller)

    def _release(self) -> dict:
        return self._on_claim("release", self.world.specialists)

    def _extend(self) -> dict:
        return self._on_claim("extend", self.world.specialists + self.world.supervisors)

    def _on_claim(self, kind: str, people: list[int]) -> dict:
        if not self.known:
            return self._hold()
        unit = random.choice(list(self.known))
        return self._claiming(kind, unit, random.choice(people), claim=self.known[unit])

    def _claiming(self, kind: str, unit: int, by: int, **what: Any) -> dict:
        return {"kind": kind, "units": [unit], "by": by, "op_id": str(uuid.uuid4()), **what}

    def _withhold(self) -> dict:
        return self._sale("withhold")

    def _offer(self) -> dict:
        return self._sale("offer")

    def _sale(self, kind: str) -> dict:
        units = random.sample(self.world.units, random.choice((1, 1, 2)))
        return {"kind": kind, "units": units, "by": random.choice(self.world.supervisors), "token": uuid.uuid4().hex}

    def _again(self) -> dict:
        return earlier(self.place) or self._hold()

    def _sweep(self) -> dict:
        return {"kind": "sweep", "units": []}

    def _read(self) -> dict:
        return {"kind": "read", "units": random.sample(self.world.units, 4)}

    def _unit(self) -> int:
        return random.choice(self.world.units)

    # ---------------------------------------------------------------- how it is done
    def _call(self, what: dict) -> None:
        what = {name: value for name, value in what.items() if name not in WRITTEN}
        self.waited = 0.0
        self.log.invoked(**what)
        try:
            answer = {"answer": "ok", **self._do(what)}
        except Refusal as refusal:
            answer = {"answer": "refused", "code": refusal.code}
        except (OperationalError, InterfaceError) as error:
            answer = self._cut(what, error)
        except InternalError as error:
            starved = getattr(error.__cause__, "sqlstate", None) == STARVED
            answer = self._cut(what, error) if starved else _finding(error)
        except Exception as error:  # noqa: BLE001 — whatever else a call ends with is a finding, not the end of the client
            answer = _finding(error)
        self.log.returned(**answer, waited=self.waited)
        if what["kind"] in ("release", "extend") and answer["answer"] == "refused":
            self.known.pop(what["units"][0], None)

    def _do(self, what: dict) -> dict:
        do: Callable[[dict], dict] = getattr(self, f"_do_{what['kind']}")
        return do(what)

    def _do_hold(self, what: dict) -> dict:
        terms = holds.Terms(
            customer=self.customers[what["customer"]], salesperson=self.users[what["seller"]], reason="Decides tonight",
            evidence=Evidence.ID_SEEN,
        )  # fmt: skip
        claim = holds.place_hold(
            op_id=uuid.UUID(what["op_id"]), unit_id=what["units"][0], terms=terms, by=self.users[what["by"]]
        )
        self.known[claim.unit_id] = claim.number
        return {"claim": claim.number}

    def _do_release(self, what: dict) -> dict:
        self.known.pop(what["units"][0], None)
        return self._change(holds.release_hold, what)

    def _do_extend(self, what: dict) -> dict:
        return self._change(holds.extend_hold, what)

    def _change(self, service: Callable[..., Claim], what: dict) -> dict:
        claim = service(
            op_id=uuid.UUID(what["op_id"]), number=what["claim"], reason="As agreed", by=self.users[what["by"]]
        )
        return {"claim": claim.number}

    def _do_withhold(self, what: dict) -> dict:
        return self._move(release.withhold_units, what)

    def _do_offer(self, what: dict) -> dict:
        return self._move(release.release_units, what)

    def _move(self, service: Callable[..., release.Outcome], what: dict) -> dict:
        by = self.users[what["by"]]
        visible = units_visible_to(access_of(by))
        service(project=self.project, unit_ids=what["units"], visible=visible, reason=what["token"], by=by)
        return {}

    def _do_sweep(self, what: dict) -> dict:
        return {"count": holds.expire_due(limit=20)}

    def _do_read(self, what: dict) -> dict:
        live = Claim.every.filter(unit=OuterRef("pk"), released_at__isnull=True).order_by("pk").values("number")[:1]
        rows = Unit.every.filter(pk__in=what["units"]).values_list("pk", status_at(clock.now()), Subquery(live))
        seen = [(pk, status, claim if status == "HELD" else None) for pk, status, claim in rows]
        self.known.update({pk: claim for pk, _status, claim in seen if claim})
        return {"seen": seen}

    # ---------------------------------------------------------------- when the line is cut
    def _cut(self, what: dict, error: Exception) -> dict:
        state = getattr(error.__cause__, "sqlstate", None)
        if state in (DEADLOCK, LOCK_TIMEOUT) or "locked" in str(error):
            return {"answer": "aborted", "code": state or "locked"}
        if "op_id" in what:
            self.lost.append(what)
        self._reconnect()
        return {"answer": "unknown", "code": f"{state or type(error).__name__}"}

    def _reconnect(self) -> None:
        while True:
            connection.close()
            try:
                connection.ensure_connection()
            except (OperationalError, InterfaceError):
                time.sleep(random.uniform(0.05, 0.2))
            else:
                return

    def _measure_locks(self, execute, sql, params, many, context):
        if "FOR NO KEY UPDATE" not in sql:
            return execute(sql, params, many, context)
        begun = time.monotonic()
        try:
            return execute(sql, params, many, context)
        finally:
            self.waited = max(self.waited, time.monotonic() - begun)


def _finding(error: Exception) -> dict:
    return {"answer": "error", "code": f"{type(error).__name__}: {error}"[:300]}


def client_process(client: Client, deadline: float, prepare: Callable[[], None]) -> None:
    """The whole life of one forked client; `prepare` lays a seeded fault, if one was asked for."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    prepare()
    client.open_log()
    client.run(deadline)
    connection.close()
