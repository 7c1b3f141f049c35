"""Review (R1.4): submit, approve, return by batch and by unit; what must be there; nobody approves their own entry."""

from datetime import date

import pytest

from inventory.models import BatchLine, ListingBatch, Unit, UnitEvent, UnitLock
from inventory.models.batch import LineState
from inventory.models.unit import PropertyType
from inventory.queries.review import FACTS, RELAXABLE, missing_for_approval
from inventory.queries.scope import units_visible_to
from inventory.services import review
from inventory.states import BATCH_TABLE, REVIEW_TABLE, BatchState, Review, Status
from salescontrol.core import approvals
from salescontrol.core.access import access_of
from salescontrol.core.errors import Conflict, Forbidden, Refusal
from salescontrol.core.history import save_tracked
from salescontrol.core.models import Approval, Notice
from salescontrol.core.permissions import Permission, Role
from salescontrol.core.transitions import move
from tests import build
from tests.inventory import stock


@pytest.fixture
def house(people):
    return build.building(people.a)


@pytest.fixture
def batch(people, house):
    """A batch of three complete drafts, handed over by marketing."""
    found = stock.batch(people.a, people.marketing)
    found.drafts = stock.drafts(house, found, people.marketing)
    return found


def submit(batch, by) -> Approval:
    return review.submit_batch(batch=batch, by=by)


def test_submitting_hands_the_drafts_to_the_supervisor(people, batch):
    approval = submit(batch, people.marketing)
    batch.refresh_from_db()
    assert (batch.state, batch.submitted_by, batch.version) == (BatchState.SUBMITTED, people.marketing, 2)
    assert stock.reviews(batch.drafts) == {Review.SUBMITTED}
    assert stock.statuses(batch.drafts) == {Status.DRAFT}
    assert approval in approvals.waiting_for(access_of(people.supervisor))
    assert Unit.objects.first().history.first().history_change_reason == "unit.submit"


def test_approving_makes_withheld_stock_with_one_event_each(people, batch):
    approval = submit(batch, people.marketing)
    review.approve_batch(batch=batch, by=people.supervisor)
    batch.refresh_from_db()
    assert batch.state == BatchState.APPROVED
    assert stock.reviews(batch.drafts) == {Review.APPROVED}
    assert stock.statuses(batch.drafts) == {Status.WITHHELD}
    assert stock.events_agree(batch.drafts)
    event = UnitEvent.objects.filter(unit=batch.drafts[0]).get()
    assert (event.seq, event.action, event.from_status, event.actor) == (
        1,
        "unit.approve",
        Status.DRAFT,
        people.supervisor,
    )
    assert event.approval == approval
    unit = Unit.objects.get(pk=batch.drafts[0].pk)
    newest = unit.history.first()
    assert (newest.review, newest.history_change_reason, newest.history_user) == (
        Review.APPROVED,
        "unit.approve",
        people.supervisor,
    )
    assert unit.version == 1


@pytest.mark.parametrize("who", ["submitter", "enterer", "corrector"])
def test_nobody_approves_what_they_submitted_or_entered(people, house, who):
    second = build.user(Role.SUPERVISOR, people.a)
    found = stock.batch(people.a, people.marketing)
    drafts = stock.drafts(house, found, second if who == "enterer" else people.marketing)
    if who == "corrector":
        save_tracked(drafts[0], action="unit.change_draft", by=second)
    submit(found, second if who == "submitter" else people.marketing)
    with pytest.raises(Forbidden) as refusal:
        review.approve_batch(batch=found, by=second)
    assert refusal.value.code == "four_eyes"
    assert review.approve_batch(batch=found, by=people.supervisor).state == Approval.State.EXECUTED


def test_management_decides_what_the_only_supervisor_submitted(people, batch):
    submit(batch, people.supervisor)
    with pytest.raises(Forbidden):
        review.approve_batch(batch=batch, by=people.supervisor)
    approval = Approval.objects.get()
    assert {stage.role for stage in approval.stages.all()} == {Role.SUPERVISOR, Role.MANAGEMENT}
    approvals.decide(approval_id=approval.pk, by=people.management, agree=True)
    assert stock.statuses(batch.drafts) == {Status.WITHHELD}


@pytest.mark.parametrize(
    ("who", "may"),
    [("supervisor", True), ("specialist", True), ("marketing", True), ("salesperson", False), ("finance", False)],
)
def test_who_may_submit(people, batch, who, may):
    person = getattr(people, who)
    if may:
        assert submit(batch, person).state == Approval.State.PENDING
    else:
        with pytest.raises(Forbidden):
            submit(batch, person)


