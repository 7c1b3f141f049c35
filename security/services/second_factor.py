"""The second factor: six digits from a phone, each code once, five tries (quality S3, abuse 52)."""

from base64 import b32encode
from binascii import hexlify, unhexlify
from datetime import timedelta
from secrets import token_bytes

from django.db import transaction
from django.utils.translation import gettext as _
from django_otp.plugins.otp_totp.models import TOTPDevice

from salescontrol.core import audit, clock
from salescontrol.core.errors import Refusal
from security.models import User
from security.queries import needs_second_factor, second_factor_of
from security.services.attempts import TooMany

TRIES = 5
LOCKED = timedelta(minutes=15)


def new_key() -> str:
    """A fresh secret, in hex as the device keeps it."""
    return hexlify(token_bytes(20)).decode()


def key_for_typing(key: str) -> str:
    """The secret as an app wants it typed, in groups of four."""
    text = b32encode(unhexlify(key)).decode()
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def address_of(user: User, key: str) -> str:
    """The `otpauth://` address that the picture carries."""
    return TOTPDevice(user=user, key=key).config_url


@transaction.atomic
def enrol(*, user: User, key: str, code: str) -> TOTPDevice:
    """Confirm a new second factor by its first code; it takes the place of an earlier one. Raises Refusal at the field."""
    User.objects.select_for_update().get(pk=user.pk)
    device = TOTPDevice(user=user, name="phone", key=key, confirmed=True)
    device.save()
    if not device.verify_token(code):
        message = _("This code does not fit. Check that the phone's clock is right and type the code shown now.")
        raise Refusal(message, code="wrong_code", fields={"code": [message]})
    TOTPDevice.objects.filter(user=user).exclude(pk=device.pk).delete()
    audit.record("second_factor.enrol", by=user, target=user)
    return device


def verify(*, user: User, code: str) -> None:
    """Check a code at sign-in. Each code works once; five wrong ones close the door for 15 minutes. Raises TooMany, Refusal."""
    outcome = _verify(user, code)
    if outcome == "locked":
        raise TooMany(_("Five wrong codes. Wait 15 minutes, then sign in again."), code="locked")
    if outcome == "wrong":
        message = _("This code is wrong or was used already. Wait for the next one and type that.")
        raise Refusal(message, code="wrong_code", fields={"code": [message]})


@transaction.atomic
def _verify(user: User, code: str) -> str:
    """One try, counted on the locked row, so that parallel tries count as well."""
    device = TOTPDevice.objects.select_for_update().get(pk=second_factor_of(user).pk)
    if device.throttling_failure_timestamp and clock.now() - device.throttling_failure_timestamp > LOCKED:
        device.throttle_reset()
    if device.throttling_failure_count >= TRIES:
        return "locked"
    if device.verify_token(code):
        return "right"
    audit.record("second_factor.failure", target=user)
    return "locked" if device.throttling_failure_count >= TRIES else "wrong"


@transaction.atomic
def remove_own(*, by: User) -> None:
    """Give the second factor up, where no role needs it (the page has asked for the password). Raises Refusal."""
    if needs_second_factor(by):
        raise Refusal(
            _("Your role needs a second factor. An administrator can have it reset when the phone is lost."),
            code="needed",
        )
    TOTPDevice.objects.filter(user=by).delete()
    audit.record("second_factor.remove", by=by, target=by)


@transaction.atomic
def reset(*, user: User, by: User) -> None:
    """Remove the second factor of an account, after a decision; the owner enrols again at the next sign-in."""
    TOTPDevice.objects.filter(user=user).delete()
    audit.record("second_factor.reset", by=by, target=user)
