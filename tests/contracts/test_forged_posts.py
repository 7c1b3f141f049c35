"""Forged POSTs: every action × every state × every role, sent straight and garbled, without a page looked at (B16.13; abuse 7).

What must happen is read from `forged.py`, which is written by hand from the specification. What is illegal is refused by the rule that
forbids it, in words, and changes nothing; what is legal makes exactly the moves of the table.
"""

import hashlib
import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.http import Http404
from django.test import Client, RequestFactory
from django.urls import resolve, reverse
from lxml import html

from inventory.models import UnitEvent
from inventory.states import CLAIM_TABLE, TRADE_TABLE
from salescontrol.core import navigation
from salescontrol.core.access import access_of
from salescontrol.core.errors import Forbidden, NotVisible
from salescontrol.core.models import Operation
from salescontrol.core.permissions import Permission as P
from security.roles import permissions_of
from tests.contracts.forged import ACTS, CHANGES, Act, arguments
from tests.contracts.forging import NOUNS, ROLES, Office, Thing, furnish
from tests.crawl import BACKEND, WRITE, Stage, patterns, quiet

pytestmark = pytest.mark.django_db
# What a refused form may leave: its answer (decisions 19), who tried, and that the session was seen.
RECORDS = {"core_operation", "core_auditevent", "security_session"}
TABLES = {**CLAIM_TABLE, **TRADE_TABLE}
FORBIDDEN = {"four_eyes", "not_author", "wrong_role", "forbidden"}
ROLE = "Your role does not include this. Ask your supervisor if you need it."
NOWHERE = "There is nothing at this address, or it is not yours to see."


@dataclass
class Answer:
    """What came back, which rule the operation names, and what it did."""

    status: int
    to: str
    told: str
    rule: str
    message: str
    moves: list[tuple[str, str, str]]
    state: str
    changed: set[str]
    error: str


class Forger:
    """Posts in a savepoint that is rolled back, so that every case finds the office as it was."""

    def __init__(self) -> None:
        self.office = Office()
        self.office.free = self.office.room().unit
        self.office.things = self.things = furnish(self.office)
        self.browsers = {name: Client(raise_request_exception=False) for name in ROLES}
        for name, person in self.office.people.items():
            self.browsers[name].force_login(person, backend=BACKEND)
        self.accesses = {name: access_of(person) for name, person in self.office.people.items()}
        self.last = UnitEvent.every.latest("pk").pk
        self.before = self.digest()

    def digest(self) -> dict[str, str]:
        """Every table of the business with all its rows in one figure."""
        models = [
            model for app in ("contracts", "inventory", "enquiries") for model in apps.get_app_config(app).get_models()
        ]
        tables = {model._meta.db_table for model in models} | {"core_approval", "core_approvaldecision", "core_notice"}
        found = {}
        with connection.cursor() as cursor:
            for table in tables:
                cursor.execute(f'SELECT * FROM "{table}" ORDER BY 1')
                found[table] = hashlib.sha256(repr(cursor.fetchall()).encode()).hexdigest()
        return found

    def changed(self, written: set[str]) -> set[str]:
        """The tables that are not as they were, if anything was written at all: what was written may have been rolled back."""
        return {table for table, figure in self.digest().items() if figure != self.before[table]} if written else set()

    def post(self, who: str, act: Act, thing: Thing, data: dict, *, legal: bool = False, code: str = "") -> Answer:
        path = reverse(act.name, kwargs={"code": code or self.office.a.code, **arguments(act, thing)}) + act.query
        data = {"op_id": str(uuid.uuid4()), **data}
        written: set[str] = set()

        def note(execute, sql, params, many, context):
            if match := WRITE.match(sql):
                written.add(match[2])
            return execute(sql, params, many, context)

        browser = self.browsers[who]
        kept = {name: morsel.value for name, morsel in browser.cookies.items()}
        with transaction.atomic():
            with connection.execute_wrapper(note):
                response = browser.post(path, data)
            op_id = data["op_id"][-1] if isinstance(data["op_id"], list) else data["op_id"]
            done = Operation.objects.filter(op_id=op_id).first() if _is_uuid(op_id) else None
            events = UnitEvent.every.filter(pk__gt=self.last).order_by("pk")
            answer = Answer(
                status=response.status_code, to=response.headers.get("Location", ""), told=told(response),
                rule=done.code if done else "", message=done.message if done else "",
                moves=[(event.action, event.from_status, event.to_status) for event in events],
                state=self.state_of(thing), changed=self.changed(written - RECORDS) if not legal else set(),
                error=repr(response.exc_info[1]) if getattr(response, "exc_info", None) else "",
            )  # fmt: skip
            transaction.set_rollback(True)
        browser.cookies.clear()
        browser.cookies.load(kept)
        return answer

    def knock(self, who: str, act: Act, thing: Thing, data: dict, *, legal: bool = False) -> Answer:
        """The same at the view itself, for whoever is to be turned away there."""
        path = reverse(act.name, kwargs={"code": self.office.a.code, **arguments(act, thing)})
        request = RequestFactory().post(path + act.query, {"op_id": str(uuid.uuid4()), **data})
        request.user, request.session, match = self.office.people[who], {}, resolve(path)
        request.access, request.resolver_match = self.accesses[who], match
        answer = Answer(status=0, to="", told="", rule="", message="", moves=[], state="", changed=set(), error="")
        with transaction.atomic():
            try:
                answer.status = match.func(request, *match.args, **match.kwargs).status_code
            except (Http404, NotVisible):
                answer.status, answer.told = 404, NOWHERE
            except Forbidden as refusal:
                answer.status, answer.told = 403, str(refusal.message)
            transaction.set_rollback(True)
        return answer

    def state_of(self, thing: Thing) -> str:
        model = type(thing.row)
        rows = getattr(model, "every", model.objects)
        return getattr(rows.get(pk=thing.row.pk), "state", "")


