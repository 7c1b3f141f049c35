"""The chain over everything that is evidence: rows sealed in batches, each seal built on the one before (decisions 18)."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Seal(models.Model):
    """One batch: its number, the digest over its rows and over the seal before it.

    After a restore the numbering goes on behind the journal's last anchor: `follows` then names the seal it is built on.
    """

    append_only = True

    number = models.PositiveBigIntegerField(_("number"), primary_key=True)
    at = models.DateTimeField(_("time"), db_default=Now())
    follows = models.PositiveBigIntegerField(default=0)
    count = models.PositiveIntegerField(_("rows"))
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)
    note = models.CharField(_("note"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("seal")

    def __str__(self) -> str:
        return f"{self.number} {self.digest[:12]}"


class SealedRow(models.Model):
    """One row of evidence in a seal: which table, which row, and the digest of what it said."""

    append_only = True

    seal = models.ForeignKey(Seal, models.PROTECT, related_name="rows")
    place = models.PositiveIntegerField()
    model = models.CharField(max_length=60)
    row_id = models.BigIntegerField()
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["model", "row_id"], name="one_seal_per_row"),
            models.UniqueConstraint(fields=["seal", "place"], name="one_row_per_place"),
        ]

    def __str__(self) -> str:
        return f"{self.model} {self.row_id}"
