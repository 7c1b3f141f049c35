"""What may be done with a sale, written by hand from the specification (domain B1, B2.4, B6, B7, B9): the oracle of the forged POSTs.

For each address: what it acts on, whose right it is, in which states it is legal and which move of the unit that makes, and for
every other state by which rule it is refused. No view and no service is asked.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from contracts.papers import defaults
from contracts.states import ChangeKind, Content, PaperKind
from salescontrol.core import clock
from salescontrol.core.permissions import Permission as P
from tests.contracts.forging import NOUNS, PDF, Office, Thing

Form = Callable[[Office, Thing, str], dict]
DESK = frozenset({"supervisor", "specialist", "second", "deputy"})


@dataclass(frozen=True)
class Act:
    """`legal`: state → the unit's moves; `rest`: the rule that refuses every other state, but those of `refused`. `only`: of those who
    have the right, in some states only these may; the others are refused by that rule."""

    name: str
    noun: str
    right: tuple[P, ...]
    form: Form
    legal: Mapping[str, tuple[str, ...]]
    rest: str = ""
    refused: Mapping[str, str] = field(default_factory=dict)
    only: Mapping[str, tuple[frozenset[str], str]] = field(default_factory=dict)
    after: str = ""
    query: str = ""
    # Whether its operation keeps the refusal: where it says no before, or has no operation, only the page tells.
    recorded: bool = True

    def __str__(self) -> str:
        return f"{self.name}{self.query}"

    def rule(self, state: str) -> str:
        """By which rule the state is refused; empty where it is legal."""
        return "" if state in self.legal else self.refused.get(state, self.rest)


def why(office: Office, thing: Thing, who: str) -> dict:
    return {"reason": "As agreed"}


def nothing(office: Office, thing: Thing, who: str) -> dict:
    return {}


def fixed(**values: Any) -> Form:
    return lambda office, thing, who: values


def today(office: Office) -> str:
    return clock.today(office.a.zone).isoformat()


def on(name: str, days: int = 0, **more: Any) -> Form:
    return lambda office, thing, who: {name: (clock.today(office.a.zone) + timedelta(days=days)).isoformat(), **more}


def whom(**more: Any) -> Form:
    """For the salesperson's customer; a colleague has one too."""
    return lambda office, thing, who: {
        "customer": (office.theirs if who == "colleague" else office.customer).pk,
        **more,
    }


def terms(office: Office, thing: Thing, who: str) -> dict:
    return {
        "buyer1": office.customer.pk, "share1": "100", "kind": "FULL", "method": "FULL", "deposit": "50000",
        "salesperson": office.people["salesperson"].pk, "version": getattr(thing.row, "version", ""),
    }  # fmt: skip


def quote(office: Office, thing: Thing, who: str) -> dict:
    return {**whom()(office, thing, who), "method": "FULL", "valid_until": today(office)}


def deposit(office: Office, thing: Thing, who: str) -> dict:
    row = thing.row
    return {"receipt": "R-7", "received": 20000 if row.kind == "SMALL" else row.deposit}


def rest(office: Office, thing: Thing, who: str) -> dict:
    return {"receipt": "R-8", "received": thing.row.deposit - thing.row.paid, "letter_back": "on"}


def drafted(office: Office, thing: Thing, who: str) -> dict:
    return {
        "version": thing.row.version, "main_amount": thing.row.total, "decoration_amount": "0", "supplement_amount": "0",
        "vat_rate": "9", "pages": "32", "copies": "4", "contents": Content.values,
    }  # fmt: skip


def details(office: Office, thing: Thing, who: str) -> dict:
    return {"version": thing.row.version, "pages": "33", "copies": "4", "online_no": "WQ-1"}


def signature(office: Office, thing: Thing, who: str) -> dict:
    return {"version": thing.row.version, "signed_on": today(office), "receipt": "SJ-1", "amount": "812000"}


def filing(office: Office, thing: Thing, who: str) -> dict:
    return {"filing_no": f"BA-{uuid.uuid4().hex[:8]}", "filed_on": today(office)}


def serial(**more: Any) -> Form:
    return lambda office, thing, who: {"kind": "CONTRACT", "first": thing.row.serial, **more}


def used(office: Office, thing: Thing, who: str) -> dict:
    return {**serial(state="USED")(office, thing, who), "trade": office.things["trade"]["contracted"].row.number}


