"""What every test stands on: three people, strict templates, no skipped proof where everything must run."""

import os
import time
from types import SimpleNamespace

import pytest
from django.db import connection
from django.template import base as template_base
from django.template import engines
from django.utils import translation

from salescontrol.core import clock
from salescontrol.core.permissions import Role
from tests import build
from tests import engines as two_engines

# Playwright's sync interface runs an event loop in the test's thread; Django's ORM refuses to work there without this.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
PROOFS = {"browser", "postgres", "redis", "real_data"}


def pytest_collection_modifyitems(items) -> None:
    """Skip what this machine cannot show, each with its reason."""
    for item in items:
        if item.get_closest_marker("postgres") and connection.vendor != "postgresql":
            item.add_marker(pytest.mark.skip(reason="runs on PostgreSQL only"))
        if item.get_closest_marker("redis") and not os.environ.get("REDIS_URL"):
            item.add_marker(pytest.mark.skip(reason="REDIS_URL is not set"))
        if item.get_closest_marker("real_data") and not os.environ.get("REAL_DATA"):
            item.add_marker(pytest.mark.skip(reason="REAL_DATA is not set"))
        if item.get_closest_marker("browser") and not os.path.exists(os.environ.get("CHROMIUM", "/usr/bin/chromium")):
            item.add_marker(pytest.mark.skip(reason="no Chromium"))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """With REQUIRE_ALL=1 a proof that was skipped is a failure; only the other engine's own tests may be."""
    outcome = yield
    report = outcome.get_result()
    marks = {mark.name for mark in item.iter_markers()} & PROOFS
    only_other_engine = marks == {"postgres"} and connection.vendor != "postgresql"
    if report.skipped and marks and os.environ.get("REQUIRE_ALL") == "1" and not only_other_engine:
        report.outcome, report.longrepr = "failed", f"skipped although everything must run: {report.longrepr}"


class Undefined(str):
    """What an undefined template variable becomes: an error as soon as it is printed."""

    __slots__ = ()

    def __mod__(self, name):
        raise template_base.VariableDoesNotExist(f"undefined template variable: {name}")

    def __contains__(self, text) -> bool:
        return text == "%s"


@pytest.fixture(scope="session")
def django_db_use_migrations() -> bool:
    """The tables are laid as the models say: ten times as quick as their whole past, which tests/house/test_migrations.py holds to
    lead to the same."""
    return False


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings) -> None:
    """The owner makes the test database (decisions 17)."""
    two_engines.become_owner()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """The tests run as the application's role; the owner takes the database down again."""
    two_engines.become_application()
    with django_db_blocker.unblock():
        two_engines.put_back_after_tests()
    yield
    with django_db_blocker.unblock():
        two_engines.end_other_sessions()
        two_engines.become_owner()
        two_engines.end_other_sessions()


@pytest.fixture(autouse=True)
def _one_clock(monkeypatch):
    """Where a test replaces the database's clock, the instant that came with another query is replaced too."""
    real, came_with = clock.now, clock.came_with
    monkeypatch.setattr(clock, "came_with", lambda moment: came_with(moment) if clock.now is real else clock.now())


@pytest.fixture(autouse=True)
def _house(settings, tmp_path):
    """Plain static files, files of the test in its own folder, a cheap hash, English; undefined variables fail."""
    translation.activate(settings.LANGUAGE_CODE)
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.JOURNAL_DIR = tmp_path / "journal"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.SECOND_FACTOR = False
    engine = engines["django"].engine
    kept, engine.string_if_invalid = engine.string_if_invalid, Undefined("%s")
    yield
    engine.string_if_invalid = kept


@pytest.fixture
def people(db):
    """Projects A and B; in A: supervisor, specialist, two salespeople, finance, marketing; in B: a salesperson, a supervisor."""
    a, b = build.project("AAA", name="Riverside Court"), build.project("BBB", name="Hill Garden")
    return SimpleNamespace(
        a=a,
        b=b,
        supervisor=build.user(Role.SUPERVISOR, a, name="Lin Yue"),
        specialist=build.user(Role.SPECIALIST, a, name="Wu Qian"),
        salesperson=build.user(Role.SALESPERSON, a, name="Zhao Ming"),
        colleague=build.user(Role.SALESPERSON, a, name="Xu Lei"),
        finance=build.user(Role.FINANCE, a, name="He Fang"),
        marketing=build.user(Role.MARKETING, a, name="Sun Jie"),
        head=build.user(Role.DEPARTMENT_HEAD, a, name="Gao Yuan"),
        management=build.user(Role.MANAGEMENT, name="Ma Chao"),
        administrator=build.user(Role.ADMINISTRATOR, name="Tang Wei"),
        other_salesperson=build.user(Role.SALESPERSON, b, name="Deng Li"),
        other_supervisor=build.user(Role.SUPERVISOR, b, name="Cao Yi"),
    )


@pytest.fixture
def sign_in(client):
    """Sign somebody in on the test client: `sign_in(person)` returns the client."""

    def enter(person):
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return enter


@pytest.fixture(scope="module")
def stage(django_db_setup, django_db_blocker):
    """The world of this module; everything is rolled back at its end."""
    from tests.crawl import Stage

    with django_db_blocker.unblock(), Stage() as opened:
        yield opened.crawl()


@pytest.fixture
def crawl(stage, settings):
    """The same, with its files in place again (each test begins with an empty folder for files)."""
    from tests.crawl import LONG

    settings.MEDIA_ROOT = stage.folder
    if time.monotonic() - stage.since > LONG:
        stage.sign_in()
    return stage
