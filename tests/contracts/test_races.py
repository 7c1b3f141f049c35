"""Two connections at one unit (I7, I8): every two-step flow interleaved, on rows that the database itself locks."""

import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import OperationalError, transaction

from contracts.models import Claim
from contracts.services import claims, holds
from contracts.states import ClaimState
from inventory.models import PriceList, Unit, UnitEvent
from inventory.models.price import PriceKind
from inventory.queries.scope import units_visible_to
from inventory.services import price_effect, prices, release, units
from inventory.states import PriceListState, Status
from salescontrol.core import approvals, clock
from salescontrol.core.access import access_of
from salescontrol.core.errors import Conflict
from salescontrol.core.models import AuditEvent
from salescontrol.core.operations import once
from salescontrol.core.permissions import Role
from tests import build
from tests.contracts.stock import customer, hold
from tests.rivals import Rival, at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


def place(room, unit=None, buyer=None, by=None, **changes):
    return hold(unit or room.unit, buyer or room.customer, room.salesperson, by or room.specialist, **changes)


def let_go(room, claim, **fields):
    return holds.release_hold(
        op_id=uuid.uuid4(), number=claim.number, reason="Changed their mind", by=room.specialist, **fields
    )


def prolong(room, claim, by=None):
    return holds.extend_hold(op_id=uuid.uuid4(), number=claim.number, reason="Bank is late", by=by or room.supervisor)


def withhold(room, *chosen: Unit):
    return release.withhold_units(
        project=room.a, unit_ids=[unit.pk for unit in chosen], visible=units_visible_to(access_of(room.supervisor)),
        reason="Kept back", by=room.supervisor,
    )  # fmt: skip


def offer(room, *chosen: Unit):
    return release.release_units(
        project=room.a, unit_ids=[unit.pk for unit in chosen], visible=units_visible_to(access_of(room.supervisor)),
        reason="Opening", by=room.supervisor,
    )  # fmt: skip


def moves(unit: Unit) -> list[str]:
    """What happened to the unit since it was built, in the order of its history."""
    return [*UnitEvent.every.filter(unit=unit).exclude(action="unit.build").values_list("action", flat=True)]


def later(monkeypatch, **delta) -> None:
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + timedelta(**delta))


def test_of_two_holds_the_one_that_waited_for_the_row_is_refused(room):
    with transaction.atomic():
        place(room)
        rival = Rival(lambda: place(room, buyer=room.theirs))
        rival.wait_until_blocked()

    assert rival.told() == "taken"
    assert Claim.every.count() == 1


def test_abuse_01_of_many_holds_at_once_one_wins_and_the_others_are_on_record(room):
    buyers = [customer(room.a, room.salesperson) for _ in range(6)]
    told = at_once(*(lambda buyer=buyer: place(room, buyer=buyer) for buyer in buyers))

    assert sorted(told) == ["done", *["taken"] * 5]
    assert Claim.every.count() == 1
    assert moves(room.unit) == ["claim.hold"]


def test_abuse_02_the_same_form_at_once_is_one_hold_with_one_answer(room):
    op_id = uuid.uuid4()
    rivals = [Rival(lambda: place(room, op_id=op_id)) for _ in range(4)]

    assert {rival.told() for rival in rivals} == {"done"}
    assert len({rival.result.number for rival in rivals}) == 1
    assert moves(room.unit) == ["claim.hold"]


def test_abuse_03_the_same_form_with_another_unit_is_refused_and_on_record_while_the_first_is_under_way(room):
    op_id = uuid.uuid4()
    with transaction.atomic():
        place(room, op_id=op_id)
        rival = Rival(lambda: place(room, room.other, op_id=op_id))
        rival.wait_until_blocked()

    assert rival.told() == "other_content"
    assert AuditEvent.objects.filter(action="operation.misused").exists()
    assert moves(room.other) == []


def test_abuse_04_an_answer_lost_after_the_commit_is_given_to_the_retry(room, monkeypatch):
    op_id = uuid.uuid4()

    def cut(**call) -> dict:
        once(**call)
        raise OperationalError("the connection was closed")

    with monkeypatch.context() as broken:
        broken.setattr(holds, "once", cut)
        with pytest.raises(OperationalError):
            place(room, op_id=op_id)
    kept = Claim.every.get()

    assert place(room, op_id=op_id) == kept
    assert moves(room.unit) == ["claim.hold"]


