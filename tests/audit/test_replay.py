"""What a restored older copy lacks comes back from the journal (decisions 18, quality B7)."""

import uuid

import pytest
from django.db import transaction

from contracts.models import Claim
from contracts.services import holds, waiting
from contracts.states import ClaimState, Evidence, HoldKind
from inventory.models import Unit, UnitEvent
from inventory.queries.scope import units_visible_to
from inventory.states import Status
from salescontrol.core import journal, proof, seals
from salescontrol.core.access import access_of
from salescontrol.core.errors import Conflict
from salescontrol.core.models import AuditEvent, Seal
from security.queries import consistency
from security.services.replay import replay
from tests import build
from tests.audit.conftest import as_superuser
from tests.contracts.stock import customer, hold


@pytest.fixture
def lost(transactional_db, people):
    """A unit that was held in the copy; later, in what was lost: released, another held, a third held and extended."""
    where = build.building(people.a)
    units = [build.unit(where, floor, by=people.specialist) for floor in (3, 4, 5)]
    who = [customer(people.a, people.salesperson) for _unit in units]
    first = hold(units[0], who[0], people.salesperson, people.specialist)
    journal.keep()
    with as_superuser():
        copy = transaction.savepoint()
        holds.release_hold(op_id=uuid.uuid4(), number=first.number, reason="Changed their mind", by=people.specialist)
        journal.keep()
        people.second = hold(units[1], who[1], people.salesperson, people.specialist)
        people.third = hold(units[2], who[2], people.salesperson, people.specialist)
        holds.extend_hold(
            op_id=uuid.uuid4(), number=people.third.number, reason="Waits for the bank", by=people.specialist
        )
        people.third.refresh_from_db()
        journal.keep()
        people.events = list(
            UnitEvent.objects.order_by("unit", "seq").values("unit", "seq", "op_id", "at", "to_status", "ends_at")
        )
        transaction.savepoint_rollback(copy)
        people.units, people.first = units, first
        yield people


def _sound() -> bool:
    return {finding.code for finding in proof.verify().findings} <= {"guard_missing"}


def test_events_and_claims_come_back_as_they_were_without_the_customer(lost):
    gap = replay()

    assert (
        list(UnitEvent.objects.order_by("unit", "seq").values("unit", "seq", "op_id", "at", "to_status", "ends_at"))
        == lost.events
    )
    assert [unit.status for unit in Unit.objects.order_by("floor")] == [Status.AVAILABLE, Status.HELD, Status.HELD]
    assert Claim.objects.get(number=lost.first.number).state == ClaimState.RELEASED
    third = Claim.objects.get(number=lost.third.number)
    assert (third.customer, third.salesperson, third.extensions, third.expires_at) == (
        None, lost.salesperson, 1, lost.third.expires_at,
    )  # fmt: skip
    assert third.list_total == lost.third.list_total
    assert len(gap.events) == 4 and gap.refused == []
    assert sorted(name.split()[0] for name in gap.to_complete) == sorted([lost.second.number, lost.third.number])
    assert consistency.problems() == []
    assert "customer" not in journal.files(journal.folder())[0].read_text()


def test_an_offer_that_was_taken_comes_back_as_the_hold_it_became(transactional_db, people):
    """The copy has it as an offer; and a salesperson sees no unit any more whose hold ended in what was lost."""
    where = build.building(people.a)
    unit, gone = [build.unit(where, floor, by=people.specialist) for floor in (3, 4)]
    first, waits = customer(people.a, people.salesperson), customer(people.a, people.salesperson)
    over = hold(gone, first, people.colleague, people.specialist)
    ahead = hold(unit, first, people.salesperson, people.specialist)
    put = {
        "unit_id": unit.pk,
        "customer": waits,
        "salesperson": people.salesperson,
        "note": "",
        "by": people.specialist,
    }
    waiting.join(op_id=uuid.uuid4(), **put)
    why = {"reason": "Changed their mind", "by": people.specialist}
    holds.release_hold(op_id=uuid.uuid4(), number=ahead.number, **why)
    offer = waiting.offer_next(unit_id=unit.pk)
    journal.keep()
    with as_superuser():
        copy = transaction.savepoint()
        waiting.take_offer(op_id=uuid.uuid4(), number=offer.number, evidence=Evidence.ID_SEEN, **why)
        holds.release_hold(op_id=uuid.uuid4(), number=over.number, **why)
        journal.keep()
        transaction.savepoint_rollback(copy)
        assert gone in units_visible_to(access_of(people.colleague))
        assert replay().refused == []
        back = Claim.objects.get(number=offer.number)
        assert (back.kind, back.evidence, back.customer) == (HoldKind.CUSTOMER, Evidence.ID_SEEN, waits)
        assert gone not in units_visible_to(access_of(people.colleague))
        assert unit in units_visible_to(access_of(people.salesperson))


def test_the_chain_goes_on_behind_the_last_anchor_and_says_why(lost):
    assert journal.restore_needed()
    known = journal.tail(journal.folder())["seal"]
    replay()
    journal.write_due()

    newest = seals.head()
    assert (newest.number, newest.follows) == (known + 1, Seal.objects.exclude(pk=newest.pk).order_by("-pk").first().pk)
    assert not journal.restore_needed()
    assert _sound() and proof.verify().restores == [newest.number]
    assert AuditEvent.objects.get(action="journal.replay").detail["refused"] == []


def test_replaying_twice_changes_nothing(lost):
    replay()
    journal.write_due()
    before = UnitEvent.objects.count(), Seal.objects.count(), AuditEvent.objects.count()
    gap = replay()
    assert gap.events == gap.refused == []
    assert (UnitEvent.objects.count(), Seal.objects.count(), AuditEvent.objects.count()) == before


def test_what_somebody_sold_anew_before_the_replay_is_told_not_overwritten(lost):
    other = hold(lost.units[1], customer(lost.a, lost.colleague), lost.colleague, lost.specialist)
    gap = replay()
    assert [name for name in gap.refused if lost.units[1].number in name]
    assert Claim.objects.get(unit=lost.units[1], released_at__isnull=True) == other


def test_a_seal_that_pretends_to_a_restore_is_found(lost):
    """Who cuts the end off and claims that it was a restore lacks the journal's word for it."""
    replay()
    journal.write_due()
    last = seals.head()
    for row in last.rows.filter(model="core.auditevent"):
        AuditEvent.objects.filter(pk=row.row_id)._raw_delete("default")
    last.rows.all()._raw_delete("default")
    Seal.objects.filter(pk=last.pk)._raw_delete("default")
    seals.seal_restore(last=last.number - 1, note="Restored")
    assert {finding.code for finding in proof.verify().findings} & {"seals_rewritten", "seals_cut_off"}


def test_a_damaged_journal_is_not_replayed(lost):
    path = journal.files(journal.folder())[0]
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:1], *lines[2:]]))
    with pytest.raises(Conflict) as refused:
        replay()
    assert refused.value.code == "damaged"
