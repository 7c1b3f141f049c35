"""Background work of inventory: load by id, call one service."""

from inventory.services import imports
from salescontrol.core import jobs


@jobs.handler(imports.READ_TOPIC)
def read_import(batch_id: int) -> None:
    """Read a handed-over file and show what it would do."""
    imports.read_batch(batch_id=batch_id)
