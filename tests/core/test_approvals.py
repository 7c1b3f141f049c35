"""The one Approval mechanism: stages, four eyes, deputies, out of date, two deciders, withdrawal, separate execution (R6.2)."""

import threading
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.urls import reverse

from salescontrol.core import approvals, clock
from salescontrol.core.access import access_of, forget_access
from salescontrol.core.approvals import Kind, Stage
from salescontrol.core.errors import Conflict, Forbidden, NotVisible, Refusal
from salescontrol.core.models import Approval, ApprovalDecision, Notice
from salescontrol.core.permissions import Role
from security.models import Deputy
from tests import build

KIND = "test.kind"
STATE = Approval.State


@pytest.fixture
def kind(monkeypatch):
    """A registered kind whose stages, version and outcome a test may set."""
    record = SimpleNamespace(stages=[Stage((Role.SUPERVISOR,))], version=1, applied=[], closed=[], separate=False)

    def register() -> None:
        approvals.KINDS[KIND] = Kind(
            label="Test",
            stages=lambda approval: record.stages,
            apply=lambda approval, by: record.applied.append((approval.pk, by)),
            present=lambda approval, access: [("Field", "old", "new")],
            url=lambda approval: "",
            version=lambda target_id: record.version,
            closed=lambda approval, by: record.closed.append((approval.state, by)),
            separate=record.separate,
        )

    monkeypatch.setattr(approvals, "KINDS", dict(approvals.KINDS))
    record.register = register
    register()
    return record


def ask(people, by=None, target_id=7, **fields) -> Approval:
    return approvals.request(
        **{
            "kind": KIND,
            "by": by or people.specialist,
            "subject": "3-1202",
            "reason": "Surveyed anew",
            "project_id": people.a.pk,
            "target_id": target_id,
            **fields,
        }
    )


def deputy(people, person, *, of=None, hours=4) -> None:
    now = clock.now()
    Deputy.objects.create(
        supervisor=of or people.supervisor,
        deputy=person,
        project_id=people.a.pk,
        starts_at=now - timedelta(hours=1),
        ends_at=now + timedelta(hours=hours),
    )
    forget_access(person)


def decide(approval, by, agree=True, comment="") -> Approval:
    return approvals.decide(approval_id=approval.pk, by=by, agree=agree, comment=comment)


def test_a_request_tells_the_deciders_and_a_decision_tells_the_author(people, kind):
    approval = ask(people)
    assert Notice.objects.get(code="approval.asked").to == people.supervisor
    done = decide(approval, people.supervisor)
    assert done.state == STATE.EXECUTED
    assert kind.applied == [(approval.pk, people.supervisor)]
    assert Notice.objects.get(code="approval.decided").to == people.specialist
    assert [record.history_change_reason for record in approval.history.order_by("history_id")] == [
        f"{KIND}.request",
        f"{KIND}.execute",
    ]


def test_a_request_without_a_reason_is_refused(people, kind):
    with pytest.raises(Refusal) as refusal:
        ask(people, reason="  ")
    assert refusal.value.fields.keys() == {"reason"}
    assert not Approval.objects.exists()


def test_one_request_per_target_waits_at_a_time(people, kind):
    first = ask(people)
    with pytest.raises(Conflict, match="already waiting"):
        ask(people, by=people.supervisor)
    approvals.withdraw(approval_id=first.pk, by=people.specialist)
    assert ask(people).state == STATE.PENDING


def test_returning_needs_a_comment_and_applies_nothing(people, kind):
    approval = ask(people)
    with pytest.raises(Refusal) as refusal:
        decide(approval, people.supervisor, agree=False)
    assert refusal.value.fields.keys() == {"comment"}
    assert decide(approval, people.supervisor, agree=False, comment="Area?").state == STATE.RETURNED
    assert kind.applied == []
    assert kind.closed == [(STATE.RETURNED, people.supervisor)]
    assert "Area?" in str(Notice.objects.get(code="approval.returned").params)


def test_who_may_decide_by_role(people, kind):
    approval = ask(people, by=people.marketing)
    for person, error in (
        (people.specialist, Forbidden),
        (people.finance, Forbidden),
        (people.management, Forbidden),
        (people.salesperson, NotVisible),
        (people.head, NotVisible),
        (people.administrator, NotVisible),
        (people.other_supervisor, NotVisible),
    ):
        with pytest.raises(error):
            decide(approval, person)
    assert decide(approval, people.supervisor).state == STATE.EXECUTED