def test_an_empty_batch_is_not_submitted(people):
    with pytest.raises(Refusal) as refusal:
        submit(stock.batch(people.a, people.marketing), people.marketing)
    assert refusal.value.code == "nothing_to_submit"


# ---------------------------------------------------------------- what must be there


@pytest.mark.parametrize(
    ("fact", "fields"),
    [
        ("list_price", {"list_total": None, "list_unit_price": None}),
        ("layout", {"layout": None}),
        ("orientation", {"orientation": ""}),
        ("discount", {"no_discount": False}),
    ],
)
def test_a_missing_fact_stops_the_whole_batch_and_is_named(people, house, fact, fields):
    found = stock.batch(people.a, people.marketing)
    units = stock.drafts(house, found, people.marketing, 2)
    Unit.objects.filter(pk=units[1].pk).update(**fields)
    submit(found, people.marketing)
    with pytest.raises(Refusal) as refusal:
        review.approve_batch(batch=found, by=people.supervisor)
    assert refusal.value.code == "incomplete"
    assert units[1].number in str(refusal.value.message)
    assert units[0].number not in str(refusal.value.message)
    assert str(FACTS[fact]) in str(refusal.value.message)
    assert stock.statuses(units) == {Status.DRAFT}
    assert not UnitEvent.objects.exists()


def test_the_facts_that_a_unit_lacks_are_exactly_these(people, house):
    bare = build.unit(
        house, by=people.marketing, status=Status.DRAFT, list_total=None, list_unit_price=None, layout=None
    )
    assert missing_for_approval(people.a, [bare]) == {
        bare.pk: ["list_price", "layout", "orientation", "floor_plan", "discount"]
    }


def test_what_the_project_relaxes_with_a_reason_may_be_missing_and_nothing_else(people, house):
    bare = build.unit(
        house, by=people.marketing, status=Status.DRAFT, list_total=None, list_unit_price=None, layout=None
    )
    project = review.relax_review(project=people.a, facts=RELAXABLE, reason="Sold bare", by=people.supervisor)
    assert missing_for_approval(project, [bare]) == {bare.pk: ["list_price"]}
    assert project.history.first().history_change_reason == "project.relax_review: Sold bare"
    with pytest.raises(Refusal):
        review.relax_review(project=people.a, facts=["layout"], reason="", by=people.supervisor)
    with pytest.raises(Refusal):
        review.relax_review(project=people.a, facts=["list_price"], reason="Later", by=people.supervisor)
    with pytest.raises(Forbidden):
        review.relax_review(project=people.a, facts=[], reason="", by=people.specialist)


def test_parking_needs_no_layout_orientation_or_floor_plan(people, house):
    space = build.unit(
        house, by=people.marketing, status=Status.DRAFT, property_type=PropertyType.PARKING, no_discount=True
    )
    assert missing_for_approval(people.a, [space]) == {}


def test_a_policy_in_force_for_the_unit_is_enough(people, house):
    unit = build.unit(house, by=people.marketing, status=Status.DRAFT)
    other = build.building(people.a, "4#")
    stock.policy(people.a, people.marketing).buildings.set([other])
    assert "discount" in missing_for_approval(people.a, [unit])[unit.pk]
    stock.policy(people.a, people.marketing, name="Past", valid_to=date(2026, 2, 1))
    assert "discount" in missing_for_approval(people.a, [unit])[unit.pk]
    stock.policy(people.a, people.marketing, name="All")
    assert "discount" not in missing_for_approval(people.a, [unit])[unit.pk]


def test_missing_facts_cost_the_same_for_one_unit_and_for_thirty(people, house, django_assert_num_queries):
    units = stock.drafts(house, None, people.marketing, 30, no_discount=False)
    stock.policy(people.a, people.marketing)
    for count in (1, 30):
        with django_assert_num_queries(6):
            missing_for_approval(people.a, units[:count])


# ---------------------------------------------------------------- return and submit again


def test_a_returned_batch_is_corrected_and_submitted_again(people, batch):
    submit(batch, people.marketing)
    with pytest.raises(Refusal):
        review.return_batch(batch=batch, by=people.supervisor, comment=" ")
    review.return_batch(batch=batch, by=people.supervisor, comment="Areas of floor 2?")
    batch.refresh_from_db()
    assert batch.state == BatchState.RETURNED
    assert stock.reviews(batch.drafts) == {Review.RETURNED}
    assert set(Unit.objects.values_list("review_comment", flat=True)) == {"Areas of floor 2?"}
    submit(batch, people.marketing)
    review.approve_batch(batch=batch, by=people.supervisor)
    assert stock.statuses(batch.drafts) == {Status.WITHHELD}


