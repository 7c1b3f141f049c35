"""A project with a few units, and boards that remember nothing of another test."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest

from inventory import wire
from inventory.queries import live
from inventory.states import Status
from tests import build


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    live.forget()
    wire.forget()
    yield
    live.forget()
    wire.forget()


def stock_of(people) -> SimpleNamespace:
    """Building 3#: three units of the salesperson, two of others, a draft, a duplex, a parking space."""
    where, by = build.building(people.a), people.specialist
    people.building, people.layout = where, build.layout(people.a, "C", bedrooms=3)
    put = {"by": by, "layout": people.layout}
    people.own = build.unit(where, 12, salesperson=people.salesperson, **put)
    people.held = build.unit(where, 11, status=Status.AVAILABLE, salesperson=people.salesperson, **put)
    people.sold = build.unit(where, 10, status=Status.CONTRACTED, salesperson=people.salesperson, **put)
    people.foreign = build.unit(where, 12, "03", salesperson=people.colleague, **put)
    people.free = build.unit(where, 11, "03", **put)
    people.draft = build.unit(where, 9, "03", status=Status.DRAFT, **put)
    people.duplex = build.unit(where, 8, "04", floor_to=9, **put)
    people.parking = build.unit(where, -1, "P1", by=by, property_type="PARKING", floor_label="B1", layout=None)
    return people


@pytest.fixture
def stock(people) -> SimpleNamespace:
    return stock_of(people)


@pytest.fixture
def watch(client) -> Callable:
    """Open the board as somebody: `ask()` asks what changed since the last asking and returns the answer."""

    def open_board(person, query: str = "", code: str = "AAA") -> SimpleNamespace:
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        cookies = dict(client.cookies)
        path, asked = f"/p/{code}/board/", {"Accept": "application/json"}
        state = client.get(f"{path}state/?{query}", headers=asked)
        assert state.status_code == 200
        seen = SimpleNamespace(token=state["Board-Token"], state=state.json(), last=state)

        def ask() -> dict:
            client.cookies.clear()
            client.cookies.update(cookies)
            seen.last = client.get(f"{path}changes/?{query}&token={seen.token}", headers=asked)
            answer = seen.last.json()
            seen.token = answer["token"]
            return answer

        return SimpleNamespace(ask=ask, seen=seen, get=lambda address: client.get(address, headers=asked))

    return open_board
