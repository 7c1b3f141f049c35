"""Price lists (价格方案, domain B4): proposed by marketing or a specialist, approved by the supervisor, floor prices and
prices below the floor by management too. Undecided, a list locks its units; decided, it takes effect at its time."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory import rules
from inventory.models import PriceLine, PriceList, Project, Unit
from inventory.models.price import PriceKind
from inventory.queries import prices as queries
from inventory.services import price_effect, stages, units
from inventory.services.review import name_some
from inventory.states import PRICE_TABLE, Lock, PriceListState
from salescontrol.core import approvals, clock, money
from salescontrol.core.access import access_of
from salescontrol.core.errors import Conflict, Refusal
from salescontrol.core.history import save_tracked
from salescontrol.core.models import Approval
from salescontrol.core.numbering import next_number
from salescontrol.core.permissions import Permission
from salescontrol.core.templatetags import sales
from salescontrol.core.transitions import move

KIND = "price.list"
LARGEST_STEP = Decimal(50)
# Whoever did one of these had a hand in the list and does not decide it.
EDITS = tuple(f"price_list.{act}" for act in ("create", "edit", "edit_lines", "adjust", "remove_lines", "read_file"))


@transaction.atomic
def create_price_list(
    *,
    project: Project,
    kind: str,
    title: str,
    effective_from: datetime,
    reason: str,
    by,
    visible,
    building_ids: Collection[int] = (),
    unit_ids: Collection[int] = (),
    percent: Decimal | None = None,
) -> PriceList:
    """A draft with one line per chosen unit: its present price, changed by `percent` of the unit price when given.

    Without buildings and units every unit of the project that the user may see is chosen. A unit without a price of the kind
    starts from its list price; without that too it is left out. Raises Forbidden for floor prices without sight of them.
    """
    access = access_of(by)
    access.require(Permission.PRICE_PROPOSE, project.pk)
    if kind == PriceKind.FLOOR:
        access.require(Permission.FLOOR_PRICE_SEE, project.pk)
    chosen = queries.priced_units(project, visible).select_related("project")
    if unit_ids:
        chosen = chosen.filter(pk__in=unit_ids)
    if building_ids:
        chosen = chosen.filter(building__in=building_ids)
    price_list = PriceList(
        project=project,
        number=next_number(project.code, clock.today(project.zone).year, "PL"),
        title=title.strip()[:80],
        kind=kind,
        effective_from=effective_from,
        reason=reason.strip()[:300],
        made_by=by,
    )
    _check_head(price_list)
    save_tracked(price_list, action="price_list.create", by=by)
    _add_lines(price_list, list(chosen), percent)
    if not price_list.lines.exists():
        raise Refusal(_("None of the chosen units has a price to start from."), code="no_units")
    return price_list


@transaction.atomic
def edit_head(
    *, price_list: PriceList, title: str, effective_from: datetime, reason: str, version: int, by
) -> PriceList:
    """Change title, time and reason of a draft or returned list."""
    locked = _locked_open(price_list, version, by)
    locked.title, locked.effective_from, locked.reason = title.strip()[:80], effective_from, reason.strip()[:300]
    _check_head(locked)
    return _save(locked, "price_list.edit", by, ["title", "effective_from", "reason"])


@transaction.atomic
def edit_lines(*, price_list: PriceList, typed: Mapping[int, tuple[str, str, str]], version: int, by) -> PriceList:
    """Set lines of a draft: line id → (unit price, total, note) as typed. Of unit price and total the one left empty, or left
    alone while the other was edited, is computed.

    Raises Refusal with the messages at `unit_price_<id>` and `total_<id>`, and nothing is written.
    """
    locked = _locked_open(price_list, version, by)
    lines = list(locked.lines.filter(pk__in=typed).select_related("unit__building", "unit__project"))
    errors: dict[str, list] = {}
    changed = []
    for line in lines:
        unit_text, total_text, note = typed[line.pk]
        kept = (rules.as_text(line.unit_price), rules.as_text(line.total))
        unit_text, total_text = _only_edited((unit_text.strip(), total_text.strip()), kept)
        price, messages = read_price(line.unit, unit_text, total_text)
        for name, sentences in messages.items():
            errors[f"{name}_{line.pk}"] = sentences
        if price is not None:
            line.unit_price, line.total = price
            line.note = note.strip()[:200]
            changed.append(line)
    if errors:
        raise Refusal(_("Some prices need another look."), code="invalid", fields=errors)
    PriceLine.objects.bulk_update(changed, ["unit_price", "total", "note"], batch_size=500)
    return _save(locked, "price_list.edit_lines", by)


def _only_edited(typed: tuple[str, str], kept: tuple[str, str]) -> tuple[str, str]:
    """Of two prices that belong together, the one that was left alone while the other was edited gives way."""
    same = [one == other for one, other in zip(typed, kept, strict=True)]
    if same == [False, True] and typed[0]:
        return typed[0], ""
    if same == [True, False] and typed[1]:
        return "", typed[1]
    return typed


def read_price(
    unit: Unit, unit_text: str, total_text: str
) -> tuple[tuple[Decimal, Decimal] | None, dict[str, list[str]]]:
    """Unit price and total of one unit from typed text by the rules of entry: (values, messages by `unit_price`/`total`)."""
    place = {
        "building": unit.building.name, "entrance": unit.entrance, "floor": unit.floor_label, "room": unit.room
    }  # fmt: skip
    facts = {name: rules.as_text(getattr(unit, name)) for name in ("built_area", "inner_area", "pricing_mode")}
    row = rules.clean_row({**place, **facts, "list_unit_price": unit_text, "list_total": total_text})
    messages: dict[str, list[str]] = {}
    for problem in row.errors:
        name = "total" if problem.field == "list_total" else "unit_price"
        messages.setdefault(name, []).append(problem.message)
    total, unit_price = row.values.get("list_total"), row.values.get("list_unit_price")
    if not messages and total is None:
        messages["total"] = [_("Enter the unit price or the total.")]
    if messages or total is None:
        return None, messages
    return (unit_price if unit_price is not None else money.cents(total / unit.built_area), total), {}


@transaction.atomic
def adjust_lines(
    *, price_list: PriceList, percent: Decimal, version: int, by, line_ids: Collection[int] = ()
) -> PriceList:
    """Change the unit prices of a draft (of some lines, or of all) by a percentage; totals follow."""
    locked = _locked_open(price_list, version, by)
    _check_percent(percent)
    chosen = locked.lines.select_related("unit")
    lines = list(chosen.filter(pk__in=line_ids) if line_ids else chosen)
    for line in lines:
        line.unit_price, line.total = _stepped(line.unit, line.unit_price, line.total, percent)
    PriceLine.objects.bulk_update(lines, ["unit_price", "total"], batch_size=500)
    return _save(locked, "price_list.adjust", by)


@transaction.atomic
def remove_lines(*, price_list: PriceList, line_ids: Collection[int], version: int, by) -> PriceList:
    """Take units out of a draft; the last one stays."""
    locked = _locked_open(price_list, version, by)
    if not line_ids:
        raise Refusal(_("Choose at least one unit."), code="nothing_chosen")
    if not locked.lines.exclude(pk__in=line_ids).exists():
        raise Refusal(_("A price list needs at least one unit."), code="no_units")
    locked.lines.filter(pk__in=line_ids).delete()
    return _save(locked, "price_list.remove_lines", by)


@transaction.atomic
def put_prices(
    *, price_list: PriceList, prices: Mapping[int, tuple[Decimal, Decimal, str]], version: int, by
) -> PriceList:
    """Take prices from a file into a draft: unit id → (unit price, total, note), checked before. New units get a line."""
    locked = _locked_open(price_list, version, by)
    existing = {line.unit_id: line for line in locked.lines.filter(unit__in=prices)}
    for unit_id, line in existing.items():
        line.unit_price, line.total, line.note = prices[unit_id]
    PriceLine.objects.bulk_update(existing.values(), ["unit_price", "total", "note"], batch_size=500)
    fields = queries.PRICE_FIELDS[PriceKind(locked.kind)]
    missing = Unit.every.filter(pk__in=prices.keys() - existing.keys(), project_id=locked.project_id).order_by("pk")
    PriceLine.objects.bulk_create(
        [
            PriceLine(
                price_list=locked,
                unit=unit,
                unit_price=prices[unit.pk][0],
                total=prices[unit.pk][1],
                note=prices[unit.pk][2],
                old_unit_price=getattr(unit, fields[0]),
                old_total=getattr(unit, fields[1]),
            )
            for unit in missing
        ],
        batch_size=500,
    )
    return _save(locked, "price_list.read_file", by)


@transaction.atomic
def submit_price_list(*, price_list: PriceList, version: int, by) -> Approval:
    """Ask for the decision; the units are locked until then. Raises Conflict naming units that another change locks."""
    locked = _locked_open(price_list, version, by)
    _check_head(locked)
    chosen = units.locked(locked.lines.values_list("unit_id", flat=True), visible=Unit.every.all())
    blocked = [unit.number for unit in chosen if {Lock.PRICE.value, Lock.CHANGE.value} & set(unit.lock_codes)]
    if blocked:
        raise Conflict(
            _("These units wait for another decision: %(units)s. Wait for it, or take them out of the list.")
            % {"units": name_some(blocked)},
            code="locked",
        )
    _refuse_probing(locked, by)
    _remember_old(locked, chosen)
    moved = move(
        PRICE_TABLE, "price_list.submit", locked, by=by, project_id=locked.project_id, version=locked.version + 1
    )
    reason = _("In price list %(number)s") % {"number": moved.number}
    units.lay_locks(units=chosen, kind=Lock.PRICE, reason=reason, by=by, reference=_reference(moved))
    return _ask(moved, by)


def _check_head(price_list: PriceList) -> None:
    missing = {name: [_("Fill this in.")] for name in ("title", "reason") if not getattr(price_list, name)}
    if missing:
        raise Refusal(_("Say what the list is called and why prices change."), code="incomplete", fields=missing)


def _check_percent(percent: Decimal) -> None:
    if not percent.is_finite() or percent == 0 or abs(percent) > LARGEST_STEP:
        message = _("Enter a percentage between −%(limit)s and %(limit)s, not 0.") % {"limit": LARGEST_STEP}
        raise Refusal(message, code="percent", fields={"percent": [message]})


def _add_lines(price_list: PriceList, chosen: Sequence[Unit], percent: Decimal | None) -> None:
    if percent is not None:
        _check_percent(percent)
    unit_field, total_field = queries.PRICE_FIELDS[PriceKind(price_list.kind)]
    lines = []
    for unit in chosen:
        old = getattr(unit, unit_field), getattr(unit, total_field)
        start = _start(unit, *old)
        if start is not None:
            new = start if percent is None else _stepped(unit, *start, percent)
            lines.append(
                PriceLine(
                    price_list=price_list,
                    unit=unit,
                    unit_price=new[0],
                    total=new[1],
                    old_unit_price=old[0],
                    old_total=old[1],
                )
            )
    PriceLine.objects.bulk_create(lines, batch_size=500)


def _start(unit: Unit, unit_price: Decimal | None, total: Decimal | None) -> tuple[Decimal, Decimal] | None:
    """The price of the kind, else the list price, else none."""
    if total is None:
        unit_price, total = unit.list_unit_price, unit.list_total
    if total is None:
        return None
    return (unit_price if unit_price is not None else money.cents(total / unit.built_area)), total


def _stepped(unit: Unit, unit_price: Decimal, total: Decimal, percent: Decimal) -> tuple[Decimal, Decimal]:
    """A price changed by a percentage: unit price to the fen, total to whole yuan (decisions 9)."""
    factor = 1 + percent / 100
    area = rules.priced_area({}, vars(unit))
    if area is None:
        total = money.whole(total * factor)
        return money.cents(total / unit.built_area), total
    unit_price = money.cents(unit_price * factor)
    return unit_price, money.total_of(unit_price, area)


def _locked_open(price_list: PriceList, version: int, by) -> PriceList:
    """The list, locked, if this user may work on it and it is still the draft that they saw."""
    access = access_of(by)
    access.require(Permission.PRICE_PROPOSE, price_list.project_id)
    if price_list.kind == PriceKind.FLOOR:
        access.require(Permission.FLOOR_PRICE_SEE, price_list.project_id)
    locked = PriceList.every.select_for_update(of=("self",)).select_related("project").get(pk=price_list.pk)
    if locked.state not in queries.OPEN or locked.version != version:
        raise Conflict(
            _("%(number)s changed while you were working (%(state)s). Reload the page to see where it stands.")
            % {"number": locked.number, "state": locked.get_state_display()},
            code="raced",
        )
    return locked


def _save(price_list: PriceList, action: str, by, fields: Sequence[str] = ()) -> PriceList:
    price_list.version += 1
    return save_tracked(price_list, action=action, by=by, fields=[*fields, "version"])


def _refuse_probing(price_list: PriceList, by) -> None:
    if price_list.kind != PriceKind.LIST or access_of(by).can(Permission.FLOOR_PRICE_SEE, price_list.project_id):
        return
    if queries.asked_too_often(price_list.lines.values("unit"), by):
        raise Refusal(
            _("You submitted prices of these units %(count)s times within a day. Ask the supervisor.")
            % {"count": queries.PRICE_QUESTIONS_A_DAY},
            code="too_often",
        )


def _remember_old(price_list: PriceList, chosen: Sequence[Unit]) -> None:
    """What the prices are at the moment of asking; locked from here on, they stay so until the decision."""
    unit_field, total_field = queries.PRICE_FIELDS[PriceKind(price_list.kind)]
    by_id = {unit.pk: unit for unit in chosen}
    lines = list(price_list.lines.all())
    for line in lines:
        unit = by_id[line.unit_id]
        line.old_unit_price, line.old_total = getattr(unit, unit_field), getattr(unit, total_field)
    PriceLine.objects.bulk_update(lines, ["old_unit_price", "old_total"], batch_size=500)


def _ask(price_list: PriceList, by) -> Approval:
    found = queries.effect(price_list)
    edits = price_list.history.filter(history_change_reason__in=EDITS)
    authors = {price_list.made_by_id, by.pk, *edits.values_list("history_user", flat=True)} - {None}
    management = price_list.kind == PriceKind.FLOOR or (price_list.kind == PriceKind.LIST and found.below_floor > 0)
    return approvals.request(
        kind=KIND,
        by=by,
        subject=str(price_list),
        reason=price_list.reason,
        project_id=price_list.project_id,
        target_id=price_list.pk,
        before={"sum": rules.as_text(found.old_sum)},
        after={
            "project": price_list.project.code,
            "kind": price_list.kind,
            "lines": found.lines,
            "sum": rules.as_text(found.new_sum),
            "from": price_list.effective_from.isoformat(),
        },
        effect={
            **stages.who_decides(price_list.project_id, authors, management=management),
            "below_floor": found.below_floor,
            "floor": price_list.kind == PriceKind.FLOOR,
        },
        authors=authors,
    )


def _reference(price_list: PriceList) -> str:
    return f"price:{price_list.pk}"


def _locked_with_units(approval: Approval, by) -> tuple[PriceList, list[Unit]]:
    """The list and its units, locked, with the list's overlay locks lifted."""
    price_list = PriceList.every.select_for_update(of=("self",)).select_related("project").get(pk=approval.target_id)
    chosen = units.locked(price_list.lines.values_list("unit_id", flat=True), visible=Unit.every.all())
    units.lift_locks(units=chosen, kind=Lock.PRICE, by=by, reference=_reference(price_list))
    return price_list, chosen