def given(office: Office, thing: Thing, who: str) -> dict:
    return {**serial()(office, thing, who), "holder": office.people["salesperson"].pk}


def seen(office: Office, thing: Thing, who: str) -> dict:
    return {"version": thing.row.version}


def template(office: Office, thing: Thing, who: str) -> dict:
    return {"kind": "COVER", "file": SimpleUploadedFile("cover.docx", defaults.template(PaperKind.COVER))}


def scan(office: Office, thing: Thing, who: str) -> dict:
    return {"file": SimpleUploadedFile("scan.pdf", PDF), "pages": "2", "complete": "on"}


def sheet(office: Office, thing: Thing, who: str) -> dict:
    return {"file": SimpleUploadedFile("sales.csv", "楼栋,房号\n5,701\n".encode())}


def change(kind: ChangeKind) -> Form:
    """What a request of this kind needs."""

    def fill(office: Office, thing: Thing, who: str) -> dict:
        own = {
            ChangeKind.EXCHANGE: {"target": office.free.pk},
            ChangeKind.TRANSFER: {"buyer_1": office.theirs.pk, "share_1": "100"},
            ChangeKind.BUYERS: {
                "buyer_1": office.customer.pk, "share_1": "50", "buyer_2": office.theirs.pk, "share_2": "50",
            },
            ChangeKind.METHOD: {"method": "INSTALMENT"},
            ChangeKind.PRICE: {"total": "2700000"},
            ChangeKind.AMOUNT: {"main": "2700000", "decoration": "0", "supplement": "0"},
            ChangeKind.AREA: {"surveyed": "119.00"},
        }  # fmt: skip
        return {
            "cause": "PERSONAL", "reason": "As agreed", "form_signed": "on", "release": "WITHHELD", **own.get(kind, {}),
        }  # fmt: skip

    return fill


def states(names: str, *moves: str) -> dict[str, tuple[str, ...]]:
    return dict.fromkeys(names.split(), moves)


def rules(**codes: str) -> dict[str, str]:
    """Rule → the states that it refuses."""
    return {state: code for code, names in codes.items() for state in names.split()}


HOLD, ASK, QUOTE, WRITE, DECIDE, VOID = (
    P.HOLD_PLACE,
    P.HOLD_REQUEST,
    P.QUOTATION_MAKE,
    P.DEAL_WRITE,
    P.DEAL_DECIDE,
    P.DEAL_VOID,
)
OVERRIDE = frozenset({"supervisor", "deputy"})
AUTHOR = frozenset({"specialist"})
_FULL = "full full_old late warned ended topped"
_TAKEN = "withheld held held_other offered small subscribed contracted delivered"
_SIGNED = "signed signed_old reached changing"
_DELIVERED = "delivered delivered_old"