def test_a_form_that_was_answered_first_elsewhere_gets_that_answer(room):
    op_id = uuid.uuid4()

    def refuse(code: str) -> dict:
        raise Conflict("Not now.", code=code)

    def overtaken() -> dict:
        told = Rival(lambda: once(op_id=op_id, by=room.specialist, action="x", content={}, run=lambda: refuse("first")))
        assert told.told() == "first"
        raise Conflict("Too late.", code="second")

    with pytest.raises(Conflict) as refused:
        once(op_id=op_id, by=room.specialist, action="x", content={}, run=overtaken)

    assert (refused.value.code, str(refused.value)) == ("first", "Not now.")


def test_a_hold_that_waits_for_a_release_gets_the_unit(room):
    claim = place(room)
    with transaction.atomic():
        let_go(room, claim)
        rival = Rival(lambda: place(room, buyer=room.theirs))
        rival.wait_until_blocked()

    assert rival.told() == "done"
    assert moves(room.unit) == ["claim.hold", "claim.release", "claim.hold"]


def test_abuse_05_release_and_hold_at_once_have_one_order_that_the_history_shows(room):
    for _attempt in range(5):
        claim = Claim.every.filter(unit=room.unit, released_at=None).first() or place(room)
        told = at_once(
            lambda claim=claim: let_go(room, claim),
            lambda: place(room, buyer=room.theirs, by=room.supervisor, override="Opening"),
        )
        assert told[0] == "done"
        assert told[1] in ("done", "taken")
        live = Claim.every.filter(unit=room.unit, released_at=None).count()
        assert live == (told[1] == "done")
    assert [*UnitEvent.every.filter(unit=room.unit).values_list("seq", flat=True)] == [
        *range(1, UnitEvent.every.filter(unit=room.unit).count() + 1)
    ]


def test_abuse_13_a_hold_that_runs_out_while_its_extension_waits_is_over(room, monkeypatch):
    claim = place(room)
    with transaction.atomic():
        Unit.every.select_for_update(of=("self",), no_key=True).get(pk=room.unit.pk)
        rival = Rival(lambda: prolong(room, claim))
        rival.wait_until_blocked()
        later(monkeypatch, hours=24, seconds=1)

    assert rival.told() == "over"


def test_abuse_13_one_instant_decides_whether_a_hold_is_over(room, monkeypatch):
    """The end falls between the moment at which the row was locked and the one that is written down."""
    claim, lock = place(room), claims.lock_unit

    def locked_just_in_time(unit_id, access):
        unit = lock(unit_id, access)
        later(monkeypatch, hours=24, seconds=1)
        return unit

    monkeypatch.setattr(claims, "lock_unit", locked_just_in_time)
    with pytest.raises(Conflict) as refused:
        prolong(room, claim)

    assert refused.value.code == "over"
    assert not UnitEvent.every.filter(action="claim.extend").exists()


def test_abuse_13_at_its_end_a_hold_is_extended_or_the_unit_is_the_next_ones(room, monkeypatch):
    """Both are asked for at the instant of the end; whatever comes first, the other reads it."""
    claim = place(room)
    real, end = clock.now, claim.expires_at
    begun = real()
    monkeypatch.setattr(clock, "now", lambda: end - timedelta(milliseconds=20) + (real() - begun))
    told = at_once(lambda: prolong(room, claim), lambda: place(room, buyer=room.theirs))

    assert told in (["done", "taken"], ["over", "done"], ["over", "taken"])
    times = {event.action: event.at for event in UnitEvent.every.filter(unit=room.unit)}
    assert times.get("claim.extend", begun) < end
    assert times.get("claim.expire", end) >= end


def test_the_sweep_leaves_a_unit_that_somebody_works_on_and_finds_nothing_afterwards(room, monkeypatch):
    claim = place(room)
    with transaction.atomic():
        prolong(room, claim)
        later(monkeypatch, hours=25)
        sweep = Rival(holds.expire_due)
        assert sweep.told() == "done"
        assert sweep.result == 0

    assert holds.expire_due() == 0
    assert moves(room.unit) == ["claim.hold", "claim.extend"]


def test_an_extension_that_waits_for_the_expiry_is_refused(room, monkeypatch):
    claim = place(room)
    later(monkeypatch, hours=25)
    with transaction.atomic():
        units.locked([room.unit.pk], visible=Unit.every.all())
        rival = Rival(lambda: prolong(room, claim))
        rival.wait_until_blocked()

    assert rival.told() == "over"
    assert Claim.every.get().state == ClaimState.EXPIRED


def test_a_hold_that_waits_while_the_unit_is_withheld_is_refused(room):
    with transaction.atomic():
        withhold(room, room.unit)
        rival = Rival(lambda: place(room))
        rival.wait_until_blocked()

    assert rival.told() == "taken"
    assert Unit.every.get(pk=room.unit.pk).status == Status.WITHHELD


