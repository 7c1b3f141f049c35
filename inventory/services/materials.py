"""Floor plans, renderings and files are added to units and layouts, and taken away with a record (R1.3)."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from inventory.models import Layout, Material, Unit
from inventory.models.material import MaterialKind
from salescontrol.core import clock, files
from salescontrol.core.access import access_of
from salescontrol.core.errors import Conflict
from salescontrol.core.history import save_tracked
from salescontrol.core.permissions import Permission

# A drawing is something to look at; only other files may be documents.
KINDS = {
    MaterialKind.FLOOR_PLAN: ("image", "pdf"),
    MaterialKind.RENDERING: ("image", "pdf"),
    MaterialKind.FILE: ("image", "pdf", "document"),
}


@transaction.atomic
def add_material(*, to: Unit | Layout, kind: str, title: str, upload: Any, by) -> Material:
    """Add a file to a unit, or to a layout and so to all its units. Raises Forbidden, and Refusal when the file is not taken."""
    access_of(by).require(Permission.MATERIAL_ADD, to.project_id)
    kept = files.take_in(upload, by=by, kinds=KINDS[MaterialKind(kind)])
    material = Material(
        unit=to if isinstance(to, Unit) else None,
        layout=to if isinstance(to, Layout) else None,
        kind=kind,
        title=title.strip()[:80] or kept.name[:80],
        file=kept,
        added_by=by,
    )
    save_tracked(material, action="material.add", by=by)
    return material


@transaction.atomic
def remove_material(*, material: Material, by) -> Material:
    """Take a material off; the file and its record stay. Raises Conflict when somebody was faster."""
    locked = Material.every.select_for_update(of=("self",)).select_related("unit", "layout").get(pk=material.pk)
    access_of(by).require(Permission.MATERIAL_ADD, project_of(locked))
    if locked.removed_at is not None:
        raise Conflict(_("“%(title)s” has been removed already.") % {"title": locked.title}, code="removed")
    locked.removed_at = clock.now()
    save_tracked(locked, action="material.remove", by=by, fields=["removed_at"])
    return locked


def project_of(material: Material) -> int:
    """The id of the project that the material belongs to."""
    owner = material.unit or material.layout
    if owner is None:
        raise ValueError("a material belongs to a unit or a layout")
    return owner.project_id
