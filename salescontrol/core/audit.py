"""Records acts that are not a row (architecture rule 8). Values here are never personal data."""

import structlog

from salescontrol.core.models import AuditEvent


def record(
    action: str, *, by=None, project_id: int | None = None, target=None, detail: dict | None = None
) -> AuditEvent:
    """Write one audit event, with the address and id of the request at hand; fails with the act when it cannot be written."""
    context = structlog.contextvars.get_contextvars()
    return AuditEvent.objects.create(
        actor=by if getattr(by, "pk", None) else None,
        action=action,
        project_id=project_id,
        target_kind=target._meta.label_lower if target is not None else "",
        target_id=target.pk if target is not None else None,
        detail=detail or {},
        ip=context.get("ip", ""),
        request_id=context.get("request_id", ""),
    )
