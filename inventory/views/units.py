"""The list of units and the page of one unit."""

from dataclasses import replace
from datetime import datetime

from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from inventory.forms.units import UnitFilter
from inventory.models import Unit
from inventory.models.unit import Orientation, PropertyType
from inventory.queries import history, materials, units
from inventory.queries.present import TONES, card, sight
from inventory.queries.review import labels, missing_for_approval
from inventory.queries.scope import own_units
from inventory.states import Lock, Review, Status
from inventory.views.base import InProject
from salescontrol.core import approvals, clock, panels, tables
from salescontrol.core.models import Approval
from salescontrol.core.permissions import Permission
from salescontrol.core.views import DetailPage, ListPage
from salescontrol.core.words import listed

REVIEW_TONES = {Review.DRAFT: "pending", Review.SUBMITTED: "held", Review.RETURNED: "bad", Review.APPROVED: "good"}
PANEL_SECTIONS = ("inventory/unit_history_short.html", "inventory/material_short.html")


def _locks(unit: Unit) -> str:
    return listed(Lock(code).label for code in unit.lock_codes) if unit.locks else ""


COLUMNS = {
    column.key: column
    for column in (
        tables.Column("number", _("Unit"), sort=("building__position", "entrance", "floor", "stack")),
        tables.Column(
            "status", _("Status"), "standing", sort=("standing",), choices=dict(Status.choices),
            tone=lambda unit: TONES[unit.standing]
        ),
        tables.Column("building", _("Building"), "building.name", sort=("building__position",), minor=True),
        tables.Column("floor", _("Floor"), "floor_label", sort=("floor",), minor=True),
        tables.Column("layout", _("Layout"), "layout.code", sort=("layout__code",)),
        tables.Column("orientation", _("Orientation"), sort=("orientation",), minor=True, choices=dict(Orientation.choices)),
        tables.Column("area_now", _("Area, ㎡"), format="area", sort=("area_now",)),
        tables.Column("list_unit_price", _("List unit price"), format="money", sort=("list_unit_price",), minor=True),
        tables.Column("list_total", _("List price"), format="money", sort=("list_total",)),
        tables.Column("floor_total", _("Floor price"), format="money", sort=("floor_total",), minor=True),
        tables.Column("salesperson", _("Salesperson"), "salesperson.name", sort=("salesperson__name",)),
        tables.Column(
            "review",
            _("Review"),
            sort=("review",),
            tone=lambda unit: REVIEW_TONES[unit.review],
            minor=True,
            choices=dict(Review.choices),
        ),
        tables.Column("locks", _("Locks"), _locks, minor=True),
        tables.Column(
            "property_type", _("Property type"), sort=("property_type",), minor=True, choices=dict(PropertyType.choices)
        ),
    )
}  # fmt: skip


class UnitRows(InProject):
    """Mixin before ListPage: the units that this user may see, their columns and filters, by sight."""

    filterset_class = UnitFilter
    paginator_class = tables.LatePages
    default_order = ("building__position", "entrance", "-floor", "stack", "pk")

    @cached_property
    def now(self) -> datetime:
        """The instant at which the list is true: that of the request."""
        return getattr(self.request, "arrived_at", None) or clock.now()

    @cached_property
    def visible(self):
        return units.listed(self.request.access, self.project, self.now)

    def get_rows(self):
        return self.visible

    def get_filterset_kwargs(self) -> dict:
        choices = units.choices(self.request.access, self.project, self.visible)
        return {"choices": choices, "hidden": self.hidden, "now": self.now}

    @cached_property
    def may(self) -> dict:
        """Which columns need a right of their own, and whether this user has it."""
        access, project = self.request.access, self.project.pk
        drafts = access.can(Permission.UNIT_SEE_DRAFTS, project) or access.can(Permission.UNIT_SEE_SUBMITTED, project)
        return {
            "floor_total": access.can(Permission.FLOOR_PRICE_SEE, project),
            "review": drafts,
            "salesperson": access.can(Permission.UNIT_SEE_PEOPLE, project),
        }

    @property
    def hidden(self) -> tuple[str, ...]:
        return tuple(name for name in ("review", "salesperson") if not self.may[name])

    def get_columns(self):
        base = self.url("unit_list")
        shown = [column for key, column in COLUMNS.items() if self.may.get(key, True)]
        return [replace(shown[0], link=lambda unit: f"{base}{unit.pk}/"), *shown[1:]]

    def get_totals(self, rows) -> dict:
        return units.totals(rows, floor_price=self.may["floor_total"])


