"""Erasures are asked for, proposed by the clock, decided, and done (R7.6, quality P7). Nobody is erased silently.

Somebody asks and another decides (`core.approvals`). What the clock proposes, because nobody spoke with a customer for longer than
data is kept, the supervisor decides as a list: the setting is what asks there. After a restore the ledger decides.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enquiries.models import Call, Customer, Erasure, FollowUp, Viewing, Visit
from enquiries.queries.numbers import lives_of
from enquiries.queries.scope import erasures_visible_to
from enquiries.services import ledger
from enquiries.services.erasing import ERASE, erase, held, require_erasable
from enquiries.services.rows import locked, tell
from enquiries.states import OPEN_ERASURE, ErasureReason, ErasureState
from inventory.models import Project
from inventory.services import stages
from salescontrol.core import approvals, audit, clock, jobs, notices, options
from salescontrol.core.access import Access, access_of, deciding_users
from salescontrol.core.errors import Conflict, Refusal
from salescontrol.core.history import save_tracked
from salescontrol.core.models import Approval
from salescontrol.core.permissions import Permission, Role

DAYS, AFTER = "customer.erase_days", "customer.erase_after"
# What counts as a contact, and when it was.
CONTACTS = ((Call, "at"), (Visit, "at"), (Viewing, "starts_at"), (FollowUp, "at"))


@transaction.atomic
def ask(*, customer: Customer, why: str, wished_on: date | None, by) -> Erasure:
    """Ask that the customer be erased; somebody else decides.

    Raises NotVisible, Forbidden, Refusal (`why`, `no_day`, `future`, `legal_hold`), Conflict (`bound`, `pending`).
    """
    access = access_of(by)
    access.require(Permission.CUSTOMER_ERASE, customer.project_id)
    row = locked(customer, access)
    _check(row.project, why, wished_on)
    require_erasable(row, lives_of(row))
    known = Erasure.every.filter(customer=row, state__in=OPEN_ERASURE).first()
    if known is not None and known.state == ErasureState.REQUESTED:
        raise _pending()
    erasure = known or Erasure(project=row.project, customer=row)
    today = clock.today(row.project.zone)
    since = wished_on if why == ErasureReason.WISH and wished_on else today
    erasure.why, erasure.wished_on, erasure.state = why, wished_on, ErasureState.REQUESTED
    erasure.asked_by, erasure.asked_at = by, clock.now()
    erasure.due_on = since + timedelta(days=options.value(DAYS, row.project_id))
    erasure.approval = _request(row, erasure, by)
    return save_tracked(erasure, action="customer.ask_erase", by=by)


@dataclass(frozen=True)
class Decided:
    """What became of the chosen ones of a list: how many, and why others were left."""

    done: int
    refused: tuple[str, ...] = ()


def decide_proposed(*, project: Project, chosen: Collection[int], agree: bool, answer: str, by) -> Decided:
    """The supervisor erases the chosen of those whom the clock proposed, or keeps them for another term with an answer.

    Each in a transaction of its own; what stands against one of them is told, and the others are done. Raises Forbidden, Refusal
    (`nothing_chosen`, `no_answer`).
    """
    access_of(by).require(Permission.CUSTOMER_ERASE_DECIDE, project.pk)
    if not agree and not answer.strip():
        message = _("Say why they are kept.")
        raise Refusal(message, code="no_answer", fields={"answer": [message]})
    visible = erasures_visible_to(access_of(by)).filter(project=project, pk__in=list(chosen))
    found = list(visible.filter(state=ErasureState.PROPOSED).order_by("pk").values_list("pk", flat=True))
    if not found:
        raise Refusal(_("Choose at least one customer."), code="nothing_chosen")
    refused = [why for pk in found if (why := _decide_one(pk, agree, answer.strip()[:250], by))]
    return Decided(len(found) - len(refused), tuple(refused))


def propose_due() -> int:
    """Propose whom nobody spoke with for longer than data is kept, and tell the supervisors; also of what is overdue, and whoever
    keeps the product running of erased customers who came back. Repeatable."""
    _tell_of_returned()
    return sum(_propose_in(project, clock.now()) for project in Project.objects.all())


def erase_again() -> tuple[int, int, tuple[int, ...]]:
    """After a restore: erase whom the ledger names and the copy has again (abuse 54). Repeatable.

    Returns how many the ledger names, how many were erased now, and which lines of it are damaged.
    """
    said, done = ledger.read(), 0
    for customer in ledger.missing(said.marks):
        done += _erase_again(customer)
    ledger.write_due()
    return len(said.marks), done, said.damaged


def _check(project: Project, why: str, wished_on: date | None) -> None:
    if why not in (ErasureReason.WISH, ErasureReason.TERM, ErasureReason.MISTAKE):
        message = _("Choose the reason.")
        raise Refusal(message, code="why", fields={"why": [message]})
    if why == ErasureReason.WISH and wished_on is None:
        message = _("Enter the day on which the customer wished it: the term runs from then.")
        raise Refusal(message, code="no_day", fields={"wished_on": [message]})
    if wished_on is not None and wished_on > clock.today(project.zone):
        message = _("This day lies ahead. Enter the day on which the customer wished it.")
        raise Refusal(message, code="future", fields={"wished_on": [message]})


def _pending() -> Conflict:
    return Conflict(
        _(
            "The erasure of this customer is asked for already. Wait for the decision, or ask its author to withdraw it."
        ),
        code="pending",
    )


def _request(customer: Customer, erasure: Erasure, by) -> Approval:
    """Ask by numbers, which read the same in every language; the lines say the rest in the decider's own."""
    return approvals.request(
        kind=ERASE, by=by, subject=customer.number, reason=erasure.number, project_id=customer.project_id, target_id=customer.pk,
        after={"erasure": erasure.number, "project": customer.project.code},
        effect=stages.who_decides(customer.project_id, {by.pk}),
    )  # fmt: skip


