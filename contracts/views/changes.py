"""Changes of a sale: listed, requested from its trade, submitted, decided, executed (R3.1, domain B9)."""

from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from contracts.forms.changes import ChangeFilter, ChangeForm, ReleaseForm, VoidForm
from contracts.models import Change, Trade
from contracts.queries import changes as queries
from contracts.queries import identity
from contracts.queries.scope import buyers_visible_to, quotations_visible_to, trades_visible_to
from contracts.services import change_undo, changes
from contracts.services.change_ground import in_force
from contracts.services.change_kinds import KINDS, Subject
from contracts.states import ChangeKind, ChangeState, Release
from contracts.views.base import InClaims, WithCustomer
from inventory.queries.scope import units_visible_to
from inventory.states import Lock, Status
from salescontrol.core import approvals, tables
from salescontrol.core.errors import NotVisible
from salescontrol.core.forms import OnceForm
from salescontrol.core.permissions import Permission
from salescontrol.core.views import ActionPage, DetailPage, FormPage, ListPage

TONES = {
    ChangeState.DRAFT: "withheld",
    ChangeState.SUBMITTED: "pending",
    ChangeState.APPROVED: "held",
    ChangeState.REJECTED: "bad",
    ChangeState.EXECUTED: "good",
    ChangeState.VOID: "withheld",
}


class InChanges(InClaims):
    """Mixin: a page about changes of the sales of a project."""

    def at(self, name: str, *args) -> str:
        return reverse(f"sales:{name}", args=[self.project.code, *args])


class ChangeList(InChanges, ListPage):
    """The changes of the project, those under way first."""

    title = pgettext_lazy("sale", "Changes")
    filterset_class = ChangeFilter
    export_permission = Permission.UNIT_EXPORT
    default_order = ("turn", "-requested_at", "-pk")
    empty = gettext_lazy("No sale was changed yet. A change is requested from the sale it is about.")

    def prepare_in_project(self) -> None:
        self.require_reader()

    def get_rows(self):
        return queries.listed(self.request.access, self.project)

    def get_columns(self):
        place = ("unit__building__position", "unit__entrance", "unit__floor", "unit__stack")
        return [
            tables.Column("number", _("Number"), link=lambda row: self.at("change", row.code), sort=("number",)),
            tables.Column("kind", _("Kind"), lambda row: row.get_kind_display(), sort=("kind",)),
            tables.Column("unit", _("Unit"), "unit.number", sort=place),
            tables.Column("state", _("State"), lambda row: row.get_state_display(), sort=("state",),
                          tone=lambda row: TONES[ChangeState(row.state)]),
            tables.Column("requested_at", pgettext("moment", "Requested"), format="moment", sort=("requested_at",)),
            tables.Column("requested_by", _("Requested by"), lambda row: self.who(row.requested_by)),
            tables.Column("refund", _("Amount to refund"), format="money", sort=("refund",), minor=True),
            tables.Column("executed_at", pgettext("moment", "Executed"), format="moment", sort=("executed_at",)),
            tables.Column("executed_by", _("Executed by"), lambda row: self.who(row.executed_by), minor=True),
        ]  # fmt: skip

    def who(self, person) -> str:
        """Names of the desk are the desk's."""
        return person.name if person and self.request.access.can(Permission.CLAIM_SEE_ALL, self.project_id) else ""

    def get_context(self) -> dict:
        actions = []
        if self.request.access.can(Permission.CHANGE_REQUEST, self.project_id):
            actions.append({"url": self.at("area_batch_new"), "label": _("Settle surveyed areas")})
        return {"context_line": self.project.name, "actions": actions}


