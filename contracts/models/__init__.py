"""The claim on a unit in all its stages, what leads to it, and who waits for it."""

from contracts.models.claim import Claim
from contracts.models.request import HoldRequest
from contracts.models.waiting import WaitingEntry

__all__ = ["Claim", "HoldRequest", "WaitingEntry"]