def _open(rows: QuerySet[Erasure]) -> Erasure | None:
    """The open erasure among these, its row locked."""
    found = rows.filter(state__in=OPEN_ERASURE).select_for_update(of=("self",))
    return found.select_related("project", "customer__project", "customer__owner").first()


def _decide_one(pk: int, agree: bool, answer: str, by) -> str:
    """Erase or keep one proposed customer; returns what stands against it, else an empty text."""
    try:
        with transaction.atomic():
            erasure = _open(Erasure.every.filter(pk=pk))
            if erasure is None:
                return ""
            if agree:
                _do(erasure, by)
            else:
                _close(erasure, ErasureState.REFUSED, by, answer)
    except Refusal as refusal:
        return str(refusal.message)
    return ""


def _do(erasure: Erasure, by, *, lawful: bool = False) -> None:
    """Erase the customer and close the locked erasure; the ledger follows the commit."""
    customer = erase(customer=erasure.customer, by=by, about=erasure.number, lawful=lawful)
    _close(erasure, ErasureState.DONE, by)
    audit.record(
        ERASE, by=by, project_id=customer.project_id, target=customer,
        detail={"erasure": erasure.number, "why": erasure.why},
    )  # fmt: skip
    if not lawful:
        tell(customer, customer.owner, "customer.erased", by)
    transaction.on_commit(ledger.write_due, robust=True)


def _close(erasure: Erasure, state: ErasureState, by, answer: str = "") -> None:
    erasure.state, erasure.answer = state, answer
    erasure.closed_at, erasure.closed_by = clock.now(), by
    save_tracked(
        erasure, action=f"erasure.{state.lower()}", by=by, fields=["state", "answer", "closed_at", "closed_by"]
    )
    notices.settle(f"customer.erase_overdue-{erasure.number}")


@transaction.atomic
def _erase_again(customer: Customer) -> int:
    """Once more, with an erasure of its own on record; 1, or 0 when it was erased meanwhile as one who had been merged."""
    row = Customer.every.select_related("project").get(pk=customer.pk)
    if row.erased_at is not None:
        return 0
    erasure = _open(Erasure.every.filter(customer=row)) or Erasure(
        project=row.project, customer=row, due_on=clock.today(row.project.zone)
    )
    erasure.why = ErasureReason.RESTORED
    save_tracked(erasure, action="erasure.again", by=None)
    _do(erasure, None, lawful=True)
    return 1


def _propose_in(project: Project, now: datetime) -> int:
    months = options.value(AFTER, project.pk)
    term = clock.months_before(now, months)
    found = silent_since(project, term).exclude(held())
    due_on = clock.today(project.zone) + timedelta(days=options.value(DAYS, project.pk))
    proposed = sum(_propose(customer, due_on) for customer in found.order_by("pk"))
    if proposed:
        _tell(project, "customer.erase_proposed", f"{clock.today(project.zone)}", "erasure_due", months=months)
    for erasure in Erasure.every.filter(
        project=project, state__in=OPEN_ERASURE, due_on__lt=clock.today(project.zone)
    ).select_related("customer"):
        _tell(project, "customer.erase_overdue", erasure.number, "erasure_list", number=erasure.customer.number)
    return proposed


