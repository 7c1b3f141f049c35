"""Sessions of our own: who, on what, last seen when, ended by whom (decisions 24)."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession, BaseSessionManager
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class EndReason(models.TextChoices):
    """Why a session ended; the label is the sentence that its owner reads at the next sign-in."""

    SIGNED_OUT = "SIGNED_OUT", _("Signed out.")
    IDLE = "IDLE", _("You were signed out because nothing was done for a while. Nothing that was saved is lost.")
    ABSOLUTE = (
        "ABSOLUTE",
        _("You were signed out because the session had lasted as long as one may. Sign in again to go on."),
    )
    BY_OWNER = "BY_OWNER", _("This session was ended from another device of yours.")
    BY_ADMINISTRATOR = "BY_ADMINISTRATOR", _("An administrator ended this session. Sign in again, or ask why.")
    RIGHTS_CHANGED = (
        "RIGHTS_CHANGED",
        _("Your account or your roles were changed. Sign in again to work with the new ones."),
    )
    PASSWORD_CHANGED = "PASSWORD_CHANGED", _("The password of this account was changed. Sign in with the new one.")
    REPLACED = "REPLACED", _("Another sign-in on this browser took the place of this session.")


class Session(AbstractBaseSession):
    """One browser that is, or was, signed in. The key is the cookie's value; ended sessions keep their row without data.

    `number` names the session in addresses, so that the key never leaves the cookie. `device` and `ip` are those of the
    sign-in; `last_device` and `last_ip` those of the latest request, and `moved_at` says when the device changed (abuse 51).
    """

    number = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="sessions")
    device = models.CharField(_("device"), max_length=200, blank=True)
    ip = models.CharField("IP", max_length=45, blank=True)
    started_at = models.DateTimeField(_("signed in"), db_default=Now())
    seen_at = models.DateTimeField(_("last seen"), db_default=Now())
    last_device = models.CharField(_("device last seen"), max_length=200, blank=True)
    last_ip = models.CharField(_("IP last seen"), max_length=45, blank=True)
    moved_at = models.DateTimeField(_("device changed"), null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("ended by")
    )
    end_reason = models.CharField(_("why it ended"), max_length=20, choices=EndReason.choices, blank=True)
    objects: ClassVar[BaseSessionManager] = BaseSessionManager()

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        indexes = [models.Index(fields=["user", "-seen_at"])]

    def __str__(self) -> str:
        return f"{self.user} {self.number}"

    @classmethod
    def get_session_store_class(cls):
        from security.sessions import SessionStore

        return SessionStore
