"""Whom a change of a unit concerns: its salesperson, and everybody whose hold, deal, viewing or enquiry names it (R1.8)."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Q

from inventory.models import Unit, UnitInterest
from salescontrol.core import clock


def concerned(units: Sequence[Unit]) -> dict[Any, list[Unit]]:
    """Active user → the units that are their business, in the given order; two queries, whatever the number of units."""
    live = Q(until__isnull=True) | Q(until__gt=clock.now())
    named: dict[int, set[int]] = defaultdict(set)
    for user_id, unit_id in UnitInterest.objects.filter(live, unit__in=[unit.pk for unit in units]).values_list(
        "user_id", "unit_id"
    ):
        named[user_id].add(unit_id)
    for unit in units:
        if unit.salesperson_id:
            named[unit.salesperson_id].add(unit.pk)
    people = get_user_model().objects.filter(pk__in=named, is_active=True)
    return {person: [unit for unit in units if unit.pk in named[person.pk]] for person in people}
