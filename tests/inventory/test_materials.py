"""Floor plans, renderings and files of units and layouts; a file is as visible as what it belongs to (R1.3, quality U2)."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from inventory.models import Material
from inventory.queries import materials
from inventory.services.materials import add_material, remove_material
from inventory.states import Status
from salescontrol.core.errors import Conflict, Forbidden, Refusal
from salescontrol.core.models import Attachment, AuditEvent
from security.services import accounts
from tests import build

PDF = b"%PDF-1.4\n%%EOF\n"


def address(name: str, *args) -> str:
    return reverse(f"inventory:{name}", args=["AAA", *args])


def png(name: str = "plan.png") -> SimpleUploadedFile:
    buffer = io.BytesIO()
    Image.new("RGB", (900, 600)).save(buffer, "PNG")
    return SimpleUploadedFile(name, buffer.getvalue())


def content(response) -> bytes:
    """All that was sent; reading to its end closes the file."""
    return b"".join(response.streaming_content) if response.streaming else response.content


@pytest.fixture
def house(people):
    people.building = build.building(people.a)
    people.layout, people.other_layout = build.layout(people.a, "C2"), build.layout(people.a, "D1")
    people.mine = build.unit(
        people.building, 1, "01", by=people.specialist, salesperson=people.salesperson, layout=people.layout
    )
    people.theirs = build.unit(
        people.building, 2, "01", by=people.specialist, salesperson=people.colleague, layout=people.other_layout
    )
    return people


def add(house, to, kind="FLOOR_PLAN", upload=None, title="Type C", by=None) -> Material:
    return add_material(to=to, kind=kind, title=title, upload=upload or png(), by=by or house.specialist)


def test_a_floor_plan_is_added_on_the_units_page_and_seen_there(house, sign_in):
    client = sign_in(house.specialist)
    response = client.post(
        address("unit_material_add", house.mine.pk), {"kind": "FLOOR_PLAN", "title": "", "file": png()}
    )
    assert response.url == address("unit", house.mine.pk)
    material = Material.objects.get()
    assert (material.unit, material.layout, material.title, material.added_by) == (
        house.mine,
        None,
        "plan.png",
        house.specialist,
    )
    page = client.get(response.url).content.decode()
    assert address("material_picture", material.pk) in page
    assert address("material_file", material.pk) in page


def test_a_drawing_of_the_layout_shows_on_all_its_units(house, sign_in):
    client = sign_in(house.marketing)
    response = client.post(
        address("layout_material_add", house.layout.pk), {"kind": "RENDERING", "title": "Evening", "file": png()}
    )
    assert response.url == address("layout", house.layout.pk)
    assert "Evening" in client.get(response.url).content.decode()
    assert "Evening" in sign_in(house.salesperson).get(address("unit", house.mine.pk)).content.decode()
    assert "Evening" not in sign_in(house.colleague).get(address("unit", house.theirs.pk)).content.decode()


def test_a_units_own_drawing_comes_before_that_of_its_layout(house):
    shared, own = add(house, house.layout, title="shared"), add(house, house.mine, title="own")
    assert list(materials.of_unit(house.mine)) == [own, shared]


def test_a_drawing_is_a_picture_or_pdf_and_only_other_files_may_be_documents(house):
    sheet = SimpleUploadedFile("list.csv", b"a,b\n")
    with pytest.raises(Refusal):
        add(house, house.mine, "FLOOR_PLAN", sheet)
    sheet.seek(0)
    assert add(house, house.mine, "FILE", sheet).file.content_type == "text/csv"


def test_a_refused_file_says_why_and_keeps_the_rest(house, sign_in):
    response = sign_in(house.specialist).post(
        address("unit_material_add", house.mine.pk),
        {"kind": "FLOOR_PLAN", "title": "typed", "file": SimpleUploadedFile("a.svg", b"<svg/>")},
    )
    assert response.status_code == 422
    page = response.content.decode()
    assert "Files of this kind are not taken" in page
    assert 'value="typed"' in page
    assert not Material.objects.exists()
    assert not Attachment.objects.exists()


def test_without_a_file_the_form_says_so(house, sign_in):
    response = sign_in(house.specialist).post(address("unit_material_add", house.mine.pk), {"kind": "FLOOR_PLAN"})
    assert response.status_code == 422
    assert response.context["form"].errors["file"]


def test_abuse_35_a_files_address_works_as_long_as_its_unit_is_visible(house, sign_in):
    mine, theirs = add(house, house.mine), add(house, house.theirs)
    of_layout, of_other = add(house, house.layout), add(house, house.other_layout)
    client = sign_in(house.salesperson)
    for name in ("material_file", "material_picture"):
        for material, status in ((mine, 200), (of_layout, 200), (theirs, 404), (of_other, 404)):
            response = client.get(address(name, material.pk))
            content(response)
            assert response.status_code == status
        assert client.get(address(name, 10**9)).status_code == 404
    house.mine.salesperson = house.colleague
    house.mine.save()
    for name in ("material_file", "material_picture"):
        assert client.get(address(name, mine.pk)).status_code == 404
    client.logout()
    assert client.get(address("material_file", mine.pk)).status_code == 302


def test_abuse_35_a_kept_address_leads_to_the_sign_in_once_its_keeper_has_left_and_a_colleague_nowhere(house, sign_in):
    material = add(house, house.mine)
    kept = address("material_file", material.pk)
    client = sign_in(house.salesperson)
    assert content(client.get(kept))
    accounts.suspend(by=house.administrator, user=house.salesperson, reason="Has left")
    answer = client.get(kept)
    assert (answer.status_code, answer["Location"].split("?")[0]) == (302, reverse("security:sign_in"))
    assert sign_in(house.colleague).get(kept).status_code == 404, "forwarded"


def test_a_file_of_another_project_is_not_reached_through_this_one(house, sign_in):
    material = add(house, house.mine)
    assert sign_in(house.other_supervisor).get(address("material_file", material.pk)).status_code == 404
    assert (
        sign_in(house.other_supervisor).get(reverse("inventory:material_file", args=["BBB", material.pk])).status_code
        == 404
    )


def test_files_have_no_address_of_their_own(house, sign_in):
    material = add(house, house.mine)
    client = sign_in(house.supervisor)
    for url in (
        f"/media/{material.file.path}",
        f"/{material.file.path}",
        f"/static/{material.file.path}",
        f"/protected/{material.file.path}",
    ):
        assert client.get(url).status_code == 404


def test_a_download_is_inert_named_and_on_record_and_a_picture_is_shown(house, sign_in):
    material = add(house, house.mine, upload=png("户型 C.png"))
    client = sign_in(house.salesperson)
    response = client.get(address("material_file", material.pk))
    content(response)
    assert response["Content-Disposition"].startswith("attachment; filename*=utf-8''")
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in response["Cache-Control"]
    assert AuditEvent.objects.get(action="file.download").actor == house.salesperson
    small = client.get(address("material_picture", material.pk) + "?size=small")
    with Image.open(io.BytesIO(content(small))) as image:
        assert image.size == (640, 427)


def test_a_pdf_is_never_shown_inside_our_pages(house, sign_in):
    material = add(house, house.mine, upload=SimpleUploadedFile("plan.pdf", PDF))
    client = sign_in(house.supervisor)
    assert client.get(address("material_picture", material.pk)).status_code == 404
    assert address("material_picture", material.pk) not in client.get(address("unit", house.mine.pk)).content.decode()


def test_a_removed_file_is_gone_from_pages_and_addresses_and_kept_on_record(house, sign_in):
    material = add(house, house.mine)
    client = sign_in(house.specialist)
    assert "not shown any more" in client.get(address("material_remove", material.pk)).content.decode()
    assert client.post(address("material_remove", material.pk)).url == address("unit", house.mine.pk)
    assert client.get(address("material_file", material.pk)).status_code == 404
    page = client.get(address("unit", house.mine.pk)).content.decode()
    assert "Floor plan “Type C” removed by Wu Qian" in page
    assert Material.objects.get().removed_at is not None
    with pytest.raises(Conflict):
        remove_material(material=material, by=house.specialist)


def test_only_those_who_keep_materials_add_and_remove_them(house, sign_in):
    material = add(house, house.mine)
    for person in (house.salesperson, house.finance, house.management):
        client = sign_in(person)
        assert (
            client.post(address("unit_material_add", house.mine.pk), {"kind": "FILE", "file": png()}).status_code == 403
        )
        assert (
            client.post(address("layout_material_add", house.layout.pk), {"kind": "FILE", "file": png()}).status_code
            == 403
        )
        assert client.post(address("material_remove", material.pk)).status_code == 403
        with pytest.raises(Forbidden):
            add(house, house.mine, by=person)
        with pytest.raises(Forbidden):
            remove_material(material=material, by=person)


def test_marketing_adds_to_its_own_units_only(house, sign_in):
    own = build.unit(house.building, 5, "01", by=house.marketing, status=Status.DRAFT)
    client = sign_in(house.marketing)
    assert client.post(address("unit_material_add", own.pk), {"kind": "FLOOR_PLAN", "file": png()}).status_code == 302
    assert (
        client.post(address("unit_material_add", house.mine.pk), {"kind": "FLOOR_PLAN", "file": png()}).status_code
        == 404
    )


def test_the_panel_shows_drawings_and_the_last_steps(house, sign_in):
    add(house, house.mine)
    page = sign_in(house.specialist).get(reverse("inventory:board_panel", args=["AAA", house.mine.pk])).content.decode()
    assert "Type C" in page
    assert "added by Wu Qian" in page
