"""Small builders that every suite shares: people with roles, projects, buildings, units."""

import itertools
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache

from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import transaction

from inventory.models import Building, Layout, Permit, Project, ProjectGrant, Unit, UnitEvent
from inventory.states import Review, Status
from salescontrol.core import audit
from salescontrol.core.history import update_tracked
from salescontrol.core.permissions import COMPANY_ROLES, Role
from security.models import User

_numbers = itertools.count(1)


@transaction.atomic
def project(code: str = "", **fields) -> Project:
    """A project; without a code, one that no other test has."""
    code = code or f"P{next(_numbers)}"
    return Project.objects.create(code=code, **{"name": f"Project {code}", **fields})


@transaction.atomic
def grant(user: User, role: Role, where: Project | None = None) -> None:
    """Give the role: in a project, or company-wide through its group."""
    if role in COMPANY_ROLES:
        user.groups.add(Group.objects.get_or_create(name=role.value)[0])
        audit.record("role.build", target=user)
        return
    ProjectGrant.objects.create(user=user, permission=_permission(role), content_object=where)
    audit.record("role.build", project_id=where.pk, target=user)


@cache
def _permission(role: Role) -> Permission:
    """The same row for every test of a database."""
    return Permission.objects.get(codename=role.codename, content_type=ContentType.objects.get_for_model(Project))


@transaction.atomic
def user(role: Role | None = None, where: Project | None = None, **fields) -> User:
    """An active person who has signed in before and need not change the password."""
    number = next(_numbers)
    defaults = {"employee_no": f"T{number:05d}", "name": f"Person {number}", "must_change_password": False}
    person = User(**{**defaults, **fields}, password_changed_at=datetime(2026, 11, 1, tzinfo=UTC))
    person.set_unusable_password()
    person.save()
    if role is not None:
        grant(person, role, where)
    return person


@transaction.atomic
def building(where: Project, name: str = "3#", **fields) -> Building:
    return Building.objects.create(project=where, name=name, **{"key": name.rstrip("#"), "position": 1, **fields})


@transaction.atomic
def layout(where: Project, code: str = "C", **fields) -> Layout:
    return Layout.objects.create(project=where, code=code, **fields)


@transaction.atomic
def permit(*buildings: Building, number: str = "") -> Permit:
    """A permit that covers the buildings."""
    found = Permit.objects.create(
        project=buildings[0].project, number=number or f"2026-{next(_numbers)}", issued_on=date(2026, 1, 5)
    )
    found.buildings.set(buildings)
    return found


@transaction.atomic
def unit(
    where: Building, floor: int = 12, room: str = "02", *, by: User, status: Status = Status.AVAILABLE, **fields
) -> Unit:
    """A unit with facts and prices; `status` DRAFT makes a draft, anything else an approved unit with its events."""
    number = f"{where.name}-{floor}{room}"
    defaults = {
        "project": where.project,
        "building": where,
        "floor": floor,
        "floor_label": str(floor),
        "room": f"{floor}{room}",
        "number": number,
        "key": f"{where.key}||{floor}|{floor}{room}",
        "stack": room,
        "built_area": Decimal("118.40"),
        "inner_area": Decimal("94.12"),
        "shared_area": Decimal("24.28"),
        "list_unit_price": Decimal("22860.00"),
        "list_total": Decimal("2706624.00"),
        "floor_unit_price": Decimal("22100.00"),
        "floor_total": Decimal("2616640.00"),
        "entered_by": by,
        "review": Review.DRAFT if status == Status.DRAFT else Review.APPROVED,
        "status": status,
    }
    row = Unit(**{**defaults, **fields})
    row._history_user, row._change_reason = by, "unit.enter"
    row.save()
    _events(row, status, by)
    return row


@transaction.atomic
def place_in(status: Status, *units: Unit, by: User | None = None, **fields) -> None:
    """Put units into a status as if their life had led there: each with its event, and with `fields` set along."""
    for row in units:
        row.refresh_from_db()
        before, row.status, row.event_seq = row.status, status, row.event_seq + 1
        for name, value in fields.items():
            setattr(row, name, value)
        Unit.objects.filter(pk=row.pk).update(status=status, event_seq=row.event_seq, **fields)
        update_tracked([row], [], action="unit.build", by=by)
        UnitEvent.objects.create(
            unit=row, seq=row.event_seq, action="unit.build", from_status=before, to_status=status, actor=by,
            ends_at=row.claim_ends_at, business_date=date(2026, 11, 1),
        )  # fmt: skip


def _events(row: Unit, status: Status, by: User) -> None:
    path = {Status.DRAFT: [], Status.WITHHELD: [Status.WITHHELD]}.get(status, [Status.WITHHELD, Status.AVAILABLE])
    path = path if not path or path[-1] == status else [*path, status]
    steps = list(zip([Status.DRAFT, *path], path, strict=False))
    for seq, (before, after) in enumerate(steps, start=1):
        UnitEvent.objects.create(
            unit=row,
            seq=seq,
            action="unit.build",
            from_status=before,
            to_status=after,
            actor=by,
            ends_at=row.claim_ends_at if seq == len(steps) else None,
            business_date=date(2026, 11, 1),
        )
    row.event_seq = len(steps)
    Unit.objects.filter(pk=row.pk).update(event_seq=row.event_seq)