class ChangeNew(WithCustomer, InChanges, FormPage):
    """Request a change of one sale: first which kind, then what it needs."""

    permission = Permission.CHANGE_REQUEST
    form_class = ChangeForm
    submit_label = gettext_lazy("Keep the request")
    trade: Trade

    def prepare_in_project(self) -> None:
        seen = trades_visible_to(self.request.access).filter(project=self.project, number=self.kwargs["number"])
        found = seen.select_related("project").first()
        if found is None:
            raise NotVisible("")
        self.trade = found

    @cached_property
    def kind(self) -> ChangeKind | None:
        """The kind that the address names, if it is one."""
        named = self.request.GET.get("kind", "")
        return ChangeKind(named) if named in ChangeKind.values else None

    @cached_property
    def subject(self) -> Subject | None:
        return in_force(self.trade)[1]

    @property
    def template_name(self) -> str:
        return "components/form_page.html" if self.kind else "contracts/change_kinds.html"

    def get_title(self) -> str:
        return self.kind.label if self.kind else _("Change the sale")

    def get(self, request, *args, **kwargs):
        return super().get(request, *args, **kwargs) if self.kind else self.choice()

    def post(self, request, *args, **kwargs):
        return super().post(request, *args, **kwargs) if self.kind else self.choice(422)

    def choice(self, status: int = 200):
        """Every kind, with the way to its form or why it is not possible."""
        lines = [
            {
                "label": kind.label, "when": KINDS[kind].when, "refusal": refusal,
                "url": f"{self.at('change_new', self.trade.number)}?kind={kind}",
            }
            for kind, refusal in changes.possible(self.trade)
        ]  # fmt: skip
        return DetailPage.show(self, status, lines=lines)

    def get_form_kwargs(self) -> dict:
        access = self.request.access
        free = units_visible_to(access).filter(project=self.project, status=Status.AVAILABLE, locks="")
        quotations = quotations_visible_to(access).filter(project=self.project, unit__status=Status.AVAILABLE)
        return {
            "kind": self.kind, "customers": self.customers, "targets": free.order_by("number", "pk"),
            "quotations": quotations.select_related("unit"),
            "signed": self.subject is not None and self.subject._meta.model_name == "contract", **self.identity(),
        }  # fmt: skip

    def identity(self) -> dict:
        """Whose identity, and which of their papers, may be corrected."""
        if self.kind != ChangeKind.IDENTITY:
            return {}
        access = self.request.access
        return {
            "buyers": identity.buyer_choices(access, self.trade),
            "papers": identity.paper_choices(access, self.trade),
        }

    def get_initial(self) -> dict:
        subject = self.subject
        if subject is None:
            return {}
        known = {"paid": getattr(subject, "paid", None), "method": subject.method}
        for part in ("main", "decoration", "supplement"):
            known[part] = getattr(subject, f"{part}_amount", None)
        if self.kind == ChangeKind.BUYERS:
            rows = buyers_visible_to(self.request.access).filter(trade=self.trade, until__isnull=True)
            for number, row in enumerate(rows.order_by("position", "pk"), start=1):
                known |= {f"buyer_{number}": row.customer_id, f"share_{number}": row.share}
        return known

    def get_context(self) -> dict:
        return {
            "context_line": _("%(project)s · sale %(number)s") % {
                "project": self.project.name, "number": self.trade.number,
            },
            "back_url": self.at("change_list"),
        }  # fmt: skip

    def perform(self, form: ChangeForm) -> Change:
        return changes.request_change(
            op_id=form.cleaned_data["op_id"], trade=self.trade.number, entry=form.entry(), by=self.request.user
        )

    def get_success(self, result: Change) -> str:
        return _("Change %(number)s is kept as a draft. Submit it for approval.") % {"number": result.number}

    def get_success_url(self, result: Change) -> str:
        return self.at("change", result.code)


class InChange(InChanges):
    """Mixin: `self.change` among those that the reader may know of, or 404."""

    change: Change

    def prepare_in_project(self) -> None:
        self.change = queries.find(self.request.access, self.project, self.kwargs["change"])

    def get_back_url(self) -> str:
        return self.at("change", self.change.code)

    def get_success_url(self, result: Change) -> str:
        return self.get_back_url()


class ChangePage(InChange, DetailPage):
    """One change: before and after, its money and papers, who decided, and what may be done with it now."""

    template_name = "contracts/change.html"

    def prepare_in_project(self) -> None:
        super().prepare_in_project()
        self.require_reader()

    def get_title(self) -> str:
        return _("Change %(number)s") % {"number": self.change.number}

    def get_context(self) -> dict:
        change, access = self.change, self.request.access
        for customer in queries.people_in(change).values():
            self.note_seen(customer)
        return {
            "change": change,
            "tone": TONES[ChangeState(change.state)],
            "subject": change.subject,
            "lines": queries.lines(change, access),
            "money": queries.money_lines(change),
            "stages": list(queries.stages_of(change)),
            "names": access.can(Permission.CLAIM_SEE_ALL, self.project_id),
            "board_url": self.board_url(change.unit_id),
            "batch": change.batch,
            "batch_url": self.at("area_batch", change.batch.code)
            if change.batch and access.can(Permission.CLAIM_SEE_ALL, self.project_id)
            else "",
            "approval_url": approvals.page_url(change.approval)
            if change.approval and approvals.visible_to(access).filter(pk=change.approval_id).exists()
            else "",
            "actions": self.actions(),
        }

    def actions(self) -> list[dict]:
        change, access, project = self.change, self.request.access, self.project_id
        state, asks = change.state, access.can(Permission.CHANGE_REQUEST, project)
        supervises, own = access.can(Permission.DEAL_VOID, project), change.requested_by_id == access.user.pk
        pending = state == ChangeState.SUBMITTED
        decides = pending and queries.waits_for(change, access)
        draft, approved = state == ChangeState.DRAFT, state == ChangeState.APPROVED
        unconfirmed = (
            state == ChangeState.EXECUTED and change.contract_id and change.kind == ChangeKind.REFUND
            and Lock.REFUND in change.unit.lock_codes and access.can(Permission.UNIT_RELEASE, project)
        )  # fmt: skip
        undoable = state == ChangeState.EXECUTED and not change_undo.refusal(change)
        asked = change.approval is not None and change.approval.requested_by_id == access.user.pk
        shown = [
            (draft and asks, _("Submit for approval"), "change_submit", "primary"),
            (decides and self.chooses, _("Choose what the unit becomes"), "change_release", ""),
            (queries.may_execute(change, access), _("Execute"), "change_execute", "seal"),
            (unconfirmed, _("The price is confirmed"), "change_confirm", "primary"),
            (pending and asked and not change.batch_id, _("Withdraw the request"), "change_withdraw", ""),
            (
                (draft and ((own and asks) or supervises)) or (supervises and (approved or undoable)),
                _("Make void"),
                "change_void",
                "",
            ),
        ]
        return [
            {"label": label, "url": self.at(name, change.code), "style": style}
            for on, label, name, style in shown
            if on
        ]

    @property
    def chooses(self) -> bool:
        return KINDS[ChangeKind(self.change.kind)].releases and self.change.contract_id is None


