"""Two imports of one list at the same instant, and one accepted twice at once: written once (R1.7, R2.5)."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from enquiries.models import Customer, CustomerPhone, Intake
from enquiries.services import intake as service
from enquiries.states import IntakeState
from tests.enquiries.lists import book, customer
from tests.rivals import Rival

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


@pytest.fixture
def previewed(people, tmp_path):
    """A list of thirty customers, read; each call another import of the same list."""
    path = book(tmp_path / "list.xlsx", *(customer(联系电话=f"1380003{number:04}") for number in range(30)))

    def make() -> Intake:
        upload = SimpleUploadedFile(path.name, path.read_bytes())
        row = service.submit_file(project=people.a, content="CUSTOMERS", upload=upload, by=people.specialist)
        return service.read_intake(intake_id=row.pk)

    return make


def at_once(*acts) -> list[str]:
    rivals = [Rival(act) for act in acts]
    for rival in rivals:
        rival.join()
    return sorted(rival.outcome for rival in rivals)


def test_two_imports_written_at_once_write_each_customer_once(people, previewed):
    one, two = previewed(), previewed()
    for row in (one, two):
        service.accept(intake=row, version=row.version, by=people.specialist)
    assert at_once(*(lambda pk=row.pk: service.write_intake(intake_id=pk) for row in (one, two))) == ["done", "done"]
    assert (Customer.every.count(), CustomerPhone.every.count()) == (30, 30)
    assert sorted(Intake.every.values_list("state", flat=True)) == [IntakeState.DONE, IntakeState.READING]


def test_one_preview_accepted_by_two_at_once_is_accepted_once(people, previewed):
    row = previewed()
    acts = [
        lambda by=by: service.accept(intake=row, version=row.version, by=by)
        for by in (people.specialist, people.supervisor)
    ]
    assert at_once(*acts) == ["done", "moved_on"]
    assert at_once(*[lambda: service.write_intake(intake_id=row.pk)] * 2) == ["done", "done"]
    assert Customer.every.count() == 30
