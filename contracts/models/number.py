"""Every number that the office gave out, so that a gap can be explained (R3.5, domain B7, B16.9)."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from contracts.models.trade import Trade
from contracts.states import NumberKind, NumberState
from inventory.models import Project
from salescontrol.core.history import tracked


class IssuedNumber(models.Model):
    """One number: to what it was given, when, by whom, and what became of it. It is never given again."""

    personal = ("reason", "history_change_reason")

    number = models.CharField(_("number"), max_length=60)
    project = models.ForeignKey(Project, models.PROTECT, related_name="numbers", verbose_name=_("project"))
    kind = models.CharField(_("kind"), max_length=2, choices=NumberKind)
    year = models.PositiveSmallIntegerField(_("year"))
    sequence = models.PositiveIntegerField(_("sequence"), null=True)
    trade = models.ForeignKey(Trade, models.PROTECT, null=True, related_name="numbers", verbose_name=_("trade"))
    state = models.CharField(_("state"), max_length=8, choices=NumberState, default=NumberState.GIVEN)
    given_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("given by"))
    given_at = models.DateTimeField(_("given"), db_default=Now())
    void_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("made void by")
    )
    void_at = models.DateTimeField(_("void since"), null=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    history = tracked()

    class Meta:
        verbose_name = _("number")
        verbose_name_plural = _("numbers")
        ordering = ["project", "kind", "-year", "-sequence", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["project", "kind", "number"], name="one_number_once"),
            models.UniqueConstraint(
                fields=["project", "kind", "year", "sequence"],
                condition=Q(sequence__isnull=False),
                name="one_sequence_once",
            ),
            models.CheckConstraint(
                name="number_void_at_and_by",
                condition=Q(state=NumberState.VOID, void_at__isnull=False, void_by__isnull=False)
                | ~Q(state=NumberState.VOID) & Q(void_at__isnull=True, void_by__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.number
