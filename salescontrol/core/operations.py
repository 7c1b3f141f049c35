"""One form, one effect (I5, decisions 19): a double click, a retry after a lost answer, a replayed paper form change nothing more.

The server makes the `op_id` with the form. What was done under it is kept 30 days with what it led to, refusals too; the same
form gets the same answer again, another content under the same id is refused and recorded.
"""

import hashlib
import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from salescontrol.core import audit, errors
from salescontrol.core.errors import Refusal
from salescontrol.core.models import Operation

_CLASSES = {kind.status: kind for kind in (errors.Refusal, errors.Forbidden, errors.NotVisible, errors.Conflict)}


def once(*, op_id: uuid.UUID, by, action: str, content: Mapping[str, Any], run: Callable[[], dict]) -> dict:
    """Do `run()` in a transaction of its own, unless this operation was done before; returns its reference either time.

    `run` returns the reference (what the answer leads to: ids and numbers, never personal data). Raises what `run` refuses,
    the same refusal again for the same form, Refusal `other_content` (422) when the id comes with something else.
    """
    seen = _fingerprint(action, content)
    known = Operation.objects.filter(op_id=op_id).first()
    if known is not None:
        return _again(known, by, seen)
    try:
        with transaction.atomic():
            reference = run()
            Operation.objects.create(op_id=op_id, action=action, fingerprint=seen, by=by, reference=reference)
    except Refusal as refusal:
        return _refused(op_id, by, action, seen, refusal)
    except IntegrityError:
        known = Operation.objects.filter(op_id=op_id).first()
        if known is None:
            raise
        return _again(known, by, seen)
    return reference


def _refused(op_id: uuid.UUID, by, action: str, seen: str, refusal: Refusal) -> dict:
    """Keep the refusal, and raise it; a twin of this form that was answered first, whatever the answer, answers for both."""
    row = Operation(
        op_id=op_id, action=action, fingerprint=seen, by=by, refused=True, code=refusal.code, message=str(refusal.message),
        reference={
            "status": refusal.status, "links": [[str(label), url] for label, url in refusal.links],
            "fields": {name: [*map(str, texts)] for name, texts in refusal.fields.items()},
        },
    )  # fmt: skip
    Operation.objects.bulk_create([row], ignore_conflicts=True)
    known = Operation.objects.get(op_id=op_id)
    if (known.refused, known.fingerprint, known.message) != (True, seen, row.message):
        return _again(known, by, seen)
    raise refusal


def _again(known: Operation, by, seen: str) -> dict:
    if known.fingerprint != seen or known.by_id != by.pk:
        audit.record("operation.misused", by=by, detail={"op_id": str(known.op_id), "action": known.action})
        raise Refusal(
            _("This form was sent before with something else in it. Open it anew and enter it once more."),
            code="other_content",
        )
    if known.refused:
        kind = _CLASSES.get(known.reference.get("status"), Refusal)
        told = known.reference
        raise kind(known.message, code=known.code, fields=told.get("fields"), links=told.get("links", ()))
    return known.reference


def _fingerprint(action: str, content: Mapping[str, Any]) -> str:
    text = json.dumps([action, content], sort_keys=True, default=str, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()
