"""Refuses to start on a database that may forget what it acknowledged (quality I4), or on a disk it must not lie on (abuse 85)."""

import shutil
from pathlib import Path

from django.core.checks import Error
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connection
from django.utils.translation import gettext as _

FREE_MB = 100
# File systems over a network do not keep SQLite's locks.
NETWORK = ("nfs", "cifs", "smb", "9p", "afs", "ceph", "glusterfs", "fuse.sshfs", "fuse.glusterfs", "ncpfs", "davfs")
MOUNTS = Path("/proc/mounts")


def faults() -> list[str]:
    """A sentence for each reason not to start; none when the database keeps what it acknowledges."""
    return _postgres() if connection.vendor == "postgresql" else _sqlite()


def refuse_unsafe() -> None:
    """Raise ImproperlyConfigured when there is a reason. A database that does not answer yet is no such reason."""
    try:
        found = faults()
    except OperationalError:
        return
    if found:
        raise ImproperlyConfigured(" ".join(found))


def check(databases=None, **kwargs) -> list[Error]:
    """The same as a system check (`manage.py check --database default`, and before `migrate`)."""
    return [Error(sentence, id="salescontrol.E001") for sentence in faults()] if databases else []


def _postgres() -> list[str]:
    found = []
    with connection.cursor() as cursor:
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            cursor.execute(f"SHOW {name}")
            if cursor.fetchone()[0] == "off":
                found.append(
                    _("PostgreSQL runs with %(name)s = off and may lose acknowledged sales. Switch it on.")
                    % {"name": name}
                )
    return found


def _sqlite() -> list[str]:
    path = Path(str(connection.settings_dict["NAME"]))
    if not path.is_absolute():
        return []
    found = []
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous")
        if cursor.fetchone()[0] < 2:
            found.append(_("SQLite runs below synchronous = FULL and may lose acknowledged sales."))
    if filesystem(path).startswith(NETWORK):
        found.append(_("The database %(path)s lies on a network drive, where its locks do not hold. Use a disk of this machine.")
                     % {"path": path})  # fmt: skip
    free = shutil.disk_usage(path.parent).free // 2**20
    if free < FREE_MB:
        found.append(_("The disk of %(path)s has %(free)s MB left; at least %(least)s MB are needed.")
                     % {"path": path, "free": free, "least": FREE_MB})  # fmt: skip
    return found


def filesystem(path: Path) -> str:
    """The type of the file system on which the path lies; empty where that cannot be told."""
    if not MOUNTS.exists():
        return ""
    places = [(line.split()[1].replace("\\040", " "), line.split()[2]) for line in MOUNTS.read_text().splitlines()]
    inside = [(len(place), kind) for place, kind in places if path.resolve().is_relative_to(place)]
    return max(inside, default=(0, ""))[1]
