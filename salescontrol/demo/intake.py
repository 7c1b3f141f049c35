"""The demonstration's list of an office that moves over: read, not yet accepted, some rows refused. Nobody in it is real."""

from io import BytesIO

from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook

from enquiries.services import intake
from enquiries.states import IntakeContent
from inventory.models import Project
from security.models import User

HEADS = (
    "客户姓名",
    "联系电话",
    "证件号码",
    "获知途径",
    "意向等级",
    "置业顾问",
    "需求面积",
    "预算(万元)",
    "购房目的",
    "备注",
)
ROWS = (
    (
        "Old Guest 1 老客户一",
        "13900050001、021-58881234",
        "",
        "老带新",
        "A",
        "A001",
        "90-120",
        "320",
        "自住",
        "moved over 旧台账",
    ),
    ("Old Guest 2 老客户二", "13900050002", "", "抖音", "B", "A002", "140以上", "500", "改善", ""),
    ("Old Guest 3 老客户三", "13900050003", "", "路过", "B", "", "89", "", "投资", ""),
    ("Old Guest 4 老客户四", "1390005", "", "户外广告", "C", "A001", "", "", "", "number too short 少一位"),
    ("Old Guest 5 老客户五", "13900050001", "", "网络", "C", "A001", "", "", "", "same number 号码重复"),
    ("Old Guest 6 老客户六", "13900050006", "", "托梦", "B", "A999", "", "", "", ""),
)


def make(projects: dict[str, Project], people: dict[str, User]) -> None:
    """A list of customers handed over by the desk of the first project and read."""
    upload = SimpleUploadedFile("customers-2025.xlsx", _workbook(), content_type="application/octet-stream")
    row = intake.submit_file(
        project=projects["RSC"], content=IntakeContent.CUSTOMERS, upload=upload, by=people["C001"], note="2025 台账"
    )
    intake.read_intake(intake_id=row.pk)


def _workbook() -> bytes:
    book = Workbook()
    for cells in (HEADS, *ROWS):
        book.active.append(list(cells))
    buffer = BytesIO()
    book.save(buffer)
    return buffer.getvalue()
