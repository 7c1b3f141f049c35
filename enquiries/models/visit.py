"""A visit 来访登记 (R2.5, domain B5): who came, how they came to know of the project, what they look for and what they said."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from enquiries.models.call import Call
from enquiries.models.customer import Customer
from enquiries.models.pre_report import PreReport
from enquiries.models.wishes import Wishes
from enquiries.states import AgeBand, Channel, Employer, Grade, Origin, Party, Reaction, VisitKind, new_number
from inventory.models import Project
from salescontrol.core.history import tracked
from salescontrol.core.scoping import EveryManager, GuardedManager


class Visit(Wishes):
    """One visit of a customer; `call` is the phone call that it followed, `late_reason` why it was written down on a later day.

    `origin` is the reception's judgement, with the pre-report that it rests on; `origin_departs` says that it is not what the
    pre-reports proposed, and `origin_reason` why.
    """

    personal = (
        "home_area", "work_area", "employer", "occupation", "use", "factors", "objections", "note", "late_reason",
        "origin_reason", "history_change_reason",
        *Wishes.personal,
    )  # fmt: skip

    project = models.ForeignKey(Project, models.PROTECT, related_name="visits", verbose_name=_("project"))
    number = models.CharField(_("number"), max_length=12, unique=True, default=new_number)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="visits", verbose_name=_("customer"))
    call = models.ForeignKey(
        Call, models.PROTECT, null=True, blank=True, related_name="visits", verbose_name=_("call before")
    )
    kind = models.CharField(_("kind"), max_length=8, choices=VisitKind)
    at = models.DateTimeField(_("came"), db_default=Now())
    salesperson = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("salesperson")
    )
    party = models.CharField(_("came with"), max_length=8, choices=Party, blank=True)
    home_area = models.CharField(_("lives in"), max_length=60, blank=True)
    work_area = models.CharField(_("works in"), max_length=60, blank=True)
    age_band = models.CharField(_("age"), max_length=8, choices=AgeBand, blank=True)
    channel = models.CharField(_("channel"), max_length=12, choices=Channel, blank=True)
    employer = models.CharField(_("employer"), max_length=8, choices=Employer, blank=True)
    occupation = models.CharField(_("occupation"), max_length=60, blank=True)
    use = models.CharField(_("use"), max_length=60, blank=True)
    unit_price = models.CharField(_("on the unit price"), max_length=8, choices=Reaction, blank=True)
    total_price = models.CharField(_("on the total price"), max_length=8, choices=Reaction, blank=True)
    factors = models.CharField(_("what counts"), max_length=300, blank=True)
    objections = models.CharField(_("objections"), max_length=300, blank=True)
    grade = models.CharField(_("grade"), max_length=1, choices=Grade, blank=True)
    note = models.CharField(_("note"), max_length=500, blank=True)
    late_reason = models.CharField(_("why later"), max_length=250, blank=True)
    origin = models.CharField(_("origin"), max_length=8, choices=Origin, blank=True)
    pre_report = models.ForeignKey(
        PreReport, models.PROTECT, null=True, blank=True, related_name="visits", verbose_name=_("pre-report")
    )
    origin_departs = models.BooleanField(_("other than proposed"), default=False)
    origin_reason = models.CharField(_("why so judged"), max_length=250, blank=True)
    logged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("logged by")
    )
    logged_at = models.DateTimeField(_("logged"), db_default=Now())
    history = tracked()
    objects = GuardedManager()
    every: EveryManager["Visit"] = EveryManager()

    class Meta:
        verbose_name = _("visit")
        verbose_name_plural = _("visits")
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["project", "-at"], name="visits_by_time"),
            models.Index(fields=["customer", "-at"], name="visits_by_customer"),
            models.Index(fields=["salesperson", "-at"], name="visits_by_salesperson"),
        ]
        constraints = [
            models.CheckConstraint(name="visit_kind_valid", condition=Q(kind__in=VisitKind.values)),
            models.CheckConstraint(name="visit_origin_valid", condition=Q(origin__in=["", *Origin.values])),
            models.CheckConstraint(
                name="visit_channel_by_pre_report",
                condition=Q(origin=Origin.CHANNEL, pre_report__isnull=False)
                | ~Q(origin=Origin.CHANNEL) & Q(pre_report__isnull=True),
            ),
            models.CheckConstraint(name="visit_grade_valid", condition=Q(grade__in=["", *Grade.values])),
        ]

    def __str__(self) -> str:
        return self.number