def _is_uuid(text: Any) -> bool:
    try:
        return bool(uuid.UUID(str(text)))
    except ValueError:
        return False


def told(response) -> str:
    """What a page says in refusal: on top of the form, at its fields, or as its sentence."""
    if not response.content or "html" not in response.headers.get("Content-Type", ""):
        return ""
    page = html.fromstring(response.content.decode())
    where = "//*[contains(@class,'message error')]" if response.status_code < 400 else (
        "//*[contains(@class,'message error') or contains(@class,'errorlist')"
        + (" or @class='sentence'" if response.status_code in (403, 404) else "") + "]"
    )  # fmt: skip
    return " ".join(" ".join(part.text_content().split()) for part in page.xpath(where))


@pytest.fixture(scope="module")
def stage(django_db_setup, django_db_blocker) -> Iterator[tuple[Forger, Any]]:
    """The office of this module; everything is rolled back at its end."""
    with django_db_blocker.unblock(), Stage() as opened:
        forger = Forger()
        opened.settle()
        yield forger, opened.folder.name


@pytest.fixture
def forger(stage, settings, monkeypatch) -> Iterator[Forger]:
    """With no rail around the answers: nobody reads it here, and to count what stands beside it takes most of the time."""
    settings.MEDIA_ROOT = stage[1]
    monkeypatch.setattr(navigation, "entries", lambda *args, **kwargs: [])
    with quiet():
        yield stage[0]


# ---------------------------------------------------------------- the oracle


def rights(who: str) -> frozenset[P]:
    return permissions_of(ROLES[who])


def sees(who: str, act: Act, state: str) -> bool:
    """Whether the address shows this person anything: the desk all of its project, a salesperson their own (R6.4, B16.5)."""
    held = rights(who)
    if P.PROJECT_SEE not in held:
        return False
    if act.noun == "unit":
        own = who == "salesperson" or (who == "colleague" and state == "held_other")
        return P.UNIT_SEE_ALL in held or (P.UNIT_SEE_OWN in held and own)
    if act.noun == "import":
        return P.SALES_IMPORT in held
    if act.noun in ("project", "blank", "template"):
        return True
    return P.CLAIM_SEE_ALL in held or (P.CLAIM_SEE_OWN in held and who == "salesperson")


