"""What one run is: how many clients, on how many units, for how long, and what dies meanwhile."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """`operations` a client, ended earlier after `seconds`; the pauses between kills are in seconds, 0 = never. A hold runs for
    `hold_seconds`: about as long as a client needs for a few calls, so that some end by themselves.

    `own_cluster`: on a PostgreSQL of its own, which `crash_every` stops without a checkpoint. `fault` names a seeded fault.

    `sells`: the clients do the whole trade, not holds alone. `web_share` of what they ask goes as forms to a real web process, beside
    which a real background worker runs (0: neither); one of their processes is killed each `kill_process_every`.
    """

    clients: int = 32
    operations: int = 1000
    seconds: float = 600.0
    units: int = 40
    hold_seconds: float = 1.5
    seed: int = 1
    kill_connection_every: float = 0.25
    kill_client_every: float = 0.0
    crash_every: float = 0.0
    own_cluster: bool = False
    fault: str = ""
    sells: bool = False
    web_share: float = 0.0
    kill_process_every: float = 0.0


QUICK = Plan()
LONG = Plan(
    clients=200, operations=1_000_000, seconds=1800.0, units=200, hold_seconds=10.0, kill_connection_every=0.25, kill_client_every=10.0,
    crash_every=60.0, own_cluster=True,
)  # fmt: skip
SQLITE = Plan(clients=16, kill_connection_every=0.0)
TRADE = Plan(
    clients=64, operations=1_000_000, units=200, hold_seconds=20.0, kill_connection_every=0.0, kill_client_every=5.0,
    own_cluster=True, sells=True, web_share=0.3, kill_process_every=10.0,
)  # fmt: skip
PLANS = {"quick": QUICK, "long": LONG, "sqlite": SQLITE, "trade": TRADE}