def test_abuse_10_nobody_decides_their_own_request(people, kind):
    approval = ask(people, by=people.supervisor)
    with pytest.raises(Forbidden) as refusal:
        decide(approval, people.supervisor)
    assert refusal.value.code == "four_eyes"
    assert not approvals.waiting_for(access_of(people.supervisor)).exists()


def test_abuse_10_nor_after_getting_the_role_meanwhile(people, kind):
    approval = ask(people)
    build.grant(people.specialist, Role.SUPERVISOR, people.a)
    forget_access(people.specialist)
    with pytest.raises(Forbidden):
        decide(approval, people.specialist)
    assert approval not in approvals.waiting_for(access_of(people.specialist))


def test_abuse_10_nor_through_a_second_account_of_the_same_person(people, kind):
    second = build.user(Role.SUPERVISOR, people.a, phone="13800005678")
    people.specialist.phone = "13800005678"
    people.specialist.save()
    with pytest.raises(Forbidden) as refusal:
        decide(ask(people), second)
    assert refusal.value.code == "four_eyes"


def test_abuse_10_nor_as_deputy_of_the_author(people, kind):
    deputy(people, people.specialist)
    approval = ask(people, by=people.supervisor)
    with pytest.raises(Forbidden) as refusal:
        decide(approval, people.specialist)
    assert refusal.value.code == "four_eyes"
    assert approval not in approvals.waiting_for(access_of(people.specialist))


def test_abuse_10_an_author_of_the_content_does_not_decide_it(people, kind):
    second = build.user(Role.SUPERVISOR, people.a)
    approval = ask(people, authors=[second.pk])
    with pytest.raises(Forbidden):
        decide(approval, second)
    assert second not in approvals.deciders(approval)
    assert decide(approval, people.supervisor).state == STATE.EXECUTED