def expected(who: str, act: Act, state: str) -> str:
    """`sign_in`, `nowhere`, `role`, the rule that refuses, or nothing where it is legal."""
    if who == "anonymous":
        return "sign_in"
    if not sees(who, act, state):
        return "nowhere"
    if not rights(who) & set(act.right):
        return "role"
    few, rule = act.only.get(state, (None, ""))
    return act.rule(state) if few is None or who in few else rule


def faults(answer: Answer, rule: str, act: Act, state: str) -> Iterator[str]:
    """What is wrong with an answer, given the rule that must refuse the request."""
    if answer.status >= 500:
        yield f"failed: {answer.error}"
    if not rule:
        if answer.status != 302 or answer.told:
            yield f"refused although legal: {answer.told}"
        names = [action for action, _from, _to in answer.moves]
        if names != list(act.legal[state]):
            yield f"moved {names}, not {act.legal[state]}"
        for action, start, end in answer.moves:
            if start not in TABLES[action].sources or end != TABLES[action].target:
                yield f"{action} from {start} to {end} is not in the table"
        if act.after and answer.state != act.after:
            yield f"{answer.state} afterwards, not {act.after}"
        return
    if answer.changed or answer.moves:
        yield f"changed something: {answer.changed} {answer.moves}"
    wanted = {"sign_in": (302,), "nowhere": (404,), "role": (403,), "led_back": (302,)}.get(rule)
    if rule.split()[0] in FORBIDDEN:
        wanted = (403, 422) if act.name == "sales:change_release" else (403,)
    if answer.status not in (wanted or (409, 422)):
        yield f"status, not {wanted or '409 or 422'}"
    if rule == "sign_in" and not answer.to.startswith("/sign-in/"):
        yield f"sent to {answer.to}"
    if rule in ("nowhere", "role") and answer.told != {"nowhere": NOWHERE, "role": ROLE}[rule]:
        yield "does not say so"
    if rule in ("sign_in", "nowhere", "role", "led_back"):
        return
    if act.recorded and answer.rule not in rule.split():
        yield f"refused by “{answer.rule}”, not by “{rule}”"
    if len(answer.told.split()) < 4 or answer.told.strip(" .") in ("Forbidden", "Not found"):
        yield "names no rule"


def askers(act: Act) -> list[str]:
    """Everybody; whoever has the same role as somebody else only where the person matters."""
    if act.only or act.noun == "change":
        return list(ROLES)
    specialists = bool(rights("specialist") & set(act.right))
    return [who for who in ROLES if who not in ("second", "deputy" if specialists else "")]


def cases() -> Iterator[tuple[Act, str]]:
    for act in ACTS:
        for state in NOUNS[act.noun]:
            yield act, state


# ---------------------------------------------------------------- what is covered

# A list of surveyed areas is about many sales at once (tests/contracts/test_area_batches.py).
ELSEWHERE = {f"sales:area_batch_{word}" for word in ("new", "withdraw", "execute", "letters")}


def posted() -> set[str]:
    """Every address of a sale that takes a POST, from the resolver itself."""
    found = set()
    for name, parameters in patterns().items():
        if name.partition(":")[0] in ("sales", "contracts"):
            sample = {"code": "X", "pk": 1, "kind": "x"}
            values = {parameter: sample.get(parameter, "x") for parameter in parameters}
            view = resolve(reverse(name, kwargs=values)).func.view_class
            if hasattr(view, "post") and "post" in view.http_method_names:
                found.add(name)
    return found


def test_every_address_of_a_sale_that_takes_a_post_is_forged():
    assert {act.name for act in ACTS} == posted() - ELSEWHERE


