"""What befalls the office during its day: Redis stopped, frozen, full, flushed; worker and beat killed; a second beat; the worker
killed in the middle of a file; forged messages in the queue."""

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from celery import Celery

from tests.outage.day import PROJECT, Click, Day, price_list
from tests.outage.office import Office

LONG = 1500
OPEN = "SELECT count(*) FROM core_outboxmessage WHERE done_at IS NULL AND due_at <= now()"


@dataclass
class Lived:
    """The day in figures: when what happened (monotonic seconds), and how long it took to catch up afterwards."""

    day: Day
    spans: dict[str, tuple[float, float]] = field(default_factory=dict)
    caught_up: dict[str, float] = field(default_factory=dict)

    def clicks(self, name: str) -> list[Click]:
        """The clicks that began during a calamity."""
        begun, ended = self.spans[name]
        return [click for click in self.day.clicks if begun <= click.at < ended]

    def failed(self) -> list[Click]:
        return [click for click in self.day.clicks if click.status != 200]

    def table(self) -> list[tuple[str, int, float, float, float]]:
        """Name, clicks, median and 95th percentile of their seconds, seconds until all that was due was done."""
        lines = []
        for name in self.spans:
            seconds = sorted(click.seconds for click in self.clicks(name)) or [0.0]
            late = seconds[int(len(seconds) * 0.95) - 1]
            lines.append((name, len(seconds), median(seconds), late, self.caught_up.get(name, 0.0)))
        return lines


def live(office: Office, day: Day, *, length: float, patience: float) -> Lived:
    """One calamity after the other while everybody clicks, `length` seconds each; after each, up to `patience` seconds to catch up.

    With a patience of 0 nobody waits in between, and at the end the leases of what was lost are let run out at once, as if
    their minutes had passed: what is left then is that the work is done, and once.
    """
    lived = Lived(day)
    day.open()
    calamities: dict[str, Callable[[], None]] = {
        "everything runs": lambda: time.sleep(length),
        "Redis stopped": lambda: _stop_redis(office, length),
        "Redis frozen": lambda: _freeze_redis(office, length),
        "Redis full": lambda: _fill_redis(office, length),
        "Redis flushed": lambda: _flush_redis(office, length),
        "worker and beat killed": lambda: _kill(office, length),
        "two beats": lambda: _second_beat(office, length),
    }
    for name, happen in calamities.items():
        begun = time.monotonic()
        happen()
        lived.spans[name] = begun, time.monotonic()
        if patience:
            latest = office.sql("SELECT max(id) FROM core_outboxmessage")[0][0] or 0
            lived.caught_up[name] = office.wait_for(lambda latest=latest: _done_up_to(office, latest), patience, name)
    day.close()
    if not patience:
        let_time_pass(office)
    lived.caught_up["the day"] = office.wait_for(lambda: office.sql(OPEN) == [(0,)], patience or 60, "all caught up")
    return lived


def _done_up_to(office: Office, latest: int) -> bool:
    return office.sql(f"{OPEN} AND id <= {latest}") == [(0,)]


def let_time_pass(office: Office) -> None:
    """As if everybody who has a piece of work had said nothing for two minutes."""
    for table in ("core_outboxmessage WHERE done_at IS NULL", "core_jobrun WHERE finished_at IS NULL"):
        name, _, condition = table.partition(" ")
        office.sql(f"UPDATE {name} SET taken_until = taken_until - interval '121 seconds' {condition}")


def _stop_redis(office: Office, length: float) -> None:
    office.kill("redis", signal.SIGTERM)
    time.sleep(length)
    office.start("redis")
    office.wait_for(lambda: office.redis("PING") == "PONG", 30, "Redis answers")


def _freeze_redis(office: Office, length: float) -> None:
    office.send("redis", signal.SIGSTOP)
    time.sleep(length)
    office.send("redis", signal.SIGCONT)


def _fill_redis(office: Office, length: float) -> None:
    office.redis("CONFIG", "SET", "maxmemory", "1")
    time.sleep(length)
    office.redis("CONFIG", "SET", "maxmemory", "0")


def _flush_redis(office: Office, length: float) -> None:
    for _flush in range(5):
        office.redis("FLUSHALL")
        time.sleep(length / 5)


def _kill(office: Office, length: float) -> None:
    for name in ("worker", "beat"):
        office.kill(name)
    time.sleep(length)
    for name in ("worker", "beat"):
        office.start(name)


def _second_beat(office: Office, length: float) -> None:
    office.start("beat", "second-beat")
    time.sleep(length)
    office.kill("second-beat")


def kill_the_worker_in_the_middle_of_a_file(office: Office, day: Day) -> int:
    """Hand a long list over and kill the worker while it reads; then start it again. Returns the batch's id."""
    before = office.sql("SELECT max(id) FROM inventory_listingbatch")[0][0]
    day.people["C001"].send_file(f"/p/{PROJECT}/batches/new/", "long.xlsx", price_list(9000, LONG))
    reading = f"SELECT id FROM inventory_listingbatch WHERE id > {before} AND state = 'READING' AND progress >= 5"
    office.wait_for(lambda: office.sql(reading), 60, "the list is being read")
    batch = office.sql(reading)[0][0]
    office.kill("worker")
    office.start("worker")
    return batch


def forge(office: Office, trace: Path) -> None:
    """Put into the queue what a stranger who reached Redis might: pickled code, arguments that are no numbers, an unknown task."""
    stranger = Celery(broker=office.env["REDIS_URL"])
    stranger.conf.task_serializer = "pickle"
    stranger.send_task("salescontrol.core.tasks.run_message", args=[Touch(str(trace)), 0])
    stranger.send_task(
        "salescontrol.core.tasks.run_message", args=["1 OR 1=1", {"topic": "import.read"}], serializer="json"
    )
    stranger.send_task("salescontrol.core.tasks.run_message", args=[10**30, 0], serializer="json")
    stranger.send_task("os.system", args=[f"touch {trace}"], serializer="json")


class Touch:
    """Writes a file when it is unpickled."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self):
        return (eval, (f"open({self.path!r}, 'w').close()",))
