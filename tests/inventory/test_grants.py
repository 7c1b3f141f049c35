"""A timed look at one unit beyond one's rights (R6.4, decisions 2, quality P5): asked for, decided, recorded, over by itself."""

from datetime import timedelta

import pytest
from django.urls import reverse

from inventory.models import AccessGrant, Unit
from inventory.queries.scope import units_visible_to
from inventory.services import grants
from salescontrol.core import approvals, clock
from salescontrol.core.access import access_of, forget_access
from salescontrol.core.errors import Conflict, Forbidden, NotVisible, Refusal
from salescontrol.core.models import Approval, AuditEvent
from salescontrol.core.permissions import Role
from tests import build

pytestmark = pytest.mark.django_db


@pytest.fixture
def room(people):
    """A unit that belongs to the colleague."""
    people.unit = build.unit(build.building(people.a), by=people.specialist, salesperson=people.colleague)
    return people


def ask(room, *, by=None, number="", purpose="Customer asks for the flat next door", hours=24) -> Approval:
    return grants.request_access(
        project=room.a, number=number or room.unit.number, purpose=purpose, hours=hours, by=by or room.salesperson
    )


def allow(room, **asked) -> AccessGrant:
    approvals.decide(approval_id=ask(room, **asked).pk, by=room.supervisor, agree=True)
    return AccessGrant.objects.latest("pk")


def sees(person) -> bool:
    forget_access(person)
    return units_visible_to(access_of(person)).exists()


def later(monkeypatch, **delta) -> None:
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + timedelta(**delta))


def test_an_approved_request_shows_the_unit_for_its_hours(room, monkeypatch):
    assert not sees(room.salesperson)
    asked = ask(room, hours=3)
    assert not sees(room.salesperson)
    approvals.decide(approval_id=asked.pk, by=room.supervisor, agree=True)

    grant = AccessGrant.objects.get()
    assert (grant.user, grant.unit, grant.approval_id) == (room.salesperson, room.unit, asked.pk)
    assert grant.until - grant.since == timedelta(hours=3)
    assert sees(room.salesperson)
    later(monkeypatch, hours=3, seconds=1)
    assert not sees(room.salesperson)


def test_nobody_else_sees_more_by_it(room):
    third = build.user(Role.SALESPERSON, room.a)
    allow(room)
    assert (sees(room.salesperson), sees(third), sees(room.other_salesperson)) == (True, False, False)


def test_quality_p5_a_grant_is_on_record_from_the_request_to_the_last_look(room, sign_in):
    grant = allow(room)
    browser = sign_in(room.salesperson)
    assert browser.get(reverse("inventory:unit", args=["AAA", room.unit.pk])).status_code == 200
    assert browser.get(reverse("inventory:board_panel", args=["AAA", room.unit.pk])).status_code == 200
    grants.end_access(project=room.a, grant_id=grant.pk, by=room.supervisor)

    found = AuditEvent.objects.filter(project_id=room.a.pk, detail__grant=grant.pk).order_by("pk")
    assert [(event.action, event.actor, event.target_id) for event in found] == [
        ("access.grant", room.supervisor, room.unit.pk),
        ("unit.see_granted", room.salesperson, room.unit.pk),
        ("unit.see_granted", room.salesperson, room.unit.pk),
        ("access.end", room.supervisor, room.unit.pk),
    ]


def test_looks_at_ones_own_units_are_not_recorded_as_granted(room, sign_in):
    allow(room)
    for person in (room.colleague, room.supervisor):
        sign_in(person).get(reverse("inventory:unit", args=["AAA", room.unit.pk]))

    assert not AuditEvent.objects.filter(action="unit.see_granted").exists()


def test_abuse_32_the_answer_is_the_same_for_a_unit_that_does_not_exist(room, sign_in):
    browser = sign_in(room.salesperson)
    answers = [
        browser.post("/p/AAA/access/new/", {"number": number, "hours": 24, "reason": "A customer asks"}, follow=True)
        for number in (room.unit.number, "77#-9999")
    ]
    assert [[str(text) for text in answer.context["messages"]] for answer in answers] == [
        ["Requested. You are told when it is decided."]
    ] * 2
    for asked in Approval.objects.order_by("pk"):
        page = browser.get(approvals.page_url(asked)).content.decode()
        assert asked.subject in page
        assert "no such unit" not in page


def test_abuse_32_only_who_decides_reads_whether_there_is_such_a_unit(room):
    real, invented = ask(room), ask(room, number="77#-9999")

    def shown(asked, person):
        return approvals.KINDS["access.grant"].present(asked, access_of(person))[0][2]

    assert [shown(asked, room.salesperson) for asked in (real, invented)] == [room.unit.number, "77#-9999"]
    assert [shown(asked, room.supervisor) for asked in (real, invented)] == [
        room.unit.number, "77#-9999: no such unit"
    ]  # fmt: skip
    with pytest.raises(Conflict) as refused:
        approvals.decide(approval_id=invented.pk, by=room.supervisor, agree=True)
    assert refused.value.code == "no_unit"
    assert not AccessGrant.objects.exists()


