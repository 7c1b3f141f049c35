"""Why a whole file is refused, and what is worth knowing about a file that is read: codes with one sentence each."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

REFUSALS: dict[str, Promise] = {
    "wrong_extension": _(
        "Only .xlsx, .xls and .csv files are read. Save the list in one of these and submit it again."
    ),
    "content_mismatch": _(
        "The file ends in %(extension)s but its content is of another kind (%(found)s). Open it, save it as .xlsx and submit that."
    ),
    "web_page": _(
        "The file is a web page saved as %(extension)s. Open it in a spreadsheet program, save it as .xlsx and submit that."
    ),
    "macros": _("The workbook holds macros. Save it without macros as .xlsx and submit that."),
    "password": _("The workbook is protected by a password. Save it without a password and submit it again."),
    "unreadable": _(
        "The file cannot be read: it is damaged or not a workbook. Open it, save it again as .xlsx and submit that."
    ),
    "entities": _("The workbook defines XML entities, which no spreadsheet program writes. It is refused for safety."),
    "too_large": _(
        "The file is too large to be read: at most %(rows)s rows, %(columns)s columns and %(megabytes)s MB unpacked. "
        "Delete empty areas or split it."
    ),
    "timed_out": _(
        "Reading the file took too long. Split it, or delete drawings and empty areas, and submit it again."
    ),
    "charset": _("The text of the file is in an unknown encoding. Save it as UTF-8 or as .xlsx and submit that."),
    "empty": _("The file holds no rows."),
    "no_heads": _(
        "This does not look like a list of units: no row holds column heads such as 楼栋, 楼层, 房号, 建筑面积, 单价, 总价, and no "
        "sheet is a board of floors × rooms. The first row reads: %(found)s"
    ),
    "no_rows": _("The column heads were found, but no row of units below them."),
}

REMARKS: dict[str, Promise] = {
    "prices_missing": _("The file gives no prices: the list price is needed before the units can be approved."),
    "status_not_imported": _(
        "The column “%(head)s” is only compared: an import never changes a sale status, new units begin as drafts."
    ),
    "permit_not_imported": _("The column “%(head)s” is not imported: enter the pre-sale permit on the project's page."),
    "floor_price_not_imported": _(
        "The column “%(head)s” is not imported: floor prices are decided by management. Propose them as a price list."
    ),
    "columns_ignored": _("Columns that are not imported: %(heads)s."),
    "unit_not_supported": _("The column “%(head)s” is in a unit that is not read (%(unit)s). Convert it to ㎡."),
    "in_ten_thousands": _("The column “%(head)s” is in 万元 and was multiplied by 10,000."),
    "sheet_without_units": _("Sheet “%(sheet)s” holds no list of units and was left out."),
    "building_from_sheet": _("The building was taken from the name of sheet “%(sheet)s”."),
    "project_name_removed": _("“%(name)s” in front of the building names was taken as the name of the project."),
    "floor_from_room": _("The file has no floor column: floors were read from the room numbers."),
}

SKIPPED_REASONS: dict[str, Promise] = {
    "total": _("a row of totals"),
    "heading": _("heads or a title"),
    "note": _("a note"),
}


class Refused(Exception):
    """The file as a whole cannot be read; `code` names the sentence in `REFUSALS`."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


def refusal_message(code: str, params: Mapping[str, Any]) -> str:
    """Why the file was refused and what to do, in the reader's language."""
    return str(REFUSALS[code]) % params


def remark_message(code: str, params: Mapping[str, Any]) -> str:
    """What is worth knowing about the file as a whole, in the reader's language."""
    return str(REMARKS[code]) % params
