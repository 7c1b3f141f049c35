"""What is measured on: 20,000 units with their events and histories, a salesperson with 300 of them, people who are signed in."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db import connection, transaction

BACKEND = "django.contrib.auth.backends.ModelBackend"
PER_TOWER = 400
OWN = 300


@dataclass
class Stock:
    """The project, the people by name, and the cookie of each."""

    project: Any
    people: dict[str, Any] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)
    customers: list[int] = field(default_factory=list)


def make(count: int) -> Stock:
    """Fill the empty database."""
    from salescontrol.core.models import Setting
    from salescontrol.core.permissions import Role
    from tests import build
    from tests.contracts.stock import customer

    with transaction.atomic():
        project = build.project("BENCH")
        stock = Stock(project)
        for name, role in (("supervisor", Role.SUPERVISOR), ("specialist", Role.SPECIALIST), ("second", Role.SPECIALIST),
                           ("salesperson", Role.SALESPERSON), ("finance", Role.FINANCE)):  # fmt: skip
            stock.people[name] = build.user(role, project)
        sellers = [build.user(Role.SALESPERSON, project) for _number in range(20)]
        stock.customers = [customer(project, sellers[number % 20]).pk for number in range(100)]
        for key in ("hold.per_salesperson", "hold.per_customer"):
            Setting.objects.create(project_id=project.pk, key=key, value=1_000_000)
    towers(project, stock.people["supervisor"], count)
    own(project, stock.people["salesperson"])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    stock.cookies = {name: cookie(person) for name, person in stock.people.items()}
    return stock


def towers(project, by, count: int, first: int = 0) -> None:
    """`count` units on sale in towers of 40 floors with ten rooms each, with the records that every path leaves."""
    from inventory.models import Building, Layout, Unit
    from inventory.states import Review, Status
    from salescontrol.core.history import create_tracked

    layouts = [
        Layout.objects.get_or_create(project=project, code=code, defaults={"bedrooms": 3})[0] for code in "ABCDE"
    ]
    for tower in range(first, first + count // PER_TOWER):
        with transaction.atomic():
            where = Building.objects.create(project=project, name=f"{tower}#", key=str(tower), position=tower)
            rows = [
                Unit(
                    project=project, building=where, floor=floor + 1, floor_label=str(floor + 1), stack=f"{room:02d}",
                    room=f"{floor + 1}{room:02d}", number=f"{tower}-{floor + 1}{room:02d}", key=f"{tower}/{floor}/{room}",
                    layout=layouts[room % 5], orientation="SN", built_area=Decimal("118.40") + room,
                    list_unit_price=Decimal("22860.00"), list_total=Decimal(2_706_624 + 1000 * floor + room),
                    no_discount=True, entered_by=by, review=Review.APPROVED, status=Status.AVAILABLE, event_seq=2,
                )
                for floor in range(PER_TOWER // 10)
                for room in range(10)
            ]  # fmt: skip
            made = create_tracked(rows, action="unit.enter", by=by)
            _events(made, by)


def _events(rows: list, by) -> None:
    from inventory.models import UnitEvent
    from inventory.states import Status
    from salescontrol.core import clock

    now = clock.now()
    steps = (("unit.approve", Status.DRAFT, Status.WITHHELD), ("unit.release", Status.WITHHELD, Status.AVAILABLE))
    UnitEvent.objects.bulk_create(
        UnitEvent(
            unit=row, seq=seq, action=action, from_status=before, to_status=after, actor=by, reason="Opening", at=now,
            business_date=now.date(),
        )
        for row in rows
        for seq, (action, before, after) in enumerate(steps, start=1)
    )  # fmt: skip


def own(project, salesperson, count: int = OWN) -> None:
    """Assign every so-manieth unit to the salesperson."""
    from inventory.models import Unit
    from salescontrol.core.history import update_tracked

    with transaction.atomic():
        every = max(1, Unit.objects.filter(project=project).count() // count)
        chosen = list(Unit.objects.filter(project=project).order_by("pk"))[::every][:count]
        for unit in chosen:
            unit.salesperson = salesperson
        update_tracked(chosen, ["salesperson"], action="unit.assign", by=salesperson)


def cookie(person) -> str:
    """The cookie of a new session of this person."""
    from django.conf import settings

    from security.sessions import SessionStore

    store = SessionStore()
    store[SESSION_KEY], store[HASH_SESSION_KEY] = str(person.pk), person.get_session_auth_hash()
    store[BACKEND_SESSION_KEY] = BACKEND
    store.create()
    return f"{settings.SESSION_COOKIE_NAME}={store.session_key}"
