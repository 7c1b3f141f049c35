"""Numbers that never repeat: one locked row per series."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class NumberSequence(models.Model):
    """The last number given in a series such as `RSC-2026-PL`."""

    series = models.CharField(_("series"), max_length=60, unique=True)
    last = models.PositiveIntegerField(_("last number"), default=0)

    def __str__(self) -> str:
        return f"{self.series} {self.last}"
