"""`manage.py work`: the background work of an instance without Redis, in this one process."""

import signal
import threading

from django.core.management.base import BaseCommand

from salescontrol.core import jobs
from salescontrol.core.durability import refuse_unsafe
from salescontrol.core.keys import refuse_unreadable


class Command(BaseCommand):
    help = (
        "Do the background work in this process until it is stopped (an instance without REDIS_URL needs exactly one)."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument("--every", type=float, default=0.5, help="seconds between two looks at what is due")

    def handle(self, *args, every: float, **options) -> None:
        stop = threading.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stop.set())
        refuse_unsafe()
        refuse_unreadable()
        jobs.run_due()
        jobs.work(pause=lambda: stop.wait(every))
