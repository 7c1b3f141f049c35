"""Accounts and roles: proposed by the administrator, decided by others, each change on record (decisions 1, R6.1)."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from inventory.models import ProjectGrant
from salescontrol.core import approvals
from salescontrol.core.access import access_of, forget_access
from salescontrol.core.errors import Conflict, Forbidden, NotVisible, Refusal
from salescontrol.core.models import Approval, AuditEvent
from salescontrol.core.permissions import COMPANY_ROLES, PROJECT_ROLES, Role
from security.models import Session, User
from security.queries import account_history, roles_of
from security.services import accounts, grants
from tests import build
from tests.security.conftest import PASSWORD

pytestmark = pytest.mark.django_db


def new_account(people, **changes) -> Approval:
    data = {
        "employee_no": "n100", "name": "Ning Xin", "phone": "13800138000", "email": "",
        "project_id": people.a.pk, "roles": [Role.SALESPERSON], "reason": "Starts on Monday",
    }  # fmt: skip
    return accounts.propose_account(by=people.administrator, **{**data, **changes})


def decide(approval, by, agree=True) -> Approval:
    return approvals.decide(approval_id=approval.pk, by=by, agree=agree, comment="" if agree else "No")


def test_an_account_exists_only_after_the_decision(people):
    asked = new_account(people)
    assert not User.objects.filter(employee_no="N100").exists()
    decide(asked, people.supervisor)
    user = User.objects.get(employee_no="N100")
    assert roles_of(user, people.a.pk) == {Role.SALESPERSON} and roles_of(user, people.b.pk) == frozenset()
    assert not user.has_usable_password() and user.must_change_password
    assert user.history.first().history_change_reason == "account.open"
    event = AuditEvent.objects.get(action="role.grant", target_id=user.pk)
    assert (event.actor, event.project_id, event.detail) == (
        people.supervisor,
        people.a.pk,
        {"role": "salesperson", "approval": asked.pk},
    )


def test_returned_means_no_account(people):
    decide(new_account(people), people.supervisor, agree=False)
    assert not User.objects.filter(employee_no="N100").exists()


@pytest.mark.parametrize(("who", "may"), [("management", True), ("supervisor", True)])
def test_supervisor_of_the_project_or_management_decides(people, who, may):
    assert decide(new_account(people), getattr(people, who)).state == Approval.State.EXECUTED


@pytest.mark.parametrize(
    "who", ["specialist", "salesperson", "finance", "marketing", "head", "other_supervisor", "administrator"]
)
def test_nobody_else_decides(people, who):
    asked = new_account(people)
    with pytest.raises((Forbidden, NotVisible)):
        decide(asked, getattr(people, who))
    assert Approval.objects.get().state == Approval.State.PENDING


@pytest.mark.parametrize("who", ["specialist", "finance"])
def test_requests_about_accounts_are_read_only_by_those_who_see_accounts(people, sign_in, who):
    asked = new_account(people)
    reader = getattr(people, who)
    assert asked not in approvals.visible_to(access_of(reader))
    assert sign_in(reader).get(approvals.page_url(asked)).status_code == 404
    assert "Ning Xin" not in sign_in(reader).get(reverse("approval_list")).content.decode()
    assert asked in approvals.visible_to(access_of(people.supervisor))


@pytest.mark.parametrize("role", COMPANY_ROLES)
def test_company_wide_roles_are_decided_by_management_alone(people, role):
    asked = new_account(people, project_id=None, roles=[role])
    with pytest.raises((Forbidden, NotVisible)):
        decide(asked, people.supervisor)
    decide(asked, people.management)
    assert roles_of(User.objects.get(employee_no="N100"), None) == {role}


@pytest.mark.parametrize("who", ["specialist", "salesperson", "supervisor", "management", "finance"])
def test_only_the_administrator_proposes(people, who):
    with pytest.raises(Forbidden):
        accounts.propose_roles(
            by=getattr(people, who), user=people.colleague, project_id=people.a.pk, roles=[Role.SPECIALIST], reason="x"
        )


def test_the_same_number_is_given_once_however_it_is_written(people):
    new_account(people)
    with pytest.raises(Conflict):
        new_account(people, employee_no=" Ｎ100 ")
    with pytest.raises(Conflict):
        new_account(people, employee_no=people.supervisor.employee_no.lower())


def test_a_number_taken_meanwhile_leaves_the_request_waiting(people):
    asked = new_account(people)
    build.user(employee_no="N100")
    with pytest.raises(Conflict):
        decide(asked, people.supervisor)
    asked.refresh_from_db()
    assert asked.state == Approval.State.PENDING


@pytest.mark.parametrize(
    ("company", "roles"),
    [
        (True, [Role.MANAGEMENT, Role.ADMINISTRATOR]),
        (True, [Role.SALESPERSON]),
        (False, [Role.ADMINISTRATOR]),
        (False, [Role.MANAGEMENT]),
    ],
)
def test_separation_of_duties_an_administrator_holds_no_other_role(people, company, roles):
    with pytest.raises(Refusal) as caught:
        new_account(people, project_id=None if company else people.a.pk, roles=roles)
    assert "roles" in caught.value.fields


def test_separation_of_duties_holds_across_projects_and_at_the_moment_of_the_decision(people):
    with pytest.raises(Refusal):
        accounts.propose_roles(
            by=people.administrator, user=people.salesperson, project_id=None, roles=[Role.ADMINISTRATOR], reason="x"
        )
    person = build.user()
    asked = accounts.propose_roles(
        by=people.administrator, user=person, project_id=None, roles=[Role.ADMINISTRATOR], reason="x"
    )
    build.grant(person, Role.SPECIALIST, people.a)
    assert decide(asked, people.management).state == Approval.State.STALE
    assert roles_of(person, None) == frozenset()


def test_changing_roles_gives_and_takes_and_tells(people):
    asked = accounts.propose_roles(
        by=people.administrator,
        user=people.salesperson,
        project_id=people.a.pk,
        roles=[Role.SPECIALIST, Role.MARKETING],
        reason="New task",
    )
    decide(asked, people.supervisor)
    assert roles_of(people.salesperson, people.a.pk) == {Role.SPECIALIST, Role.MARKETING}
    acts = list(
        AuditEvent.objects.filter(target_id=people.salesperson.pk, action__in=["role.grant", "role.revoke"])
        .order_by("pk")
        .values_list("action", "detail__role")
    )
    assert acts == [("role.revoke", "salesperson"), ("role.grant", "marketing"), ("role.grant", "specialist")]
    assert people.salesperson.notices.get().code == "account.changed"
    people.salesperson.refresh_from_db()
    assert people.salesperson.auth_epoch == 1


def test_a_request_is_stale_when_roles_changed_meanwhile(people):
    asked = accounts.propose_roles(
        by=people.administrator, user=people.salesperson, project_id=people.a.pk, roles=[Role.SPECIALIST], reason="x"
    )
    grants.set_roles(user=people.salesperson, project_id=people.b.pk, roles=[Role.FINANCE], by=people.supervisor)
    assert decide(asked, people.supervisor).state == Approval.State.STALE
    assert roles_of(people.salesperson, people.a.pk) == {Role.SALESPERSON}


def test_abuse_37_nobody_changes_or_decides_their_own_roles(people):
    with pytest.raises(Forbidden):
        accounts.propose_roles(
            by=people.administrator, user=people.administrator, project_id=None, roles=[Role.MANAGEMENT], reason="x"
        )
    asked = accounts.propose_roles(
        by=people.administrator,
        user=people.supervisor,
        project_id=people.a.pk,
        roles=[Role.SUPERVISOR, Role.FINANCE],
        reason="x",
    )
    with pytest.raises(Forbidden):
        decide(asked, people.supervisor)
    decide(asked, people.management)
    assert Role.FINANCE in roles_of(people.supervisor, people.a.pk)


def test_abuse_37_the_administrator_opens_no_business_page_and_decides_nothing(people, sign_in):
    access = access_of(people.administrator)
    assert {str(item) for item in access.everywhere} == {
        "account.see",
        "account.propose",
        "session.end",
        "company.settings",
        "consistency.see",
    }
    client = sign_in(people.administrator)
    for path in (f"/p/{people.a.code}/board/", f"/p/{people.a.code}/units/"):
        assert client.get(path).status_code in (403, 404), path


def test_abuse_10_four_eyes_the_author_decides_nothing_even_with_the_role(people):
    asked = new_account(people)
    build.grant(people.administrator, Role.SUPERVISOR, people.a)
    forget_access(people.administrator)
    with pytest.raises(Forbidden) as caught:
        decide(asked, people.administrator)
    assert caught.value.code == "four_eyes"


def test_closing_an_account_ends_its_sessions_and_opening_it_again_brings_its_roles_back(people, client):
    client.force_login(people.salesperson, backend="django.contrib.auth.backends.ModelBackend")
    decide(
        accounts.propose_active(by=people.administrator, user=people.salesperson, active=False, reason="Left"),
        people.supervisor,
    )
    assert client.get(reverse("inbox")).status_code == 302
    people.salesperson.refresh_from_db()
    assert not people.salesperson.is_active
    assert Session.objects.get(user=people.salesperson).ended_at is not None
    decide(
        accounts.propose_active(by=people.administrator, user=people.salesperson, active=True, reason="Back"),
        people.supervisor,
    )
    people.salesperson.refresh_from_db()
    assert people.salesperson.is_active and roles_of(people.salesperson, people.a.pk) == {Role.SALESPERSON}


def test_an_account_with_roles_in_two_projects_is_closed_by_management_alone(people):
    build.grant(people.salesperson, Role.MARKETING, people.b)
    asked = accounts.propose_active(by=people.administrator, user=people.salesperson, active=False, reason="Left")
    for person in (people.supervisor, people.other_supervisor):
        with pytest.raises((Forbidden, NotVisible)):
            decide(asked, person)
    decide(asked, people.management)
    people.salesperson.refresh_from_db()
    assert not people.salesperson.is_active


def test_what_happens_to_an_account_is_told_to_its_own_leaders_only(people):
    accounts.suspend(by=people.administrator, user=people.salesperson, reason="Phone stolen")
    assert not people.other_supervisor.notices.exists() and not people.specialist.notices.exists()


def test_in_an_emergency_the_administrator_suspends_at_once_and_supervisors_and_management_are_told(people, client):
    client.force_login(people.salesperson, backend="django.contrib.auth.backends.ModelBackend")
    accounts.suspend(by=people.administrator, user=people.salesperson, reason="Phone stolen")
    assert client.get(reverse("inbox")).status_code == 302
    for person in (people.supervisor, people.management):
        assert person.notices.filter(code="account.suspended", params__reason="Phone stolen").count() == 1
    assert people.salesperson.history.first().history_change_reason == "account.suspend: Phone stolen"
    with pytest.raises(Conflict):
        accounts.suspend(by=people.administrator, user=people.salesperson, reason="again")
    with pytest.raises(Forbidden):
        accounts.suspend(by=people.supervisor, user=people.colleague, reason="x")
    with pytest.raises(Forbidden):
        accounts.suspend(by=people.administrator, user=people.administrator, reason="x")


def test_two_requests_about_one_account_do_not_wait_side_by_side(people):
    data = {"by": people.administrator, "user": people.salesperson, "project_id": people.a.pk, "reason": "x"}
    accounts.propose_roles(roles=[Role.SPECIALIST], **data)
    with pytest.raises(Conflict):
        accounts.propose_roles(roles=[Role.MARKETING], **data)


@pytest.mark.parametrize("role", PROJECT_ROLES)
def test_every_role_of_a_project_can_be_given(people, role):
    person = build.user()
    grants.set_roles(user=person, project_id=people.a.pk, roles=[role], by=people.supervisor)
    forget_access(person)
    assert access_of(person).roles_in(people.a.pk) == {role} and not access_of(person).roles_in(people.b.pk)


# ---- pages


def form(people, **changes) -> dict:
    data = {
        "employee_no": "N200",
        "name": "Bai Lu",
        "phone": "",
        "email": "",
        "project": str(people.a.pk),
        "roles": ["finance"],
        "reason": "New",
    }
    return {**data, **changes}


def test_the_administrator_proposes_on_the_page_and_the_supervisor_decides_in_the_inbox(people, sign_in):
    client = sign_in(people.administrator)
    answer = client.post(reverse("security:account_open"), form(people))
    asked = Approval.objects.get()
    assert answer.status_code == 302 and answer.url == reverse("approval", args=[asked.pk])
    client = sign_in(people.supervisor)
    page = client.get(answer.url).content.decode()
    assert "N200" in page and "Bai Lu" in page and "Finance" in page and "Roles in Riverside Court" in page
    client.post(reverse("approval_decide"), {"approval": asked.pk, "answer": "approve"})
    assert User.objects.filter(employee_no="N200").exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("employee_no", "a b"),
        ("employee_no", "x" * 21),
        ("name", ""),
        ("phone", "call me"),
        ("email", "x"),
        ("project", "999999"),
        ("roles", ["king"]),
        ("reason", " "),
    ],
)
def test_bad_input_is_said_at_its_field_and_nothing_typed_is_lost(people, sign_in, field, value):
    answer = sign_in(people.administrator).post(reverse("security:account_open"), form(people, **{field: value}))
    assert answer.status_code == 422 and answer.context["form"].errors.get(field)
    assert 'value="Bai Lu"' in answer.content.decode() or field == "name"
    assert not Approval.objects.exists()


def test_abuse_6_fields_that_the_form_does_not_have_are_ignored(people, sign_in):
    client = sign_in(people.administrator)
    extra = {"is_active": "", "password": "x", "auth_epoch": "9", "groups": "1", "must_change_password": ""}
    url = reverse("security:account_change", args=[people.salesperson.pk])
    client.post(url, {"name": "Zhao Ming 2", "phone": "", "email": "", "employee_no": "HACK", **extra})
    user = User.objects.get(pk=people.salesperson.pk)
    assert (user.name, user.employee_no, user.is_active, user.auth_epoch) == (
        "Zhao Ming 2",
        people.salesperson.employee_no,
        True,
        0,
    )


PAGES = (
    "account",
    "account_change",
    "account_roles",
    "account_close",
    "account_reopen",
    "account_suspend",
    "account_second_factor",
    "account_link",
)


@pytest.mark.parametrize("name", PAGES)
def test_who_may_open_which_page_about_an_account(people, sign_in, name):
    url = reverse(f"security:{name}", args=[people.salesperson.pk])
    reads = 200 if name == "account" else 403
    expected = {
        "administrator": 200,
        "supervisor": reads,
        "management": reads,
        "specialist": 404,
        "salesperson": 404,
        "other_supervisor": 404,
    }
    found = {who: sign_in(getattr(people, who)).get(url).status_code for who in expected}
    assert found == expected


def test_a_supervisor_sees_the_accounts_of_the_own_projects_only(people, sign_in):
    build.grant(people.salesperson, Role.MARKETING, people.b)
    page = sign_in(people.supervisor).get(reverse("security:account_list")).content.decode()
    assert "Zhao Ming" in page and "Deng Li" not in page and "Ma Chao" not in page and "BBB" not in page
    page = sign_in(people.supervisor).get(reverse("security:account", args=[people.salesperson.pk])).content.decode()
    assert "Hill Garden" not in page
    page = sign_in(people.management).get(reverse("security:account_list")).content.decode()
    assert "Deng Li" in page and "BBB" in page


def test_filtering_by_a_role_tells_nothing_of_other_projects(people, sign_in):
    build.grant(people.salesperson, Role.MARKETING, people.b)
    page = sign_in(people.supervisor).get(reverse("security:account_list"), {"role": "marketing"}).content.decode()
    assert "Sun Jie" in page and "Zhao Ming" not in page


def test_the_list_filters_sorts_and_costs_the_same_for_many(people, sign_in):
    client = sign_in(people.administrator)
    url = reverse("security:account_list")
    page = client.get(url, {"words": "zhao"}).content.decode()
    assert "Zhao Ming" in page and "Xu Lei" not in page
    assert "Nothing matches the filter." in client.get(url, {"words": "nobody of this name"}).content.decode()
    names = [row["row"].name for row in client.get(url, {"sort": "-name"}).context["rows"]]
    assert names == sorted(names, reverse=True)
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    for _ in range(30):
        build.user(Role.SALESPERSON, people.a)
    client.get(url)  # Roles were given meanwhile, so everybody's rights are read anew once.
    with CaptureQueriesContext(connection) as many:
        client.get(url)
    assert len(many) == len(few)


def test_the_inbox_asks_the_same_questions_for_few_and_for_many_requests_about_accounts(people, sign_in):
    client, url = sign_in(people.management), reverse("approval_list")
    new_account(people)
    accounts.propose_active(by=people.administrator, user=people.colleague, active=False, reason="Leaves")
    with CaptureQueriesContext(connection) as few:
        assert "Salesperson" in client.get(url).content.decode()
    for number in range(12):
        new_account(people, employee_no=f"n2{number:02}")
        leaver = build.user(Role.FINANCE, people.a)
        accounts.propose_active(by=people.administrator, user=leaver, active=False, reason="Leaves")
    client.get(url)
    with CaptureQueriesContext(connection) as many:
        client.get(url)
    assert len(many) == len(few)


def test_what_happened_to_an_account_is_told_on_its_page(people, sign_in, enter):
    people.salesperson.set_password(PASSWORD)
    people.salesperson.save()
    enter(people.salesperson, "wrong")
    decide(
        accounts.propose_roles(
            by=people.administrator,
            user=people.salesperson,
            project_id=people.a.pk,
            roles=[Role.SPECIALIST],
            reason="x",
        ),
        people.supervisor,
    )
    accounts.change_details(by=people.administrator, user=people.salesperson, name="Zhao Min", phone="", email="")
    page = sign_in(people.administrator).get(reverse("security:account", args=[people.salesperson.pk])).content.decode()
    for word in (
        "Failed sign-in",
        "Role given",
        "Role taken away",
        "Account changed",
        "<del>Zhao Ming</del>",
        "<ins>Zhao Min</ins>",
    ):
        assert word in page, word
    lines = account_history(people.salesperson, access_of(people.administrator))
    assert [line.at for line in lines] == sorted((line.at for line in lines), reverse=True)


def test_another_projects_role_changes_are_not_told_to_a_supervisor(people):
    grants.set_roles(
        user=people.salesperson, project_id=people.b.pk, roles=[Role.MARKETING], by=people.other_supervisor
    )
    assert "role.grant" in str(list(AuditEvent.objects.values_list("action", flat=True)))
    told = str(account_history(people.salesperson, access_of(people.supervisor)))
    assert "Marketing" not in told and "Hill Garden" not in told
    assert "Marketing" in str(account_history(people.salesperson, access_of(people.management)))


def test_a_request_about_roles_in_another_project_does_not_show_on_the_accounts_page(people, sign_in):
    build.grant(people.colleague, Role.SALESPERSON, people.b)
    accounts.propose_roles(
        by=people.administrator,
        user=people.colleague,
        project_id=people.b.pk,
        roles=[Role.FINANCE],
        reason="Moves to B",
    )
    page = reverse("security:account", args=[people.colleague.pk])
    assert "Moves to B" not in sign_in(people.supervisor).get(page).content.decode()
    for person in (people.other_supervisor, people.administrator):
        assert "Moves to B" in sign_in(person).get(page).content.decode()


def test_proposals_on_the_pages(people, sign_in):
    client = sign_in(people.administrator)
    base = [people.salesperson.pk]
    url = f"{reverse('security:account_roles', args=base)}?project={people.a.pk}"
    page = client.get(url).content.decode()
    assert "Riverside Court" in page and 'value="salesperson" id' in page and "Management" not in page
    assert client.post(url, {"roles": ["specialist"], "reason": "New task"}).status_code == 302
    asked = Approval.objects.get(kind="account.roles")
    assert (asked.project_id, asked.after) == (people.a.pk, {"roles": ["specialist"]})
    assert "Roles" in client.get(reverse("security:account", args=base)).content.decode()
    assert client.post(reverse("security:account_close", args=base), {"reason": "Left"}).status_code == 302
    assert client.post(reverse("security:account_suspend", args=base), {"reason": ""}).status_code == 422
    assert client.post(reverse("security:account_suspend", args=base), {"reason": "Stolen"}).status_code == 302
    assert (
        client.post(reverse("security:account_second_factor", args=[people.finance.pk]), {"reason": "Lost"}).status_code
        == 302
    )
    assert client.get(f"{reverse('security:account_roles', args=base)}?project=99999").status_code == 404
    assert client.get(f"{reverse('security:account_roles', args=base)}?project=x").status_code == 404


def test_roles_are_rows_of_the_permission_tables_and_nothing_grants_more(people):
    """No superuser, no staff: whoever holds no role may do nothing at all."""
    nobody = build.user()
    access = access_of(nobody)
    assert not access.permissions and not access.everywhere
    assert {field.name for field in User._meta.get_fields()} & {"is_superuser", "is_staff", "user_permissions"} == set()
    assert ProjectGrant.objects.filter(user=people.salesperson).count() == 1
