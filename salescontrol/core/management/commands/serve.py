"""`manage.py serve`: prepare the instance, start web and background work together, say where it is."""

import hashlib
import io
import json
import os
import shlex
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor
from honcho.environ import parse_procfile
from honcho.manager import Manager
from honcho.printer import Printer

# One local process does the due work of a trial; with Redis it is shared by workers, and beat says when (adr/0002).
ALONE = ("web", "work")
SHARED = ("web", "worker", "beat")


class Command(BaseCommand):
    help = "Prepare the database and files, start the web and background processes, wait until they are ready."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument(
            "--wait", type=float, default=90, help="seconds until a start counts as failed (default 90)"
        )

    def handle(self, *, wait: float, **options: Any) -> None:
        host, port = os.environ.get("HOST", "127.0.0.1"), _port()
        _refuse_taken(host, port)
        _prepare(self._say)
        connections.close_all()
        processes = _processes(port)
        waiting = Waiting(f"http://{_own_address(host)}:{port}", wait, processes, self.stdout)
        waiting.start()
        processes.loop()
        if waiting.failure:
            raise CommandError(waiting.failure)
        if not waiting.ready.is_set() and processes.returncode not in (0, 130, 143):
            raise CommandError("A process ended before the application was ready; its last lines are above.")
        self.stdout.write("Stopped.")
        sys.exit(0 if processes.returncode == 130 else processes.returncode)

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


class Waiting(threading.Thread):
    """Asks /readyz until it agrees, then prints the address and the demo's sign-ins; gives up after `seconds`."""

    def __init__(self, address: str, seconds: float, processes: Manager, out: Any) -> None:
        super().__init__(daemon=True)
        self.address, self.seconds, self.processes, self.out = address, seconds, processes, out
        self.ready = threading.Event()
        self.failure = ""

    def run(self) -> None:
        # Until the processes are forked this thread must hold no lock that a child would inherit.
        time.sleep(0.3)
        last, end = "no answer", time.monotonic() + self.seconds
        while time.monotonic() < end and self.processes.returncode is None:
            ok, last = _ask(f"{self.address}/readyz")
            if ok:
                self.ready.set()
                self.out.write(_welcome(self.address))
                self.out.flush()
                return
            time.sleep(0.2)
        if self.processes.returncode is None:
            self.failure = f"Not ready after {self.seconds:.0f} seconds: {last}"
            self.processes.terminate()


def _port() -> int:
    value = os.environ.get("PORT", "8000")
    if not value.isdecimal() or not 0 < int(value) < 65536:
        raise CommandError(f"PORT is {value!r}; it must be a number from 1 to 65535.")
    return int(value)


def _refuse_taken(host: str, port: int) -> None:
    try:
        with socket.create_server((host, port)):
            pass
    except OSError as error:
        raise CommandError(
            f"Port {port} on {host} cannot be used ({error.strerror}). Stop the program that uses it, or choose another: make run PORT=8001"
        ) from error


def _prepare(say: Any) -> None:
    """Bring translations, tables, static files and the demo up to date; each step costs nothing when nothing changed."""
    call_command("compile_translations", stdout=io.StringIO())
    migration = _begin_migration(say)
    _collect_static(say)
    if migration and migration.wait():
        raise CommandError(
            "The database could not be brought up to date; the lines above say why. Nothing was started."
        )
    if settings.DEMO:
        call_command("load_demo")


def _begin_migration(say: Any) -> "subprocess.Popen[bytes] | None":
    executor = MigrationExecutor(connection)
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return None
    say("Preparing the database …")
    # A process of its own: settings give `migrate` the owner's connection, everything else runs without owning the tables.
    command = [sys.executable, "manage.py", "migrate", "--no-input", "--verbosity", "0"]
    return subprocess.Popen(command, cwd=settings.BASE_DIR)


def _collect_static(say: Any) -> None:
    digest = hashlib.sha256(str(settings.STATIC_ROOT).encode())
    for finder in get_finders():
        for path, storage in finder.list([]):
            found = os.stat(storage.path(path))
            digest.update(f"{path} {found.st_size} {found.st_mtime_ns}\n".encode())
    stamp = Path(settings.VAR_DIR) / "static.fingerprint"
    if stamp.exists() and stamp.read_text() == digest.hexdigest() and Path(settings.STATIC_ROOT).exists():
        return
    say("Preparing styles and scripts …")
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    stamp.write_text(digest.hexdigest())


def _processes(port: int) -> Manager:
    commands = parse_procfile((settings.BASE_DIR / "Procfile").read_text()).processes
    # Every request is one line of log at INFO: on a terminal that would carry the address out of sight.
    env = {
        "LOG_LEVEL": "WARNING",
        "PYTHONUNBUFFERED": "1",
        **os.environ,
        "PORT": str(port),
        "VAR_DIR": str(settings.VAR_DIR),
    }
    env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{env.get('PATH', '')}"
    manager = Manager(Printer(sys.stdout, colour=False))
    for name in SHARED if settings.REDIS_URL else ALONE:
        # exec: the signal to stop must reach the program, not a shell around it.
        manager.add_process(name, f"exec {commands[name]}", env=env, cwd=str(settings.BASE_DIR))
    return manager


def _own_address(host: str) -> str:
    return "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 compared, not bound


def _ask(url: str) -> tuple[bool, str]:
    """Whether `url` answers 200, and what it said otherwise."""
    request = Request(url, headers={"Host": _accepted_host()})  # noqa: S310 our own address
    try:
        with urlopen(request, timeout=5) as answer:  # noqa: S310 our own address
            return answer.status == 200, ""
    except HTTPError as error:
        return False, _plain(error.read())
    except (URLError, OSError) as error:
        return False, str(error)


def _accepted_host() -> str:
    named = [host for host in settings.ALLOWED_HOSTS if host != "*" and not host.startswith(".")]
    return named[0] if named else "localhost"


def _plain(body: bytes) -> str:
    try:
        return json.dumps(json.loads(body), ensure_ascii=False)
    except ValueError:
        return body[:200].decode("utf-8", "replace")


def _welcome(address: str) -> str:
    lines = ["", f"Ready: {address}"]
    sign_ins = Path(settings.VAR_DIR) / "demo-signins.txt"
    if settings.DEMO and sign_ins.exists():
        lines += ["", sign_ins.read_text().rstrip()]
    else:
        lines.append(f"First administrator: {shlex.quote(sys.executable)} manage.py first_admin")
    return "\n".join([*lines, "", "Ctrl-C stops everything; the data stays in " + str(settings.VAR_DIR), ""])
