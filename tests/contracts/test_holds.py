"""Holds (R1.5, domain B3): what is written, who may, how often, and how they end."""

import uuid
from datetime import timedelta

import pytest

from contracts.models import Claim
from contracts.queries import losing
from contracts.services import holds, waiting
from contracts.states import ClaimState, Evidence, HoldKind
from inventory.models import Unit, UnitEvent
from inventory.queries.scope import units_visible_to
from inventory.queries.standing import standing, status_at
from inventory.states import Status
from salescontrol.core import clock, options
from salescontrol.core.access import access_of
from salescontrol.core.errors import Conflict, Forbidden, NotVisible, Refusal
from salescontrol.core.models import Operation
from salescontrol.core.permissions import Role
from tests import build
from tests.contracts.stock import customer, hold, terms

pytestmark = pytest.mark.django_db


@pytest.fixture
def room(people):
    """A unit on sale and a customer who wants it."""
    people.unit = build.unit(build.building(people.a), by=people.specialist)
    people.customer = customer(people.a, people.salesperson)
    return people


def later(monkeypatch, **delta) -> None:
    """The database's clock, that much later."""
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + timedelta(**delta))


def test_a_hold_writes_claim_event_and_status_together(room):
    claim = hold(room.unit, room.customer, room.salesperson, room.specialist)

    unit = Unit.objects.get()
    event = UnitEvent.objects.latest("seq")
    assert (unit.status, unit.event_seq, unit.claim_ends_at) == (Status.HELD, event.seq, claim.expires_at)
    assert (event.action, event.claim, event.ends_at, event.actor) == (
        "claim.hold", claim.number, claim.expires_at, room.specialist
    )  # fmt: skip
    assert claim.event_seq == event.seq
    assert claim.list_total == unit.list_total
    assert claim.expires_at - claim.placed_at == timedelta(hours=24)


def test_the_same_form_twice_is_one_hold_with_one_answer(room):
    op_id = uuid.uuid4()
    first = hold(room.unit, room.customer, room.salesperson, room.specialist, op_id=op_id)
    again = hold(room.unit, room.customer, room.salesperson, room.specialist, op_id=op_id)

    assert again == first
    assert Claim.objects.count() == 1


def test_the_same_form_with_another_unit_is_refused(room):
    op_id, other = uuid.uuid4(), build.unit(room.unit.building, floor=13, by=room.specialist)
    hold(room.unit, room.customer, room.salesperson, room.specialist, op_id=op_id)
    with pytest.raises(Refusal) as refused:
        hold(other, room.customer, room.salesperson, room.specialist, op_id=op_id)

    assert refused.value.code == "other_content"
    assert Claim.objects.count() == 1


def test_a_refusal_is_repeated_for_the_same_form_even_when_the_reason_is_gone(room):
    op_id = uuid.uuid4()
    claim = hold(room.unit, room.customer, room.salesperson, room.specialist)
    with pytest.raises(Conflict):
        hold(room.unit, room.customer, room.colleague, room.specialist, op_id=op_id)
    holds.release_hold(op_id=uuid.uuid4(), number=claim.number, reason="Changed their mind", by=room.specialist)
    with pytest.raises(Conflict) as refused:
        hold(room.unit, room.customer, room.colleague, room.specialist, op_id=op_id)

    assert refused.value.code == "taken"
    assert Operation.objects.get(op_id=op_id).refused


def test_the_desk_reads_who_has_the_unit_and_what_else_is_free(room):
    other = build.unit(room.unit.building, floor=13, by=room.specialist)
    hold(room.unit, room.customer, room.salesperson, room.specialist)
    with pytest.raises(Conflict) as refused:
        hold(room.unit, customer(room.a, room.colleague), room.colleague, room.supervisor)

    assert room.salesperson.name in str(refused.value)
    assert [label for label, _url in refused.value.links] == [f"{other.number} is free"]


def test_a_hold_past_its_end_stands_in_nobodys_way_although_nothing_ran(room, monkeypatch):
    first = hold(room.unit, room.customer, room.salesperson, room.specialist)
    later(monkeypatch, hours=24, seconds=1)
    unit = Unit.objects.annotate(shown=status_at(clock.now())).get()
    assert (unit.status, unit.shown, standing(unit)) == (Status.HELD, Status.AVAILABLE, Status.AVAILABLE)

    second = hold(room.unit, customer(room.a, room.colleague), room.colleague, room.specialist)

    first.refresh_from_db()
    assert (first.state, second.state) == (ClaimState.EXPIRED, ClaimState.ACTIVE)
    told = UnitEvent.objects.order_by("seq").values_list("action", "actor")
    assert [*told][-3:] == [
        ("claim.hold", room.specialist.pk), ("claim.expire", None), ("claim.hold", room.specialist.pk)
    ]  # fmt: skip


