"""Wall displays: the board for a screen where nobody is signed in; no person, no draft, prices only if said; dark when revoked."""

import re
from decimal import Decimal

import pytest
from django.urls import reverse

from inventory.models import UnitInterest, WallDisplay
from inventory.queries.displays import digest_of
from inventory.services import displays
from inventory.states import Status
from salescontrol.core.errors import Conflict, Forbidden
from salescontrol.core.models import AuditEvent
from tests import build

pytestmark = pytest.mark.django_db
ASKED = {"Accept": "application/json"}


@pytest.fixture
def wall(stock):
    """A display of project A without prices: `wall.address`, `wall.row`."""
    stock.row, stock.secret = displays.add_display(project=stock.a, name="Hall", prices=False, by=stock.supervisor)
    stock.address = f"/wall/{stock.secret}/"
    return stock


def token_of(page: str) -> str:
    return re.search(r'data-token="([^"]+)"', page)[1]


def rooms(page: str) -> set[str]:
    return set(re.findall(r"<b>([^<]+)</b><em>", page))


def test_a_display_is_read_without_signing_in_and_names_nobody(wall, client):
    UnitInterest.objects.create(unit=wall.free, user=wall.colleague, kind="hold")
    page = client.get(wall.address).content.decode()
    assert rooms(page) == {"1202", "1102", "1002", "1203", "1103", "804"}
    for hidden in ("Zhao Ming", "Xu Lei", "万", "yuan", "yours", " mine", f"{wall.draft.room}<", "Back to the board"):
        assert hidden not in page, hidden


def test_prices_are_shown_only_by_a_display_that_says_so(wall, client):
    assert "271万" not in client.get(wall.address, {"prices": "1"}).content.decode()
    _row, secret = displays.add_display(project=wall.a, name="Office", prices=True, by=wall.supervisor)
    assert "271万" in client.get(f"/wall/{secret}/").content.decode()


def test_a_display_hears_of_changes_but_of_no_price_person_or_draft(wall, client):
    token = token_of(client.get(wall.address).content.decode())
    build.place_in(Status.HELD, wall.own, list_total=Decimal(77), salesperson=wall.colleague)
    build.unit(wall.building, 30, by=wall.specialist, status=Status.DRAFT)
    answer = client.get(f"{wall.address}changes/", {"token": token}, headers=ASKED).json()
    told = {cell[0]: cell[1:] for cell in answer["cells"]}
    assert told[wall.own.pk][:3] == ["h", "", None]
    assert told[wall.own.pk][4] == 0
    assert wall.draft.pk not in told
    assert answer["reload"] is False
    wall.row.refresh_from_db()
    assert wall.row.seen_at is not None


def test_a_revoked_display_is_answered_like_one_that_never_was(wall, client):
    token = token_of(client.get(wall.address).content.decode())
    displays.revoke_display(display=wall.row, by=wall.supervisor)
    for path in ("", f"changes/?token={token}"):
        gone, never = client.get(f"{wall.address}{path}"), client.get(f"/wall/no-such/{path}")
        assert (gone.status_code, never.status_code) == (404, 404)
    with pytest.raises(Conflict):
        displays.revoke_display(display=wall.row, by=wall.supervisor)


def test_a_display_of_a_closed_project_is_dark(wall, client):
    type(wall.a).objects.filter(pk=wall.a.pk).update(archived_at="2026-11-01T00:00:00Z")
    assert client.get(wall.address).status_code == 404


def test_a_token_of_one_display_is_of_no_use_at_another(wall, client):
    token = token_of(client.get(wall.address).content.decode())
    _row, secret = displays.add_display(project=wall.a, name="Other", prices=True, by=wall.supervisor)
    assert client.get(f"/wall/{secret}/changes/", {"token": token}, headers=ASKED).json()["reload"] is True


def test_the_secret_is_shown_once_and_kept_as_a_digest(stock, sign_in):
    client = sign_in(stock.supervisor)
    page = client.post("/p/AAA/displays/new/", {"name": "Hall", "prices": "on"}).content.decode()
    secret = re.search(r"/wall/([\w-]+)/", page)[1]
    row = WallDisplay.objects.get()
    assert (row.name, row.prices, row.digest) == ("Hall", True, digest_of(secret))
    assert "data:image/svg+xml" in page
    assert secret not in client.get("/p/AAA/displays/").content.decode()
    assert not row.history.filter(history_change_reason__contains=secret).exists()
    assert AuditEvent.objects.get(action="display.add").detail == {"name": "Hall", "prices": True}


def test_a_display_is_revoked_on_its_page(wall, sign_in):
    client = sign_in(wall.supervisor)
    address = f"/p/AAA/displays/{wall.row.pk}/revoke/"
    assert "Hall goes dark." in client.get(address).content.decode()
    assert client.post(address).url == reverse("inventory:displays", args=["AAA"])
    wall.row.refresh_from_db()
    assert wall.row.revoked_by == wall.supervisor
    assert client.post(address).status_code == 409


@pytest.mark.parametrize("who", ["specialist", "salesperson", "finance", "management", "administrator"])
def test_only_the_supervisor_keeps_displays(wall, who):
    with pytest.raises(Forbidden):
        displays.add_display(project=wall.a, name="x", prices=False, by=getattr(wall, who))
    with pytest.raises(Forbidden):
        displays.revoke_display(display=wall.row, by=getattr(wall, who))