def test_some_units_are_returned_and_the_rest_is_approved(people, batch):
    submit(batch, people.marketing)
    bad, *good = batch.drafts
    with pytest.raises(Refusal):
        review.return_units(batch=batch, unit_ids=[bad.pk], by=people.supervisor, comment="")
    review.return_units(batch=batch, unit_ids=[bad.pk], by=people.supervisor, comment="Orientation?")
    bad.refresh_from_db()
    assert (bad.review, bad.review_comment) == (Review.RETURNED, "Orientation?")
    assert "Orientation?" in str(Notice.objects.get(code="units.returned").params)
    review.approve_batch(batch=batch, by=people.supervisor)
    assert stock.statuses(good) == {Status.WITHHELD}
    assert stock.statuses([bad]) == {Status.DRAFT}
    visible = units_visible_to(access_of(people.marketing))
    review.submit_units(project=people.a, unit_ids=[bad.pk], visible=visible, by=people.marketing)
    review.approve_batch(batch=batch, by=people.supervisor)
    assert stock.statuses(batch.drafts) == {Status.WITHHELD}
    assert stock.events_agree(batch.drafts)


def test_returning_every_unit_returns_the_batch(people, batch):
    submit(batch, people.marketing)
    ids = [unit.pk for unit in batch.drafts]
    review.return_units(batch=batch, unit_ids=ids, by=people.supervisor, comment="All")
    batch.refresh_from_db()
    assert batch.state == BatchState.RETURNED
    assert Approval.objects.get().state == Approval.State.RETURNED


@pytest.mark.parametrize("who", ["marketing", "specialist", "management", "other_supervisor"])
def test_only_a_decider_returns_units(people, batch, who):
    submit(batch, people.marketing)
    with pytest.raises(Forbidden):
        review.return_units(batch=batch, unit_ids=[batch.drafts[0].pk], by=getattr(people, who), comment="No")
    assert stock.reviews(batch.drafts) == {Review.SUBMITTED}


def test_a_withdrawn_batch_is_a_draft_again(people, batch):
    approval = submit(batch, people.marketing)
    approvals.withdraw(approval_id=approval.pk, by=people.marketing)
    batch.refresh_from_db()
    assert batch.state == BatchState.DRAFT
    assert stock.reviews(batch.drafts) == {Review.DRAFT}


def test_units_typed_in_by_form_become_a_batch_of_their_own(people, house):
    units = stock.drafts(house, None, people.specialist)
    visible = units_visible_to(access_of(people.specialist))
    made = review.submit_units(
        project=people.a, unit_ids=[unit.pk for unit in units], visible=visible, by=people.specialist, note="Shops"
    )
    batch = ListingBatch.objects.get()
    assert [approval.target_id for approval in made] == [batch.pk]
    assert set(Unit.objects.values_list("batch", flat=True)) == {batch.pk}
    assert made[0].reason == "Shops"


def test_marketing_submits_only_units_it_may_see(people, house):
    others = stock.drafts(house, None, people.specialist)
    visible = units_visible_to(access_of(people.marketing))
    with pytest.raises(Refusal) as refusal:
        review.submit_units(
            project=people.a, unit_ids=[unit.pk for unit in others], visible=visible, by=people.marketing
        )
    assert refusal.value.code == "nothing_to_submit"


def test_abuse_11_a_unit_that_changed_after_submission_is_not_approved(people, batch):
    submit(batch, people.marketing)
    Unit.objects.filter(pk=batch.drafts[1].pk).update(version=2)
    with pytest.raises(Conflict, match=batch.drafts[1].number):
        review.approve_batch(batch=batch, by=people.supervisor)
    assert stock.statuses(batch.drafts) == {Status.DRAFT}


# ---------------------------------------------------------------- changes of approved units


@pytest.fixture
def changing(people, house):
    """A batch that changes the orientation of two approved units."""
    found = stock.batch(people.a, people.marketing)
    found.units_changed = stock.stock(house, people.specialist, 2, orientation="S")
    for unit in found.units_changed:
        stock.changed_line(found, unit, {"orientation": "S"}, {"orientation": "SN"})
    return found


def test_changes_wait_locked_and_take_effect_on_approval(people, changing):
    submit(changing, people.marketing)
    assert set(Unit.objects.values_list("locks", flat=True)) == {"CHANGE"}
    assert set(Unit.objects.values_list("orientation", flat=True)) == {"S"}
    review.approve_batch(batch=changing, by=people.supervisor)
    assert set(Unit.objects.values_list("orientation", "version", "locks")) == {("SN", 2, "")}
    assert stock.statuses(changing.units_changed) == {Status.AVAILABLE}
    assert set(BatchLine.objects.values_list("state", flat=True)) == {LineState.APPROVED}
    assert UnitLock.objects.filter(lifted_at__isnull=True).count() == 0
    unit = Unit.objects.first()
    assert unit.history.first().history_change_reason == "unit.change"


