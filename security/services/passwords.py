"""Setting passwords: by their owner, or by a one-time link that the administrator hands over without learning the password."""

import hashlib
import secrets
from datetime import timedelta

from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from salescontrol.core import audit, clock, notices
from salescontrol.core.access import access_of
from salescontrol.core.errors import Forbidden, NotVisible, Refusal
from salescontrol.core.history import save_tracked
from salescontrol.core.permissions import Permission
from security import passwords
from security.models import EndReason, FormerPassword, OneTimeLink, User
from security.queries import leaders_of
from security.services import attempts, sessions
from security.services.sign_in import check_own_password, duty_done

LINK_HOURS = 24

notices.register("password.link", gettext_lazy("%(by)s made a one-time link to set a new password for %(who)s."))


def change_own_password(*, request: HttpRequest, by: User, present: str, new: str) -> User:
    """Replace one's own password after giving the present one; all other sessions end. Raises Refusal at the field."""
    check_own_password(request=request, user=by, password=present)
    if new == present:
        message = _("The new password is the present one. Choose another.")
        raise Refusal(message, code="same", fields={"new": [message]})
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=by.pk)
        _set(user, new, by)
        sessions.end_all_sessions(user=user, by=by, reason=EndReason.PASSWORD_CHANGED, keep=request.session.session_key)
        audit.record("password.change", by=by, target=user)
    request.session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    duty_done(request=request, duty="password")
    return user


@transaction.atomic
def make_link(*, user: User, by: User | None) -> str:
    """Make a one-time link (24 h, single use; earlier ones end) and return its token, which is not kept.

    `by` needs `account.propose` and is never the owner; None is the first start (decisions 6). Whoever supervises is told.
    """
    if by is not None:
        access_of(by).require(Permission.ACCOUNT_PROPOSE)
        if by.pk == user.pk:
            raise Forbidden(_("You change your own password on your own page."), code="own_account")
    if not user.is_active:
        raise Refusal(_("This account is not active. Ask for it to be opened again first."), code="inactive")
    token = secrets.token_urlsafe(32)
    end_links(user=user)
    link = OneTimeLink.objects.create(
        user=user, digest=_digest(token), made_by=by, expires_at=clock.now() + timedelta(hours=LINK_HOURS)
    )
    audit.record("password.link", by=by, target=user)
    if by is not None and user.has_usable_password():
        tell = [user, *leaders_of(user)]
        notices.tell(tell, "password.link", key=f"link-{link.pk}", by=by.name, who=user.name)
    return token


@transaction.atomic
def end_links(*, user: User) -> int:
    """Let every link of the account that is still unused end now: a newer one, a new password or a closed account replaces it."""
    return OneTimeLink.objects.filter(user=user, used_at__isnull=True).update(expires_at=clock.now())


def live_link(token: str) -> OneTimeLink:
    """The link that can still be used. Raises NotVisible for every other token, with one text."""
    links = OneTimeLink.objects.select_related("user").filter(
        digest=_digest(token), used_at__isnull=True, expires_at__gt=clock.now()
    )
    link = links.filter(user__is_active=True).first()
    if link is None:
        raise NotVisible(
            _(
                "This link was used, is older than 24 hours or was replaced by a newer one. Ask the administrator for a new one."
            )
        )
    return link


def use_link(*, token: str, new: str, source: str) -> User:
    """Set the password by a one-time link; all sessions of the account end. Raises NotVisible, TooMany, Busy, Refusal."""
    attempts.count_from(source)
    with attempts.hashing(), transaction.atomic():
        link = live_link(token)
        user = User.objects.select_for_update().get(pk=link.user_id)
        if not OneTimeLink.objects.filter(pk=link.pk, used_at__isnull=True).update(used_at=clock.now()):
            raise NotVisible(_("This link was used meanwhile."))
        _set(user, new, user)
        sessions.end_all_sessions(user=user, by=user, reason=EndReason.PASSWORD_CHANGED)
        audit.record("password.set_by_link", by=user, target=user)
    return user


def _set(user: User, new: str, by: User) -> None:
    try:
        validate_password(new, user)
    except ValidationError as error:
        raise Refusal(" ".join(error.messages), code="weak", fields={"new": error.messages}) from error
    _store(user, new)
    end_links(user=user)
    save_tracked(user, action="password.set", by=by, fields=["password", "must_change_password", "password_changed_at"])


def _store(user: User, new: str) -> None:
    user.set_password(new)
    user.must_change_password = False
    user.password_changed_at = clock.now()
    FormerPassword.objects.create(user=user, password=user.password)
    spare = user.former_passwords.values_list("pk", flat=True)[passwords.PROFILES["mlps"].former :]
    FormerPassword.objects.filter(pk__in=list(spare)).delete()


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
