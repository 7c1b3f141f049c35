"""Gives the next number of a series inside the caller's transaction (domain B7)."""

import secrets

from django.db import transaction
from django.db.models import F

from salescontrol.core.models import NumberSequence


def next_number(project_code: str, year: int, kind: str) -> str:
    """`{PROJECT}-{YYYY}-{KIND}-{5 digits}`; see `next_in`."""
    series = f"{project_code}-{year}-{kind}"
    return f"{series}-{next_in(series):05d}"


def next_in(series: str) -> int:
    """The next number of the series; its row stays locked until the transaction ends, so none is given twice."""
    assert transaction.get_connection().in_atomic_block, "a number is given inside the transaction that uses it"
    NumberSequence.objects.get_or_create(series=series)
    NumberSequence.objects.filter(series=series).update(last=F("last") + 1)
    return NumberSequence.objects.get(series=series).last


# Without 0 O 1 I L, which are mistaken for each other on paper and by phone.
_CODE = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


def random_code(length: int = 8) -> str:
    """A public number that tells neither how many there are nor which came first: `K7M2QX9A` (reliability 3.5)."""
    return "".join(secrets.choice(_CODE) for _place in range(length))
