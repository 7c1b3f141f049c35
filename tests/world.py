"""A small world in which every text is a canary: two projects, people of every role, rows that somebody must not see.

Each free text of each row carries a token that occurs nowhere else, filed under a category; `SEES` says, by hand, which
identity may meet which category. What a page, workbook or file name shows beyond that is a leak.
"""

import hashlib
import io
import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, time, timedelta
from decimal import Decimal
from functools import partial
from types import SimpleNamespace
from uuid import uuid4

from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook
from PIL import Image

from contracts import states as sale
from contracts.models import Claim, Document, HoldRequest, Milestone, Quotation
from contracts.papers import defaults
from contracts.services import (
    area_batches,
    blanks,
    contracts,
    holds,
    paper_templates,
    papers,
    past_sales,
    quotations,
    quoting,
    requests,
    subscriptions,
    trades,
    waiting,
)
from contracts.services import changes as sale_changes
from contracts.services.change_content import Entry, Money
from contracts.states import (
    AgentKind,
    ChangeCause,
    ChangeKind,
    Content,
    Evidence,
    FormKind,
    FormState,
    MilestoneKind,
    PaymentMethod,
    SubscriptionKind,
)
from enquiries.models import Customer, Erasure
from enquiries.queries import roster
from enquiries.services import (
    calendars,
    calls,
    customers,
    erasures,
    follow_ups,
    intake,
    numbers,
    pre_reports,
    rotation,
    talk,
    viewings,
    visits,
)
from enquiries.states import PaperKind, Way
from inventory.models import (
    AccessGrant,
    BatchLine,
    DiscountPolicy,
    ListingBatch,
    Material,
    Phase,
    PriceList,
    Project,
    Team,
    Unit,
    UnitInterest,
    UnitLock,
)
from inventory.queries.scope import units_visible_to
from inventory.services import changes, discounts, displays, grants, imports, prices, release, review, stops
from inventory.states import BatchState, Lock, Status
from salescontrol.core import approvals, clock, files, outside, pictures
from salescontrol.core.access import access_of, forget_access
from salescontrol.core.history import save_tracked
from salescontrol.core.models import Attachment, Holiday, Level, Notice, Operation, OutboxMessage, WayKind
from salescontrol.core.permissions import Role
from security.models import Session, User
from security.services import accounts, deputies, passwords
from tests import build
from tests.contracts import stock
from tests.contracts.stock import subscribed

# Who asks. The same role in project B, and nobody, are part of every table.
IDENTITIES = (
    "supervisor", "specialist", "salesperson", "finance", "marketing", "head", "management", "administrator",
    "anonymous", "other_supervisor", "other_salesperson",
)  # fmt: skip
OPEN = {"a", "a.staff", "a.project"}
OPEN_B = {"b.open", "b.staff", "b.project"}
DESK = OPEN | {
    "a.mine",
    "a.colleague",
    "a.request",
    "a.request.marketing",
    "a.price.marketing",
    "a.discount.draft",
    "a.sales.name",
}
NAMED = {"a.mine.named", "a.colleague.named"}
WHOLE_B = OPEN_B | {"b", "b.erasure", "b.mine", "b.mine.named", "b.sales.name", "b.private"}
SEES = {
    "supervisor": DESK | NAMED | {"a.draft", "a.handed", "a.batch.marketing", "a.batch.desk", "a.floor", "a.price.floor",
                          "a.private", "a.deputy", "a.account", "a.access", "a.call", "a.past", "a.talk", "a.erasure", "a.template"},
    "specialist": DESK | NAMED | {"a.call", "a.draft", "a.erasure", "a.handed", "a.batch.marketing", "a.batch.desk", "a.operation"},
    "salesperson": OPEN | {"a.mine", "a.mine.named"},
    "finance": DESK | {"a.floor", "a.price.floor", "a.deputy"},
    "marketing": OPEN | {"a.handed", "a.batch.marketing", "a.price.marketing", "a.request.marketing"},
    "head": OPEN,
    "management": DESK | NAMED | WHOLE_B | {"a.erasure", "a.floor", "a.price.floor", "a.private", "a.deputy", "a.account", "a.access"},
    "administrator": {"a.project", "a.staff", "a.sales.name", "a.private", "a.account", "b.project", "b.staff",
                      "b.sales.name", "b.private", "company"},
    "anonymous": set(),
    "other_supervisor": WHOLE_B,
    "other_salesperson": OPEN_B | {"b.mine", "b.mine.named"},
}  # fmt: skip


class World:
    """The rows, the people by identity, and the tokens by category."""

    def __init__(self, shape: str = "{}") -> None:
        self.shape = shape
        self.tokens: dict[str, set[str]] = defaultdict(set)
        self.people: dict[str, User] = {}
        self.rows = SimpleNamespace()
        self._count = 0

    def token(self, category: str) -> str:
        self._count += 1
        token = f"zq{self._count:04d}k"
        self.tokens[category].add(token)
        return self.shape.replace("{}", token)

    def code(self, category: str) -> str:
        """A token that can stand in an address: never in the shape of hostile text."""
        return re.search(r"zq\d+k", self.token(category))[0]

    def price(self, category: str) -> Decimal:
        """An amount whose digits are a token in every way it may be written."""
        self._count += 1
        value = 6_000_000 + self._count * 7919
        self.tokens[category] |= {f"{value:,}", str(value), f"{value / 10000:.2f}"}
        return Decimal(value)

    def phone(self, category: str) -> str:
        """A mobile number that is a token; shown in full it is a leak to everybody, since it is masked everywhere."""
        self._count += 1
        digits = f"1390{self._count * 7919 % 10_000_000:07}"
        self.tokens[category].add(digits)
        return digits

    def person(self, identity: str, role: Role | None, where: Project | None, category: str) -> User:
        fields = {name: self.token(f"{category}.private") for name in ("phone", "email")}
        fields["email"] += "@example.com"
        group = "sales.name" if role == Role.SALESPERSON else "staff"
        person = build.user(role, where, name=f"Person {self.token(f'{category}.{group}')}", **fields)
        self.people[identity] = person
        return person

    def forbidden(self, identity: str) -> set[str]:
        """Every token that this identity must not meet; one's own name, phone and e-mail are allowed."""
        allowed = set().union(*(self.tokens[category] for category in SEES[identity])) | self.own(identity)
        return set().union(*self.tokens.values()) - allowed

    def category(self, token: str) -> str:
        return next(category for category, tokens in self.tokens.items() if token in tokens)

    def own(self, identity: str) -> set[str]:
        person = self.people.get(identity)
        return {person.name.split()[-1], person.phone, person.email.split("@")[0]} if person else set()


