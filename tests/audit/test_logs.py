"""Logs hold no secrets (quality A6): neither what people type nor what signs them in."""

import logging
import sys

import pytest
from django.urls import reverse

from salescontrol.core import jobs
from salescontrol.core.logs import JsonFormatter, without_numbers
from tests import build
from tests.contracts.stock import customer, hold

pytestmark = pytest.mark.django_db


def test_no_line_of_the_log_holds_a_phone_a_password_a_key_or_a_name(people, client, caplog):
    unit = build.unit(build.building(people.a), by=people.specialist)
    who = customer(people.a, people.salesperson, name="Zhang Canary-7731")
    people.salesperson.set_password("Canary-password-7731")
    people.salesperson.save()
    with caplog.at_level(logging.DEBUG):
        for password in ("Wrong-canary-7731", "Canary-password-7731"):
            client.post(reverse("security:sign_in"), {"username": people.salesperson.employee_no, "password": password})
        key = client.session.session_key
        hold(unit, who, people.salesperson, people.specialist)
        for address in (
            reverse("home"), reverse("search") + f"?q={who.phone}", reverse("inbox"), "/no/such/page?phone=" + who.phone,
            reverse("enquiries:customer_list", args=["AAA"]) + f"?q={who.phone}",
            reverse("enquiries:customer", args=["AAA", who.number]), f"/p/AAA/no/{who.phone}/",
        ):  # fmt: skip
            client.get(address)
        client.post(reverse("enquiries:customer_reveal", args=["AAA", who.number]), {"purpose": "CALL"})
    own = [record for record in caplog.records if not record.name.startswith("django.db")]
    written = "\n".join(JsonFormatter().format(record) for record in own)
    assert '"route"' in written
    for secret in (who.phone, "canary-7731", "Canary-password", "Canary-7731", key):
        assert secret not in written


@pytest.mark.parametrize(
    "secret", ["13918477731", "139 1847 7731", "139-1847-7731", "+8613918477731", "0912345678", "110101199003077715",
               "11010119900307771X", "110101 19900307 771X"],
)  # fmt: skip
def test_quality_a6_an_error_that_quotes_what_was_typed_reaches_neither_log_nor_outbox(secret):
    try:
        raise ValueError(f"invalid literal for int() with base 10: '{secret}'")
    except ValueError as error:
        record = logging.LogRecord("x", logging.ERROR, __file__, 1, "failed", None, sys.exc_info())
        told = jobs._told(error)
    written = JsonFormatter().format(record)
    assert "invalid literal" in written and "Traceback" in written
    for text in (written, told):
        assert secret not in text and secret[-4:] not in text


def test_a_trace_keeps_its_lines_addresses_and_short_numbers():
    text = (
        'File "x.py", line 1234, in run\n at 0x7f884784a340, request 3f2a8877665544332211, 12345 rows, 127.0.0.1:54321'
    )
    assert without_numbers(text) == text
