"""Background work of inventory: load by id, call one service."""

from inventory.services import discounts, displays, imports, price_effect
from salescontrol.core import jobs


@jobs.handler(imports.READ_TOPIC)
def read_import(batch_id: int) -> None:
    """Read a handed-over file and show what it would do."""
    imports.read_batch(batch_id=batch_id)


@jobs.every("price_list.effective", slot=jobs.MINUTELY)
def prices_take_effect(slot: str) -> str:
    """Put due price lists into force, and the prices that waited for a claim (decisions 11)."""
    return price_effect.run_due()


@jobs.every("discount.end", slot=jobs.HOURLY)
def discounts_end(slot: str) -> str:
    """Show discount policies whose last day is past as ended."""
    return f"{discounts.end_expired()} policies ended"


@jobs.every("board.forget", slot=jobs.HOURLY)
def boards_forget(slot: str) -> str:
    """Take changes that no open board can still ask for out of the feed."""
    return f"{displays.forget_changes()} changes forgotten"
