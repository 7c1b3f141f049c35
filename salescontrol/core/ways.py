"""Pages of the ways on which word of notices goes outside the inbox: one's own, and (by inventory) a project's group chat."""

from collections.abc import Iterator

from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from salescontrol.core import notices, outside
from salescontrol.core.forms import WayForm
from salescontrol.core.history import Entry, timeline
from salescontrol.core.models import NoticeDelivery, NoticeWay, WayKind
from salescontrol.core.views import DetailPage, FormPage

KINDS = {"email": WayKind.EMAIL, "robot": WayKind.ROBOT}


class Ways(DetailPage):
    """One's own ways: where word goes, about what, and whether it arrives."""

    template_name = "core/ways.html"
    title = gettext_lazy("Outside the inbox")

    def get_context(self) -> dict:
        user = self.request.user
        ways = {slug: outside.way_of(kind, user=user) for slug, kind in KINDS.items()}
        states = outside.state_of(ways.values())
        return {"ways": [_line(slug, way, states.get(way.pk)) for slug, way in ways.items()]}


def _line(slug: str, way: NoticeWay, state: NoticeDelivery | None) -> dict:
    return {
        "label": way.get_kind_display(),
        "url": reverse("notice_way", args=[slug]),
        "address": outside.masked(way),
        "groups": [notices.GROUPS[code].label for code in way.groups if code in notices.GROUPS],
        "state": _state(state),
    }


def _state(delivery: NoticeDelivery | None) -> dict:
    """When the last letter was taken, or was not."""
    return {"sent_at": delivery.sent_at, "failed_at": delivery.failed_at} if delivery else {}


def _steps(way: NoticeWay) -> Iterator[dict]:
    for entry in timeline(way)[:20] if way.pk else ():
        yield {"at": entry.at, "text": _sentence(entry), "who": getattr(entry.by, "name", "")}


def _sentence(entry: Entry) -> str:
    """What changed, without the address itself."""
    changed = {change.field: change for change in entry.changes}
    if not changed:
        return _("Set up")
    if "address" in changed:
        return _("Address changed") if changed["address"].new else _("Switched off")
    return _("Choice of messages changed")


class WayPage(FormPage):
    """The base of the form of one way; `self.way` is found in `prepare`."""

    form_class = WayForm  # type: ignore[assignment]
    template_name = "core/way_form.html"
    way: NoticeWay

    def get_context(self) -> dict:
        state = outside.state_of([self.way]).get(self.way.pk)
        return {"line": {"state": _state(state), "steps": list(_steps(self.way))}}

    def get_form_kwargs(self) -> dict:
        shared_only = self.way.project_id is not None
        groups = [(code, group.label) for code, group in notices.GROUPS.items() if group.shared or not shared_only]
        masked = outside.masked(self.way)
        return {"groups": groups, "email": self.way.kind == WayKind.EMAIL, "masked": masked}

    def get_initial(self) -> dict:
        chosen = self.way.groups if self.way.pk else list(notices.GROUPS)
        address = self.way.address if self.way.kind == WayKind.EMAIL else ""
        return {"address": address or self.proposed(), "groups": chosen}

    def proposed(self) -> str:
        return ""

    def perform(self, form: WayForm) -> NoticeWay:
        values = dict(form.cleaned_data)
        test = values.pop("test")
        return outside.set_up(way=self.way, test=test, by=self.request.user, **values)

    def get_success(self, result: NoticeWay) -> str:
        return _("Saved.") if result.address else _("Saved. No word goes outside this way.")


class WayEdit(WayPage):
    """One's own e-mail or robot."""

    def prepare(self) -> None:
        if self.kwargs["kind"] not in KINDS:
            raise Http404
        self.way = outside.way_of(KINDS[self.kwargs["kind"]], user=self.request.user)

    def get_title(self) -> str:
        return self.way.get_kind_display()

    def get_context(self) -> dict:
        intro = _("Only a general sentence and a link leave the house; what the message says stays in the inbox.")
        return {**super().get_context(), "back_url": reverse("notice_ways"), "context_line": intro}

    def proposed(self) -> str:
        return getattr(self.request.user, "email", "") if self.way.kind == WayKind.EMAIL and not self.way.pk else ""

    def get_success_url(self, result: NoticeWay) -> str:
        return reverse("notice_ways")