class ChangeAct(InChange, ActionPage):
    """The base of what is done with a change."""

    form_class = OnceForm


class ChangeSubmit(ChangeAct):
    """Ask for the approvals."""

    permission = Permission.CHANGE_REQUEST
    submit_label = gettext_lazy("Submit for approval")
    success = gettext_lazy("Submitted. Whoever decides was told.")

    def get_title(self) -> str:
        return _("Submit change %(number)s") % {"number": self.change.number}

    def get_sentence(self) -> str:
        return _("%(unit)s bears the lock of the change until it is executed or ended, and the sale has no second change.") % {
            "unit": self.change.unit.number
        }  # fmt: skip

    def perform(self, form) -> Change:
        return changes.submit(op_id=form.cleaned_data["op_id"], code=self.change.code, by=self.request.user)


class ChangeWithdraw(ChangeAct):
    """Take one's own request back."""

    permission = Permission.CHANGE_REQUEST
    submit_label = gettext_lazy("Withdraw")
    success = gettext_lazy("Withdrawn. Its number stays listed as void.")

    def get_title(self) -> str:
        return _("Withdraw change %(number)s") % {"number": self.change.number}

    def get_sentence(self) -> str:
        return _("Nobody will decide this request any more. You may make it again.")

    def perform(self, form) -> Change:
        return changes.withdraw(op_id=form.cleaned_data["op_id"], code=self.change.code, by=self.request.user)


class ChangeVoid(ChangeAct):
    """It will not be executed."""

    permission = Permission.CHANGE_REQUEST
    form_class = VoidForm
    submit_label = gettext_lazy("Make void")
    success = gettext_lazy("Void. Its number stays listed.")

    def get_title(self) -> str:
        return _("Make change %(number)s void") % {"number": self.change.number}

    def get_sentence(self) -> str:
        if self.change.state == ChangeState.EXECUTED:
            return _("What it altered is undone: what stood before is in force again.")
        return _("It will not be executed, and the lock comes off the unit.")

    def perform(self, form) -> Change:
        values = form.cleaned_data
        return changes.void(
            op_id=values["op_id"], code=self.change.code, reason=values["reason"], by=self.request.user
        )  # fmt: skip


class ChangeRelease(ChangeAct):
    """Whoever decides chooses what becomes of the unit."""

    permission = Permission.APPROVAL_SEE
    form_class = ReleaseForm
    submit_label = gettext_lazy("Choose")
    success = gettext_lazy("Chosen. Now decide on the request.")

    def get_title(self) -> str:
        return _("What becomes of %(unit)s") % {"unit": self.change.unit.number}

    def get_sentence(self) -> str:
        return _("Withheld, it stays with the desk; available, whoever waits for it is offered it at once.")

    def get_initial(self) -> dict:
        return {"release": self.change.release}

    def perform(self, form) -> Change:
        values = form.cleaned_data
        return changes.choose_release(
            op_id=values["op_id"], code=self.change.code, release=Release(values["release"]), by=self.request.user
        )


class ChangeExecute(ChangeAct):
    """Carry out what others approved (T14–T18)."""

    permission = Permission.CHANGE_EXECUTE
    submit_label = gettext_lazy("Execute")
    final = True

    def get_title(self) -> str:
        return _("Execute change %(number)s") % {"number": self.change.number}

    def get_sentence(self) -> str:
        return _("What was approved takes effect now: %(kind)s, %(unit)s.") % {
            "kind": self.change.get_kind_display(), "unit": self.change.unit.number,
        }  # fmt: skip

    def perform(self, form) -> Change:
        return changes.execute(op_id=form.cleaned_data["op_id"], code=self.change.code, by=self.request.user)

    def get_success(self, result: Change) -> str:
        if result.state == ChangeState.EXECUTED:
            return _("Executed.")
        return _(
            "The sale changed since this was asked for, so nothing was done and the change is void. Request it again."
        )


class ChangeConfirm(ChangeAct):
    """The price of a unit that came back after a contract is confirmed (T17)."""

    permission = Permission.UNIT_RELEASE
    submit_label = gettext_lazy("The price is confirmed")
    success = gettext_lazy("The lock is off. The unit can be put on sale.")

    def get_title(self) -> str:
        return _("Confirm the price of %(unit)s") % {"unit": self.change.unit.number}

    def get_sentence(self) -> str:
        return _("The lock after the refund comes off. The unit stays withheld until it is put on sale.")

    def perform(self, form) -> Change:
        return changes.confirm_price(op_id=form.cleaned_data["op_id"], code=self.change.code, by=self.request.user)
