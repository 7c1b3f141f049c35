"""Two people at the same preview, or two files with the same units: one result, and the other is told (R1.7)."""

import threading

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from inventory.models import Building, Unit
from inventory.services import imports
from salescontrol.core.errors import Conflict
from tests.inventory.workbooks import price_list, row

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


def previewed(people, path):
    batch = imports.submit_file(
        project=people.a, upload=SimpleUploadedFile(path.name, path.read_bytes()), by=people.marketing
    )
    return imports.read_batch(batch_id=batch.pk)


def at_once(*acts) -> list[str]:
    """Do the acts in threads that start together; what became of each, in no order."""
    start, outcomes = threading.Barrier(len(acts)), []

    def run(act) -> None:
        start.wait()
        try:
            act()
            outcomes.append("done")
        except Conflict as conflict:
            outcomes.append(conflict.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(outcomes)


def test_one_preview_accepted_twice_at_once_is_taken_over_once(people, tmp_path):
    batch = previewed(people, price_list(tmp_path / "a.xlsx", *(row(房号=f"{number:02d}") for number in range(1, 30))))

    def accept() -> None:
        imports.accept_batch(batch=batch, version=batch.version, by=people.marketing)

    assert at_once(accept, accept, accept) == ["done", "moved_on", "moved_on"]
    assert (Unit.objects.count(), Building.objects.count()) == (29, 1)


def test_two_files_with_the_same_new_units_are_taken_over_once(people, tmp_path):
    path = price_list(tmp_path / "a.xlsx", *(row(房号=f"{number:02d}") for number in range(1, 30)))
    one, two = previewed(people, path), previewed(people, path)

    def accept(batch):
        return lambda: imports.accept_batch(batch=batch, version=batch.version, by=people.marketing)

    assert at_once(accept(one), accept(two)) == ["done", "stale_preview"]
    assert (Unit.objects.count(), Building.objects.count()) == (29, 1)
