"""Papers 文书: the office's own Word templates with their versions, and what was made from them (R3.1, R3.6, domain B7)."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from contracts.models.quotation import Quotation
from contracts.models.trade import Trade
from contracts.states import PaperKind, TemplateState, new_number
from inventory.models import Project
from salescontrol.core.history import tracked
from salescontrol.core.models import Attachment
from salescontrol.core.scoping import EveryManager, GuardedManager


class PaperTemplate(models.Model):
    """One version of the office's template for one kind of paper. One of them is in force; without one the product's own is used."""

    State = TemplateState
    project = models.ForeignKey(Project, models.PROTECT, related_name="paper_templates", verbose_name=_("project"))
    kind = models.CharField(_("paper"), max_length=12, choices=PaperKind)
    version = models.PositiveIntegerField(_("version"))
    file = models.ForeignKey(Attachment, models.PROTECT, related_name="+", verbose_name=_("file"))
    note = models.CharField(_("note"), max_length=300, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=TemplateState, default=TemplateState.DRAFT)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("uploaded by")
    )
    uploaded_at = models.DateTimeField(_("uploaded"), db_default=Now())
    in_force_at = models.DateTimeField(_("in force since"), null=True)
    in_force_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("put in force by")
    )
    history = tracked()

    class Meta:
        verbose_name = _("template")
        verbose_name_plural = _("templates")
        ordering = ["kind", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["project", "kind", "version"], name="one_template_per_version"),
            models.UniqueConstraint(
                fields=["project", "kind"], condition=Q(state=TemplateState.IN_FORCE), name="one_template_in_force"
            ),
            models.CheckConstraint(
                name="template_in_force_at_and_by",
                condition=Q(in_force_at__isnull=True, in_force_by__isnull=True)
                | Q(in_force_at__isnull=False, in_force_by__isnull=False),
            ),
            models.CheckConstraint(
                name="template_in_force_has_its_day",
                condition=Q(state=TemplateState.DRAFT) | Q(in_force_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.version}"


class Paper(models.Model):
    """One paper of a trade or of a quotation as it was made; its files lie encrypted, since they name people in full.

    `template` is empty where the product's own was filled. `scan` is the paper as signed, with its pages; `complete_at`: somebody
    looked through it and ticked that nothing is missing.
    """

    personal = ("file", "scan", "history_change_reason")

    code = models.CharField(max_length=12, unique=True, default=new_number)
    project = models.ForeignKey(Project, models.PROTECT, related_name="papers", verbose_name=_("project"))
    trade = models.ForeignKey(Trade, models.PROTECT, null=True, related_name="papers", verbose_name=_("trade"))
    quotation = models.ForeignKey(
        Quotation, models.PROTECT, null=True, related_name="papers", verbose_name=_("quotation")
    )
    kind = models.CharField(_("paper"), max_length=12, choices=PaperKind)
    number = models.CharField(_("number"), max_length=60, blank=True)
    template = models.ForeignKey(
        PaperTemplate, models.PROTECT, null=True, related_name="papers", verbose_name=_("template")
    )
    file = models.ForeignKey(Attachment, models.PROTECT, null=True, related_name="+", verbose_name=_("file"))
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("made by"))
    made_at = models.DateTimeField(_("made"), db_default=Now())
    scan = models.ForeignKey(Attachment, models.PROTECT, null=True, related_name="+", verbose_name=_("signed scan"))
    pages = models.PositiveSmallIntegerField(_("pages"), null=True)
    complete_at = models.DateTimeField(_("found complete"), null=True)
    complete_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("found complete by")
    )
    history = tracked()
    objects = GuardedManager()
    every: EveryManager["Paper"] = EveryManager()

    class Meta:
        verbose_name = _("paper")
        verbose_name_plural = _("papers")
        ordering = ["-made_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="paper_of_one_thing", condition=Q(trade__isnull=True) ^ Q(quotation__isnull=True)
            ),
            models.CheckConstraint(name="paper_kind_valid_here", condition=Q(kind__in=PaperKind.values)),
            models.CheckConstraint(
                name="paper_complete_at_and_by",
                condition=Q(complete_at__isnull=True, complete_by__isnull=True)
                | Q(complete_at__isnull=False, complete_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.code
