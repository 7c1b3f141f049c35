"""Floor plans, renderings and other files: of a unit, and through its layout (R1.3)."""

from collections.abc import Iterable

from django.db.models import F, Q, QuerySet

from inventory.models import Layout, Material, Project, Unit
from inventory.models.material import MaterialKind
from inventory.queries.scope import units_visible_to
from salescontrol.core import files
from salescontrol.core.access import Access
from salescontrol.core.permissions import Permission


def of_unit(unit: Unit) -> QuerySet[Material]:
    """The unit's own materials and those of its layout; its own first."""
    mine = Q(unit=unit) | (Q(layout=unit.layout_id) if unit.layout_id else Q(pk__in=[]))
    found = Material.every.filter(mine, removed_at__isnull=True).select_related("file", "added_by", "layout")
    return found.order_by(F("layout_id").asc(nulls_first=True), "pk")


def of_layout(layout: Layout) -> QuerySet[Material]:
    return (
        Material.every.filter(layout=layout, removed_at__isnull=True).select_related("file", "added_by").order_by("pk")
    )


def visible_to(access: Access, project: Project) -> QuerySet[Material]:
    """Materials of the units that the user may see, and of layouts: all for who keeps them, else of those units' layouts."""
    seen = units_visible_to(access).filter(project=project).order_by()
    layouts = Layout.objects.filter(project=project)
    if not (access.can(Permission.MATERIAL_ADD, project.pk) or access.can(Permission.UNIT_SEE_ALL, project.pk)):
        layouts = layouts.filter(pk__in=seen.values("layout"))
    mine = Q(unit__in=seen.values("pk")) | Q(layout__in=layouts.values("pk"))
    return Material.objects.filter(mine, removed_at__isnull=True).scoped()


def shown(materials: Iterable[Material]) -> list[dict]:
    """Floor plans first, then renderings, then files; each with whether it is a picture that can be looked at here."""
    order = list(MaterialKind)
    ordered = sorted(materials, key=lambda item: order.index(MaterialKind(item.kind)))
    return [{"material": item, "picture": files.is_picture(item.file)} for item in ordered]
