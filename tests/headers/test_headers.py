"""Headers of answers that are no page: errors, crashes, cookies. Those of every page: tests/permissions/test_every_address.py."""

import pytest

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/nothing/here/", "/p/NONE/board/", "/%00", "/p/AAA"])
def test_errors_outside_any_page_carry_the_same_headers(client, path):
    answer = client.get(path)

    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert "no-store" in answer["Cache-Control"]
    assert (answer["X-Content-Type-Options"], answer["X-Frame-Options"]) == ("nosniff", "DENY")


def test_a_crash_carries_them_too_and_tells_nothing(client, monkeypatch, settings):
    from salescontrol.core import health

    def broken(request):
        raise RuntimeError("password of the database")

    monkeypatch.setattr(health.Readiness, "get", lambda self, request: broken(request))
    client.raise_request_exception = False
    answer = client.get("/readyz")

    assert answer.status_code == 500
    assert b"password" not in answer.content
    assert b"Traceback" not in answer.content
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_cookies_stay_with_the_browser_and_the_site(people, client):
    people.specialist.set_password("a-long-Password-7")
    people.specialist.save()
    answer = client.post("/sign-in/", {"employee_no": people.specialist.employee_no, "password": "a-long-Password-7"})

    assert answer.status_code == 302
    for name in ("sessionid", "csrftoken"):
        cookie = answer.cookies[name]
        assert cookie["httponly"] is True
        assert cookie["samesite"] == "Lax"
