"""Pages of discount policies (domain B4)."""

from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory.forms.discounts import DiscountFilter, DiscountForm
from inventory.forms.release import ReasonForm
from inventory.models import DiscountPolicy
from inventory.queries import discounts
from inventory.services import discounts as service
from inventory.states import DISCOUNT_TABLE, DiscountState
from inventory.views.base import InProject
from salescontrol.core import approvals, tables
from salescontrol.core.permissions import Permission
from salescontrol.core.templatetags import sales
from salescontrol.core.views import ActionPage, DetailPage, FormPage, ListPage

TONES = {
    DiscountState.DRAFT: "pending",
    DiscountState.SUBMITTED: "held",
    DiscountState.EFFECTIVE: "good",
    DiscountState.ENDED: "withheld",
    DiscountState.REJECTED: "bad",
}


def value_of(policy: DiscountPolicy) -> str:
    """How much a policy takes off, in words."""
    if policy.percent is not None:
        return _("%(percent)s %%") % {"percent": f"{policy.percent.normalize():f}"}
    return sales.amount(policy.amount)


class DiscountList(InProject, ListPage):
    """The project's policies in the order in which they are counted."""

    permission = Permission.PRICE_SEE
    export_permission = Permission.UNIT_EXPORT
    title = gettext_lazy("Discounts")
    filterset_class = DiscountFilter
    default_order = ("position", "pk")
    empty = gettext_lazy("No discount policy yet. What is proposed here and approved can be given to customers.")

    def get_rows(self):
        return discounts.discounts_visible_to(self.request.access).filter(project=self.project)

    def get_columns(self):
        return (
            tables.Column("position", _("Order"), format="int", sort=("position",)),
            tables.Column("name", _("Name"), link=lambda row: self.url("discount", row.pk), sort=("name",)),
            tables.Column("kind", _("Kind"), lambda row: row.get_kind_display(), sort=("kind",)),
            tables.Column("value", _("Off"), value_of),
            tables.Column("valid_from", _("From"), format="day", sort=("valid_from",)),
            tables.Column("valid_to", _("To"), format="day", sort=("valid_to",)),
            tables.Column("stackable", _("With others"), lambda row: sales.yes_no(row.stackable)),
            tables.Column("version", _("Version"), format="int"),
            tables.Column(
                "state",
                _("State"),
                lambda row: row.get_state_display(),
                tone=lambda row: TONES[row.state],
                sort=("state",),
            ),
        )

    def get_context(self) -> dict:
        if not self.request.access.can(Permission.DISCOUNT_PROPOSE, self.project_id):
            return {}
        label = _("Propose a discount policy")
        return {"actions": [{"url": self.url("discount_new"), "label": label, "style": "primary"}]}


class OneDiscount(InProject):
    """Mixin: `self.policy` among those this user may see, or 404."""

    def prepare_in_project(self) -> None:
        visible = discounts.discounts_visible_to(self.request.access).filter(project=self.project)
        found = visible.select_related("project", "made_by", "replaces").filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise Http404
        self.policy = found

    def get_title(self) -> str:
        return self.policy.name

    def get_success_url(self, result: DiscountPolicy) -> str:
        return self.url("discount", result.pk)

    def get_back_url(self) -> str:
        return self.url("discount", self.policy.pk)


class DiscountPage(OneDiscount, DetailPage):
    """One policy: its terms, its scope, its versions, its requests."""

    permission = Permission.PRICE_SEE
    template_name = "inventory/discount.html"

    def get_context(self) -> dict:
        policy, access = self.policy, self.request.access
        asked = approvals.visible_to(access).filter(kind=service.KIND, target_id=policy.pk).order_by("-pk")
        return {
            "policy": policy,
            "tone": TONES[DiscountState(policy.state)],
            "value": value_of(policy),
            "buildings": list(policy.buildings.all()),
            "layouts": list(policy.layouts.all()),
            "versions": [
                {"policy": item, "value": value_of(item), "url": self.url("discount", item.pk)}
                for item in discounts.versions(policy)
            ],
            "requests": [
                {"approval": item, "url": approvals.page_url(item)} for item in asked.select_related("requested_by")
            ],
            "actions": self.actions(),
        }

    def actions(self) -> list[dict]:
        policy, access = self.policy, self.request.access
        found = []
        if access.can(Permission.DISCOUNT_PROPOSE, policy.project_id):
            if policy.state in service.OPEN:
                found.append(("discount_edit", _("Correct and submit"), "primary"))
            elif policy.state == DiscountState.EFFECTIVE:
                found.append(("discount_change", _("Propose a new version"), ""))
        may_end = access.can(DISCOUNT_TABLE["discount.end"].permission, policy.project_id)
        if may_end and policy.state == DiscountState.EFFECTIVE:
            found.append(("discount_end", _("End now"), "seal"))
        return [{"url": self.url(name, policy.pk), "label": label, "style": style} for name, label, style in found]


class DiscountNew(InProject, FormPage):
    """Propose a policy."""

    permission = Permission.DISCOUNT_PROPOSE
    title = gettext_lazy("Propose a discount policy")
    submit_label = gettext_lazy("Ask for approval")
    success = gettext_lazy("Asked for. It takes effect when it is approved.")
    form_class = DiscountForm

    def get_form_kwargs(self) -> dict:
        return {"project": self.project}

    def get_context(self) -> dict:
        return {"back_url": self.url("discounts"), "context_line": self.project.name}

    def perform(self, form) -> DiscountPolicy:
        return service.propose_discount(
            project=self.project,
            terms=form.terms(),
            reason=form.cleaned_data["reason"],
            by=self.request.user,
            **form.scope(),
        )

    def get_success_url(self, result: DiscountPolicy) -> str:
        return self.url("discount", result.pk)


class DiscountChange(OneDiscount, DiscountNew):
    """Propose a new version of a policy in force: it starts from the present terms."""

    def get_title(self) -> str:
        return _("New version of %(name)s") % {"name": self.policy.name}

    def get_initial(self) -> dict:
        policy = self.policy
        initial = {name: getattr(policy, name) for name in service.Terms.__dataclass_fields__}
        return {**initial, "buildings": policy.buildings.all(), "layouts": policy.layouts.all()}

    def get_context(self) -> dict:
        return {"back_url": self.get_back_url(), "context_line": self.project.name}

    def perform(self, form) -> DiscountPolicy:
        return service.propose_discount(
            project=self.project,
            terms=form.terms(),
            reason=form.cleaned_data["reason"],
            by=self.request.user,
            replaces=self.policy,
            **form.scope(),
        )


class DiscountEdit(DiscountChange):
    """Correct a returned policy and ask again."""

    def get_title(self) -> str:
        return _("Correct %(name)s") % {"name": self.policy.name}

    def perform(self, form) -> DiscountPolicy:
        return service.edit_discount(
            policy=self.policy,
            terms=form.terms(),
            reason=form.cleaned_data["reason"],
            by=self.request.user,
            **form.scope(),
        )


class DiscountEnd(OneDiscount, ActionPage):
    """End a policy early."""

    permission = Permission.DISCOUNT_DECIDE
    form_class = ReasonForm
    submit_label = gettext_lazy("End now")
    success = gettext_lazy("Ended.")
    final = True

    def get_sentence(self) -> str:
        return _("The policy is not given to anybody from now on. What was agreed under it stays agreed.")

    def perform(self, form) -> DiscountPolicy:
        return service.end_discount(policy=self.policy, by=self.request.user, reason=form.cleaned_data["reason"])