def test_the_sweep_writes_each_end_once(room, monkeypatch):
    claim = hold(room.unit, room.customer, room.salesperson, room.specialist)
    later(monkeypatch, hours=25)
    assert (holds.expire_due(), holds.expire_due()) == (1, 0)

    claim.refresh_from_db()
    assert claim.state == ClaimState.EXPIRED
    assert Unit.objects.get().status == Status.AVAILABLE


def test_the_caps_are_the_offices_and_the_supervisor_lifts_them(room):
    homes = [build.unit(room.unit.building, floor=20 + number, by=room.specialist) for number in range(4)]
    for home in homes[:3]:
        hold(home, customer(room.a, room.salesperson), room.salesperson, room.specialist)
    with pytest.raises(Refusal) as refused:
        hold(homes[3], room.customer, room.salesperson, room.specialist)
    assert refused.value.code == "cap_salesperson"

    hold(homes[3], room.customer, room.salesperson, room.supervisor, override="Opening weekend")


def test_abuse_19_a_customer_cannot_gather_units(room):
    homes = [build.unit(room.unit.building, floor=20 + number, by=room.specialist) for number in range(3)]
    for home, seller in zip(homes, (room.salesperson, room.colleague, room.colleague), strict=True):
        if home is homes[2]:
            with pytest.raises(Refusal) as refused:
                hold(home, room.customer, seller, room.specialist)
            assert refused.value.code == "cap_customer"
        else:
            hold(home, room.customer, seller, room.specialist)


def test_the_same_customer_waits_before_holding_again(room, monkeypatch):
    hold(room.unit, room.customer, room.salesperson, room.specialist)
    later(monkeypatch, hours=25)
    with pytest.raises(Refusal) as refused:
        hold(room.unit, room.customer, room.salesperson, room.specialist)

    assert refused.value.code == "cool_down"


def test_the_desk_extends_once_the_supervisor_further(room):
    claim = hold(room.unit, room.customer, room.salesperson, room.specialist)
    longer = holds.extend_hold(op_id=uuid.uuid4(), number=claim.number, reason="Bank is late", by=room.specialist)
    assert longer.expires_at - claim.expires_at == timedelta(hours=24)
    with pytest.raises(Refusal) as refused:
        holds.extend_hold(op_id=uuid.uuid4(), number=claim.number, reason="Again", by=room.specialist)
    assert refused.value.code == "extensions"

    holds.extend_hold(op_id=uuid.uuid4(), number=claim.number, reason="Once more", by=room.supervisor)


def test_without_evidence_only_the_supervisor_holds(room):
    with pytest.raises(Refusal) as refused:
        hold(room.unit, room.customer, room.salesperson, room.specialist, evidence=Evidence.NONE)
    assert refused.value.code == "evidence"
    assert hold(room.unit, room.customer, room.salesperson, room.supervisor, evidence=Evidence.NONE)


def test_while_a_deal_is_written_the_unit_is_locked_for_minutes(room):
    claim = hold(room.unit, None, room.salesperson, room.specialist, kind=HoldKind.DEAL)
    assert claim.expires_at - claim.placed_at == timedelta(minutes=10)


def test_abuse_19_a_deals_lock_is_no_way_around_the_caps(room):
    """Two locks without a customer: naming the same customer twice counts like holding for them twice."""
    options.change(by=room.supervisor, project_id=room.a.pk, changes={"hold.per_customer": 1})
    second = build.unit(room.unit.building, floor=13, by=room.specialist)
    first, last = [
        hold(unit, None, room.salesperson, room.specialist, kind=HoldKind.DEAL) for unit in (room.unit, second)
    ]
    named = {"customer": room.customer, "reason": "They sign now"}
    put = {**named, "salesperson": room.colleague, "by": room.specialist}
    holds.complete_hold(op_id=uuid.uuid4(), number=first.number, **put)
    assert room.unit not in units_visible_to(access_of(room.salesperson))
    assert room.unit in units_visible_to(access_of(room.colleague))
    with pytest.raises(Refusal) as refused:
        holds.complete_hold(op_id=uuid.uuid4(), number=last.number, **put)
    assert refused.value.code == "cap_customer"
    holds.complete_hold(op_id=uuid.uuid4(), number=last.number, **{**put, "by": room.supervisor})


