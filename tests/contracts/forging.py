"""An office with a sale in every state it can be in, for POSTs that come from no page (domain B2.4, B9, B16.13).

Everything is made by `specialist` for a customer of `salesperson`; `second` is a specialist who had no hand in it, `deputy` stands in
for the supervisor, `stranger` is all that in another project. Each state has a unit of its own, so that all stand side by side and
no case needs a world of its own.
"""

import itertools
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from contracts.models import Claim, Document, HoldRequest, WaitingEntry
from contracts.papers import defaults
from contracts.services import (
    blanks,
    changes,
    claims,
    contracts,
    deadlines,
    documents,
    holds,
    paper_templates,
    papers,
    past_sales,
    quotations,
    requests,
    subscriptions,
    waiting,
)
from contracts.states import (
    ChangeKind,
    Consent,
    Evidence,
    FormKind,
    FormState,
    HoldKind,
    Moment,
    PaperKind,
    PaymentMethod,
    QuotationState,
    SubscriptionKind,
)
from enquiries.states import IntakeState
from inventory.models import Unit
from inventory.services import units
from inventory.states import Lock, Status
from salescontrol.core import approvals, clock
from salescontrol.core.access import access_of
from salescontrol.core.history import save_tracked
from salescontrol.core.models import Approval, Setting
from salescontrol.core.permissions import Role
from security.services import deputies
from tests import build
from tests.contracts import changing, selling, stock
from tests.contracts.test_contracts import edit, hand_over, make, reach_all, sign, void

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
# Whom each identity is in project A (None: nothing there); a deputy is what the supervisor is, beside the own role.
ROLES: dict[str, tuple[Role, ...]] = {
    "supervisor": (Role.SUPERVISOR,),
    "specialist": (Role.SPECIALIST,),
    "second": (Role.SPECIALIST,),
    "deputy": (Role.MARKETING, Role.SUPERVISOR),
    "salesperson": (Role.SALESPERSON,),
    "colleague": (Role.SALESPERSON,),
    "finance": (Role.FINANCE,),
    "marketing": (Role.MARKETING,),
    "head": (Role.DEPARTMENT_HEAD,),
    "management": (Role.MANAGEMENT,),
    "administrator": (Role.ADMINISTRATOR,),
    "stranger": (),
    "anonymous": (),
}


@dataclass
class Thing:
    """One noun in one state: the row, and the room (unit, customer, people) that it stands in."""

    room: SimpleNamespace
    row: Any


@contextmanager
def days_ago(days: float) -> Iterator[None]:
    """What is done here was done so many days ago."""
    real = clock.now
    clock.now = lambda: real() - timedelta(days=days)
    try:
        yield
    finally:
        clock.now = real


class Office:
    """Two projects with everybody, and the units on which the states are made."""

    def __init__(self) -> None:
        self.a, self.b = build.project("FGA", name="Riverside"), build.project("FGB", name="Hill Garden")
        here = {name: roles for name, roles in ROLES.items() if roles and name != "deputy"}
        self.people = {
            name: build.user(roles[0], None if roles[0] in (Role.MANAGEMENT, Role.ADMINISTRATOR) else self.a, name=name.title())
            for name, roles in here.items()
        }  # fmt: skip
        self.people["deputy"] = build.user(Role.MARKETING, self.a, name="Deputy")
        self.people["stranger"] = build.user(Role.SUPERVISOR, self.b, name="Stranger")
        for role in (Role.SPECIALIST, Role.SALESPERSON):
            build.grant(self.people["stranger"], role, self.b)
        now = clock.now()
        deputies.name_deputy(
            by=self.people["supervisor"], project_id=self.a.pk, deputy=self.people["deputy"], starts_at=now,
            ends_at=now + timedelta(days=9), reason="Away",
        )  # fmt: skip
        for key in ("hold.per_salesperson", "hold.per_customer"):
            Setting.objects.create(project_id=self.a.pk, key=key, value=500)
        self.house, self.floors = build.building(self.a), itertools.count(1)
        build.permit(self.house)
        self.customer = stock.customer(self.a, self.people["salesperson"])
        self.theirs = stock.customer(self.a, self.people["colleague"], name="Qian Hua")
        self.foreign = stock.customer(self.b, self.people["stranger"], name="Sun Bo")
        self.foreign_unit = build.unit(build.building(self.b), by=self.people["stranger"])

    def room(self, **unit: Any) -> SimpleNamespace:
        """A further unit of the salesperson's, on sale, with everybody around it."""
        row = build.unit(
            self.house, next(self.floors), by=self.people["specialist"], **{"salesperson": self.people["salesperson"], **unit}
        )  # fmt: skip
        return SimpleNamespace(
            a=self.a, b=self.b, unit=row, customer=self.customer, theirs=self.theirs, **self.people
        )  # fmt: skip


