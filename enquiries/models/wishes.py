"""What somebody is looking for: the same fields on a call, a visit and a customer (R2.3, domain B5)."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from enquiries.states import Motive
from salescontrol.core.fields import AreaField, MoneyField


class Wishes(models.Model):
    """Interests as said, all optional: layout in the customer's words, areas in ㎡, budget as a total in the project's currency.

    `personal` names the columns that an erasure empties (R7.6); what is only counted stays.
    """

    personal: tuple[str, ...] = ("layout", "needs")

    layout = models.CharField(_("layout"), max_length=40, blank=True)
    area_from = AreaField(_("area from"), null=True, blank=True)
    area_to = AreaField(_("area to"), null=True, blank=True)
    budget_to = MoneyField(_("budget up to"), null=True, blank=True)
    floor_from = models.SmallIntegerField(_("floor from"), null=True, blank=True)
    floor_to = models.SmallIntegerField(_("floor to"), null=True, blank=True)
    motive = models.CharField(_("wanted"), max_length=8, choices=Motive, blank=True)
    needs = models.CharField(_("special needs"), max_length=500, blank=True)

    class Meta:
        abstract = True
