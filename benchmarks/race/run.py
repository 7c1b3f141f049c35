"""One whole run: database, clients, trouble, and the checker's verdict."""

import gc
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from benchmarks.race import world as worlds
from benchmarks.race.books import Auditor, Books, read
from benchmarks.race.cluster import Cluster
from benchmarks.race.faults import Fault, fault_named
from benchmarks.race.log import read_calls
from benchmarks.race.nemesis import FORK, Nemesis
from benchmarks.race.office import Office
from benchmarks.race.plan import Plan

PATIENCE = 120.0


@dataclass
class Verdict:
    """`violations` must be empty; `figures` are what is kept."""

    violations: list[str]
    figures: dict[str, Any]


def run(plan: Plan, *, template: str = "") -> Verdict:
    """Race by the plan and check. On PostgreSQL with DATABASE_URL and DATABASE_OWNER_URL (a database of that name is made
    anew, copied from `template` if named), on a cluster of its own, or on SQLite without any of these."""
    fault = fault_named(plan.fault)
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="salescontrol-race-")))
        cluster = Cluster(plan.clients + 60, fault.server) if plan.own_cluster else None
        if cluster:
            stack.callback(cluster.remove)
            os.environ.update(
                {f"DATABASE_{key}": cluster.url(role, "race") for key, role in (("URL", "app"), ("OWNER_URL", "owner"))}
            )
        os.environ.update(
            VAR_DIR=str(place),
            MEDIA_ROOT="",
            DJANGO_SETTINGS_MODULE="salescontrol.settings",
            LOG_LEVEL="CRITICAL",
            REDIS_URL="",
        )
        owner_url = os.environ.get("DATABASE_OWNER_URL", "")
        if owner_url:
            worlds.create_database(owner_url, template)
            stack.callback(worlds.drop_database, owner_url)
        if not template:
            worlds.migrate(faulty=bool(fault.server))
        stack.callback(_disconnect)
        office = Office(place) if plan.web_share else None
        return _race(plan, fault, cluster, place, office)


def _disconnect() -> None:
    from django.db import connection

    connection.close()


def _race(plan: Plan, fault: Fault, cluster: Cluster | None, place: Path, office: Office | None) -> Verdict:
    import django

    django.setup()
    from django.db import connection

    connection.settings_dict["OPTIONS"].pop("pool", None)
    world = worlds.stock(plan)
    fault.spoil_database(os.environ.get("DATABASE_OWNER_URL", ""))
    from benchmarks.race.client import Client, People, client_process
    from benchmarks.race.seller import Seller

    people = People(world)
    desks = {"port": office.port, "cookies": _cookies(people)} if office else {}
    connection.close()
    prepare = fault.preparation()
    offset = time.time() - time.monotonic()
    clients: dict[int, BaseProcess] = {}
    nemesis = Nemesis(plan, os.environ.get("DATABASE_URL", ""), cluster, office)
    if office:
        office.open()
    begun = time.monotonic()
    deadline = begun + plan.seconds

    def start_client(number: int) -> None:
        kind = partial(Seller, **desks) if plan.sells else Client
        client = kind(number, plan, world, people, place)
        clients[number] = FORK.Process(target=client_process, args=(client, deadline, prepare))
        clients[number].start()

    gc.freeze()
    if fault.power_cut and cluster:
        cluster.stop_writing()
    nemesis.start()
    try:
        for number in range(plan.clients):
            start_client(number)
        _wait(clients, deadline, start_client, nemesis)
    finally:
        nemesis.stop()
        if office:
            office.close()
    if fault.power_cut and cluster:
        cluster.crash()
        cluster.start()
    taken = time.monotonic() - begun
    calls = list(read_calls(place))
    from benchmarks.race.client import DEADLOCK

    books = _books(plan, people)
    checker = _checker(world, calls, offset, books)
    violations = checker.run()
    if books:
        violations += [f"deadlock in {call['kind']}" for call in calls if call.get("code") == DEADLOCK]
        violations += Auditor(books, checker.requests).run() + _inconsistencies() + (office.faults() if office else [])
    if not any(call.get("answer") == "ok" for call in calls):
        violations.append("nothing was done")
    return Verdict(violations, _figures(plan, calls, checker, nemesis, taken, violations))


def _wait(
    clients: dict[int, BaseProcess], deadline: float, start_client: Callable[[int], None], nemesis: Nemesis
) -> None:
    """Until every client has finished; one that was killed is followed by another until the time is over."""
    while clients:
        for number, process in list(clients.items()):
            process.join(0.01)
            if process.exitcode is not None:
                del clients[number]
                if process.exitcode < 0 and time.monotonic() < deadline:
                    start_client(number)
        nemesis.kill_client(clients.values())
        nemesis.kill_process()
        if time.monotonic() > deadline + PATIENCE:
            for process in clients.values():
                process.kill()
            raise RuntimeError(f"{len(clients)} clients did not end")


