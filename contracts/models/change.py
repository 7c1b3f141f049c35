"""A change 变更 of a sale: requested, approved by others, executed by another (R3.1, domain B9)."""

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from contracts.models.area import AreaBatch
from contracts.models.contract import Contract
from contracts.models.subscription import Subscription
from contracts.models.trade import Trade
from contracts.states import CHANGE_OPEN, ChangeCause, ChangeKind, ChangeState, Release, new_number
from inventory.models import Project, Unit
from salescontrol.core.fields import EncryptedJSONField, EncryptedTextField, MoneyField
from salescontrol.core.history import tracked
from salescontrol.core.scoping import EveryManager, GuardedManager

# An executed change that was made void on its day stays known as executed.
_DONE = (ChangeState.EXECUTED, ChangeState.VOID)


class Change(models.Model):
    """One request with its money, its papers and what became of it. `code` is its address; `number` the office's own (`BG`).

    It is about the subscription or the contract that the trade had when it was written. `content` holds what the kind needs: new
    buyers, payment method, amounts; `result` the subscription or contract that an exchange led to. `release` is what becomes of
    a unit that is given back: proposed with the request, chosen by who decides. `batch`: it was asked for with others, by one request.
    """

    State, Kind = ChangeState, ChangeKind
    personal = ("reason", "documents", "waiver", "content", "void_reason", "history_change_reason")

    code = models.CharField(max_length=12, unique=True, default=new_number)
    number = models.CharField(_("number"), max_length=60)
    project = models.ForeignKey(Project, models.PROTECT, related_name="changes", verbose_name=_("project"))
    trade = models.ForeignKey(Trade, models.PROTECT, related_name="changes", verbose_name=_("trade"))
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="changes", verbose_name=_("unit"))
    subscription = models.ForeignKey(
        Subscription, models.PROTECT, null=True, related_name="changes", verbose_name=_("subscription")
    )
    contract = models.ForeignKey(
        Contract, models.PROTECT, null=True, related_name="changes", verbose_name=_("contract")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=ChangeKind)
    state = models.CharField(_("state"), max_length=10, choices=ChangeState, default=ChangeState.DRAFT)
    cause = models.CharField(_("class of the reason"), max_length=10, choices=ChangeCause)
    reason = EncryptedTextField(_("reason"))
    target = models.ForeignKey(
        Unit, models.PROTECT, null=True, related_name="changes_to", verbose_name=_("exchanged for")
    )
    release = models.CharField(_("the unit is afterwards"), max_length=10, choices=Release, default=Release.WITHHELD)
    content = EncryptedJSONField(_("content"), blank=True)
    paid = MoneyField(_("paid so far"), default=Decimal(0))
    refundable = MoneyField(_("refundable of it"), default=Decimal(0))
    fee = MoneyField(_("handling fee"), default=Decimal(0))
    penalty_due = MoneyField(_("penalty due"), default=Decimal(0))
    penalty_received = MoneyField(_("penalty received"), default=Decimal(0))
    waiver = EncryptedTextField(_("why the penalty is waived"), blank=True)
    refund = MoneyField(_("refund"), default=Decimal(0))
    form_signed = models.BooleanField(_("application form signed"), default=False)
    documents = EncryptedTextField(_("documents received and missing"), blank=True)
    approval = models.ForeignKey(
        "core.Approval", models.PROTECT, null=True, related_name="+", verbose_name=_("approval")
    )
    batch = models.ForeignKey(
        AreaBatch, models.PROTECT, null=True, related_name="changes", verbose_name=_("settlement of areas")
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("requested by")
    )
    requested_at = models.DateTimeField(_("requested"), db_default=Now())
    executed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("executed by")
    )
    executed_at = models.DateTimeField(_("executed"), null=True)
    voided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("made void by")
    )
    voided_at = models.DateTimeField(_("void since"), null=True)
    void_reason = models.CharField(_("why it is void"), max_length=300, blank=True)
    history = tracked()
    objects = GuardedManager()
    every: EveryManager["Change"] = EveryManager()

    class Meta:
        verbose_name = _("change")
        verbose_name_plural = _("changes")
        ordering = ["-requested_at", "-pk"]
        indexes = [models.Index(fields=["project", "state", "-requested_at"]), models.Index(fields=["unit"])]
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="one_change_per_number"),
            models.UniqueConstraint(
                fields=["trade"], condition=Q(state__in=CHANGE_OPEN), name="one_open_change_per_trade"
            ),
            models.CheckConstraint(
                name="change_amounts_not_negative",
                condition=Q(
                    paid__gte=0, refundable__gte=0, fee__gte=0, penalty_due__gte=0, penalty_received__gte=0, refund__gte=0
                ),
            ),
            models.CheckConstraint(
                name="change_refund_within_refundable",
                condition=Q(refund__lte=F("refundable"), refundable__lte=F("paid")),
            ),
            models.CheckConstraint(
                name="change_about_one_paper",
                condition=Q(subscription__isnull=True, contract__isnull=False)
                | Q(subscription__isnull=False, contract__isnull=True),
            ),
            models.CheckConstraint(
                name="change_executed_by_another",
                condition=Q(state__in=_DONE, executed_by__isnull=False, executed_at__isnull=False)
                & ~Q(executed_by=F("requested_by"))
                | ~Q(state=ChangeState.EXECUTED) & Q(executed_by__isnull=True, executed_at__isnull=True),
            ),
            models.CheckConstraint(
                name="change_void_at_and_by",
                condition=Q(state=ChangeState.VOID, voided_at__isnull=False, voided_by__isnull=False)
                | ~Q(state=ChangeState.VOID) & Q(voided_at__isnull=True, voided_by__isnull=True),
            ),
            models.CheckConstraint(
                name="change_from_contract_never_for_sale_at_once",
                condition=Q(contract__isnull=True) | Q(release=Release.WITHHELD),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.number

    @property
    def subject(self) -> Subscription | Contract:
        """The subscription or contract that it is about."""
        found = self.subscription or self.contract
        assert found is not None
        return found
