"""Buildings, the layouts in them, and the permits under which they are sold."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from inventory.models.project import Phase, Project
from salescontrol.core.fields import AreaField
from salescontrol.core.history import tracked


class Building(models.Model):
    """One building; `key` is its normalised name, so that 3栋, 3# and 3号楼 are one."""

    project = models.ForeignKey(Project, models.PROTECT, related_name="buildings")
    phase = models.ForeignKey(
        Phase, models.PROTECT, null=True, blank=True, related_name="buildings", verbose_name=_("phase")
    )
    name = models.CharField(_("building"), max_length=40)
    key = models.CharField(max_length=40)
    position = models.PositiveSmallIntegerField(_("position"), default=1)
    history = tracked()

    class Meta:
        verbose_name = _("building")
        ordering = ["position", "pk"]
        indexes = [models.Index(fields=["project", "position"])]
        constraints = [models.UniqueConstraint(fields=["project", "key"], name="one_building_per_key")]

    def __str__(self) -> str:
        return self.name


class Layout(models.Model):
    """A type of home (户型): its code and rooms. Its drawings are materials."""

    project = models.ForeignKey(Project, models.PROTECT, related_name="layouts")
    code = models.CharField(_("layout"), max_length=40)
    description = models.CharField(
        _("rooms"), max_length=80, blank=True, help_text=_("Such as 3 bedrooms, 2 living rooms, 2 bathrooms.")
    )
    bedrooms = models.PositiveSmallIntegerField(_("bedrooms"), null=True, blank=True)
    living_rooms = models.PositiveSmallIntegerField(_("living rooms"), null=True, blank=True)
    bathrooms = models.PositiveSmallIntegerField(_("bathrooms"), null=True, blank=True)
    built_area = AreaField(_("built area"), null=True, blank=True)
    history = tracked()

    class Meta:
        verbose_name = _("layout")
        ordering = ["code"]
        constraints = [models.UniqueConstraint(fields=["project", "code"], name="one_layout_per_code")]

    def __str__(self) -> str:
        return self.code


class Permit(models.Model):
    """A pre-sale permit (预售许可证): units of its buildings may be put on sale (decisions 10, transition T3)."""

    project = models.ForeignKey(Project, models.PROTECT, related_name="permits")
    number = models.CharField(_("permit number"), max_length=60)
    issued_on = models.DateField(_("issued on"))
    buildings = models.ManyToManyField(Building, related_name="permits", verbose_name=_("buildings"))
    history = tracked(excluded=[])

    class Meta:
        verbose_name = _("pre-sale permit")
        ordering = ["issued_on", "pk"]
        constraints = [models.UniqueConstraint(fields=["project", "number"], name="one_permit_per_number")]

    def __str__(self) -> str:
        return self.number