def test_the_oracle_knows_every_state_and_agrees_with_the_tables():
    """Every state of a noun is legal or has its rule; a move needs the right that the table of transitions asks for."""
    for act in ACTS:
        assert set(act.legal) | set(act.refused) | set(act.only) <= set(NOUNS[act.noun]), str(act)
        assert all(state in act.legal or act.rule(state) for state in NOUNS[act.noun]), str(act)
        for moves in act.legal.values():
            # That a hold ran out is written down by whoever comes next, without a right of their own (decisions 14).
            assert {TABLES[move].permission for move in moves if move != "claim.expire"} <= set(act.right), str(act)
    made = {move for act in ACTS for moves in act.legal.values() for move in moves}
    # What follows from an approval, or from the clock, has tests of its own.
    assert {move for move in TRADE_TABLE if move not in made} == {
        "trade.refund_open", "trade.forfeit", "trade.forfeit_open", "trade.exchange", "trade.exchange_open", "trade.come",
        "trade.come_signed", "trade.revive", "trade.amend", "trade.amend_signed", "trade.void_change",
        "trade.void_change_signed",
    }  # fmt: skip
    assert set(CHANGES) == {act.query.removeprefix("?kind=") for act in ACTS if act.query}


# ---------------------------------------------------------------- the posts


@pytest.mark.parametrize("noun", NOUNS)
def test_abuse_07_nothing_illegal_succeeds_and_each_refusal_names_its_rule(forger, noun):
    """Every action × every state × every role, with a form that is right for the state in which the action is legal. Whoever may not
    use a function at all is turned away by its view, whatever the state: through the whole stack in the first state, by the view
    itself in the others."""
    found, first = [], next(iter(NOUNS[noun]))
    for act, state in cases():
        if act.noun != noun:
            continue
        thing = forger.things[noun][state]
        for who in askers(act):
            rule = expected(who, act, state)
            knocks = rule in ("nowhere", "role") and state != first
            send = forger.knock if knocks else forger.post
            answer = send(who, act, thing, act.form(forger.office, thing, who), legal=not rule)
            found += [
                f"{act} {state} as {who}: {answer.status} {fault} [{answer.rule}: {answer.told[:160]}]"
                for fault in faults(answer, rule, act, state)
            ]
    assert not found, "\n".join(found)


def test_abuse_25_no_object_of_another_project_is_reached_by_the_address_of_ones_own(forger):
    """Everybody's rights in their own project are worth nothing for a row of another's, whichever project the address names."""
    found = []
    for act in ACTS:
        thing = forger.things[act.noun][next(iter(act.legal), next(iter(NOUNS[act.noun])))]
        if not arguments(act, thing):
            continue
        for who, code in (("stranger", "FGB"), ("stranger", "FGA"), ("supervisor", "FGB"), ("management", "FGB")):
            answer = forger.post(who, act, thing, act.form(forger.office, thing, who), code=code)
            if answer.status != 404 or answer.told != NOWHERE or answer.changed or answer.moves:
                found.append(f"{act} as {who} in {code}: {answer}")
    assert not found, "\n".join(found)


# ---------------------------------------------------------------- garbled

JUNK = (
    "", " ", "-1", "0", "-99999999999", "99999999999999999999", "1e309", "NaN", "-Infinity", "１２３", "1,000", "0.001", "x" * 3000,
    "\u202e<img onerror=1>", "𠮷" * 40, "a\x00b", "2026-13-45", "0001-01-01", "9999-12-31", "None", "{{7*7}}", "../../etc/passwd",
    "SUBSCRIBED", "'; --", "\ud800".encode("utf-16", "surrogatepass").decode("utf-16", "replace"),
)  # fmt: skip
SMUGGLED = {
    "state": "EXECUTED", "status": "CONTRACTED", "stage": "CONTRACT", "owner": "1", "salesperson_id": "1", "approved_by": "1",
    "approval": "1", "total": "1", "unit_price": "1", "paid": "1", "number": "FGA-2026-HT-00001", "release": "AVAILABLE",
    "project": "1", "by": "1", "consent": "NONE", "override": "x", "kind": "SMALL", "version": "999999999999",
}  # fmt: skip


