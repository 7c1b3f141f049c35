"""Odd ways to the same rows: methods, slashes, encodings (abuse 26), and other people's objects in forms."""

import pytest

from tests.crawl import Address, ask

pytestmark = pytest.mark.django_db


@pytest.fixture
def hidden(crawl) -> list[str]:
    """Addresses of rows that the salesperson must not know of."""
    rows = crawl.world.rows
    return [
        f"/p/AAA/units/{rows.colleague.pk}/",
        f"/p/AAA/units/{rows.draft.pk}/",
        f"/p/AAA/board/unit/{rows.colleague.pk}/",
        f"/p/AAA/materials/{rows.material_colleague_file.pk}/file/",
        f"/p/AAA/batches/{rows.batch_desk.pk}/",
        f"/p/AAA/prices/{rows.prices_desk.pk}/",
        f"/approvals/{rows.change.pk}/",
        f"/p/BBB/units/{rows.foreign.pk}/",
    ]


def status(crawl, path: str, method: str = "GET", **extra) -> int:
    return ask(crawl.browsers["salesperson"], Address(path, "", path), "salesperson", method, **extra).status


@pytest.mark.parametrize(
    "method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get"]
)
def test_abuse_26_no_method_reaches_a_hidden_row(crawl, hidden, method):
    for path in hidden:
        assert status(crawl, path, method) in (404, 405), f"{method} {path}"


def test_abuse_26_a_method_in_the_form_or_a_header_changes_nothing(crawl, hidden):
    for path in hidden:
        for extra in ({"data": {"_method": "GET"}}, {"headers": {"X-HTTP-Method-Override": "GET"}}):
            assert status(crawl, path, "POST", **extra) in (404, 405)


@pytest.mark.parametrize(
    "twist",
    ["{}/", "{}//", "{}./", "{}../{}", "{}..;/", "{};x=1", "{}%2e%2e/", "{}%252e%252e/", "{}?pk=1&pk=2", "{}.json", "{}%00", "/{}", "{}#x"],
)  # fmt: skip
def test_abuse_26_no_spelling_of_an_address_reaches_a_hidden_row(crawl, hidden, twist):
    for path in hidden:
        assert status(crawl, twist.replace("{}", path)) == 404, twist.replace("{}", path)


@pytest.mark.parametrize("spelling", ["%2f", "%252f", "%5c", "..;/", "/./", "//", "%2e%2e%2f"])
def test_abuse_26_doubly_encoded_separators_name_nothing(crawl, spelling):
    rows = crawl.world.rows
    for path in (f"/p/AAA{spelling}units/{rows.colleague.pk}/", f"/p/AAA/units{spelling}{rows.colleague.pk}/"):
        assert status(crawl, path) == 404, path


def test_abuse_26_without_its_slash_an_address_only_leads_to_itself(crawl, hidden):
    """The redirect to the address with a slash is the same for hidden, missing and visible rows."""
    rows = crawl.world.rows
    for pk in (rows.mine.pk, rows.colleague.pk, 99_999_999):
        answer = crawl.get("salesperson", f"/p/AAA/units/{pk}")
        assert (answer.status, answer.headers["Location"]) == (301, f"/p/AAA/units/{pk}/")


@pytest.mark.parametrize("number", ["0", "-1", "1.0", "１", "9" * 40, "0x1", "1e3", "%31%30", "true", "NaN"])
def test_odd_numbers_name_nothing(crawl, number):
    """Never an error, never another row: 404 (`%31%30` is 10 and is no unit of this salesperson)."""
    for path in (f"/p/AAA/units/{number}/", f"/approvals/{number}/", f"/p/AAA/board/unit/{number}/"):
        assert status(crawl, path) == 404, path


def test_abuse_25_the_project_is_named_by_its_code_only(crawl):
    for code in ("BBB", "bbb", "aaa", "AAA ", "AAA%20", "1", "AAA'--", "*"):
        assert status(crawl, f"/p/{code}/board/") == 404, code


def test_forms_take_no_rows_that_their_reader_may_not_see(crawl):
    """A hidden unit's number typed into a form is answered like one that does not exist."""
    rows, world = crawl.world.rows, crawl.world
    for identity, address, names in (
        ("specialist", "/p/AAA/release/", ("unit",)),
        ("supervisor", "/p/AAA/units/assign/", ("unit",)),
        ("specialist", "/p/AAA/drafts/", ("unit",)),
    ):
        answers = [
            ask(crawl.browsers[identity], Address(address, "", address), identity, "POST",
                data={**dict.fromkeys(names, str(pk)), "reason": "x", "salesperson": str(world.people["salesperson"].pk)})
            for pk in (rows.foreign.pk, 99_999_999)
        ]  # fmt: skip
        assert {answer.status for answer in answers} <= {404, 409, 422}, [str(answer) for answer in answers]
        assert answers[0].status == answers[1].status
        assert rows.foreign.number not in "".join(answers[0].texts())
