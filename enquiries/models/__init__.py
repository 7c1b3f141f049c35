"""Who calls, visits and buys; when they come, and what they are told."""

from enquiries.models.call import Call
from enquiries.models.contact import CustomerPhone, IdPaper
from enquiries.models.customer import Customer
from enquiries.models.erasure import Erasure
from enquiries.models.follow_up import FollowUp
from enquiries.models.intake import Intake, IntakeLine
from enquiries.models.pre_report import PreReport
from enquiries.models.roster import CalendarLink, DutyShift
from enquiries.models.rotation import Rotation, RotationTurn
from enquiries.models.talk import TalkingPoint
from enquiries.models.viewing import Viewing, ViewingItem, ViewingSlot
from enquiries.models.visit import Visit

__all__ = [
    "CalendarLink",
    "Call",
    "Customer",
    "CustomerPhone",
    "DutyShift",
    "Erasure",
    "FollowUp",
    "IdPaper",
    "Intake",
    "IntakeLine",
    "PreReport",
    "Rotation",
    "RotationTurn",
    "TalkingPoint",
    "Viewing",
    "ViewingItem",
    "ViewingSlot",
    "Visit",
]
