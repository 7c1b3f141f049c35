"""Background work of enquiries: thin entries into the services."""

from enquiries.services import calls, erasures, intake, ownership, pre_reports, viewings
from salescontrol.core import jobs


@jobs.every("customers.lapse", slot=jobs.daily(2))
def lapse(slot: str) -> str:
    return f"{ownership.lapse_due()} customers are to be given to somebody"


@jobs.every("customers.propose_erasures", slot=jobs.daily(2, 30))
def propose_erasures(slot: str) -> str:
    return f"{erasures.propose_due()} customers proposed for erasure"


@jobs.every("calls.escalate", slot=jobs.MINUTELY)
def escalate(slot: str) -> str:
    return f"{calls.escalate_due()} calls brought before the supervisor"


@jobs.every("viewings.remind", slot=jobs.MINUTELY)
def remind(slot: str) -> str:
    return f"{viewings.remind_due()} viewings reminded of"


@jobs.every("pre_reports.expire", slot=jobs.daily(1))
def expire(slot: str) -> str:
    return f"{pre_reports.expire_due()} pre-reports expired"


@jobs.handler(intake.READ_TOPIC)
def read_intake(intake_id: int) -> None:
    """Read a list that was handed over and show what it would do."""
    intake.read_intake(intake_id=intake_id)


@jobs.handler(intake.WRITE_TOPIC)
def write_intake(intake_id: int) -> None:
    """Take an accepted list over, all or nothing."""
    intake.write_intake(intake_id=intake_id)


@jobs.every("intake.forget", slot=jobs.daily(3, 40))
def forget(slot: str) -> str:
    """Forget what imported files said of people, some time after the end."""
    return f"{intake.forget_old()} imports forgotten"
