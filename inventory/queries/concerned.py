"""Whom a change of a unit concerns: its salesperson, and everybody whose hold, deal, viewing or enquiry names it (R1.8)."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import chain
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Q

from inventory.models import Unit, UnitInterest
from salescontrol.core import clock

# Ids of units → pairs (user id, unit id): what the apps above know of whom a unit concerns.
Naming = Callable[[Collection[int]], Iterable[tuple[int, int]]]
_NAMINGS: list[Naming] = []


def named_by(naming: Naming) -> Naming:
    """Register what names units besides assignment and live interests: open requests, places in a line, viewings, quotations."""
    _NAMINGS.append(naming)
    return naming


def concerned(units: Sequence[Unit]) -> dict[Any, list[Unit]]:
    """Active user → the units that are their business, in the given order; and as many queries for many units as for one."""
    live = Q(until__isnull=True) | Q(until__gt=clock.now())
    keys = [unit.pk for unit in units]
    named: dict[int, set[int]] = defaultdict(set)
    interests = UnitInterest.objects.filter(live, unit__in=keys).values_list("user_id", "unit_id")
    for user_id, unit_id in chain(interests, *(naming(keys) for naming in _NAMINGS)):
        named[user_id].add(unit_id)
    for unit in units:
        if unit.salesperson_id:
            named[unit.salesperson_id].add(unit.pk)
    people = get_user_model().objects.filter(pk__in=named, is_active=True)
    return {person: [unit for unit in units if unit.pk in named[person.pk]] for person in people}
