"""What an import from the command line needs besides the services of the pages: an account, a project, a file on disk."""

from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.utils.translation import gettext as _

from inventory.importing import Table, read_file
from inventory.models import ImportMapping, Project, ProjectGrant
from salescontrol.core import audit
from salescontrol.core.access import forget_access
from salescontrol.core.errors import NotVisible
from salescontrol.core.history import save_tracked
from salescontrol.core.permissions import Role

ACCOUNT = "COMMANDLINE"


class LocalFile:
    """A file on disk as the services take uploads."""

    def __init__(self, stream: IO[bytes], path: Path) -> None:
        self.stream, self.name, self.size = stream, path.name, path.stat().st_size

    def chunks(self) -> Iterator[bytes]:
        while chunk := self.stream.read(64 * 1024):
            yield chunk


def actor(employee_no: str | None) -> Any:
    """The person named, or the account that stands for the command line: nobody can sign in with it."""
    users = get_user_model().objects
    if employee_no:
        found = users.filter(employee_no__iexact=employee_no.strip(), is_active=True).first()
        if found is None:
            raise NotVisible(
                _("There is no active account with employee number %(number)s.") % {"number": employee_no},
                code="no_account",
            )
        return found
    found = users.filter(employee_no=ACCOUNT).first()
    return found or _open_account()


def _open_account() -> Any:
    user = get_user_model()(employee_no=ACCOUNT, name=_("Command line"), must_change_password=False)
    user.set_unusable_password()
    return save_tracked(user, action="account.command_line", by=None)


@transaction.atomic
def may_hand_over(by: Any, project: Project) -> None:
    """Let the account of the command line hand batches over in this project; people keep the rights they have."""
    if by.employee_no != ACCOUNT:
        return
    kind = ContentType.objects.get_for_model(Project)
    permission = Permission.objects.get(content_type=kind, codename=Role.MARKETING.codename)
    _grant, new = ProjectGrant.objects.get_or_create(user=by, permission=permission, content_object=project)
    if new:
        audit.record("role.grant", project_id=project.pk, target=by, detail={"role": Role.MARKETING.value})
    forget_access(by)


def read_path(path: Path, *, project: Project | None = None) -> Table:
    """The table in a file on disk, without keeping anything. Raises `importing.Refused`."""
    kept = (
        ImportMapping.objects.filter(project=project).values_list("heads", "mapping") if project and project.pk else ()
    )
    return read_file(path, name=path.name, remembered=dict(kept), project_names=[project.name] if project else [])


@transaction.atomic
def open_project(*, code: str, path: Path, create: bool, by: Any) -> Project:
    """The project of this code; made when there is none and `create` says so, named as the file names it before its buildings."""
    found = Project.objects.filter(code=code, archived_at__isnull=True).first()
    if found is not None:
        return found
    if not create:
        raise NotVisible(
            _("There is no project %(code)s. Make it first, or add --create-project.") % {"code": code},
            code="no_project",
        )
    made = Project(code=code, name=free_name(code, read_path(path)))
    made.full_clean(exclude=["archived_at"])
    save_tracked(made, action="project.open", by=by)
    return made


def free_name(code: str, table: Table) -> str:
    """The name in front of the file's buildings, unless there is none or another project has it; then the code."""
    name = next(iter(table.project_names), "")
    return name if name and not Project.objects.filter(name=name).exists() else code
