"""What leaves as a file is checked once more at the door: rights may have gone while it was made (abuse 33, 34)."""

import uuid
from datetime import timedelta

import pytest

from contracts.services import holds, requests, waiting
from enquiries.services import customers
from inventory.models import AccessGrant, ProjectGrant
from inventory.states import Status
from salescontrol.core import clock, notices
from salescontrol.core.models import AuditEvent, Notice
from tests import build
from tests.contracts.stock import customer, hold

pytestmark = pytest.mark.django_db
EXPORTS = ("/p/AAA/units/?format=xlsx", "/p/AAA/board/excel/")


@pytest.fixture
def room(people):
    people.unit = build.unit(
        build.building(people.a), by=people.specialist, status=Status.AVAILABLE, salesperson=people.colleague
    )
    return people


@pytest.fixture
def meanwhile(monkeypatch):
    """Something happens while a file is being made: just after its export was put on record."""

    def arrange(happen) -> None:
        record = AuditEvent.objects.create

        def create(**fields):
            happen()
            return record(**fields)

        monkeypatch.setattr(AuditEvent.objects, "create", create)

    return arrange


def suspend(room):
    person = type(room.supervisor).objects.get(pk=room.supervisor.pk)
    person.is_active = False
    person.save(update_fields=["is_active"])


def take_role(room):
    ProjectGrant.objects.filter(user=room.supervisor).delete()


def end_sessions(room):
    room.supervisor.sessions.update(ended_at=clock.now(), end_reason="IDLE")


@pytest.mark.parametrize("address", EXPORTS)
def test_an_export_arrives_when_nothing_happened(room, sign_in, address):
    assert sign_in(room.supervisor).get(address).content.startswith(b"PK\x03\x04")


@pytest.mark.parametrize("address", EXPORTS)
@pytest.mark.parametrize("happen", [suspend, take_role, end_sessions])
def test_abuse_34_who_lost_the_right_while_the_export_was_made_gets_no_byte_of_it(
    room, sign_in, meanwhile, address, happen
):
    browser = sign_in(room.supervisor)
    meanwhile(lambda: happen(room))

    answer = browser.get(address)

    assert answer.status_code in (400, 403)
    assert not answer.content.startswith(b"PK")
    assert room.unit.number not in answer.content.decode()
    assert browser.get(address).status_code in (302, 403, 404)


@pytest.fixture
def granted(room):
    """The colleague's unit, opened to the salesperson for an hour."""
    now = clock.now()
    return AccessGrant.objects.create(
        user=room.salesperson, unit=room.unit, purpose="x", since=now, until=now + timedelta(hours=1)
    )


def addresses(room) -> list[str]:
    return [f"/p/AAA/units/{room.unit.pk}/", f"/p/AAA/board/unit/{room.unit.pk}/", f"/p/AAA/board/?unit={room.unit.pk}"]


def listed(room, browser) -> bool:
    return any(room.unit.number in browser.get(path).content.decode() for path in ("/p/AAA/units/", "/search/?q=3%23"))


@pytest.mark.parametrize("how", ["over", "ended"])
def test_abuse_33_a_grant_over_since_a_second_opens_no_page_and_no_list(room, granted, sign_in, monkeypatch, how):
    browser = sign_in(room.salesperson)
    assert [browser.get(path).status_code for path in addresses(room)] == [200, 200, 200]
    assert listed(room, browser)

    if how == "over":
        moment = granted.until + timedelta(seconds=1)
        monkeypatch.setattr(clock, "now", lambda: moment)
        monkeypatch.setattr("security.middleware.over", lambda row, now: "")
    else:
        AccessGrant.objects.filter(pk=granted.pk).update(ended_at=clock.now(), ended_by=room.supervisor)

    assert [browser.get(path).status_code for path in addresses(room)] == [404, 404, 404]
    assert not listed(room, browser)


def test_a_grant_opens_one_unit_whole_but_names_nobody(room, granted, sign_in):
    """Reasons and the life of the unit are readable; whose it is stays hidden; the neighbour stays hidden altogether."""
    neighbour = build.unit(
        room.unit.building, 14, by=room.specialist, salesperson=room.colleague, status=Status.AVAILABLE
    )
    browser = sign_in(room.salesperson)
    page = browser.get(f"/p/AAA/units/{room.unit.pk}/").content.decode()

    assert room.unit.number in page
    assert room.colleague.name not in page
    assert browser.get(f"/p/AAA/units/{neighbour.pk}/").status_code == 404


def test_a_grant_opens_nothing_in_a_project_that_its_holder_has_left(room, granted, sign_in):
    ProjectGrant.objects.filter(user=room.salesperson).delete()
    browser = sign_in(room.salesperson)
    assert {browser.get(path).status_code for path in addresses(room)} == {404}


def test_abuse_31_a_notice_names_no_customer_and_leads_whoever_was_moved_nowhere(room, sign_in):
    """Its text holds numbers only, so that it tells nothing to somebody who has left meanwhile; its link asks anew."""
    buyer = customer(room.a, room.colleague, name="Zhang Canary")
    asked = requests.ask_for_hold(
        op_id=uuid.uuid4(), project=room.a, unit_id=room.unit.pk, wish=requests.Wish(), customer=buyer, reason="Wants it",
        by=room.colleague,
    )  # fmt: skip
    claim = hold(room.unit, buyer, room.colleague, room.specialist)
    line = customer(room.a, room.colleague, name="Wang Canary")
    waiting.join(
        op_id=uuid.uuid4(), unit_id=room.unit.pk, customer=line, salesperson=room.colleague, note="", by=room.specialist
    )
    requests.ask_to_release(op_id=uuid.uuid4(), number=claim.number, reason="Canary family moves", by=room.colleague)
    holds.release_hold(op_id=uuid.uuid4(), number=claim.number, reason="Canary family moves", by=room.specialist)
    waiting.offer_next(unit_id=room.unit.pk)
    customers.assign_owner(customer=buyer, owner=room.salesperson, reason="Canary asked for it", by=room.specialist)

    told = list(Notice.objects.all())
    codes = {"request.made", "claim.held", "waiting.joined", "claim.ask_release", "claim.released", "waiting.offered",
             "customer.yours", "customer.not_yours"}  # fmt: skip
    assert codes <= {notice.code for notice in told} and asked.number in {n.params.get("request") for n in told}
    for notice in told:
        kept = f"{notices.sentence(notice)} {notice.params} {notice.url} {notice.key}"
        assert "Canary" not in kept and buyer.phone not in kept and line.phone not in kept, notice.code

    ProjectGrant.objects.filter(user=room.colleague).delete()
    browser = sign_in(room.colleague)
    links = {notice.url for notice in told if notice.to_id == room.colleague.pk}
    assert links and {browser.get(link).status_code for link in links} == {404}
    assert "Canary" not in browser.get("/inbox/").content.decode()
