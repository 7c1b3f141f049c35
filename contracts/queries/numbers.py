"""The office's numbers, each with what became of it, and what is missing among them (R3.5, B16.9)."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.db.models import Count, Max, QuerySet

from contracts.models import IssuedNumber
from contracts.states import NumberKind, NumberState
from inventory.models import Project

SHOWN = 50


@dataclass(frozen=True)
class Gap:
    """A number that was counted and has no row. `explained`: one brought along from before has it, so it was passed by."""

    number: str
    explained: bool


def listed(project: Project) -> QuerySet[IssuedNumber]:
    """Every number that was given or brought along."""
    return IssuedNumber.objects.filter(project=project).select_related("project", "trade", "given_by", "void_by")


def years(project: Project) -> list[int]:
    """The years in which numbers were given, latest first."""
    return list(listed(project).order_by("-year").values_list("year", flat=True).distinct())


def gaps(project: Project, written: Callable[[NumberKind, int, int], str]) -> list[Gap]:
    """The counted values below the highest that no row has: normally none but those that were passed by.

    `written(kind, year, sequence)` is the number as it is printed now.
    """
    missing = [written(kind, year, sequence) for kind, year, sequence in _missing(project)]
    brought = set(
        IssuedNumber.objects.filter(project=project, state=NumberState.RESERVED, number__in=missing).values_list(
            "number", flat=True
        )
    )
    return [Gap(number, number in brought) for number in missing]


def _missing(project: Project) -> Iterator[tuple[NumberKind, int, int]]:
    counted = IssuedNumber.objects.filter(project=project, sequence__isnull=False).order_by()
    series = counted.values("kind", "year").annotate(highest=Max("sequence"), count=Count("pk"))
    holed = {(row["kind"], row["year"]): row["highest"] for row in series if row["highest"] > row["count"]}
    if not holed:
        return
    there: dict[tuple[str, int], set[int | None]] = defaultdict(set)
    for kind, year, sequence in counted.values_list("kind", "year", "sequence"):
        there[kind, year].add(sequence)
    for (kind, year), highest in sorted(holed.items()):
        for sequence in range(1, highest):
            if sequence not in there[kind, year]:
                yield NumberKind(kind), year, sequence
