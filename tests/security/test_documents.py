"""The documents that are made from the tables of the code draw every move of a unit (domain B2.4)."""

import re

import pytest

from inventory import states
from security import documents


@pytest.mark.parametrize("table", ["REVIEW_TABLE", "SALE_TABLE", "CLAIM_TABLE", "TRADE_TABLE", "BROUGHT_TABLE"])
def test_every_move_of_the_tables_is_drawn_from_each_of_its_states(table):
    drawn = re.findall(r"^    (\w+) --> (\w+): (?:T[\dT, ]+ )?([\w.]+)$", documents.domain(), re.MULTILINE)
    moves = {
        (source, move.target, name) for name, move in getattr(states, table).items() for source in move.sources
    }  # fmt: skip
    assert moves <= set(drawn)


def test_every_number_of_the_trades_own_table_is_there():
    numbers = {number for label in states.NUMBERS.values() for number in label.split(", ")}
    assert numbers == {f"T{number}" for number in range(1, 21)}
    assert all(f"{number} {name}" in documents.domain() for name, number in states.NUMBERS.items())
