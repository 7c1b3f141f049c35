"""The web server, the same on a laptop and behind the proxy: `python -m deploy.web`. Every value can be set from outside."""

import ctypes
import gc
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

# Lines of the server itself look like those of the application, which logs the requests: with their id, without personal data.
LOGS = {
    "formatters": {"json": {"()": "salescontrol.core.logs.JsonFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {"_granian": {"handlers": ["console"], "propagate": False}},
}


_BROKEN = multiprocessing.Event()


def serve(application: str) -> int:
    """Serve `module:name` until SIGTERM or SIGINT, answering first what was asked; 1 if it could not be loaded."""
    Granian(
        application,
        address=os.environ.get("HOST", "127.0.0.1"),
        port=int(os.environ.get("PORT", "8000")),
        interface=Interfaces.WSGI,
        workers=int(os.environ.get("WEB_CONCURRENCY", "2")),
        blocking_threads=int(os.environ.get("WEB_THREADS", "8")),
        http=HTTPModes.http1,
        websockets=False,
        # A thread is given whole heads of requests only; who sends one byte after another is gone after ten seconds.
        http1_settings=HTTP1Settings(header_read_timeout=10_000, max_buffer_size=64 * 1024),
        log_level=LogLevels(os.environ.get("WEB_LOG_LEVEL", "error").lower()),
        log_dictconfig=LOGS,
        respawn_failed_workers=True,
        respawn_interval=0.5,
        # A worker is renewed now and then, so that memory that leaks somewhere below us never adds up.
        workers_lifetime=24 * 3600,
        workers_max_rss=1024,
        workers_kill_timeout=20,
    ).serve(target_loader=_load)
    return int(_BROKEN.is_set())


def _load(application: str) -> Callable[..., Any]:
    """In a worker: the application. One that refuses to start ends the server: another worker would refuse as well."""
    _end_with_server()
    module, _, name = application.partition(":")
    try:
        found = getattr(import_module(module), name)
    except BaseException:
        _BROKEN.set()
        os.kill(os.getppid(), signal.SIGTERM)
        raise
    gc.collect()
    gc.freeze()  # What is there now stays for ever: not to be searched for garbage again and again.
    return found


def _end_with_server() -> None:
    """On Linux a worker does not outlive its server, even when that one was killed."""
    if sys.platform == "linux":
        end_with_parent = 1  # PR_SET_PDEATHSIG
        ctypes.CDLL(None).prctl(end_with_parent, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(serve(*sys.argv[1:] or ["salescontrol.wsgi:application"]))
