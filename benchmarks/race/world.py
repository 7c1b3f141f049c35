"""The database of a run: made, migrated, with a few hot units, people, customers, and holds that run out within seconds."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.race.plan import Plan

ROOT = Path(__file__).resolve().parents[2]
CUSTOMERS, SPECIALISTS, SUPERVISORS, SALESPEOPLE, FINANCE, MANAGERS = 40, 4, 3, 8, 2, 2


@dataclass
class World:
    """Ids of what the clients use; `base` says how many events a unit had before the race."""

    project: int
    units: list[int]
    specialists: list[int]
    supervisors: list[int]
    salespeople: list[int]
    finance: list[int]
    managers: list[int]
    customers: list[int]
    base: dict[int, int]


def create_database(owner_url: str, template: str = "") -> None:
    """Make the run's database anew, as the owner of the tables; migrated, unless it is copied from `template`."""
    drop_database(owner_url)
    _maintain(owner_url, 'CREATE DATABASE "{name}"' + (f' TEMPLATE "{template}"' if template else ""))


def drop_database(owner_url: str) -> None:
    _maintain(owner_url, 'DROP DATABASE IF EXISTS "{name}"')


def _maintain(owner_url: str, statement: str) -> None:
    """Do it to the database of the address, as soon as the last connections of killed clients have ended."""
    place, name = owner_url.rsplit("/", 1)
    with psycopg.connect(f"{place}/postgres", autocommit=True) as connection:
        for _attempt in range(10):
            try:
                connection.execute(statement.replace("{name}", name))
            except psycopg.errors.ObjectInUse:
                time.sleep(0.1)
            else:
                return
    raise RuntimeError(f"the database {name} is still in use")


def migrate(*, faulty: bool = False) -> None:
    """As the owner (DATABASE_OWNER_URL), in a process of its own; on a `faulty` server without the check that would refuse it."""
    command = [sys.executable, ROOT / "manage.py", "migrate", "--verbosity=0", *(["--skip-checks"] if faulty else [])]
    subprocess.run(command, check=True, env=os.environ)


def stock(plan: Plan) -> World:
    """Fill the empty database; needs Django set up."""
    from inventory.models import Unit
    from salescontrol.core.history import save_tracked
    from salescontrol.core.models import Setting
    from salescontrol.core.permissions import Role
    from tests import build
    from tests.contracts.stock import customer

    project = build.project("RACE")
    people = {
        role: [build.user(role, project) for _ in range(count)]
        for role, count in (
            (Role.SPECIALIST, SPECIALISTS), (Role.SUPERVISOR, SUPERVISORS), (Role.SALESPERSON, SALESPEOPLE),
            (Role.FINANCE, FINANCE), (Role.MANAGEMENT, MANAGERS),
        )
    }  # fmt: skip
    by, sellers = people[Role.SPECIALIST][0], people[Role.SALESPERSON]
    tower = build.building(project)
    build.permit(tower)
    units = [build.unit(tower, floor=1 + number // 4, room=f"{number % 4:02d}", by=by) for number in range(plan.units)]
    customers = [customer(project, sellers[number % len(sellers)]) for number in range(CUSTOMERS)]
    for key, value in _terms(plan.hold_seconds).items():
        save_tracked(Setting(key=key, value=value), action="setting.change", by=by)
    return World(
        project=project.pk,
        units=_pks(units),
        specialists=_pks(people[Role.SPECIALIST]),
        supervisors=_pks(people[Role.SUPERVISOR]),
        salespeople=_pks(sellers),
        finance=_pks(people[Role.FINANCE]),
        managers=_pks(people[Role.MANAGEMENT]),
        customers=_pks(customers),
        base=dict(Unit.every.values_list("pk", "event_seq")),
    )


def _terms(seconds: float) -> dict[str, Any]:
    """Holds of seconds, set below what an office may choose; no caps and no cool-down, so that a unit alone explains every answer."""
    return {
        "hold.hours": seconds / 3600, "hold.lock_minutes": seconds / 60, "hold.cool_down_hours": 0,
        "hold.per_salesperson": 100_000, "hold.per_customer": 100_000,
    }  # fmt: skip


def _pks(rows) -> list[int]:
    return [row.pk for row in rows]
