"""Real sales of two projects come in whole, and the figures and boards of their time are those of the filings."""

import json
import os
import time
from collections import Counter
from datetime import date, datetime
from datetime import time as clock_time
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command

from contracts.models import Claim, Contract, Trade
from inventory.models import ListingBatch, Unit, UnitEvent
from inventory.queries.past import board_at
from inventory.rules import read_place
from inventory.states import Status
from salescontrol.core.access import access_of
from security.queries import consistency

pytestmark = [pytest.mark.real_data, pytest.mark.django_db]
DATA = Path(os.environ.get("REAL_DATA", "/nowhere"))


@pytest.fixture
def run(capsys):
    """Run a command; returns its exit status and what it printed as JSON."""

    def start(name: str, *options) -> tuple[int, dict]:
        try:
            call_command(name, *map(str, options), "--json")
            status = 0
        except SystemExit as left:
            status = left.code
        return status, json.loads(capsys.readouterr().out)

    return start


def rows(name: str) -> list[dict[str, str]]:
    import csv

    with (DATA / name / "normalized.csv").open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def same_figures(said: dict, published: dict) -> bool:
    """Equal to the last digit, but for how a sum of floating-point areas ends."""
    exact = {
        key: {name: Decimal(str(value)).quantize(Decimal("0.01")) for name, value in row.items()}
        for key, row in said.items()
    }
    wanted = {
        key: {name: Decimal(str(value)).quantize(Decimal("0.01")) for name, value in row.items()}
        for key, row in published.items()
    }
    return exact == wanted


@pytest.mark.parametrize(("name", "sales", "days"), [("dali", 575, 84), ("zaoan", 500, 234)])
def test_real_sales_come_in_and_their_figures_are_the_published_ones(people, run, name, sales, days):
    published = json.loads((DATA / name / "normalized.expected.json").read_text())
    begun = time.monotonic()
    status, said = run("import_sales", DATA / name / "normalized.csv", "--project", people.a.code, "--create-units")
    took = time.monotonic() - begun

    assert (status, said["rows"], said["new"], said["refused"], said["units"]) == (0, sales, sales, 0, sales)
    assert took < 60
    assert Counter(Unit.objects.values_list("status", flat=True)) == {Status.CONTRACTED: sales}
    assert (Trade.every.filter(migrated=True).count(), Contract.every.count(), Claim.every.count()) == (sales,) * 3
    assert ListingBatch.every.filter(state="APPROVED").count() == 1
    assert set(Contract.every.values_list("number", flat=True)) == {""}
    assert consistency.problems() == []
    for part in ("month", "building", "layout"):
        status, figures = run("figures", "--project", people.a.code, "--by", part)
        assert (status, same_figures(figures, published[f"by_{part}"])) == (0, True), part

    zone = ZoneInfo(people.a.zone)
    found = rows(name)
    dates = sorted({row["sale_date"] for row in found})
    assert len(dates) == days
    access = access_of(people.supervisor)
    for chosen in (dates[0], dates[len(dates) // 3], dates[len(dates) // 2], dates[-2]):
        sold = {_key(row) for row in found if row["sale_date"] <= chosen}
        moment = datetime.combine(date.fromisoformat(chosen), clock_time(23, 59), tzinfo=zone)
        board = board_at(access, people.a, moment)
        keys = dict(Unit.objects.values_list("pk", "key"))
        stood = {keys[pk]: row.status for pk, row in board.standings.items()}
        assert len(stood) == sales
        assert {key for key, status in stood.items() if status == Status.CONTRACTED} == sold
        assert set(stood.values()) <= {Status.CONTRACTED, Status.AVAILABLE}
        prices = {keys[pk]: row.total for pk, row in board.standings.items()}
        assert prices == {_key(row): Decimal(row["total_price_ntd_incl_parking"]) for row in found}
        _status, told = run("figures", "--project", people.a.code, "--by", "month", "--as-of", chosen)
        assert sum(row["deals"] for row in told.values()) == len(sold)

    before = UnitEvent.every.count()
    status, said = run("import_sales", DATA / name / "normalized.csv", "--project", people.a.code, "--create-units")
    assert (status, said["new"], said["unchanged"], said["refused"]) == (0, 0, sales, 0)
    assert {problem["code"] for problem in said["problems"]} == {"known_sale"}
    assert (UnitEvent.every.count(), Unit.objects.count()) == (before, sales)


def _key(row: dict[str, str]) -> str:
    place, _problems = read_place({"building": row["building"], "floor": row["floor"], "room": row["unit_id"]})
    return place.unit_key


def test_the_original_filings_come_in_too(people, run):
    status, said = run("import_sales", DATA / "dali/original.csv", "--project", people.a.code, "--create-units")
    assert (status, said["new"], said["refused"]) == (0, 575, 0), [
        p for p in said["problems"] if p["severity"] == "error"
    ][:5]