ACTS = [
    # Holds, requests and the waiting list (domain B3, T5–T8).
    Act("contracts:hold_place", "unit", (HOLD,), whom(kind="CUSTOMER", evidence="ID_SEEN", reason="As agreed"),
        {"available": ("claim.hold",), "expired": ("claim.expire", "claim.hold")}, "taken", rules(waiting="awaited", locked="locked")),
    Act("contracts:request_new", "unit", (ASK,), whom(reason="As agreed"), states("available expired awaited locked offered"), "taken"),
    Act("contracts:waiting_join", "unit", (HOLD, ASK), whom(), states("held held_other small subscribed"), "free",
        rules(twice="offered")),
    Act("contracts:wish_new", "project", (ASK,), whom(floor_from="2", reason="As agreed"), states("open")),
    Act("contracts:hold_extend", "hold", (HOLD,), why, states("customer deal offer extended", "claim.extend"), "over",
        only=dict.fromkeys(("offer", "extended"), (OVERRIDE, "extensions"))),
    Act("contracts:hold_release", "hold", (HOLD,), why, states("customer deal offer extended", "claim.release"), "over"),
    Act("contracts:hold_complete", "hold", (HOLD,), whom(reason="As agreed"), states("deal", "claim.complete"), "over",
        rules(complete="customer offer extended")),
    Act("contracts:offer_take", "hold", (HOLD,), fixed(evidence="ID_SEEN", reason="As agreed"), states("offer", "claim.take"), "over",
        rules(no_offer="customer deal extended")),
    Act("contracts:release_ask", "hold", (ASK,), why, states("customer deal offer extended"), "over"),
    Act("contracts:request_reject", "request", (HOLD,), fixed(answer="Not now"), states("asked wish"), "answered", after="REJECTED"),
    Act("contracts:request_withdraw", "request", (ASK,), nothing, states("asked wish"), "answered", after="WITHDRAWN"),
    Act("contracts:waiting_leave", "waiting", (HOLD, ASK), why, states("waiting"), "wrong_state", after="WITHDRAWN"),
    # Quotations (domain B4).
    Act("sales:quotation_new", "unit", (QUOTE,), quote,
        {**states("available awaited locked held held_other offered small"), "expired": ("claim.expire",)},
        "not_for_sale", only={"held_other": (DESK | {"colleague"}, "not_for_sale")}, recorded=False),
    Act("sales:quotation_ask", "quotation", (QUOTE,), why, states("draft"), "wrong_state", rules(expired="past"), after="ASKED"),
    Act("sales:quotation_withdraw", "quotation", (QUOTE,), nothing, states("draft past ready refused asked"), "wrong_state",
        only={"asked": (AUTHOR, "not_author")}, after="WITHDRAWN"),
    Act("sales:quotation_paper_make", "quotation", (QUOTE,), fixed(kind="QUOTATION"), states(" ".join(NOUNS["quotation"]))),
    # Subscriptions (domain B6, T9–T12, T20).
    Act("sales:subscription_new", "unit", (WRITE,), terms,
        {**states("available awaited held"), "expired": ("claim.expire",)}, "taken",
        rules(offer="offered", locked="locked")),
    Act("sales:subscription_edit", "subscription", (WRITE,), terms, states("draft_small draft_full draft_bare"), "wrong_state",
        after="DRAFT"),
    Act("sales:subscription_discard", "subscription", (WRITE,), why, states("draft_small draft_full draft_bare"), "wrong_state",
        after="CLOSED"),
    Act("sales:subscription_activate", "subscription", (WRITE,), deposit,
        {"draft_small": ("trade.deposit",), "draft_full": ("trade.subscribe",)}, "wrong_state", rules(papers="draft_bare"), after="ACTIVE"),
    Act("sales:subscription_top_up", "subscription", (WRITE,), rest, states("small small_late", "trade.top_up"), "wrong_state",
        after="ACTIVE"),
    Act("sales:subscription_lapse", "subscription", (DECIDE,), fixed(outcome="REFUND", target="withheld", reason="As agreed"),
        states("small small_late", "trade.lapse"), "wrong_state", after="CLOSED"),
    Act("sales:subscription_lapse", "subscription", (DECIDE,), fixed(outcome="FORFEIT", target="available", reason="As agreed"),
        states("small_late", "trade.lapse_open"), "wrong_state", rules(early="small"), after="CLOSED"),
    Act("sales:subscription_void", "subscription", (VOID,), why,
        {"small": ("trade.void_deposit",), "topped": ("trade.void_top_up",), "full": ("trade.void_subscription",)}, "wrong_state",
        rules(late="small_late full_old late warned ended", contract="drafted", change="changing")),
    Act("sales:subscription_warn", "subscription", (WRITE,), on("on"), states("late"), "wrong_state",
        rules(early="full full_old topped drafted changing", sent="warned ended"), after="ACTIVE"),
    Act("sales:subscription_end", "subscription", (WRITE,), on("on"), states("warned"), "wrong_state",
        rules(not_warned="full full_old topped drafted changing late", sent="ended"), after="ACTIVE"),
    Act("sales:subscription_extend", "subscription", (WRITE,), on("until", 12, reason="As agreed"),
        states("full full_old topped drafted changing small"), "wrong_state", rules(late="late warned ended small_late"), after="ACTIVE"),
    Act("sales:document_receive", "document", (WRITE,), fixed(copies="1", original_seen="on"), states("open received asked waived"),
        "over"),
    Act("sales:document_undo", "document", (WRITE,), why, states("received"), "over", rules(not_received="open asked waived")),
    Act("sales:document_waive", "document", (WRITE,), why, states("open"), "over", rules(complete="received waived", pending="asked")),
    # Contracts (domain B7, T13, T19, T20).
    Act("sales:contract_new", "subscription", (WRITE,), nothing, states(_FULL), "wrong_state", rules(drafted="drafted", change="changing")),
    Act("sales:contract_edit", "contract", (WRITE,), drafted, states("draft draft_bare draft_papers"), "wrong_state", after="DRAFT"),
    Act("sales:contract_discard", "contract", (WRITE,), why, states("draft draft_bare draft_papers"), "wrong_state", after="CLOSED"),
    Act("sales:contract_sign", "contract", (WRITE,), signature, states("draft", "trade.sign"), "wrong_state",
        rules(incomplete="draft_bare", papers="draft_papers"), after="SIGNED"),
    Act("sales:contract_details", "contract", (WRITE,), details, states(f"{_SIGNED} {_DELIVERED}"), "wrong_state"),
    Act("sales:contract_file", "contract", (WRITE,), filing, states(f"{_SIGNED} {_DELIVERED}"), "wrong_state"),
    Act("sales:milestone", "contract", (WRITE,), on("actual_on"), states(f"{_SIGNED} {_DELIVERED}"), "wrong_state"),
    Act("sales:contract_hand_over", "contract", (WRITE,), on("delivered_on"), states("reached", "trade.hand_over"), "wrong_state",
        rules(lacking="signed signed_old", change="changing"), after="DELIVERED"),
    Act("sales:contract_hand_over", "contract", (WRITE,), on("delivered_on", reason="As agreed"),
        states("signed signed_old reached", "trade.hand_over"), "wrong_state", rules(change="changing"),
        only=dict.fromkeys(("signed", "signed_old"), (OVERRIDE, "lacking")), after="DELIVERED"),
    Act("sales:contract_void", "contract", (VOID,), why, states("signed reached", "trade.void_contract"), "wrong_state",
        rules(not_today="signed_old", change="changing"), after="CLOSED"),
    Act("sales:contract_void_hand_over", "contract", (VOID,), why, states("delivered", "trade.void_hand_over"), "wrong_state",
        rules(not_today="delivered_old"), after="SIGNED"),
    # Changes (domain B9, T14–T18).
    Act("sales:change_submit", "change", (P.CHANGE_REQUEST,), nothing, states("draft"), "wrong_state",
        rules(form="draft_unsigned", over="executed executed_contract"), after="SUBMITTED"),
    Act("sales:change_withdraw", "change", (P.CHANGE_REQUEST,), nothing, states("submitted submitted_contract"), "wrong_state",
        only=dict.fromkeys(("submitted", "submitted_contract"), (AUTHOR, "not_author")), after="VOID"),
    Act("sales:change_void", "change", (P.CHANGE_REQUEST,), why, states("draft draft_unsigned approved stale approved_contract"),
        "wrong_state", rules(final="executed executed_contract", open="executed_other"),
        only={**dict.fromkeys(("draft", "draft_unsigned"), (AUTHOR | OVERRIDE, "forbidden")),
              **dict.fromkeys(
                  ["approved", "stale", "approved_contract", "executed", "executed_other", "executed_contract"], (OVERRIDE, "forbidden")
              )}, after="VOID"),
    Act("sales:change_release", "change", (P.APPROVAL_SEE,), fixed(release="AVAILABLE"), states("submitted"), "wrong_state",
        rules(release="submitted_contract"),
        only=dict.fromkeys(("submitted", "submitted_contract"), (frozenset({"finance"}), "wrong_role four_eyes")), after="SUBMITTED"),
    Act("sales:change_execute", "change", (P.CHANGE_EXECUTE,), nothing,
        {**states("approved approved_contract", "trade.refund"), "stale": ()}, "wrong_state",
        only=dict.fromkeys(("approved", "approved_contract", "stale"), (DESK - AUTHOR, "four_eyes"))),
    Act("sales:change_confirm", "change", (P.UNIT_RELEASE,), nothing, states("executed_contract"), "no_lock", after="EXECUTED"),
    # Papers, templates, blank forms, past sales (domain B7).
    Act("sales:paper_sign", "paper", (WRITE,), scan, states("made signed")),
    Act("sales:paper_sign", "paper", (WRITE,), fixed(pages="2"), states("signed"), "no_scan"),
    Act("sales:template_upload", "project", (P.PAPER_KEEP,), template, states("open")),
    Act("sales:template_enforce", "template", (P.PAPER_KEEP,), nothing, states("draft superseded"), "in_force", after="IN_FORCE"),
    Act("sales:form_take_in", "project", (WRITE,), on("taken_on", kind="CONTRACT", first="B1", last="B3"), states("open")),
    Act("sales:form_take_in", "blank", (WRITE,), lambda office, thing, who: {**serial()(office, thing, who), "taken_on": today(office)}, {},
        "serial_known"),
    Act("sales:form_give_out", "blank", (WRITE,), given, states("left"), "other_state", after="OUT"),
    Act("sales:form_mark", "blank", (WRITE,), used, states("left out"), "other_state", after="USED"),
    Act("sales:form_mark", "blank", (WRITE,), serial(state="VOID", reason="Torn"), states("left out"), "other_state", after="VOID"),
    Act("sales:form_mark", "blank", (WRITE,), serial(state="RETURNED", reason="Left over"), states("left out"), "other_state",
        after="RETURNED"),
    Act("sales:form_mark", "blank", (WRITE,), serial(state="LEFT"), states("out"), "other_state", after="LEFT"),
    Act("sales:past_import_new", "project", (P.SALES_IMPORT,), sheet, states("open")),
    Act("sales:past_import_accept", "import", (P.SALES_IMPORT,), seen, states("preview"), "led_back", after="WRITING"),
    Act("sales:past_import_discard", "import", (P.SALES_IMPORT,), seen, states("reading preview refused writing"), "wrong_state",
        after="DISCARDED", recorded=False),
]  # fmt: skip

