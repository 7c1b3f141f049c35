"""A PostgreSQL server of the test's own, made by initdb, which may be killed and whose files may be deleted."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from django.db import connection

NAME = "loss"


class Cluster:
    """One server in its own folder, on its own port, run by a user without privileges (PostgreSQL refuses root)."""

    def __init__(self) -> None:
        self.top = Path(tempfile.mkdtemp(prefix="loss-"))
        self.user = "postgres" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
        if os.getuid() == 0:
            shutil.chown(self.top, self.user)
        self.data = self.top / "data"
        self.bin = Path(sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1])
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

    def run(self, program: str, *args: str, as_server: bool = False) -> str:
        """Run one of PostgreSQL's programs against this server; returns what it printed."""
        command = [str(self.bin / program), *args]
        if as_server and os.getuid() == 0:
            command = ["runuser", "-u", self.user, "--", *command]
        where = {"PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGUSER": "super"}
        done = subprocess.run(
            command, env={**os.environ, **where}, capture_output=True, text=True, cwd=self.top, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start_anew(self) -> None:
        """An empty server with the roles of an office."""
        self.run("initdb", "-D", str(self.data), "-U", "super", "-A", "trust", "-E", "UTF8", as_server=True)
        options = f"-p {self.port} -k {self.top} -c listen_addresses=127.0.0.1"
        log = str(self.top / "log")
        self.run("pg_ctl", "-D", str(self.data), "-l", log, "-o", options, "-w", "start", as_server=True)
        for role in ("salescontrol_owner", "salescontrol_app"):
            self.run("createuser", role)
        self.run("createdb", "-O", "salescontrol_owner", NAME)

    def take(self, dump: Path) -> None:
        """A plain dump of the database as it stands."""
        self.run("pg_dump", "-Fc", "-f", str(dump), NAME)

    def restore(self, dump: Path) -> None:
        self.run("pg_restore", "-e", "--single-transaction", "-d", NAME, str(dump))

    def kill(self) -> None:
        """As the power goes: every process of the server at once, by SIGKILL."""
        first = int((self.data / "postmaster.pid").read_text().split()[0])
        killed = [first, *_children(first)]
        for pid in killed:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        # Until the machine has buried them they keep the socket's lock, and a new server would not start.
        until = time.monotonic() + 30
        while any(Path(f"/proc/{pid}").exists() for pid in killed):
            assert time.monotonic() < until, f"{killed} are still there"
            time.sleep(0.05)

    def lose(self) -> None:
        """And its disk."""
        shutil.rmtree(self.data)

    def end(self) -> None:
        if (self.data / "postmaster.pid").exists():
            self.kill()
        shutil.rmtree(self.top, ignore_errors=True)

    def use(self) -> None:
        """From here on this process talks to this server."""
        connection.close()
        connection.settings_dict.update(
            HOST="127.0.0.1", PORT=str(self.port), NAME=NAME, USER="salescontrol_app", PASSWORD=""
        )


def _children(parent: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(stat.read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(stat.parent.name))
        except (OSError, ValueError):
            continue
    return found
