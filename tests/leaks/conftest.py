"""A world on its stage, for as long as the tests of one module ask it."""

import time
from collections.abc import Iterator

import pytest

from tests.crawl import LONG, Crawl, Stage


@pytest.fixture(scope="module")
def stage(django_db_setup, django_db_blocker) -> Iterator[Crawl]:
    """The world of this module; everything is rolled back at its end."""
    with django_db_blocker.unblock(), Stage() as opened:
        yield opened.crawl()


@pytest.fixture
def crawl(stage, settings) -> Crawl:
    """The same, with its files in place again (each test begins with an empty folder for files)."""
    settings.MEDIA_ROOT = stage.folder
    if time.monotonic() - stage.since > LONG:
        stage.sign_in()
    return stage
