"""The ground of all measurements: a PostgreSQL cluster of its own, 20,000 units, web processes of product and control.

CPU is that of web and database processes together, read from /proc (quality, Part 2): it stays the same when the machine is
busy with something else, which times do not.
"""

import gzip
import http.client
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from functools import cached_property
from pathlib import Path
from urllib.parse import urlencode

import brotli
import psycopg

from benchmarks.race.cluster import Cluster, free_port
from benchmarks.race.world import create_database, migrate

ROOT = Path(__file__).resolve().parents[1]
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_of(pids: Iterator[int] | list[int]) -> float:
    """CPU seconds that these processes have used so far, with those of their children that have ended."""
    total = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        total += sum(map(int, fields[11:15]))
    return total / TICKS


def children(parent: int) -> list[int]:
    """The process and all its descendants."""
    found = [parent]
    for task in Path(f"/proc/{parent}/task").glob("*/children"):
        for child in task.read_text().split():
            found += children(int(child))
    return found


class Browser:
    """One signed-in client with a connection that stays open."""

    def __init__(self, port: int, cookie: str = "") -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.headers = {"Cookie": cookie, "Host": f"127.0.0.1:{port}", "Accept-Encoding": "gzip, br"}

    def get(self, path: str) -> tuple[int, bytes]:
        status, _headers, body = self.read(path)
        return status, body

    def post(self, path: str, form: dict) -> tuple[int, bytes]:
        status, _headers, body = self._send(
            "POST", path, urlencode(form), {"Content-Type": "application/x-www-form-urlencoded"}
        )
        return status, body

    def read(self, path: str) -> tuple[int, Message, bytes]:
        """Status, headers and the body as it came over the wire."""
        return self._send("GET", path, None, {})

    def _send(self, method: str, path: str, body: str | None, more: dict) -> tuple[int, Message, bytes]:
        headers = {**self.headers, **more}
        try:
            self.connection.request(method, path, body, headers)
            answer = self.connection.getresponse()
        except ConnectionError:
            self.connection.close()  # A connection that was idle too long; a browser asks again as well.
            self.connection.request(method, path, body, headers)
            answer = self.connection.getresponse()
        self._keep_cookies(answer.headers.get_all("Set-Cookie") or [])
        return answer.status, answer.headers, answer.read()

    def _keep_cookies(self, set_cookies: list[str]) -> None:
        kept = dict(pair.split("=", 1) for pair in self.headers["Cookie"].split("; ") if pair)
        kept.update(cookie.split(";")[0].split("=", 1) for cookie in set_cookies)
        self.headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in kept.items())

    @staticmethod
    def plain(headers: Message, body: bytes) -> bytes:
        """The body as the page sees it."""
        unpack = {"br": brotli.decompress, "gzip": gzip.decompress}.get(headers.get("Content-Encoding", ""))
        return unpack(body) if unpack else body


@dataclass
class Server:
    """One gunicorn: its port and how to read the CPU of its processes."""

    process: subprocess.Popen
    port: int

    def pids(self) -> list[int]:
        return children(self.process.pid)

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()


