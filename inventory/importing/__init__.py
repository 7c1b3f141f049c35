"""Reading price lists: any workbook or text file of units → one table of rows with their positions (R1.2).

`read_file` is the way in. What opens the file runs in a child process with limits (`child.py`); nothing here needs a database.
"""

from .process import Grid, read_file, read_grid, read_grid_of
from .refusals import Refused, refusal_message, remark_message
from .table import Column, Remark, SourceCell, SourceRow, Table, heads_digest

__all__ = [
    "Column",
    "Grid",
    "Refused",
    "Remark",
    "SourceCell",
    "SourceRow",
    "Table",
    "heads_digest",
    "read_file",
    "read_grid",
    "read_grid_of",
    "refusal_message",
    "remark_message",
]