class UnitList(UnitRows, ListPage):
    """Every unit that the user may see, with filters, sums and Excel of exactly what is shown."""

    permission = Permission.BOARD_SEE
    export_permission = Permission.UNIT_EXPORT
    title = _("Units")

    def get_columns(self):
        columns = super().get_columns()
        if not self.request.access.can(Permission.UNIT_SEE_OWN, self.project_id):
            return columns
        mine = frozenset(own_units(self.request.access).filter(project=self.project).values_list("pk", flat=True))
        return [*columns, tables.Column("mine", _("Mine"), lambda unit: _("mine") if unit.pk in mine else "")]

    @property
    def empty(self):
        if self.request.access.can(Permission.UNIT_ENTER, self.project_id):
            return _("No unit is here yet. Import a price list, or enter the first unit by form.")
        return _("No unit is yours yet. The supervisor assigns units; ask at the desk.")

    def get_context(self) -> dict:
        return {"actions": list_actions(self.request.access, self.project)}


def list_actions(access, project) -> list[dict]:
    """The buttons above the list."""
    offered = (
        (Permission.UNIT_ASSIGN, "assign", _("Assign"), ""),
        (Permission.UNIT_RELEASE_PROPOSE, "release", _("Put on sale"), ""),
        (Permission.LOCK_LAY, "lock", _("Keep for an opening event"), ""),
        (Permission.BATCH_SUBMIT, "batch_new", _("Import"), ""),
        (Permission.UNIT_ENTER, "unit_enter", _("Enter a unit"), "primary"),
    )
    return [
        {"url": reverse(f"inventory:{name}", args=[project.code]), "label": label, "style": style}
        for permission, name, label, style in offered
        if access.can(permission, project.pk)
    ]


class OneUnit(InProject):
    """Mixin before a base view: finds `self.unit` of the address among those this user may see, or 404."""

    def prepare_in_project(self) -> None:
        self.unit = units.find_unit(self.request.access, self.project, self.kwargs["pk"])

    def get_back_url(self) -> str:
        return self.url("unit", self.unit.pk)


class UnitPage(OneUnit, DetailPage):
    """Everything about one unit: prices, facts, materials, what waits, and its whole life in sentences."""

    permission = Permission.BOARD_SEE
    template_name = "inventory/unit.html"

    def get_title(self) -> str:
        return self.unit.number

    def get_context(self) -> dict:
        access, unit = self.request.access, self.unit
        return {
            "unit": unit,
            "card": card(unit, sight(access, unit.project_id)),
            "drafted": unit.review != Review.APPROVED,
            "review_tone": REVIEW_TONES[Review(unit.review)],
            "sections": [
                section
                for section in panels.sections("unit", access, unit)
                if section["template"] not in PANEL_SECTIONS
            ],
            "areas": areas(unit),
            "belongs_to": units.belongs_to(access, unit),
            "attached": units.attached_rooms(access, unit),
            "missing": labels(missing_for_approval(unit.project, [unit]).get(unit.pk, ()))
            if unit.review != Review.APPROVED
            else [],
            "pending": pending(access, unit),
            "materials": materials.shown(materials.of_unit(unit)),
            "may_add": access.can(Permission.MATERIAL_ADD, unit.project_id),
            "may_edit": access.can(Permission.UNIT_ENTER, unit.project_id)
            and unit.review in (Review.DRAFT, Review.RETURNED),
            "steps": history.steps(access, unit),
        }


def areas(unit: Unit) -> list[dict]:
    """Planned and surveyed areas side by side (domain B2.1)."""
    lines = (
        (_("Built area"), unit.built_area, unit.surveyed_built_area),
        (_("Inner area"), unit.inner_area, unit.surveyed_inner_area),
        (_("Shared area"), unit.shared_area, unit.surveyed_shared_area),
    )
    return [{"label": label, "planned": planned, "surveyed": surveyed} for label, planned, surveyed in lines]


def pending(access, unit: Unit) -> list[dict]:
    """The requests about this unit that wait for a decision, as far as this reader may see them."""
    waiting = approvals.visible_to(access).filter(
        kind__startswith="unit.", target_id=unit.pk, state=Approval.State.PENDING
    )
    return [
        {"approval": item, "kind": approvals.KINDS[item.kind].label, "url": approvals.page_url(item)}
        for item in waiting.select_related("requested_by")
    ]
