"""Two connections at one row: a rival that acts in a thread of its own, and can be waited for until the database blocks it."""

import threading
import time
from collections.abc import Callable

from django.db import connection

from salescontrol.core.errors import Refusal

PATIENCE_SECONDS = 20


class Rival(threading.Thread):
    """One act on a connection of its own, and what came of it: `done` or the code of the refusal."""

    def __init__(self, act: Callable[[], object]) -> None:
        super().__init__()
        self.act, self.outcome, self.result = act, "crashed", None
        self.backend = 0
        self.start()

    def run(self) -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                self.backend = cursor.fetchone()[0]
            self.result = self.act()
            self.outcome = "done"
        except Refusal as refusal:
            self.outcome = refusal.code
        finally:
            connection.close()

    def wait_until_blocked(self) -> None:
        """Until the database itself says that it waits for somebody's lock."""
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            if self.backend:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT cardinality(pg_blocking_pids(%s))", [self.backend])
                    if cursor.fetchone()[0]:
                        return
            time.sleep(0.02)
        raise AssertionError("it did not wait for the row")

    def told(self) -> str:
        """Wait for its end; what came of it."""
        self.join(PATIENCE_SECONDS)
        return self.outcome


def at_once(*acts: Callable[[], object]) -> list[str]:
    """Do the acts in threads that start together; what became of each, in the order of the acts."""
    start = threading.Barrier(len(acts))

    def together(act: Callable[[], object]) -> object:
        start.wait()
        return act()

    rivals = [Rival(lambda act=act: together(act)) for act in acts]
    return [rival.told() for rival in rivals]
