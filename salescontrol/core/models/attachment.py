"""Files: stored under their content's hash, reached only through a page that checks the row (quality U1, U2)."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Level(models.TextChoices):
    """Confidentiality levels (domain B13), weakest first."""

    PUBLIC = "PUBLIC", _("Public")
    INTERNAL = "INTERNAL", _("Internal")
    SECRET = "SECRET", _("Secret")
    CONFIDENTIAL = "CONFIDENTIAL", _("Confidential")
    TOP_SECRET = "TOP_SECRET", _("Top secret")


class Attachment(models.Model):
    """One uploaded file: its name as given (never used as a path), its content type as found, and its hash."""

    name = models.CharField(_("file name"), max_length=200)
    content_type = models.CharField(_("type"), max_length=100)
    size = models.PositiveBigIntegerField(_("size"))
    sha256 = models.CharField(max_length=64, db_index=True)
    level = models.CharField(_("confidentiality"), max_length=12, choices=Level.choices, default=Level.INTERNAL)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("uploaded by")
    )
    uploaded_at = models.DateTimeField(_("uploaded at"), db_default=Now())

    class Meta:
        verbose_name = _("file")

    def __str__(self) -> str:
        return self.name

    @property
    def path(self) -> str:
        """Where the content lies below MEDIA_ROOT."""
        return f"{self.sha256[:2]}/{self.sha256}"
