"""The inbox: one row per reader, made in the transaction that it tells of."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Notice(models.Model):
    """A message to one user: a code with parameters (rendered in the reader's language), a link, when it was read."""

    to = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notices", verbose_name=_("to"))
    code = models.CharField(max_length=60)
    params = models.JSONField(default=dict)
    url = models.CharField(max_length=300, blank=True)
    project_id = models.BigIntegerField(null=True)
    key = models.CharField(
        max_length=120, help_text="One notice per reader and key, so that a repeated job tells once."
    )
    created_at = models.DateTimeField(_("time"), db_default=Now())
    read_at = models.DateTimeField(_("read"), null=True)

    class Meta:
        verbose_name = _("notice")
        indexes = [models.Index(fields=["to", "-created_at"]), models.Index(fields=["key"])]
        constraints = [models.UniqueConstraint(fields=["to", "key"], name="one_notice_per_key")]

    def __str__(self) -> str:
        return f"{self.code} → {self.to}"
