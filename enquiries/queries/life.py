"""A customer's life in sentences, from the histories of the row, of its phones and papers, and of whoever was merged into it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enquiries import papers, phones
from enquiries.models import Customer, CustomerPhone, IdPaper
from enquiries.queries.numbers import lives_of
from enquiries.queries.present import sees_people
from salescontrol.core.access import Access
from salescontrol.core.history import Change, Entry, lives

# Action → the sentence with a name, and without for readers who may not know who it was.
SENTENCES: Mapping[str, tuple[Any, Any]] = {
    "customer.enter": (gettext_lazy("Entered by %(who)s"), gettext_lazy("Entered")),
    "customer.assign": (
        gettext_lazy("Given to another salesperson by %(who)s"),
        gettext_lazy("Given to another salesperson"),
    ),
    "customer.receive": (
        gettext_lazy("Given to who received the visitor by %(who)s"),
        gettext_lazy("Given to who received the visitor"),
    ),
    "customer.change": (gettext_lazy("Changed by %(who)s"), gettext_lazy("Changed")),
    "change.identity": (
        gettext_lazy("Identity corrected by an approved request, carried out by %(who)s"),
        gettext_lazy("Identity corrected by an approved request"),
    ),
    "customer.add_phone": (gettext_lazy("Phone added by %(who)s"), gettext_lazy("Phone added")),
    "customer.main_phone": (gettext_lazy("Main phone chosen by %(who)s"), gettext_lazy("Main phone chosen")),
    "customer.remove_phone": (gettext_lazy("Phone removed by %(who)s"), gettext_lazy("Phone removed")),
    "customer.add_paper": (gettext_lazy("Identity paper added by %(who)s"), gettext_lazy("Identity paper added")),
    "customer.remove_paper": (
        gettext_lazy("Identity paper removed by %(who)s"),
        gettext_lazy("Identity paper removed"),
    ),
    "customer.transfer": (gettext_lazy("Passed on with the consent of %(who)s"), gettext_lazy("Passed on")),
    "customer.dispute": (gettext_lazy("Awarded in a dispute by %(who)s"), gettext_lazy("Awarded in a dispute")),
    "customer.lapse": (
        gettext_lazy("No follow-up for too long: to be given to somebody"),
        gettext_lazy("No follow-up for too long: to be given to somebody"),
    ),
    "customer.import": (gettext_lazy("Taken over from a file by %(who)s"), gettext_lazy("Taken over from a file")),
    "customer.merge": (gettext_lazy("Two customers made one by %(who)s"), gettext_lazy("Two customers made one")),
}
# Never told: what only serves finding, and ids of rows.
HIDDEN = ("phone_index", "number_index", "tail_index", "owner_since", "merged_into", "referrer", "customer", "is_main")


@dataclass(frozen=True)
class Step:
    """One step of a life: when, the sentence, and what changed with it."""

    at: datetime
    text: str
    lines: tuple[str, ...]


def steps(access: Access, customer: Customer) -> list[Step]:
    """The customer's life, newest first; numbers masked. Who sees no people reads neither names nor whose it was before."""
    people = sees_people(access, customer.project_id)
    entries = _entries(customer, HIDDEN if people else (*HIDDEN, "owner"))
    names = _names(entries)
    return [Step(entry.at, _sentence(entry, people), tuple(_lines(entry, names))) for entry in entries]


def _entries(customer: Customer, hidden: tuple[str, ...]) -> list[Entry]:
    """What became of the row, then what became of numbers without the row: one that came with an entry is told by that entry."""
    ids = lives_of(customer)
    found = [entry for _row, entry in lives(Customer.history.filter(id__in=ids), hidden=hidden)]
    for model in (CustomerPhone, IdPaper):
        records = model.history.filter(customer_id__in=ids, history_type__in="+-")
        named = records.filter(history_change_reason__in=OF_NUMBERS).select_related("history_user")
        found += [Entry(row.history_date, row.history_user, row.history_change_reason) for row in named]
    return sorted(found, key=lambda entry: entry.at, reverse=True)


OF_NUMBERS = ("customer.add_phone", "customer.remove_phone", "customer.add_paper", "customer.remove_paper")


def _names(entries: list[Entry]) -> dict[int, str]:
    """The salespeople whom the entries name by id, in one query."""
    named = {
        pk
        for entry in entries
        for change in entry.changes
        if change.field == "owner"
        for pk in (change.old, change.new)
    }
    return dict(get_user_model().objects.filter(pk__in=named).values_list("pk", "name"))


def _sentence(entry: Entry, people: bool) -> str:
    pair = SENTENCES.get(entry.action, SENTENCES["customer.change"])
    if not people or entry.by is None:
        return str(pair[1])
    text = str(pair[0]) % {"who": entry.by.name}  # type: ignore[attr-defined]
    return _("%(sentence)s: %(reason)s") % {"sentence": text, "reason": entry.reason} if entry.reason else text


def _lines(entry: Entry, names: dict[int, str]) -> Iterator[str]:
    for change in entry.changes:
        old, new = (_shown(change, value, names) for value in (change.old, change.new))
        yield _("%(what)s: %(old)s → %(new)s") % {"what": capfirst(change.label), "old": old, "new": new}


def _shown(change: Change, value: Any, names: dict[int, str]) -> str:
    if change.field == "owner":
        value = names.get(value, "")
    elif change.field in MASKS:
        value = MASKS[change.field](value)
    elif change.field in CHOICES:
        value = dict(CHOICES[change.field]).get(value, value)
    return "–" if value in (None, "") else str(value)


MASKS: Mapping[str, Any] = {
    "phone": phones.masked, "number": papers.masked, "address": lambda text: f"{text[:2]}****" if text else "",
}  # fmt: skip
CHOICES = {field.name: field.flatchoices for field in Customer._meta.fields if field.choices}
