"""A working day by hand of a script: a specialist, a supervisor and a salesperson click, and every click is noted."""

import http.cookiejar
import io
import itertools
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from lxml import html
from openpyxl import Workbook

from tests.inventory.workbooks import HEADS, row
from tests.outage.office import Office

PROJECT = "RSC"


@dataclass
class Click:
    """One request: when it began (monotonic), how long it took in seconds, and its status (0: no answer)."""

    who: str
    what: str
    at: float
    seconds: float
    status: int


@dataclass
class Person:
    """Somebody at a browser."""

    number: str
    address: str
    clicks: list[Click] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.cookies = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))

    def ask(self, path: str, data: bytes | None = None, kind: str = "application/x-www-form-urlencoded") -> str:
        """One click; the page it led to. Redirects are followed, so a status is that of what is seen in the end."""
        request = urllib.request.Request(urllib.parse.urljoin(self.address, path), data)  # noqa: S310 our own address
        if data is not None:
            request.add_header("Content-Type", kind)
        begun, status, body = time.monotonic(), 0, ""
        try:
            with self.opener.open(request, timeout=30) as answer:
                status, body, self.url = answer.status, answer.read().decode("utf-8", "replace"), answer.url
        except urllib.error.HTTPError as error:
            status, body = error.code, error.read().decode("utf-8", "replace")
        except OSError as error:
            body = str(error)
        what = f"{'GET' if data is None else 'POST'} {path.split('?')[0]}"
        self.clicks.append(Click(self.number, what, begun, time.monotonic() - begun, status))
        return body

    def fill_in(self, path: str, **changes: str) -> str:
        """Open a page and send its form with some fields changed."""
        return self.send(path, self.form(path) | changes)

    def form(self, path: str) -> dict[str, str]:
        """The fields of the page's form as they stand."""
        form = html.fromstring(self.ask(path)).xpath("//main//form[@method='post']")[0]
        return {name: value or "" for name, value in form.form_values()}

    def send(self, path: str, fields: dict[str, str]) -> str:
        return self.ask(path, urllib.parse.urlencode(fields).encode())

    def send_file(self, path: str, name: str, content: bytes) -> str:
        """Send the page's form with a file in its field `file`."""
        line, part = uuid.uuid4().hex, "Content-Disposition: form-data; name="
        fields = [f'--{line}\r\n{part}"{key}"\r\n\r\n{value}\r\n'.encode() for key, value in self.form(path).items()]
        head = f'--{line}\r\n{part}"file"; filename="{name}"\r\nContent-Type: application/octet-stream\r\n\r\n'
        body = b"".join([*fields, head.encode(), content, f"\r\n--{line}--\r\n".encode()])
        return self.ask(path, body, f"multipart/form-data; boundary={line}")


