"""A PostgreSQL of the run's own, which may be crashed: made in a temporary folder, everything as durable as in an office."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

import psycopg

ROLES = Path(__file__).resolve().parents[2] / "deploy/postgres/roles.sql"


class Cluster:
    """`settings` are added to those of the server, such as `synchronous_commit=off` for a seeded fault."""

    def __init__(self, connections: int, settings: tuple[str, ...] = ()) -> None:
        self.place = Path(tempfile.mkdtemp(prefix="salescontrol-race-pg-"))
        self.port = free_port()
        options = [f"port={self.port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={self.place}", "fsync=on",
                   f"max_connections={connections}", "shared_buffers=256MB", "checkpoint_timeout=30s", *settings]  # fmt: skip
        self.options = " ".join(f"-c {option}" for option in options)
        if os.geteuid() == 0:
            shutil.chown(self.place, "postgres")
        self._run(
            "initdb", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums"
        )
        self.start()
        address = f"postgres://postgres@127.0.0.1:{self.port}/template1"
        subprocess.run(["psql", "-q", "-f", ROLES, address], check=True, stdout=subprocess.DEVNULL)
        self.superuser("ALTER ROLE salescontrol_owner CREATEDB")

    def url(self, role: str, database: str) -> str:
        """The address for one of the two roles of the product."""
        return f"postgres://salescontrol_{role}@127.0.0.1:{self.port}/{database}"

    def superuser(self, statement: str) -> None:
        with psycopg.connect(f"postgres://postgres@127.0.0.1:{self.port}/postgres", autocommit=True) as connection:
            connection.execute(statement)

    def start(self) -> None:
        self._run("pg_ctl", "start", "-w", "-t", "60", "-l", str(self.place / "log"), "-o", self.options)

    def crash(self) -> None:
        """Stop as a power cut would: no checkpoint, nothing written that was not yet written."""
        self._run("pg_ctl", "stop", "-m", "immediate", "-w")

    def stop_writing(self) -> None:
        """Keep in memory what no commit asks to be on the disk: a crash ends processes and not the machine, whose disk cache would
        otherwise save what a power cut loses."""
        with psycopg.connect(f"postgres://postgres@127.0.0.1:{self.port}/postgres") as connection:
            row = connection.execute("SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'").fetchone()
        assert row
        os.kill(row[0], signal.SIGSTOP)

    def remove(self) -> None:
        self.crash()
        shutil.rmtree(self.place)

    def _run(self, program: str, *arguments: str) -> None:
        bindir = subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True, check=True).stdout.strip()
        as_postgres = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        command = [*as_postgres, f"{bindir}/{program}", "-D", str(self.place / "data"), *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]