def test_customer_and_salesperson_are_those_of_the_units_project(room):
    """Whatever form was forged: the service looks."""
    far = build.user(Role.SALESPERSON, room.b)
    with pytest.raises(NotVisible):
        hold(room.unit, customer(room.b, far), room.salesperson, room.specialist)
    with pytest.raises(Refusal) as refused:
        hold(room.unit, room.customer, far, room.specialist)
    assert refused.value.code == "no_salesperson"
    hold(room.unit, room.customer, room.salesperson, room.specialist)
    with pytest.raises(NotVisible):
        waiting.join(
            op_id=uuid.uuid4(), unit_id=room.unit.pk, customer=customer(room.b, far), salesperson=room.salesperson,
            note="", by=room.specialist,
        )  # fmt: skip
    assert Claim.objects.count() == 1


def test_what_else_is_free_can_be_held(room):
    where, by = room.unit.building, room.specialist
    build.unit(where, floor=13, by=by, mortgaged=True)
    waited, free = build.unit(where, floor=14, by=by), build.unit(where, floor=15, by=by)
    taken = hold(waited, room.customer, room.salesperson, by)
    put = {
        "unit_id": waited.pk,
        "customer": customer(room.a, room.colleague),
        "salesperson": room.colleague,
        "note": "",
    }
    waiting.join(op_id=uuid.uuid4(), by=by, **put)
    holds.release_hold(op_id=uuid.uuid4(), number=taken.number, reason="Changed their mind", by=by)
    assert list(losing.alternatives(access_of(by), room.unit, clock.now())) == [free]


def test_salespeople_and_strangers_place_no_holds(room):
    room.unit.salesperson = room.salesperson
    Unit.objects.filter(pk=room.unit.pk).update(salesperson=room.salesperson)
    with pytest.raises(Forbidden):
        hold(room.unit, room.customer, room.salesperson, room.salesperson)
    with pytest.raises(NotVisible):
        hold(room.unit, room.customer, room.salesperson, room.other_supervisor)


def test_the_salesperson_sees_the_unit_as_long_as_the_hold_runs(room):
    from inventory.queries.scope import units_visible_to
    from salescontrol.core.access import access_of, forget_access

    assert not units_visible_to(access_of(room.salesperson)).exists()
    claim = hold(room.unit, room.customer, room.salesperson, room.specialist)
    assert units_visible_to(access_of(room.salesperson)).exists()
    holds.release_hold(op_id=uuid.uuid4(), number=claim.number, reason="Changed their mind", by=room.specialist)
    forget_access(room.salesperson)
    assert not units_visible_to(access_of(room.salesperson)).exists()


def test_terms_need_a_reason(room):
    with pytest.raises(Refusal) as refused:
        holds.place_hold(
            op_id=uuid.uuid4(), unit_id=room.unit.pk, by=room.specialist,
            terms=terms(room.customer, room.salesperson, reason=" "),
        )  # fmt: skip
    assert refused.value.code == "no_reason"


def test_a_unit_whose_end_cannot_be_written_does_not_keep_the_others_waiting(room, monkeypatch):
    other = build.unit(room.unit.building, floor=13, by=room.specialist)
    hold(room.unit, room.customer, room.salesperson, room.specialist)
    second = hold(other, customer(room.a, room.colleague), room.colleague, room.specialist)
    expire = holds._expire

    def broken(unit_id: int) -> bool:
        if unit_id == room.unit.pk:
            raise RuntimeError("this one cannot be written")
        return expire(unit_id)

    monkeypatch.setattr(holds, "_expire", broken)
    later(monkeypatch, hours=25)
    assert holds.expire_due() == 1

    second.refresh_from_db()
    assert second.state == ClaimState.EXPIRED


def test_a_repeated_refusal_still_leads_on_to_what_is_free(room):
    build.unit(room.unit.building, floor=13, by=room.specialist)
    hold(room.unit, room.customer, room.salesperson, room.specialist)
    buyer, op_id, links = customer(room.a, room.colleague), uuid.uuid4(), []
    for _time in range(2):
        with pytest.raises(Conflict) as refused:
            hold(room.unit, buyer, room.colleague, room.specialist, op_id=op_id)
        links.append([tuple(link) for link in refused.value.links])
    assert links[0] and links[0] == links[1]
