"""A wrong value ends the start with one sentence that names it and says what to do."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def start(tmp_path: Path, **env: str) -> subprocess.CompletedProcess[str]:
    neutral = {"DATABASE_URL": "", "DATABASE_OWNER_URL": "", "REDIS_URL": "", "VAR_DIR": str(tmp_path / "var")}
    return subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]} | neutral | env,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    ("env", "sentence"),
    [
        ({"DATABASE_URL": "mysql://root@localhost/sales"}, "DATABASE_URL must look like postgres://"),
        ({"DATABASE_URL": "postgres://localhost"}, "DATABASE_URL must look like postgres://"),
        ({"SECRET_KEY_FILE": "/nowhere/key"}, "SECRET_KEY_FILE names /nowhere/key, which does not exist"),
        ({"VAR_DIR": "/proc/none"}, "Set VAR_DIR to a folder that can be written"),
        ({"HTTPS": "perhaps"}, '"HTTPS" invalid: Not a valid boolean'),
        ({"TRUSTED_PROXIES": "many"}, '"TRUSTED_PROXIES" invalid: Not a valid integer'),
        ({"PASSWORD_PROFILE": "none"}, '"PASSWORD_PROFILE" invalid'),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_wrong_value_is_named_in_one_sentence(tmp_path, env, sentence):
    tried = start(tmp_path, **env)
    assert tried.returncode == 1
    assert sentence in tried.stderr
    assert len(tried.stderr.splitlines()) == 1


def test_empty_secret_is_refused(tmp_path):
    (tmp_path / "key").write_text("\n")
    tried = start(tmp_path, SECRET_KEY_FILE=str(tmp_path / "key"))
    assert tried.returncode == 1
    assert "is empty" in tried.stderr


def test_no_value_at_all_is_a_complete_trial(tmp_path):
    tried = start(tmp_path)
    assert tried.returncode == 0, tried.stderr
    assert sorted(path.name for path in (tmp_path / "var").iterdir()) == [
        "blind_index_key",
        "field_keys",
        "journal",
        "media",
        "secret_key",
    ]
