"""What is overdue in carrying contracts out (R3.3): milestones, filing, details that were never entered."""

from datetime import date, timedelta

from django.db.models import Case, F, Q, QuerySet, Value, When
from django.db.models.fields import CharField

from contracts.models import Contract, Milestone
from contracts.queries.scope import contracts_visible_to, milestones_visible_to
from contracts.states import ContractState, MilestoneKind, PaymentMethod
from inventory.models import Project
from salescontrol.core import clock, options
from salescontrol.core.access import Access

OVERDUE, SOON = "OVERDUE", "SOON"


def due(access: Access, project: Project) -> QuerySet[Milestone]:
    """Milestones that were expected before today, and filings of which the office is warned; `what` says which of both.

    Sales that were brought along from before are not followed up here.
    """
    today = clock.today(project.zone)
    warned = today - timedelta(days=options.value("filing.warn_days", project.pk))
    late = Q(expected_on__lt=today)
    soon = Q(kind=MilestoneKind.FILED, contract__signed_on__lte=warned)
    rows = milestones_visible_to(access).filter(
        late | soon, contract__project=project, contract__state__in=[ContractState.SIGNED, ContractState.DELIVERED],
        contract__trade__migrated=False, actual_on__isnull=True,
    )  # fmt: skip
    what = Case(When(late, then=Value(OVERDUE)), default=Value(SOON), output_field=CharField())
    return rows.annotate(what=what).select_related(
        "contract__unit__building", "contract__project", "contract__trade__salesperson", "contract__subscription"
    )


def late_contracts(access: Access, project: Project) -> QuerySet[Contract]:
    """Contracts with an overdue milestone."""
    overdue = due(access, project).filter(expected_on__lt=clock.today(project.zone))
    return contracts_visible_to(access).filter(pk__in=overdue.order_by().values("contract"))


def unfiled(rows: QuerySet[Contract], project: Project, days: int) -> QuerySet[Contract]:
    """Those of `rows` that were signed so many days ago or more and are not filed (domain B14)."""
    since = clock.today(project.zone) - timedelta(days=days)
    return rows.filter(
        state__in=[ContractState.SIGNED, ContractState.DELIVERED], filed_on__isnull=True, signed_on__lte=since,
        trade__migrated=False,
    )  # fmt: skip


def not_entered(rows: QuerySet[Contract], project: Project) -> QuerySet[Contract]:
    """Those of `rows` whose details are still missing the office's hours after the day of signing (domain B7, B15): the number
    of online signing, and the banks of the loans."""
    hours = options.value("contract.entry_hours", project.pk)
    day: date = clock.local(clock.now() - timedelta(hours=hours), project.zone).date()
    commercial = Q(method__in=[PaymentMethod.MORTGAGE, PaymentMethod.COMBINED], loan_bank="")
    fund = Q(method__in=[PaymentMethod.PROVIDENT, PaymentMethod.COMBINED], fund_bank="")
    return rows.filter(
        Q(online_no="") | commercial | fund, state__in=[ContractState.SIGNED, ContractState.DELIVERED],
        signed_on__lt=day, trade__migrated=False,
    )  # fmt: skip


def of_contract(access: Access, contract: Contract) -> list[Milestone]:
    """The milestones of a contract, the first expected first."""
    rows = milestones_visible_to(access).filter(contract=contract).select_related("recorded_by")
    return list(rows.order_by(F("expected_on").asc(nulls_last=True), "pk"))
