"""Lists of customers, one customer, and finding them by name, number or whole phone number."""

from collections.abc import Collection

from django.contrib.auth import get_user_model
from django.db.models import Exists, OuterRef, Q, QuerySet

from enquiries import names, papers, phones
from enquiries.models import Customer, CustomerPhone, IdPaper
from enquiries.queries.numbers import kept_for
from enquiries.queries.scope import customers_visible_to
from enquiries.states import PaperKind
from inventory.models import Project
from inventory.queries.scope import projects_visible_to
from salescontrol.core.access import Access
from salescontrol.core.errors import NotVisible

FOUND = 20
# A customer's own number may be all digits; a phone number with more than these is none.
LONGEST_CODE = 8
OFFERED = 200


def listed(access: Access, project: Project) -> QuerySet[Customer]:
    """Every customer of the project of whom the user may know, with what a list shows."""
    return customers_visible_to(access).filter(project=project).select_related("owner")


def owners(access: Access, project: Project) -> QuerySet:
    """Whose customers the visible ones are: what a list can be filtered by (abuse 28)."""
    # Asked of each person: there are fewer of them than of customers, and an index answers.
    theirs = customers_visible_to(access).filter(project=project, owner=OuterRef("pk")).order_by()
    return get_user_model().objects.filter(Exists(theirs)).order_by("name", "pk")


def matching(words: str) -> Q:
    """A condition: the name, its pinyin or initials, the number, a whole phone or its last four digits, a whole paper's number.

    Joined to visible rows only: four digits alone would else tell whom the project knows (abuse 21). A whole number is looked
    up by its index alone: nobody is called so.
    """
    asked = words.strip()
    digits = phones.read(asked) or (phones.read(asked, "ZZ") if asked.startswith("+") else "")
    if len(digits) > LONGEST_CODE:
        return Q(pk__in=_of_phone(digits).union(_of_paper(asked)))
    found = Q(name__icontains=asked) | Q(number=asked.upper())
    if names.squeezed(asked):
        found |= Q(name_keys__contains=names.sought(asked))
    if len(asked) == 4 and asked.isascii() and asked.isdecimal():
        found |= Q(pk__in=CustomerPhone.objects.filter(tail_index=phones.tail_index(asked)).values("customer"))
    return found | Q(pk__in=_of_phone(digits)) | Q(pk__in=_of_paper(asked))


def reached_by(digits: str) -> Q:
    """A condition: this whole number is one of their phones."""
    return Q(pk__in=_of_phone(digits))


def _of_phone(digits: str) -> QuerySet:
    rows = CustomerPhone.objects.filter(number_index=phones.index(digits)).exclude(number_index="")
    return rows.order_by().values("customer")


def _of_paper(asked: str) -> QuerySet:
    """Whatever kind of paper it is the number of."""
    indexes = {papers.index(number) for kind in PaperKind if (number := papers.read(kind, asked))}
    return IdPaper.objects.filter(number_index__in=indexes).order_by().values("customer")


def find(access: Access, project: Project, number: str) -> Customer:
    """The customer with this number, or the one into whom they were merged; NotVisible, with one text, when missing or not this
    user's (abuse 25)."""
    found = listed(access, project).filter(number=number).first()
    if found is None:
        found = listed(access, project).filter(pk=kept_for(project, number) or 0).first()
    if found is None:
        raise NotVisible("")
    return found


def found(access: Access, words: str) -> list[Customer]:
    """The customers that a search finds across the user's projects, at most 20, by name."""
    if not words.strip():
        return []
    visible = customers_visible_to(access).filter(matching(words), project__in=projects_visible_to(access))
    return list(visible.select_related("project", "owner").order_by("name", "pk")[:FOUND])


def customer_choices(access: Access, project: Project) -> QuerySet[Customer]:
    """The customers that this user may choose from in a form, by name, without their phone numbers."""
    return customers_visible_to(access).filter(project=project).defer("phone", "note", "address").order_by("name", "pk")


def offered(choices: QuerySet[Customer], named: Collection[int] = ()) -> QuerySet[Customer]:
    """Those of the choices that a form lists: the 200 entered last, and the named ones; all of a project would be too many."""
    latest = choices.order_by("-pk").values("pk")[:OFFERED]
    return choices.filter(Q(pk__in=latest) | Q(pk__in=named))
