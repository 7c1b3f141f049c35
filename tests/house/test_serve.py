"""`manage.py serve`, what `make run` starts: ready means ready, a second start is quick, an end ends everything."""

import json
import os
import signal
import socket
import sqlite3
import stat
import time
from pathlib import Path

import pytest

from tests.house.starting import alive, children, free_port, launch, started

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def var_dir(tmp_path_factory):
    return tmp_path_factory.mktemp("instance") / "var"


@pytest.fixture(scope="module")
def first(var_dir):
    """What the first start said and answered, and the processes it left."""
    with started(var_dir) as product:
        answers = {path: product.get(path) for path in ("/healthz", "/readyz", "/")}
        processes = children(product.process.pid)
        last_words = product.stop()
        return product, answers, processes, last_words


def test_a_trial_needs_no_configuration_and_says_where_it_is(first, var_dir):
    product, answers, _, _ = first
    assert f"Ready: http://127.0.0.1:{product.port}" in product.said
    sign_ins = var_dir / "demo-signins.txt"
    assert sign_ins.read_text().strip() in product.said
    assert stat.S_IMODE(sign_ins.stat().st_mode) == 0o600
    assert answers["/healthz"][0] == 200
    assert answers["/"][0] == 200


def test_ready_means_that_background_work_runs_too(first):
    _, answers, _, _ = first
    status, body = answers["/readyz"]
    assert status == 200
    assert json.loads(body)


def test_an_end_ends_every_process(first):
    product, _, processes, last_words = first
    assert len(processes) >= 4
    assert "Stopped." in last_words
    assert product.process.returncode == 0
    assert [pid for pid in processes if alive(pid)] == []


def test_a_second_start_is_quick_and_keeps_data_and_passwords(first, var_dir):
    sign_ins = (var_dir / "demo-signins.txt").read_text()
    users = people(var_dir)
    with started(var_dir) as again:
        assert again.seconds < 12, "on a quiet machine it is 6 (benchmarks/start.py)"
    assert (var_dir / "demo-signins.txt").read_text() == sign_ins
    assert people(var_dir) == users


def people(var_dir) -> list[tuple[int, str, str]]:
    with sqlite3.connect(var_dir / "salescontrol.sqlite3") as file:
        return file.execute("SELECT id, password, name FROM security_user ORDER BY id").fetchall()


def test_secrets_of_a_trial_are_private(first, var_dir):
    for name in ("secret_key", "field_keys", "blind_index_key"):
        assert stat.S_IMODE((var_dir / name).stat().st_mode) == 0o600
    assert stat.S_IMODE(var_dir.stat().st_mode) == 0o700


@pytest.mark.parametrize("victim", ["deploy.web", "manage.py work"])
def test_when_one_process_dies_the_other_is_not_left_alone(first, var_dir, victim):
    with started(var_dir) as product:
        processes = children(product.process.pid)
        commands = {pid: Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ") for pid in processes}
        main = min(pid for pid, command in commands.items() if victim in command)
        os.kill(main, signal.SIGKILL)
        product.process.communicate(timeout=30)
    assert product.process.returncode != 0
    time.sleep(0.5)
    assert [pid for pid in processes if alive(pid)] == []


def test_a_taken_port_is_said_in_a_sentence(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with launch(tmp_path, port) as process:
            said = process.communicate(timeout=60)[0]
    assert process.returncode == 1
    assert f"Port {port} on 127.0.0.1 cannot be used" in said
    assert "make run PORT=8001" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("port", ["http", "0", "70000"])
def test_a_port_that_is_none_is_said_in_a_sentence(tmp_path, port):
    with launch(tmp_path, free_port(), PORT=port) as process:
        said = process.communicate(timeout=60)[0]
    assert process.returncode == 1
    assert f"PORT is '{port}'; it must be a number from 1 to 65535." in said
