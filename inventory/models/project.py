"""Projects and who works in them."""

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from salescontrol.core.guards import ABOUT_THEIR_ROLES, Guard
from salescontrol.core.history import tracked
from salescontrol.core.permissions import PROJECT_ROLES


class Currency(models.TextChoices):
    CNY = "CNY", _("CNY ¥")
    TWD = "TWD", _("TWD NT$")
    HKD = "HKD", _("HKD HK$")


BEHIND_AMOUNTS = {
    Currency.CNY: pgettext_lazy("behind an amount", "CNY"),
    Currency.TWD: pgettext_lazy("behind an amount", "TWD"),
    Currency.HKD: pgettext_lazy("behind an amount", "HKD"),
}


class Project(models.Model):
    """A development that is sold. A role in it is one guardian permission of the user on this row (decisions 2)."""

    code = models.CharField(
        _("code"),
        max_length=12,
        unique=True,
        validators=[RegexValidator(r"^[A-Z0-9][A-Z0-9-]*$", _("Use capital letters, digits and hyphens."))],
    )
    name = models.CharField(_("name"), max_length=80, unique=True)
    city = models.CharField(_("city"), max_length=40, blank=True)
    currency = models.CharField(_("currency"), max_length=3, choices=Currency.choices, default=Currency.CNY)
    zone = models.CharField(_("time zone"), max_length=40, default="Asia/Shanghai")
    share_for_sale = models.BooleanField(
        _("salespeople see all units for sale"),
        default=False,
        help_text=_("Facts, list price and status of the other units for sale; never whose they are."),
    )
    optional_before_approval = models.JSONField(_("not required before approval"), default=list, blank=True)
    optional_reason = models.CharField(_("reason"), max_length=200, blank=True)
    archived_at = models.DateTimeField(_("archived"), null=True)
    history = tracked()

    class Meta:
        verbose_name = _("project")
        ordering = ["name"]
        permissions = [(role.codename, f"Works as {role.value}") for role in PROJECT_ROLES]

    def __str__(self) -> str:
        return self.name

    @property
    def currency_unit(self) -> str:
        """What stands behind an amount in a form: `CNY`, in Chinese 元."""
        return str(BEHIND_AMOUNTS[Currency(self.currency)])


class ProjectGrant(UserObjectPermissionBase):
    """One role of one user in one project (guardian, direct foreign key)."""

    content_object = models.ForeignKey(Project, models.CASCADE)
    guards = (Guard("core.AuditEvent", ABOUT_THEIR_ROLES),)

    class Meta(UserObjectPermissionBase.Meta):
        verbose_name = _("role in a project")


class ProjectGroupGrant(GroupObjectPermissionBase):
    """Guardian wants the pair of it; roles are granted to people, not to groups."""

    content_object = models.ForeignKey(Project, models.CASCADE)


class Phase(models.Model):
    """A part of a project that is built and released together."""

    project = models.ForeignKey(Project, models.PROTECT, related_name="phases")
    name = models.CharField(_("phase"), max_length=40)
    position = models.PositiveSmallIntegerField(_("position"), default=1)
    history = tracked()

    class Meta:
        verbose_name = _("phase")
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="one_phase_per_name")]

    def __str__(self) -> str:
        return self.name


class Team(models.Model):
    """A sales team of a project, with its lead."""

    project = models.ForeignKey(Project, models.PROTECT, related_name="teams")
    name = models.CharField(_("team"), max_length=40)
    lead = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("lead")
    )
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="+", verbose_name=_("members"))
    history = tracked()

    class Meta:
        verbose_name = _("team")
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="one_team_per_name")]

    def __str__(self) -> str:
        return self.name
