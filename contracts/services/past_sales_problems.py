"""What can be wrong with a row of past sales, or worth knowing about it: codes with one sentence each, made when they are read."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from contracts.states import PaymentMethod
from enquiries.intake.problems import ERRORS as OF_LISTS
from inventory.importing import refusal_message
from inventory.rules.fields import FIELDS as OF_UNITS
from inventory.rules.problems import MESSAGES as OF_TABLES
from inventory.rules.problems import Problem, Severity
from inventory.states import Lock, Status
from salescontrol.core.words import listed

LABELS: Mapping[str, Promise] = {
    "subscribed_on": pgettext_lazy("date", "Subscribed on"),
    "signed_on": _("Signed on"),
    "filed_on": _("Filed on"),
    "delivered_on": _("Handed over on"),
    "total": _("Total price"),
    "unit_price": _("Unit price"),
    "deposit": _("Deposit"),
    "contract_no": _("Contract number"),
    "subscription_no": _("Subscription number"),
    "method": _("Payment method"),
    "buyer": _("Buyer"),
    "phone": _("Phone"),
    "salesperson": _("Salesperson"),
}
ERRORS: Mapping[str, Promise] = {
    "unknown_building": _(
        "The project has no building “%(value)s”. Correct it, import the units first, or have the units made from this file."
    ),
    "unknown_unit": _(
        "The project has no unit %(unit)s. Correct the row, import the unit first, or have the units made from this file."
    ),
    "not_approved": _("Unit %(unit)s is not approved yet. Have its listing approved first."),
    "sold_already": _(
        "Unit %(unit)s is %(status)s already, and not by this sale. Leave the row out, or end that deal first by a change."
    ),
    "on_hold": _("Unit %(unit)s is locked (%(lock)s). Wait until that is lifted, or leave the row out."),
    "unit_twice": _(
        "Unit %(unit)s is also in row %(row)s of sheet “%(sheet)s”: two sales of one unit overlap. Keep the one that stands."
    ),
    "area_differs": _("The unit has %(kept)s ㎡, the row says %(value)s ㎡. Correct one of the two."),
    "price_impossible": _(
        "%(total)s for %(area)s ㎡ is %(price)s a ㎡, which cannot be. Check the decimal point and the unit (元, 万元, ㎡)."
    ),
    "in_the_future": _("%(label)s %(value)s lies in the future. Correct the day."),
    "long_ago": _("%(label)s %(value)s lies before 1980. Correct the year."),
    "out_of_order": _("%(label)s %(value)s lies before %(earlier)s %(other)s. Correct one of the two days."),
    "number_twice": _("%(label)s “%(value)s” is also in row %(row)s of sheet “%(sheet)s”. Each is given once."),
    "number_known": _("%(label)s “%(value)s” is given to another deal already. Correct it or leave it empty."),
    "buyer_missing": _("The row gives the phone of a buyer whom the project does not know, but no name. Fill it in."),
    "method_unknown": _("“%(value)s” is no payment method. Write one of: %(methods)s; or leave it empty."),
}  # fmt: skip
NOTICES: Mapping[str, Promise] = {
    "known_sale": _("This sale is in the system already; nothing of it is changed."),
    "seller_unknown": _(
        "“%(value)s” is no salesperson of this project: the sale comes in without one. Leave it so, or add them first."
    ),
    "not_on_sale": _("The unit was withheld; it goes from there to the sale."),
}  # fmt: skip
_OF_SALES: Mapping[str, Promise] = {**ERRORS, **NOTICES}
REFUSALS: Mapping[str, Promise] = {
    "no_sales_list": _(
        "No sheet holds the column heads of past sales. Needed are at least: %(needed)s. Found were: %(found)s."
    ),
    "no_sales": _("The column heads were found, but no row below them."),
}  # fmt: skip
REMARKS: Mapping[str, Promise] = {
    "columns_missing": _("Columns that were not found, so that nothing of them comes in: %(fields)s."),
    "columns_ignored": _("Columns that are not taken over: %(heads)s."),
    "sheet_left_out": _("Sheet “%(sheet)s” holds no such list and was left out."),
    "units_made": _(
        "Units that will be made, approved and put on sale as of %(first)s, as one batch: %(count)s. No pre-sale permit is asked for."
    ),
    "changed_meanwhile": _(
        "The project changed while these sales were written, so nothing was taken over. This preview is new: look at it again."
    ),
}  # fmt: skip


def label_of(name: str) -> Promise | str:
    """What a column is called, of the sale or of its unit."""
    return LABELS.get(name) or (OF_UNITS[name].label if name in OF_UNITS else name)


def labels_of(names: Iterable[str]) -> str:
    """Several of them as one text."""
    return listed(str(label_of(name)) for name in names)


class SaleProblem(Problem):
    """One thing wrong, or worth knowing, about one field of one past sale."""

    @property
    def severity(self) -> Severity:
        return (
            "notice" if self.code in NOTICES or (self.code not in ERRORS and super().severity == "notice") else "error"
        )

    @property
    def message(self) -> str:
        if self.code not in _OF_SALES and self.code not in OF_LISTS and self.field not in LABELS:
            return super().message
        params: dict[str, Any] = {"label": label_of(self.field), **self.params}
        for name, choices in (("status", Status), ("lock", Lock)):
            if name in params:
                params[name] = choices(params[name]).label
        if "other" in params and "earlier" in params:
            params["earlier"] = label_of(params["earlier"])
        if self.code == "method_unknown":
            params["methods"] = listed(str(choice.label) for choice in PaymentMethod)
        return str(_OF_SALES.get(self.code) or OF_LISTS.get(self.code) or OF_TABLES[self.code]) % params


def refusal(code: str, params: Mapping[str, Any]) -> str:
    """Why a file could not be read as past sales."""
    if code == "no_sales_list":
        shown = listed(params["heads"]) or "–"
        return str(REFUSALS[code]) % {"needed": labels_of(params["missing"]), "found": shown}
    return str(REFUSALS[code]) if code in REFUSALS else refusal_message(code, params)


def remark(code: str, params: Mapping[str, Any]) -> str:
    """What is worth knowing about the file as a whole."""
    if code == "columns_missing":
        return str(REMARKS[code]) % {"fields": labels_of(params["fields"])}
    return str(REMARKS[code]) % params
