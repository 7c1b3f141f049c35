"""The connection to PostgreSQL as the pool keeps it."""

import select
from typing import Any

import psycopg


class PooledConnection(psycopg.Connection):
    """Tells the pool that it is still good without asking the server.

    The pool sends an empty statement before it hands a connection out, which costs as much as the statement that follows. But a
    server that ended a connection (a restart, a kill) has said so: then there is something to read on its socket while nothing
    was asked, and only then the empty statement is sent, and fails.
    """

    def execute(self, query: Any, params: Any = None, **more: Any) -> psycopg.Cursor:
        if query == "" and not self.closed and not _has_news(self.fileno()):
            return self.cursor()
        return super().execute(query, params, **more)


def _has_news(socket: int) -> bool:
    poll = select.poll()
    poll.register(socket, select.POLLIN)
    return bool(poll.poll(0))
