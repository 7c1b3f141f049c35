"""What is going on in the demonstration's office today, done through the same services as people use."""

from datetime import timedelta
from decimal import Decimal
from io import BytesIO

from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook
from PIL import Image, ImageDraw

from inventory.models import Layout, Project, Unit
from inventory.models.material import MaterialKind
from inventory.queries.scope import units_visible_to
from inventory.services import changes, discounts, imports, materials, prices, release, review
from salescontrol.core import approvals, clock
from salescontrol.core.access import access_of
from salescontrol.core.models import Approval
from security.models import User

HEADS = ("楼栋", "楼层", "房号", "户型", "朝向", "建筑面积", "套内面积", "单价", "总价", "底价单价", "装修标准")

_B, _A = ("B", "128.05", "101.80", "南北"), ("A", "89.60", "70.95", "南")
COLUMNS = (_B, _A, _A, _B)


def make(projects: dict[str, Project], people: dict[str, User]) -> None:
    """Floor plans, discounts in force, and requests that wait for the supervisor."""
    for project in projects.values():
        _draw_floor_plans(project, people["K001"])
        _offer_discounts(project, people["K001"], people["S001"])
    riverside = projects["RSC"]
    _hand_over_a_tower(riverside, people["K001"], people["C001"])
    _propose_prices(riverside, people["K001"])
    _ask_for_a_change(riverside, people["C001"])
    _ask_to_withhold(riverside, people["C001"])


def _draw_floor_plans(project: Project, by: User) -> None:
    for layout in project.layouts.all():
        upload = SimpleUploadedFile(f"{layout.code}.png", _floor_plan(layout), content_type="image/png")
        materials.add_material(
            to=layout, kind=MaterialKind.FLOOR_PLAN, title=f"{layout.code} {layout.description}", upload=upload, by=by
        )


def _floor_plan(layout: Layout) -> bytes:
    """A plain drawing: living room in front, one box per bedroom behind."""
    picture = Image.new("RGB", (720, 480), "white")
    draw = ImageDraw.Draw(picture)
    width = 640 // max(layout.bedrooms, 1)
    draw.rectangle((40, 240, 680, 440), outline="#17212f", width=6)
    for number in range(layout.bedrooms):
        left = 40 + number * width
        draw.rectangle((left, 40, left + width, 240), outline="#17212f", width=6)
        draw.line((left + width // 3, 240, left + width // 2, 240), fill="white", width=8)
    draw.line((300, 440, 400, 440), fill="white", width=8)
    buffer = BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def _offer_discounts(project: Project, by: User, supervisor: User) -> None:
    today = clock.today(project.zone)
    offers = (("Opening 开盘优惠", "PERCENT", "1"), ("Lump sum 一次性付款", "PAYMENT", "2"))
    for position, (name, kind, percent) in enumerate(offers, start=1):
        terms = discounts.Terms(
            name=name, kind=kind, percent=Decimal(percent), amount=None, position=position,
            valid_from=today - timedelta(days=10), valid_to=today + timedelta(days=80),
        )  # fmt: skip
        discounts.propose_discount(project=project, terms=terms, by=by, reason="Opening season 开盘季")
        waiting = Approval.objects.filter(
            project_id=project.pk, kind=discounts.KIND, state=Approval.State.PENDING
        ).get()
        approvals.decide(approval_id=waiting.pk, by=supervisor, agree=True)


def _hand_over_a_tower(project: Project, marketing: User, specialist: User) -> None:
    """Nine floors of a new tower: a price list handed over as a workbook, read, accepted and submitted."""
    upload = SimpleUploadedFile("9-price-list.xlsx", _workbook(), content_type="application/octet-stream")
    batch = imports.submit_file(project=project, upload=upload, by=marketing, title="9# first release 9号楼首推")
    batch = imports.read_batch(batch_id=batch.pk)
    batch = imports.accept_batch(batch=batch, version=batch.version, by=specialist)
    review.submit_batch(batch=batch, by=specialist, note="First release 首推")


def _workbook() -> bytes:
    book = Workbook()
    book.active.append(HEADS)
    for floor in range(2, 11):
        for position, (layout, built, inner, facing) in enumerate(COLUMNS, start=1):
            price = 23200 + floor * 90
            total = int((Decimal(built) * price).quantize(Decimal(1)))
            row = (
                "9#",
                floor,
                f"{floor}{position:02d}",
                layout,
                facing,
                built,
                inner,
                price,
                total,
                price - 700,
                "精装",
            )
            book.active.append(row)
    buffer = BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _propose_prices(project: Project, by: User) -> None:
    tower = project.buildings.get(name="7#")
    price_list = prices.create_price_list(
        project=project, kind="LIST", title="7# second step 7号楼二次定价", effective_from=clock.now() + timedelta(days=2),
        reason="Demand after the opening 开盘后需求旺", by=by, visible=units_visible_to(access_of(by)), building_ids=[tower.pk],
        percent=Decimal("1.2"),
    )  # fmt: skip
    prices.submit_price_list(price_list=price_list, version=price_list.version, by=by)


def _ask_for_a_change(project: Project, by: User) -> None:
    unit = Unit.every.get(project=project, building__name="3#", room="1602")
    changes.request_change(
        unit_id=unit.pk, visible=units_visible_to(access_of(by)), values={"list_unit_price": "23480", "list_total": "2780032"},
        version=unit.version, reason="View over the river 看江", by=by,
    )  # fmt: skip


def _ask_to_withhold(project: Project, by: User) -> None:
    rooms = Unit.every.filter(project=project, building__name="5#", floor=9).values_list("pk", flat=True)
    visible = units_visible_to(access_of(by))
    reason = "Kept for the second opening 留作二次开盘"
    release.withhold_units(project=project, unit_ids=list(rooms), visible=visible, reason=reason, by=by)
