"""Two worlds that differ only in what somebody may not see look the same to them (quality P2; abuse 27–29)."""

import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import transaction

from enquiries.services import customers, pre_reports
from inventory.models import ListingBatch, Team, UnitInterest
from inventory.states import Status
from salescontrol.core import approvals, clock
from salescontrol.core.models import Notice
from salescontrol.core.permissions import Role
from tests import build
from tests.crawl import Address, Answer
from tests.enquiries import stock
from tests.leaks.rules import leaks, normal

pytestmark = pytest.mark.django_db
STRANGE = (
    "sort=salesperson", "sort=-salesperson", "sort=salesperson__name", "sort=floor_total", "sort=-floor_unit_price",
    "sort=note", "sort=status_reason", "sort=pk", "sort=-id", "sort=?", "ordering=-floor_total",
    "ordering=salesperson__password", "order_by=note", "salesperson=1", "salesperson__in=1,2,3", "owner=1",
    "project=2", "project__code=BBB", "review=DRAFT", "status__in=HELD", "floor_total__gte=1", "unit=1", "page=2",
    "page=9999", "page=-1", "page=x", "size=1", "size=200", "size=99999", "format=xlsx", "format=csv", "format=json",
    "q=%00", "q=138", "q=zq", "q=%25", "q=_", "q=a'%20OR%201=1--", "search=zq", "annotate=1", "extra=1", "select=1",
    "fields=note",
)  # fmt: skip
PAGES = {
    "salesperson": ("/", "/inbox/", "/approvals/", "/me/", "/p/AAA/units/", "/p/AAA/board/", "/p/AAA/board/wall/",
                    "/p/AAA/board/print/", "/p/AAA/discounts/", "/people/deputies/", "/p/AAA/customers/",
                    "/p/AAA/reception/reports/"),
    "marketing": ("/", "/inbox/", "/approvals/", "/p/AAA/units/", "/p/AAA/board/", "/p/AAA/board/print/", "/p/AAA/batches/",
                  "/p/AAA/prices/", "/p/AAA/discounts/", "/p/AAA/drafts/"),
    "head": ("/p/AAA/units/", "/p/AAA/board/", "/approvals/"),
    "other_salesperson": ("/p/BBB/units/", "/p/BBB/board/", "/approvals/"),
}  # fmt: skip
LISTS = (
    "/p/AAA/units/",
    "/p/AAA/customers/",
    "/p/AAA/reception/reports/",
    "/p/AAA/board/",
    "/approvals/",
    "/p/AAA/batches/",
    "/p/AAA/prices/",
)
WHO = tuple(PAGES)
# Addresses whose every answer is another one.
BY_NATURE = {
    "readyz": "how the machine is",
    "enquiries:rotation": "everybody who works in the project stands in the order, by name",
    "security:second_factor_set": "a new secret each time",
    "security:sessions": "when and from where this very session was used",
}


def addresses(crawl, identity: str) -> Iterator[str]:
    """Every address of a thing that is there, with every filter and sort that its lists offer, odd ones, and searches."""
    rows = crawl.world.rows
    yield from PAGES[identity]
    for name, named in crawl.addresses.items():
        if name not in BY_NATURE:
            yield from (address.path for address in named if identity in address.askers("GET") and not address.nowhere)
    own = {"salesperson": (rows.mine, rows.named), "marketing": (rows.handed_marketing,)}.get(identity, ())
    for unit in own:
        yield f"/p/AAA/units/{unit.pk}/"
        yield f"/p/AAA/board/unit/{unit.pk}/"
    if identity == "salesperson":
        yield f"/p/AAA/customers/{rows.customer_mine.number}/"
        yield f"/p/AAA/customers/?q={rows.customer_colleague.phone}"
    for words in (
        rows.customer_colleague.phone,
        rows.customer_colleague.name,
        rows.customer_colleague.number,
        "Guest",
        rows.colleague.number,
        rows.colleague.room,
        rows.mine.number,
        "zq",
        "Person",
        "3#",
        "9#",
        "77#",
        "14",
    ):
        yield f"/search/?q={words}"
    for address in LISTS:
        if address in PAGES[identity]:
            page = crawl.get(identity, address)
            odd = STRANGE if address == "/p/AAA/units/" else ("sort=salesperson", "page=2", "size=200", "q=zq")
            yield from (f"{address}?{query}" for query in (*offered(page.body.decode()), *odd))


def offered(body: str) -> Iterator[str]:
    """Every sort key, filter value and choice that a page offers."""
    yield from {f"sort={key}" for key in re.findall(r"[?&;]sort=([-\w]+)", body)}
    yield from {f"status={value}" for value in Status.values}
    for name, choices in re.findall(r'<select[^>]*name="(\w+)"[^>]*>(.*?)</select>', body, re.DOTALL):
        yield from {f"{name}={value}" for value in re.findall(r'<option value="([^"]+)"', choices)}
    for name in set(re.findall(r'<input[^>]*name="(\w+)"', body)) - {"csrfmiddlewaretoken"}:
        yield from (f"{name}={value}" for value in ("1", "zq"))


