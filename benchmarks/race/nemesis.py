"""What goes wrong during a run: connections, clients, web and worker processes are killed, the database is crashed and started again."""

import multiprocessing
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from multiprocessing.process import BaseProcess

import psycopg

from benchmarks.race.cluster import Cluster
from benchmarks.race.office import Office
from benchmarks.race.plan import Plan

FORK = multiprocessing.get_context("fork")
KILL = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND usename = current_user"
    " AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1"
)


class Nemesis:
    """A process of its own that troubles the database by the plan; `done` counts what it did."""

    def __init__(self, plan: Plan, url: str, cluster: Cluster | None, office: Office | None = None) -> None:
        self.plan, self.url, self.cluster, self.office = plan, url, cluster, office
        self.over = FORK.Event()
        self.connections, self.crashes = FORK.Value("i", 0), FORK.Value("i", 0)
        self.clients = 0
        self.next_client = time.monotonic() + plan.kill_client_every
        self.next_process = time.monotonic() + plan.kill_process_every
        self.process = FORK.Process(target=self._run)

    def start(self) -> None:
        self.process.start()

    def stop(self) -> None:
        """Returns when the last crash has been recovered from."""
        self.over.set()
        self.process.join()

    def done(self) -> dict[str, int]:
        return {
            "killed connections": self.connections.value, "killed clients": self.clients,
            "database crashes": self.crashes.value, **(self.office.killed if self.office else {}),
        }  # fmt: skip

    def kill_client(self, clients: Iterable[BaseProcess]) -> None:
        """Done by the clients' parent, who knows them: SIGKILL one when it is time for that."""
        alive = [process.pid for process in clients if process.is_alive()]
        if self.plan.kill_client_every and alive and time.monotonic() > self.next_client:
            os.kill(random.choice(alive), signal.SIGKILL)
            self.next_client = time.monotonic() + self._pause(self.plan.kill_client_every)
            self.clients += 1

    def kill_process(self) -> None:
        """Done by the parent too, who started them: SIGKILL one of the product's processes, and start it again."""
        if self.office and self.plan.kill_process_every and time.monotonic() > self.next_process:
            self.office.kill_one()
            self.next_process = time.monotonic() + self._pause(self.plan.kill_process_every)

    def _run(self) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        troubles = [(self.plan.kill_connection_every if self.url else 0, self._kill_connection)]
        troubles.append((self.plan.crash_every if self.cluster else 0, self._crash))
        threads = [threading.Thread(target=self._again_and_again, args=trouble) for trouble in troubles if trouble[0]]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _again_and_again(self, every: float, do: Callable[[], None]) -> None:
        while not self.over.wait(self._pause(every)):
            do()

    def _pause(self, every: float) -> float:
        return every * random.uniform(0.5, 1.5)

    def _kill_connection(self) -> None:
        with suppress(psycopg.OperationalError), psycopg.connect(self.url, autocommit=True) as connection:
            self.connections.value += len(connection.execute(KILL).fetchall())

    def _crash(self) -> None:
        assert self.cluster is not None
        self.cluster.crash()
        time.sleep(random.uniform(0, 0.3))
        self.cluster.start()
        self.crashes.value += 1
