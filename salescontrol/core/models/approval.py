"""One mechanism for every important change (R6.2, decisions 22): request with a reason → decide by stages → execute."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from salescontrol.core.history import tracked
from salescontrol.core.permissions import Role


class ApprovalState(models.TextChoices):
    PENDING = "PENDING", _("Waiting for a decision")
    APPROVED = "APPROVED", _("Approved, to be executed")
    RETURNED = "RETURNED", _("Returned")
    EXECUTED = "EXECUTED", _("Approved and in effect")
    STALE = "STALE", _("Out of date")
    WITHDRAWN = "WITHDRAWN", _("Withdrawn")


class Approval(models.Model):
    """A request: what (kind, target), from what to what, why, by whom, and where it stands.

    The target is named by kind, id and version, so that the kernel needs no foreign key to the apps above it.
    """

    State = ApprovalState
    personal = ("subject", "reason", "history_change_reason")

    kind = models.CharField(_("kind"), max_length=60)
    project_id = models.BigIntegerField(_("project"), null=True, db_index=True)
    target_id = models.BigIntegerField(_("target"), null=True)
    target_version = models.PositiveIntegerField(default=0)
    subject = models.CharField(_("subject"), max_length=200)
    before = models.JSONField(_("before"), default=dict)
    after = models.JSONField(_("after"), default=dict)
    effect = models.JSONField(_("effect"), default=dict)
    reason = models.TextField(_("reason"))
    state = models.CharField(_("state"), max_length=10, choices=ApprovalState.choices, default=ApprovalState.PENDING)
    stage_no = models.PositiveSmallIntegerField(_("stage"), default=1)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("requested by")
    )
    requested_at = models.DateTimeField(_("requested at"), db_default=Now())
    authors = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        related_name="+",
        verbose_name=_("authors"),
        help_text=_("Everybody who made what is decided here, the one who asks included: none of them decides."),
    )
    executed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("executed by")
    )
    executed_at = models.DateTimeField(_("executed at"), null=True)
    history = tracked()

    class Meta:
        verbose_name = _("approval")
        indexes = [
            models.Index(fields=["state", "project_id", "-requested_at"]),
            models.Index(fields=["kind", "target_id"]),
        ]
        constraints = [
            models.CheckConstraint(name="approval_state_valid", condition=models.Q(state__in=ApprovalState.values)),
            models.CheckConstraint(
                name="approval_executed_at_and_by",
                condition=models.Q(executed_at__isnull=True, executed_by__isnull=True)
                | models.Q(executed_at__isnull=False, executed_by__isnull=False),
            ),
            models.CheckConstraint(
                name="approval_executed_by_another",
                condition=models.Q(executed_by__isnull=True) | ~models.Q(executed_by=models.F("requested_by")),
            ),
            models.UniqueConstraint(
                fields=["kind", "target_id"],
                condition=models.Q(state="PENDING", target_id__isnull=False),
                name="one_pending_approval_per_target",
            ),
        ]

    def __str__(self) -> str:
        return self.subject


class ApprovalStage(models.Model):
    """One role of one step: every role of the step must agree, or (`any_of`) the first that answers is enough."""

    approval = models.ForeignKey(Approval, models.CASCADE, related_name="stages")
    number = models.PositiveSmallIntegerField(_("stage"))
    role = models.CharField(_("role"), max_length=20, choices=Role.choices)
    any_of = models.BooleanField(default=False)

    class Meta:
        ordering = ["number", "role"]
        constraints = [models.UniqueConstraint(fields=["approval", "number", "role"], name="one_stage_per_role")]

    def __str__(self) -> str:
        return f"{self.number} · {self.get_role_display()}"

    @property
    def answer(self) -> "ApprovalDecision | None":
        """The decision, or None while it is awaited."""
        return getattr(self, "decision", None)


class ApprovalDecision(models.Model):
    """One answer to one stage: by whom, on whose behalf, with what comment. Never changed.

    `requested_by` repeats the author of the request, so that the database itself refuses a decision on one's own (four eyes).
    """

    append_only = True
    personal = ("comment",)

    stage = models.OneToOneField(ApprovalStage, models.PROTECT, related_name="decision")
    agreed = models.BooleanField(_("agreed"))
    comment = models.TextField(_("comment"), blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("decided by")
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("requested by")
    )
    on_behalf_of = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("on behalf of")
    )
    decided_at = models.DateTimeField(_("decided at"), db_default=Now())

    class Meta:
        ordering = ["decided_at", "pk"]
        constraints = [
            models.CheckConstraint(
                name="decision_by_another",
                condition=~models.Q(decided_by=models.F("requested_by"))
                & (models.Q(on_behalf_of__isnull=True) | ~models.Q(on_behalf_of=models.F("requested_by"))),
            )
        ]

    def __str__(self) -> str:
        return f"{self.stage} · {self.decided_by}"