# What follows makes each state through the services, as the desk would.


def _hold(room, **terms):
    return stock.hold(room.unit, terms.pop("customer", room.customer), room.salesperson, room.specialist, **terms)


def _waits(room, customer=None) -> WaitingEntry:
    return waiting.join(
        op_id=uuid.uuid4(), unit_id=room.unit.pk, customer=customer or room.customer, salesperson=room.salesperson, note="",
        by=room.specialist,
    )  # fmt: skip


def _release(claim: Claim, room) -> Claim:
    return holds.release_hold(op_id=uuid.uuid4(), number=claim.number, reason="Changed plans", by=room.specialist)


def _offered(room) -> tuple[WaitingEntry, Claim]:
    claim = _hold(room, customer=room.theirs)
    entry = _waits(room)
    _release(claim, room)
    offer = waiting.offer_next(unit_id=room.unit.pk)
    assert offer is not None
    return WaitingEntry.every.get(pk=entry.pk), offer


def _hold_in(state: str) -> Callable[[SimpleNamespace], Claim]:
    def make_hold(room) -> Claim:
        if state == "deal":
            return _hold(room, customer=None, kind=HoldKind.DEAL)
        if state == "offer":
            return _offered(room)[1]
        if state == "went_on":
            return _subscribed(room).claim
        with days_ago(3 if state == "expired" else 0):
            claim = _hold(room)
        if state == "extended":
            return holds.extend_hold(op_id=uuid.uuid4(), number=claim.number, reason="Tomorrow", by=room.specialist)
        return _release(claim, room) if state == "released" else claim

    return make_hold


def _asked(room, unit: bool = True) -> HoldRequest:
    return requests.ask_for_hold(
        op_id=uuid.uuid4(), project=room.a, unit_id=room.unit.pk if unit else None,
        wish=requests.Wish() if unit else requests.Wish(floor_from=2), customer=room.customer, reason="Wants it",
        by=room.salesperson,
    )  # fmt: skip


def _request_in(state: str) -> Callable[[SimpleNamespace], HoldRequest]:
    def make_request(room) -> HoldRequest:
        row = _asked(room, unit=state != "wish")
        if state == "placed":
            terms = stock.terms(room.customer, room.salesperson)
            requests.place_requested(
                op_id=uuid.uuid4(), number=row.number, unit_id=room.unit.pk, terms=terms, by=room.specialist
            )
        elif state == "rejected":
            requests.reject_request(op_id=uuid.uuid4(), number=row.number, answer="Not now", by=room.specialist)
        elif state == "withdrawn":
            requests.withdraw_request(op_id=uuid.uuid4(), number=row.number, by=room.salesperson)
        return HoldRequest.every.get(pk=row.pk)

    return make_request


def _waiting_in(state: str) -> Callable[[SimpleNamespace], WaitingEntry]:
    def make_entry(room) -> WaitingEntry:
        if state in ("waiting", "withdrawn"):
            _hold(room, customer=room.theirs)
            entry = _waits(room)
            if state == "withdrawn":
                waiting.leave(op_id=uuid.uuid4(), number=entry.number, reason="No more", by=room.specialist)
        else:
            with days_ago(3 if state == "lapsed" else 0):
                entry, offer = _offered(room)
            if state == "taken":
                waiting.take_offer(
                    op_id=uuid.uuid4(), number=offer.number, evidence=Evidence.ID_SEEN, reason="Yes", by=room.specialist
                )
            if state == "lapsed":
                with transaction.atomic():
                    claims.lock_unit(room.unit.pk, access_of(room.specialist))
        return WaitingEntry.every.get(pk=entry.pk)

    return make_entry


def _subscribed(room, **changes):
    return stock.subscribed(room.unit, room.customer, room.salesperson, room.specialist, **changes)


