"""The record: the audit trail, who saw whom, the check of everything, and units under examination (R6.4, R7.5)."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory.forms.release import ReasonForm
from inventory.models import Unit
from salescontrol.core import clock, journal
from salescontrol.core.errors import NotVisible
from salescontrol.core.forms import Form
from salescontrol.core.models import RewritingReason
from salescontrol.core.permissions import Permission
from salescontrol.core.proof import Finding
from salescontrol.core.tables import Column
from salescontrol.core.views import ActionPage, DetailPage, ListPage
from security import acts
from security.forms.trail import SeenFilter, TrailFilter
from security.queries import consistency, trail
from security.services import consistency as service

COLUMNS = (
    Column("at", gettext_lazy("Time"), format="moment", sort=("at",)),
    Column("who", gettext_lazy("Who"), lambda row: row.actor.name if row.actor else "", sort=("actor__name",)),
    Column("sentence", gettext_lazy("What was done"), trail.sentence),
    Column("action", gettext_lazy("Act"), lambda row: acts.label(row.action), sort=("action",)),
    Column("object", gettext_lazy("Object"), lambda row: row.object or ""),
    Column("project", gettext_lazy("Project"), lambda row: row.project_name or ""),
    Column("ip", gettext_lazy("From address"), "ip"),
)
REWRITTEN = (("encrypted", RewritingReason.KEYS), ("erased", RewritingReason.ERASURE))


class Trail(ListPage):
    """Everything that was done and is no row of its own, one sentence each; Excel of what is shown is itself on record."""

    permission = Permission.AUDIT_SEE
    export_permission = Permission.AUDIT_SEE
    template_name = "security/trail.html"
    title = gettext_lazy("Audit trail")
    filterset_class = TrailFilter
    columns = COLUMNS
    empty = gettext_lazy("Nothing is on record here.")

    def get_rows(self):
        return trail.named(trail.trail_visible_to(self.request.access))

    def get_context(self) -> dict:
        return {"check": _check_line(trail.latest_check()), "journal": _journal_line()}


class Seen(ListPage):
    """Who saw the customer or unit of a number in the last 180 days."""

    permission = Permission.AUDIT_SEE
    export_permission = Permission.AUDIT_SEE
    title = gettext_lazy("Who saw whom")
    context_line = gettext_lazy("Who saw, searched, revealed or took away a customer or a unit in the last 180 days.")
    filterset_class = SeenFilter
    columns = COLUMNS
    empty = gettext_lazy(
        "Enter the number of a customer or unit. If it is entered and nothing is listed, nobody has seen it."
    )

    def get_rows(self):
        return trail.named(trail.seen_by(self.request.access, self.request.GET.get("object", "")[:60]))


class CheckNow(ActionPage):
    """Have the whole record checked."""

    title = gettext_lazy("Check the record now")
    submit_label = gettext_lazy("Check now")
    form_class = Form
    success = gettext_lazy("The check has begun; what it finds is shown here in a moment.")

    def prepare(self) -> None:
        access = self.request.access
        if not access.can(Permission.CONSISTENCY_SEE):
            access.require(Permission.AUDIT_SEE)

    def get_sentence(self) -> str:
        return _("All events are replayed, every digest is computed again and compared with the journal. Nothing is repaired; "
                 "units that do not fit are frozen.")  # fmt: skip

    def get_back_url(self) -> str:
        return reverse("security:consistency")

    def perform(self, form: Form) -> None:
        service.ask_for_check(by=self.request.user)

    def get_success_url(self, result: None) -> str:
        return reverse("security:consistency")


class Consistency(DetailPage):
    """What the last check found, a sentence each; no personal data."""

    permission = Permission.CONSISTENCY_SEE
    title = gettext_lazy("Check of the record")
    template_name = "security/consistency.html"

    def get_context(self) -> dict:
        check = consistency.latest_check()
        chain = [Finding(**row).sentence for row in check.detail["chain"]] if check else []
        return {
            "check": _check_line(check),
            "problems": consistency.lines_of(check, self.request.access),
            "chain": chain,
            "journal": _journal_line(),
            "rotation": consistency.latest_rotation(),
        }


class FreezeLift(ActionPage):
    """Let a unit be sold again that the check froze."""

    permission = Permission.LOCK_LAY
    title = gettext_lazy("End the examination")
    submit_label = gettext_lazy("Let it be sold again")
    form_class = ReasonForm
    success = gettext_lazy("The unit can be claimed again.")

    def prepare(self) -> None:
        self.unit = consistency.frozen_unit(self.request.access, self.kwargs["pk"])
        if self.unit is None:
            raise NotVisible(_("There is no such unit under examination."))

    @property
    def project_id(self) -> int:
        return self.unit.project_id

    def get_sentence(self) -> str:
        return _("%(unit)s was frozen because something did not fit. From now on it can be claimed again; if the difference is "
                 "still there, the next check freezes it anew.") % {"unit": self.unit}  # fmt: skip

    def get_back_url(self) -> str:
        return reverse("security:consistency")

    def perform(self, form: ReasonForm) -> Unit:
        return service.lift_freeze(unit_id=self.unit.pk, reason=form.cleaned_data["reason"], by=self.request.user)

    def get_success_url(self, result: Unit) -> str:
        return reverse("security:consistency")


def _check_line(check) -> dict[str, Any] | None:
    if check is None:
        return None
    return {
        "at": check.at,
        "by": check.actor,
        **{name: check.detail[name] for name in ("count", "rows", "seals", "lines", "anchored")},
        # Checks from before there was such a thing say nothing of it.
        **{name: check.detail.get("rewritten", {}).get(reason, 0) for name, reason in REWRITTEN},
    }


def _journal_line() -> dict[str, Any]:
    state = journal.state()
    return {
        "seconds": round(state.lag.total_seconds()), "alarm": state.alarm, "restore_needed": state.restore_needed,
        "at": clock.now(),
    }  # fmt: skip
