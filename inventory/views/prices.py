"""Pages of price lists (domain B4): propose, fill in line by line or from a file, submit, see what takes effect when."""

import tempfile
from pathlib import Path

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from openpyxl import Workbook

from inventory.forms.prices import (
    AdjustForm,
    EditHeadForm,
    LinesForm,
    NewPriceListForm,
    PriceFileForm,
    PriceListFilter,
    VersionForm,
)
from inventory.models import PriceList
from inventory.models.price import PriceKind
from inventory.queries import prices
from inventory.queries.scope import units_visible_to
from inventory.queries.standing import standing
from inventory.services import price_file
from inventory.services import prices as service
from inventory.states import CLAIMED, PriceListState
from inventory.views.base import InProject
from salescontrol.core import approvals, audit, tables, xlsx
from salescontrol.core.errors import Refusal
from salescontrol.core.forms import ids
from salescontrol.core.permissions import Permission
from salescontrol.core.views import ActionPage, FilePage, FormPage, ListPage

TONES = {
    PriceListState.DRAFT: "pending",
    PriceListState.SUBMITTED: "held",
    PriceListState.APPROVED: "warn",
    PriceListState.EFFECTIVE: "good",
    PriceListState.SUPERSEDED: "withheld",
    PriceListState.REJECTED: "bad",
}


class PriceLists(InProject, ListPage):
    """The project's price lists, newest first."""

    permission = Permission.PRICE_PROPOSE
    title = gettext_lazy("Price lists")
    filterset_class = PriceListFilter
    default_order = ("-made_at", "-pk")
    empty = gettext_lazy("No price list yet. Propose one to change the prices of many units together.")

    def prepare_in_project(self) -> None:
        if self.request.access.can(Permission.APPROVAL_SEE, self.project.pk):
            self.permission = Permission.APPROVAL_SEE

    def get_rows(self):
        lists = prices.price_lists_visible_to(self.request.access).filter(project=self.project)
        return lists.select_related("made_by")

    def get_columns(self):
        return (
            tables.Column("number", _("Price list"), link=lambda row: self.url("price_list", row.pk), sort=("number",)),
            tables.Column("title", _("Title"), sort=("title",)),
            tables.Column("kind", _("Kind"), lambda row: row.get_kind_display(), sort=("kind",)),
            tables.Column("effective_from", _("Effective from"), format="moment", sort=("effective_from",)),
            tables.Column("made_by", _("Proposed by"), "made_by.name", sort=("made_by__name",)),
            tables.Column(
                "state",
                _("State"),
                lambda row: row.get_state_display(),
                tone=lambda row: TONES[row.state],
                sort=("state",),
            ),
        )

    def get_context(self) -> dict:
        if not self.request.access.can(Permission.PRICE_PROPOSE, self.project_id):
            return {}
        return {
            "actions": [{"url": self.url("price_list_new"), "label": _("Propose a price list"), "style": "primary"}]
        }


class PriceListNew(InProject, FormPage):
    """Choose kind, units and a percentage; the draft opens with its lines."""

    permission = Permission.PRICE_PROPOSE
    title = gettext_lazy("Propose a price list")
    submit_label = gettext_lazy("Make the draft")
    form_class = NewPriceListForm

    def get_form_kwargs(self) -> dict:
        sees_floor = self.request.access.can(Permission.FLOOR_PRICE_SEE, self.project_id)
        return {"project": self.project, "floor_prices": sees_floor}

    def get_context(self) -> dict:
        return {"context_line": self.project.name, "back_url": self.url("price_lists")}

    def perform(self, form) -> PriceList:
        values = form.cleaned_data
        return service.create_price_list(
            project=self.project,
            kind=values["kind"],
            title=values["title"],
            effective_from=values["effective_from"],
            reason=values["reason"],
            building_ids=[building.pk for building in values["buildings"]],
            percent=values["percent"],
            visible=units_visible_to(self.request.access),
            by=self.request.user,
        )

    def get_success_url(self, result: PriceList) -> str:
        return self.url("price_list", result.pk)


