"""Who a buyer is on paper (R6.2, domain B12 "customer identity"): while a sale to them is under way, name, kind and identity papers
are corrected by a decided request and never directly.

Whose sale is under way an app above says by the `Buying` that it registers, and it carries the decided correction out by `correct`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from enquiries import names, papers
from enquiries.models import Customer, IdPaper
from enquiries.services.rows import clash, hold_still
from enquiries.states import CustomerKind
from salescontrol.core.access import Access, access_of
from salescontrol.core.errors import Conflict, NotVisible, Refusal
from salescontrol.core.fields import blind_index
from salescontrol.core.history import save_tracked

Way = tuple[str, str]


@dataclass(frozen=True)
class Buying:
    """`buyers()` → a query of the ids of customers to whom something is being sold; `ways(access, customer)` → label and address of
    the requests by which this reader may have the identity corrected."""

    buyers: Callable[[], QuerySet]
    ways: Callable[[Access, Customer], Sequence[Way]]


@dataclass(frozen=True)
class Correction:
    """What is right from now on; what is empty stays. `replaced`: the id of the paper that is wrong, `gone`: it is only removed."""

    name: str = ""
    kind: str = ""
    replaced: int | None = None
    gone: bool = False
    paper: str = ""
    number: str = ""


_BUYING: list[Buying] = []


def register(buying: Buying) -> None:
    """Name the buyers of an app above. Called from `AppConfig.ready`."""
    _BUYING.append(buying)


def is_buyer(customer: Customer) -> bool:
    """Whether something is being sold to the customer."""
    return any(buying.buyers().filter(pk=customer.pk).exists() for buying in _BUYING)


def buyers_among(ids: Sequence[int]) -> set[int]:
    """Those of these customers to whom something is being sold."""
    return {pk for buying in _BUYING for pk in buying.buyers().filter(pk__in=ids).values_list("pk", flat=True)}


def ways(access: Access, customer: Customer) -> list[Way]:
    """Where this reader asks for a correction; nothing where no sale is under way, or where they may not."""
    return [way for buying in _BUYING for way in buying.ways(access, customer)]


def require_open(customer: Customer, access: Access) -> None:
    """Raise Conflict `buyer`, with the way to the request, when the customer's identity may not be changed directly."""
    if not is_buyer(customer):
        return
    message = _(
        "A sale to this customer is under way, so name, kind and identity papers stay as they stand in its papers. A correction is "
        "requested from the sale, with its reason; the supervisor decides. Whoever writes subscriptions can request it."
    )
    raise Conflict(message, code="buyer", links=ways(access, customer))


def require_completing(customer: Customer, access: Access) -> None:
    """Raise Conflict `buyer` unless a paper completes what is known: of a buyer only the first one is entered directly."""
    if IdPaper.every.filter(customer=customer).exists():
        require_open(customer, access)


def mark(customer: Customer, *more: str) -> int:
    """A number that is another one as soon as the identity is another one; it says nothing about the identity itself."""
    rows = IdPaper.every.filter(customer=customer).order_by("pk").values_list("pk", "kind", "number_index")
    text = "\0".join([customer.name, customer.kind, *(str(row) for row in rows), *more])
    return int.from_bytes(blind_index("identity", text).encode()[:4]) & 0x7FFFFFFF


def check(customer: Customer, correction: Correction, *, access: Access) -> Correction:
    """The correction with its number as it is kept. Raises Refusal and Conflict at `name`, `kind`, `paper`, `paper_kind`, `number`."""
    name = " ".join(correction.name.split())[:60]
    if correction.kind and correction.kind not in CustomerKind.values:
        raise _at("kind", _("Choose a kind of customer."))
    own = IdPaper.every.filter(customer=customer, pk=correction.replaced).first() if correction.replaced else None
    if correction.replaced and own is None:
        raise _at("paper", _("Choose a paper of this buyer."))
    if correction.gone and (own is None or correction.number.strip()):
        raise _at("paper", _("Choose the paper to be removed, and enter no other number."))
    if own is not None and not correction.gone and not correction.number.strip():
        raise _at("number", _("Enter the number that is right, or tick that the paper is only removed."))
    plain = _number(customer, correction, own, access) if correction.number.strip() else ""
    return Correction(
        name if name != customer.name else "", correction.kind if correction.kind != customer.kind else "",
        correction.replaced, correction.gone, correction.paper if plain else "", plain,
    )  # fmt: skip


def _number(customer: Customer, correction: Correction, own: IdPaper | None, access: Access) -> str:
    plain = papers.read(correction.paper, correction.number)
    if not plain:
        raise _at("number", _("This is no number of such a paper: compare it sign by sign."))
    if own is not None and (own.kind, own.number) == (correction.paper, plain):
        raise _at("number", _("This is the number of the paper already."))
    known = _whose(customer, plain)
    if known is not None:
        raise clash(access, known)
    return plain


def _whose(customer: Customer, plain: str) -> Customer | None:
    rows = IdPaper.every.filter(project=customer.project_id, number_index=papers.index(plain))
    row = rows.select_related("customer__project").first()
    return row.customer if row else None


def correct(*, customer: Customer, correction: Correction, action: str, by: Any) -> Customer:
    """Carry out what was decided. Needs the caller's transaction. Raises NotVisible for who was erased or merged, Conflict when
    somebody else got the paper meanwhile."""
    row = hold_still(customer)
    if row.merged_into_id is not None:
        raise NotVisible(_("There is no such customer."))
    if correction.name:
        row.name, row.name_keys = correction.name, names.keys(correction.name)
    row.kind = correction.kind or row.kind
    row.version += 1
    save_tracked(row, action=action, by=by, fields=["name", "name_keys", "kind", "version"])
    try:
        with transaction.atomic():
            _correct_paper(row, correction, action, by)
    except IntegrityError:
        known = _whose(row, correction.number)
        if known is None:
            raise
        raise clash(access_of(by), known) from None
    return row


def _correct_paper(row: Customer, correction: Correction, action: str, by: Any) -> None:
    paper = IdPaper.every.filter(customer=row, pk=correction.replaced).first() if correction.replaced else None
    if correction.gone and paper is not None:
        paper._change_reason, paper._history_user = action, by
        paper.delete()
    elif correction.number:
        paper = paper or IdPaper(customer=row, project_id=row.project_id)
        paper.kind, paper.number, paper.number_index = (
            correction.paper, correction.number, papers.index(correction.number),
        )  # fmt: skip
        save_tracked(paper, action=action, by=by)


def _at(name: str, message: str) -> Refusal:
    return Refusal(message, code=name, fields={name: [message]})