def silent_since(project: Project, term: datetime) -> QuerySet[Customer]:
    """The customers of the project with whom there was no contact since then, and about whom nothing is open or was decided since."""
    quiet = Q(entered_at__lt=term) & (Q(last_contact_at__isnull=True) | Q(last_contact_at__lt=term))
    rows = Customer.every.filter(quiet, project=project, merged_into=None, erased_at=None)
    for model, field in CONTACTS:
        later = model._base_manager.filter(**{f"{field}__gte": term}, customer__isnull=False)
        rows = rows.exclude(pk__in=later.values("customer"))
    decided = Q(state__in=OPEN_ERASURE) | Q(state=ErasureState.REFUSED, closed_at__gte=term)
    return rows.exclude(pk__in=Erasure.every.filter(decided, project=project).values("customer"))


def _tell_of_returned() -> None:
    """An older copy was restored and nobody has erased again (abuse 54)."""
    said = ledger.read()
    back = len(ledger.missing(said.marks))
    if back or said.damaged:
        notices.tell(
            deciding_users([Role.SUPERVISOR, Role.ADMINISTRATOR], None), "work.erased_returned", url=reverse("background"),
            key=f"work.erased_returned-{clock.today()}", count=back, damaged=len(said.damaged),
        )  # fmt: skip


def _propose(customer: Customer, due_on: date) -> int:
    row = Erasure(
        project_id=customer.project_id, customer=customer, why=ErasureReason.TERM, state=ErasureState.PROPOSED, due_on=due_on
    )  # fmt: skip
    save_tracked(row, action="erasure.propose", by=None)
    return 1


def _tell(project: Project, code: str, key: str, page: str, **params: Any) -> None:
    notices.tell(
        deciding_users([Role.SUPERVISOR], project.pk), code, key=f"{code}-{key}-{project.pk}" if page == "erasure_due" else
        f"{code}-{key}", url=reverse(f"enquiries:{page}", args=[project.code]), project_id=project.pk, **params,
    )  # fmt: skip


def _apply(approval: Approval, by) -> None:
    erasure = _open(Erasure.every.filter(approval=approval))
    if erasure is None:
        raise Conflict(_("This customer was erased meanwhile."), code="decided")
    _do(erasure, by)


def _closed(approval: Approval, by) -> None:
    """The request ended without being applied: refused with the decider's comment, or taken back."""
    erasure = _open(Erasure.every.filter(approval=approval))
    if erasure is not None:
        refused = approval.state == Approval.State.RETURNED
        state = ErasureState.REFUSED if refused else ErasureState.WITHDRAWN
        _close(erasure, state, by, approvals.last_comment(approval)[:250] if refused else "")


def _present(approval: Approval, access: Access) -> list:
    """What the decider reads: of whom by number, until when, and that it cannot be undone."""
    erasure = Erasure.every.select_related("customer").filter(approval=approval).first()
    if erasure is None or not erasures_visible_to(access).filter(pk=erasure.pk).exists():
        return []
    return list(_lines(erasure))


def _lines(erasure: Erasure) -> Iterator[tuple[Any, Any, Any]]:
    yield _("Reason"), "", ErasureReason(erasure.why).label
    kept = _("kept") if erasure.customer.erased_at is None else _("erased")
    yield _("Name, numbers, papers, address and all texts"), kept, _("erased for good")
    yield _("Number %(number)s, dates, channel, grade") % {"number": erasure.customer.number}, _("kept"), _("kept")
    yield _("To be decided until"), "", erasure.due_on


def _url(approval: Approval) -> str:
    told: Mapping[str, str] = approval.after
    return reverse("enquiries:erasure", args=[told["project"], told["erasure"]])


def register() -> None:
    """Make erasures decidable, and write the ledger."""
    jobs.steadily(ledger.write_due)
    approvals.register(
        ERASE,
        approvals.Kind(
            label=gettext_lazy("Erase a customer"),
            stages=stages.steps,
            apply=_apply,
            present=_present,
            url=_url,
            closed=_closed,
        ),
    )


notices.register(
    "customer.erased",
    gettext_lazy("Customer %(number)s was erased on request; there is nobody to look after any more."),
)
notices.register(
    "customer.erase_proposed",
    gettext_lazy("There are customers with whom nobody spoke for %(months)s months. Decide whether they are erased."),
)
notices.register(
    "customer.erase_overdue", gettext_lazy("The erasure of customer %(number)s is overdue. Decide it now.")
)
notices.register(
    "work.erased_returned",
    gettext_lazy(
        "%(count)s erased customers are there again, and %(damaged)s lines of the ledger of erasures are damaged. Whoever runs the "
        "system runs reapply_erasures and compares the ledger with a copy."
    ),
)
