"""The rules for unit data (R6.1): one table of fields and one way to check a row, for forms and imports alike."""

from .fields import ENTRY, FIELDS, PLACE, PRICE_FIELDS, Field
from .places import Floor, Place, building_key, entrance_key, kept_place, parse_floor, read_place, strip_project
from .problems import MESSAGES, Problem
from .rows import CleanedRow, agrees, as_text, check_form, clean_row, from_text, priced_area

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
    "as_text",
    "building_key",
    "check_form",
    "clean_row",
    "entrance_key",
    "from_text",
    "kept_place",
    "parse_floor",
    "priced_area",
    "read_place",
    "strip_project",
]