def change_what_is_hidden(world, who: str) -> None:
    """More units of other people; sales, prices, requests, hand-overs, messages and people.

    For a salesperson also a building with none of theirs; marketing, which hands units over, knows the project's buildings.
    """
    rows, people = world.rows, world.people
    where, specialist, colleague = rows.a.building, people["specialist"], people["colleague"]
    new = build.user(Role.SALESPERSON, rows.a.project, name="Person zqnew")
    tower = build.building(rows.a.project, "77#", position=7) if who != "marketing" else rows.a.attic
    for number in range(60):
        status = (Status.AVAILABLE, Status.HELD, Status.WITHHELD, Status.DRAFT)[number % 4]
        place = where if number % 2 else tower
        build.unit(place, 40 + number, f"{number:02}", by=specialist, status=status, salesperson=(colleague, new, None)[number % 3],
                   list_total=Decimal(1 + number), floor_total=Decimal(1), note="zqnew", layout=None)  # fmt: skip
    for unit in (rows.free, rows.colleague):
        build.place_in(Status.HELD, unit, by=new, list_total=1, salesperson=new, note="zqnew")
        UnitInterest.objects.create(unit=unit, user=new, kind="hold")
    UnitInterest.objects.create(unit=rows.mine, user=new, kind="enquiry")
    stock.customer(rows.a.project, colleague, name="Guest zqnew", number="13900000001", by=specialist)
    moved = stock.customer(rows.a.project, new, name="Guest zqnew", by=specialist)
    customers.assign_owner(customer=moved, owner=colleague, reason="zqnew", by=specialist)
    for phone in ("13900000001", "139****0007"):
        announced = pre_reports.Announcement(agency="zqnew", agent_name="zqnew", name="Guest zqnew", phone=phone)
        pre_reports.enter_report(op_id=uuid4(), project=rows.a.project, announced=announced, by=specialist)
    ListingBatch.objects.create(project=rows.a.project, number="zqnew", title="zqnew", made_by=specialist)
    Team.objects.create(project=rows.a.project, name="zqnew", lead=new)
    approvals.request(
        kind="unit.change",
        by=specialist,
        subject="zqnew",
        reason="zqnew",
        project_id=rows.a.project.pk,
        target_id=rows.free.pk,
        after={"orientation": "E"},
        effect={"management": False, "no_supervisor": False},
    )
    Notice.objects.create(to=colleague, code="deputy.ended", params={"by": "zqnew", "deputy": "x"}, key="zqnew")


@pytest.mark.parametrize("who", WHO)
def test_abuse_28_two_worlds_that_differ_in_hidden_rows_look_the_same(crawl, who, monkeypatch):
    """Pages, counts, pages of pages, searches, filters and sorts: byte for byte, but for clock times and form tokens.

    Both worlds are looked at in the same instant, soon after all that happened in either: minutes that pass between the two
    walks would show on pages of a past moment.
    """
    paths = list(dict.fromkeys(addresses(crawl, who)))
    instant = clock.now() + timedelta(minutes=10)

    def look() -> dict[str, Answer]:
        with monkeypatch.context() as still:
            still.setattr(clock, "now", lambda: instant)
            answers = {path: crawl.ask(who, Address(path, "", path)) for path in paths}
        crawl.counts.clear()
        return answers

    before = look()
    with transaction.atomic():
        change_what_is_hidden(crawl.world, who)
        after = look()
        transaction.set_rollback(True)

    assert len(paths) > 100
    assert {
        path: (before[path].status, after[path].status) for path in paths if before[path].status != after[path].status
    } == {}
    different = {
        path: difference(normal(before[path]), normal(after[path]))
        for path in paths
        if normal(before[path]) != normal(after[path])
    }
    assert different == {}


def difference(one: str, other: str) -> list[str]:
    """The first lines in which two answers differ."""
    return [f"{a} | {b}" for a, b in zip(one.splitlines(), other.splitlines(), strict=False) if a != b][:3] or [
        "length"
    ]


@pytest.mark.parametrize("who", WHO)
def test_abuse_27_odd_parameters_show_nothing_more(crawl, who):
    """Unknown filters and sort keys change nothing: the list is the plain one, and nothing on it is hidden from its reader."""
    for address in LISTS:
        if address not in PAGES[who]:
            continue
        for query in STRANGE:
            answer = crawl.get(who, f"{address}?{query}")
            assert answer.status in (200, 403, 404), str(answer)
            assert [leak for leak in leaks(crawl.world, answer) if "zq" not in query] == []


@pytest.mark.parametrize(
    "key", ["salesperson", "-salesperson", "floor_total", "-floor_total", "note", "salesperson__name", "pk", "?"]
)
def test_abuse_27_nobody_sorts_by_what_they_do_not_see(crawl, key):
    """Ordering by a hidden column would give it away by halves: the order is the usual one."""
    plain = crawl.get("salesperson", "/p/AAA/units/")
    sorted_by = crawl.get("salesperson", f"/p/AAA/units/?sort={key}")

    assert rooms(plain) == rooms(sorted_by)
    assert len(rooms(plain)) == 9


def rooms(answer) -> list[str]:
    return re.findall(r"/p/AAA/units/(\d+)/", answer.body.decode().split("<tbody", 1)[-1])
