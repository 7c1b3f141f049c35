"""The demonstration's erasures: one that waits for the supervisor, one refused, one done, and one that the clock proposes."""

from datetime import timedelta

from enquiries.models import Customer, Erasure
from enquiries.services import erasing, erasures
from enquiries.states import ErasureReason, ErasureState
from inventory.models import Project
from salescontrol.core import approvals, clock
from salescontrol.core.history import save_tracked
from security.models import User

COMMENT = "Wants to keep the viewing on Saturday 客户周六仍要看房"


def make(projects: dict[str, Project], people: dict[str, User]) -> None:
    """Of the last customers of the first project for whom nothing is held or booked."""
    project, desk, supervisor = projects["RSC"], people["C001"], people["S001"]
    free = Customer.every.filter(project=project, merged_into=None).exclude(erasing.held()).order_by("-pk")
    waits, refused, done, proposed = free[:4]
    today = clock.today(project.zone)
    _ask(waits, 12, desk)
    approvals.decide(approval_id=_ask(refused, 9, desk).approval_id, by=supervisor, agree=False, comment=COMMENT)
    approvals.decide(approval_id=_ask(done, 20, desk).approval_id, by=supervisor, agree=True)
    row = Erasure(project=project, customer=proposed, why=ErasureReason.TERM, state=ErasureState.PROPOSED,
                  due_on=today + timedelta(days=21))  # fmt: skip
    save_tracked(row, action="erasure.propose", by=None)


def _ask(customer: Customer, days: int, by: User) -> Erasure:
    wished = clock.today(customer.project.zone) - timedelta(days=days)
    return erasures.ask(customer=customer, why=ErasureReason.WISH, wished_on=wished, by=by)
