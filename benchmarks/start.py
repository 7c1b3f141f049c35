"""How long a person waits: clean clone → ready, beside installing the packages alone, and the second start."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LIMITS = {"more than installing, s": 15.0, "second start, s": 6.0}


def measure() -> dict[str, float]:
    """Seconds, in a clone of the last commit with an empty HOME and nothing prepared."""
    place = Path(tempfile.mkdtemp(prefix="salescontrol-bench-"))
    try:
        clone, home = place / "clone", place / "home"
        home.mkdir()
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        # The index's files are fetched once beforehand, so that the network is not what is compared.
        _install(clone, home, place / "warm")
        installing = _install(clone, home, place / "alone")
        first, second = _start(clone, home), _start(clone, home)
    finally:
        shutil.rmtree(place)
    return {
        "installing alone, s": installing,
        "clean clone to ready, s": first,
        "more than installing, s": first - installing,
        "second start, s": second,
    }


def _environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_"))}
    return {"PATH": os.environ["PATH"], "HOME": str(home), **kept}


def _install(clone: Path, home: Path, venv: Path) -> float:
    begun = time.monotonic()
    subprocess.run([sys.executable, "-m", "venv", venv], check=True, env=_environment(home))
    command = [venv / "bin/pip", "install", "-qq", "--require-hashes", "-r", clone / "requirements.txt"]
    subprocess.run(command, check=True, env=_environment(home))
    return time.monotonic() - begun


def _start(clone: Path, home: Path) -> float:
    begun = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    env = _environment(home) | {"PORT": str(port)}
    with subprocess.Popen(
        ["make", "run"], cwd=clone, env=env, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as running:
        for line in running.stdout or []:
            if line.startswith("Ready:"):
                break
        else:
            raise RuntimeError("`make run` ended before it was ready")
        taken = time.monotonic() - begun
        os.killpg(running.pid, signal.SIGINT)
        running.stdout.read()
    return taken


if __name__ == "__main__":
    for name, value in measure().items():
        print(f"{name:40} {value:10.2f}{f'   must be ≤ {LIMITS[name]}' if name in LIMITS else ''}")