def _unit_in(state: str) -> Callable[[SimpleNamespace], Unit]:
    def make_unit(room) -> Unit:
        if state in ("held", "expired"):
            with days_ago(3 if state == "expired" else 0):
                _hold(room)
        elif state == "held_other":
            stock.hold(room.unit, room.theirs, room.colleague, room.specialist)
        elif state == "offered":
            _offered(room)
        elif state == "awaited":
            claim = _hold(room, customer=room.theirs)
            _waits(room, room.theirs)
            _release(claim, room)
        elif state == "small":
            selling.active(room, selling.small(room))
        elif state == "subscribed":
            _subscribed(room)
        elif state in ("contracted", "delivered"):
            contract = sign(room, edit(room, make(room)))
            if state == "delivered":
                reach_all(room, contract)
                hand_over(room, contract)
        elif state == "locked":
            with transaction.atomic():
                units.lay_lock(unit=room.unit, kind=Lock.FROZEN, reason="Under examination", by=room.supervisor)
        return Unit.every.get(pk=room.unit.pk)

    return make_unit


def _quotation_in(state: str):
    def make_quotation(room):
        made = {
            "ready": QuotationState.READY, "used": QuotationState.USED, "withdrawn": QuotationState.WITHDRAWN,
        }.get(state, QuotationState.DRAFT)  # fmt: skip
        until = clock.today(room.a.zone) - timedelta(days=1 if state == "past" else -5)
        row = selling.quotation(room, state=made, consent=Consent.SUPERVISOR, valid_until=until, total=Decimal(2650000))
        if state in ("asked", "refused"):
            row = quotations.ask_consent(op_id=uuid.uuid4(), number=row.number, reason="Please", by=room.specialist)
        if state == "refused":
            waits = Approval.objects.get(kind=quotations.KIND, target_id=row.pk)
            approvals.decide(approval_id=waits.pk, by=room.supervisor, agree=False, comment="Too little")
        return type(row).every.get(pk=row.pk)

    return make_quotation


# How many days ago a full subscription was entered, for the states that depend on its deadline.
_AGE = {"full_old": 3, "late": 10, "warned": 10, "ended": 10}


def _subscription_in(state: str):
    def make_subscription(room):
        if state.startswith(("draft_", "discarded")):
            row = selling.draft(room, kind=SubscriptionKind.SMALL if state == "draft_small" else SubscriptionKind.FULL)
            if state != "draft_bare":
                selling.complete(row, room.specialist)
            if state == "discarded":
                subscriptions.discard(op_id=uuid.uuid4(), code=row.code, reason="No", by=room.specialist)
        elif state in ("small", "small_late", "topped", "lapsed"):
            with days_ago(6 if state == "small_late" else 0):
                row = selling.active(room, selling.small(room))
            if state == "topped":
                selling.top_up(room, row)
            if state == "lapsed":
                selling.lapse(room, row)
        elif state == "void":
            row = selling.active(room)
            selling.void(room, row)
        else:
            with days_ago(_AGE.get(state, 0)):
                row = _subscribed(room)
            if state in ("warned", "ended"):
                today = clock.today(room.a.zone)
                deadlines.warn(op_id=uuid.uuid4(), code=row.code, on=today, by=room.specialist)
                if state == "ended":
                    deadlines.end(op_id=uuid.uuid4(), code=row.code, on=today, by=room.specialist)
            elif state in ("drafted", "signed"):
                contract = make_from(room, row)
                if state == "signed":
                    sign(room, edit(room, contract))
            elif state == "changing":
                changing.submitted(room, row, changing.refund())
            elif state == "refunded":
                changing.carried_out(room, row, changing.refund())
        return type(row).every.get(pk=row.pk)

    return make_subscription


def make_from(room, subscription):
    return contracts.make_contract(op_id=uuid.uuid4(), subscription=subscription.code, by=room.specialist)


