"""Seeded faults: each must make the checker speak, or the race proves nothing (decisions 29). They are laid from outside."""

from collections.abc import Callable
from dataclasses import dataclass

import psycopg

EVENTS, UNITS, CLAIMS, OPERATIONS = "inventory_unitevent", "inventory_unit", "contracts_claim", "core_operation"
NUMBERS, SUBSCRIPTIONS = "contracts_issuednumber", "contracts_subscription"


@dataclass(frozen=True)
class Fault:
    """`server`: settings of the cluster; `unique`: tables and columns that lose their uniqueness; `sql`: run by the owner;
    `patch`: laid in each client (it is called once in the parent, and gives what each client calls); `power_cut`: at the end the
    server loses what it had not yet brought to the disk."""

    server: tuple[str, ...] = ()
    unique: tuple[tuple[str, str], ...] = ()
    sql: tuple[str, ...] = ()
    patch: Callable[[], Callable[[], None]] = lambda: lambda: None
    power_cut: bool = False

    def spoil_database(self, owner_url: str) -> None:
        if not (self.unique or self.sql):
            return
        with psycopg.connect(owner_url, autocommit=True) as connection:
            for table, column in self.unique:
                for statement in _without_uniqueness(connection, table, column):
                    connection.execute(statement)
            for statement in self.sql:
                connection.execute(statement)

    def preparation(self) -> Callable[[], None]:
        return self.patch()


def fault_named(names: str) -> Fault:
    """The fault of that name, or several at once, named with commas between; none for an empty text."""
    found = [FAULTS[name.strip()] for name in names.split(",") if name]

    def patch() -> Callable[[], None]:
        lays = [fault.patch() for fault in found]
        return lambda: [lay() for lay in lays] and None

    return Fault(
        server=sum((fault.server for fault in found), ()), unique=sum((fault.unique for fault in found), ()),
        sql=sum((fault.sql for fault in found), ()), patch=patch, power_cut=any(fault.power_cut for fault in found),
    )  # fmt: skip


def _without_uniqueness(connection: psycopg.Connection, table: str, column: str) -> list[str]:
    """The statements that drop every unique constraint and unique index of the table in which the column stands."""
    rows = connection.execute(
        "SELECT index.relname, (SELECT conname FROM pg_constraint WHERE conindid = index.oid AND contype IN ('p', 'u'))"
        " FROM pg_index JOIN pg_class index ON index.oid = indexrelid JOIN pg_attribute ON attrelid = indrelid"
        " AND attnum = ANY (indkey) WHERE indrelid = %s::regclass AND indisunique AND attname = %s",
        [table, column],
    ).fetchall()
    return [
        f'ALTER TABLE {table} DROP CONSTRAINT "{constraint}"' if constraint else f'DROP INDEX "{index}"'
        for index, constraint in rows
    ]


# ---------------------------------------------------------------- what is laid in the clients
def _no_lock_no_swap() -> Callable[[], None]:
    """Rows are read without a lock, and the new status is written whatever stands there."""

    def lay() -> None:
        from django.db.models import QuerySet

        from inventory.models import Unit

        plain, update = QuerySet.select_for_update, QuerySet.update

        def unlocked(self, *args, **kwargs):
            return self._chain() if self.model is Unit else plain(self, *args, **kwargs)

        def written(self, **values):
            if self.model is Unit and "event_seq" in values:
                return update(Unit.every.filter(pk__in=_named(self.query.where)), **values)
            return update(self, **values)

        QuerySet.select_for_update, QuerySet.update = unlocked, written

    return lay


def _named(where) -> list[int]:
    """The ids of the rows that a condition names."""
    found: list[int] = []
    for node in where.children:
        if hasattr(node, "children"):
            found += _named(node)
        elif node.lhs.target.primary_key:
            found += node.rhs if isinstance(node.rhs, list) else [node.rhs]
    return found


def _no_lock() -> Callable[[], None]:
    """Rows are read without a lock; everything else stands."""

    def lay() -> None:
        from django.db.models import QuerySet

        QuerySet.select_for_update = lambda self, *args, **kwargs: self._chain()

    return lay


def _skip_events(one_in: int = 1000) -> Callable[[], Callable[[], None]]:
    """One event in a thousand is not written, counted over all clients; the first of them soon."""

    def prepare() -> Callable[[], None]:
        from multiprocessing import get_context

        written = get_context("fork").Value("i", one_in - 40)

        def lay() -> None:
            from inventory.models import UnitEvent

            create = UnitEvent.every.create

            def skipping(**fields):
                with written.get_lock():
                    written.value += 1
                    number = written.value
                return UnitEvent(**fields) if number % one_in == 0 else create(**fields)

            UnitEvent.every.create = skipping

        return lay

    return prepare