class Garbler:
    """Changes a right form in one or two ways, always the same ones."""

    def __init__(self, forger: Forger) -> None:
        self.chance, self.office = random.Random(20261130), forger.office
        rows = forger.things
        self.foreign = [
            self.office.foreign.pk, self.office.foreign_unit.pk, self.office.foreign.number, rows["trade"]["over"].row.number,
            rows["subscription"]["full"].row.code, rows["contract"]["signed"].row.code, self.office.people["stranger"].pk,
            rows["quotation"]["ready"].row.pk, self.office.theirs.pk,
        ]  # fmt: skip
        held = Operation.objects.filter(action="claim.hold", refused=False)
        self.spent = [str(op_id) for op_id in held.values_list("pk", flat=True)]

    def ways(self) -> tuple:
        return self.drop, self.fill, self.swap, self.repeat, self.smuggle, self.spend, self.break_id, self.age

    def garbled(self, form: dict) -> dict:
        form = {"op_id": str(uuid.uuid4()), **form}
        for _time in range(self.chance.choice((1, 1, 2))):
            self.chance.choice(self.ways())(form)
        return form

    def field(self, form: dict) -> str:
        return self.chance.choice(sorted(form) or ["op_id"])

    def drop(self, form: dict) -> None:
        form.pop(self.field(form), None)
        form.setdefault("op_id", "")

    def fill(self, form: dict) -> None:
        form[self.field(form)] = self.chance.choice(JUNK)

    def swap(self, form: dict) -> None:
        form[self.field(form)] = self.chance.choice(self.foreign)

    def repeat(self, form: dict) -> None:
        name = self.field(form)
        form[name] = [form[name], self.chance.choice(JUNK)] if isinstance(form[name], str | int) else form[name]

    def smuggle(self, form: dict) -> None:
        for name in self.chance.sample(sorted(SMUGGLED), 5):
            form.setdefault(name, SMUGGLED[name])

    def spend(self, form: dict) -> None:
        form["op_id"] = self.chance.choice(self.spent)

    def break_id(self, form: dict) -> None:
        form["op_id"] = self.chance.choice(("", "1", "x", "0" * 32, "g" * 36, "-1"))

    def age(self, form: dict) -> None:
        if "version" in form:
            form["version"] = self.chance.choice((-1, 0, 10**12, 2**63, "１"))


def test_abuse_08_garbled_forms_are_refused_in_words_or_do_what_the_table_allows(forger):
    """Missing, foreign, repeated and smuggled fields, impossible figures, worn-out operations: never an error, never another move."""
    garbler, found = Garbler(forger), []
    legal = [(act, state) for act, state in cases() if state in act.legal]
    illegal = [(act, state) for act, state in cases() if state not in act.legal]
    done = 0
    for number in range(GARBLED):
        act, state = garbler.chance.choice(illegal if number % 3 == 0 else legal)
        within = [who for who in ROLES if expected(who, act, state) not in ("sign_in", "nowhere", "role")]
        who, thing = garbler.chance.choice(within), forger.things[act.noun][state]
        rule, form = expected(who, act, state), garbler.garbled(act.form(forger.office, thing, who))
        answer = forger.post(who, act, thing, form)
        done += answer.status == 302 and not rule
        found += [
            f"{act} {state} as {who}: {answer.status} {fault} {form}"
            for fault in garbled_faults(answer, rule, act, state)
        ]
    assert not found, "\n".join(found)
    # Some of what was added is ignored, so that the right form goes through; else nothing of this would have been tried.
    assert GARBLED // 10 < done < GARBLED * 2 // 3


GARBLED = 450


def garbled_faults(answer: Answer, rule: str, act: Act, state: str) -> Iterator[str]:
    if answer.status == 302 and rule != "led_back":
        names = tuple(action for action, _from, _to in answer.moves)
        if rule or names not in (act.legal[state], ()):
            yield f"did {names}"
        return
    if answer.status not in (302, 403, 404, 409, 422):
        yield f"failed: {answer.error}"
    if answer.changed or answer.moves:
        yield f"changed something: {answer.changed} {answer.moves}"
    if answer.status != 302 and len(answer.told.split()) < 3:
        yield f"names no rule: “{answer.told}”"
