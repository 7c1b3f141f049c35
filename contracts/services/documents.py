"""The checklist of a trade's papers (domain B6): its lines, what was received, what was waived and by whom.

What is incomplete does not go on; a waiver is an approval by the supervisor (four eyes in `core.approvals`).
"""

import uuid
from collections.abc import Collection, Mapping
from functools import partial
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts import checklist
from contracts.models import Buyer, Claim, Contract, Document, Subscription, Trade
from contracts.queries.checklists import complete
from contracts.services.subscription_step import Work, work
from contracts.states import ContractState, Evidence, Moment, SubscriptionState
from enquiries.models import IdPaper
from enquiries.states import CustomerKind, PaperKind
from inventory.services import stages
from salescontrol.core import approvals, clock, options
from salescontrol.core.access import access_of
from salescontrol.core.errors import Conflict, NotVisible, Refusal
from salescontrol.core.history import save_tracked
from salescontrol.core.models import Approval
from salescontrol.core.words import listed

WAIVE = "document.waive"
LIMITED = "papers.qualification"
ADULT = 18
# Papers whose number says when somebody was born.
DATED = (PaperKind.RESIDENT, PaperKind.PERMIT)


def make_lines(*, trade: Trade, method: str, by, held: Claim | None = None) -> None:
    """Make the lines that this trade needs, or make them anew after its buyers or its payment method changed. What was received
    stays received. `held`: the hold on which the trade begins; an identity paper seen then counts as seen.

    Needs the caller's transaction.
    """
    limited = bool(options.value(LIMITED, trade.project_id))
    needs = list(checklist.needed(buyers_of(trade), checklist.Sale.by(method, limited=limited)))
    known = {_key(row): row for row in Document.every.filter(trade=trade)}
    for need in needs:
        row = known.pop((need.paper.moment, need.paper.kind, need.buyer_id), None)
        _write(row or _new(trade, need, held), need.paper, by)
    for row in known.values():
        _drop(row, by)


def _key(row: Document) -> tuple:
    return row.moment, row.kind, row.buyer_id


def _new(trade: Trade, need: checklist.Need, held: Claim | None) -> Document:
    row = Document(trade=trade, moment=need.paper.moment, kind=need.paper.kind, buyer_id=need.buyer_id)
    seen = held is not None and held.evidence == Evidence.ID_SEEN and need.paper.kind == "identity"
    if seen and need.paper.moment == Moment.SUBSCRIBE and row.buyer.customer_id == held.customer_id:
        row.original_seen, row.received_at, row.received_by = True, held.placed_at, held.placed_by
    return row


def _write(row: Document, paper: checklist.Paper, by) -> None:
    if row.pk and (row.copies_needed, row.original_needed) == (paper.copies, paper.original):
        return
    row.copies_needed, row.original_needed = paper.copies, paper.original
    save_tracked(row, action="document.need", by=by)


def _drop(row: Document, by) -> None:
    """A line that is needed no longer: gone if nothing came in, else kept as something that nobody waits for."""
    if row.received_at is None and row.waived_at is None:
        row._change_reason, row._history_user = "document.drop", by
        row.delete()
    elif row.copies_needed or row.original_needed:
        row.copies_needed, row.original_needed = 0, False
        save_tracked(row, action="document.drop", by=by, fields=["copies_needed", "original_needed"])


def buyers_of(trade: Trade) -> list[checklist.Who]:
    """The present buyers as far as the papers depend on them, in their order."""
    rows = Buyer.every.filter(trade=trade, until__isnull=True).select_related("customer").order_by("position", "pk")
    papers: dict[int, list[IdPaper]] = {}
    for paper in IdPaper.every.filter(customer__in=[row.customer_id for row in rows]):
        papers.setdefault(paper.customer_id, []).append(paper)
    return [_who(row, papers.get(row.customer_id, []), trade) for row in rows]


def _who(row: Buyer, papers: Collection[IdPaper], trade: Trade) -> checklist.Who:
    kinds = {paper.kind for paper in papers}
    return checklist.Who(
        buyer_id=row.pk,
        company=row.customer.kind == CustomerKind.COMPANY,
        minor=any(_is_minor(paper, trade) for paper in papers if paper.kind in DATED),
        foreign=PaperKind.PASSPORT in kinds and not kinds & set(DATED),
        agent=row.agent_kind,
    )


def _is_minor(paper: IdPaper, trade: Trade) -> bool:
    """By the date of birth in the number of the paper."""
    born, today = paper.number[6:14], clock.today(trade.project.zone)
    return born > f"{today.year - ADULT:04d}{today:%m%d}" if born.isdecimal() else False


def require_papers(trade: Trade, moment: Moment) -> None:
    """Raise Refusal `papers` unless every paper needed at this moment is there or waived; it names what is missing.

    A trade without a checklist, brought along from before, needs nothing here.
    """
    rows = Document.every.filter(trade=trade, moment=moment).select_related("buyer__customer").order_by("pk")
    missing = [named(row) for row in rows if not complete(row)]
    if missing:
        raise Refusal(
            _(
                "Papers are missing: %(papers)s. Tick off what was received on the checklist, or ask there for a waiver: the supervisor "
                "decides on it."
            )
            % {"papers": listed(missing)},
            code="papers",
        )


def named(row: Document) -> str:
    """What a line is called in a sentence: the paper and, of several buyers', whose by number."""
    label = str(checklist.LABELS.get(row.kind, row.kind))
    if row.buyer is None:
        return label
    return _("%(paper)s of %(buyer)s") % {"paper": label, "buyer": row.buyer.customer.number}