def test_a_change_of_a_unit_that_moved_on_is_left_out_at_submission_and_says_so(people, changing):
    Unit.objects.filter(pk=changing.units_changed[0].pk).update(version=5)
    submit(changing, people.marketing)
    line = BatchLine.objects.get(unit=changing.units_changed[0])
    assert line.state == LineState.LEFT_OUT
    assert "Read the file again" in line.comment
    review.approve_batch(batch=changing, by=people.supervisor)
    assert list(Unit.objects.order_by("pk").values_list("orientation", flat=True)) == ["S", "SN"]


def test_a_stale_change_stops_the_approval_and_is_named(people, changing):
    submit(changing, people.marketing)
    stale = changing.units_changed[1]
    Unit.objects.filter(pk=stale.pk).update(version=7)
    with pytest.raises(Conflict, match=stale.number):
        review.approve_batch(batch=changing, by=people.supervisor)
    assert set(Unit.objects.values_list("orientation", flat=True)) == {"S"}


def test_returning_a_batch_lifts_the_locks_of_its_changes(people, changing):
    submit(changing, people.marketing)
    review.return_batch(batch=changing, by=people.supervisor, comment="Why?")
    assert set(Unit.objects.values_list("locks", flat=True)) == {""}
    assert set(BatchLine.objects.values_list("state", flat=True)) == {LineState.RETURNED}
    submit(changing, people.marketing)
    review.approve_batch(batch=changing, by=people.supervisor)
    assert set(Unit.objects.values_list("orientation", flat=True)) == {"SN"}


def test_two_batches_do_not_change_the_same_unit_at_once(people, changing):
    submit(changing, people.marketing)
    second = stock.batch(people.a, people.specialist, "LB-2")
    stock.changed_line(second, changing.units_changed[0], {"finish": ""}, {"finish": "BARE"})
    with pytest.raises(Conflict, match=changing.units_changed[0].number):
        submit(second, people.specialist)


# ---------------------------------------------------------------- tables and size

BATCH = {
    "batch.submit": {BatchState.DRAFT, BatchState.RETURNED, BatchState.APPROVED},
    "batch.approve": {BatchState.SUBMITTED},
    "batch.return": {BatchState.SUBMITTED},
    "batch.withdraw": {BatchState.SUBMITTED},
}
REVIEWS = {
    "unit.submit": ({Review.DRAFT, Review.RETURNED}, Review.SUBMITTED, Permission.BATCH_SUBMIT),
    "unit.approve": ({Review.SUBMITTED}, Review.APPROVED, Permission.UNIT_REVIEW),
    "unit.return": ({Review.SUBMITTED}, Review.RETURNED, Permission.UNIT_REVIEW),
}


@pytest.mark.parametrize("state", BatchState.values)
@pytest.mark.parametrize("action", BATCH_TABLE)
def test_every_batch_state_times_every_action(people, state, action):
    found = stock.batch(people.a, people.marketing, state=state)
    by = people.supervisor
    if state in BATCH[action]:
        assert move(BATCH_TABLE, action, found, by=by, project_id=people.a.pk).state == BATCH_TABLE[action].target
    else:
        with pytest.raises(Conflict):
            move(BATCH_TABLE, action, found, by=by, project_id=people.a.pk)
    assert BATCH_TABLE.keys() == BATCH.keys()


def test_the_review_table_is_exactly_this():
    assert {name: (set(rule.sources), rule.target, rule.permission) for name, rule in REVIEW_TABLE.items()} == REVIEWS


@pytest.mark.parametrize("review_state", Review.values)
def test_submitting_takes_exactly_the_open_drafts(people, house, review_state):
    found = stock.batch(people.a, people.marketing)
    status = Status.WITHHELD if review_state == Review.APPROVED else Status.DRAFT
    unit = build.unit(house, by=people.marketing, status=status, batch=found, review=review_state)
    if review_state in REVIEWS["unit.submit"][0]:
        submit(found, people.marketing)
        unit.refresh_from_db()
        assert unit.review == Review.SUBMITTED
    else:
        with pytest.raises(Refusal):
            submit(found, people.marketing)


def test_the_number_of_queries_hardly_grows_with_the_batch(people, house, django_assert_max_num_queries):
    found = stock.batch(people.a, people.marketing)
    stock.drafts(house, found, people.marketing, 60)
    with django_assert_max_num_queries(60):
        submit(found, people.marketing)
    with django_assert_max_num_queries(70):
        review.approve_batch(batch=found, by=people.supervisor)
    assert UnitEvent.objects.count() == 60