def test_abuse_10_the_database_refuses_a_decision_by_the_author(people, kind):
    approval = ask(people)
    stage = approval.stages.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        ApprovalDecision.objects.create(
            stage=stage, agreed=True, decided_by=people.specialist, requested_by=people.specialist
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        Approval.objects.filter(pk=approval.pk).update(executed_by=people.specialist, executed_at=clock.now())


def test_a_deputy_decides_for_the_supervisor_who_is_told(people, kind):
    deputy(people, people.finance)
    approval = ask(people)
    assert approval in approvals.waiting_for(access_of(people.finance))
    done = decide(approval, people.finance)
    assert done.state == STATE.EXECUTED
    decision = ApprovalDecision.objects.get()
    assert (decision.decided_by, decision.on_behalf_of) == (people.finance, people.supervisor)
    assert Notice.objects.get(code="approval.for_you").to == people.supervisor


def test_a_deputyship_that_is_over_gives_nothing(people, kind):
    deputy(people, people.finance, hours=-0.5)
    with pytest.raises(Forbidden):
        decide(ask(people), people.finance)


def test_abuse_11_a_request_whose_target_changed_is_out_of_date(people, kind):
    approval = ask(people)
    kind.version = 2
    assert decide(approval, people.supervisor).state == STATE.STALE
    assert kind.applied == []
    assert kind.closed == [(STATE.STALE, people.supervisor)]
    assert Notice.objects.get(code="approval.stale").to == people.specialist
    assert ask(people).target_version == 2


def test_stages_come_one_after_the_other_and_nobody_answers_twice(people, kind):
    kind.stages = [Stage((Role.SUPERVISOR,)), Stage((Role.MANAGEMENT,))]
    both = build.user(Role.SUPERVISOR, people.a)
    build.grant(both, Role.MANAGEMENT)
    approval = ask(people)
    with pytest.raises(Forbidden):
        decide(approval, people.management)
    assert decide(approval, both).state == STATE.PENDING
    assert approval not in approvals.waiting_for(access_of(both))
    with pytest.raises(Forbidden):
        decide(approval, both)
    assert decide(approval, people.management).state == STATE.EXECUTED
    assert kind.applied == [(approval.pk, people.management)]


def test_all_roles_of_a_stage_must_agree(people, kind):
    kind.stages = [Stage((Role.SUPERVISOR, Role.FINANCE))]
    approval = ask(people)
    assert decide(approval, people.finance).state == STATE.PENDING
    assert approval not in approvals.waiting_for(access_of(people.finance))
    assert decide(approval, people.supervisor).state == STATE.EXECUTED


def test_the_first_answer_of_an_any_of_stage_is_enough(people, kind):
    kind.stages = [Stage((Role.SUPERVISOR, Role.MANAGEMENT), any_of=True)]
    assert decide(ask(people), people.management).state == STATE.EXECUTED


def test_only_the_author_withdraws_and_only_while_it_waits(people, kind):
    approval = ask(people)
    with pytest.raises(Forbidden):
        approvals.withdraw(approval_id=approval.pk, by=people.supervisor)
    assert approvals.withdraw(approval_id=approval.pk, by=people.specialist).state == STATE.WITHDRAWN
    for act in (
        lambda: decide(approval, people.supervisor),
        lambda: approvals.withdraw(approval_id=approval.pk, by=people.specialist),
    ):
        with pytest.raises(Conflict):
            act()


def test_a_separate_kind_is_executed_by_another_than_the_last_decider(people, kind):
    kind.separate = True
    kind.register()
    second = build.user(Role.SUPERVISOR, people.a)
    approval = ask(people)
    with pytest.raises(Conflict):
        approvals.execute(approval_id=approval.pk, by=second)
    assert decide(approval, people.supervisor).state == STATE.APPROVED
    assert kind.applied == []
    for person in (people.supervisor, people.specialist, people.finance):
        with pytest.raises(Forbidden):
            approvals.execute(approval_id=approval.pk, by=person)
    assert approvals.execute(approval_id=approval.pk, by=second).state == STATE.EXECUTED
    assert kind.applied == [(approval.pk, second)]


def test_abuse_10_neither_a_second_account_nor_a_deputy_of_the_author_executes(people, kind):
    kind.separate = True
    kind.register()
    people.supervisor.phone = "13800005678"
    people.supervisor.save()
    approval = ask(people, by=people.supervisor)
    decide(approval, build.user(Role.SUPERVISOR, people.a))
    deputy(people, people.finance)
    for person in (people.finance, build.user(Role.SUPERVISOR, people.a, phone="13800005678")):
        with pytest.raises(Forbidden) as refusal:
            approvals.execute(approval_id=approval.pk, by=person)
        assert refusal.value.code == "four_eyes"
    assert kind.applied == []


def test_an_approved_request_is_out_of_date_when_its_target_changes_before_execution(people, kind):
    kind.separate = True
    kind.register()
    approval = decide(ask(people), people.supervisor)
    kind.version = 9
    second = build.user(Role.SUPERVISOR, people.a)
    assert approvals.execute(approval_id=approval.pk, by=second).state == STATE.STALE
    assert kind.applied == []


STATES = {
    STATE.PENDING: {"decide", "withdraw"},
    STATE.APPROVED: {"execute"},
    STATE.RETURNED: set(),
    STATE.EXECUTED: set(),
    STATE.STALE: set(),
    STATE.WITHDRAWN: set(),
}


@pytest.mark.parametrize("state", STATE.values)
def test_every_state_allows_exactly_its_actions(people, kind, state):
    second = build.user(Role.SUPERVISOR, people.a)
    acts = {
        "decide": lambda pk: approvals.decide(approval_id=pk, by=people.supervisor, agree=True),
        "execute": lambda pk: approvals.execute(approval_id=pk, by=second),
        "withdraw": lambda pk: approvals.withdraw(approval_id=pk, by=people.specialist),
    }
    possible = set()
    for number, (name, act) in enumerate(acts.items()):
        kind.separate = True
        kind.register()
        approval = ask(people, target_id=100 + number)
        if state != STATE.PENDING:
            decide(approval, people.supervisor)
            Approval.objects.filter(pk=approval.pk).update(state=state)
        try:
            act(approval.pk)
        except Conflict:
            continue
        possible.add(name)
    assert possible == STATES[state]


# ---------------------------------------------------------------- pages


def test_the_inbox_shows_what_waits_and_decides_many_at_once(people, kind, sign_in):
    first, second = ask(people, target_id=1), ask(people, target_id=2, subject="3-1203")
    client = sign_in(people.supervisor)
    page = client.get(reverse("approval_list")).content.decode()
    assert page.count('name="approval"') == 2
    assert "Surveyed anew" in page
    answer = client.post(
        reverse("approval_decide"), {"approval": [first.pk, second.pk], "answer": "approve", "comment": ""}, follow=True
    )
    assert answer.status_code == 200
    assert set(Approval.objects.values_list("state", flat=True)) == {STATE.EXECUTED}


def test_returning_many_without_a_comment_keeps_the_choice(people, kind, sign_in):
    approval = ask(people)
    answer = sign_in(people.supervisor).post(
        reverse("approval_decide"), {"approval": [approval.pk], "answer": "return"}
    )
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "Say why you return it" in page
    assert f'value="{approval.pk}" aria-label="3-1202" checked' in page


def test_the_page_of_a_request_keeps_the_comment_of_a_refused_answer(people, kind, sign_in):
    approval = ask(people)
    second = build.user(Role.SUPERVISOR, people.a)
    decide(approval, second)
    answer = sign_in(people.supervisor).post(
        reverse("approval", args=[approval.pk]), {"answer": "return", "comment": "Look again"}
    )
    assert answer.status_code == 409
    assert "decided meanwhile" in answer.content.decode()


def test_abuse_11_the_page_answers_409_when_the_target_changed(people, kind, sign_in):
    approval = ask(people)
    kind.version = 5
    answer = sign_in(people.supervisor).post(reverse("approval", args=[approval.pk]), {"answer": "approve"})
    assert answer.status_code == 409
    assert "requested again" in answer.content.decode()
    approval.refresh_from_db()
    assert approval.state == STATE.STALE


def test_a_request_of_another_project_is_not_found(people, kind, sign_in):
    approval = ask(people)
    client = sign_in(people.other_supervisor)
    assert client.get(reverse("approval", args=[approval.pk])).status_code == 404
    assert client.post(reverse("approval", args=[approval.pk]), {"answer": "approve"}).status_code == 404
    client.post(reverse("approval_decide"), {"approval": [approval.pk], "answer": "approve"})
    approval.refresh_from_db()
    assert approval.state == STATE.PENDING


def test_the_author_finds_no_buttons_but_withdrawal(people, kind, sign_in):
    approval = ask(people)
    page = sign_in(people.specialist).get(reverse("approval", args=[approval.pk])).content.decode()
    assert 'value="approve"' not in page
    assert reverse("approval_withdraw", args=[approval.pk]) in page
    sign_in(people.specialist).post(reverse("approval_withdraw", args=[approval.pk]))
    approval.refresh_from_db()
    assert approval.state == STATE.WITHDRAWN


def test_the_inbox_asks_the_same_questions_for_one_and_for_thirty(people, kind, sign_in, django_assert_num_queries):
    client = sign_in(people.supervisor)
    ask(people, target_id=1)
    client.get(reverse("approval_list"))
    with connection.execute_wrapper(counter := Counter()):
        client.get(reverse("approval_list"))
    one = counter.count
    for number in range(2, 31):
        ask(people, target_id=number)
    with connection.execute_wrapper(counter := Counter()):
        client.get(reverse("approval_list"))
    assert counter.count == one


class Counter:
    """Counts the queries of a block."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, execute, sql, params, many, context):
        self.count += 1
        return execute(sql, params, many, context)


# ---------------------------------------------------------------- races


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_abuse_12_two_deciders_at_once_make_one_decision(kind):
    where = build.project()
    author = build.user(Role.SPECIALIST, where)
    deciders = [build.user(Role.SUPERVISOR, where), build.user(Role.SUPERVISOR, where)]
    for _round in range(5):
        approval = approvals.request(
            kind=KIND, by=author, subject="3-1202", reason="Surveyed anew", project_id=where.pk, target_id=7
        )
        barrier, outcomes = threading.Barrier(2), []

        def answer(person, agree, approval=approval, barrier=barrier, outcomes=outcomes) -> None:
            try:
                barrier.wait(10)
                outcomes.append(decide(approval, person, agree=agree, comment="no").state)
            except Conflict as conflict:
                outcomes.append(conflict.code)
            finally:
                connections.close_all()

        threads = [
            threading.Thread(target=answer, args=(deciders[0], True)),
            threading.Thread(target=answer, args=(deciders[1], False)),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        approval.refresh_from_db()
        assert sorted(outcomes) == sorted([approval.state, "decided"])
        assert ApprovalDecision.objects.filter(stage__approval=approval).count() == 1
        assert len([pk for pk, _by in kind.applied if pk == approval.pk]) == (approval.state == STATE.EXECUTED)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_requests_at_once_for_one_target_make_one(kind):
    where = build.project()
    authors = [build.user(Role.SPECIALIST, where), build.user(Role.SPECIALIST, where)]
    barrier, outcomes = threading.Barrier(2), []

    def ask_now(person) -> None:
        try:
            barrier.wait(10)
            outcomes.append(
                approvals.request(
                    kind=KIND, by=person, subject="3-1202", reason="Surveyed", project_id=where.pk, target_id=7
                ).state
            )
        except Conflict as conflict:
            outcomes.append(conflict.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=ask_now, args=(person,)) for person in authors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(outcomes) == sorted([STATE.PENDING, "pending"])
    assert Approval.objects.count() == 1