# Each kind of change is possible at its own stages (domain B9); nobody has two changes of one sale under way.
_BEFORE, _AFTER, _SOLD = "subscribed terminated", "contracted filed", "subscribed terminated contracted filed"
CHANGES = {
    ChangeKind.REFUND: _SOLD, ChangeKind.EXCHANGE: _SOLD, ChangeKind.METHOD: _SOLD, ChangeKind.FORFEIT: "terminated",
    ChangeKind.TRANSFER: "subscribed terminated contracted", ChangeKind.BUYERS: _BEFORE, ChangeKind.PRICE: _BEFORE,
    ChangeKind.AMOUNT: _AFTER, ChangeKind.AREA: _AFTER,
}  # fmt: skip


def _change(kind: ChangeKind, legal: str) -> Act:
    started = {"drafted": "draft" if "subscribed" in legal else "not_allowed",
               "changing": "open" if "contracted" in legal else "not_allowed"}  # fmt: skip
    return Act(
        "sales:change_new", "trade", (P.CHANGE_REQUEST,), change(kind), states(legal), "not_allowed",
        {**started, "over": "over"}, query=f"?kind={kind}",
    )  # fmt: skip


ACTS += [_change(kind, legal) for kind, legal in CHANGES.items()]

# Which papers a trade has something to print for (domain B7).
PRINTED = {
    PaperKind.SUBSCRIPTION: " ".join(NOUNS["trade"]), PaperKind.PROVISIONAL: "small", PaperKind.SETTLEMENT: "",
    PaperKind.NOTICE: "small subscribed terminated drafted", PaperKind.COVER: "drafted changing contracted filed delivered",
}  # fmt: skip
ACTS += [
    Act("sales:paper_make", "trade", (WRITE,), fixed(kind=kind.value), states(legal), "nothing_to_print")
    for kind, legal in PRINTED.items()
]


def arguments(act: Act, thing: Thing) -> dict[str, Any]:
    """What the address names."""
    row = thing.row
    return {
        "unit": lambda: {"pk": row.pk},
        "hold": lambda: {"number": row.number},
        "request": lambda: {"number": row.number},
        "waiting": lambda: {"number": row.number},
        "quotation": lambda: {"number": row.number},
        "subscription": lambda: {"subscription" if act.name == "sales:contract_new" else "number": row.code},
        "document": lambda: {"number": row.trade.subscriptions.get().code, "pk": row.pk},
        "contract": lambda: {"contract": row.code, **({"kind": "PAID"} if act.name == "sales:milestone" else {})},
        "change": lambda: {"change": row.code},
        "trade": lambda: {"number": row.number},
        "paper": lambda: {"number": row.code},
        "template": lambda: {"pk": row.pk},
        "import": lambda: {"pk": row.pk},
        "blank": dict,
        "project": dict,
    }[act.noun]()
