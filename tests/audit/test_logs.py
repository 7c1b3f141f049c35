"""Logs hold no secrets (quality A6): neither what people type nor what signs them in."""

import logging

import pytest
from django.urls import reverse

from salescontrol.core.logs import JsonFormatter
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
            reverse("enquiries:customer", args=["AAA", who.number]),
        ):  # fmt: skip
            client.get(address)
        client.post(reverse("enquiries:customer_reveal", args=["AAA", who.number]), {"purpose": "CALL"})
    own = [record for record in caplog.records if not record.name.startswith("django.db")]
    written = "\n".join(JsonFormatter().format(record) for record in own)
    assert '"route"' in written
    for secret in (who.phone, "canary-7731", "Canary-password", "Canary-7731", key):
        assert secret not in written
