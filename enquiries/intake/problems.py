"""What can be wrong with a row of a list, or worth knowing about it: codes with one sentence each, made when they are read.

Parameters never hold a whole phone or paper number: a sentence is shown on pages (R7.1).
"""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from enquiries.intake.fields import BY_NAME
from inventory.importing import refusal_message
from inventory.rules.problems import MESSAGES as OF_TABLES
from inventory.rules.problems import Problem, Severity
from salescontrol.core.words import listed

ERRORS: Mapping[str, Promise] = {
    "bad_phone": _(
        "“%(value)s” is no phone number. Write a mobile or landline number, or one from abroad with + and the code of its country."
    ),
    "lost_digits": _(
        "“%(value)s” has lost its last digits in the spreadsheet. Format the cell as text and type the number again."
    ),
    "bad_paper": _(
        "“%(value)s” is no number of this paper: compare it sign by sign. From a spreadsheet, copy it from a cell kept as text."
    ),
    "paper_kind_missing": _("Say which paper “%(value)s” is: its kind is missing and cannot be told from the number."),
    "paper_missing": _("The kind of paper is given but not its number. Fill it in or delete the kind."),
    "bad_day": _("“%(value)s” is no day for %(label)s. Write it as 2026-09-01."),
    "bad_time": _("“%(value)s” is no time of day. Write it as 14:30."),
    "no_day": _("“%(value)s” gives a time but no day. Add a column with the day of the call."),
    "future": _("%(label)s %(value)s lies in the future. Correct the day."),
    "too_early": _("%(label)s %(value)s lies before 1990. Correct the year."),
    "before_call": _("The next contact %(value)s lies before the call. Correct one of the two."),
    "unknown_person": _(
        "“%(value)s” is no salesperson of this project. Write an employee number, leave it empty, or have the supervisor add them."
    ),
    "unknown_desk": _(
        "“%(value)s” works neither at the desk nor as a salesperson of this project. Leave it empty: then you stand there."
    ),
    "several_people": _("Several people are called “%(value)s”. Write the employee number."),
    "upside_down": _("%(label)s “%(value)s” ends below where it begins. Turn it round."),
    "out_of_range": _("%(label)s “%(value)s” is not possible. Correct it or leave it empty."),
    "phone_twice": _("This row has the phone of row %(row)s of sheet “%(sheet)s”. Keep one of the two rows."),
    "paper_twice": _("This row has the identity paper of row %(row)s of sheet “%(sheet)s”. Keep one of the two rows."),
    "call_twice": _("This row is the same call as row %(row)s of sheet “%(sheet)s”. Keep one of the two rows."),
    "of_two": _(
        "The numbers of this row belong to two customers, %(customers)s. Merge them first, or split the row."
    ),
    "referrer_unknown": _("The project knows no customer with the referrer's phone “%(value)s”, nor does this file."),
    "referrer_self": _("The referrer's phone is the customer's own. Correct it or leave it empty."),
    "nobody": _("Neither the caller's number nor a name is given. Fill one of them in, or write M for the rings of a missed call."),
}  # fmt: skip
NOTICES: Mapping[str, Promise] = {
    "kept": _("%(label)s stays “%(kept)s”; the file says “%(value)s”. Change it on the customer's page if the file is right."),
    "owner_kept": _(
        "The customer stays with %(kept)s; the file says %(value)s. The desk can give them on the customer's page, with a reason."
    ),
    "nobody_kept": _("Nobody looks after the customer now; the file says %(value)s. The desk can give them on the customer's page."),
    "paper_kept": _("The customer has another number of this kind of paper (%(kept)s). It stays; the file says %(value)s."),
    "paper_of_buyer": _(
        "A sale to the customer is under way, so no further paper (%(value)s) is taken over. A correction is requested from the sale."
    ),
    "term_over": _(
        "The salesperson's term ended on %(value)s: without a follow-up today the customer is nobody's from the next night on."
    ),
    "since_unused": _("The day is not used, because the row names no salesperson."),
    "in_words": _("“%(value)s” is no figure: it is kept among the special needs."),
    "read_as": _("“%(value)s” was read as %(read)s."),
    "no_time": _("The row gives no time of day: the call stands at 00:00."),
    "call_known": _("The project has a call of this number at this time; nothing of it is changed."),
}  # fmt: skip
_OF_LISTS: Mapping[str, Promise] = {**ERRORS, **NOTICES}
REFUSALS: Mapping[str, Promise] = {
    "no_list": _(
        "No sheet holds the column heads of such a list. Needed are at least: %(needed)s. Download the template, or name the columns so."
    ),
    "no_entries": _("The column heads were found, but no row below them."),
}  # fmt: skip
REMARKS: Mapping[str, Promise] = {
    "columns_ignored": _("Columns that are not taken over: %(heads)s."),
    "sheet_left_out": _("Sheet “%(sheet)s” holds no such list and was left out."),
    "changed_meanwhile": _(
        "Customers of the project changed while this list was written, so nothing was taken over. This preview is new: look at it again."
    ),
    "lapsing": _(
        "Of %(count)s customers the salesperson's term is over by the dates of the file: they are nobody's from the next night on. To "
        "keep them, give a later last contact."
    ),
}  # fmt: skip


class RowProblem(Problem):
    """One thing wrong, or worth knowing, about one field of a row of a list of customers or calls."""

    @property
    def severity(self) -> Severity:
        return "notice" if self.code in NOTICES else "error"

    def text(self, content: str) -> str:
        """The sentence in the reader's language; `content` says of which list."""
        params: dict[str, Any] = dict(self.params)
        entry = BY_NAME[content].get(self.field)
        params.setdefault("label", entry.label if entry else "")
        if entry and entry.choices:
            params.setdefault("choices", listed(entry.choices.labels))
            labels = dict(entry.choices.choices)
            params |= {name: labels[params[name]] for name in ("kept", "value") if params.get(name) in labels}
        return str(_OF_LISTS.get(self.code) or OF_TABLES[self.code]) % params


def refusal(outcome: Mapping[str, Any], content: str) -> str:
    """Why the file could not be read; empty when it could."""
    code = outcome.get("refused", "")
    if code == "no_list":
        needed = listed(entry.label for entry in BY_NAME[content].values() if entry.need)
        return str(REFUSALS[code]) % {"needed": needed}
    if code in REFUSALS:
        return str(REFUSALS[code])
    return refusal_message(code, outcome["params"]) if code else ""
