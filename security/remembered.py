"""Rights remembered in the process (quality V3, V5, V16): asked for once, valid as long as the stamp of all rights is the same.

The stamp is read with the session's row, in the page's own query, so that a change counts from the next request on, in every
process. Whoever stands in for somebody is asked for each time: a deputyship begins and ends by the clock, without a change.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace

from django.db import connections

from salescontrol.core.access import Access

MOST = 5000
_KNOWN: OrderedDict[int, tuple[str, Access]] = OrderedDict()
# The tables that rights are read from, and when a change of them matters.
_WATCHED = {
    "inventory_projectgrant": "INSERT OR UPDATE OR DELETE",
    "security_user_groups": "INSERT OR UPDATE OR DELETE",
    "security_deputy": "INSERT OR UPDATE OR DELETE",
    "security_user": "INSERT OR UPDATE OF is_active OR DELETE",
}
_POSTGRES = """
CREATE OR REPLACE FUNCTION stamp_rights() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO security_rights (id, stamp) VALUES (1, gen_random_uuid()::text)
    ON CONFLICT (id) DO UPDATE SET stamp = excluded.stamp;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER {table}_stamps_rights AFTER {events} ON {table} FOR EACH STATEMENT EXECUTE FUNCTION stamp_rights();
"""
_SQLITE = """
CREATE TRIGGER IF NOT EXISTS {table}_stamps_rights_{number} AFTER {event} ON {table}
BEGIN INSERT OR REPLACE INTO security_rights (id, stamp) VALUES (1, hex(randomblob(16))); END;
"""


def access_of(user, read: Callable[[], Access]) -> Access:
    """The user's access: remembered under the stamp that came with the session, else read now."""
    stamp = getattr(user, "rights_stamp", None)
    if not stamp:
        return read()
    known = _KNOWN.get(user.pk)
    if known is not None and known[0] == stamp:
        return replace(known[1], user=user)
    access = read()
    if not access.deputy_of and not access.may_stand_in:
        _KNOWN[user.pk] = (stamp, replace(access, user=None))
        while len(_KNOWN) > MOST:
            _KNOWN.popitem(last=False)
    return access


def install(sender, using: str, **kwargs) -> None:
    """Lay the triggers that write the stamp (called after migrate, both engines)."""
    connection = connections[using]
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
        if not tables.issuperset([*_WATCHED, "security_rights"]):
            return
        for table, events in _WATCHED.items():
            if connection.vendor == "postgresql":
                cursor.execute(_POSTGRES.format(table=table, events=events))
                continue
            for number, event in enumerate(events.split(" OR ")):
                cursor.execute(_SQLITE.format(table=table, number=number, event=event))
