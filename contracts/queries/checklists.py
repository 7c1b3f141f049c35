"""The checklist of a trade as its page shows it."""

from contracts.models import Document, Trade
from contracts.queries.scope import documents_visible_to
from salescontrol.core.access import Access


def complete(row: Document) -> bool:
    """Whether nobody waits for this paper any more: waived, or copies and original as needed."""
    if row.waived_at is not None:
        return True
    return row.copies >= row.copies_needed and (row.original_seen or not row.original_needed)


def lines(access: Access, trade: Trade) -> list[Document]:
    """The lines of the checklist that the reader may see, in the order of the moments."""
    rows = documents_visible_to(access).filter(trade=trade)
    found = rows.select_related("buyer__customer", "received_by", "waived_by")
    return sorted(found, key=lambda row: (row.moment != "SUBSCRIBE", row.pk))
