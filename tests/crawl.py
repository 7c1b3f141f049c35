"""Every address of the product, asked as everybody: the answers that the cross-cutting suites look at.

The crawl walks the resolver, so that an address cannot be forgotten. It runs once in a process, inside one transaction that is
rolled back; each request has a savepoint of its own, so that no request sees what another one did.
"""

import html
import io
import logging
import re
import sqlite3
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock
from urllib.parse import unquote

from django.db import connection, transaction
from django.template import engines
from django.test import Client, override_settings
from django.test import client as test_client
from django.urls import URLPattern, URLResolver, get_resolver, resolve, reverse

from salescontrol.core import navigation
from tests.addresses import objects
from tests.world import IDENTITIES, World, make

BACKEND = "django.contrib.auth.backends.ModelBackend"
SIGN_IN = "/sign-in/"
LETTERS = {200: "2", 302: "3", 400: "b", 401: "1", 403: "F", 404: "-", 405: "x", 409: "c", 422: "u", 500: "!", 503: "v"}
LONG = 600  # seconds after which a module's people sign in anew
WRITE = re.compile(r'^\s*(INSERT INTO|UPDATE|DELETE FROM)\s+"?(\w+)"?', re.IGNORECASE)


# Who asks for the second and further objects of an address, for what lies in another project, and for what is not there:
# those whose answers can differ, and those who see most.
SECOND = ("supervisor", "specialist", "salesperson", "finance", "marketing", "management")
ABROAD = ("supervisor", "salesperson", "management", "other_supervisor", "other_salesperson")
TRYING = ("salesperson", "management", "other_supervisor")
REFUSED = ("supervisor", "anonymous")
NOWHERE = ("missing", "foreign")


@dataclass(frozen=True)
class Address:
    """One address with the object it names: `kind` says whose that is."""

    name: str
    kind: str
    path: str
    first: bool = True

    def __str__(self) -> str:
        return f"{self.name} {self.kind}".strip()

    @property
    def nowhere(self) -> bool:
        """Whether the object is not there, or not in the project that the address names."""
        return self.kind in NOWHERE or self.kind.endswith(" abroad")

    def askers(self, method: str) -> tuple[str, ...]:
        """Who asks: everybody where the answers may differ, two where the method is not offered at all."""
        view = getattr(resolve(self.path).func, "view_class", None)
        if view and not (hasattr(view, method.lower()) and method.lower() in view.http_method_names):
            return REFUSED if self.first else ()
        if self.nowhere:
            return TRYING
        return ABROAD if self.kind == "abroad" else IDENTITIES if self.first else SECOND


@dataclass
class Answer:
    """What came back, and what the request wrote."""

    address: Address
    identity: str
    method: str
    status: int
    headers: dict[str, str]
    body: bytes
    writes: list[tuple[str, str]] = field(default_factory=list)
    error: str = ""

    @property
    def letter(self) -> str:
        """One letter for the table: 2 shown, 3 sent on, i to the sign-in, F forbidden, - not found, x method not offered …"""
        if self.status == 302 and self.headers.get("Location", "").startswith(SIGN_IN):
            return "i"
        return LETTERS.get(self.status, "?")

    def __str__(self) -> str:
        return f"{self.method} {self.address.path} as {self.identity}: {self.status}"

    def texts(self) -> Iterator[str]:
        """Everything that can be read in the answer: body, unpacked workbook, headers and file names."""
        yield from (f"{name}: {unquote(value)}" for name, value in self.headers.items() if name != "Set-Cookie")
        if self.body.startswith(b"PK\x03\x04"):
            with zipfile.ZipFile(io.BytesIO(self.body)) as archive:
                for name in archive.namelist():
                    yield html.unescape(archive.read(name).decode("utf-8", "ignore"))
        else:
            yield html.unescape(self.body.decode("utf-8", "ignore"))


def patterns() -> dict[str, set[str]]:
    """Name → parameters, of every address there is."""
    return dict(_walk(get_resolver(), "", frozenset()))


def _walk(resolver: URLResolver, space: str, given: frozenset[str]) -> Iterator[tuple[str, set[str]]]:
    for item in resolver.url_patterns:
        taken = given | set(item.pattern.converters)
        if isinstance(item, URLResolver):
            yield from _walk(item, f"{space}{item.namespace}:" if item.namespace else space, taken)
        elif isinstance(item, URLPattern):
            yield f"{space}{item.name}", set(taken)


def addresses(world: World) -> dict[str, list[Address]]:
    """Every address by name, with every kind of object that it may name; one with parameters that nobody knows is not there."""
    named = objects(world)
    found = {}
    for name, parameters in sorted(patterns().items()):
        if name in named or not parameters - {"code"}:
            found[name] = list(_kinds(name, parameters, named.get(name, {"": {}})))
    return found


def _kinds(name: str, parameters: set[str], kinds: dict[str, dict]) -> Iterator[Address]:
    for number, (kind, values) in enumerate(kinds.items()):
        if "code" not in parameters:
            yield Address(name, kind, reverse(name, kwargs=values), number == 0)
            continue
        yield Address(name, kind, reverse(name, kwargs={"code": "AAA", **values}), number == 0)
        if number == 0:
            yield Address(name, f"{kind} abroad".strip(), reverse(name, kwargs={"code": "BBB", **values}), False)


def _noting(writes: list[tuple[str, str]]):
    """Note every statement that writes: verb and table."""

    def note(execute, sql, params, many, context):
        if match := WRITE.match(sql):
            writes.append((match[1].split()[0].upper(), match[2]))
        return execute(sql, params, many, context)

    return note


