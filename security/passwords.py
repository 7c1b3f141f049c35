"""Password rules as a profile (quality S1; `PASSWORD_PROFILE`): `mlps` follows 等保, `asvs` follows OWASP ASVS."""

import string
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from salescontrol.core import clock

LONGEST = 128


@dataclass(frozen=True)
class Profile:
    """Shortest length, how many of the four classes of characters, days until a change is due, how many old ones are barred."""

    shortest: int
    classes: int
    days: int | None
    former: int


PROFILES = {"mlps": Profile(10, 3, 90, 5), "asvs": Profile(12, 0, None, 0)}


def profile() -> Profile:
    return PROFILES[settings.PASSWORD_PROFILE]


def rules() -> str:
    """The rules in one sentence, for the page."""
    rule = profile()
    if rule.classes:
        return _(
            "At least %(shortest)s characters, from three of: small letters, capital letters, digits, other signs. "
            "Without your name or employee number; not one of your last %(former)s. It lasts %(days)s days."
        ) % {"shortest": rule.shortest, "former": rule.former, "days": rule.days}
    return _("At least %(shortest)s characters, anything you like; a few words make a good one.") % {
        "shortest": rule.shortest
    }


def is_due(user: Any) -> bool:
    """Whether the user must choose a new password before going on: a first or a reset one, or one that is too old."""
    if user.must_change_password or user.password_changed_at is None:
        return True
    days = profile().days
    return days is not None and clock.now() - user.password_changed_at > timedelta(days=days)


class ProfileValidator:
    """Checks a new password against the profile; one message for each rule that is broken."""

    def validate(self, password: str, user: Any = None) -> None:
        rule, problems = profile(), []
        if len(password) < rule.shortest:
            problems.append(_("Use at least %(count)s characters.") % {"count": rule.shortest})
        if len(password) > LONGEST:
            raise ValidationError(_("Use at most %(count)s characters.") % {"count": LONGEST})
        if _classes(password) < rule.classes:
            problems.append(_("Mix at least three of: small letters, capital letters, digits, other signs."))
        if user is not None and any(word in password.lower() for word in _words_of(user)):
            problems.append(_("Leave your name and employee number out of it."))
        if user is not None and not problems and _was_used(password, user, rule.former):
            problems.append(_("You have used this password before. Choose another one."))
        if problems:
            raise ValidationError(problems)

    def get_help_text(self) -> str:
        return rules()


def _classes(password: str) -> int:
    kinds = {
        "a"
        if char in string.ascii_lowercase
        else "A"
        if char in string.ascii_uppercase
        else "1"
        if char.isdigit()
        else "?"
        for char in password
    }
    return len(kinds)


def _words_of(user: Any) -> list[str]:
    return [word.lower() for word in (user.employee_no, user.name, user.phone) if len(word) >= 2]


def _was_used(password: str, user: Any, former: int) -> bool:
    if user.pk is None:
        return False
    known = [user.password, *user.former_passwords.values_list("password", flat=True)[:former]]
    return any(check_password(password, hashed) for hashed in dict.fromkeys(known) if former or hashed == user.password)
