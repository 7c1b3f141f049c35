"""Lists of pre-reports 报备, one of them, and those by which a visitor is judged; pages get cards with the phones masked (R7.5)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enquiries import phones
from enquiries.models import Customer, PreReport
from enquiries.queries.numbers import phones_of
from enquiries.queries.present import sees_people
from enquiries.queries.scope import customers_visible_to, pre_reports_visible_to
from enquiries.states import Finding, ReportState
from inventory.models import Project
from salescontrol.core import clock
from salescontrol.core.access import Access
from salescontrol.core.errors import NotVisible
from salescontrol.core.history import timeline

TONES = {
    ReportState.OPEN: "pending", ReportState.ARRIVED: "good", ReportState.EXPIRED: "muted", ReportState.REFUSED: "bad",
}  # fmt: skip
SENTENCES = {
    "pre_report.enter": (gettext_lazy("Entered by %(who)s"), gettext_lazy("Entered")),
    "pre_report.arrive": (gettext_lazy("Found to be the one by %(who)s"), gettext_lazy("Found to be the one")),
    "pre_report.refuse": (gettext_lazy("Refused by %(who)s"), gettext_lazy("Refused")),
    "pre_report.displace": (
        gettext_lazy("Found not to be the one by %(who)s"),
        gettext_lazy("Found not to be the one"),
    ),
    "pre_report.expire": (gettext_lazy("Expired"), gettext_lazy("Expired")),
    "customer.merge": (gettext_lazy("Two customers made one by %(who)s"), gettext_lazy("Two customers made one")),
}


def listed(access: Access, project: Project) -> QuerySet[PreReport]:
    """Every pre-report of the project of which the user may know, with what a list shows."""
    return pre_reports_visible_to(access).filter(project=project).select_related("customer", "entered_by")


def find(access: Access, project: Project, number: str) -> PreReport:
    """The pre-report with this number; NotVisible, with one text, when missing or not this user's (abuse 25)."""
    found = listed(access, project).filter(number=number).first()
    if found is None:
        raise NotVisible("")
    return found


def of_words(words: str) -> Q:
    """A condition: the name, the channel company, the agent, the number, a whole phone or one with its middle hidden."""
    asked = words.strip()
    found = Q(name__icontains=asked) | Q(agency__icontains=asked) | Q(agent_name__icontains=asked)
    found |= Q(number=asked.upper())
    for digits in filter(None, (phones.read(asked), phones.read_hidden(asked))):
        found |= same_person(digits)
    return found


def in_state(state: str, now: datetime) -> Q:
    """A condition: reports that stand there now; one that ran out counts as expired before anybody writes it down."""
    over = Q(state=ReportState.OPEN, valid_until__lt=now)
    if state == ReportState.OPEN:
        return Q(state=state) & ~over
    return Q(state=state) | over if state == ReportState.EXPIRED else Q(state=state)


def same_person(digits: str) -> Q:
    """A condition: reports of this number. With a hidden middle the ends must agree, two whole numbers agree wholly."""
    hidden = "*" in digits
    ends = phones.ends_index(digits)
    by_ends = Q(ends_index=ends) if ends else Q(pk__in=[])
    return by_ends if hidden else Q(phone_index=phones.index(digits)) | Q(phone_index="") & by_ends


def judged_by(numbers: Sequence[str], at: datetime) -> Q:
    """A condition: reports of one of these numbers that were made before `at` and valid then; a minute late is too late."""
    found = Q(pk__in=[])
    for digits in numbers:
        found |= same_person(digits)
    return found & Q(reported_at__lt=at, valid_until__gte=at)


def numbers_of(customer: Customer) -> list[str]:
    """Every phone number of a customer who was found among the visible ones."""
    return [row.number for row in phones_of(customer) if row.number]