def ask(client: Client, address: Address, identity: str, method: str = "GET", path: str = "", **extra: Any) -> Answer:
    """One request in a savepoint that is rolled back."""
    writes: list[tuple[str, str]] = []
    kept = {name: morsel.value for name, morsel in client.cookies.items()}
    with transaction.atomic(), connection.execute_wrapper(_noting(writes)):
        response = (
            client.generic(method, path or address.path, **extra)
            if "data" not in extra
            else getattr(client, method.lower())(path or address.path, **extra)
        )
        body = b"".join(response.streaming_content) if response.streaming else response.content
        response.close()
        transaction.set_rollback(True)
    client.cookies.clear()
    client.cookies.load(kept)
    error = repr(response.exc_info[1])[:300] if getattr(response, "exc_info", None) else ""
    return Answer(address, identity, method, response.status_code, dict(response.headers), body, writes, error)


def clients(world: World) -> dict[str, Client]:
    """A signed-in browser for each identity; nobody's for the anonymous one."""
    found = {}
    for identity in IDENTITIES:
        found[identity] = client = Client(raise_request_exception=False)
        if identity in world.people:
            client.force_login(world.people[identity], backend=BACKEND)
    return found


@contextmanager
def quiet():
    """Of thousands of requests no template's context is kept, and no line, which would keep the whole request until the test ends."""
    logging.disable(logging.ERROR)
    try:
        with mock.patch.object(test_client, "store_rendered_templates"):
            yield
    finally:
        logging.disable(logging.NOTSET)


@contextmanager
def counted_once(known: dict):
    """The counts beside the entries of the rail are taken once for each person and project and kept in `known`: nothing changes
    between requests that are rolled back, and the rail is a third of the work of a page."""

    def count(entry: navigation.Entry):
        def once(access, project) -> int:
            key = (entry.url_name, access.user.pk, project and project.pk)
            if key not in known:
                known[key] = entry.count(access, project)
            return known[key]

        return replace(entry, count=once)

    entries = [count(entry) if entry.count else entry for entry in navigation._ENTRIES]
    with mock.patch.object(navigation, "_ENTRIES", entries):
        yield


class Crawl:
    """A world on its stage, and the answers of its addresses, asked when they are wanted."""

    def __init__(self, folder: str, shape: str = "{}") -> None:
        self.folder = folder
        self.world = make(shape)
        self.addresses = addresses(self.world)
        self.since = time.monotonic()
        self.sign_in()
        self._answers: dict[str, list[Answer]] = {}
        self.counts: dict = {}

    def sign_in(self) -> None:
        """New sessions for everybody, for one test: the first would end by themselves where a module's tests take half an hour."""
        self.browsers = clients(self.world)

    def answers(self, name: str) -> list[Answer]:
        """GET and POST of every kind of object of one address, as everybody who is to ask."""
        assert name in self.addresses, f"{name} takes parameters: say in tests/addresses.py which objects to ask for"
        if name not in self._answers:
            self._answers = {name: [
                self.ask(identity, address, method)
                for address in self.addresses[name]
                for method in ("GET", "POST")
                for identity in address.askers(method)
            ]}  # fmt: skip
        return self._answers[name]

    def ask(self, identity: str, address: Address, method: str = "GET", path: str = "", **extra: Any) -> Answer:
        """One request of many, as somebody."""
        with quiet(), counted_once(self.counts):
            return ask(self.browsers[identity], address, identity, method, path, **extra)

    def get(self, identity: str, path: str, **extra: Any) -> Answer:
        """One page as somebody."""
        return ask(self.browsers[identity], Address(path, "", path), identity, "GET", **extra)


@cache
def house():
    """Settings and templates as every test has them (tests/conftest.py), for work outside a test."""
    from django.conf import settings

    return {
        "STORAGES": {
            **settings.STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
        },
        "SECOND_FACTOR": False,
        "DISK_LOW_MB": 0,
    }  # fmt: skip


class Stage:
    """A context in which a world stands: files in a folder of its own, strict templates, everything undone at the end.

    On SQLite the world is kept and the database put back afterwards: a trigger that was lifted while the world was made (an erasure)
    would have the whole schema read again after each request that is rolled back, a quarter of a crawl's time.
    """

    def __enter__(self) -> "Stage":
        from tests.conftest import Undefined

        self.folder = TemporaryDirectory()
        self.settings = override_settings(**house(), MEDIA_ROOT=self.folder.name)
        self.settings.enable()
        engine = engines["django"].engine
        self.engine, self.kept, engine.string_if_invalid = engine, engine.string_if_invalid, Undefined("%s")
        # The frame of each test closes the connection at its end; the stage stands for several tests.
        self.close, connection.close = connection.close, lambda: None
        self.before = self.copy_of_sqlite()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        return self

    def crawl(self, shape: str = "{}") -> Crawl:
        """The usual world, and its addresses."""
        crawl = Crawl(self.folder.name, shape)
        self.settle()
        return crawl

    def settle(self) -> None:
        """The world is made: what comes now is rolled back again and again."""
        if self.before:
            connection.run_on_commit = []
            self.atomic.__exit__(None, None, None)
            self.atomic.__enter__()

    def __exit__(self, *error) -> None:
        connection.close = self.close
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)
        if self.before:
            self.before.backup(connection.connection)
            self.before.close()
        self.engine.string_if_invalid = self.kept
        self.settings.disable()
        self.folder.cleanup()

    @staticmethod
    def copy_of_sqlite() -> sqlite3.Connection | None:
        """The database as it was, on SQLite, where no test has begun to write."""
        if connection.vendor != "sqlite" or connection.in_atomic_block:
            return None
        connection.ensure_connection()
        before = sqlite3.connect(":memory:")
        connection.connection.backup(before)
        return before