def test_a_unit_is_not_withheld_by_whoever_waited_for_its_hold(room):
    with transaction.atomic():
        place(room)
        rival = Rival(lambda: withhold(room, room.unit))
        rival.wait_until_blocked()

    assert rival.told() == "obstacles"
    assert Unit.every.get(pk=room.unit.pk).status == Status.HELD


@pytest.fixture
def dearer(room, monkeypatch) -> PriceList:
    """An approved price list, due now, that raises the unit's price by a tenth."""
    found = prices.create_price_list(
        project=room.a, kind=PriceKind.LIST, title="Autumn", effective_from=clock.now() + timedelta(hours=1),
        reason="Sell-through above 60 %", visible=units_visible_to(access_of(room.specialist)), percent=Decimal(10), by=room.specialist,
    )  # fmt: skip
    asked = prices.submit_price_list(price_list=found, version=found.version, by=room.specialist)
    approvals.decide(approval_id=asked.pk, by=room.supervisor, agree=True)
    found.refresh_from_db()
    assert found.state == PriceListState.APPROVED
    later(monkeypatch, hours=2)
    return found


def test_a_hold_that_waits_for_new_prices_begins_at_them(room, dearer):
    old = room.unit.list_total
    with transaction.atomic():
        price_effect.take_due_effect(price_list_id=dearer.pk)
        rival = Rival(lambda: place(room))
        rival.wait_until_blocked()

    assert rival.told() == "done"
    assert Claim.every.get().list_total == Unit.every.get(pk=room.unit.pk).list_total > old


def test_new_prices_that_wait_for_a_hold_leave_its_unit_alone(room, dearer):
    with transaction.atomic():
        claim = place(room)
        rival = Rival(lambda: price_effect.take_due_effect(price_list_id=dearer.pk))
        rival.wait_until_blocked()

    assert rival.told() == "done"
    assert Unit.every.get(pk=room.unit.pk).list_total == claim.list_total == room.unit.list_total
    assert Unit.every.get(pk=room.other.pk).list_total > room.other.list_total


def test_abuse_12_a_proposal_approved_and_returned_at_once_has_one_decision(room):
    second = build.user(Role.SUPERVISOR, room.a)
    asked = release.withhold_units(
        project=room.a, unit_ids=[room.unit.pk], visible=units_visible_to(access_of(room.specialist)),
        reason="Kept back", by=room.specialist,
    ).approval  # fmt: skip
    told = at_once(
        lambda: approvals.decide(approval_id=asked.pk, by=room.supervisor, agree=True),
        lambda: approvals.decide(approval_id=asked.pk, by=second, agree=False, comment="Not now"),
    )

    assert sorted(told) == ["decided", "done"]
    assert moves(room.unit) == (["unit.withhold"] if told[0] == "done" else [])


def test_abuse_11_an_approval_that_waits_for_a_hold_finds_the_unit_changed(room):
    asked = release.withhold_units(
        project=room.a, unit_ids=[room.unit.pk], visible=units_visible_to(access_of(room.specialist)),
        reason="Kept back", by=room.specialist,
    ).approval  # fmt: skip
    with transaction.atomic():
        place(room)
        rival = Rival(lambda: approvals.decide(approval_id=asked.pk, by=room.supervisor, agree=True))
        rival.wait_until_blocked()

    assert rival.told() == "obstacles"
    assert moves(room.unit) == ["claim.hold"]


def test_of_two_holds_at_once_only_one_is_the_last_that_the_salesperson_may_have(room):
    homes = [build.unit(room.unit.building, floor=20 + number, by=room.specialist) for number in range(4)]
    buyers = [customer(room.a, room.salesperson) for _home in homes]
    for home, buyer in zip(homes[:2], buyers[:2], strict=True):
        place(room, home, buyer)
    told = at_once(
        *(
            lambda home=home, buyer=buyer: place(room, home, buyer)
            for home, buyer in zip(homes[2:], buyers[2:], strict=True)
        )
    )

    assert sorted(told) == ["cap_salesperson", "done"]


def test_two_units_asked_for_in_opposite_orders_never_wait_for_each_other(room):
    build.permit(room.unit.building)
    one, two = room.unit, room.other
    told = []
    for _round in range(15):
        told += at_once(
            lambda: withhold(room, one, two), lambda: withhold(room, two, one),
            lambda: offer(room, two, one), lambda: offer(room, one, two),
        )  # fmt: skip

    assert set(told) == {"done", "obstacles"}