def _document_in(state: str):
    def make_document(room) -> Document:
        row = selling.draft(room)
        if state.startswith("fixed"):
            selling.active(room, row)
            moment = Moment.SUBSCRIBE
            if state == "fixed_signed":
                selling.complete(row, room.specialist, Moment.SIGN)
                sign(room, edit(room, make_from(room, row)))
                moment = Moment.SIGN
            return Document.every.filter(trade=row.trade, moment=moment).order_by("pk")[0]
        line = Document.every.filter(trade=row.trade, moment=Moment.SUBSCRIBE, original_needed=True).order_by("pk")[0]
        what = {"op_id": uuid.uuid4(), "code": row.code, "document_id": line.pk, "by": room.specialist}
        if state == "received":
            documents.receive(**what, copies=line.copies_needed, original_seen=True)
        elif state in ("asked", "waived"):
            documents.ask_waiver(**what, reason="Lost")
            if state == "waived":
                waits = Approval.objects.get(kind=documents.WAIVE, target_id=line.pk)
                approvals.decide(approval_id=waits.pk, by=room.supervisor, agree=True)
        return Document.every.get(pk=line.pk)

    return make_document


def _contract_in(state: str):
    def make_contract(room):
        if state == "draft_papers":
            row = edit(room, make_from(room, selling.active(room)))
            return type(row).every.get(pk=row.pk)
        with days_ago(3 if state.endswith("_old") else 0):
            row = make(room)
            if state not in ("draft_bare", "discarded"):
                row = edit(room, row)
            if not state.startswith(("draft", "discarded")):
                row = sign(room, row)
            if state.startswith(("reached", "delivered")):
                reach_all(room, row)
            if state.startswith("delivered"):
                row = hand_over(room, row)
        if state == "void":
            row = void(room, row)
        elif state == "changing":
            changing.submitted(room, row, changing.entry(ChangeKind.METHOD, method=PaymentMethod.OTHER))
        elif state == "discarded":
            row = contracts.discard_draft(op_id=uuid.uuid4(), code=row.code, reason="Wrong", by=room.specialist)
        return type(row).every.get(pk=row.pk)

    return make_contract


def _change_in(state: str):
    def make_change(room):
        method = changing.entry(ChangeKind.METHOD, method=PaymentMethod.OTHER)
        if state.endswith("_contract"):
            subject = stock.contracted(room.unit, room.customer, room.salesperson, room.specialist)
        else:
            subject = _subscribed(room)
        if state == "executed_other":
            row = changing.carried_out(room, subject, method)
            changing.submitted(room, subject, changing.refund())
            return changes.fresh(row.code)
        what = changing.refund()
        row = changing.draft(room, subject, what)
        if state == "draft_unsigned":
            row.form_signed = False
            save_tracked(row, action="change.draft", by=room.specialist, fields=["form_signed"])
        if state.startswith("draft"):
            return row
        if state == "void":
            return changes.void(op_id=uuid.uuid4(), code=row.code, reason="Wrong", by=room.specialist)
        row = changes.submit(op_id=uuid.uuid4(), code=row.code, by=room.specialist)
        if state == "rejected":
            approvals.decide(approval_id=row.approval_id, by=room.finance, agree=False, comment="No")
        elif not state.startswith("submitted"):
            row = changing.approve(room, row)
        if state.startswith("executed"):
            changing.execute(room, row)
        if state == "stale":
            subject = row.subject
            subject.extensions = 1
            save_tracked(subject, action="subscription.extend", by=room.supervisor, fields=["extensions"])
        return changes.fresh(row.code)

    return make_change


def _trade_in(state: str):
    def make_trade(room):
        made = {
            "small": "small", "subscribed": "full", "terminated": "ended", "drafted": "drafted", "over": "refunded",
        }.get(state)  # fmt: skip
        if made:
            return _subscription_in(made)(room).trade
        if state == "changing":
            return _contract_in("changing")(room).trade
        row = _contract_in("delivered" if state == "delivered" else "reached" if state == "filed" else "signed")(room)
        return row.trade

    return make_trade


def _paper_in(state: str):
    def make_paper(room):
        trade = _subscribed(room).trade
        row = papers.make(op_id=uuid.uuid4(), kind=PaperKind.SUBSCRIPTION, trade=trade.number, by=room.specialist)
        if state == "signed":
            papers.attach_scan(
                op_id=uuid.uuid4(), paper=row, upload=SimpleUploadedFile("scan.pdf", PDF), pages=2, complete=True,
                by=room.specialist,
            )  # fmt: skip
        return type(row).every.get(pk=row.pk)

    return make_paper