class Ground:
    """Made once for a run; `with Ground() as ground:` takes everything down again."""

    units = 20_000

    def __init__(self) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="salescontrol-bench-")
        self.cluster = Cluster(200, ("synchronous_commit=on",))
        self.servers: list[Server] = []

    def __enter__(self) -> "Ground":
        os.environ.update(
            VAR_DIR=self.folder.name, MEDIA_ROOT="", LOG_LEVEL="ERROR", REDIS_URL="", DEMO="0", SECOND_FACTOR="0",
            DJANGO_SETTINGS_MODULE="salescontrol.settings", DATABASE_POOL="4",
            DATABASE_URL=self.cluster.url("app", "bench"), DATABASE_OWNER_URL=self.cluster.url("owner", "bench"),
        )  # fmt: skip
        create_database(os.environ["DATABASE_OWNER_URL"])
        migrate()
        import django

        django.setup()
        return self

    def __exit__(self, *_error) -> None:
        for server in self.servers:
            server.stop()
        from django.db import connections

        connections.close_all()
        self.cluster.remove()
        self.folder.cleanup()

    @cached_property
    def stock(self):
        """Projects, people and units; made when first asked for."""
        from benchmarks import stock

        made = stock.make(self.units)
        self._seal()
        with self.superuser() as connection:
            connection.execute("VACUUM ANALYZE")  # Else the database does it by itself while something is measured.
        return made

    @staticmethod
    def _seal() -> None:
        """Do what the office's worker would have done by now: what the stock left as evidence is sealed and in the journal."""
        from salescontrol.core import journal
        from salescontrol.core.models import Seal

        before = -1
        while before != (before := Seal.objects.count()):
            journal.keep()

    def database_pids(self) -> list[int]:
        master = int((self.cluster.place / "data/postmaster.pid").read_text().split()[0])
        return children(master)

    @cached_property
    def product(self) -> Server:
        """The product as an office runs it, with two workers."""
        subprocess.run(
            [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity=0"], cwd=ROOT, check=True
        )
        subprocess.run([sys.executable, "manage.py", "compile_translations"], cwd=ROOT, check=True, capture_output=True)
        return self._serve(["-m", "deploy.web", "benchmarks.control.product:application"], os.environ.copy())

    @cached_property
    def floor(self) -> tuple[Server, str]:
        """The control page and the cookie of who is signed in there."""
        url = self.cluster.url("owner", "floor")
        create_database(url)
        env = {**os.environ, "DATABASE_URL": url}
        made = subprocess.run(
            [sys.executable, "-m", "benchmarks.control.floor"],
            cwd=ROOT,
            env=env,
            check=True,
            capture_output=True,
            text=True,
        )
        gunicorn = [
            "-m",
            "gunicorn",
            "--config",
            "benchmarks/control/gunicorn.conf.py",
            "benchmarks.control.floor:application",
        ]
        return self._serve(gunicorn, env), made.stdout.split()[-1]

    def _serve(self, command: list[str], env: dict[str, str]) -> Server:
        port = free_port()
        env = {**env, "PORT": str(port), "WEB_CONCURRENCY": "2", "WEB_THREADS": "8", "LOG_LEVEL": "INFO"}
        with Path(self.folder.name, "web.log").open("ab") as log:
            process = subprocess.Popen([sys.executable, *command], cwd=ROOT, env=env, stderr=log)
        server = Server(process, port)
        self.servers.append(server)
        for _attempt in range(200):
            try:
                if Browser(port).get("/healthz")[0] in (200, 404):
                    return server
            except OSError:
                time.sleep(0.1)
        raise RuntimeError(f"{command[-1]} did not answer")

    def browser(self, who: str) -> Browser:
        """A client of the product, signed in as one of the stock's people."""
        return Browser(self.product.port, self.stock.cookies[who])

    def cpu_ms(self, server: Server, do: Callable[[], object], times: int) -> float:
        """CPU milliseconds of web and database together for one `do()`, over `times` of them."""
        before = cpu_of(server.pids()) + cpu_of(self.database_pids())
        for _time in range(times):
            do()
        return (cpu_of(server.pids()) + cpu_of(self.database_pids()) - before) * 1000 / times

    def copy(self, statement: str) -> None:
        """Let the database multiply rows by itself, without triggers: only their number matters to what is measured next."""
        with self.superuser() as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute(statement)
            connection.execute("ANALYZE")

    def multiply(self, tables: Iterable[tuple[str, dict[str, str], str]], copies: str) -> None:
        """Let the database copy rows, without triggers. Of each table: the columns that differ from the row copied, which may
        name `copy`, and which rows; `copies` is the series of copies."""
        with self.superuser() as connection:
            connection.execute("SET session_replication_role = replica")
            for table, changes, which in tables:
                columns = [
                    row[0]
                    for row in connection.execute(
                        "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND is_generated = 'NEVER'",
                        [table],
                    )
                ]
                values = ", ".join(changes.get(column, f'"{column}"') for column in columns)
                names = ", ".join(f'"{column}"' for column in columns)
                connection.execute(
                    f"INSERT INTO {table} ({names}) OVERRIDING SYSTEM VALUE SELECT {values} FROM {table}, {copies} copy"  # noqa: S608
                    f" WHERE {which}"
                )
            connection.execute("VACUUM ANALYZE")

    def superuser(self) -> psycopg.Connection:
        """A connection that may do everything; each statement is a transaction."""
        return psycopg.connect(f"postgres://postgres@127.0.0.1:{self.cluster.port}/bench", autocommit=True)

    @contextmanager
    def own_cpu(self) -> Iterator[list[float]]:
        """CPU milliseconds of this process and the database while the block ran, as the only item of the list."""
        used: list[float] = []
        before = time.process_time() + cpu_of(self.database_pids())
        yield used
        used.append((time.process_time() + cpu_of(self.database_pids()) - before) * 1000)


def expect(answer: tuple[int, bytes], *statuses: int) -> bytes:
    """The body of an answer with one of these statuses; a measurement of errors is none."""
    if answer[0] not in (statuses or (200,)):
        raise RuntimeError(f"{answer[0]}: {answer[1][:300]!r}")
    return answer[1]
