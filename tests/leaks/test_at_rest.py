"""No phone or paper number of a customer lies anywhere in clear: not in a dump of the database, its files, what processes say, the
journal, kept files or what leaves the house (R7.3, quality P6, A6).

A real instance is used as people use it, refusals and a failure included; afterwards every byte it left is searched.
"""

import base64
import os
import shutil
import sqlite3
import subprocess
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.db import connection
from lxml import html
from stdnum.cn import ric

from tests.core.receivers import Robot
from tests.house.starting import started
from tests.outage.day import PROJECT, Person, price_list
from tests.outage.office import new_office

pytestmark = pytest.mark.slow
NAME = "Canaryname"
PHONES = [f"1391847{number}" for number in range(7731, 7743)]
_STEM = "11010119900307771"
PAPER = _STEM + ric.calc_check_digit(_STEM + "0")
# Nobody's, one sign away from a customer's: what is refused must not stay either.
WRONG_PHONE, WRONG_PAPER = f"{PHONES[0]}9", _STEM + ("1" if PAPER[-1] != "1" else "2")
ADDRESS = "Canaryroad 7731"
PLACE = f"/p/{PROJECT}"
ENV = {"LOG_LEVEL": "INFO", "ROBOT_HOSTS": "127.0.0.1"}


@dataclass
class House:
    """A running instance: its address, its folder, how to spoil a table, and what it leaves behind once it is stopped."""

    address: str
    var_dir: Path
    said: list[str]
    spoil: object
    dump: object

    def person(self, number: str) -> Person:
        lines = (self.var_dir / "demo-signins.txt").read_text().splitlines()
        passwords = dict(line.split()[:2] for line in lines if line[:1].isalpha())
        person = Person(number, self.address)
        assert "sign-out" in person.fill_in("/sign-in/", employee_no=number, password=passwords[number])
        return person


@contextmanager
def on_postgresql() -> Iterator[House]:
    owner = os.environ.get("DATABASE_OWNER_URL") or os.environ["DATABASE_URL"]
    with new_office(owner, os.environ["DATABASE_URL"], **ENV) as office:

        def dump() -> bytes:
            line = ["pg_dump", "--data-only", "--inserts", office.owner_url]
            return subprocess.run(line, capture_output=True, check=True).stdout

        yield House(office.address, office.var_dir, [], office.sql, dump)


@contextmanager
def on_sqlite(var_dir: Path) -> Iterator[House]:
    with started(var_dir, **ENV) as product:
        said: list[str] = [product.said]
        reader = threading.Thread(target=lambda: said.extend(product.process.stdout or []), daemon=True)
        reader.start()
        place = var_dir / "salescontrol.sqlite3"

        def spoil(statement: str) -> None:
            with sqlite3.connect(place, timeout=20) as database:
                database.execute(statement)
            database.close()

        def dump() -> bytes:
            return b"".join(path.read_bytes() for path in sorted(var_dir.glob("salescontrol.sqlite3*")))

        yield House(f"http://127.0.0.1:{product.port}", var_dir, said, spoil, dump)
        product.process.terminate()
        product.process.wait(30)
        reader.join(10)


@contextmanager
def house(var_dir: Path) -> Iterator[House]:
    with on_postgresql() if connection.vendor == "postgresql" else on_sqlite(var_dir) as running:
        yield running


def expect(person: Person, *statuses: int) -> str:
    """The last click was answered so; returns the last part of the address that it led to."""
    assert person.clicks[-1].status in (statuses or (200,)), person.clicks[-1]
    return person.url.rstrip("/").rpartition("/")[2]


def spaced(phone: str) -> str:
    return f"{phone[:3]} {phone[3:7]} {phone[7:]}"


