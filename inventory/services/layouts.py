"""Layouts (户型): their code, rooms and area; drawings are materials (R1.3)."""

from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from inventory.models import Layout, Project
from inventory.rules.text import fold, tidy
from salescontrol.core.access import access_of
from salescontrol.core.errors import Conflict
from salescontrol.core.history import save_tracked
from salescontrol.core.permissions import Permission


@transaction.atomic
def save_layout(
    *,
    project: Project,
    layout: Layout | None,
    code: str,
    description: str,
    bedrooms: int | None,
    living_rooms: int | None,
    bathrooms: int | None,
    built_area: Decimal | None,
    by,
) -> Layout:
    """Make or change a layout; `built_area` in ㎡. Raises Forbidden, Conflict when the code is used, however it is spelled."""
    access_of(by).require(Permission.UNIT_ENTER, project.pk)
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    row = layout or Layout(project=project)
    row.code, row.description = tidy(code), tidy(description)
    row.bedrooms, row.living_rooms, row.bathrooms, row.built_area = bedrooms, living_rooms, bathrooms, built_area
    others = Layout.objects.filter(project=project).exclude(pk=row.pk).values_list("code", flat=True)
    same = next((other for other in others if fold(other) == fold(row.code)), None)
    if same is not None:
        message = _("Layout “%(code)s” is there already. Choose another code, or change that one.") % {"code": same}
        raise Conflict(message, code="taken", fields={"code": [message]})
    save_tracked(row, action="layout.change" if layout else "layout.enter", by=by)
    return row
