"""Rows that not everybody may see are read through the function that says who may (architecture rule 4, quality P3)."""

import ast
import re

from django.apps import apps

from salescontrol.core.scoping import EveryManager, GuardedManager
from tests.architecture.source import APPS, Source, chain, sources

VISIBLE = re.compile(r"visible(_whole)?_to$|^own_units$")
# Queries that look at every row beside the services, each with its reason.
DOORS = {
    "contracts/queries/areas.py": "the changes and letters of a list that was found among the visible ones",
    "contracts/queries/changes.py": "the buyers that a change names which was found among the visible ones",
    "contracts/queries/concerned.py": "whom a change of a unit concerns, whoever makes it",
    "contracts/queries/figures.py": "figures count every deal of a project and name nobody",
    "contracts/queries/holds.py": "the events of a claim that was found among the visible ones",
    "contracts/queries/live.py": "caps and cool-downs count the holds of a customer, whoever placed them",
    "contracts/queries/losing.py": "who has the unit; told only to readers with sight of all claims",
    "contracts/queries/story.py": "the events of the claims of a trade that was found among the visible ones",
    "enquiries/queries/erasures.py": "the erasure of an erased customer who was found among the visible ones",
    "enquiries/queries/numbers.py": "the numbers of a customer that was found among the visible ones, and whoever was merged into them",
    "inventory/queries/blocks.py": "the locks of a unit that was found among the visible ones",
    "inventory/queries/discounts.py": "the policies in force count for every unit, whoever asks for its price",
    "inventory/queries/grants.py": "a request for access names a unit that its author cannot see",
    "inventory/queries/history.py": "the events and locks of a unit that was found among the visible ones",
    "inventory/queries/materials.py": "the materials of a unit or layout that was found among the visible ones",
    "inventory/queries/panel.py": "the locks of a unit that was found among the visible ones",
    "inventory/queries/past.py": "the locks of a project at a moment; shown for visible units only",
    "inventory/queries/prices.py": "how often somebody asked for another price of a unit",
    "inventory/queries/scope.py": "the ids of a salesperson's own units, asked within the scope that says which rows are theirs",
    "inventory/queries/stops.py": "when a unit was approved, beside a unit that was found among the visible ones",
    "salescontrol/core/forgetting.py": "empties the rows that the caller names, whoever they are about",
    "salescontrol/core/history.py": "saves rows that the caller has in hand",
    "salescontrol/core/journal.py": "copies every event; no page",
    "salescontrol/core/proof.py": "counts and compares every record",
    "salescontrol/core/keys.py": "encrypts every row again, whosever it is",
    "salescontrol/core/rewriting.py": "rewrites rows of evidence that its caller names",
    "salescontrol/core/seals.py": "seals every record; no page",
    "salescontrol/core/transitions.py": "locks the row that the caller has in hand",
    "security/queries/consistency.py": "replays every event and compares every claim and lock; its page tells of the reader's projects",
    "security/queries/trail.py": "what the thing that an act is about is called, for readers of the audit",
    "security/queries/journal.py": "the lines of the journal beside the database; no page",
    "inventory/queries/review.py": "the units of a batch that was found among the visible ones, and what they lack",
}
# Models of the business that anybody who works in the project may read, and lines that are read through their guarded head.
OPEN = {
    "contracts.BlankForm": "the stock's page is the desk's; a serial names no person",
    "contracts.BlankRange": "the stock's page is the desk's; a serial names no person",
    "contracts.IssuedNumber": "its page is the desk's; a number names no person",
    "contracts.PaperTemplate": "the office's forms name no person; their pages are the supervisor's",
    "enquiries.CalendarLink": "one's own, found by person or secret",
    "enquiries.DutyShift": "its page is the supervisor's; free times are asked for one salesperson",
    "enquiries.Rotation": "a row to lock",
    "enquiries.RotationTurn": "who stands in the order reads it; notes, calls and visits are shown to the desk alone",
    "enquiries.IntakeLine": "a line of a guarded import",
    "enquiries.ViewingItem": "a line of a guarded viewing",
    "enquiries.ViewingSlot": "names no fact; asked which times of one salesperson are free",
    "inventory.AccessGrant": "read by its two pages through grants_visible_to; the scope itself asks it",
    "inventory.BatchLine": "a line of a guarded batch",
    "inventory.BoardChange": "numbers of units that changed, read against what the reader sees",
    "inventory.Building": "everybody in the project knows its buildings",
    "inventory.ImportMapping": "column heads of a reader's own files",
    "inventory.Layout": "everybody in the project knows its layouts",
    "inventory.Permit": "public",
    "inventory.Phase": "everybody in the project knows its phases",
    "inventory.PriceLine": "a line of a guarded price list",
    "inventory.Project": "projects_visible_to is part of finding every page's project",
    "inventory.ProjectGrant": "roles, read once per request",
    "inventory.ProjectGroupGrant": "not used",
    "inventory.SalesStop": "stops_seen says who reads which",
    "inventory.Team": "people of the project",
    "inventory.UnitInterest": "names no fact; the scope itself asks it",
    "inventory.WallDisplay": "kept by the desk",
}  # fmt: skip