class OnePriceList(InProject):
    """Mixin: `self.price_list` among those this user may see, or 404."""

    permission = Permission.PRICE_PROPOSE

    def prepare_in_project(self) -> None:
        visible = prices.price_lists_visible_to(self.request.access).filter(project=self.project)
        found = visible.select_related("made_by", "project").filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise Http404
        self.price_list = found

    @property
    def editable(self) -> bool:
        return service.is_open(self.price_list) and self.request.access.can(Permission.PRICE_PROPOSE, self.project_id)

    @property
    def sees_floor(self) -> bool:
        return self.request.access.can(Permission.FLOOR_PRICE_SEE, self.project_id)

    def get_initial(self) -> dict:
        return {"version": self.price_list.version}

    def get_back_url(self) -> str:
        return self.url("price_list", self.price_list.pk)

    def get_success_url(self, result) -> str:
        return self.get_back_url()


class PriceListPage(OnePriceList, ListPage):
    """A price list: what it would change, line by line; while it is open its lines are a grid to type in."""

    permission = None
    template_name = "inventory/price_list.html"
    default_order = ("unit__building__position", "unit__entrance", "-unit__floor", "unit__stack", "pk")

    def get_title(self) -> str:
        return str(self.price_list)

    def get_rows(self):
        return self.price_list.lines.select_related("unit__building")

    def get_columns(self):
        columns = (
            tables.Column("unit", _("Unit"), "unit.number", link=lambda line: self.url("unit", line.unit_id)),
            tables.Column("area", _("Built area"), "unit.built_area", format="area"),
            tables.Column("old_unit_price", _("Unit price before"), format="money"),
            tables.Column("unit_price", _("Unit price"), format="money", sort=("unit_price",)),
            tables.Column("old_total", _("Total before"), format="money"),
            tables.Column("total", _("Total"), format="money", sort=("total",)),
            tables.Column("change", _("Change by"), change_of),
            tables.Column("note", _("Note"), wrap=True),
            tables.Column("effect", _("In effect"), self.effect_of, wrap=True),
        )
        if not self.sees_floor or self.price_list.kind != PriceKind.LIST:
            return columns
        below = tables.Column(
            "below", _("Floor price"), below_floor, tone=lambda line: "bad" if below_floor(line) else ""
        )
        return (*columns[:7], below, *columns[7:])

    def effect_of(self, line) -> str:
        if line.applied_at:
            return tables.FORMATS["moment"](line.applied_at)
        if standing(line.unit) in CLAIMED and self.price_list.state in (
            PriceListState.APPROVED,
            PriceListState.EFFECTIVE,
            PriceListState.SUBMITTED,
        ):
            return _("takes effect when the claim ends")
        return ""

    def page_of(self, rows) -> dict:
        context = super().page_of(rows)
        if self.editable and getattr(self, "form", None) is None:
            lines = context["page"].object_list
            self.form = LinesForm(lines=lines, initial={"version": self.price_list.version})
        return {**context, "lines_form": getattr(self, "form", None), "editing": self.editable}

    def get_context(self) -> dict:
        price_list, found = self.price_list, prices.effect(self.price_list)
        asked = approvals.visible_to(self.request.access).filter(kind=service.KIND, target_id=price_list.pk)
        return {
            "price_list": price_list,
            "tone": TONES[PriceListState(price_list.state)],
            "effect": found,
            "percent": found.percent,
            "sees_floor": self.sees_floor,
            "requests": [
                {"approval": item, "url": approvals.page_url(item)}
                for item in asked.select_related("requested_by").order_by("-pk")
            ],
            "actions": self.actions(),
        }

    def actions(self) -> list[dict]:
        found = []
        if self.editable:
            found = [
                ("price_list_template", _("Template"), ""),
                ("price_list_file", _("Prices from a file"), ""),
                ("price_list_adjust", _("Change by per cent"), ""),
                ("price_list_head", _("Title and time"), ""),
                ("price_list_submit", _("Submit for approval"), "primary"),
            ]
        return [
            {"url": self.url(name, self.price_list.pk), "label": label, "style": style} for name, label, style in found
        ]


def change_of(line) -> str:
    """How much a line changes the total, in per cent."""
    if not line.old_total:
        return ""
    return _("%(percent)s %%") % {"percent": f"{(line.total - line.old_total) / line.old_total * 100:+.2f}"}


def below_floor(line) -> str:
    """A warning for lines below the unit's floor price."""
    floor = line.unit.floor_total
    return _("below") if floor is not None and line.total < floor else ""


