"""Blank forms with printed serial numbers 空白认购书、合同、收据: taken in, given out, and what became of each (domain B7)."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from contracts.models.trade import Trade
from contracts.states import FormKind, FormState
from inventory.models import Project
from salescontrol.core.history import tracked


class BlankRange(models.Model):
    """Forms that came into the stock together: `prefix` and the first and last number, written with `width` digits."""

    project = models.ForeignKey(Project, models.PROTECT, related_name="blank_ranges", verbose_name=_("project"))
    kind = models.CharField(_("form"), max_length=12, choices=FormKind)
    prefix = models.CharField(_("letters before the number"), max_length=20, blank=True)
    width = models.PositiveSmallIntegerField(_("digits"))
    first = models.PositiveBigIntegerField(_("first number"))
    last = models.PositiveBigIntegerField(_("last number"))
    taken_on = models.DateField(_("taken in on"))
    note = models.CharField(_("note"), max_length=300, blank=True)
    taken_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("taken in by")
    )
    taken_at = models.DateTimeField(_("entered"), db_default=Now())
    history = tracked()

    class Meta:
        verbose_name = _("range of blank forms")
        ordering = ["-taken_on", "-pk"]
        constraints = [models.CheckConstraint(name="blank_range_in_order", condition=Q(last__gte=models.F("first")))]

    def __str__(self) -> str:
        return f"{self.serial(self.first)}–{self.serial(self.last)}"

    def serial(self, number: int) -> str:
        """The serial as it is printed on the form."""
        return f"{self.prefix}{number:0{self.width}d}"


class BlankForm(models.Model):
    """One form by its serial, which the stock of a project has once for each kind, for ever."""

    State = FormState
    personal = ("reason", "history_change_reason")

    range = models.ForeignKey(BlankRange, models.PROTECT, related_name="forms", verbose_name=_("range"))
    project = models.ForeignKey(Project, models.PROTECT, related_name="blank_forms", verbose_name=_("project"))
    kind = models.CharField(_("form"), max_length=12, choices=FormKind)
    serial = models.CharField(_("serial no."), max_length=40)
    state = models.CharField(_("state"), max_length=8, choices=FormState, default=FormState.LEFT)
    holder = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("given to")
    )
    given_on = models.DateField(_("given out on"), null=True)
    trade = models.ForeignKey(Trade, models.PROTECT, null=True, related_name="blank_forms", verbose_name=_("trade"))
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    marked_at = models.DateTimeField(_("marked"), null=True)
    marked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("marked by")
    )
    history = tracked()

    class Meta:
        verbose_name = _("blank form")
        verbose_name_plural = _("blank forms")
        ordering = ["kind", "serial"]
        indexes = [models.Index(fields=["project", "kind", "state"])]
        constraints = [
            models.UniqueConstraint(fields=["project", "kind", "serial"], name="one_blank_form_per_serial"),
            models.CheckConstraint(
                name="blank_form_out_has_holder",
                condition=~Q(state=FormState.OUT) | Q(holder__isnull=False, given_on__isnull=False),
            ),
            models.CheckConstraint(
                name="blank_form_used_has_trade", condition=~Q(state=FormState.USED) | Q(trade__isnull=False)
            ),
            models.CheckConstraint(
                name="blank_form_void_has_reason",
                condition=~Q(state__in=[FormState.VOID, FormState.RETURNED]) | ~Q(reason=""),
            ),
            models.CheckConstraint(
                name="blank_form_marked_at_and_by",
                condition=Q(marked_at__isnull=True, marked_by__isnull=True)
                | Q(marked_at__isnull=False, marked_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.serial
