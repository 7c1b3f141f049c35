"""Importing 5,000 rows with checks, preview, history and audit, beside COPY of the same rows; and the same file again (V8)."""

import io
import re
import time
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.ground import Ground

ROWS = 5_000
HEADS = ("楼栋", "楼层", "房号", "户型", "朝向", "建筑面积", "套内面积", "单价", "总价", "装修标准")


def measure(ground: Ground) -> list[Figure]:
    """Wall milliseconds, in this process and the child that reads the file."""
    from inventory.services import imports

    project = _project()
    by = _specialist(project)
    upload = _workbook()
    Path("/proc/self/clear_refs").write_text("5")  # The peak begins anew here.
    before = _memory("VmRSS")
    new = _import(imports, project, by, upload)
    grown = _memory("VmHWM") - before
    again = _import(imports, project, by, upload)
    return [
        Figure("V8", "import of 5,000 new units", new, _copy(ground), "COPY of the same rows", "ms", goal=8),
        Figure("V8", "the same file again", again, new, "the first time", "ms", goal=0.7),
        Figure("V8", "memory that the import took", grown, 150, "what it may take", "MB", must=1),
    ]


def _memory(name: str) -> float:
    """Now (VmRSS) or at the peak (VmHWM), in MB."""
    found = re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found.group(1)) / 1024


def _project():
    from tests import build

    return build.project("IMPORT")


def _specialist(project):
    from salescontrol.core.permissions import Role
    from tests import build

    return build.user(Role.SPECIALIST, project)


def _workbook() -> bytes:
    """5,000 rooms in 13 towers."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("房源")
    sheet.append(HEADS)
    for number in range(ROWS):
        tower, rest = divmod(number, 400)
        floor, room = divmod(rest, 10)
        price = 22_000 + floor * 90
        sheet.append([f"{tower + 1}#", floor + 1, f"{floor + 1}{room + 1:02d}", "C", "南北", "118.40", "94.12", price,
                      round(118.40 * price), "精装"])  # fmt: skip
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _import(imports, project, by, content: bytes) -> float:
    """Hand over, read, preview, accept: what the desk waits for, in milliseconds."""
    from django.core.files.uploadedfile import SimpleUploadedFile

    begun = time.perf_counter()
    upload = SimpleUploadedFile("list.xlsx", content, content_type="application/octet-stream")
    batch = imports.submit_file(project=project, upload=upload, by=by, title="5,000 units")
    batch = imports.read_batch(batch_id=batch.pk)
    if batch.lines.filter(kind="NEW").exists():
        imports.accept_batch(batch=batch, version=batch.version, by=by)
    return (time.perf_counter() - begun) * 1000


def _copy(ground: Ground) -> float:
    """COPY of as many rows with as many columns into a plain table."""
    import psycopg

    with psycopg.connect(ground.cluster.url("owner", "bench")) as connection:
        connection.execute("CREATE TABLE control_copy (LIKE inventory_unit INCLUDING DEFAULTS)")
        names = [
            row[0]
            for row in connection.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_name = 'inventory_unit' ORDER BY 1"
            )
        ]
        listed = ", ".join(names)
        rows = connection.execute(f"SELECT {listed} FROM inventory_unit LIMIT {ROWS}").fetchall()  # noqa: S608
        begun = time.perf_counter()
        with connection.cursor().copy(f"COPY control_copy ({listed}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        connection.commit()
        return (time.perf_counter() - begun) * 1000
