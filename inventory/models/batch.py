"""Listing batches: what marketing or a specialist hands over, with the file as it came (R1.1, R1.2)."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from inventory.models.project import Project
from inventory.models.unit import Unit
from inventory.states import BatchState
from salescontrol.core.history import tracked
from salescontrol.core.models import Attachment
from salescontrol.core.scoping import EveryManager, GuardedManager


class ListingBatch(models.Model):
    """One hand-over: number, title, file (none when filled in by form), who, when, how the file was read, and its state.

    `outcome` is what the reading found: counts, chosen columns, problems; kept so that the preview need not read again.
    """

    State = BatchState

    project = models.ForeignKey(Project, models.PROTECT, related_name="batches")
    number = models.CharField(_("batch"), max_length=40, unique=True)
    title = models.CharField(_("title"), max_length=80)
    file = models.ForeignKey(
        Attachment, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("file")
    )
    note = models.CharField(_("note"), max_length=300, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=BatchState.choices, default=BatchState.DRAFT)
    progress = models.PositiveSmallIntegerField(_("progress"), default=0)
    mapping = models.JSONField(_("columns"), default=dict, blank=True)
    outcome = models.JSONField(_("outcome"), default=dict, blank=True)
    version = models.PositiveIntegerField(default=1)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("handed over by")
    )
    made_at = models.DateTimeField(_("handed over"), db_default=Now())
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("submitted by")
    )
    submitted_at = models.DateTimeField(_("submitted"), null=True)
    history = tracked(excluded=["outcome", "progress"])
    objects = GuardedManager()
    every: EveryManager["ListingBatch"] = EveryManager()

    class Meta:
        verbose_name = _("batch")
        verbose_name_plural = _("batches")
        ordering = ["-made_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"


class LineKind(models.TextChoices):
    NEW = "NEW", _("New")
    CHANGED = "CHANGED", _("Changed")
    UNCHANGED = "UNCHANGED", _("Unchanged")
    REFUSED = "REFUSED", _("Refused")


class LineState(models.TextChoices):
    """Where a line stands: only planned; in the drafts; approved (applied); returned; left out by choice."""

    PLANNED = "PLANNED", _("To be entered")
    ENTERED = "ENTERED", _("Entered")
    APPROVED = "APPROVED", _("Approved")
    RETURNED = "RETURNED", _("Returned")
    LEFT_OUT = "LEFT_OUT", _("Left out")


class BatchLine(models.Model):
    """One row of the hand-over: where it stood in the file, what it says, what was there before, and its problems.

    A change of an approved unit waits here (`before` → `after`, with the unit's version) until the batch is approved.
    """

    Kind = LineKind
    State = LineState

    batch = models.ForeignKey(ListingBatch, models.CASCADE, related_name="lines")
    sheet = models.CharField(_("sheet"), max_length=60, blank=True)
    row = models.PositiveIntegerField(_("row"), default=0)
    label = models.CharField(_("unit"), max_length=60)
    kind = models.CharField(_("kind"), max_length=10, choices=LineKind.choices)
    state = models.CharField(_("state"), max_length=10, choices=LineState.choices, default=LineState.PLANNED)
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="batch_lines")
    unit_version = models.PositiveIntegerField(default=0)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    problems = models.JSONField(default=list)
    comment = models.CharField(_("comment"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("line")
        ordering = ["sheet", "row", "pk"]
        indexes = [models.Index(fields=["batch", "kind", "state"])]

    def __str__(self) -> str:
        return f"{self.batch.number} · {self.label}"


class ImportMapping(models.Model):
    """Which column means what, as last confirmed for this project and this set of column heads."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="import_mappings")
    heads = models.CharField(max_length=64)
    mapping = models.JSONField()
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "heads"], name="one_mapping_per_heads")]

    def __str__(self) -> str:
        return f"{self.project} {self.heads[:8]}"
