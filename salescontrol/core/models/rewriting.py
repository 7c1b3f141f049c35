"""That evidence was rewritten: which row, from which digest to which, and why (decisions 18, quality A2, P7)."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class RewritingReason(models.TextChoices):
    """The only two reasons for which evidence may be rewritten."""

    KEYS = "KEYS", _("Encrypted under a newer key")
    ERASURE = "ERASURE", _("Personal data erased")


class Rewriting(models.Model):
    """One rewriting of one row of evidence. It is evidence itself: sealed, and never changed.

    The records of a row follow each other without a gap from the digest under its seal to the one that it has today
    (`core.proof`). `about` is a free reference, such as the number of an erasure.
    """

    append_only = True

    model = models.CharField(max_length=60)
    row_id = models.BigIntegerField()
    before = models.CharField(max_length=64)
    after = models.CharField(max_length=64)
    reason = models.CharField(_("reason"), max_length=8, choices=RewritingReason)
    about = models.CharField(max_length=60, blank=True)
    at = models.DateTimeField(_("time"), db_default=Now())
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("who"))

    class Meta:
        verbose_name = _("rewriting")
        indexes = [models.Index(fields=["model", "row_id"], name="rewritings_by_row")]
        constraints = [
            models.CheckConstraint(name="rewriting_reason_valid", condition=Q(reason__in=RewritingReason.values))
        ]

    def __str__(self) -> str:
        return f"{self.model} {self.row_id} {self.reason}"