def _apply(approval: Approval, by) -> None:
    """What is decided after its time counts from the decision, so that it comes after what took effect meanwhile."""
    price_list, _chosen = _locked_with_units(approval, by)
    _refuse_below_floor(price_list, approval, by)
    now = clock.now()
    moved = move(
        PRICE_TABLE,
        "price_list.approve",
        price_list,
        by=by,
        project_id=price_list.project_id,
        approved=True,
        version=price_list.version + 1,
        effective_from=max(price_list.effective_from, now),
    )
    if moved.effective_from <= now:
        price_effect.take_effect(price_list=moved, by=by)


def _refuse_below_floor(price_list: PriceList, approval: Approval, by) -> None:
    """Prices that a new floor price has overtaken since they were asked for are not the supervisor's alone to decide."""
    access = access_of(by)
    if approval.effect["management"] or access.can(Permission.FLOOR_PRICE_DECIDE, price_list.project_id):
        return
    if price_list.kind == PriceKind.LIST and queries.effect(price_list).below_floor:
        raise Conflict(
            _("Floor prices changed after this list was submitted, so management decides too. Return it, and have it submitted again."),
            code="below_floor",
        )  # fmt: skip


def _closed(approval: Approval, by) -> None:
    price_list, _chosen = _locked_with_units(approval, by)
    action = "price_list.return" if approval.state == Approval.State.RETURNED else "price_list.withdraw"
    move(
        PRICE_TABLE,
        action,
        price_list,
        by=by,
        project_id=price_list.project_id,
        approved=True,
        version=price_list.version + 1,
    )


