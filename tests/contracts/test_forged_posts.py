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
from django.core.files.base import File
from django.db import connection, transaction
from django.test import Client
from django.urls import resolve, reverse
from lxml import html

from inventory.models import UnitEvent
from inventory.states import CLAIM_TABLE, TRADE_TABLE
from salescontrol.core.models import Operation
from salescontrol.core.permissions import Permission as P
from security.roles import permissions_of
from tests.contracts.forged import ACTS, CHANGES, Act, arguments
from tests.contracts.forging import NOUNS, ROLES, Office, Thing, furnish
from tests.crawl import BACKEND, WRITE, Stage, patterns

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
    changed: bool
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
        self.last = UnitEvent.every.latest("pk").pk
        self.before = self.digest()

    def digest(self) -> str:
        """Every row of the business in one figure."""
        models = [model for app in ("contracts", "inventory", "enquiries") for model in apps.get_app_config(app).get_models()]
        tables = {model._meta.db_table for model in models} | {"core_approval", "core_approvaldecision", "core_notice"}
        found = hashlib.sha256()
        with connection.cursor() as cursor:
            for table in sorted(tables):
                cursor.execute(f'SELECT * FROM "{table}" ORDER BY 1')
                found.update(repr((table, cursor.fetchall())).encode())
        return found.hexdigest()

    def post(self, who: str, act: Act, thing: Thing, data: dict, code: str = "") -> Answer:
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
                state=self.state_of(thing), changed=bool(written - RECORDS) and self.digest() != self.before,
                error=repr(response.exc_info[1]) if getattr(response, "exc_info", None) else "",
            )  # fmt: skip
            transaction.set_rollback(True)
        browser.cookies.clear()
        browser.cookies.load(kept)
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
        yield Forger(), opened.folder.name


@pytest.fixture
def forger(stage, settings) -> Forger:
    settings.MEDIA_ROOT = stage[1]
    return stage[0]


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
    return act.rule(state) or ("" if few is None or who in few else rule)


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
        yield f"changed something: {answer.moves}"
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
    if answer.rule not in rule.split():
        yield f"refused by “{answer.rule}”, not by “{rule}”"
    if len(answer.told.split()) < 4 or answer.told.strip(" .") in ("Forbidden", "Not found"):
        yield "names no rule"


def cases() -> Iterator[tuple[Act, str]]:
    for act in ACTS:
        for state in NOUNS[act.noun]:
            yield act, state


# ---------------------------------------------------------------- what is covered


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
    assert {act.name for act in ACTS} == posted()


def test_the_oracle_knows_every_state_and_agrees_with_the_tables():
    """Every state of a noun is legal or has its rule; a move needs the right that the table of transitions asks for."""
    for act in ACTS:
        assert set(act.legal) | set(act.refused) | set(act.only) <= set(NOUNS[act.noun]), str(act)
        assert all(state in act.legal or act.rule(state) for state in NOUNS[act.noun]), str(act)
        for moves in act.legal.values():
            assert {TABLES[move].permission for move in moves} <= set(act.right), str(act)
    made = {move for act in ACTS for moves in act.legal.values() for move in moves}
    # What follows from an approval, or from the clock, has tests of its own.
    assert {move for move in TRADE_TABLE if move not in made} == {
        "trade.refund_open", "trade.forfeit", "trade.forfeit_open", "trade.exchange", "trade.exchange_open", "trade.come",
        "trade.come_signed", "trade.revive", "trade.amend", "trade.amend_signed",
    }  # fmt: skip
    assert set(CHANGES) == {act.query.removeprefix("?kind=") for act in ACTS if act.query}


# ---------------------------------------------------------------- the posts


@pytest.mark.parametrize("noun", NOUNS)
def test_abuse_07_nothing_illegal_succeeds_and_each_refusal_names_its_rule(forger, noun):
    """Every action × every state × every role, with a form that is right for the state in which the action is legal."""
    found = []
    for act, state in cases():
        if act.noun != noun:
            continue
        thing = forger.things[noun][state]
        for who in ROLES:
            rule = expected(who, act, state)
            answer = forger.post(who, act, thing, act.form(forger.office, thing))
            found += [
                f"{act} {state} as {who}: {answer.status} {fault} [{answer.rule}: {answer.told[:160]}]"
                for fault in faults(answer, rule, act, state)
            ]
    assert found == []
