"""A customer's phones and identity papers: each number once in a project, one phone the main one (domain B5, B14; abuse 21)."""

from collections.abc import Callable
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from enquiries import papers, phones
from enquiries.models import Customer, CustomerPhone, IdPaper
from enquiries.services import identity, looks
from enquiries.services.rows import clash, locked
from inventory.models import Project
from salescontrol.core.access import access_of
from salescontrol.core.errors import NotVisible, Refusal
from salescontrol.core.history import save_tracked
from salescontrol.core.permissions import Permission


def read_phone(typed: str, country: str = "") -> str:
    """The digits; Refusal `phone` when they are no number of that country."""
    digits = phones.read(typed, country)
    if not digits:
        message = _(
            "Enter a mobile or landline number, such as 138 0013 8000 or 021-5888 1234, or an eight-digit number of Hong Kong."
        )
        if country:
            message = _("This is no phone number of the country that you chose.")
        raise Refusal(message, code="phone", fields={"phone": [message], "new_phone": [message]})
    return digits


def whose_phone(project_id: int, index: str) -> Customer | None:
    """The customer of the project with this phone number, main or not."""
    rows = (
        CustomerPhone.every.filter(project_id=project_id, number_index=index) if index else CustomerPhone.every.none()
    )
    row = rows.select_related("customer__project").first()
    return row.customer if row else None


def write_main(customer: Customer, digits: str, *, action: str, by: Any) -> None:
    """Make `digits` the customer's main phone in place of the former one, which is forgotten. IntegrityError for a known one."""
    rows = CustomerPhone.every.filter(customer=customer)
    row = rows.filter(is_main=True).first() or CustomerPhone(customer=customer, project_id=customer.project_id)
    own = rows.filter(number_index=phones.index(digits), is_main=False).first()
    if own is not None:
        _make_main(customer, own, by)
        return
    if row.pk and row.number_index == phones.index(digits):
        return
    row.number, row.number_index, row.tail_index = digits, phones.index(digits), phones.tail_index(digits)
    row.is_main = True
    save_tracked(row, action=action, by=by)


def add_phone(*, customer: Customer, phone: str, country: str = "", by) -> CustomerPhone:
    """A further phone number. Raises NotVisible, Forbidden, Refusal (`phone`, `too_many`), Conflict `known`."""
    digits = read_phone(phone, country)
    looks.require_probe(project=customer.project, by=by)

    def insert(row: Customer) -> CustomerPhone:
        first = not CustomerPhone.every.filter(customer=row, is_main=True).exists()
        added = CustomerPhone(
            customer=row, project_id=row.project_id, number=digits, number_index=phones.index(digits),
            tail_index=phones.tail_index(digits),
        )  # fmt: skip
        save_tracked(added, action="customer.add_phone", by=by)
        if first:
            _make_main(row, added, by)
        return added

    return _once_in_project(customer, by, insert, lambda: whose_phone(customer.project_id, phones.index(digits)))


@transaction.atomic
def make_main(*, customer: Customer, phone_id: int, by) -> CustomerPhone:
    """This of the customer's numbers is the main one from now on. Raises NotVisible, Forbidden."""
    row = _open(customer, by)
    phone = _one_of(CustomerPhone.every.filter(customer=row), phone_id)
    if not phone.is_main:
        _make_main(row, phone, by)
    return phone


@transaction.atomic
def remove_phone(*, customer: Customer, phone_id: int, by) -> None:
    """Forget a further number; the main one is replaced, not removed. Raises NotVisible, Forbidden, Refusal `main`."""
    row = _open(customer, by)
    phone = _one_of(CustomerPhone.every.filter(customer=row), phone_id)
    if phone.is_main:
        raise Refusal(_("This is the main number. Make another one the main number first."), code="main")
    phone._change_reason, phone._history_user = "customer.remove_phone", by
    phone.delete()


def add_paper(*, customer: Customer, kind: str, number: str, by) -> IdPaper:
    """An identity paper. Raises NotVisible, Forbidden, Refusal (`paper`, `too_many`), Conflict `known`, and `buyer` for a further
    one while a sale to the customer is under way (domain B12)."""
    plain = papers.read(kind, number)
    if not plain:
        message = _(
            "This is no number of such a paper: compare it sign by sign. From a spreadsheet, copy it from a cell kept as text."
        )
        raise Refusal(message, code="paper", fields={"number": [message]})
    looks.require_probe(project=customer.project, by=by)
    index = papers.index(plain)

    def insert(row: Customer) -> IdPaper:
        identity.require_completing(row, access_of(by))
        paper = IdPaper(customer=row, project_id=row.project_id, kind=kind, number=plain, number_index=index)
        return save_tracked(paper, action="customer.add_paper", by=by)

    return _once_in_project(customer, by, insert, lambda: whose_paper(customer.project, index))


def whose_paper(project: Project, index: str) -> Customer | None:
    """The customer of the project with this paper."""
    row = IdPaper.every.filter(project=project, number_index=index).select_related("customer__project").first()
    return row.customer if row else None


@transaction.atomic
def remove_paper(*, customer: Customer, paper_id: int, by) -> None:
    """Forget a paper that was entered by mistake; its history stays. Raises NotVisible, Forbidden, Conflict `buyer` (domain B12)."""
    row = _open(customer, by)
    identity.require_open(row, access_of(by))
    paper = _one_of(IdPaper.every.filter(customer=row), paper_id)
    paper._change_reason, paper._history_user = "customer.remove_paper", by
    paper.delete()


def _open(customer: Customer, by) -> Customer:
    """The customer, locked, whom this user may change."""
    access = access_of(by)
    access.require(Permission.CUSTOMER_ENTER, customer.project_id)
    return locked(customer, access)


def _one_of(rows, pk: int):
    found = rows.filter(pk=pk).first()
    if found is None:
        raise NotVisible("")
    return found


def _once_in_project(customer: Customer, by, insert: Callable, known: Callable[[], Customer | None]) -> Any:
    """Insert a number; when the project knows it already, say so as the first entry does."""
    try:
        with transaction.atomic():
            return insert(_open(customer, by))
    except IntegrityError:
        other = known()
        if other is None:
            raise
        raise clash(access_of(by), other) from None


def _make_main(customer: Customer, phone: CustomerPhone, by) -> None:
    former = CustomerPhone.every.filter(customer=customer, is_main=True).exclude(pk=phone.pk).first()
    if former is not None:
        former.is_main = False
        save_tracked(former, action="customer.main_phone", by=by, fields=["is_main"])
    phone.is_main = True
    save_tracked(phone, action="customer.main_phone", by=by, fields=["is_main"])
    customer.phone, customer.phone_index = phone.number, phone.number_index
    customer.version += 1
    save_tracked(customer, action="customer.main_phone", by=by, fields=["phone", "phone_index", "version"])