# What somebody might type: an element, the end of an attribute, signs of a template.
HOSTILE = '<i>{}"{{7*7}}'


def make(shape: str = "{}") -> World:
    """Everything, in an order in which hidden rows come after visible ones; `shape` is what stands around each token."""
    world = World(shape)
    _projects(world)
    _people(world)
    _units(world)
    _customers(world)
    _claims(world)
    _subscriptions(world)
    _contracts(world)
    _papers(world)
    _calls(world)
    _files(world)
    _batches(world)
    _prices(world)
    _requests(world)
    _house(world)
    _stops_and_grants(world)
    _displays(world)
    _viewings(world)
    _visits(world)
    _erasures(world)
    _reception(world)
    _intakes(world)
    _past_sales(world)
    _changes(world)
    _areas(world)
    for person in world.people.values():
        forget_access(person)
    return world


def _projects(world: World) -> None:
    for letter, code in (("a", "AAA"), ("b", "BBB")):
        name, open_to_all = world.token(f"{letter}.project"), "a" if letter == "a" else "b.open"
        project = build.project(
            code,
            name=f"Court {name}",
            city=world.token(open_to_all),
            optional_before_approval=["layout", "orientation", "floor_plan", "discount"],
            optional_reason=world.token(open_to_all),
        )
        phase = Phase.objects.create(project=project, name=world.token(open_to_all))
        building = build.building(project, "3#", phase=phase)
        layout = build.layout(project, code=world.token(open_to_all), description=world.token(open_to_all))
        permit = build.permit(building, number=world.token(open_to_all))
        setattr(
            world.rows,
            letter,
            SimpleNamespace(project=project, building=building, layout=layout, permit=permit, phase=phase),
        )
    world.rows.a.attic = build.building(world.rows.a.project, "9#", key="9")


def _people(world: World) -> None:
    a, b = world.rows.a.project, world.rows.b.project
    for role in Role:
        identity = {"department_head": "head"}.get(role.value, role.value)
        world.person(identity, role, a, "a")
    for identity, role in (("colleague", Role.SALESPERSON), ("second_marketing", Role.MARKETING),
                           ("second_supervisor", Role.SUPERVISOR)):  # fmt: skip
        world.person(identity, role, a, "a")
    for identity, role in (("other_supervisor", Role.SUPERVISOR), ("other_salesperson", Role.SALESPERSON),
                           ("other_specialist", Role.SPECIALIST)):  # fmt: skip
        world.person(identity, role, b, "b")
    world.rows.b_team = Team.objects.create(project=b, name=world.token("b"))
    world.rows.team = team = Team.objects.create(
        project=a, name=world.token("a.colleague"), lead=world.people["colleague"]
    )
    team.members.set([world.people["salesperson"], world.people["colleague"]])


def _unit(world: World, letter: str, category: str, floor: int, status: Status, by: str, **fields) -> Unit:
    where = getattr(world.rows, letter)
    total = world.price(category)
    fields = {
        "room": world.token(category),
        "number": world.token(category),
        "note": world.token(category),
        "status_reason": world.token(category),
        "list_total": total,
        "list_unit_price": (total / Decimal("118.40")).quantize(Decimal("0.01")),
        "floor_total": (floored := world.price(f"{letter}.floor" if letter == "a" else "b")),
        "floor_unit_price": (floored / Decimal("118.40")).quantize(Decimal("0.01")),
        "layout": where.layout,
        "orientation": "S",
        "no_discount": True,
        **fields,
    }
    row = build.unit(where.building, floor, by=world.people[by], status=status, **fields)
    row.note = world.token(category)
    return save_tracked(row, action="unit.change", by=world.people[by], fields=["note"])


def _units(world: World) -> None:
    rows, people = world.rows, world.people
    mine, colleague = people["salesperson"], people["colleague"]
    rows.mine = _unit(world, "a", "a.mine", 3, Status.AVAILABLE, "specialist", salesperson=mine)
    rows.named = _unit(world, "a", "a.mine", 4, Status.SUBSCRIBED, "specialist", salesperson=None)
    UnitInterest.objects.create(unit=rows.named, user=mine, kind="deal")
    UnitInterest.objects.create(unit=rows.mine, user=colleague, kind="enquiry", until=clock.now() - timedelta(days=1))
    rows.colleague = _unit(world, "a", "a.colleague", 11, Status.AVAILABLE, "specialist", salesperson=colleague)
    rows.held = _unit(world, "a", "a.colleague", 12, Status.HELD, "specialist", salesperson=colleague,
                      claim_ends_at=clock.now() + timedelta(hours=5))  # fmt: skip
    rows.sold = _unit(world, "a", "a.colleague", 13, Status.CONTRACTED, "specialist", salesperson=colleague)
    rows.free = _unit(world, "a", "a.colleague", 14, Status.AVAILABLE, "specialist", room="1402")
    rows.withheld = _unit(world, "a", "a.colleague", 15, Status.WITHHELD, "specialist", room="1502")
    rows.changing = _unit(world, "a", "a.colleague", 16, Status.AVAILABLE, "specialist", room="1602")
    rows.lapsed = _unit(world, "a", "a.colleague", 17, Status.AVAILABLE, "specialist", salesperson=colleague)
    UnitInterest.objects.create(unit=rows.lapsed, user=mine, kind="viewing", until=clock.now() - timedelta(minutes=1))
    rows.attic = _unit(world, "a", "a.colleague", 18, Status.AVAILABLE, "specialist", building=rows.a.attic)
    rows.draft = _unit(world, "a", "a.draft", 21, Status.DRAFT, "specialist", salesperson=mine)
    rows.foreign = _unit(world, "b", "b", 5, Status.AVAILABLE, "other_specialist", salesperson=None)
    rows.foreign_mine = _unit(world, "b", "b.mine", 6, Status.AVAILABLE, "other_specialist",
                              salesperson=people["other_salesperson"])  # fmt: skip
    for unit, category in ((rows.held, "a.colleague"), (rows.foreign, "b")):
        UnitLock.objects.create(unit=unit, kind=Lock.OPENING, reason=world.token(category), reference=world.token(category),
                                set_by=people["supervisor"])  # fmt: skip
        Unit.objects.filter(pk=unit.pk).update(locks=Lock.OPENING.value)
    UnitLock.objects.create(unit=rows.held, kind=Lock.FROZEN, reason=world.token("a.colleague"))
    Unit.objects.filter(pk=rows.held.pk).update(locks=f"{Lock.FROZEN.value},{Lock.OPENING.value}")