def _swallow() -> Callable[[], None]:
    """The constraint's error is caught and forgotten, as if the row had been written. The lock and the swap stand in front of
    the constraint, which therefore hardly ever speaks: they are off."""

    def lay() -> None:
        _no_lock_no_swap()()
        from django.db import IntegrityError, transaction

        from inventory.models import UnitEvent
        from salescontrol.core.models import Operation

        def swallowing(rows):
            create = rows.create

            def create_or_not(**fields):
                try:
                    with transaction.atomic():
                        return create(**fields)
                except IntegrityError:
                    return rows.model(**fields)

            rows.create = create_or_not

        swallowing(UnitEvent.every)
        swallowing(Operation.objects)

    return lay


# ---------------------------------------------------------------- faults of the whole trade
def _half_exchanges() -> Callable[[], None]:
    """An exchange gives the old unit back and takes no new one, and counts as executed."""

    def lay() -> None:
        from contracts.services import change_effects
        from contracts.states import ChangeKind, CloseReason

        change_effects.EFFECTS[ChangeKind.EXCHANGE] = lambda ground: change_effects._give_back(
            ground, "trade.exchange", CloseReason.EXCHANGE
        )

    return lay


def _open_papers() -> Callable[[], None]:
    """A contract is signed, a sale ended by a change: the subscription stays in force."""

    def lay() -> None:
        from contracts.services import contracts
        from contracts.services.change_ground import Ground

        contracts._close_subscription = lambda contract, step: None
        Ground.close = lambda self, why: None

    return lay


def _wrong_sums() -> Callable[[], None]:
    """The second of two buyers loses a percent on the way to the table."""

    def lay() -> None:
        from dataclasses import replace
        from decimal import Decimal

        from contracts.services import trades

        trades.require_shares = lambda trade, buyers: None
        name_buyers = trades.name_buyers

        def losing(*, buyers, **given):
            first, *others = buyers
            return name_buyers(
                buyers=[first, *(replace(each, share=each.share - Decimal(1)) for each in others)], **given
            )

        trades.name_buyers = losing

    return lay


def _skipped_numbers() -> Callable[[], None]:
    """Each number is counted, and each third counted once more for nobody."""

    def lay() -> None:
        from contracts.services import numbers

        next_in = numbers.next_in

        def skipping(series):
            number = next_in(series)
            return number if number % 3 else next_in(series)

        numbers.next_in = skipping

    return lay


def _repeated_numbers() -> Callable[[], None]:
    """From the third on every subscription gets the same number; what would refuse it is off."""

    def lay() -> None:
        from contracts.services import numbers
        from contracts.states import NumberKind
        from salescontrol.core.models import NumberSequence

        give, next_in = numbers.give, numbers.next_in

        def repeating(series):
            last = NumberSequence.objects.filter(series=series).first()
            return (
                last.last
                if last and last.last % 3 == 0 and f"-{NumberKind.SUBSCRIPTION}" in series
                else next_in(series)
            )

        def kept_anyway(**given):
            from contracts.models import IssuedNumber

            exists = IssuedNumber.objects.filter
            IssuedNumber.objects.filter = lambda **named: exists(pk=None) if "number" in named else exists(**named)
            try:
                return give(**given)
            finally:
                IssuedNumber.objects.filter = exists

        numbers.next_in, numbers.give = repeating, kept_anyway

    return lay


def _locks_left() -> Callable[[], None]:
    """No lock is taken off when a change has ended."""

    def lay() -> None:
        from inventory.services import units

        units.lift_locks = lambda **given: None

    return lay


def _forgotten_operations() -> Callable[[], None]:
    """What was done under an operation is not kept: a form that is sent again is done again."""

    def lay() -> None:
        from salescontrol.core.models import Operation

        Operation.objects.create = lambda **fields: Operation(**fields)

    return lay


FAULTS = {
    "unguarded": Fault(
        unique=((CLAIMS, "unit_id"), (EVENTS, "seq"), (EVENTS, "op_id")),
        patch=_no_lock_no_swap,
    ),
    "lost commits": Fault(
        server=("synchronous_commit=off", "wal_buffers=64MB", "bgwriter_delay=10s", "autovacuum=off"), power_cut=True
    ),
    "skipped events": Fault(
        sql=tuple(f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in (UNITS, CLAIMS)), patch=_skip_events()
    ),
    "swallowed errors": Fault(patch=_swallow),
    "op_id not unique": Fault(unique=((EVENTS, "op_id"), (OPERATIONS, "op_id"))),
    "no locks": Fault(patch=_no_lock),
    "half exchanges": Fault(patch=_half_exchanges),
    "open papers": Fault(patch=_open_papers),
    "wrong sums": Fault(patch=_wrong_sums),
    "skipped numbers": Fault(patch=_skipped_numbers),
    "repeated numbers": Fault(
        unique=((NUMBERS, "number"), (NUMBERS, "sequence"), (SUBSCRIPTIONS, "number")), patch=_repeated_numbers
    ),
    "locks left": Fault(patch=_locks_left),
    "forgotten operations": Fault(patch=_forgotten_operations),
}
