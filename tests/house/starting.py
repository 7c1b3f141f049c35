"""Starts the product as a person does, in a place of its own, and stops it again."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Product:
    port: int
    seconds: float
    said: str
    process: subprocess.Popen[str]

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def stop(self, how: signal.Signals = signal.SIGINT) -> str:
        """What it said from being ready until its end."""
        self.process.send_signal(how)
        return self.process.communicate(timeout=30)[0]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def launch(var_dir: Path, port: int, **env: str) -> "subprocess.Popen[str]":
    neutral = {
        "DATABASE_URL": "",
        "DATABASE_OWNER_URL": "",
        "REDIS_URL": "",
        "MEDIA_ROOT": "",
        "HTTPS": "0",
        "DEMO": "1",
    }
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return subprocess.Popen(
        [sys.executable, "manage.py", "serve"],
        cwd=ROOT,
        env=kept | neutral | {"VAR_DIR": str(var_dir), "PORT": str(port)} | env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@contextmanager
def started(var_dir: Path, **env: str) -> Iterator[Product]:
    """The running product, once it says that it is ready; stopped at the end if the test did not."""
    begun, port = time.monotonic(), free_port()
    with launch(var_dir, port, **env) as process:
        said = ""
        assert process.stdout
        for line in process.stdout:
            said += line
            if line.startswith("Ctrl-C stops everything"):
                break
        else:
            raise AssertionError(f"it ended before it was ready:\n{said}")
        product = Product(port, time.monotonic() - begun, said, process)
        try:
            yield product
        finally:
            if process.poll() is None:
                product.stop()


def children(pid: int) -> list[int]:
    """Every process below `pid`."""
    direct = subprocess.run(["pgrep", "--parent", str(pid)], capture_output=True, text=True).stdout.split()
    return [found for child in direct for found in (int(child), *children(int(child)))]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")")[-1].split()[0] != "Z"
    except FileNotFoundError:
        return False
