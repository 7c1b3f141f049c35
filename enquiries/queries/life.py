"""A customer's life in sentences, from the history of the row: who entered, changed and looked after them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enquiries import phones
from enquiries.models import Customer
from enquiries.queries.present import sees_people
from salescontrol.core.access import Access
from salescontrol.core.history import Change, Entry, timeline

# Action → the sentence with a name, and without for readers who may not know who it was.
SENTENCES: Mapping[str, tuple[Any, Any]] = {
    "customer.enter": (gettext_lazy("Entered by %(who)s"), gettext_lazy("Entered")),
    "customer.assign": (
        gettext_lazy("Given to another salesperson by %(who)s"),
        gettext_lazy("Given to another salesperson"),
    ),
    "customer.change": (gettext_lazy("Changed by %(who)s"), gettext_lazy("Changed")),
}


@dataclass(frozen=True)
class Step:
    """One step of a life: when, the sentence, and what changed with it."""

    at: datetime
    text: str
    lines: tuple[str, ...]


def steps(access: Access, customer: Customer) -> list[Step]:
    """The customer's life, newest first; phone numbers masked. Who sees no people reads neither names nor whose it was before."""
    people = sees_people(access, customer.project_id)
    entries = timeline(customer, hidden=("phone_index",) if people else ("phone_index", "owner"))
    names = _names(entries)
    return [Step(entry.at, _sentence(entry, people), tuple(_lines(entry, names))) for entry in entries]


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
    if change.field == "phone":
        value = phones.masked(value)
    if change.field == "owner":
        value = names.get(value, "")
    return str(value or "–")
