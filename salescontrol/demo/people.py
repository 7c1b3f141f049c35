"""The demonstration's people: every role, with random passwords kept in VAR_DIR."""

import os
import secrets
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType

from inventory.models import Project, ProjectGrant, Team
from salescontrol.core import audit, clock
from salescontrol.core.history import save_tracked
from salescontrol.core.permissions import COMPANY_ROLES, Role
from security.models import User

SIGN_INS = "demo-signins.txt"
PEOPLE = (
    ("S001", "Lin Yue 林悦", Role.SUPERVISOR, ("RSC", "HGT")),
    ("S002", "Shen Ke 沈珂", Role.SUPERVISOR, ("RSC",)),
    ("C001", "Wu Qian 吴倩", Role.SPECIALIST, ("RSC", "HGT")),
    ("C002", "Song Yan 宋妍", Role.SPECIALIST, ("RSC",)),
    ("A001", "Zhao Ming 赵明", Role.SALESPERSON, ("RSC",)),
    ("A002", "Xu Lei 徐蕾", Role.SALESPERSON, ("RSC",)),
    ("A003", "Deng Li 邓丽", Role.SALESPERSON, ("HGT",)),
    ("A004", "Qin Hao 秦浩", Role.SALESPERSON, ("HGT",)),
    ("F001", "He Fang 何芳", Role.FINANCE, ("RSC", "HGT")),
    ("K001", "Sun Jie 孙洁", Role.MARKETING, ("RSC", "HGT")),
    ("H001", "Gao Yuan 高远", Role.DEPARTMENT_HEAD, ("RSC",)),
    ("M001", "Ma Chao 马超", Role.MANAGEMENT, ()),
    ("X001", "Tang Wei 唐伟", Role.ADMINISTRATOR, ()),
)


def make(projects: dict[str, Project]) -> dict[str, User]:
    """Create everybody with a random password, write the sign-ins (mode 0600) into VAR_DIR, and return them by number."""
    found, lines = {}, []
    for number, name, role, codes in PEOPLE:
        password = f"{secrets.token_urlsafe(9)}-7Aa"
        person = User(employee_no=number, name=name, must_change_password=False, password_changed_at=clock.now())
        person.set_password(password)
        save_tracked(person, action="account.open", by=None)
        _grant(person, role, [projects[code] for code in codes])
        found[number] = person
        lines.append(f"{number:6} {password:18} {role.value:16} {name}")
    _write("\n".join(lines) + "\n")
    return found


def make_teams(projects: dict[str, Project], people: dict[str, User]) -> None:
    """One sales team per project."""
    for code, name, members in (
        ("RSC", "Team River 江组", ("A001", "A002")),
        ("HGT", "Team Hill 山组", ("A003", "A004")),
    ):
        team = Team(project=projects[code], name=name, lead=people[members[0]])
        save_tracked(team, action="team.enter", by=people["S001"])
        team.members.set([people[number] for number in members])


def _grant(person: User, role: Role, where: list[Project]) -> None:
    if role in COMPANY_ROLES:
        person.groups.add(Group.objects.get_or_create(name=role.value)[0])
    else:
        kind = ContentType.objects.get_for_model(Project)
        permission = Permission.objects.get(codename=role.codename, content_type=kind)
        ProjectGrant.objects.bulk_create(
            ProjectGrant(user=person, permission=permission, content_object=item) for item in where
        )
    audit.record("role.grant", target=person, detail={"role": role.value, "projects": [item.code for item in where]})


def _write(text: str) -> None:
    path = Path(settings.VAR_DIR) / SIGN_INS
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
