"""In a request, a query that asked nobody who may see its rows does not answer (quality P3)."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db.models import Count

from inventory.models import Building, Unit
from inventory.queries.scope import units_visible_to
from salescontrol.core.access import access_of
from salescontrol.core.middleware import ScopedRows
from salescontrol.core.scoping import ScopeError, request_running
from tests import build

pytestmark = pytest.mark.django_db

WAYS = {
    "list": list,
    "bool": bool,
    "len": len,
    "index": lambda rows: rows[0],
    "slice": lambda rows: list(rows[:1]),
    "iterator": lambda rows: list(rows.iterator()),
    "count": lambda rows: rows.count(),
    "exists": lambda rows: rows.exists(),
    "contains": lambda rows: rows.contains(rows.model(pk=1)),
    "get": lambda rows: rows.get(),
    "first": lambda rows: rows.first(),
    "last": lambda rows: rows.last(),
    "latest": lambda rows: rows.latest("pk"),
    "in_bulk": lambda rows: rows.in_bulk(),
    "aggregate": lambda rows: rows.aggregate(Count("pk")),
    "values": lambda rows: list(rows.values("number")),
    "values_list": lambda rows: list(rows.values_list("number", flat=True)),
    "annotate": lambda rows: list(rows.annotate(n=Count("events"))),
    "union": lambda rows: list(rows.order_by().union(rows.order_by())),
    "intersection": lambda rows: list(rows.order_by().intersection(rows.order_by())),
    "lock": lambda rows: list(rows.select_for_update(of=("self",))),
    "update": lambda rows: rows.update(note="x"),
    "explain": lambda rows: rows.explain(),
    "get_or_create": lambda rows: rows.get_or_create(pk=rows.values_list("pk", flat=True)[0]),
}  # fmt: skip


@pytest.fixture
def unit(people) -> Unit:
    return build.unit(build.building(people.a), by=people.specialist, salesperson=people.salesperson)


@pytest.mark.parametrize("way", [*WAYS, "delete"])
def test_no_way_of_reading_or_writing_escapes_the_guard(unit, way):
    ways = {**WAYS, "delete": lambda rows: rows.delete()}
    with request_running(), pytest.raises(ScopeError):
        ways[way](Unit.objects.filter(pk=unit.pk))


@pytest.mark.parametrize("way", WAYS)
def test_every_way_answers_when_the_reader_was_asked_for(people, unit, way):
    visible = units_visible_to(access_of(people.salesperson)).order_by("pk")
    with request_running():
        WAYS[way](visible)


def test_a_rows_own_rows_are_guarded_too(unit):
    with request_running():
        for related in (unit.events, unit.building.units, unit.project.units, unit.attached):
            with pytest.raises(ScopeError):
                list(related.all())
        with pytest.raises(ScopeError):
            list(Building.objects.prefetch_related("units"))


def test_what_is_put_together_is_visible_only_if_all_parts_are(people, unit):
    visible = units_visible_to(access_of(people.salesperson))
    with request_running():
        assert list(visible | visible) == [unit]
        for mixed in (visible | Unit.objects.all(), visible ^ Unit.objects.all(), visible.union(Unit.objects.all())):
            with pytest.raises(ScopeError):
                list(mixed)
        with pytest.raises(ScopeError):
            list(Unit.objects.filter(pk__in=visible.values("pk")))
        assert list(visible.filter(pk__in=Unit.objects.values("pk"))) == [unit]


def test_nothing_is_always_nothing(unit):
    with request_running():
        assert not Unit.objects.none()
        assert Unit.objects.none().count() == 0


def test_rules_have_their_door_and_rows_can_be_saved(unit):
    with request_running():
        assert Unit.every.get() == unit
        unit.note = "x"
        unit.save(update_fields=["note"])
        unit.refresh_from_db()
        assert unit.building.name == "3#"


def test_commands_and_jobs_read_freely(unit):
    assert Unit.objects.get() == unit


def test_the_guard_stands_for_the_whole_request_and_no_longer(rf, unit):
    """Also a view that forgets to ask, in a template, is stopped; afterwards the process is as before."""
    request = rf.get("/")
    request.user = AnonymousUser()
    with pytest.raises(ScopeError):
        ScopedRows(lambda request: list(Unit.objects.all()))(request)
    assert Unit.objects.count() == 1
