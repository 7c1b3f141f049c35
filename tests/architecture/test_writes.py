"""Only services write (architecture rule 2), tracked models leave their history, status moves by its table (abuse 24, 46)."""

import ast
import re

from django.apps import apps

from tests.architecture.source import Source, assigned, chain, name_of, sources

# Modules beside `services` that write rows, each with its reason.
WRITERS = {
    "salescontrol/core/approvals.py": "the approval mechanism is a service of the kernel",
    "salescontrol/core/audit.py": "records acts",
    "salescontrol/core/files.py": "takes files in",
    "salescontrol/core/forgetting.py": "empties personal columns, with their history",
    "salescontrol/core/history.py": "the one way to save a tracked row",
    "salescontrol/core/jobs.py": "outbox, slots and heartbeats",
    "salescontrol/core/notices.py": "tells people",
    "salescontrol/core/numbering.py": "gives numbers",
    "salescontrol/core/options.py": "settings of the office",
    "salescontrol/core/outside.py": "what carries notices outside is a service of the kernel",
    "salescontrol/core/operations.py": "keeps what a form led to",
    "salescontrol/core/rewriting.py": "rewrites evidence, with its record",
    "salescontrol/core/seals.py": "seals evidence",
    "salescontrol/core/transitions.py": "the one way a state moves",
    "salescontrol/core/upkeep.py": "clears old traces away",
    "security/sessions.py": "the session store of the framework",
    "security/models/user.py": "rewrites a hash with a newer hasher, with history, inside the framework's check",
}
# Calls of the same name that write a file or a set, not a row.
NOT_ROWS = {
    "contracts/papers/defaults.py": "saves a Word file into memory",
    "contracts/papers/filling.py": "saves a Word file into memory",
    "salescontrol/core/scoping.py": "hands a queryset's own update on after asking who may see its rows",
    "salescontrol/core/xlsx.py": "saves a workbook into memory",
    "salescontrol/core/picture_child.py": "saves a picture into a file",
    "salescontrol/core/management/commands/serve.py": "starts processes, adds to digests",
}
ALWAYS = {"bulk_create", "bulk_update", "get_or_create", "update_or_create", "save_tracked", "create_tracked",
          "update_tracked", "bulk_create_with_history", "bulk_update_with_history", "save", "asave", "save_m2m"}  # fmt: skip
# Bulk writes on tracked models that write history themselves or touch it on purpose: place → why.
BULK_ON_TRACKED = {
    "inventory/services/replay.py Unit.update": "an approval brought back from the journal; its history row follows in the same call",
    "inventory/services/units.py Unit.update": "many moves at once; history rows of the fields set with them follow in the same call",
}


def writes_rows(source: Source, call: ast.Call) -> bool:
    """Whether the call writes to the database, as far as it shows in the text."""
    name, words = name_of(call), chain(call)
    through_manager = bool({"objects", "_default_manager", "filter", "exclude", "all"} & set(words))
    if name in ALWAYS:
        return True
    if name == "create":
        return through_manager or words[0] == "self"
    if name in {"update", "delete"}:
        return (
            through_manager
            or (name == "delete" and not call.args)
            or ("attrs" not in words and any(word.arg for word in call.keywords))
        )
    return False


def writer(path: str) -> bool:
    return (
        "/services/" in path
        or path.endswith("/services.py")
        or path.startswith("salescontrol/demo/")
        or path in WRITERS
    )


def test_only_services_write():
    stray = [
        source.at(call)
        for source in sources()
        if not writer(source.path) and source.path not in NOT_ROWS
        for call in source.calls()
        if writes_rows(source, call)
    ]
    assert stray == []


def test_every_exception_is_still_needed():
    paths = {source.path: source for source in sources()}
    idle = [
        path
        for path in {**WRITERS, **NOT_ROWS}
        if path not in paths or not any(writes_rows(paths[path], call) for call in paths[path].calls())
    ]
    assert [path for path in idle if not path.endswith("serve.py")] == []


def model_of(source: Source, call: ast.Call):
    """The model that a manager call is about, resolved through one assignment; None when it cannot be told."""
    words = chain(call)
    if words[0] and words[0][0].islower() and len(words) == 2:
        words = assigned(source, words[0], call.lineno) or words
    named = {model.__name__: model for model in apps.get_models()}
    return named.get(words[0])


def tracked_fields(model) -> set[str]:
    """The fields whose changes belong into the model's history."""
    return {field.name for field in model.history.model.tracked_fields} if hasattr(model, "history") else set()


