"""Deputies: named by the supervisor for a time, told at once, and over by themselves (decisions 5)."""

from datetime import timedelta

import pytest
from django.urls import reverse

from salescontrol.core import approvals, clock
from salescontrol.core.access import access_of, deciding_users, forget_access
from salescontrol.core.errors import Conflict, Forbidden, Refusal
from salescontrol.core.models import ApprovalDecision
from salescontrol.core.permissions import Permission, Role
from security.models import Deputy, User
from security.services import accounts, deputies, grants
from tests import build

pytestmark = pytest.mark.django_db


def name(people, **changes) -> Deputy:
    now = clock.now()
    data = {
        "by": people.supervisor, "project_id": people.a.pk, "deputy": people.specialist,
        "starts_at": now - timedelta(minutes=1), "ends_at": now + timedelta(days=2), "reason": "Leave",
    }  # fmt: skip
    return deputies.name_deputy(**{**data, **changes})


def rights(person, project) -> bool:
    forget_access(person)
    return access_of(person).can(Permission.UNIT_CHANGE_DECIDE, project.pk)


def test_a_deputy_may_what_the_supervisor_may_in_that_project_and_time_only(people, later):
    build.grant(people.specialist, Role.SPECIALIST, people.b)
    assert not rights(people.specialist, people.a)
    name(people, starts_at=clock.now() + timedelta(hours=1))
    assert not rights(people.specialist, people.a)
    later(hours=2)
    assert rights(people.specialist, people.a) and not rights(people.specialist, people.b)
    later(days=2, hours=2)
    assert not rights(people.specialist, people.a), "it ends by itself"


def test_both_are_told_at_once(people):
    row = name(people)
    for person in (people.specialist, people.supervisor):
        notice = person.notices.get(code="deputy.named")
        assert notice.params["deputy"] == "Wu Qian" and notice.params["by"] == "Lin Yue"
    assert row.history.first().history_change_reason == "deputy.name"


def ask(people):
    return accounts.propose_roles(
        by=people.administrator, user=people.colleague, project_id=people.a.pk, roles=[Role.MARKETING], reason="x"
    )


def test_a_deputy_decides_on_behalf_of_the_supervisor_who_is_told(people):
    name(people)
    asked = ask(people)
    assert people.specialist in deciding_users([Role.SUPERVISOR], people.a.pk)
    approvals.decide(approval_id=asked.pk, by=people.specialist, agree=True)
    decision = ApprovalDecision.objects.get()
    assert (decision.decided_by, decision.on_behalf_of) == (people.specialist, people.supervisor)
    assert people.supervisor.notices.filter(code="approval.for_you").count() == 1


def test_abuse_10_a_deputy_decides_nothing_that_the_supervisor_asked_for(people):
    name(people)
    asked = approvals.request(
        kind="account.roles", by=people.supervisor, subject="Xu Lei", reason="x", project_id=people.a.pk, target_id=people.colleague.pk,
        before={"roles": ["salesperson"]}, after={"roles": ["marketing"]},
    )  # fmt: skip
    with pytest.raises(Forbidden) as caught:
        approvals.decide(approval_id=asked.pk, by=people.specialist, agree=True)
    assert caught.value.code == "four_eyes"


def test_a_deputy_names_no_deputy(people):
    name(people)
    build.grant(people.finance, Role.SPECIALIST, people.a)
    with pytest.raises(Forbidden):
        name(people, by=people.specialist, deputy=people.finance)


@pytest.mark.parametrize("who", ["specialist", "salesperson", "management", "administrator", "other_supervisor"])
def test_only_the_supervisor_of_the_project_names_one(people, who):
    with pytest.raises(Forbidden):
        name(people, by=getattr(people, who), deputy=people.finance)


@pytest.mark.parametrize("who", ["salesperson", "supervisor", "administrator", "other_supervisor", "management"])
def test_who_cannot_be_a_deputy(people, who):
    with pytest.raises(Refusal) as caught:
        name(people, deputy=getattr(people, who))
    assert "deputy" in caught.value.fields


@pytest.mark.parametrize(("start", "end"), [(0, -1), (-72, -48), (0, 24 * 32)])
def test_times_that_make_no_sense_are_refused_at_the_field(people, start, end):
    now = clock.now()
    with pytest.raises(Refusal) as caught:
        name(people, starts_at=now + timedelta(hours=start), ends_at=now + timedelta(hours=end))
    assert "ends_at" in caught.value.fields


def test_one_deputy_at_a_time(people):
    first = name(people)
    with pytest.raises(Conflict):
        name(people, deputy=people.finance)
    deputies.end_deputy(deputy_id=first.pk, by=people.supervisor)
    assert not rights(people.specialist, people.a)
    name(people, deputy=people.finance)
    assert rights(people.finance, people.a)


