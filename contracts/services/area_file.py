"""Surveyed areas from a workbook: a row a unit, its place and its surveyed built area, as surveyors hand them over (domain B9)."""

from collections.abc import Mapping
from pathlib import Path

from django.utils.translation import gettext as _

from contracts.services.area_batches import Row
from inventory import rules
from inventory.importing import Refused, Table, read_file, refusal_message
from inventory.importing.table import SourceRow
from inventory.models import Project, Unit
from inventory.queries.scope import units_visible_to
from inventory.rules.fields import PLACE
from salescontrol.core.access import Access
from salescontrol.core.errors import Refusal

AREA = "surveyed_built_area"


def read_areas(*, project: Project, path: Path, name: str, access: Access) -> list[Row]:
    """The rows of the file, each with its unit or with what is wrong. Raises Refusal `file` when it cannot be read, or has no column
    of surveyed areas."""
    try:
        table = read_file(path, name=name, project_names=[project.name])
    except Refused as refused:
        raise _at_file(refusal_message(refused.code, refused.params)) from refused
    units: dict[str, Unit] = {}
    for unit in units_visible_to(access).filter(project=project).select_related("building", "project"):
        units[unit.key] = unit
        units.setdefault(unit.number, unit)
    found = [_row(row, table, units) for row in table.rows if row.texts().get(AREA, "").strip()]
    if not found:
        raise _at_file(
            _(
                "The file has no surveyed area. Name its column “Surveyed built area” or 实测建筑面积, beside building, floor and room."
            )
        )
    return found


def _row(row: SourceRow, table: Table, units: Mapping[str, Unit]) -> Row:
    at = _("Sheet %(sheet)s, row %(row)s") % {"sheet": row.sheet, "row": row.row}
    texts = row.texts()
    cleaned = rules.clean_row(
        {name: texts.get(name, "") for name in (*PLACE, "entrance", AREA)}, required=(*PLACE, AREA),
        project_names=table.project_names,
    )  # fmt: skip
    wrong = next(iter(cleaned.errors), None)
    if cleaned.place is None or wrong is not None:
        return Row(at, problem=str(wrong.message) if wrong else _("The place of the unit cannot be read."))
    unit = units.get(cleaned.place.unit_key) or units.get(cleaned.place.number)
    if unit is None:
        return Row(at, problem=_("%(unit)s is no unit of this project.") % {"unit": cleaned.place.number})
    return Row(at, unit.pk, cleaned.values[AREA])


def _at_file(message: str) -> Refusal:
    return Refusal(message, code="file", fields={"file": [message]})
