"""A pre-report 报备: a channel company announces a customer before they come, by name and mobile number (domain B5)."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from enquiries.models.customer import Customer
from enquiries.states import Finding, ReportState, new_number
from inventory.models import Project
from salescontrol.core.fields import EncryptedTextField
from salescontrol.core.history import tracked
from salescontrol.core.scoping import EveryManager, GuardedManager


class PreReport(models.Model):
    """One report: who is announced by whom, since when, and until when it counts.

    Agents often hide the middle of the number: then `phone` is `138****5678`, `phone_index` is empty and the person is found by
    `ends_index` alone. `reported_at` is the database's clock: what counts is that it lies before the arrival. `customer` is who
    it turned out to be. An erased one says no more who was announced; who announced them stays.
    """

    personal = ("name", "phone", "phone_index", "ends_index", "refusal", "history_change_reason")

    project = models.ForeignKey(Project, models.PROTECT, related_name="pre_reports", verbose_name=_("project"))
    number = models.CharField(_("number"), max_length=12, unique=True, default=new_number)
    agency = models.CharField(_("channel company"), max_length=80)
    agent_name = models.CharField(_("agent"), max_length=60)
    agent_phone = EncryptedTextField(_("agent's phone"), blank=True)
    name = models.CharField(_("name"), max_length=60)
    phone = EncryptedTextField(_("phone"))
    phone_index = models.CharField(max_length=24, blank=True)
    ends_index = models.CharField(max_length=24, blank=True)
    customer = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="pre_reports", verbose_name=_("customer")
    )
    reported_at = models.DateTimeField(_("reported"), db_default=Now())
    expected_at = models.DateTimeField(_("expected"), null=True, blank=True)
    valid_until = models.DateTimeField(_("valid until"))
    finding = models.CharField(_("found at entry"), max_length=8, choices=Finding, default=Finding.CLEAR)
    state = models.CharField(_("state"), max_length=8, choices=ReportState, default=ReportState.OPEN)
    refusal = models.CharField(_("why refused"), max_length=250, blank=True)
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("entered by")
    )
    history = tracked()
    objects = GuardedManager()
    every: EveryManager["PreReport"] = EveryManager()

    class Meta:
        verbose_name = _("pre-report")
        verbose_name_plural = _("pre-reports")
        ordering = ["-reported_at", "-pk"]
        indexes = [
            models.Index(fields=["project", "-reported_at"], name="reports_by_time"),
            models.Index(fields=["project", "phone_index"], name="reports_by_phone"),
            models.Index(fields=["project", "ends_index"], name="reports_by_ends"),
            models.Index(fields=["valid_until"], condition=Q(state=ReportState.OPEN), name="reports_to_expire"),
        ]
        constraints = [
            models.CheckConstraint(name="report_state_valid", condition=Q(state__in=ReportState.values)),
            models.CheckConstraint(name="report_finding_valid", condition=Q(finding__in=Finding.values)),
            models.CheckConstraint(name="report_valid_in_order", condition=Q(valid_until__gt=F("reported_at"))),
            models.CheckConstraint(
                name="report_found_by_something", condition=~Q(phone_index="") | ~Q(ends_index="") | Q(name="")
            ),
        ]

    def __str__(self) -> str:
        return self.number
