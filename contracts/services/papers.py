"""Papers are made from a trade or a quotation, kept encrypted, opened on record, and come back signed (R3.1, R3.6, R7.5)."""

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from contracts.models import Paper, Quotation, Trade
from contracts.papers import defaults, filling
from contracts.papers.fields import ENTERED
from contracts.queries import papers as queries
from contracts.queries.scope import papers_visible_to, quotations_visible_to, trades_visible_to
from contracts.services import numbers
from contracts.states import LETTERS, NumberKind, PaperKind, SubscriptionKind, SubscriptionState
from salescontrol.core import audit, clock, files
from salescontrol.core.access import Access, access_of
from salescontrol.core.errors import Conflict, NotVisible, Refusal
from salescontrol.core.history import save_tracked
from salescontrol.core.models import Attachment, Level
from salescontrol.core.operations import once
from salescontrol.core.permissions import Permission


@dataclass(frozen=True)
class Entered:
    """What whoever makes a paper adds to it."""

    text: str = ""
    amount: Decimal | None = None
    until: date | None = None

    def values(self) -> dict[str, str]:
        return {
            "text": self.text.strip(), "amount": queries.amount(self.amount),
            "amount_capitals": queries.capitals(self.amount), "until": queries.day(self.until),
        }  # fmt: skip


def make(
    *,
    op_id: uuid.UUID,
    kind: PaperKind,
    by: Any,
    trade: str = "",
    quotation: str = "",
    entered: Entered | None = None,
) -> Paper:
    """Fill the template in force, or the product's own, and keep the paper; letters get their number with it.

    `trade` or `quotation` is the number of one that the user may see. Raises NotVisible, Forbidden, Refusal (`other_paper`,
    `not_entered`), Conflict (`nothing_to_print`).
    """
    added = (entered or Entered()).values()

    def run() -> dict:
        access = access_of(by)
        about = _about(access, trade, quotation)
        _require_maker(access, about, kind)
        _require_entered(kind, added)
        paper = Paper(project=about.project, kind=kind, made_by=by)
        if isinstance(about, Trade):
            _require_ground(access, about, kind)
            paper.trade, values = about, queries.trade_facts(access, about)
        else:
            paper.quotation, values = about, queries.quotation_facts(access, about)
        if kind in LETTERS:
            paper.number = numbers.give(project=about.project, kind=NumberKind.LETTER, trade=paper.trade, by=by).number
        paper.template = queries.in_force(about.project, kind)
        paper.file = files.keep_made(name=_name(paper), content=_filled(paper, {**values, **added}), by=by)
        return {"code": save_tracked(paper, action="paper.make", by=by).code}

    content = {"kind": kind, "trade": trade, "quotation": quotation, **added}
    reference = once(op_id=op_id, by=by, action="paper.make", content=content, run=run)
    return Paper.every.select_related("trade", "quotation", "project").get(code=reference["code"])


def _about(access: Access, trade: str, quotation: str) -> Trade | Quotation:
    """Whose paper it is, among what the user may see."""
    found: Trade | Quotation | None
    if trade:
        found = trades_visible_to(access).select_related("project", "salesperson").filter(number=trade).first()
    else:
        rows = quotations_visible_to(access).select_related(
            "project", "customer", "salesperson", "unit__building", "unit__layout"
        )
        found = rows.filter(number=quotation).first()
    if found is None:
        raise NotVisible("")
    return found


def may_make(access: Access, about: Trade | Quotation) -> bool:
    """Whether this user makes papers of it: the desk of trades, whoever quotes of quotations."""
    right = Permission.DEAL_WRITE if isinstance(about, Trade) else Permission.QUOTATION_MAKE
    return access.can(right, about.project_id) and may_open(access, about.project_id)


def _require_maker(access: Access, about: Trade | Quotation, kind: PaperKind) -> None:
    access.require(Permission.DEAL_WRITE if isinstance(about, Trade) else Permission.QUOTATION_MAKE, about.project_id)
    access.require(Permission.CUSTOMER_REVEAL, about.project_id)
    if (kind == PaperKind.QUOTATION) != isinstance(about, Quotation):
        raise Refusal(
            _("A quotation is printed from the quotation's page, every other paper from the trade's."),
            code="other_paper",
        )


def _require_entered(kind: PaperKind, added: Mapping[str, str]) -> None:
    message = _("This paper needs it: enter it here.")
    missing = {name: [message] for name in ENTERED.get(kind, ()) if not added[name]}
    if missing:
        raise Refusal(message, code="not_entered", fields=missing)