def test_abuse_32_a_request_of_somebody_else_is_not_there_and_not_decided_by_its_address(room, sign_in):
    asked = ask(room)
    url = approvals.page_url(asked)
    for person in (room.colleague, room.specialist, room.finance, room.other_supervisor, room.administrator):
        browser = sign_in(person)
        assert (browser.get(url).status_code, browser.post(url, {"answer": "approve"}).status_code) == (404, 404)
    asked.refresh_from_db()
    assert (asked.state, AccessGrant.objects.exists()) == ("PENDING", False)


def test_abuse_32_nobody_decides_beyond_their_scope(room, sign_in):
    """One's own request, and one that waits for management: 403."""
    own = ask(room, by=room.supervisor)
    second = build.user(Role.SUPERVISOR, room.a)
    for person in (room.supervisor, second):
        answer = sign_in(person).post(approvals.page_url(own), {"answer": "approve"})
        assert answer.status_code == 403
    approvals.decide(approval_id=own.pk, by=room.management, agree=True)
    assert AccessGrant.objects.get().user == room.supervisor


def test_abuse_33_a_grant_that_ran_out_a_second_ago_shows_nothing_any_more(room, sign_in):
    grant = allow(room, hours=1)
    browser = sign_in(room.salesperson)
    pages = [reverse(f"inventory:{name}", args=["AAA", room.unit.pk]) for name in ("unit", "board_panel")]
    assert [browser.get(page).status_code for page in pages] == [200, 200]
    now = clock.now()
    AccessGrant.objects.update(since=now - timedelta(hours=1), until=now - timedelta(seconds=1))
    before = AuditEvent.objects.count()

    assert [browser.get(page).status_code for page in pages] == [404, 404]
    assert AuditEvent.objects.count() == before
    assert room.unit.number not in browser.get("/p/AAA/units/").content.decode()
    with pytest.raises(Conflict):
        grants.end_access(project=room.a, grant_id=grant.pk, by=room.salesperson)


@pytest.mark.parametrize("who", ["salesperson", "supervisor", "management"])
def test_a_grant_is_ended_early_by_who_has_it_or_who_decides(room, who):
    grant, person = allow(room), getattr(room, who)
    ended = grants.end_access(project=room.a, grant_id=grant.pk, by=person)

    assert (ended.ended_by, sees(room.salesperson)) == (person, False)
    with pytest.raises(Conflict) as refused:
        grants.end_access(project=room.a, grant_id=grant.pk, by=person)
    assert refused.value.code == "over"


def test_others_do_not_end_it_and_do_not_learn_of_it(room):
    grant = allow(room)
    for person in (room.colleague, room.specialist, room.other_supervisor):
        with pytest.raises(NotVisible):
            grants.end_access(project=room.a, grant_id=grant.pk, by=person)


def test_a_request_needs_a_number_a_purpose_and_possible_hours(room):
    for wrong in ({"number": " "}, {"purpose": " "}, {"hours": 0}, {"hours": 721}):
        with pytest.raises(Refusal) as refused:
            ask(room, **wrong)
        assert refused.value.status == 422
    assert not Approval.objects.exists()


def test_the_same_is_asked_once_until_it_is_decided(room):
    ask(room)
    with pytest.raises(Conflict) as refused:
        ask(room, number="３#-1202")
    assert refused.value.code == "pending"


def test_marketing_and_strangers_do_not_ask(room):
    for person in (room.marketing, room.head, room.administrator, room.other_salesperson):
        with pytest.raises(Forbidden):
            ask(room, by=person)


def test_where_the_only_supervisor_is_away_management_decides(room):
    from inventory.models import ProjectGrant

    ProjectGrant.objects.filter(user=room.supervisor).delete()
    asked = ask(room)
    approvals.decide(approval_id=asked.pk, by=room.management, agree=True)
    assert AccessGrant.objects.exists()


def test_drafts_are_not_granted(room):
    Unit.every.filter(pk=room.unit.pk).update(number="3#-1202x")
    draft = build.unit(room.unit.building, 20, by=room.marketing, status="DRAFT")
    asked = ask(room, number=draft.number)
    with pytest.raises(Conflict):
        approvals.decide(approval_id=asked.pk, by=room.supervisor, agree=True)


def test_my_access_lists_what_runs_and_what_waits_and_the_desk_sees_all(room, sign_in):
    allow(room)
    ask(room, number="77#-9999")
    mine = sign_in(room.salesperson).get("/p/AAA/access/").content.decode()
    assert "My access" in mine and "77#-9999" in mine and room.unit.number in mine
    assert room.unit.number not in sign_in(room.colleague).get("/p/AAA/access/").content.decode()

    browser = sign_in(room.supervisor)
    desk = browser.get("/p/AAA/access/").content.decode()
    end = reverse("inventory:access_end", args=["AAA", AccessGrant.objects.get().pk])
    assert room.salesperson.name in desk and end in desk
    assert browser.post(end).status_code == 302
    assert AccessGrant.objects.get().ended_by == room.supervisor


def test_the_form_proposes_the_offices_hours(room, sign_in):
    from salescontrol.core import options

    options.change(by=room.supervisor, project_id=room.a.pk, changes={"access.grant_hours": 48})
    form = sign_in(room.salesperson).get("/p/AAA/access/new/").context["form"]
    assert form.initial["hours"] == 48
