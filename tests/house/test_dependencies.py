"""Dependencies are pinned, locked with hashes, and each has its reason."""

import re
import tomllib
from functools import lru_cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
RUNNING = [Requirement(line) for line in PROJECT["project"]["dependencies"]]
DEVELOPING = [Requirement(line) for line in PROJECT["dependency-groups"]["dev"]]


def locked(name: str) -> dict[str, tuple[str, int]]:
    """Package → (version, number of hashes) of a locked list."""
    entries = re.split(r"\n(?=[a-z0-9])", (ROOT / name).read_text())
    found = {}
    for entry in entries:
        head = re.match(r"([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^ ;\\\n]+)", entry)
        assert head, entry[:80]
        found[canonicalize_name(head[1])] = (head[2], entry.count("--hash=sha256:"))
    return found


@pytest.mark.parametrize("requirement", RUNNING + DEVELOPING, ids=lambda requirement: requirement.name)
def test_direct_dependency_is_pinned_exactly(requirement):
    assert re.fullmatch(r"==[^*,]+", str(requirement.specifier))


@pytest.mark.parametrize(
    ("file", "direct"),
    [("requirements.txt", RUNNING), ("requirements-dev.txt", RUNNING + DEVELOPING)],
    ids=["running", "developing"],
)
def test_lock_holds_what_the_project_asks_for_with_hashes(file, direct):
    lock = locked(file)
    for requirement in direct:
        assert f"=={lock[canonicalize_name(requirement.name)][0]}" == str(requirement.specifier)
    assert [name for name, (_, hashes) in lock.items() if not hashes] == []


def test_development_lock_runs_the_same_versions_as_the_office():
    office, desk = locked("requirements.txt"), locked("requirements-dev.txt")
    assert {name: desk[name] for name in office} == office


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt", "pyproject.toml"])
def test_no_address_of_a_package_index_is_kept(file):
    assert not re.search(r"https?://|--index|--find-links|file:", (ROOT / file).read_text())


def test_every_direct_dependency_has_its_reason():
    rows = re.findall(
        r"^\| ([A-Za-z][\w.-]*)[^|]*\| ([^|]+)\|", (ROOT / "docs/dependencies.md").read_text(), re.MULTILINE
    )
    reasons = {canonicalize_name(name): reason.strip() for name, reason in rows if name != "Package"}
    assert set(reasons) == {canonicalize_name(requirement.name) for requirement in RUNNING + DEVELOPING}
    assert [name for name, reason in reasons.items() if len(reason) < 12] == []


# What shows that a running package is used, where it is not simply imported under its own name.
USED_AS = {
    "argon2-cffi": "Argon2PasswordHasher",
    "chinesecalendar": "chinese_calendar",
    "django-axes": "axes.middleware",
    "django-csp": "csp.middleware",
    "django-filter": "django_filters",
    "django-guardian": "guardian",
    "django-htmx": "django_htmx",
    "django-otp": "django_otp",
    "django-simple-history": "simple_history",
    "lucide": "{% lucide",
    "lxml": "openpyxl",  # openpyxl writes with lxml when it is installed
    "pillow": "from PIL",
    "psycopg": "django.db.backends.postgresql",
    "python-docx": "from docx",
    "python-stdnum": "from stdnum",
    "python-calamine": "python_calamine",
    "redis": "CELERY_BROKER_URL",  # Celery's broker client
    "whitenoise": "whitenoise.middleware",
}


@pytest.mark.parametrize("requirement", RUNNING, ids=lambda requirement: requirement.name)
def test_running_package_is_used(requirement):
    name = canonicalize_name(requirement.name)
    evidence = re.escape(USED_AS[name]) if name in USED_AS else rf"(from|import) {requirement.name.lower()}\b"
    assert re.search(evidence, product()), (
        f"no line of the product uses {name}: take it out, or say in USED_AS how it is used"
    )


@lru_cache
def product() -> str:
    apps = ["salescontrol", "inventory", "enquiries", "contracts", "security", "reports", "office"]
    files = [file for app in apps for file in (ROOT / app).rglob("*.py")]
    files += [*(ROOT / "templates").rglob("*.html"), ROOT / "deploy/web.py"]
    return "\n".join(file.read_text() for file in files)