def _customers(world: World) -> None:
    """Name and note, with what stood there before, are for who may see the customer; the whole phone number for nobody."""
    people = world.people
    for name, letter, category, owner, by in (
        ("mine", "a", "a.mine", "salesperson", "specialist"), ("colleague", "a", "a.colleague", "colleague", "specialist"),
        ("foreign", "b", "b.mine", "other_salesperson", "other_specialist"),
    ):  # fmt: skip
        named = partial(world.token, f"{category}.named")
        row = customers.enter_customer(
            op_id=uuid4(), project=getattr(world.rows, letter).project, name=f"Guest {named()}", phone=world.phone("phone"),
            owner=people[owner], note=named(), by=people[by],
        )  # fmt: skip
        row.note = named()
        setattr(
            world.rows, f"customer_{name}", save_tracked(row, action="customer.change", by=people[by], fields=["note"])
        )
        _details(world, name, row, named, people[owner])


def _details(world: World, name: str, row: Customer, named, owner: User) -> None:
    """A further phone, a paper, the address (for nobody in full), wishes and a follow-up that is due."""
    phone = numbers.add_phone(customer=row, phone=world.phone("phone"), by=owner)
    paper = numbers.add_paper(customer=row, kind=PaperKind.PASSPORT, number=world.phone("phone"), by=owner)
    row.address, row.needs, row.layout = f"No. {world.token('phone')}", named(), named()
    save_tracked(row, action="customer.change", by=owner, fields=["address", "needs", "layout"])
    follow_ups.follow_up(op_id=uuid4(), customer=row, way=Way.PHONE, content=named(), next_on=clock.today(), by=owner)
    setattr(world.rows, f"phone_{name}", phone)
    setattr(world.rows, f"paper_{name}", paper)


def _claims(world: World) -> None:
    """In each project a hold, an open and an answered request, and who waits; in project A also a colleague's."""
    rows, people = world.rows, world.people
    for name, letter, category, seller, desk, floor in (
        ("mine", "a", "a.mine", "salesperson", "specialist", 31),
        ("colleague", "a", "a.colleague", "colleague", "specialist", 32),
        ("foreign", "b", "b.mine", "other_salesperson", "other_specialist", 33),
    ):
        mark, who, by = partial(world.token, category), people[seller], people[desk]
        project = getattr(rows, letter).project
        unit = _unit(world, letter, category, floor, Status.AVAILABLE, desk, salesperson=who)
        first, second = (_customer(world, project, f"{category}.named", who, by) for _one in range(2))
        terms = holds.Terms(first, who, mark(), Evidence.ID_SEEN)
        claim = holds.place_hold(op_id=uuid4(), unit_id=unit.pk, terms=terms, by=by)
        asked, answered = (_asked(project, second, who, mark()) for _one in range(2))
        requests.reject_request(op_id=uuid4(), number=answered.number, answer=mark(), by=by)
        wanted = rows.claim_mine.unit_id if name == "colleague" else unit.pk
        place = waiting.join(op_id=uuid4(), unit_id=wanted, customer=second, salesperson=who, note=mark(), by=by)
        quotation = _quotation(claim, mark, by)
        for kind, row in (("claim", claim), ("asked", asked), ("wait", place), ("quotation", quotation)):
            setattr(rows, f"{kind}_{name}", row)


def _subscriptions(world: World) -> None:
    """A draft with its checklist for each salesperson; who acts for the buyer is known to those who see the buyer's name."""
    rows, people = world.rows, world.people
    for name, letter, category, seller, desk, floor in (
        ("mine", "a", "a.mine", "salesperson", "specialist", 41),
        ("colleague", "a", "a.colleague", "colleague", "specialist", 42),
        ("foreign", "b", "b.mine", "other_salesperson", "other_specialist", 43),
    ):
        who, by, project = people[seller], people[desk], getattr(rows, letter).project
        unit = _unit(world, letter, category, floor, Status.AVAILABLE, desk, salesperson=who)
        buyer = _customer(world, project, f"{category}.named", who, by)
        agent = trades.Purchaser(
            buyer, agent_kind=AgentKind.AGENT, agent_name=world.token(f"{category}.named"), agent_number=world.phone("phone"),
            agent_phone=world.phone("phone"),
        )  # fmt: skip
        terms = subscriptions.Terms((agent,), who, SubscriptionKind.FULL, PaymentMethod.FULL, unit.list_total / 10)
        row = subscriptions.draw_up(op_id=uuid4(), unit_id=unit.pk, terms=terms, by=by)
        setattr(rows, f"subscription_{name}", row)
        setattr(rows, f"document_{name}", Document.every.filter(trade=row.trade).order_by("pk").first())


def _quotation(claim: Claim, mark, by: User) -> Quotation:
    terms = quoting.Terms(
        salesperson=claim.salesperson, customer=claim.customer, method=PaymentMethod.FULL, valid_until=clock.today(),
        special_percent=Decimal("1.00"), reason=mark(),
    )  # fmt: skip
    paper = SimpleUploadedFile(f"{re.search(r'zq[0-9]+k', mark())[0]}.pdf", b"%PDF-1.7\n%%EOF")
    return quotations.make_quotation(op_id=uuid4(), unit_id=claim.unit_id, terms=terms, upload=paper, by=by)


