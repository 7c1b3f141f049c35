"""Gives the next number of a series inside the caller's transaction (domain B7)."""

from django.db import transaction
from django.db.models import F

from salescontrol.core.models import NumberSequence


def next_number(project_code: str, year: int, kind: str) -> str:
    """`{PROJECT}-{YYYY}-{KIND}-{5 digits}`; the series row stays locked until the transaction ends, so none is given twice."""
    assert transaction.get_connection().in_atomic_block, "a number is given inside the transaction that uses it"
    series = f"{project_code}-{year}-{kind}"
    NumberSequence.objects.get_or_create(series=series)
    NumberSequence.objects.filter(series=series).update(last=F("last") + 1)
    return f"{series}-{NumberSequence.objects.get(series=series).last:05d}"