def test_a_deputyship_is_ended_early_by_its_people_or_management_and_by_nobody_twice(people):
    row = name(people)
    for person in (people.finance, people.other_supervisor, people.administrator):
        with pytest.raises(Forbidden):
            deputies.end_deputy(deputy_id=row.pk, by=person)
    deputies.end_deputy(deputy_id=row.pk, by=people.management)
    assert people.supervisor.notices.filter(code="deputy.ended").exists()
    with pytest.raises(Conflict):
        deputies.end_deputy(deputy_id=row.pk, by=people.supervisor)


def test_a_deputyship_is_worth_nothing_once_the_supervisor_is_none_any_more(people):
    name(people)
    grants.set_roles(user=people.supervisor, project_id=people.a.pk, roles=[], by=people.management)
    assert not rights(people.specialist, people.a)
    assert people.specialist not in deciding_users([Role.SUPERVISOR], people.a.pk)


def test_a_deputyship_is_worth_nothing_once_the_supervisors_account_is_closed(people):
    name(people)
    User.objects.filter(pk=people.supervisor.pk).update(is_active=False)
    assert not rights(people.specialist, people.a)


def test_a_deputyship_is_worth_nothing_once_the_deputy_works_no_more_in_the_project(people):
    name(people)
    grants.set_roles(user=people.specialist, project_id=people.a.pk, roles=[], by=people.management)
    assert not rights(people.specialist, people.a)
    assert people.specialist not in deciding_users([Role.SUPERVISOR], people.a.pk)


def test_a_deputyship_is_worth_nothing_once_the_deputy_sells(people):
    name(people)
    grants.set_roles(user=people.specialist, project_id=people.a.pk, roles=[Role.SALESPERSON], by=people.management)
    assert not rights(people.specialist, people.a)


def test_abuse_10_nobody_is_deputy_of_two_supervisors_of_a_project_at_once(people):
    """Else each of them could have the other's deputy, who is also their own, decide what they asked for."""
    second = build.user(Role.SUPERVISOR, people.a)
    name(people)
    with pytest.raises(Conflict) as caught:
        name(people, by=second)
    assert caught.value.code == "clash" and "deputy" in caught.value.fields
    later = clock.now() + timedelta(days=3)
    assert name(people, by=second, starts_at=later, ends_at=later + timedelta(days=1)).supervisor == second


def test_a_supervisor_in_their_own_right_is_nobodys_deputy(people):
    second = build.user(Role.SUPERVISOR, people.a)
    name(people, deputy=second)
    forget_access(second)
    assert access_of(second).deputy_of == {}


# ---- pages


def typed(people, **changes) -> dict:
    now = clock.local(clock.now())
    data = {
        "project": people.a.pk, "deputy": people.specialist.pk, "starts_at": f"{now:%Y-%m-%dT%H:%M}",
        "ends_at": f"{now + timedelta(days=1):%Y-%m-%dT%H:%M}", "reason": "Leave",
    }  # fmt: skip
    return {**data, **changes}


def test_naming_listing_and_ending_on_the_pages(people, sign_in):
    client = sign_in(people.supervisor)
    assert "No deputies." in client.get(reverse("security:deputies")).content.decode()
    assert client.post(reverse("security:deputy_name"), typed(people)).status_code == 302
    row = Deputy.objects.get()
    page = client.get(reverse("security:deputies")).content.decode()
    assert "Wu Qian" in page and "Riverside Court" in page and "now" in page
    assert "no longer decides" in client.get(reverse("security:deputy_end", args=[row.pk])).content.decode()
    assert client.post(reverse("security:deputy_end", args=[row.pk])).status_code == 302
    assert "ended early" in client.get(reverse("security:deputies")).content.decode()


@pytest.mark.parametrize("field", ["deputy", "ends_at", "project", "reason"])
def test_bad_input_is_said_at_its_field(people, sign_in, field):
    wrong = {"deputy": people.salesperson.pk, "ends_at": "yesterday", "project": people.b.pk, "reason": ""}
    answer = sign_in(people.supervisor).post(reverse("security:deputy_name"), typed(people, **{field: wrong[field]}))
    assert answer.status_code == 422 and answer.context["form"].errors.get(field)


def test_who_sees_which_deputies(people, sign_in):
    row = name(people)
    for person, seen in (
        (people.specialist, True),
        (people.management, True),
        (people.other_supervisor, False),
        (people.salesperson, False),
    ):
        page = sign_in(person).get(reverse("security:deputies"))
        assert ("Lin Yue" in page.content.decode()) is seen, person.name
        assert (sign_in(person).get(reverse("security:deputy_end", args=[row.pk])).status_code == 200) is seen
    assert sign_in(people.specialist).get(reverse("security:deputy_name")).status_code in (200, 403)
    assert sign_in(people.salesperson).get(reverse("security:deputy_name")).status_code == 403