def _require_ground(access: Access, trade: Trade, kind: PaperKind) -> None:
    """Raise Conflict `nothing_to_print` while the trade lacks what the paper is about."""
    subscription, contract = queries.subscription_of(access, trade), queries.contract_of(access, trade)
    if kind in (PaperKind.SUBSCRIPTION, PaperKind.PROVISIONAL) and subscription is None:
        raise _nothing(_("The trade has no subscription with a number yet. The desk activates it first."))
    if kind == PaperKind.PROVISIONAL and subscription.kind != SubscriptionKind.SMALL:
        raise _nothing(
            _(
                "The subscription is a full one; a provisional letter is for a small deposit. Make the subscription letter."
            )
        )
    if kind in (PaperKind.NOTICE, PaperKind.TERMINATION) and (
        subscription is None or subscription.state != SubscriptionState.ACTIVE
    ):
        raise _nothing(
            _("Only while a subscription is active the buyer is told to sign, or that it ends. This trade has none.")
        )
    if kind in (PaperKind.COVER, PaperKind.SETTLEMENT) and (contract is None or not contract.number):
        raise _nothing(_("The trade has no contract with a number yet. The desk draws it up first."))
    if kind == PaperKind.SETTLEMENT and (contract.surveyed_area is None or contract.settlement is None):
        raise _nothing(_("The area of this contract is not settled yet. Enter the surveyed area first."))


def _nothing(message: str) -> Conflict:
    return Conflict(message, code="nothing_to_print", fields={"kind": [message]})


def _filled(paper: Paper, values: Mapping[str, Any]) -> bytes:
    project = paper.project
    head = {
        "project_name": project.name, "project_city": project.city, "paper_no": paper.number,
        "made_on": queries.day(clock.today(project.zone)), "made_by": paper.made_by.name,
    }  # fmt: skip
    return filling.fill(content_of_template(paper.template, PaperKind(paper.kind)), {**values, **head})


def content_of_template(template, kind: PaperKind) -> bytes:
    """The template's file, judged again: it lay on a disk meanwhile. Without one the product's own."""
    if template is None:
        return defaults.template(kind)
    path = files.path_of(template.file)
    if not path.is_file():
        raise NotVisible(_("This file is not here any more."))
    content = path.read_bytes()
    filling.examine(content)
    return content


def _name(paper: Paper) -> str:
    """A file name that names no person."""
    return f"{PaperKind(paper.kind).value.lower()}-{paper.number or paper.code}.docx"


def may_open(access: Access, project_id: int) -> bool:
    """Papers name people with the numbers of their papers: they are for who may see those in full."""
    return access.can(Permission.CUSTOMER_REVEAL, project_id)


def open_paper(*, paper: Paper, by: Any, signed: bool = False, printed: bool = False) -> Attachment:
    """The paper's file, or its signed scan, with the look on record before anything of it leaves (R7.5, A4). A record has a
    transaction of its own. Raises NotVisible (also for what was forgotten), Forbidden."""
    access = access_of(by)
    row = papers_visible_to(access).select_related("file", "scan").filter(pk=paper.pk).first()
    if row is None:
        raise NotVisible("")
    access.require(Permission.CUSTOMER_REVEAL, row.project_id)
    kept = row.scan if signed else row.file
    if kept is None:
        raise NotVisible("")
    way = "scan" if signed else "print" if printed else "file"
    audit.record("paper.open", by=by, project_id=row.project_id, target=row, detail={"paper": row.kind, "way": way})
    return kept


def attach_scan(*, op_id: uuid.UUID, paper: Paper, upload: Any, pages: int, complete: bool, by: Any) -> Paper:
    """The paper as signed: its scan, how many pages it has, and whether somebody looked through it and found it complete.

    A later scan takes the place of an earlier one, which stays in the history; without a file pages and tick are corrected.
    Raises NotVisible, Forbidden, Refusal (`no_scan`, and what `files.take_in` refuses).
    """
    access = access_of(by)
    if not papers_visible_to(access).filter(pk=paper.pk).exists():
        raise NotVisible("")
    access.require(Permission.DEAL_WRITE, paper.project_id)

    def run() -> dict:
        row = Paper.every.select_for_update(of=("self",)).get(pk=paper.pk)
        if upload is not None:
            row.scan = files.take_in(upload, by=by, kinds=("pdf", "image"), level=Level.CONFIDENTIAL, sealed=True)
        elif row.scan_id is None:
            message = _("Choose the scan of the signed paper.")
            raise Refusal(message, code="no_scan", fields={"file": [message]})
        row.pages = pages
        if not complete:
            row.complete_at = row.complete_by = None
        elif row.complete_at is None or upload is not None:
            row.complete_at, row.complete_by = clock.now(), by
        return {"code": save_tracked(row, action="paper.sign", by=by, fields=_SIGNED).code}

    content = {"paper": paper.code, "pages": pages, "complete": complete, "sha256": digest(upload) if upload else ""}
    once(op_id=op_id, by=by, action="paper.sign", content=content, run=run)
    return Paper.every.get(pk=paper.pk)


_SIGNED = ("scan", "pages", "complete_at", "complete_by")


def digest(upload: Any) -> str:
    """What tells an uploaded file from another."""
    found = hashlib.sha256()
    for chunk in upload.chunks():
        found.update(chunk)
    return found.hexdigest()
