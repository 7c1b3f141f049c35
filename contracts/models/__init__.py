"""The claim on a unit in all its stages, what leads to it, who waits for it, and the trade that it becomes."""

from contracts.models.area import AreaBatch
from contracts.models.blank import BlankForm, BlankRange
from contracts.models.change import Change
from contracts.models.claim import Claim
from contracts.models.contract import Contract
from contracts.models.milestone import Milestone
from contracts.models.number import IssuedNumber
from contracts.models.paper import Paper, PaperTemplate
from contracts.models.past_sales import SalesImport
from contracts.models.quotation import Quotation
from contracts.models.request import HoldRequest
from contracts.models.subscription import Document, Subscription
from contracts.models.trade import Buyer, Trade
from contracts.models.waiting import WaitingEntry

__all__ = [
    "AreaBatch",
    "BlankForm",
    "BlankRange",
    "Buyer",
    "Change",
    "Claim",
    "Contract",
    "Document",
    "HoldRequest",
    "IssuedNumber",
    "Milestone",
    "Paper",
    "PaperTemplate",
    "Quotation",
    "SalesImport",
    "Subscription",
    "Trade",
    "WaitingEntry",
]
