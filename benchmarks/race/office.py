"""The product's own processes during a race: the web server and the background worker, killed and started again."""

import http.client
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlencode

from benchmarks.race.cluster import free_port
from benchmarks.race.world import ROOT

COMMANDS = {"web": ["-m", "deploy.web"], "worker": ["manage.py", "work"]}
# What a page says when the database gave no lock in time: nothing was done, the same form may be sent again (core.outages).
BUSY = b"Somebody else is working on the same thing just now"
CSRF = "racingracingracingracingracing32"
LEAD = re.compile(r"/([0-9A-Z]{6,12})/$")


class Office:
    """One web server with two workers, and the worker without Redis. What they say goes to `<name>.log` in their folder."""

    def __init__(self, place: Path) -> None:
        self.place, self.port = place, free_port()
        self.running: dict[str, subprocess.Popen] = {}
        self.killed = {"killed web servers": 0, "killed web workers": 0, "killed background workers": 0}
        self.env = {
            **os.environ, "PORT": str(self.port), "HOST": "127.0.0.1", "WEB_CONCURRENCY": "2", "DATABASE_POOL": "4", "DEMO": "0",
            "HTTPS": "0", "SECOND_FACTOR": "0", "LOG_LEVEL": "ERROR",
        }  # fmt: skip

    def open(self) -> None:
        """Everything running, and the web server answering."""
        command = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity=0"]
        subprocess.run(command, cwd=ROOT, env=self.env, check=True)
        for name in COMMANDS:
            self._start(name)
        for _attempt in range(300):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=5):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
        raise RuntimeError(f"the web server does not answer: {self.said()}")

    def kill_one(self) -> None:
        """SIGKILL the whole web server, one of its workers (the server starts another), or the background worker. A web server that
        is only starting is left alone: nobody is served by it, so there is nothing to be interrupted."""
        what = random.choice(list(self.killed) if self._listens() else ["killed background workers"])
        if what == "killed web workers":
            workers = _children(self.running["web"].pid)
            if workers:
                os.kill(random.choice(workers), signal.SIGKILL)
        else:
            name = "web" if what == "killed web servers" else "worker"
            self._kill(name)
            self._start(name)
        self.killed[what] += 1

    def _listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def close(self) -> None:
        for name in list(self.running):
            self._kill(name)

    def said(self) -> str:
        return "\n".join((self.place / f"{name}.log").read_text()[-3000:] for name in COMMANDS)

    def faults(self) -> list[str]:
        """What the product said of errors of its own: a line of its log with a trace, or a trace without one. A lock that was not to
        be had in time is none: nothing was done, and the next round does it (a client's call that ends so is sent again too)."""
        lines = [line for name in COMMANDS for line in (self.place / f"{name}.log").read_text().splitlines()]
        traces = [line for line in lines if '"trace": ' in line or line.startswith("Traceback ")]
        return [line[:900] for line in traces if "psycopg.errors.LockNotAvailable" not in line]

    def _start(self, name: str) -> None:
        with (self.place / f"{name}.log").open("ab") as said:
            self.running[name] = subprocess.Popen(
                [sys.executable, *COMMANDS[name]],
                cwd=ROOT,
                env=self.env,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )

    def _kill(self, name: str) -> None:
        """With all that it started, as when a machine dies: its session is its process group."""
        process = self.running.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _children(parent: int) -> list[int]:
    return [
        int(child)
        for task in Path(f"/proc/{parent}/task").glob("*/children")
        for child in task.read_text().split()
    ]  # fmt: skip


class Desk:
    """One browser of somebody who is signed in: sends a form and says what became of it."""

    def __init__(self, port: int, cookie: str) -> None:
        self.port = port
        self.headers = {
            "Cookie": f"{cookie}; csrftoken={CSRF}", "Host": f"127.0.0.1:{port}",
            "Content-Type": "application/x-www-form-urlencoded",
        }  # fmt: skip

    def send(self, path: str, form: dict[str, str]) -> dict:
        """The answer as a client keeps it: ok with the code of the page it led to, refused, aborted, error; unknown when none came."""
        body = urlencode({**form, "csrfmiddlewaretoken": CSRF})
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("POST", path, body, self.headers)
            answer = connection.getresponse()
            page = answer.read()
        except (OSError, http.client.HTTPException) as error:
            time.sleep(random.uniform(0.1, 0.4))
            return {"answer": "unknown", "code": type(error).__name__}
        finally:
            connection.close()
        if answer.status == 302:
            led = LEAD.search(answer.headers["Location"])
            return {"answer": "ok", "ref": led[1] if led else ""}
        if answer.status == 409 and BUSY in page:
            return {"answer": "aborted", "code": "busy"}
        refused = answer.status in (403, 404, 409, 422)
        return {"answer": "refused" if refused else "error", "code": f"http {answer.status}"}
