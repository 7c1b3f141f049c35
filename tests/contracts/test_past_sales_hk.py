"""The sample of Hong Kong registers, row by row, as life cycles on this model: subscribed, signed, revised, terminated, sold again."""

import csv
import os
import uuid
from collections import Counter
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction

from contracts.models import Claim, Contract, Subscription
from contracts.queries import figures
from contracts.services import claims, past_sales_write
from contracts.services.past_sales_plan import make_plan
from contracts.services.past_sales_read import read
from contracts.states import ClaimState, CloseReason, ContractState
from inventory.models import Project, Unit, UnitEvent
from inventory.queries.past import board_at
from inventory.services import units
from inventory.states import Status
from salescontrol.core.access import access_of, forget_access
from salescontrol.core.history import save_tracked
from salescontrol.core.permissions import Role
from security.queries import consistency
from tests import build

pytestmark = [pytest.mark.real_data, pytest.mark.django_db]
DATA = Path(os.environ.get("REAL_DATA", "/nowhere"))
HEADS = ["building", "floor", "room", "area", "total_price", "subscribed", "signed"]
# The registers give no area, and a unit cannot be without one.
AREA = "100"
# What of a row the model cannot hold, with the reason; the rest of these rows is replayed like the others.
CANNOT = {
    "parking": "one price is agreed for the home and a parking space; a trade has one unit, so that the space stands in the note",
    "plan_revised": "the terms of payment that were agreed anew are a code of the vendor's price list; a contract holds one of six "
    "methods, so that both codes stand in the note",
    "plan": "the terms of payment are a code of the vendor's price list; a contract holds one of six methods, so that the code "
    "stands in the note",
}  # fmt: skip


def rows() -> list[dict[str, str]]:
    with (DATA / "hk-register/srpe_register_excerpt.csv").open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def lacks(row: dict[str, str]) -> list[str]:
    """What of the row only stands in a note."""
    spelled_out = row["payment_plan_remark"].startswith("5% prelim")
    return [
        *(["parking"] if row["car_parking_space"] else []),
        *(["plan_revised"] if row["payment_plan_revised_to"] else []),
        *([] if spelled_out or row["payment_plan_revised_to"] else ["plan"]),
    ]


def planned(row: dict[str, str]) -> list[tuple[str, str]]:
    """The row as events in order: (day, what happened)."""
    found = [(row["date_of_pasp"], "subscribed"), (row["date_of_asp"], "signed")]
    if row["price_revision_date"]:
        found.append((row["price_revision_date"], "revised"))
    if row["date_of_asp_termination"]:
        found.append((row["date_of_asp_termination"], "terminated"))
    return found


def at(day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day), time(12), tzinfo=ZoneInfo("Asia/Shanghai"))


def sell(project: Project, found: list[dict[str, str]], by) -> None:
    """Have these rows brought along as the import does it."""
    lines = [
        [
            row["block"],
            row["floor"],
            row["unit"],
            AREA,
            row["transaction_price_hkd"],
            row["date_of_pasp"],
            row["date_of_asp"],
        ]
        for row in found
    ]
    with transaction.atomic():
        plan = make_plan(project=project, sales=read([("Register", [HEADS, *lines])]), create_units=True)
        assert plan.counts() | {"units": 0} == {"new": len(found), "unchanged": 0, "refused": 0, "units": 0}, (
            plan.problems()
        )
        past_sales_write.write(project=project, plan=plan, origin="HK", by=by)
    for line, row in zip(plan.lines, found, strict=True):
        contract = Contract.every.get(unit=line.unit, closed_at__isnull=True)
        parts = (row["car_parking_space"], row["payment_plan_remark"], row["payment_plan_revised_to"])
        contract.note = " · ".join(filter(None, parts))[:300]
        save_tracked(contract, action="contract.note", by=by, fields=["note"])
        row["_unit"] = line.unit.pk