def use_as_people_do(running: House, robot: Robot) -> None:
    """Every way on which a number comes in, right and wrong."""
    desk, seller, supervisor = (running.person(number) for number in ("C001", "A001", "S001"))
    seller.fill_in("/inbox/outside/robot/", address=f"json://127.0.0.1:{robot.port}/hook", groups="other", test="on")
    expect(seller)
    seller_id = option(desk, f"{PLACE}/customers/new/", "owner", "A001")

    first, second = (customer(desk, f"{NAME} {place}", PHONES[place], owner=seller_id) for place in (0, 1))
    page = f"{PLACE}/customers/{first}/"
    for path, fields in (
        ("phones/", {"phone": spaced(PHONES[2])}),
        ("papers/", {"kind": "RESIDENT", "number": f"{PAPER[:6]} {PAPER[6:14]} {PAPER[14:]}"}),
        ("facts/", {"address": ADDRESS}),
        ("change/", {"phone": PHONES[3]}),
        ("follow-up/", {"way": "PHONE", "content": "Will come"}),
        ("merge/", {"number": second, "reason": "The same person"}),
    ):
        desk.fill_in(page + path, **fields)
        expect(desk)
    desk.send(f"{page}reveal/", desk.form(f"{page}facts/") | {"purpose": "CALL"})
    expect(desk)

    for path, fields in (
        (f"{page}phones/", {"phone": WRONG_PHONE}),
        (f"{page}papers/", {"kind": "RESIDENT", "number": WRONG_PAPER}),
        (f"{PLACE}/customers/new/", {"name": NAME, "phone": WRONG_PHONE}),
        (f"{PLACE}/calls/new/", {"phone": WRONG_PHONE, "caller": NAME}),
        (f"{PLACE}/viewings/book/", {"new_name": NAME, "new_phone": WRONG_PHONE, "time": "10:00"}),
    ):
        desk.fill_in(path, **fields)
        expect(desk, 409, 422)
    desk.send(f"{PLACE}/customers/new/", {"phone": PHONES[0]})
    expect(desk, 403)

    log = f"{PLACE}/calls/new/"
    desk.fill_in(log, phone=PHONES[4], rings="2", salesperson=seller_id, asked="A pool?")
    expect(desk)
    for phone in (spaced(PHONES[5]), PHONES[5][:9]):
        desk.send(f"{PLACE}/calls/draft/", desk.form(log) | {"phone": phone, "rings": "2"})
        expect(desk)
    desk.send(f"{PLACE}/calls/caller/", desk.form(log) | {"phone": PHONES[0]})
    expect(desk)
    for path in (f"{PLACE}/customers/?q={PHONES[0]}", f"{PLACE}/calls/?q={PHONES[4]}", f"/search/?q={PHONES[0]}",
                 f"{PLACE}/customers/?q={PHONES[0]}&format=xlsx", f"{PLACE}/customers/?q={PAPER}", f"{PLACE}/no/{PHONES[0]}/"):  # fmt: skip
        desk.ask(path)
        expect(desk, 200, 404)
    desk.fill_in(f"{PLACE}/visits/new/", new_name=NAME, new_phone=spaced(PHONES[6]), salesperson=seller_id)
    expect(desk)

    own = customer(seller, NAME, PHONES[7])
    seller.fill_in(f"{PLACE}/customers/{own}/pass-on/", owner="A002", reason="On leave")
    foreign = customer(desk, f"{NAME} 8", PHONES[8])
    seller.fill_in(f"{PLACE}/customers/claim/", phone=PHONES[8], reason="I showed the flat")
    assert foreign
    supervisor.ask("/approvals/")
    desk.send_file(f"{PLACE}/batches/new/", "list.xlsx", price_list(7))
    expect(desk)

    running.spoil("ALTER TABLE enquiries_historicalcustomerphone RENAME TO spoilt")
    desk.fill_in(f"{PLACE}/customers/new/", name=NAME, phone=PHONES[9])
    expect(desk, 500, 503)
    running.spoil("ALTER TABLE spoilt RENAME TO enquiries_historicalcustomerphone")


def customer(person: Person, name: str, phone: str, **fields: str) -> str:
    """Enter a customer through the form; their number."""
    person.fill_in(f"{PLACE}/customers/new/", name=name, phone=phone, **fields)
    return expect(person)


def option(person: Person, path: str, field: str, text: str) -> str:
    """The value of the choice that is called so."""
    page = html.fromstring(person.ask(path))
    return page.xpath(f"string(//select[@name='{field}']/option[contains(., '{text}')]/@value)")


def forms(secret: str) -> dict[str, bytes]:
    """How a number may stand somewhere: as it is, with spaces or dashes, in hexadecimal, in base64 at each of three offsets."""
    cuts = (3, 7) if len(secret) < 15 else (6, 14)
    parts = [secret[: cuts[0]], secret[cuts[0] : cuts[1]], secret[cuts[1] :]]
    found = {"as it is": secret, "with spaces": " ".join(parts), "with dashes": "-".join(parts),
             "in hexadecimal": secret.encode().hex()}  # fmt: skip
    for offset in range(3):
        coded = base64.b64encode(b"\0" * offset + secret.encode()).decode()
        found[f"in base64 at {offset}"] = coded[(0, 2, 3)[offset] : len(coded) - 4]
    return {name: text.encode() for name, text in found.items()}


def traces(running: House, left: bytes, robot: Robot) -> dict[str, bytes]:
    """Everything that was left behind, by where it lies; workbooks unpacked."""
    found = {
        "the database": left,
        "what was said": "".join(running.said).encode(),
        "the robot": repr(robot.got).encode(),
    }
    for path in running.var_dir.rglob("*"):
        if not path.is_file() or "static" in path.relative_to(running.var_dir).parts:
            continue
        found[str(path)] = path.read_bytes()
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                found[f"{path} unpacked"] = b"".join(map(archive.read, archive.namelist()))
    return found


@pytest.mark.skipif(connection.vendor == "postgresql" and not shutil.which("pg_dump"), reason="no pg_dump")
def test_quality_p6_no_number_of_a_customer_lies_in_the_database_its_files_or_what_processes_say(tmp_path):
    robot = Robot()
    with house(tmp_path / "var") as running:
        use_as_people_do(running, robot)
        wait_for_word(robot)
        left = running.dump()
        found = traces(running, left, robot)
    robot.stop()
    assert NAME.encode() in left, "the dump has what was entered"
    everything = b"".join(found.values())
    assert b'"route": "enquiries:customer_enter", "status": 50' in everything, "the logs are there"
    assert b"Traceback" in everything and any(path.endswith(".jsonl") for path in found), "the journal is there"
    leaks = [
        f"{secret} {form} in {where}: {text[max(0, text.find(sought) - 80) : text.find(sought) + 60]!r}"
        for secret in (*PHONES, PAPER, WRONG_PHONE, WRONG_PAPER)
        for form, sought in forms(secret).items()
        for where, text in found.items()
        if sought in text
    ]
    leaks += [f"the address in {where}" for where, text in found.items() if ADDRESS.encode() in text]
    assert leaks == []


def wait_for_word(robot: Robot) -> None:
    end = time.monotonic() + 60
    while not robot.got:
        assert time.monotonic() < end, "no word left the house"
        time.sleep(0.1)


@pytest.mark.parametrize("secret", [PHONES[0], PAPER])
def test_the_search_itself_finds_a_number_in_each_of_its_forms(secret):
    for offset in range(3):
        text = base64.b64encode(b"abc"[:offset] + secret.encode() + b"xyz")
        assert any(sought in text for sought in forms(secret).values())