_serials = itertools.count(100_001)


def _blank_in(state: str):
    def make_blank(room):
        serial = f"A{next(_serials)}"
        what = {"project": room.a, "kind": FormKind.CONTRACT, "first": serial, "last": "", "by": room.specialist}
        made = blanks.take_in(op_id=uuid.uuid4(), taken_on=clock.today(room.a.zone), **what)
        if state == "out":
            blanks.give_out(op_id=uuid.uuid4(), holder=room.salesperson, **what)
        elif state == "used":
            trade = _subscribed(room).trade.number
            blanks.mark(op_id=uuid.uuid4(), state=FormState.USED, trade=trade, **what)
        elif state in ("void", "returned"):
            blanks.mark(op_id=uuid.uuid4(), state=FormState(state.upper()), reason="Torn", **what)
        return made.forms.get()

    return make_blank


def _template_in(state: str):
    """Each state a kind of paper of its own, so that versions do not supersede one another."""

    def make_template(room):
        kind = {"draft": PaperKind.COVER, "in_force": PaperKind.NOTICE, "superseded": PaperKind.TERMINATION}[state]
        rows = []
        for _version in range(2 if state == "superseded" else 1):
            upload = SimpleUploadedFile("letter.docx", defaults.template(kind))
            row = paper_templates.upload_template(
                op_id=uuid.uuid4(), project=room.a, kind=kind, upload=upload, by=room.supervisor
            )
            if state != "draft":
                paper_templates.put_in_force(op_id=uuid.uuid4(), template=row, by=room.supervisor)
            rows.append(row)
        return type(rows[0]).objects.get(pk=rows[0].pk)

    return make_template


def _past_in(state: IntakeState):
    def make_import(room):
        with transaction.atomic():
            row = past_sales.keep(
                project=room.a, upload=SimpleUploadedFile("sales.csv", f"楼栋,{state}\n".encode()), create_units=False,
                by=room.supervisor,
            )  # fmt: skip
            counts = {"new": 1, "unchanged": 0, "refused": 0, "units": 0}
            row.state, row.outcome = state, {"counts": counts}
            if state in (IntakeState.DONE, IntakeState.DISCARDED):
                row.dropped_at = clock.now()
            save_tracked(row, action="past_sales.read", by=room.supervisor)
        return row

    return make_import


def _of(names: str, builder) -> dict[str, Callable]:
    return {name: builder(name) for name in names.split()}


NOUNS: dict[str, dict[str, Callable]] = {
    "unit": _of(
        "withheld available held held_other offered expired awaited locked small subscribed contracted delivered", _unit_in
    ),
    "hold": _of("customer deal offer extended expired released went_on", _hold_in),
    "request": _of("asked wish placed rejected withdrawn", _request_in),
    "waiting": _of("waiting offered taken lapsed withdrawn", _waiting_in),
    "quotation": _of("draft past asked ready refused used withdrawn", _quotation_in),
    "subscription": _of(
        "draft_small draft_full draft_bare small small_late topped full full_old late warned ended drafted changing signed "
        "discarded void lapsed refunded", _subscription_in,
    ),
    "document": _of("open received asked waived fixed fixed_signed", _document_in),
    "contract": _of(
        "draft draft_bare draft_papers signed signed_old reached changing delivered delivered_old discarded void", _contract_in
    ),
    "change": _of(
        "draft draft_unsigned submitted approved stale rejected executed executed_other void submitted_contract "
        "approved_contract executed_contract", _change_in,
    ),
    "trade": _of("small subscribed terminated drafted changing contracted filed delivered over", _trade_in),
    "paper": _of("made signed", _paper_in),
    "blank": _of("left out used void returned", _blank_in),
    "template": _of("draft in_force superseded", _template_in),
    "import": {state.value.lower(): _past_in(state) for state in IntakeState},
    "project": {"open": lambda room: room.a},
}  # fmt: skip


def furnish(office: Office) -> dict[str, dict[str, Thing]]:
    """Everything in every state."""
    found: dict[str, dict[str, Thing]] = {}
    for noun, states in NOUNS.items():
        found[noun] = {}
        for state, make_it in states.items():
            room = office.room(**({"status": Status.WITHHELD} if state == "withheld" else {}))
            found[noun][state] = Thing(room, make_it(room))
    return found
