"""The commands a person types: they exist, say what is missing, and do nothing twice."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAKEFILE = (ROOT / "Makefile").read_text()


def run(*command: str | Path, cwd: Path = ROOT, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, env={"PATH": os.environ["PATH"], **env}, capture_output=True, text=True)


@pytest.fixture
def place(tmp_path):
    """A folder with the installer and a list of nothing, as on a machine where nothing was done yet."""
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts/install", tmp_path / "scripts/install")
    (tmp_path / "requirements.txt").write_text("# nothing\n")
    return tmp_path


@pytest.fixture
def programs(tmp_path):
    """A PATH with the few programs the installer needs, and no Python."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("sh", "basename", "cmp", "cp", "rm", "env"):
        (folder / name).symlink_to(shutil.which(name))
    return folder


def fake_python(folder: Path, *, knows: str) -> None:
    """A `python3` that answers the version question, and whether it can import what `knows` does not name."""
    script = folder / "python3"
    script.write_text(f'#!/bin/sh\ncase "$*" in *sys.version_info*|--version|{knows}) exit 0;; esac\nexit 1\n')
    script.chmod(0o755)


@pytest.mark.parametrize("target", ["setup", "run", "test", "check", "fix", "bench", "docs"])
def test_command_exists_and_is_explained(target):
    assert re.search(rf"^{target}:.*## \w", MAKEFILE, re.MULTILINE)
    assert f"make {target}" in run("make").stdout


def test_check_runs_every_kind_of_check():
    recipe = run("make", "--dry-run", "check").stdout
    for part in (
        "ruff format --quiet --check",
        "ruff check",
        "djlint",
        "lint-imports",
        "mypy",
        "makemigrations --check",
        "check --deploy --fail-level WARNING",
        "check_translations",
        "generate_docs --check",
    ):
        assert part in recipe


def test_setup_without_python_says_what_to_install(place, programs):
    tried = run("sh", "scripts/install", "requirements.txt", cwd=place, PATH=str(programs))
    assert tried.returncode == 1
    assert "Python 3.11 or newer was not found" in tried.stderr
    assert "apt install python3" in tried.stderr


def test_setup_without_venv_says_which_package_is_missing(place, programs):
    fake_python(programs, knows="nothing-more")
    tried = run("sh", "scripts/install", "requirements.txt", cwd=place, PATH=str(programs))
    assert tried.returncode == 1
    assert "apt install python3-venv" in tried.stderr


def test_setup_installs_once_and_again_only_when_the_list_changed(place):
    first = run("scripts/install", "requirements.txt", cwd=place)
    assert first.returncode == 0, first.stderr
    assert "making .venv" in first.stdout
    assert "installing requirements.txt" in first.stdout
    assert run("scripts/install", "requirements.txt", cwd=place).stdout == ""
    (place / "requirements.txt").write_text("# still nothing\n")
    assert run("scripts/install", "requirements.txt", cwd=place).stdout.splitlines() == [
        "setup: installing requirements.txt (once; a minute or two)"
    ]


def test_setup_refuses_a_list_without_hashes(place):
    (place / "requirements.txt").write_text("six==1.17.0\n")
    tried = run("scripts/install", "requirements.txt", cwd=place)
    assert tried.returncode == 1
    assert "could not be installed" in tried.stderr


@pytest.mark.parametrize(
    ("env", "files", "demo"), [({}, [], True), ({}, [".env"], False), ({"DATABASE_URL": "postgres://a@b/c"}, [], False)]
)
def test_demo_is_loaded_in_an_unconfigured_trial_only(tmp_path, env, files, demo):
    shutil.copy(ROOT / "Makefile", tmp_path / "Makefile")
    for name in files:
        (tmp_path / name).touch()
    assert ("DEMO=1" in run("make", "--dry-run", "run", cwd=tmp_path, **env).stdout) is demo


def test_demo_can_be_chosen_by_hand(tmp_path):
    shutil.copy(ROOT / "Makefile", tmp_path / "Makefile")
    assert "DEMO=0 exec" in run("make", "--dry-run", "run", cwd=tmp_path, DEMO="0").stdout
