"""The product does not start on a database that may forget, or on a disk it must not lie on (quality I4, abuse 85)."""

import shutil
from types import SimpleNamespace

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connection

from salescontrol.core import durability

pytestmark = pytest.mark.django_db


@pytest.fixture
def on_disk(monkeypatch, tmp_path):
    """A trial's database in a file (tests have theirs in memory)."""
    if connection.vendor != "sqlite":
        pytest.skip("about the embedded database")
    monkeypatch.setitem(connection.settings_dict, "NAME", str(tmp_path / "sales.sqlite3"))
    return tmp_path


def test_a_database_that_keeps_what_it_acknowledged_is_no_reason():
    assert durability.faults() == []
    call_command("check", databases=["default"])


@pytest.mark.postgres
def test_postgresql_without_synchronous_commit_is_refused():
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")
    with pytest.raises(ImproperlyConfigured, match="synchronous_commit = off"):
        durability.refuse_unsafe()
    with pytest.raises(SystemCheckError, match=r"salescontrol\.E001"):
        call_command("check", databases=["default"])


def test_sqlite_below_full_is_refused(on_disk, monkeypatch):
    monkeypatch.setattr(durability, "connection", _Answers(1, on_disk))
    with pytest.raises(ImproperlyConfigured, match="synchronous = FULL"):
        durability.refuse_unsafe()


class _Answers:
    """A connection whose PRAGMA says `value`: inside a transaction, as in a test, SQLite does not let it be changed."""

    vendor = "sqlite"

    def __init__(self, value: int, folder) -> None:
        self.value, self.settings_dict = value, {"NAME": str(folder / "sales.sqlite3")}

    def cursor(self):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *error) -> None:
        return None

    def execute(self, sql: str) -> None:
        assert sql == "PRAGMA synchronous"

    def fetchone(self) -> tuple[int]:
        return (self.value,)


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs"])
def test_abuse_85_a_network_drive_is_refused(on_disk, monkeypatch, tmp_path, kind):
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/sda1 / ext4 rw 0 0\nserver:/share {on_disk} {kind} rw 0 0\n")
    monkeypatch.setattr(durability, "MOUNTS", mounts)
    with pytest.raises(ImproperlyConfigured, match="network drive"):
        durability.refuse_unsafe()


def test_abuse_85_a_disk_that_is_nearly_full_is_refused(on_disk, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=99 * 2**20))
    with pytest.raises(ImproperlyConfigured, match="99 MB left"):
        durability.refuse_unsafe()