def test_bulk_writes_leave_no_gap_in_a_history():
    """`.update()` and `bulk_*` skip the history: on tracked models they may touch only fields that are recorded elsewhere."""
    gaps = []
    for source in sources():
        if source.path.startswith("salescontrol/demo/"):
            continue
        for call in source.calls():
            name, model = name_of(call), model_of(source, call)
            if model is None or name not in {"update", "bulk_update", "bulk_create"}:
                continue
            touched = {word.arg for word in call.keywords if word.arg}
            unsure = name != "update" or any(word.arg is None for word in call.keywords)
            fields = tracked_fields(model)
            if fields and (unsure or touched & fields):
                gaps.append(f"{source.path} {model.__name__}.{name}")
    assert [gap for gap in gaps if gap not in BULK_ON_TRACKED] == []
    assert [known for known in BULK_ON_TRACKED if known not in gaps] == []


def test_abuse_24_a_units_status_is_written_in_one_module_only():
    fields = {"status", "status_at", "status_reason", "event_seq"}
    places = set()
    for source in sources():
        if source.path.startswith("salescontrol/demo/"):
            continue
        for call in source.calls():
            if name_of(call) == "update" and fields & {word.arg for word in call.keywords if word.arg}:
                places.add(source.path)
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Assign):
                for target in (part for goal in node.targets for part in ast.walk(goal)):
                    if isinstance(target, ast.Attribute) and target.attr in {"event_seq", "status_at"}:
                        places.add(source.path)
    # Claims have an `event_seq` of their own; and what was lost with a database comes back with the numbers it had.
    claims = {"contracts/services/claims.py", "contracts/services/past_sales_write.py", "security/services/replay.py"}
    assert places - claims == {"inventory/services/units.py", "inventory/services/replay.py"}


def test_abuse_46_nothing_reaches_the_database_as_text():
    """No `extra`, no `raw`, no RawSQL; SQL by hand only where the kernel asks for the time, lays triggers, moves cipher text or
    looks at itself."""
    by_hand = {
        "salescontrol/core/clock.py",
        "salescontrol/core/append_only.py",
        "salescontrol/core/guards.py",
        "salescontrol/core/durability.py",
        "salescontrol/core/seals.py",
        "salescontrol/core/rewriting.py",
        "salescontrol/core/keys.py",
        "inventory/feed.py",
        "inventory/queries/feed.py",
        "inventory/queries/live.py",
        "security/polls.py",
        "security/remembered.py",
        "security/sessions.py",
    }
    found = []
    for source in sources():
        for call in source.calls():
            name = name_of(call)
            if name in {"extra", "raw", "RawSQL", "executescript"} and not (name == "raw" and chain(call)[0] == ""):
                found.append(source.at(call))
            if name in {"execute", "executemany", "cursor"} and chain(call)[0] in {
                "connection",
                "cursor",
                "connections",
            }:
                found.append(source.at(call))
    assert [place for place in found if place.split(":")[0] not in by_hand] == []


ORM = {
    "filter",
    "exclude",
    "annotate",
    "alias",
    "aggregate",
    "order_by",
    "values",
    "values_list",
    "get",
    "only",
    "defer",
}
FOREIGN = re.compile(r"\b(GET|POST|FILES|COOKIES|headers|META|cleaned_data|kwargs)\b")


def test_abuse_46_what_a_user_sends_never_names_a_column():
    """`filter(**request.GET)` and its like: keys from outside never become keywords or names of the ORM."""
    found = [
        source.at(call)
        for source in sources()
        for call in source.calls()
        if name_of(call) in ORM and chain(call)[0] not in {"super", "self"}
        for part in [*(word.value for word in call.keywords if word.arg is None),
                     *(arg for arg in call.args if isinstance(arg, ast.Starred))]
        if FOREIGN.search(ast.unparse(part))
    ]  # fmt: skip
    assert found == []


def test_abuse_46_sorting_takes_its_columns_from_the_list():
    """The one `order_by` that depends on a request goes through `tables.ordering`, which knows the list's own columns only."""
    from salescontrol.core import tables

    columns = (tables.Column("name", "Name", sort=("name",)), tables.Column("secret", "Secret"))

    assert tables.ordering(columns, "name") == ("name",)
    assert tables.ordering(columns, "-name") == ("-name",)
    for hostile in (
        "secret",
        "-secret",
        "password",
        "salesperson__password",
        "?",
        "pk; --",
    ):
        assert tables.ordering(columns, hostile) == ()


def test_abuse_44_no_view_opts_out_of_the_csrf_check():
    words = [
        f"{source.path}:{node.lineno}"
        for source in sources()
        for node in ast.walk(source.tree)
        if (isinstance(node, ast.Name) and node.id == "csrf_exempt")
        or (isinstance(node, ast.Attribute) and node.attr == "csrf_exempt")
        or (isinstance(node, ast.alias) and node.name == "csrf_exempt")
    ]
    assert words == []
