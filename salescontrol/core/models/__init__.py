"""The kernel's tables: one file per noun."""

from salescontrol.core.models.approval import Approval, ApprovalDecision, ApprovalStage
from salescontrol.core.models.attachment import Attachment, Level
from salescontrol.core.models.audit import AuditEvent
from salescontrol.core.models.job import Heartbeat, JobRun, OutboxMessage
from salescontrol.core.models.notice import Notice, NoticeDelivery, NoticeWay, WayKind
from salescontrol.core.models.number import NumberSequence
from salescontrol.core.models.operation import Operation
from salescontrol.core.models.rewriting import Rewriting, RewritingReason
from salescontrol.core.models.seal import Seal, SealedRow
from salescontrol.core.models.setting import Holiday, Setting

__all__ = [
    "Approval",
    "ApprovalDecision",
    "ApprovalStage",
    "Attachment",
    "AuditEvent",
    "Heartbeat",
    "Holiday",
    "JobRun",
    "Level",
    "Notice",
    "NoticeDelivery",
    "NoticeWay",
    "NumberSequence",
    "Operation",
    "OutboxMessage",
    "Rewriting",
    "RewritingReason",
    "Seal",
    "SealedRow",
    "Setting",
    "WayKind",
]