def _version(pk: int) -> int:
    return PriceList.every.values_list("version", flat=True).get(pk=pk)


def _present(approval: Approval, access) -> list[tuple[Any, Any, Any]]:
    """Kind, units, sums and time; floor prices and what lies below them only for those who may read them."""
    sees_floor = access.can(Permission.FLOOR_PRICE_SEE, approval.project_id)
    after, kind = approval.after, PriceKind(approval.after["kind"])
    lines: list[tuple[Any, Any, Any]] = [(_("Kind"), "", kind.label), (_("Units"), "", f"{after['lines']:,}")]
    if kind != PriceKind.FLOOR or sees_floor:
        lines.append((_("Sum of totals"), _figure(approval.before["sum"]), _figure(after["sum"])))
    moment = clock.local(datetime.fromisoformat(after["from"]))
    lines.append((_("Effective from"), "", f"{moment:%Y-%m-%d %H:%M}"))
    if approval.effect["below_floor"] and sees_floor:
        lines.append((_("Below the floor price"), "", f"{approval.effect['below_floor']:,}"))
    elif approval.effect["management"]:
        lines.append((_("Effect"), "", _("needs approval of management")))
    return lines


def _figure(text: str) -> str:
    return sales.amount(Decimal(text)) if text else ""


def _url(approval: Approval) -> str:
    return reverse("inventory:price_list", args=[approval.after["project"], approval.target_id])


def register() -> None:
    """Make price lists decidable in the one inbox."""
    approvals.register(
        KIND,
        approvals.Kind(
            label=gettext_lazy("Price list"),
            stages=stages.steps,
            apply=_apply,
            present=_present,
            url=_url,
            version=_version,
            closed=_closed,
            hides=stages.hides_floor_prices,
        ),
    )
    price_effect.register()


def is_open(price_list: PriceList) -> bool:
    """Whether the list can still be edited."""
    return price_list.state in (PriceListState.DRAFT, PriceListState.REJECTED)
