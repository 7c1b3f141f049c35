"""What can be wrong with a row of units, as codes with one sentence each.

A problem is kept as code and parameters, never as a finished sentence: it is found by a background job and read by people
in three languages. The sentence is made when it is shown (R1.2: a row-by-row list of errors).
"""

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Severity = Literal["error", "notice"]

ERRORS: dict[str, Promise] = {
    "missing": _("%(label)s is missing. Fill it in."),
    "not_a_number": _("“%(value)s” is not a number. Write %(label)s in digits, for example 125.53."),
    "not_positive": _("%(label)s must be more than 0, but it is %(value)s. Correct it or leave it empty."),
    "too_large": _("%(label)s %(value)s is %(limit)s or more. Check the decimal point and the unit (元, 万元, ㎡)."),
    "too_precise": _("%(label)s %(value)s has more than 2 decimals. Write it in yuan with at most 2 decimals."),
    "date_found": _(
        "“%(value)s” is a date where %(label)s should be. Format the cell as text or number and type it again."
    ),
    "cell_error": _("The cell of %(label)s shows the error %(value)s. Correct the formula or type the value."),
    "formula_without_value": _(
        "The formula for %(label)s has no stored result. Open the file in a spreadsheet program, save it and submit it again."
    ),
    "bad_character": _(
        "%(label)s holds a character that cannot be stored (%(character)s at position %(position)s). Delete it there."
    ),
    "too_long": _("%(label)s is longer than %(limit)s characters. Shorten it."),
    "bad_floor": _("“%(value)s” is not a floor. Write for example 7, 7F, 十二层, 负一层, B1, 天面 or 31-32."),
    "bad_room": _("“%(value)s” is not a room number. Write for example 701, 01 or 1-2-1001."),
    "room_disagrees": _(
        "Room “%(value)s” names another building, entrance or floor than the row. Correct one of them."
    ),
    "unknown_flag": _("“%(value)s” is neither yes nor no for %(label)s. Write 是 or 否."),
    "unknown_choice": _("“%(value)s” is not known as %(label)s. Choose one of: %(choices)s."),
    "inner_exceeds_built": _("Inner area %(inner)s is larger than built area %(built)s. Correct one of them."),
    "area_sum": _("Built area %(built)s is not inner %(inner)s plus shared %(shared)s. Correct one of the three."),
    "total_mismatch": _(
        "%(label)s %(total)s and unit price × area = %(computed)s differ by %(difference)s. Correct one of them."
    ),
    "duplicate": _("The same room is also in row %(row)s of sheet “%(sheet)s” (%(unit)s). Keep one of the two rows."),
    "unknown_unit_without_area": _(
        "Unit %(unit)s is not known in the project and the file gives no built area. Import the facts of the unit first."
    ),
    "status_differs": _(
        "The file says “%(value)s”, the system says “%(status)s”. An import never changes a sale status: leave the row out, "
        "or use the actions on the unit."
    ),
    "live_claim": _(
        "Unit %(unit)s is held or sold (%(status)s): its facts and prices are not changed by an import. Leave the row out; "
        "the supervisor can approve a change of the unit."
    ),
    "unit_locked": _(
        "Unit %(unit)s is locked (%(lock)s). Leave the row out, or wait until the supervisor has decided or lifted it."
    ),
    "in_other_batch": _(
        "Unit %(unit)s waits for review in batch %(batch)s. Wait for that decision or leave the row out."
    ),
}

NOTICES: dict[str, Promise] = {
    "rounded": _("%(label)s %(value)s was rounded to %(rounded)s."),
    "total_rounded": _("%(label)s %(value)s was calculated in the file and is kept as %(rounded)s."),
    "same_room_other_spelling": _("“%(value)s” is the room kept as %(unit)s; the room keeps its present number."),
    "area_without_price": _("The area changes but the row gives no price: the total stays %(total)s. Check it."),
    "status_not_imported": _("The status is not imported: a new unit begins as a draft and waits for its review."),
}

MESSAGES: dict[str, Promise] = ERRORS | NOTICES


@dataclasses.dataclass(frozen=True)
class Problem:
    """One thing wrong (`error`) or worth knowing (`notice`) about one field of one row."""

    code: str
    field: str = ""
    params: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def severity(self) -> Severity:
        return "notice" if self.code in NOTICES else "error"

    @property
    def message(self) -> str:
        """The sentence in the reader's language, saying what to do."""
        # Read here and not above: the process that opens files needs no states, and fields.py is the table of this module.
        from inventory.states import Lock, Status

        from .fields import FIELDS, choice_labels

        params = dict(self.params)
        for name, choices in (("status", Status), ("lock", Lock)):
            if name in params:
                params[name] = choices(params[name]).label
        if self.field in FIELDS:
            params.setdefault("label", FIELDS[self.field].label)
            params.setdefault("choices", choice_labels(self.field))
        return str(MESSAGES[self.code]) % params

    def as_json(self) -> dict[str, Any]:
        return {"code": self.code, "field": self.field, "params": dict(self.params)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Problem":
        return cls(code=data["code"], field=data.get("field", ""), params=data.get("params", {}))