def _contracts(world: World) -> None:
    """In each project a subscription that is still to be contracted, a contract that is being drawn up, and a signed one; in
    project A also a colleague's."""
    rows, people = world.rows, world.people
    for name, letter, category, seller, desk, floor in (
        ("mine", "a", "a.mine", "salesperson", "specialist", 61),
        ("colleague", "a", "a.colleague", "colleague", "specialist", 62),
        ("foreign", "b", "b.mine", "other_salesperson", "other_specialist", 63),
    ):
        mark, who, by = partial(world.token, category), people[seller], people[desk]
        project, found = getattr(rows, letter).project, []
        for room in ("01", "02", "03"):
            unit = _unit(world, letter, category, floor, Status.AVAILABLE, desk, room=f"{floor}{room}", salesperson=who)
            buyer = _customer(world, project, f"{category}.named", who, by)
            found.append(subscribed(unit, buyer, who, by))
        drafted = contracts.make_contract(op_id=uuid4(), subscription=found[2].code, by=by)
        made = contracts.make_contract(op_id=uuid4(), subscription=found[1].code, by=by)
        draft = contracts.Draft(
            main_amount=made.total, decoration_amount=Decimal(0), supplement_amount=Decimal(0), vat_rate=Decimal(9),
            draft_no=mark(), online_no=mark(), pages=30, contents=tuple(Content.values), note=mark(),
        )  # fmt: skip
        edited = contracts.edit_draft(op_id=uuid4(), code=made.code, version=made.version, draft=draft, by=by)
        signing = contracts.Signing(clock.today(project.zone), mark(), Decimal(1000))
        contract = contracts.sign(op_id=uuid4(), code=made.code, version=edited.version, signing=signing, by=by)
        late = Milestone.every.get(contract=contract, kind=MilestoneKind.FILED)
        late.expected_on = clock.today(project.zone) - timedelta(days=1)
        save_tracked(late, action="contract.file", by=by, fields=["expected_on"])
        of_kind = {"subscribed": found[0], "drafted": drafted, "contract": contract, "trade": contract.trade}
        for kind, row in of_kind.items():
            setattr(rows, f"{kind}_{name}", row)


def _papers(world: World) -> None:
    """For each salesperson a trade with a paper that came back signed, and a quotation; in each project a template and blank forms."""
    rows, people = world.rows, world.people
    for name, letter, category, seller, desk, floor in (
        ("mine", "a", "a.mine", "salesperson", "specialist", 41),
        ("colleague", "a", "a.colleague", "colleague", "specialist", 42),
        ("foreign", "b", "b.mine", "other_salesperson", "other_specialist", 43),
    ):
        who, by = people[seller], people[desk]
        project = getattr(rows, letter).project
        unit = _unit(world, letter, category, floor, Status.AVAILABLE, desk, salesperson=who)
        buyer = _customer(world, project, f"{category}.named", who, by)
        trade = stock.subscribed(unit, buyer, who, by).trade
        made = papers.make(op_id=uuid4(), kind=sale.PaperKind.SUBSCRIPTION, trade=trade.number, by=by)
        scan = SimpleUploadedFile("scan.pdf", b"%PDF-1.7\n%%EOF " + name.encode())
        papers.attach_scan(op_id=uuid4(), paper=made, upload=scan, pages=2, complete=True, by=by)
        quotation = Quotation(
            project=project, unit=unit, customer=buyer, salesperson=who, method=PaymentMethod.FULL, area=unit.built_area,
            list_unit_price=unit.list_unit_price, list_total=unit.list_total, total=unit.list_total,
            unit_price=unit.list_unit_price, first_payment=unit.list_total, valid_until=date(2999, 1, 1), made_by=by,
        )  # fmt: skip
        save_tracked(quotation, action="quotation.make", by=by)
        for kind, row in (("bought", trade), ("printed", made), ("quoted", quotation)):
            setattr(rows, f"{kind}_{name}", row)
    for name, letter, category, void, keeper in (
        ("own", "a", "a.template", "a.colleague", "supervisor"), ("foreign", "b", "b", "b", "other_supervisor"),
    ):  # fmt: skip
        by, project = people[keeper], getattr(rows, letter).project
        upload = SimpleUploadedFile("letter.docx", defaults.template(sale.PaperKind.COVER))
        template = paper_templates.upload_template(
            op_id=uuid4(), project=project, kind=sale.PaperKind.COVER, upload=upload, note=world.token(category), by=by
        )
        setattr(rows, f"template_{name}", template)
        about = {"project": project, "kind": FormKind.RECEIPT, "first": "R001", "by": by}
        blanks.take_in(op_id=uuid4(), last="R003", taken_on=clock.today(project.zone), **about)
        blanks.mark(op_id=uuid4(), last="", state=FormState.VOID, reason=world.token(void), **about)


def _customer(world: World, project: Project, category: str, owner: User, by: User) -> Customer:
    row = Customer(project=project, name=world.token(category), owner=owner, entered_by=by)
    return save_tracked(row, action="customer.enter", by=by)


def _calls(world: World) -> None:
    """A call for each salesperson, with a draft before and a talking point in each project; every text is a token."""
    rows, people = world.rows, world.people
    for name, letter, category, seller, desk in (
        ("mine", "a", "a.mine", "salesperson", "specialist"), ("colleague", "a", "a.colleague", "colleague", "specialist"),
        ("foreign", "b", "b.mine", "other_salesperson", "other_specialist"),
    ):  # fmt: skip
        written = partial(_written, world, f"{category}.named", people[seller])
        project, by, sheet = getattr(rows, letter).project, people[desk], uuid4()
        calls.save_draft(sheet=sheet, project=project, content=written(), by=by)
        call = calls.log_call(op_id=uuid4(), sheet=sheet, project=project, content=written(), by=by)
        setattr(rows, f"call_{name}", call)
    project, by = rows.a.project, people["specialist"]
    rows.call_draft = calls.save_draft(sheet=uuid4(), project=project, content=_written(world, "a.call"), by=by)
    for name, letter, category, since in (
        ("point", "a", "a", date(2026, 1, 1)), ("point_later", "a", "a.talk", date(2999, 1, 1)),
        ("point_foreign", "b", "b.open", date(2026, 1, 1)),
    ):  # fmt: skip
        keeper = people["supervisor" if letter == "a" else "other_supervisor"]
        where = getattr(rows, letter).project
        values = {"kind": "FACT", "title": world.token(category), "text": world.token(category), "valid_from": since}
        setattr(rows, name, talk.write_point(project=where, valid_until=None, by=keeper, **values))


