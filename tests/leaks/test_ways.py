"""Other ways to the same rows: workbooks, parts of pages, data for scripts, HEAD, odd methods (abuse 26, 27, 29)."""

import json

import pytest
from django.urls import resolve

from salescontrol.core.views import ListPage
from tests.crawl import LETTERS, Answer, Crawl, patterns
from tests.leaks.rules import leaks
from tests.permissions.matrix import EXPECTED
from tests.world import IDENTITIES

pytestmark = pytest.mark.django_db
QUERIES = ("format=xlsx", "plain=1", "size=200&sort=-number")
SALES = ("salesperson", "other_salesperson", "marketing")
UNHEARD_OF = ("PUT", "PROPFIND")
every_address = pytest.mark.parametrize("name", sorted(patterns()), scope="module")


def pages(crawl: Crawl, name: str, identity: str) -> list:
    """The objects of an address that this person is shown, by the hand-written table."""
    return [
        address
        for address in crawl.addresses.get(name, ())
        if not address.nowhere and identity in address.askers("GET") and letter(address, identity) == "2"
    ]


def letter(address, identity: str) -> str:
    get = EXPECTED.get(address.name, {}).get(address.kind, ("", ""))[0]
    at = address.askers("GET").index(identity)
    return get[at] if at < len(get) else ""


def listing(address) -> bool:
    """Whether the address shows rows, or the board: what reads these words of a query (`ListPage`)."""
    view = getattr(resolve(address.path).func, "view_class", object)
    return issubclass(view, ListPage) or view.__module__ == "inventory.views.board"


@every_address
def test_abuse_29_no_workbook_part_or_long_page_shows_more(crawl, name):
    """What a page shows as Excel, as a part for the script, without scripts and at full length leaks as little as the page."""
    found = []
    for identity in SALES:
        for address in pages(crawl, name, identity)[:2]:
            queries = QUERIES if listing(address) else ()
            asked = [(f"{address.path}?{query}", {}) for query in queries] + [
                (address.path, {"headers": {"HX-Request": "true"}})
            ]
            for path, extra in asked:
                answer = crawl.ask(identity, address, "GET", path, **extra)
                assert answer.status in (200, 302, 403, 404, 405), f"{answer} {answer.error}"
                found += leaks(crawl.world, answer)
    assert found == []


@every_address
def test_abuse_26_no_method_gets_at_a_row_that_a_page_hides(crawl, name):
    """What is 404 for a salesperson stays so by HEAD, which has no body, and by methods that no page offers, whatever they name."""
    hidden = [
        address
        for address in crawl.addresses.get(name, ())
        if "salesperson" in address.askers("GET") and (address.nowhere or letter(address, "salesperson") in ("-", "F"))
    ]
    for number, address in enumerate(hidden):
        view = getattr(resolve(address.path).func, "view_class", None)
        assert not any(hasattr(view, method.lower()) for method in UNHEARD_OF), (
            "a page that offers it needs its own row here"
        )
        for method in ("HEAD", *(UNHEARD_OF if number == 0 or view is None else ())):
            answer = crawl.ask("salesperson", address, method)
            assert answer.status in (403, 404, 405), str(answer)
            assert leaks(crawl.world, answer) == []
            assert method != "HEAD" or not answer.body


def test_head_says_what_get_says(crawl):
    for name in ("inventory:unit_list", "inventory:unit", "contracts:hold_list", "enquiries:customer", "home"):
        for address in pages(crawl, name, "salesperson"):
            assert LETTERS[crawl.ask("salesperson", address, "HEAD").status] == "2"


def board_data(crawl: Crawl, identity: str, code: str) -> list[Answer]:
    """What the script of the board asks for: how units stand, and the two files that the answer names."""
    state = crawl.get(identity, f"/p/{code}/board/state/")
    if state.status != 200:
        return []
    said = json.loads(state.body)
    named = [path for path in said.values() if isinstance(path, str) and path.startswith(f"/p/{code}/board/")]
    assert named, "the answer names the skeleton"
    return [state, *(crawl.get(identity, path) for path in named)]


@pytest.mark.parametrize("code", ["AAA", "BBB"])
def test_abuse_29_the_data_of_the_board_shows_nothing_more(crawl, code):
    """Skeleton, prices and standings are asked by address of their content: each reader has their own, and no other's answers."""
    own: dict[str, set[str]] = {}
    for identity in IDENTITIES:
        answers = board_data(crawl, identity, code)
        assert [leak for answer in answers for leak in leaks(crawl.world, answer)] == []
        own[identity] = {answer.address.path for answer in answers[1:]}
        assert {answer.status for answer in answers} <= {200}
    readers = [identity for identity in IDENTITIES if own[identity]]
    assert len({frozenset(own[identity]) for identity in readers}) > 1
    for identity in readers:
        others = set().union(*own.values()) - own[identity]
        assert {crawl.get(identity, path).status for path in others} <= {404}
