"""Every value that can be set from outside is described in .env.example, and nothing else is."""

import re
from itertools import pairwise
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
READ_BY_SETTINGS = re.compile(r"""env\.[a-z_]+\(\s*["']([A-Z][A-Z_]+)["']""")
SECRET_OF_SETTINGS = re.compile(r"""secret\(\s*["']([A-Z][A-Z_]+)["']""")
READ_BY_PROCESSES = re.compile(r"""os\.environ(?:\.get\(|\[)\s*["']([A-Z][A-Z_]+)["']""")
READ_BY_COMPOSE = re.compile(r"\$\{([A-Z_]+)(?::[-?][^}]*)?\}")
# Set by the programs that start ours, not by a person.
NOT_OURS = {"DJANGO_SETTINGS_MODULE", "PATH"}


def described() -> dict[str, str]:
    found = re.findall(r"^(?:# )?([A-Z][A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE)
    assert len(found) == len(dict(found)), "a name stands twice"
    return dict(found)


def product_code() -> str:
    apps = ["salescontrol", "inventory", "enquiries", "contracts", "security", "reports", "office"]
    files = [file for app in apps for file in (ROOT / app).rglob("*.py")]
    return "\n".join(file.read_text() for file in [*files, ROOT / "deploy/web.py"])


def test_every_value_read_is_described_and_every_described_value_is_read():
    code = product_code()
    read = set(READ_BY_SETTINGS.findall(code)) | set(READ_BY_PROCESSES.findall(code))
    read |= {f"{name}_FILE" for name in SECRET_OF_SETTINGS.findall(code)}
    read |= set(READ_BY_COMPOSE.findall((ROOT / "docker-compose.yml").read_text()))
    assert set(described()) == read - NOT_OURS


def test_containers_are_given_values_that_something_reads():
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    for name in ("migrate", "web", "worker", "beat"):
        assert set(services[name]["environment"]) <= set(described()), name


def test_example_sets_nothing_by_itself():
    lines = (ROOT / ".env.example").read_text().splitlines()
    assert [line for line in lines if line and not line.startswith("#")] == []


def test_each_value_has_a_sentence_above_it():
    lines = (ROOT / ".env.example").read_text().splitlines()
    for above, line in pairwise(lines):
        if re.match(r"# [A-Z][A-Z_]+=", line):
            assert above.startswith("# "), line


def test_settings_are_read_from_the_environment_in_one_place():
    """`os.environ` beside `env` would be a second way in that the early checks of settings do not see."""
    allowed = {
        "salescontrol/wsgi.py",
        "salescontrol/asgi.py",
        "salescontrol/celery.py",
        "salescontrol/core/env.py",
        "salescontrol/core/management/commands/serve.py",
    }
    using = {
        str(file.relative_to(ROOT))
        for app in ("salescontrol", "inventory", "security")
        for file in (ROOT / app).rglob("*.py")
        if "os.environ" in file.read_text()
    }
    assert using <= allowed
