"""The parts of the documentation that are tables of the code: permissions, states, fields, settings."""

from collections.abc import Iterable, Mapping, Sequence

from django.utils import translation

from contracts.services.change_kinds import KINDS as CHANGE_KINDS
from contracts.services.subscription_step import ALLOWED as SUBSCRIPTION_ACTS
from contracts.states import CONTRACT_ACTIONS
from inventory import states
from inventory.rules import FIELDS
from salescontrol.core import options
from salescontrol.core.permissions import Permission, Role
from salescontrol.core.transitions import Transition
from security.roles import DESCRIPTIONS, PERMISSIONS

MADE = "<!-- Made by `manage.py generate_docs` from the tables in the code; do not edit by hand. -->"


def permissions() -> str:
    """Role × permission, as `security/roles.py` has it."""
    with translation.override("en"):
        heads = ["Permission", *(str(role.label) for role in Role)]
        rows = [[f"`{name}`", *("●" if name in PERMISSIONS[role] else "" for role in Role)] for name in Permission]
        roles = [[str(role.label), str(DESCRIPTIONS[role])] for role in Role]
    return "\n\n".join([
        "# Roles and permissions",
        MADE,
        "Management and the system administrator are company-wide; the other roles are held project by project. A deputy holds "
        "the supervisor's role in one project for a stated time. Which rows a permission reaches is decided in "
        "`inventory/queries/scope.py`.",
        _table(["Role", "What it does here"], roles),
        _table(heads, rows),
    ]) + "\n"  # fmt: skip


def domain() -> str:
    """States and how they move, the fields of a unit, and the settings with their defaults."""
    with translation.override("en"):
        parts = [
            "# The trade in tables",
            MADE,
            "## Sale status of a unit",
            _table(
                ["Code", "Name", "Mark"],
                [[f"`{item.value}`", str(item.label), str(states.MARKS[item])] for item in states.Status],
            ),
            "*Sold* is CONTRACTED and DELIVERED. *Released* is approved and not withheld. "
            "*Sell-through* is (SUBSCRIBED + sold) ÷ released. Drafts are counted nowhere.",
            _diagram(states.SALE_TABLE),
            _moves(states.SALE_TABLE),
            "### Holds",
            "T5–T8. Holding, extending and releasing are the desk's; expiry and offers the clock's.",
            _diagram(states.CLAIM_TABLE),
            _moves(states.CLAIM_TABLE),
            "### From the deposit to the handover",
            "T9–T20. Where the approver chose that the unit is for sale again at once, the move has a name of its own (`_open`).",
            _diagram(states.TRADE_TABLE),
            _moves(states.TRADE_TABLE),
            "### Brought along from before",
            "What was done before this system was used comes in under these names; these events alone may be older than the record "
            "of them.",
            _diagram(states.BROUGHT_TABLE),
            _moves(states.BROUGHT_TABLE),
            "## Review of a listing",
            _diagram(states.REVIEW_TABLE),
            _moves(states.REVIEW_TABLE),
            "## What is done with subscriptions and contracts",
            "In any other state it is refused (B16.13).",
            _subscription_acts(),
            _contract_acts(),
            "## Kinds of changes",
            "DRAFT → SUBMITTED → APPROVED → EXECUTED, by three people; REJECTED or VOID otherwise. While one waits, the unit bears "
            "its lock, no contract is made or handed over, and no entry made void.",
            _change_kinds(),
            "## Locks over the status",
            _table(
                ["Code", "Name", "Mark"],
                [[f"`{item.value}`", str(item.label), str(states.LOCK_MARKS[item])] for item in states.Lock],
            ),
            "## Fields of a unit",
            "The one table behind the form and the import (`inventory/rules`).",
            _table(
                ["Field", "Name", "Kind"],
                [[f"`{name}`", str(field.label), field.kind] for name, field in FIELDS.items()],
            ),
            "## Settings and their defaults",
            _table(
                ["Setting", "Meaning", "Default", "Unit"],
                [
                    [f"`{item.key}`", str(item.label), str(item.default), str(item.unit)]
                    for item in options.OPTIONS.values()
                ],
            ),
        ]
    return "\n\n".join(parts) + "\n"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _diagram(table: Mapping[str, Transition]) -> str:
    lines = [
        f"    {source} --> {row.target}: {_named(name)}"
        for name, row in table.items()
        for source in sorted(row.sources)
    ]
    return "\n".join(["```mermaid", "stateDiagram-v2", *lines, "```"])


def _named(action: str) -> str:
    """The action with its number in the trade's table, if it has one there."""
    number = states.NUMBERS.get(action)
    return f"{number} {action}" if number else action


def _moves(table: Mapping[str, Transition]) -> str:
    rows = [
        [
            states.NUMBERS.get(name, ""), f"`{name}`", ", ".join(sorted(row.sources)), row.target, f"`{row.permission}`",
            "yes" if row.reason else "",
        ]
        for name, row in table.items()
    ]  # fmt: skip
    return _table(["No.", "Action", "From", "To", "Permission", "Reason needed"], rows)


def _subscription_acts() -> str:
    acts = {
        name: ", ".join(sorted(f"{state} ({kind})" for state, kind in found))
        for name, found in SUBSCRIPTION_ACTS.items()
    }
    return _table(["Action", "In state (kind)"], [[f"`{name}`", found] for name, found in acts.items()])


def _contract_acts() -> str:
    return _table(
        ["Action", "In state"], [[f"`{name}`", ", ".join(sorted(found))] for name, found in CONTRACT_ACTIONS.items()]
    )


def _change_kinds() -> str:
    rows = [
        [
            f"`{kind.value}`", str(kind.label), ", ".join(sorted(rule.stages)), str(rule.when),
            " → ".join(str(role.label) for role in rule.levels), f"`{rule.lock.value}`",
        ]
        for kind, rule in CHANGE_KINDS.items()
    ]  # fmt: skip
    return _table(["Code", "Kind", "In stage", "When", "Decided by", "Lock meanwhile"], rows)


DOCUMENTS = {"permissions.md": permissions, "domain.md": domain}
