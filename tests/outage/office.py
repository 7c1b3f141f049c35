"""An office of its own: a database, a Redis, two web workers, a worker and beat, each a process that can be stopped, frozen, killed."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from tests.house.starting import ROOT, free_port

BIN = Path(sys.executable).parent
# The demonstration's salespeople hold as many units as they may; the day needs room for more.
MANY_HOLDS = """
from salescontrol.core import options
from security.models import User
options.change(by=User.objects.get(employee_no="X001"), project_id=None, changes={"hold.per_salesperson": 50})
"""
PROGRAMS = ("redis", "web", "worker", "beat")


def at(url: str, database: str) -> str:
    return urlsplit(url)._replace(path=f"/{database}").geturl()


class Office:
    """The processes by name. What they say goes to `var_dir/<name>.log`."""

    def __init__(self, var_dir: Path, owner_url: str, app_url: str) -> None:
        self.var_dir, self.owner_url = var_dir, owner_url
        self.port, self.redis_port = free_port(), free_port()
        self.running: dict[str, subprocess.Popen] = {}
        self.closed = threading.Event()
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self.env = kept | {
            "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}",
            "DATABASE_URL": app_url, "DATABASE_OWNER_URL": owner_url, "REDIS_URL": f"redis://127.0.0.1:{self.redis_port}/0",
            "VAR_DIR": str(var_dir), "MEDIA_ROOT": "", "DEMO": "1", "HTTPS": "0", "PORT": str(self.port),
            "WEB_CONCURRENCY": "2", "LOG_LEVEL": "WARNING", "PYTHONUNBUFFERED": "1", "DISK_LOW_MB": "1",
        }  # fmt: skip

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def prepare(self) -> None:
        """Tables, static files, the demonstration's projects and people."""
        with ThreadPoolExecutor() as both:
            list(both.map(self.manage, (["migrate", "-v0"], ["collectstatic", "--no-input", "-v0"])))
        self.manage(["load_demo"])
        self.manage(["shell", "-v0", "-c", MANY_HOLDS])

    def manage(self, command: list[str]) -> None:
        line = [sys.executable, "manage.py", *command]
        done = subprocess.run(line, cwd=ROOT, env=self.env, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

    def start(self, name: str, called: str = "") -> None:
        """Start a program; a second one of its kind is `called` something else."""
        commands = {
            "redis": ["redis-server", "--bind", "127.0.0.1", "--port", str(self.redis_port), "--save", "", "--appendonly", "no",
                      "--dir", str(self.var_dir), "--maxmemory-policy", "noeviction"],
            "web": ["python", "-m", "deploy.web"],
            "worker": ["celery", "--app", "salescontrol", "worker", "--loglevel", "WARNING", "--concurrency", "2",
                       "--without-gossip", "--without-mingle"],
            "beat": ["celery", "--app", "salescontrol", "beat", "--loglevel", "WARNING", "--pidfile=",
                     "--schedule", str(self.var_dir / f"schedule-{called or name}")],
        }  # fmt: skip
        called = called or name
        with (self.var_dir / f"{called}.log").open("ab") as said:
            # A session of its own: a signal to the group reaches the processes that it started, as when a machine dies.
            self.running[called] = subprocess.Popen(
                commands[name], cwd=ROOT, env=self.env, stdout=said, stderr=said, start_new_session=True
            )

    def send(self, name: str, how: signal.Signals) -> None:
        """Signal a program and all that it started."""
        os.killpg(self.running[name].pid, how)

    def kill(self, name: str, how: signal.Signals = signal.SIGKILL) -> None:
        process = self.running.pop(name)
        os.killpg(process.pid, how)
        if how != signal.SIGKILL:
            os.killpg(process.pid, signal.SIGCONT)
        process.wait(30)

    def watch(self) -> None:
        """Start again what ended by itself, as the machine's own service manager does (a worker ends when Redis is full)."""
        while not self.closed.wait(1):
            for name, process in list(self.running.items()):
                if name in PROGRAMS and process.poll() is not None and self.running.get(name) is process:
                    self.start(name)

    def stop(self) -> None:
        self.closed.set()
        for name in list(self.running):
            self.kill(name)

    def redis(self, *command: str) -> str:
        line = ["redis-cli", "-p", str(self.redis_port), *command]
        return subprocess.run(line, capture_output=True, text=True, timeout=10).stdout.strip()

    def sql(self, text: str) -> list[tuple]:
        """Rows by the owner of the tables (statements that return none: [])."""
        with psycopg.connect(self.owner_url, autocommit=True) as database:
            found = database.execute(text)
            return found.fetchall() if found.description else []

    def drop_connections(self) -> None:
        """The server ends every connection of the application to this database."""
        application = urlsplit(self.env["DATABASE_URL"])
        with psycopg.connect(self.env["DATABASE_URL"], autocommit=True) as database:
            database.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                "WHERE usename = %s AND datname = current_database() AND pid <> pg_backend_pid()",
                [application.username],
            )

    def wait_for(self, happened, seconds: float, what: str) -> float:
        """Wait until `happened()`; returns how long it took."""
        begun = time.monotonic()
        while not happened():
            if time.monotonic() - begun > seconds:
                raise AssertionError(f"{what}: not within {seconds:.0f} seconds\n{self.said()}")
            time.sleep(0.2)
        return time.monotonic() - begun

    def said(self) -> str:
        return "\n".join(f"== {path.name}\n{path.read_text()[-3000:]}" for path in sorted(self.var_dir.glob("*.log")))

    def ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}/readyz", timeout=5) as answer:  # noqa: S310 our own address
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False


@contextmanager
def new_office(owner_url: str, app_url: str, **env: str) -> Iterator[Office]:
    """An office with everything running and ready; gone at the end, database and all. `env` sets more of its environment."""
    name = f"outage_{os.getpid()}_{time.monotonic_ns() % 10**6}"
    with tempfile.TemporaryDirectory() as folder, psycopg.connect(at(owner_url, "postgres"), autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        office = Office(Path(folder), at(owner_url, name), at(app_url, name))
        office.env |= env
        try:
            office.prepare()
            for program in PROGRAMS:
                office.start(program)
            threading.Thread(target=office.watch, daemon=True).start()
            office.wait_for(office.ready, 60, "ready")
            yield office
        finally:
            office.stop()
            office.wait_for(lambda: _dropped(server, name), 60, "nobody is connected any more")


def _dropped(server: psycopg.Connection, name: str) -> bool:
    """Drop the database; not yet when a server process of somebody who was killed has not noticed so far."""
    try:
        server.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))
    except (psycopg.errors.ObjectInUse, psycopg.errors.InsufficientPrivilege):
        return False
    return True
