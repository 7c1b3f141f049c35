"""Pages that keep units back for an opening event 选房 and let them go: one from its own page, many from a list (domain B2.3)."""

from collections.abc import Collection

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from inventory.forms.release import ReasonForm
from inventory.models import Unit
from inventory.queries.scope import units_visible_to
from inventory.services import locks
from inventory.states import Lock
from inventory.views.release import Release
from inventory.views.units import OneUnit
from salescontrol.core.permissions import Permission
from salescontrol.core.views import ActionPage


class Keep:
    """Mixin: laying the lock, and what is said about it."""

    permission = Permission.LOCK_LAY

    def perform_on(self, unit_ids: Collection[int], reason: str) -> list[Unit]:
        return self.act(
            project=self.project,
            unit_ids=unit_ids,
            visible=units_visible_to(self.request.access),
            reason=reason,
            by=self.request.user,
        )

    def act(self, **chosen) -> list[Unit]:
        return locks.keep_for_opening(**chosen)

    def told(self, chosen: list[Unit]) -> str:
        text = ngettext(
            "%(count)s unit is kept for the opening event.",
            "%(count)s units are kept for the opening event.",
            len(chosen),
        )
        return text % {"count": len(chosen)}

    def button(self) -> str:
        return _("Keep for an opening event")


class Lift(Keep):
    """Mixin: lifting the lock."""

    def act(self, **chosen) -> list[Unit]:
        return locks.lift_opening(**chosen)

    def told(self, chosen: list[Unit]) -> str:
        text = ngettext(
            "The lock of %(count)s unit is lifted.", "The locks of %(count)s units are lifted.", len(chosen)
        )
        return text % {"count": len(chosen)}

    def button(self) -> str:
        return _("Lift the lock")


class UnitLock(Keep, OneUnit, ActionPage):
    """Keep one unit for an opening event."""

    form_class = ReasonForm

    @property
    def submit_label(self) -> str:
        return self.button()

    def get_title(self) -> str:
        return _("Keep %(unit)s for an opening event") % {"unit": self.unit.number}

    def get_sentence(self) -> str:
        return _("Nobody can hold the unit or put it on sale until the lock is lifted.")

    def perform(self, form) -> list[Unit]:
        return self.perform_on([self.unit.pk], form.cleaned_data["reason"])

    def get_success(self, result: list[Unit]) -> str:
        return self.told(result)

    def get_success_url(self, result: list[Unit]) -> str:
        return self.get_back_url()


class UnitUnlock(Lift, UnitLock):
    """Let one unit go."""

    def get_title(self) -> str:
        return _("Lift the lock of %(unit)s") % {"unit": self.unit.number}

    def get_sentence(self) -> str:
        return _("The unit can be put on sale, held and sold again, unless another lock is on it.")


class LockMany(Keep, Release):
    """Units without a claim, to be kept for an opening event: the chosen ones or all that match the filter."""

    title = gettext_lazy("Keep units for an opening event")
    url_name = "lock"
    empty = gettext_lazy("No unit is free to be kept back.")

    def get_rows(self):
        free = super(Release, self).get_rows().filter(status__in=locks.OPEN)
        return free.exclude(locks__contains=Lock.OPENING)

    def get_context(self) -> dict:
        name, label = self.other()
        return {**super().get_context(), "actions": [{"url": self.url(name), "label": label, "style": ""}]}

    def other(self) -> tuple[str, str]:
        return "unlock", _("Lift locks")


class UnlockMany(Lift, LockMany):
    """Units kept for an opening event, to be let go."""

    title = gettext_lazy("Lift locks of an opening event")
    url_name = "unlock"
    empty = gettext_lazy("No unit is kept for an opening event.")

    def get_rows(self):
        return super(Release, self).get_rows().filter(locks__contains=Lock.OPENING)

    def other(self) -> tuple[str, str]:
        return "lock", _("Keep units")