def _written(world: World, category: str, seller: User | None = None) -> calls.Content:
    mark = partial(world.token, category)
    return calls.Content(
        phone=world.phone("phone"), caller=mark(), layout=mark(), needs=mark(), asked=mark(), answered=mark(),
        salesperson=seller, rings="2",
    )  # fmt: skip


def _asked(project: Project, customer: Customer, by: User, reason: str) -> HoldRequest:
    return requests.ask_for_hold(op_id=uuid4(), project=project, unit_id=None, wish=requests.Wish(floor_from=2),
                                 customer=customer, reason=reason, by=by)  # fmt: skip


def attach(name: str, content: bytes, content_type: str, by: User, level: str = Level.INTERNAL) -> Attachment:
    """A kept file without the reading that guards the way in."""
    row = Attachment(name=name, content_type=content_type, size=len(content), sha256=hashlib.sha256(content).hexdigest(),
                     level=level, uploaded_by=by)  # fmt: skip
    path = files.path_of(row)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    if content_type.startswith("image/"):
        path.with_name(row.sha256 + pictures.SMALL).write_bytes(content)
    row.save()
    return row


def _picture(number: int) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (4, 4), (number % 256, number // 256, 7)).save(stream, "PNG")
    return stream.getvalue()


def _files(world: World) -> None:
    rows, specialist = world.rows, world.people["specialist"]
    for number, (name, category, target) in enumerate((
        ("mine", "a.mine", {"unit": rows.mine}), ("colleague", "a.colleague", {"unit": rows.colleague}),
        ("layout", "a", {"layout": rows.a.layout}), ("draft", "a.draft", {"unit": rows.draft}),
        ("foreign", "b", {"unit": rows.foreign}), ("foreign_layout", "b", {"layout": rows.b.layout}),
    )):  # fmt: skip
        plan = attach(f"{world.token(category)}.png", _picture(number), "image/png", specialist)
        paper = attach(
            f"{world.token(category)}.pdf",
            f"%PDF-1.4 {world.token(category)} %%EOF".encode(),
            "application/pdf",
            specialist,
        )
        for kind, file in (("FLOOR_PLAN", plan), ("FILE", paper)):
            row = Material(**target, kind=kind, title=world.token(category), file=file, added_by=specialist)
            setattr(rows, f"material_{name}_{kind.lower()}", save_tracked(row, action="material.add", by=specialist))


def _workbook(*rows: Sequence[str], title: str = "Prices") -> bytes:
    book = Workbook()
    book.active.title = re.sub(r"[\[\]:*?/\\]", " ", title)[:31]
    for row in rows:
        book.active.append(list(row))
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _batch(world: World, name: str, letter: str, category: str, by: str, state: BatchState) -> ListingBatch:
    subject = {"marketing": "a.request.marketing"}.get(name, category)  # what is submitted is the subject of a request
    who = world.people[by]
    xlsx = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    file = attach(f"{world.token(category)}.xlsx", _workbook([world.token(category)]), xlsx, who, Level.CONFIDENTIAL)
    outcome = {"counts": {"new": 1, "changed": 0, "unchanged": 0, "refused": 1}}
    row = ListingBatch(project=getattr(world.rows, letter).project, number=world.token(subject), title=world.token(subject),
                       note=world.token(category), file=file, made_by=who, state=state, progress=100, outcome=outcome)  # fmt: skip
    setattr(world.rows, f"batch_{name}", save_tracked(row, action="batch.enter", by=who))
    return row


def _line(world: World, batch: ListingBatch, category: str, **fields) -> None:
    BatchLine.objects.create(batch=batch, row=4, sheet=world.token(category), label=world.token(category), **fields)


def _batches(world: World) -> None:
    rows = world.rows
    for name, letter, category, by in (
        ("marketing", "a", "a.batch.marketing", "marketing"), ("desk", "a", "a.batch.desk", "specialist"),
        ("second", "a", "a.batch.desk", "second_marketing"), ("foreign", "b", "b", "other_specialist"),
    ):  # fmt: skip
        batch = _batch(world, name, letter, category, by, BatchState.DRAFT)
        unit_category = "a.handed" if name == "marketing" else "a.draft" if letter == "a" else "b"
        unit = _unit(world, letter, unit_category, 22 + len(name), Status.DRAFT, by, batch=batch)
        setattr(rows, f"handed_{name}", unit)
        _line(world, batch, category, kind="NEW", state="ENTERED", unit=unit, unit_version=1, after={"note": unit.note})
    review.submit_batch(
        batch=rows.batch_marketing, by=world.people["marketing"], note=world.token("a.request.marketing")
    )
    _preview(world)
    _batch(world, "mapping", "a", "a.batch.desk", "specialist", BatchState.MAPPING)


def _preview(world: World) -> None:
    """A file that was really read: one row that can be taken over, one with a problem."""
    mark, who = partial(world.token, "a.batch.marketing"), world.people["marketing"]
    rows = [["3#", "31", mark(), "118.40", "2706624", mark()], ["3#", "32", mark(), mark(), "2706624", mark()]]
    book = _workbook(["楼栋", "楼层", "房号", "建筑面积", "总价", "备注"], *rows, title=mark())
    upload = SimpleUploadedFile(f"{mark()}.xlsx", book)
    batch = imports.submit_file(project=world.rows.a.project, upload=upload, by=who, title=mark(), note=mark())
    batch.number = mark()
    save_tracked(batch, action="batch.number", by=who, fields=["number"])
    world.rows.batch_preview = imports.read_batch(batch_id=batch.pk)
    assert world.rows.batch_preview.state == BatchState.PREVIEW


def _price_list(world: World, name: str, letter: str, category: str, by: str, kind: str, unit: Unit) -> PriceList:
    who = world.people[by]
    access = access_of(who)
    row = prices.create_price_list(
        project=getattr(world.rows, letter).project, kind=kind, title=world.token(category), reason=world.token(category),
        effective_from=clock.now() + timedelta(days=2), by=who, visible=units_visible_to(access), unit_ids=[unit.pk],
    )  # fmt: skip
    row.number = world.token(category)
    save_tracked(row, action="price_list.number", by=who, fields=["number"])
    line = row.lines.get()
    line.note, line.unit_price, line.total = world.token(category), Decimal("61234.00"), world.price(category)
    line.save(update_fields=["note", "unit_price", "total"])
    setattr(world.rows, f"prices_{name}", row)
    return row


def _prices(world: World) -> None:
    rows, people = world.rows, world.people
    _price_list(world, "desk", "a", "a.request", "specialist", "LIST", rows.free)
    _price_list(world, "floor", "a", "a.price.floor", "supervisor", "FLOOR", rows.free)
    _price_list(world, "foreign", "b", "b", "other_specialist", "LIST", rows.foreign)
    for name, letter, category, by in (
        ("draft", "a", "a.discount.draft", "specialist"), ("marketing", "a", "a.price.marketing", "marketing"),
        ("open", "a", "a", "specialist"), ("foreign", "b", "b", "other_specialist"),
    ):  # fmt: skip
        terms = discounts.Terms(name=world.token(category), kind="PERCENT", percent=Decimal(2), amount=None,
                                valid_from=date(2026, 1, 1), valid_to=None, conditions=world.token(category))  # fmt: skip
        asked = {"a.discount.draft": "a.request", "a.price.marketing": "a.request.marketing", "a": "a.request"}
        policy = discounts.propose_discount(project=getattr(rows, letter).project, terms=terms, by=people[by],
                                            reason=world.token(asked.get(category, "b")))  # fmt: skip
        setattr(rows, f"discount_{name}", policy)
    open_request = approvals.Approval.objects.get(target_id=rows.discount_open.pk, kind__startswith="discount")
    approvals.decide(approval_id=open_request.pk, by=people["supervisor"], agree=True, comment=world.token("a.request"))
    rows.discount_open = DiscountPolicy.objects.get(pk=rows.discount_open.pk)


def _requests(world: World) -> None:
    rows, people = world.rows, world.people
    specialist = people["specialist"]
    seen = units_visible_to(access_of(specialist))
    rows.change = changes.request_change(unit_id=rows.changing.pk, visible=seen, values={"orientation": "N"},
                                         version=rows.changing.version, reason=world.token("a.request"), by=specialist)  # fmt: skip
    release.release_units(project=rows.a.project, unit_ids=[rows.withheld.pk], visible=seen,
                          reason=world.token("a.request"), by=specialist)  # fmt: skip
    foreign = people["other_specialist"]
    theirs = Unit.objects.filter(pk=rows.foreign_mine.pk)
    Unit.objects.filter(pk=rows.foreign_mine.pk).update(room="602")
    rows.foreign_change = changes.request_change(unit_id=rows.foreign_mine.pk, visible=theirs, values={"orientation": "N"},
                                                 version=rows.foreign_mine.version, reason=world.token("b"), by=foreign)  # fmt: skip
    rows.handed_request = approvals.Approval.objects.get(target_id=rows.batch_marketing.pk, kind__startswith="listing")


def _house(world: World) -> None:
    rows, people = world.rows, world.people
    now = clock.now()
    rows.deputy = deputies.name_deputy(by=people["supervisor"], project_id=rows.a.project.pk, deputy=people["finance"],
                                       starts_at=now + timedelta(days=4), ends_at=now + timedelta(days=5),
                                       reason=world.token("a.deputy"))  # fmt: skip
    rows.account_request = accounts.propose_active(by=people["administrator"], user=people["second_marketing"], active=False,
                                                   reason=world.token("a.account"))  # fmt: skip
    newcomer = build.user(name="Newcomer")
    rows.one_time = passwords.make_link(user=newcomer, by=None)
    rows.session = Session.objects.create(
        session_key="x" * 32, user=people["colleague"], session_data="", expire_date=now + timedelta(hours=1)
    )
    rows.holiday = Holiday.objects.create(day=date(2027, 3, 3), name=world.token("company"))
    for identity, person in list(people.items()):
        Notice.objects.create(
            to=person, code="deputy.ended", params={"by": "001", "deputy": "002", "project": "003"}, key=f"n-{identity}"
        )
    rows.spent = OutboxMessage.objects.create(topic="import.read", payload={"note": world.token("a.payload")}, attempts=5,
                                              given_up_at=now, error=f"ValueError: {world.token('a.payload')}")  # fmt: skip
    rows.operation = Operation.objects.create(op_id=uuid4(), action="claim.hold", fingerprint="0", by=people["specialist"],
                                              reference={"claim": world.token("a.operation")})  # fmt: skip
    rows.notice = Notice.objects.get(to=people["salesperson"], key="n-salesperson")
    rows.foreign_notice = Notice.objects.get(to=people["colleague"], key="n-colleague")
    _ways(world)


def _ways(world: World) -> None:
    """Robots of two people and of both projects' chats; whoever had their addresses could write there, so no page shows them."""
    people, a, b = world.people, world.rows.a.project, world.rows.b.project
    for by, whose in (
        ("salesperson", {"user": people["salesperson"]}), ("colleague", {"user": people["colleague"]}),
        ("supervisor", {"project_id": a.pk}), ("other_supervisor", {"project_id": b.pk}),
    ):  # fmt: skip
        world._count += 1
        secret = f"zq{world._count:04d}k"
        world.tokens["phone"].add(secret)
        address = f"https://open.feishu.cn/open-apis/bot/v2/hook/{secret}-9876"
        way = outside.way_of(WayKind.ROBOT, **whose)
        outside.set_up(way=way, address=address, groups=[], test=False, by=people[by])


def _stops_and_grants(world: World) -> None:
    """Sales stopped where the salesperson has no unit, and in all of B; looks at units beyond one's rights, asked and granted."""
    rows, people = world.rows, world.people
    rows.stop = stops.stop_sales(op_id=uuid4(), project=rows.a.project, building=rows.a.attic,
                                 reason=world.token("a.colleague"), by=people["second_supervisor"])  # fmt: skip
    rows.foreign_stop = stops.stop_sales(op_id=uuid4(), project=rows.b.project, reason=world.token("b.open"),
                                         by=people["other_supervisor"])  # fmt: skip
    rows.access_request = grants.request_access(project=rows.a.project, number=world.token("a.access"), hours=24,
                                                purpose=world.token("a.access"), by=people["colleague"])  # fmt: skip
    for name, who, unit, category in (
        ("colleague", "colleague", rows.free, "a.access"), ("mine", "salesperson", rows.mine, "a.mine"),
        ("foreign", "other_salesperson", rows.foreign_mine, "b.mine"),
    ):  # fmt: skip
        grant = AccessGrant(user=people[who], unit=unit, purpose=world.token(category), since=clock.now(),
                            until=clock.now() + timedelta(hours=24))  # fmt: skip
        setattr(rows, f"grant_{name}", save_tracked(grant, action="access.grant", by=people["supervisor"]))


def _displays(world: World) -> None:
    """A screen of project A and one of B; and one of a show project without canaries, which nobody has to sign in to see."""
    rows, people = world.rows, world.people
    for name, letter, by in (("display", "a", "supervisor"), ("display_foreign", "b", "other_supervisor")):
        project, title = getattr(rows, letter).project, world.token(f"{letter}.private")
        row, _secret = displays.add_display(project=project, name=title, prices=False, by=people[by])
        setattr(rows, name, row)
    show = build.project("SHOW", name="Show")
    build.unit(build.building(show, "1#"), 3, by=people["specialist"], number="1-302")
    keeper = build.user(Role.SUPERVISOR, show, name="Keeper")
    _open, rows.display_secret = displays.add_display(project=show, name="Hall", prices=False, by=keeper)
    dark, rows.display_revoked = displays.add_display(project=show, name="Stairs", prices=False, by=keeper)
    displays.revoke_display(display=dark, by=keeper)


def _viewings(world: World) -> None:
    """In each project a viewing that was moved once, with what is said of it; in A also a colleague's. A calendar without canaries."""
    rows, people = world.rows, world.people
    for name, letter, category, seller, desk, unit in (
        ("mine", "a", "a.mine", "salesperson", "specialist", rows.mine),
        ("colleague", "a", "a.colleague", "colleague", "specialist", rows.colleague),
        ("foreign", "b", "b.mine", "other_salesperson", "other_specialist", rows.foreign_mine),
    ):
        mark, who, by = partial(world.token, category), people[seller], people[desk]
        project, guest = getattr(rows, letter).project, getattr(rows, f"customer_{name}")
        tomorrow = clock.today(project.zone) + timedelta(days=1)
        start = roster.at(project, tomorrow, time(10))
        plan = viewings.Plan(customer=guest, salesperson=who, starts_at=start, units=[unit], note=mark())
        row = viewings.book_viewing(op_id=uuid4(), project=project, plan=plan, by=by)
        row = viewings.move_viewing(
            viewing=row, starts_at=start + timedelta(hours=2), salesperson=who, reason=mark(), by=by
        )
        row.outcome = mark()
        save_tracked(row, action="viewing.outcome", by=by, fields=["outcome"])
        item = row.items.get()
        item.feedback = mark()
        save_tracked(item, action="viewing.outcome", by=by, fields=["feedback"])
        setattr(rows, f"viewing_{name}", row)
    keeper = build.user(Role.SALESPERSON, Project.objects.get(code="SHOW"), name="Planner")
    rows.calendar_revoked, rows.calendar_secret = (calendars.make_calendar(by=keeper) for _each in range(2))


def _erasures(world: World) -> None:
    """Of each salesperson's customers one whose erasure is asked for, one whom the clock proposes, and one who is erased: the
    name of that one is for nobody."""
    rows, people = world.rows, world.people
    for name, letter, category, seller, desk in (
        ("mine", "a", "a.mine", "salesperson", "specialist"), ("colleague", "a", "a.colleague", "colleague", "specialist"),
        ("foreign", "b", "b.mine", "other_salesperson", "other_specialist"),
    ):  # fmt: skip
        project, by, owner = getattr(rows, letter).project, people[desk], people[seller]
        asked, proposed, gone = (
            _customer(world, project, kind, owner, by) for kind in (f"{category}.named", f"{category}.named", "erased")
        )
        setattr(rows, f"erasure_{name}", _asked_erasure(world, letter, asked, by))
        erasure = Erasure(project=project, customer=proposed, number=world.code(f"{letter}.erasure"), why="TERM",
                          state="PROPOSED", due_on=clock.today())  # fmt: skip
        save_tracked(erasure, action="erasure.propose", by=None)
        done = _asked_erasure(world, letter, gone, by)
        decider = people["supervisor" if letter == "a" else "other_supervisor"]
        approvals.decide(approval_id=done.approval_id, by=decider, agree=True, comment=world.token("erased"))
        setattr(rows, f"gone_{name}", gone)


def _asked_erasure(world: World, letter: str, customer: Customer, by: User) -> Erasure:
    row = erasures.ask(customer=customer, why="WISH", wished_on=clock.today(), by=by)
    row.number = world.code(f"{letter}.erasure")
    return save_tracked(row, action="erasure.number", by=by, fields=["number"])


def _visits(world: World) -> None:
    """A visit of each salesperson's customer; every text is a token."""
    rows, people = world.rows, world.people
    for name, letter, category, seller, desk in (
        ("mine", "a", "a.mine", "salesperson", "specialist"), ("colleague", "a", "a.colleague", "colleague", "specialist"),
        ("foreign", "b", "b.mine", "other_salesperson", "other_specialist"),
    ):  # fmt: skip
        texts = ("home_area", "work_area", "occupation", "use", "factors", "objections", "note", "layout", "needs")
        said = {text: world.token(f"{category}.named") for text in texts}
        report = visits.Report(customer=getattr(rows, f"customer_{name}"), salesperson=people[seller], said=said)
        project = getattr(rows, letter).project
        row = visits.log_visit(op_id=uuid4(), project=project, report=report, by=people[desk])
        setattr(rows, f"visit_{name}", row)


def _reception(world: World) -> None:
    """A pre-report of each salesperson's customer, with what the desk noted of whoever is out."""
    rows, people = world.rows, world.people
    for name, letter, category, seller, desk, noted in (
        ("mine", "a", "a.mine", "salesperson", "specialist", "a.call"),
        ("colleague", "a", "a.colleague", "colleague", "specialist", "a.call"),
        ("foreign", "b", "b.mine", "other_salesperson", "other_specialist", "b"),
    ):  # fmt: skip
        mark, project, by = partial(world.token, f"{category}.named"), getattr(rows, letter).project, people[desk]
        announced = pre_reports.Announcement(
            agency=mark(), agent_name=mark(), agent_phone=world.phone("phone"), name=mark(),
            phone=getattr(rows, f"customer_{name}").phone,
        )  # fmt: skip
        row = pre_reports.enter_report(op_id=uuid4(), project=project, announced=announced, by=by)
        setattr(rows, f"report_{name}", row)
        rotation.go_out(
            op_id=uuid4(), project=project, salesperson=people[seller], reason="OTHER", note=world.token(noted), by=by
        )


def _intakes(world: World) -> None:
    """A list of customers that was really read: one row that can be taken over, one refused; and one of project B."""
    rows, people = world.rows, world.people
    for name, letter, category, desk in (
        ("preview", "a", "a.batch.desk", "specialist"), ("foreign", "b", "b", "other_specialist"),
    ):  # fmt: skip
        mark = partial(world.token, category)
        entries = [[mark(), world.phone(category), mark(), mark()], [mark(), mark(), "", mark()]]
        upload = SimpleUploadedFile(
            f"{mark()}.xlsx", _workbook(["客户姓名", "联系电话", "地址", "备注"], *entries, title=mark())
        )
        project = getattr(rows, letter).project
        row = intake.submit_file(project=project, content="CUSTOMERS", upload=upload, by=people[desk], note=mark())
        row.number = mark()
        save_tracked(row, action="intake.number", by=people[desk], fields=["number"])
        row = intake.read_intake(intake_id=row.pk)
        assert row.outcome["counts"]["new"] == row.outcome["counts"]["refused"] == 1
        setattr(rows, f"intake_{name}", row)


def _past_sales(world: World) -> None:
    """A file of past sales that was really read: one sale that can be taken over, one refused; and one of project B."""
    rows, people = world.rows, world.people
    for name, letter, category, desk in (
        ("preview", "a", "a.past", "supervisor"), ("foreign", "b", "b", "other_supervisor"),
    ):  # fmt: skip
        mark = partial(world.token, category)
        entries = [
            ["77", "7", "701", "100", "2000000", "2025-03-10", mark(), mark()],
            ["77", "7", mark(), "100", "2000000", "2025-03-10", mark(), mark()],
            ["77", "7", "703", "100", mark(), "2025-03-10", mark(), mark()],
        ]
        heads = ["楼栋", "楼层", "房号", "建筑面积", "成交总价", "签约日期", "合同编号", "买受人"]
        upload = SimpleUploadedFile(f"{mark()}.xlsx", _workbook(heads, *entries, title=mark()))
        project = getattr(rows, letter).project
        row = past_sales.submit_file(project=project, upload=upload, create_units=True, by=people[desk], note=mark())
        row.number = world.code(category)
        save_tracked(row, action="past_sales.number", by=people[desk], fields=["number"])
        row = past_sales.read_import(import_id=row.pk)
        assert row.outcome["counts"]["refused"]
        setattr(rows, f"past_{name}", row)


def _changes(world: World) -> None:
    """In each project a change of a sale that waits for its approvals; in project A also a colleague's."""
    rows, people = world.rows, world.people
    for name, letter, category, seller, desk, floor in (
        ("mine", "a", "a.mine", "salesperson", "specialist", 71),
        ("colleague", "a", "a.colleague", "colleague", "specialist", 72),
        ("foreign", "b", "b.mine", "other_salesperson", "other_specialist", 73),
    ):
        mark, who, by = partial(world.token, category), people[seller], people[desk]
        project = getattr(rows, letter).project
        unit = _unit(world, letter, category, floor, Status.AVAILABLE, desk, salesperson=who)
        buyer = _customer(world, project, f"{category}.named", who, by)
        sale = subscribed(unit, buyer, who, by, deposit=world.price(category))
        money = Money(paid=world.price(category), penalty_due=Decimal(100))
        entry = Entry(ChangeKind.REFUND, ChangeCause.OTHER, mark(), money, waiver=mark(), documents=mark(),
                      form_signed=True)  # fmt: skip
        change = sale_changes.request_change(op_id=uuid4(), trade=sale.trade.number, entry=entry, by=by)
        setattr(rows, f"change_{name}", sale_changes.submit(op_id=uuid4(), code=change.code, by=by))


def _areas(world: World) -> None:
    """In each project a list of surveyed areas that waits for its approvals."""
    rows, people = world.rows, world.people
    for name, letter, category, seller, desk, floor in (
        ("own", "a", "a.colleague", "colleague", "specialist", 74),
        ("foreign", "b", "b.mine", "other_salesperson", "other_specialist", 75),
    ):
        who, by, project = people[seller], people[desk], getattr(rows, letter).project
        unit = _unit(world, letter, category, floor, Status.AVAILABLE, desk, salesperson=who)
        stock.contracted(unit, _customer(world, project, f"{category}.named", who, by), who, by)
        batch = area_batches.request_batch(
            op_id=uuid4(), project=project, title=world.token(category), reason=world.token(category), keeps=[],
            rows=[area_batches.Row("Row 2", unit.pk, Decimal("118.00"))], by=by,
        )  # fmt: skip
        setattr(rows, f"areas_{name}", batch)
