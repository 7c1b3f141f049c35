"""Sessions of our own: who, on what, last seen when, ended by whom (decisions 24)."""

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession, BaseSessionManager
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Session(AbstractBaseSession):
    """One browser that is, or was, signed in. The key is the cookie's value; ended sessions keep their row without data."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="sessions")
    device = models.CharField(_("device"), max_length=200, blank=True)
    ip = models.CharField("IP", max_length=45, blank=True)
    started_at = models.DateTimeField(_("signed in"), db_default=Now())
    seen_at = models.DateTimeField(_("last seen"), db_default=Now())
    ended_at = models.DateTimeField(_("ended"), null=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("ended by"))
    objects = BaseSessionManager()

    class Meta(AbstractBaseSession.Meta):
        verbose_name = _("session")
        indexes = [models.Index(fields=["user", "-seen_at"])]

    @classmethod
    def get_session_store_class(cls):
        from security.sessions import SessionStore

        return SessionStore