@transaction.atomic
def go_on(row: dict[str, str], what: str, day: str, by) -> None:
    """A price that was revised, or a contract that was terminated, at its time."""
    unit = units.locked([row["_unit"]], visible=Unit.every.all())[0]
    claim = Claim.every.get(unit=unit, released_at__isnull=True)
    contract = Contract.every.get(claim=claim)
    common = {"unit": unit, "claim": claim, "by": by, "op_id": uuid.uuid4(), "now": at(day)}
    if what == "revised":
        claims.alter(action="trade.amend_signed", why="Price revised", **common)
        contract.total = contract.main_amount = Decimal(row["price_revised_to_hkd"])
        save_tracked(contract, action="contract.amend", by=by)
    else:
        claims.end(action="trade.refund", state=ClaimState.RELEASED, reason="Agreement terminated", **common)
        contract.state, contract.close_reason, contract.closed_at = ContractState.CLOSED, CloseReason.REFUND, at(day)
        save_tracked(contract, action="contract.close", by=by)


def test_every_row_of_the_registers_is_replayed_and_what_is_not_held_is_listed(people):
    found = rows()
    houses = {row["srpe_development_id"]: row["phase"] for row in found}
    projects = {number: build.project(f"HK{number}", name=f"House {number}", currency="HKD") for number in houses}
    desk = build.user(Role.MANAGEMENT)
    for project in projects.values():
        build.grant(people.supervisor, Role.SUPERVISOR, project)
    forget_access(people.supervisor)

    for number, project in projects.items():
        here = [row for row in found if row["srpe_development_id"] == number]
        places = Counter()
        rounds: dict[int, list] = {}
        for row in sorted(here, key=lambda row: row["date_of_pasp"]):
            place = (row["block"], row["floor"], row["unit"])
            rounds.setdefault(places[place], []).append(row)
            places[place] += 1
        for _round, sold in sorted(rounds.items()):
            sell(project, sold, desk)
            for row in sold:
                for day, what in planned(row)[2:]:
                    go_on(row, what, day, desk)

    # No row is dropped: each is so many events of its unit, with the days of the register.
    told = Counter(UnitEvent.every.filter(claim__gt="").values_list("action", "business_date"))
    names = {
        "subscribed": "trade.bring_subscribed", "signed": "trade.bring_signed", "revised": "trade.amend_signed",
        "terminated": "trade.refund",
    }  # fmt: skip
    assert told == Counter((names[what], date.fromisoformat(day)) for row in found for day, what in planned(row))
    assert (Subscription.every.count(), Contract.every.count(), Claim.every.count()) == (155, 155, 155)
    assert Counter(Contract.every.values_list("state", flat=True)) == {"SIGNED": 147, "CLOSED": 8}
    assert consistency.problems() == []

    # What the model holds otherwise than the register says, row by row.
    assert Counter(what for row in found for what in lacks(row)) == {"parking": 7, "plan_revised": 6, "plan": 147}
    assert {what for row in found for what in lacks(row)} == set(CANNOT)
    for row in found:
        note = Contract.every.filter(unit=row["_unit"]).order_by("pk").values_list("note", flat=True)
        assert any(row["payment_plan_remark"][:200] in text and row["car_parking_space"] in text for text in note)

    # The figures net of what was terminated, and the board in between.
    for number, project in projects.items():
        here = [row for row in found if row["srpe_development_id"] == number]
        live = [row for row in here if not row["date_of_asp_termination"]]
        whole = figures.total(project)
        assert whole.deals == len(live)
        assert whole.total_price == sum(
            Decimal(row["price_revised_to_hkd"] or row["transaction_price_hkd"]) for row in live
        )
        for day in ("2021-06-30", "2023-11-01", "2025-01-01"):
            stood = [
                row for row in here if row["date_of_asp"] <= day and not "" < row["date_of_asp_termination"] <= day
            ]
            moment = datetime.combine(date.fromisoformat(day), time.max, tzinfo=ZoneInfo(project.zone))
            board = board_at(access_of(people.supervisor), project, moment)
            sold = {pk for pk, row in board.standings.items() if row.status == Status.CONTRACTED}
            assert sold == {row["_unit"] for row in stood}
            assert figures.total(project, as_of=moment).deals == len(stood)
