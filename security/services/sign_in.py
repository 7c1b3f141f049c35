"""Signing in and out (quality S1–S3): one answer for every failure, throttled, recorded; a second factor where it is due."""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth import authenticate, login, logout
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from salescontrol.core import audit, clock, notices
from salescontrol.core.errors import Forbidden, Refusal
from salescontrol.core.middleware import client_ip
from security import passwords
from security.devices import device_name
from security.models import EndReason, Session, User
from security.models.user import normal_employee_no
from security.queries import known_source, needs_second_factor, second_factor_of
from security.services import attempts, sessions

PENDING = "second_factor_for"
PENDING_MINUTES = 10
DUTIES = "duties"


def sign_in(*, request: HttpRequest, employee_no: str, password: str) -> User | None:
    """Check the password and open the session; None when a second factor is still to come (`pending_user`).

    Raises TooMany (address or account attacked), Busy (queue full), or Refusal with one text for every other failure.
    """
    account, source = normal_employee_no(employee_no), client_ip(request)
    attempts.count_from(source)
    mark = masked(account)
    if attempts.failures_of(mark) >= attempts.ACCOUNT_LIMIT and not known_source(account, source):
        raise attempts.TooMany(
            _("Too many attempts at this account. Wait 15 minutes, or sign in from where you did before."),
            code="throttled",
        )
    with attempts.hashing():
        user = authenticate(request, username=account, password=password)
    if not isinstance(user, User):
        _record_failure(request, account, mark)
        raise Refusal(
            _("Employee number or password is not right. After five failures you wait 15 minutes."), code="failed"
        )
    if second_factor_of(user) or needs_second_factor(user):
        _ask_second_factor(request, user)
        return None
    return complete(request=request, user=user)


def masked(account: str) -> str:
    """A name for an account in the record that says nothing to a reader and is the same each time."""
    return salted_hmac("security.sign_in", account, algorithm="sha256").hexdigest()[:16]


def _record_failure(request: HttpRequest, account: str, mark: str) -> None:
    attempts.count_failure(mark)
    user = User.objects.filter(employee_no__iexact=account).first()
    locked = bool(getattr(request, "axes_locked_out", False))
    audit.record("sign_in.locked" if locked else "sign_in.failure", target=user, detail={"account": mark})


def _ask_second_factor(request: HttpRequest, user: User) -> None:
    request.session.flush()
    request.session[PENDING] = {"user": user.pk, "proof": user.get_session_auth_hash(), "at": clock.now().isoformat()}


def pending_user(request: HttpRequest) -> User | None:
    """Who gave the right password on this browser in the last 10 minutes and still owes the second factor."""
    pending = request.session.get(PENDING)
    if not pending:
        return None
    fresh = clock.now() - datetime.fromisoformat(pending["at"]) < timedelta(minutes=PENDING_MINUTES)
    user = User.objects.filter(pk=pending["user"], is_active=True).first()
    if user and fresh and constant_time_compare(user.get_session_auth_hash(), pending["proof"]):
        return user
    request.session.pop(PENDING)
    return None


def complete(*, request: HttpRequest, user: User) -> User:
    """Open the session with a new key, remember the device, list what the user must do before anything else."""
    device, source = request.headers.get("User-Agent", "")[:200], client_ip(request)
    new_device = _is_new_device(user, device)
    request.session.pop(PENDING, None)
    login(request, user, backend=settings.AUTHENTICATION_BACKENDS[-1])
    request.session.update({"device": device, "ip": source, DUTIES: ["password"] if passwords.is_due(user) else []})
    if user.language:
        request.session["language"] = user.language
    request.session.save()
    audit.record("sign_in", by=user, target=user, detail={"device": device_name(device)})
    if new_device:
        notices.tell([user], "session.new_device", key=f"device-{user.pk}-{device}", device=device_name(device))
    return user


def _is_new_device(user: User, device: str) -> bool:
    known = Session.objects.filter(user=user)
    return known.exists() and not known.filter(device=device).exists()


def sign_out(*, request: HttpRequest) -> None:
    """End this browser's session; the record keeps it."""
    user, row = request.user, getattr(request.session, "row", None)
    if isinstance(user, User) and row is not None:
        sessions.close_session(session=row, by=user, reason=EndReason.SIGNED_OUT)
        audit.record("sign_out", by=user, target=user)
    logout(request)


def duty_done(*, request: HttpRequest, duty: str) -> None:
    """Strike a duty off the session's list."""
    request.session[DUTIES] = [name for name in request.session.get(DUTIES, []) if name != duty]


def check_own_password(*, request: HttpRequest, user: User, password: str) -> None:
    """Ask for the password once more inside a session. Five wrong ones end the session (Forbidden); else Refusal at the field."""
    with attempts.hashing():
        right = user.check_password(password)
    if right:
        request.session.pop("wrong_passwords", None)
        return
    wrong = request.session.get("wrong_passwords", 0) + 1
    request.session["wrong_passwords"] = wrong
    audit.record("password.wrong", by=user, target=user)
    if wrong >= settings.AXES_FAILURE_LIMIT:
        sign_out(request=request)
        raise Forbidden(_("Five wrong passwords: this session was ended."), code="ended")
    message = _("This is not your present password.")
    raise Refusal(message, code="wrong_password", fields={"present": [message]})
