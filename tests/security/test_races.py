"""Two at once: a code and a link work once even when two browsers send them in the same instant (abuse 52)."""

import threading
import time

import pytest
from django.db import connection
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from salescontrol.core.errors import Refusal
from security.models import OneTimeLink
from security.services import passwords, second_factor
from tests import build

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]
RIVALS = 6


def together(act) -> list[str]:
    """Run `act(turn)` in six threads that start as one; what each came to: `done` or the refusal's code."""
    barrier, outcomes = threading.Barrier(RIVALS), []

    def run(turn: int) -> None:
        barrier.wait()
        try:
            act(turn)
            outcomes.append("done")
        except Refusal as refusal:
            outcomes.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(turn,)) for turn in range(RIVALS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_abuse_52_a_code_sent_six_times_at_once_works_once():
    person = build.user()
    device = TOTPDevice.objects.create(user=person, name="phone", confirmed=True)
    totp = TOTP(device.bin_key)
    totp.time = time.time()
    code = f"{totp.token():06d}"
    outcomes = together(lambda turn: second_factor.verify(user=person, code=code))
    assert outcomes.count("done") == 1 and len(outcomes) == RIVALS


def test_abuse_52_parallel_guesses_are_all_counted():
    person = build.user()
    device = TOTPDevice.objects.create(user=person, name="phone", confirmed=True)
    together(lambda turn: second_factor.verify(user=person, code="abcdef"))
    device.refresh_from_db()
    assert device.throttling_failure_count == second_factor.TRIES, "the sixth was not even tried"


def test_a_link_used_six_times_at_once_sets_one_password():
    person = build.user()
    token = passwords.make_link(user=person, by=None)
    outcomes = together(
        lambda turn: passwords.use_link(token=token, new=f"Quiet-Harbour-{turn}x", source=f"10.0.0.{turn}")
    )
    assert outcomes.count("done") == 1 and len(outcomes) == RIVALS
    assert OneTimeLink.objects.get().used_at is not None
