"""Whose turn it is to take a caller or visitor 轮接: every turn, skip and swap as it happened."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from enquiries.models.call import Call
from enquiries.models.visit import Visit
from enquiries.states import Line, SkipReason, TurnKind
from inventory.models import Project


class Rotation(models.Model):
    """The order of a project, as a row to lock: two desks give turns one after the other. The turns are the record."""

    project = models.OneToOneField(Project, models.PROTECT, related_name="+", verbose_name=_("project"))

    class Meta:
        verbose_name = _("order of turns")

    def __str__(self) -> str:
        return str(self.project_id)


class RotationTurn(models.Model):
    """One thing that happened in the order. Never changed.

    `place` is where the salesperson stands from here on: the later, the further behind. Being skipped with the turn kept, going
    out and coming back leave the place as it is. `other` is who it was swapped with, or whose turn it would have been.
    """

    append_only = True

    project = models.ForeignKey(Project, models.PROTECT, related_name="turns", verbose_name=_("project"))
    line = models.CharField(_("order"), max_length=8, choices=Line)
    kind = models.CharField(_("kind"), max_length=8, choices=TurnKind)
    salesperson = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("salesperson")
    )
    other = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("other")
    )
    place = models.DateTimeField(null=True)
    out_of_turn = models.BooleanField(_("out of turn"), default=False)
    reason = models.CharField(_("reason"), max_length=8, choices=SkipReason, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    call = models.ForeignKey(Call, models.PROTECT, null=True, related_name="+", verbose_name=_("call"))
    visit = models.ForeignKey(Visit, models.PROTECT, null=True, related_name="+", verbose_name=_("visit"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("when"), db_default=Now())

    class Meta:
        verbose_name = _("turn")
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["project", "at"], name="turns_by_time"),
            models.Index(fields=["project", "salesperson", "id"], name="turns_by_salesperson"),
        ]
        constraints = [
            models.CheckConstraint(name="turn_line_valid", condition=Q(line__in=Line.values)),
            models.CheckConstraint(name="turn_kind_valid", condition=Q(kind__in=TurnKind.values)),
            models.CheckConstraint(
                name="turn_taken_has_place", condition=~Q(kind=TurnKind.TAKEN) | Q(place__isnull=False)
            ),
            models.UniqueConstraint(
                fields=["project", "place"], condition=Q(kind=TurnKind.TAKEN), name="one_turn_at_a_time"
            ),
            models.UniqueConstraint(fields=["call"], condition=Q(call__isnull=False), name="one_turn_per_call"),
            models.UniqueConstraint(fields=["visit"], condition=Q(visit__isnull=False), name="one_turn_per_visit"),
        ]

    def __str__(self) -> str:
        return str(self.pk)
