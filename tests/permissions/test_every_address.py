"""Every address, as everybody, against the hand-written table: who is shown what, who is refused, and nothing leaks on the way.

Four looks at the same answers (status, canaries, headers, writes), so that each address is asked once.
"""

import pytest

from tests.crawl import Answer, patterns
from tests.headers.rules import faults
from tests.permissions.matrix import EXPECTED

pytestmark = pytest.mark.django_db
every_address = pytest.mark.parametrize("name", sorted(patterns()), scope="module")
# What a GET may write: that the session or a wall display was seen, and that somebody took something out.
WRITTEN_BY_GET = {"inventory_walldisplay", "security_session", "core_auditevent"}


def table(answers: list[Answer]) -> dict[str, tuple[str, str]]:
    """Kind of object → letters for GET and for POST, in the order of those who asked."""
    found: dict[str, dict[str, str]] = {}
    for answer in answers:
        if not answer.address.nowhere:
            row = found.setdefault(answer.address.kind, {"GET": "", "POST": ""})
            row[answer.method] += answer.letter
    return {kind: (row["GET"] or "·", row["POST"] or "·") for kind, row in found.items()}


@every_address
def test_everybody_gets_what_the_table_says(crawl, name):
    assert name in EXPECTED, f"{name} is not in tests/permissions/matrix.py: decide who may use it"
    assert table(crawl.answers(name)) == EXPECTED[name], [
        f"{answer} {answer.error}" for answer in crawl.answers(name) if answer.error
    ]


@every_address
def test_abuse_25_hidden_and_missing_are_one_answer(crawl, name):
    """What lies in another project or belongs to somebody else is answered like what does not exist: 404, with the same page."""
    answers = [answer for answer in crawl.answers(name) if answer.address.kind]
    for answer in answers:
        if answer.address.nowhere and not forbidden_anyway(answers, answer):
            assert answer.status in ((404,) if answer.method == "GET" else (404, 405, *neutral(name))), str(answer)
    missing = {
        (answer.identity, answer.method): anonymised(answer)
        for answer in answers
        if answer.address.kind == "missing" and answer.status == 404
    }
    for answer in answers:
        same_project = not answer.address.kind.endswith("abroad")
        if answer.status == 404 and same_project and (answer.identity, answer.method) in missing:
            assert anonymised(answer) == missing[answer.identity, answer.method], str(answer)


def neutral(name: str) -> tuple[int, ...]:
    """Marking a message as read answers everybody alike, whether it is theirs, somebody else's or nobody's."""
    return (302,) if name == "inbox_read" else ()


def forbidden_anyway(answers: list[Answer], asked: Answer) -> bool:
    """Whether this person may not use the function at all, so that the object does not matter."""
    return asked.status in (403, 401) and all(
        answer.status in (401, 403, 404, 405)
        for answer in answers
        if answer.identity == asked.identity and answer.method == asked.method
    )


def anonymised(answer: Answer) -> str:
    from tests.leaks.rules import normal

    return normal(answer).replace(answer.address.path, "")


@every_address
def test_abuse_29_nobody_meets_what_they_may_not_know(crawl, name):
    """Every text of the world is a token; no answer holds one that its reader must not meet (abuse 25, 27–29)."""
    from tests.leaks.rules import leaks

    assert [leak for answer in crawl.answers(name) for leak in leaks(crawl.world, answer)] == []


@every_address
def test_every_answer_carries_its_headers(crawl, name):
    assert [fault for answer in crawl.answers(name) for fault in faults(answer)] == []


@every_address
def test_abuse_44_a_get_changes_nothing(crawl, name):
    changed = {
        f"{answer}: {verb} {written}"
        for answer in crawl.answers(name)
        for verb, written in answer.writes
        if answer.method == "GET" and written not in WRITTEN_BY_GET
    }
    assert changed == set()


@every_address
def test_who_is_refused_leaves_no_trace_in_the_business(crawl, name):
    """A refused POST writes nothing but its record."""
    refused = (401, 403, 404, 405)
    changed = {
        f"{answer}: {verb} {written}"
        for answer in crawl.answers(name)
        for verb, written in answer.writes
        if answer.method == "POST" and answer.status in refused and written not in WRITTEN_BY_GET
    }
    assert changed == set()


def test_the_table_names_no_address_that_is_gone():
    assert set(EXPECTED) == set(patterns())