def guarded() -> dict[str, type]:
    return {model.__name__: model for model in apps.get_models() if isinstance(model._default_manager, GuardedManager)}


def test_every_business_model_is_guarded_or_open_for_a_reason():
    names = {
        model._meta.label
        for model in apps.get_models()
        if model._meta.app_label in {*APPS} - {"security"} and not model.__name__.startswith("Historical")
    }
    assert names - {model._meta.label for model in guarded().values()} == set(OPEN)


def test_every_guarded_model_has_its_door():
    assert [name for name, model in guarded().items() if not isinstance(model.every, EveryManager)] == []
    assert {
        "Call",
        "TalkingPoint",
        "Unit",
        "Customer",
        "Claim",
        "HoldRequest",
        "WaitingEntry",
        "ListingBatch",
        "Material",
    } <= set(guarded())


def opened(source: Source) -> list[str]:
    """Where a file looks at every row of a guarded model: through its door, or through the managers behind it."""
    names = guarded()
    return [
        source.at(node)
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Attribute)
        and ((node.attr == "every" and chain(node)[0] in names) or node.attr in {"_base_manager", "EveryManager"})
    ]


def test_only_services_and_a_few_queries_look_at_every_row():
    found = {
        source.path
        for source in sources()
        if not {"services", "demo", "scoping.py"} & {*source.path.split("/")} and opened(source)
    }
    assert found == set(DOORS)


def test_a_services_own_rules_never_depend_on_who_asks():
    """`objects` answers in a page and not in a job or the other way round: services say `every` or take what the page found."""
    stray = [
        source.at(node)
        for source in sources()
        if "/services/" in source.path
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Attribute) and node.attr == "objects" and chain(node)[0] in guarded()
    ]
    assert stray == []


def test_rows_are_declared_visible_only_where_the_readers_access_is_asked():
    """`scoped()` is said by functions that take the reader's access first and are named for what they answer."""
    stray = []
    for source in sources():
        if source.path == "salescontrol/core/scoping.py":
            continue
        for function in (node for node in ast.walk(source.tree) if isinstance(node, ast.FunctionDef)):
            says = any(isinstance(node, ast.Attribute) and node.attr == "scoped" for node in ast.walk(function))
            arguments = [argument.arg for argument in function.args.args]
            named = VISIBLE.search(function.name) and arguments[:1] == ["access"]
            if says and not (named and source.path.endswith(("/queries/scope.py", *SCOPES))):
                stray.append(f"{source.path} {function.name}")
    assert stray == ["contracts/queries/scope.py _visible"]


SCOPES = ("/queries/prices.py", "/queries/discounts.py", "/queries/materials.py")