class PriceListLines(PriceListPage):
    """Store the grid, or take the chosen lines out; a refusal is shown at the fields of the grid."""

    permission = Permission.PRICE_PROPOSE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        lines = self.get_rows().filter(pk__in=ids(request.POST.getlist("line"))).order_by(*self.default_order)
        self.form = LinesForm(request.POST, lines=lines)
        status = 422
        if self.form.is_valid():
            try:
                self.store(request)
            except Refusal as refusal:
                self.form.add_refusal(refusal)
                status = refusal.status
            else:
                messages.success(request, _("Saved."))
                return HttpResponseRedirect(f"{self.get_back_url()}?{request.GET.urlencode()}")
        response = self.get(request)
        response.status_code = status
        return response

    def store(self, request: HttpRequest) -> None:
        version = self.form.cleaned_data["version"]
        if "remove" in request.POST:
            chosen = ids(request.POST.getlist("chosen"))
            service.remove_lines(price_list=self.price_list, line_ids=chosen, version=version, by=request.user)
        else:
            service.edit_lines(price_list=self.price_list, typed=self.form.typed(), version=version, by=request.user)


class PriceListHead(OnePriceList, FormPage):
    """Title, time and reason of an open list."""

    title = gettext_lazy("Title and time")
    form_class = EditHeadForm
    success = gettext_lazy("Saved.")

    def get_initial(self) -> dict:
        found = self.price_list
        return {
            **super().get_initial(),
            "title": found.title,
            "effective_from": found.effective_from,
            "reason": found.reason,
        }

    def get_context(self) -> dict:
        return {"context_line": str(self.price_list), "back_url": self.get_back_url()}

    def perform(self, form) -> PriceList:
        return service.edit_head(price_list=self.price_list, by=self.request.user, **form.cleaned_data)


class PriceListAdjust(OnePriceList, FormPage):
    """Change every line by a percentage."""

    title = gettext_lazy("Change by per cent")
    submit_label = gettext_lazy("Change every line")
    form_class = AdjustForm
    success = gettext_lazy("Changed.")

    def get_context(self) -> dict:
        return {"context_line": str(self.price_list), "back_url": self.get_back_url()}

    def perform(self, form) -> PriceList:
        return service.adjust_lines(price_list=self.price_list, by=self.request.user, **form.cleaned_data)


class PriceListFile(OnePriceList, FormPage):
    """Take prices from a workbook."""

    title = gettext_lazy("Prices from a file")
    submit_label = gettext_lazy("Read the prices")
    form_class = PriceFileForm
    success = gettext_lazy("The prices were taken over. Look at them before you submit.")

    def get_context(self) -> dict:
        return {"context_line": str(self.price_list), "back_url": self.get_back_url()}

    def perform(self, form) -> PriceList:
        upload = form.cleaned_data["file"]
        with tempfile.NamedTemporaryFile(suffix=Path(upload.name).suffix[:10]) as kept:
            for chunk in upload.chunks():
                kept.write(chunk)
            kept.flush()
            return price_file.read_prices(
                price_list=self.price_list,
                path=Path(kept.name),
                name=upload.name,
                version=form.cleaned_data["version"],
                visible=units_visible_to(self.request.access),
                by=self.request.user,
            )


class PriceListTemplate(OnePriceList, FilePage):
    """The list as a workbook to fill in."""

    def get_file(self) -> HttpResponse:
        book = Workbook(write_only=True)
        heads = [
            (_("Building"), "text"),
            (_("Entrance"), "text"),
            (_("Floor"), "text"),
            (_("Room"), "text"),
            (_("Built area"), "area"),
            (_("Unit price"), "money"),
            (_("Total price"), "money"),
            (_("Note"), "text"),
        ]
        rows = price_file.template_rows(self.price_list)
        audit.record(
            "export",
            by=self.request.user,
            project_id=self.project_id,
            detail={"what": "price_list", "number": self.price_list.number, "rows": len(rows)},
        )
        xlsx.table(book, self.price_list.number, heads, rows)
        return xlsx.response(book, self.price_list.number)


class PriceListSubmit(OnePriceList, ActionPage):
    """Ask for the decision on a list."""

    submit_label = gettext_lazy("Submit for approval")
    success = gettext_lazy("Submitted. Its units are locked until it is decided.")
    form_class = VersionForm

    def get_title(self) -> str:
        return _("Submit %(number)s") % {"number": self.price_list.number}

    def get_sentence(self) -> str:
        return _(
            "%(count)s units are locked until the list is decided: no new hold or deal begins on them. "
            "Nothing of it can be edited meanwhile."
        ) % {"count": self.price_list.lines.count()}

    def perform(self, form):
        return service.submit_price_list(
            price_list=self.price_list, version=form.cleaned_data["version"], by=self.request.user
        )
