"""`python -m tests.outage [SECONDS]`: the day with real waiting; DATABASE_URL and DATABASE_OWNER_URL name the server.

SECONDS is how long each calamity lasts (default 60). Writes a table: calamity, clicks, failed, median and 95th percentile of
the seconds of a click, and the seconds until all that was asked for meanwhile was done.
"""

import os
import sys

from tests.outage.calamities import live
from tests.outage.day import Day
from tests.outage.office import new_office

with new_office(os.environ["DATABASE_OWNER_URL"], os.environ["DATABASE_URL"]) as office:
    day = Day(office)
    lived = live(office, day, length=float(sys.argv[1]) if sys.argv[1:] else 60, patience=300)
    lines = [f"{'':26}{'clicks':>8}{'failed':>8}{'median':>8}{'p95':>8}{'caught up':>11}"]
    for name, clicks, middle, late, caught in lived.table():
        failed = sum(click.status != 200 for click in lived.clicks(name))
        lines.append(f"{name:26}{clicks:8}{failed:8}{middle:8.2f}{late:8.2f}{caught:9.1f} s")
    lines.append(
        f"lists {day.lists_handed_over}, decisions {day.changes_decided}, holds {day.holds_placed}, faults {day.faults}"
    )
    attempts = office.sql(
        "SELECT topic, attempts, done_at IS NOT NULL, count(*) FROM core_outboxmessage GROUP BY 1, 2, 3"
    )
    lines.append(f"messages (topic, attempts, done, count): {attempts}")
    sys.stdout.write("\n".join([*lines, ""]))
