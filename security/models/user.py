"""Accounts: a person with an employee number. No superuser, no staff flag (decisions 33)."""

import unicodedata

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, Group
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Now, Upper
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from salescontrol.core.guards import ABOUT_THEIR_ROLES, Guard
from salescontrol.core.history import save_tracked, tracked


def normal_employee_no(text: str) -> str:
    """An employee number as it is stored and compared: no blanks around it, half-width, capital letters."""
    return unicodedata.normalize("NFKC", text).strip().upper()


class UserManager(BaseUserManager["User"]):
    """Looks people up by employee number, however it was typed."""

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(employee_no__iexact=normal_employee_no(username or ""))


class User(AbstractBaseUser):
    """A person who works here. Roles per project are grants on the project; `groups` hold the company-wide roles.

    `auth_epoch` is part of every session's proof: raising it ends all sessions of the user at once (decisions 24).
    """

    last_login = None  # Sessions say when somebody signed in; a second copy on the account would only age.
    employee_no = models.CharField(
        _("employee number"), max_length=20, unique=True,
        validators=[RegexValidator(r"^[A-Za-z0-9][A-Za-z0-9-]*$", _("Use letters, digits and hyphens."))],
    )  # fmt: skip
    name = models.CharField(pgettext_lazy("of a person", "name"), max_length=60)
    phone = models.CharField(_("phone"), max_length=20, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    must_change_password = models.BooleanField(_("must change password"), default=True)
    password_changed_at = models.DateTimeField(_("password changed"), null=True)
    auth_epoch = models.PositiveIntegerField(default=0)
    groups = models.ManyToManyField(Group, blank=True, related_name="users")
    created_at = models.DateTimeField(_("created"), db_default=Now())
    history = tracked(excluded=["password", "auth_epoch"])
    guards = (Guard("core.AuditEvent", ABOUT_THEIR_ROLES, field="groups"),)

    USERNAME_FIELD = "employee_no"
    REQUIRED_FIELDS = ["name"]
    objects = UserManager()

    class Meta:
        verbose_name = _("account")
        ordering = ["employee_no"]
        constraints = [models.UniqueConstraint(Upper("employee_no"), name="one_account_per_employee_no")]

    def __str__(self) -> str:
        return self.name

    def check_password(self, raw_password: str | None) -> bool:
        """As Django's, but the rewriting with a newer hasher is a step of the account's history like every other."""

        def rehash(password: str) -> None:
            self.set_password(password)
            self._password = None
            save_tracked(self, action="password.rehash", by=None, fields=["password"])

        return check_password(raw_password, self.password, rehash)

    def get_session_auth_hash(self) -> str:
        return self._session_hash(settings.SECRET_KEY)

    def get_session_auth_fallback_hash(self):
        return iter(())

    def _session_hash(self, secret: str) -> str:
        return salted_hmac(
            "security.User.session", f"{self.password}:{self.auth_epoch}", secret=secret, algorithm="sha256"
        ).hexdigest()


class FormerPassword(models.Model):
    """Hashes of passwords used before, so that the last ones are not taken again (quality S1, 3.8)."""

    user = models.ForeignKey(User, models.CASCADE, related_name="former_passwords")
    password = models.CharField(max_length=128)
    set_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-set_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.user} {self.set_at}"


class OneTimeLink(models.Model):
    """A link to set a password once: for a new account or after a reset. Only its digest is kept."""

    user = models.ForeignKey(User, models.CASCADE, related_name="one_time_links")
    digest = models.CharField(max_length=64, unique=True)
    made_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.user} {self.expires_at}"