def matching(access: Access, project: Project, numbers: Sequence[str], at: datetime) -> QuerySet[PreReport]:
    """The pre-reports by which a visitor with these numbers can be judged, the first one first."""
    rows = listed(access, project).filter(judged_by(numbers, at))
    return rows.order_by("reported_at", "pk") if numbers else rows.none()


def of_customer(access: Access, customer: Customer) -> QuerySet[PreReport]:
    """The visible pre-reports that turned out to be of this customer, latest first."""
    rows = pre_reports_visible_to(access).filter(customer=customer).select_related("customer", "entered_by")
    return rows.order_by("-reported_at", "-pk")


@dataclass(frozen=True)
class ReportCard:
    """One pre-report as this reader may read it: the phones masked, the customer's number only for who sees that customer."""

    number: str
    name: str
    phone: str
    hidden: bool
    agency: str
    agent: str
    agent_phone: str
    reported_at: datetime
    expected_at: datetime | None
    valid_until: datetime
    state: str
    label: str
    tone: str
    finding: str
    known: bool
    refusal: str
    customer: str
    entered_by: str


def card(access: Access, report: PreReport, now: datetime) -> ReportCard:
    """The report as this reader may read it; no query when customer and people were read with the row."""
    over = report.state == ReportState.OPEN and report.valid_until < now
    state = ReportState.EXPIRED if over else ReportState(report.state)
    return ReportCard(
        number=report.number, name=report.name, phone=_masked(report.phone), hidden="*" in report.phone,
        agency=report.agency, agent=report.agent_name, agent_phone=phones.masked(report.agent_phone),
        reported_at=report.reported_at, expected_at=report.expected_at, valid_until=report.valid_until,
        state=state.value, label=str(state.label), tone=TONES[state], finding=report.get_finding_display(),
        known=report.finding != Finding.CLEAR, refusal=report.refusal,
        customer=report.customer.number if report.customer else "",
        entered_by=report.entered_by.name if sees_people(access, report.project_id) else "",
    )  # fmt: skip


def _masked(phone: str) -> str:
    return phone if "*" in phone else phones.masked(phone)


def sees_customer(access: Access, report: PreReport) -> bool:
    """Whether the reader may open the page of who it turned out to be."""
    return report.customer_id is not None and customers_visible_to(access).filter(pk=report.customer_id).exists()


@dataclass(frozen=True)
class Cards:
    """The pre-reports of a query as this reader may read them, for a list: cut out and counted like the query itself."""

    access: Access
    rows: QuerySet[PreReport]

    def count(self) -> int:
        return self.rows.count()

    def __len__(self) -> int:
        return self.count()

    def __getitem__(self, part: slice) -> list[ReportCard]:
        now = clock.now()
        return [card(self.access, row, now) for row in self.rows[part]]

    def __iter__(self) -> Iterator[ReportCard]:
        now = clock.now()
        return (card(self.access, row, now) for row in self.rows.iterator(chunk_size=500))


@dataclass(frozen=True)
class Step:
    """One step of a report's life: when, the sentence, and how its state changed."""

    at: datetime
    text: str
    lines: tuple[str, ...]


def steps(access: Access, report: PreReport) -> list[Step]:
    """The report's life, newest first; who did what only for who may know people."""
    people = sees_people(access, report.project_id)
    return [Step(entry.at, _sentence(entry, people), tuple(_states(entry))) for entry in timeline(report)]


def _sentence(entry: Any, people: bool) -> str:
    pair = SENTENCES[entry.action]
    text = str(pair[0]) % {"who": entry.by.name} if people and entry.by is not None else str(pair[1])
    return _("%(sentence)s: %(reason)s") % {"sentence": text, "reason": entry.reason} if entry.reason else text


def _states(entry: Any) -> Iterator[str]:
    for change in entry.changes:
        if change.field == "state":
            old, new = (ReportState(value).label for value in (change.old, change.new))
            yield _("%(what)s: %(old)s → %(new)s") % {"what": capfirst(change.label), "old": old, "new": new}
