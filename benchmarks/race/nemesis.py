"""What goes wrong during a run: connections are killed, client processes are killed, the database is crashed and started again."""

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.process import BaseProcess

import psycopg

from benchmarks.race.cluster import Cluster
from benchmarks.race.plan import Plan

KILL = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND usename = current_user"
    " AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1"
)


class Nemesis:
    """Threads of the parent process, one for each kind of trouble that the plan asks for; `done` counts what they did."""

    def __init__(self, plan: Plan, url: str, cluster: Cluster | None, clients: dict[int, BaseProcess]) -> None:
        self.plan, self.url, self.cluster, self.clients = plan, url, cluster, clients
        self.done: Counter[str] = Counter()
        self.over = threading.Event()
        self.threads: list[threading.Thread] = []

    def start(self) -> None:
        for every, do in (
            (self.plan.kill_connection_every, self._kill_connection), (self.plan.kill_client_every, self._kill_client),
            (self.plan.crash_every if self.cluster else 0, self._crash),
        ):  # fmt: skip
            if every:
                thread = threading.Thread(target=self._again_and_again, args=(every, do), daemon=True)
                thread.start()
                self.threads.append(thread)

    def stop(self) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join()

    def _again_and_again(self, every: float, do: Callable[[], None]) -> None:
        while not self.over.wait(every * random.uniform(0.5, 1.5)):
            do()

    def _kill_connection(self) -> None:
        with suppress(psycopg.OperationalError), psycopg.connect(self.url, autocommit=True) as connection:
            self.done["killed connections"] += len(connection.execute(KILL).fetchall())

    def _kill_client(self) -> None:
        alive = [process.pid for process in list(self.clients.values()) if process.is_alive()]
        if alive:
            with suppress(ProcessLookupError):
                os.kill(random.choice(alive), signal.SIGKILL)
            self.done["killed clients"] += 1

    def _crash(self) -> None:
        assert self.cluster is not None
        self.cluster.crash()
        time.sleep(random.uniform(0, 0.3))
        self.cluster.start()
        self.done["database crashes"] += 1