def price_list(number: int, units: int = 3) -> bytes:
    """A price list of units that no other list names."""
    book = Workbook()
    book.active.append(HEADS)
    for place in range(units):
        book.active.append(row(楼栋=f"{number + 100}栋", 楼层=str(place // 4 + 1), 房号=f"0{place % 4 + 1}"))
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


class Day:
    """The people at work until `close()`; afterwards `clicks`, and what was asked for, can be looked at."""

    def __init__(self, office: Office, pause: float = 0.3) -> None:
        self.office, self.pause = office, pause
        self.over = threading.Event()
        self.faults: list[str] = []
        self.lists_handed_over = 0
        self.changes_decided = 0
        self.holds_placed = 0
        passwords = dict(
            line.split()[:2]
            for line in (office.var_dir / "demo-signins.txt").read_text().splitlines()
            if line[:1].isalpha()
        )
        self.people = {number: self.signed_in(number, passwords[number]) for number in ("C001", "S001", "A001")}
        # Odd units are changed, even ones held, so that no click has to wait for another's decision.
        units = [pk for (pk,) in office.sql(
            "SELECT u.id FROM inventory_unit u JOIN inventory_project p ON p.id = u.project_id "
            f"WHERE p.code = '{PROJECT}' AND u.status = 'AVAILABLE' AND NOT EXISTS "
            "(SELECT 1 FROM core_approval a WHERE a.target_id = u.id AND a.state = 'PENDING') ORDER BY u.id LIMIT 100")]  # fmt: skip
        self.changing, self.holding = itertools.cycle(units[::2]), itertools.cycle(units[1::2])
        self.seller = str(office.sql("SELECT id FROM security_user WHERE employee_no = 'A001'")[0][0])
        self.threads = [
            threading.Thread(target=self.work, args=(self.people[number], duty), daemon=True)
            for number, duty in (("C001", self.specialist), ("S001", self.supervisor), ("A001", self.salesperson))
        ]

    def signed_in(self, number: str, password: str) -> Person:
        person = Person(number, self.office.address)
        page = person.fill_in("/sign-in/", employee_no=number, password=password)
        assert "sign-out" in page, page[:2000]
        return person

    @property
    def clicks(self) -> list[Click]:
        return [click for person in self.people.values() for click in person.clicks]

    def open(self) -> None:
        for thread in self.threads:
            thread.start()

    def close(self) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join(60)

    def work(self, person: Person, duty: Callable[[Person, int], None]) -> None:
        for number in itertools.count():
            try:
                duty(person, number)
            except (AssertionError, LookupError, ValueError) as error:
                self.faults.append(f"{person.number}: {type(error).__name__} {error}")
            if self.over.wait(self.pause):
                return

    def specialist(self, person: Person, number: int) -> None:
        """Looks at the board, hands a price list over, asks for a change of a unit, holds another (sending the form twice)."""
        person.ask(f"/p/{PROJECT}/board/")
        person.send_file(f"/p/{PROJECT}/batches/new/", f"list-{number}.xlsx", price_list(number))
        self.lists_handed_over += 1
        unit = next(self.changing)
        if "approval" not in person.fill_in(
            f"/p/{PROJECT}/units/{unit}/change/", note=f"Seen on day {number}", reason="Seen on site"
        ):
            raise AssertionError("the change was not asked for")
        person.ask("/inbox/")
        self.hold(person, number)

    def hold(self, person: Person, number: int) -> None:
        """Hold a unit for a new customer, the form sent twice, and release it."""
        path = f"/p/{PROJECT}/holds/units/{next(self.holding)}/hold/"
        asked = {
            "new_name": f"Customer {number}",
            "new_phone": f"139{number:08d}",
            "reason": "Wants it",
            "evidence": "ID_SEEN",
        }
        fields = person.form(path) | asked | {"salesperson": self.seller}
        for _twice in range(2):
            page = person.send(path, fields)
        if person.clicks[-1].status != 200:
            complaint = html.fromstring(page).xpath("string(//*[contains(@class, 'error')])")
            raise AssertionError(f"not held: {complaint}")
        self.holds_placed += 1
        (claim,) = self.office.sql(
            "SELECT number FROM contracts_claim WHERE released_at IS NULL ORDER BY id DESC LIMIT 1"
        )
        person.fill_in(f"/p/{PROJECT}/holds/{claim[0]}/release/", reason="Changed their mind")

    def supervisor(self, person: Person, number: int) -> None:
        """Looks at what waits and approves the oldest of it."""
        page = html.fromstring(person.ask("/approvals/"))
        person.ask("/")
        waiting = page.xpath("//input[@name='approval']/@value")
        own = [
            pk
            for (pk,) in self.office.sql(
                "SELECT id FROM core_approval WHERE kind = 'unit.change' AND state = 'PENDING' ORDER BY id"
            )
        ]
        for pk in own[:1]:
            if str(pk) in waiting:
                path = f"/approvals/{pk}/"
                person.send(path, person.form(path) | {"answer": "approve", "comment": "Agreed"})
                self.changes_decided += 1

    def salesperson(self, person: Person, number: int) -> None:
        """Looks at the board, at units, at the own page, and searches."""
        for path in (f"/p/{PROJECT}/board/", f"/p/{PROJECT}/units/", "/", f"/search/?q={number}", "/inbox/"):
            person.ask(path)