def _cookies(people) -> dict[int, str]:
    """A session of everybody."""
    from benchmarks.stock import cookie

    return {pk: cookie(user) for pk, user in people.users.items()}


def _books(plan: Plan, people) -> Books | None:
    return read(people.project) if plan.sells else None


def _inconsistencies() -> list[str]:
    """What the product's own check finds, once everything is sealed and in the journal as after a minute of the office's worker."""
    from salescontrol.core import journal
    from salescontrol.core.models import Seal

    before = -1
    while before != (before := Seal.objects.count()):
        journal.keep()
    command = [sys.executable, worlds.ROOT / "manage.py", "check_consistency", "--json"]
    done = subprocess.run(command, env=os.environ, capture_output=True, text=True)
    if done.returncode == 0:
        return []
    found = json.loads(done.stdout)["sentences"] if done.stdout else []
    return [f"check_consistency: {sentence}" for sentence in found or [done.stderr[-600:]]]


def _checker(world: worlds.World, calls: list[dict], offset: float, books: Books | None):
    from benchmarks.race.checker import Checker, Event
    from contracts.models import Claim
    from inventory.models import Unit, UnitEvent

    def seconds(moment) -> float:
        return moment.timestamp() - offset if moment else float("inf")

    sale = ("unit.withhold", "unit.release")
    executed = books.executed_by() if books else {}
    events = [
        Event(
            unit=event.unit_id, seq=event.seq,
            key=event.reason if event.action in sale else executed.get(str(event.op_id), str(event.op_id)),
            action=event.action, before=event.from_status, after=event.to_status, by=event.actor_id, claim=event.claim,
            ends=seconds(event.ends_at), at=seconds(event.at),
        )
        for event in UnitEvent.objects.iterator()
    ]  # fmt: skip
    units = {row["pk"]: row for row in Unit.every.values("pk", "status", "event_seq")}
    claims = [
        {"unit": unit, "number": number, "live": released is None}
        for unit, number, released in Claim.every.values_list("unit_id", "number", "released_at")
    ]
    return Checker(
        events=events, units=units, claims=claims, base=world.base, calls=calls, specialists=world.specialists,
        clock=0.05 + abs(time.time() - time.monotonic() - offset), idle=books.idle() if books else frozenset(),
        locks=books is not None,
    )  # fmt: skip


def _figures(
    plan: Plan, calls: list[dict], checker, nemesis: Nemesis, taken: float, violations: list[str]
) -> dict[str, Any]:
    from benchmarks.race.checker import doubles

    answers = Counter(call.get("answer", "unknown") for call in calls)
    again = len(calls) - len(checker.requests) - sum(call["kind"] in ("read", "sweep") for call in calls)
    events = [event for unit, rows in checker.events.items() for event in rows[checker.base[unit] :]]
    return {
        "plan": asdict(plan), "seconds": round(taken, 1), "operations": len(calls), "operations/s": round(len(calls) / taken),
        **{f"answered {name}": answers[name] for name in ("ok", "refused", "unknown", "aborted", "error")},
        "refusals": dict(Counter(call["code"] for call in calls if call.get("answer") == "refused")),
        "unknown because": dict(Counter(call["code"] for call in calls if call.get("answer") == "unknown")),
        "aborted because": dict(Counter(call["code"] for call in calls if call.get("answer") == "aborted")),
        "sent again": again, "events": dict(Counter(event.action for event in events)), "double claims": doubles(events),
        "by the web": sum(bool(call.get("web")) and call.get("answer") == "ok" for call in calls),
        "deadlocks": sum(call.get("code") == "40P01" for call in calls), **_waits(calls), **nemesis.done(),
        "violations": len(violations),
    }  # fmt: skip


def _waits(calls: list[Mapping]) -> dict[str, float]:
    """How long a row lock was waited for, at the slowest statement of each call that took one; and how long whole calls took."""
    waited = [call["waited"] * 1000 for call in calls if call.get("waited")]
    lasted = [(call["returned"] - call["invoked"]) * 1000 for call in calls if "returned" in call]
    return {
        **{f"lock wait {name}, ms": value for name, value in _percentiles(waited).items()},
        **{f"call {name}, ms": value for name, value in _percentiles(lasted).items()},
    }


def _percentiles(values: list[float]) -> dict[str, float]:
    if len(values) < 2:
        return {}
    cut = statistics.quantiles(values, n=100)
    return {"p50": round(cut[49], 1), "p99": round(cut[98], 1), "most": round(max(values), 1)}