def note_receipt(trade: Trade, by, now) -> None:
    """The receipt of the deposit is there: its number was entered."""
    for row in Document.every.filter(trade=trade, moment=Moment.SUBSCRIBE, kind=checklist.RECEIPT, copies=0):
        row.copies, row.received_at, row.received_by, row.version = row.copies_needed, now, by, row.version + 1
        save_tracked(row, action="document.receive", by=by)


def receive(*, op_id: uuid.UUID, code: str, document_id: int, copies: int, original_seen: bool, by) -> Document:
    """Tick a paper off: how many copies are there by now, and whether the original was seen."""
    content = {"document": document_id, "copies": copies, "seen": original_seen}
    do = partial(_receive, document_id=document_id, copies=copies, seen=original_seen)
    return _done(work(op_id=op_id, code=code, action="document.receive", by=by, do=do, content=content))


def _receive(at: Work, document_id: int, copies: int, seen: bool) -> Mapping[str, Any]:
    row = _line(at, document_id)
    if not copies and not seen:
        message = _("Enter the copies received, or that the original was seen.")
        raise Refusal(message, code="nothing", fields={"copies": [message]})
    row.copies, row.original_seen = copies, seen
    row.received_at, row.received_by, row.version = at.now, at.by, row.version + 1
    save_tracked(row, action="document.receive", by=at.by)
    return {"document": row.pk}


def undo(*, op_id: uuid.UUID, code: str, document_id: int, reason: str, by) -> Document:
    """Take back that a paper was received: a slip of the pen, or it was handed out again."""
    do = partial(_undo, document_id=document_id)
    content = {"document": document_id}
    return _done(
        work(op_id=op_id, code=code, action="document.undo", by=by, do=do, content=content, reason=reason, why=True)
    )


def _undo(at: Work, document_id: int) -> Mapping[str, Any]:
    row = _line(at, document_id)
    if row.received_at is None:
        raise Conflict(_("This paper was not received yet."), code="not_received")
    row.copies, row.original_seen, row.received_at, row.received_by = 0, False, None, None
    row.version += 1
    save_tracked(row, action="document.undo", by=at.by, reason=at.reason)
    return {"document": row.pk}


def ask_waiver(*, op_id: uuid.UUID, code: str, document_id: int, reason: str, by) -> Document:
    """Ask the supervisor to go on without a paper. Raises Refusal `no_reason`, Conflict `pending`, `over`."""
    do = partial(_ask_waiver, document_id=document_id)
    content = {"document": document_id}
    return _done(
        work(
            op_id=op_id, code=code, action="document.ask_waiver", by=by, do=do, content=content, reason=reason, why=True
        )
    )


def _ask_waiver(at: Work, document_id: int) -> Mapping[str, Any]:
    row = _line(at, document_id)
    if complete(row):
        raise Conflict(_("This paper is there or waived already."), code="complete")
    approvals.request(
        kind=WAIVE, by=at.by, subject=f"{at.unit.number} {at.row.code}", reason=at.reason,
        project_id=at.unit.project_id, target_id=row.pk,
        after={"project": at.unit.project.code, "subscription": at.row.code, "document": row.kind},
        effect=stages.who_decides(at.unit.project_id, {at.by.pk}),
    )  # fmt: skip
    return {"document": row.pk}


def _line(at: Work, document_id: int) -> Document:
    """The locked line of this trade's checklist, while it can still change."""
    rows = Document.every.select_for_update(of=("self",)).select_related("buyer__customer", "trade__project")
    row = rows.filter(pk=document_id, trade=at.row.trade_id).first()
    if row is None:
        raise NotVisible(_("There is no such paper."))
    _require_open(at.row, row)
    return row


def _require_open(subscription: Subscription, row: Document) -> None:
    """What was decided on the ground of a paper keeps that ground: its line is fixed from then on."""
    past = subscription.state != SubscriptionState.DRAFT
    if row.moment == Moment.SIGN:
        signed = Contract.every.filter(trade=row.trade_id, claim=subscription.claim_id)
        past = subscription.state == SubscriptionState.CLOSED or (
            signed.exclude(state__in=[ContractState.DRAFT, ContractState.CLOSED]).exists()
        )
    if past:
        raise Conflict(_("This line is fixed: the trade went on, or ended, on the ground of it."), code="over")


def _done(reference: Mapping[str, Any]) -> Document:
    return Document.every.get(pk=reference["document"])


def _apply(approval: Approval, by) -> None:
    """The waiver is decided: it stands on the line from now on, with who decided it."""
    code = approval.after["subscription"]
    at = Work.of(Subscription.every.get(code=code), access_of(by), by=by, op_id=uuid.uuid4())
    row = _line(at, approval.target_id or 0)
    row.waived_at, row.waived_by, row.version = at.now, by, row.version + 1
    save_tracked(row, action=WAIVE, by=by, reason=approval.reason)


def _present(approval: Approval, access) -> list:
    label = checklist.LABELS.get(approval.after["document"], approval.after["document"])
    return [(label, _("missing"), _("waived"))]


def _url(approval: Approval) -> str:
    return reverse("sales:subscription", args=[approval.after["project"], approval.after["subscription"]])


def _version(target_id: int) -> int:
    return Document.every.filter(pk=target_id).values_list("version", flat=True).first() or 0


def register() -> None:
    """Make waivers decidable, and name the office's setting."""
    options.define(
        options.Option(LIMITED, "deals", gettext_lazy("The city limits who may buy: papers of it are asked for"), False)
    )
    kind = approvals.Kind(
        label=gettext_lazy("Go on without a paper"), stages=stages.steps, apply=_apply, present=_present, url=_url,
        version=_version,
    )  # fmt: skip
    approvals.register(WAIVE, kind)
