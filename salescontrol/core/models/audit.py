"""Acts that are not a row of their own: sign-ins, exports, prints, unmasking (architecture rule 8)."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class AuditEvent(models.Model):
    """One act: who, when, from where, which action on which object. Personal data is never in it, unless somebody writes it as a reason."""

    append_only = True
    personal = ("detail",)

    at = models.DateTimeField(_("time"), db_default=Now(), db_index=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("who")
    )
    action = models.CharField(_("action"), max_length=60, db_index=True)
    project_id = models.BigIntegerField(_("project"), null=True)
    target_kind = models.CharField(_("object"), max_length=60, blank=True)
    target_id = models.BigIntegerField(null=True)
    detail = models.JSONField(_("detail"), default=dict)
    ip = models.CharField("IP", max_length=45, blank=True)
    request_id = models.CharField(max_length=32, blank=True)

    class Meta:
        verbose_name = _("audit event")
        indexes = [models.Index(fields=["target_kind", "target_id", "at"])]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.action}"
