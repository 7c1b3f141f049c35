"""What has been done for a form: a second posting of it has no second effect (decisions 19)."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Operation(models.Model):
    """One form's one effect: its id (made by the server with the form), what was in it, how it ended, what it made.

    Kept 30 days, refusals too. `reference` is what the first answer led to (such as a claim's number), never personal data.
    """

    op_id = models.UUIDField(primary_key=True)
    action = models.CharField(_("action"), max_length=40)
    fingerprint = models.CharField(max_length=64)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("who"))
    refused = models.BooleanField(default=False)
    code = models.CharField(max_length=40, blank=True)
    message = models.TextField(blank=True)
    reference = models.JSONField(default=dict)
    at = models.DateTimeField(_("time"), db_default=Now(), db_index=True)

    class Meta:
        verbose_name = _("operation")

    def __str__(self) -> str:
        return f"{self.action} {self.op_id}"
