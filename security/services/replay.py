"""After an older copy of the database was restored: brings back from the journal what the copy lacks (decisions 18, quality B7).

Unit events come back with their numbers, times and statuses, claims without their customer: these are to be completed. Doing it
twice changes nothing. What was lost is told by name, and a seal says that the chain goes on behind the journal's last anchor.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils.translation import gettext as _

from contracts.models import Claim
from contracts.services import claims
from contracts.states import ClaimState, HoldKind, Stage
from inventory.models import Unit, UnitEvent
from inventory.services.replay import restore_event
from inventory.states import CLAIMED
from salescontrol.core import audit, journal, seals
from salescontrol.core.errors import Conflict

ACT = "journal.replay"


@dataclass
class Gap:
    """What was missing and what became of it: events brought back, those that could not be, claims that want their customer."""

    head: int = 0
    anchored: int = 0
    last_at: str = ""
    events: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    to_complete: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def replay(*, place: Path | None = None, by=None) -> Gap:
    """Bring back everything that the journal (in `place`, by default this chain's) has and the database lacks; one transaction.

    Raises Conflict `no_journal` when there is none, and `damaged` when its own chain does not hold.
    """
    place = place or journal.folder()
    last = journal.tail(place) if place else None
    if place is None or last is None:
        raise Conflict(_("There is no journal of this database's chain. Name its folder."), code="no_journal")
    lines = _lines(place)
    with transaction.atomic():
        newest = seals.head()
        gap = Gap(head=newest.number if newest else 0, anchored=last["seal"], last_at=last["at"])
        people = {user.employee_no: user for user in get_user_model().objects.all()}
        known = set(map(str, UnitEvent._base_manager.values_list("op_id", flat=True)))
        for line in lines:
            if line["op"] not in known:
                _bring_back(line, people, gap, by)
        _put_on_record(gap, last, by)
    return gap


def _lines(place: Path) -> list[journal.Line]:
    """The events of the journal in their order; raises Conflict when its chain does not hold."""
    number, before, found = 0, seals.FIRST, []
    for path, count, line in journal.read(place):
        if line is None or (line["n"], line["prev"]) != (number + 1, before) or journal.line_hash(line) != line["hash"]:
            raise Conflict(
                _("The journal does not hold at line %(line)s of %(file)s. Use a sound copy.")
                % {"line": count, "file": path.name},
                code="damaged",
            )
        number, before = line["n"], line["hash"]
        if line["kind"] == journal.EVENT:
            found.append(line)
    return found


def _bring_back(line: journal.Line, people: Mapping[str, Any], gap: Gap, by) -> None:
    units = Unit._base_manager.select_for_update(of=("self",)).filter(project__code=line["project"], key=line["key"])
    unit = units.select_related("project").first()
    name = f"{line['project']} {line['unit']} #{line['seq']} {line['action']} {line['at']}"
    event = unit and restore_event(
        unit=unit, line=line, actor=people.get(line["by"]), on_behalf_of=people.get(line["for"]), by=by
    )
    if unit is None or not event:
        gap.refused.append(name)
        return
    gap.events.append(name)
    if line["claim"]:
        _bring_claim_back(unit, event, line, people, gap)


def _bring_claim_back(unit: Unit, event: UnitEvent, line: journal.Line, people: Mapping[str, Any], gap: Gap) -> None:
    claim = Claim._base_manager.filter(number=line["claim"]).first() or _new_claim(unit, event, line, people)
    claims.hide_from_salesperson(claim)
    _take_terms(claim, event, line.get("terms", {}), people)
    if event.to_status in CLAIMED:
        claim.extensions += event.action == "claim.extend"
        claim.expires_at = event.ends_at
    else:
        claim.state = ClaimState.EXPIRED if event.action == "claim.expire" else ClaimState.RELEASED
        claim.released_at, claim.released_by, claim.release_reason = (
            event.at,
            event.actor,
            _("Brought back from the journal"),
        )
    claim.save()
    if claim.released_at is None:
        claims.show_to_salesperson(claim)
    if claim.customer_id is None and claim.kind != HoldKind.DEAL:
        gap.to_complete = [name for name in gap.to_complete if not name.startswith(claim.number)]
        if claim.released_at is None:
            gap.to_complete.append(f"{claim.number} {line['project']} {line['unit']}")


def _take_terms(claim: Claim, event: UnitEvent, terms: Mapping[str, str], people: Mapping[str, Any]) -> None:
    """What the event may have made of the claim: another stage, an offer that was taken, another salesperson."""
    claim.event_seq, claim.stage = event.seq, terms.get("stage", claim.stage)
    claim.kind, claim.evidence = terms.get("kind", claim.kind), terms.get("evidence", claim.evidence)
    claim.salesperson = people.get(terms.get("salesperson", ""), claim.salesperson)


def _new_claim(unit: Unit, event: UnitEvent, line: journal.Line, people: Mapping[str, Any]) -> Claim:
    terms = line.get("terms", {})
    return Claim(
        number=line["claim"], project_id=unit.project_id, unit=unit, stage=terms.get("stage", Stage.HOLD),
        kind=terms.get("kind", HoldKind.CUSTOMER), evidence=terms.get("evidence", ""), reason=_("Brought back from the journal"),
        salesperson=people.get(terms.get("salesperson", "")), list_unit_price=_money(terms.get("unit_price")),
        list_total=_money(terms.get("total")), placed_by=event.actor, placed_at=event.at, expires_at=event.ends_at,
    )  # fmt: skip


def _money(text: str | None) -> Decimal | None:
    return Decimal(text) if text else None


def _put_on_record(gap: Gap, last: journal.Line, by) -> None:
    """The seal of the restore, when the journal knows seals that the database lacks, and the act."""
    if gap.events or gap.refused or gap.anchored > gap.head:
        audit.record(ACT, by=by, detail=gap.as_json())
    if gap.anchored > gap.head:
        when = datetime.fromisoformat(last["at"])
        seals.seal_restore(
            last=gap.anchored, note=f"Restored: seals {gap.head + 1} to {gap.anchored} ({when:%Y-%m-%d %H:%M}) lost"
        )
