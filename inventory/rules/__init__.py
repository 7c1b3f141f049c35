"""The rules for unit data (R6.1): one table of fields and one way to check a row, for forms and imports alike."""

from .fields import ENTRY, FIELDS, PLACE, PRICE_FIELDS, Field
from .places import Floor, Place, building_key, entrance_key, parse_floor, strip_project
from .problems import MESSAGES, Problem
from .rows import CleanedRow, agrees, check_form, clean_row, priced_area

__all__ = [
    "ENTRY",
    "FIELDS",
    "MESSAGES",
    "PLACE",
    "PRICE_FIELDS",
    "CleanedRow",
    "Field",
    "Floor",
    "Place",
    "Problem",
    "agrees",
    "building_key",
    "check_form",
    "clean_row",
    "entrance_key",
    "parse_floor",
    "priced_area",
    "strip_project",
]
