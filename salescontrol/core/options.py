"""What the office may set for itself: one table of names, kinds and defaults (domain B15, decisions 33)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from salescontrol.core.errors import Refusal
from salescontrol.core.history import save_tracked
from salescontrol.core.models import Setting


@dataclass(frozen=True)
class Option:
    """One setting: its label, the unit of its figure, its default, bounds, and the group it is shown in.

    `check(value)` raises Refusal for a text that cannot be.
    """

    key: str
    group: str
    label: Any
    default: Any
    unit: Any = ""
    low: int | None = None
    high: int | None = None
    help: Any = ""
    check: Callable[[Any], object] | None = None

    @property
    def kind(self) -> str:
        return "bool" if isinstance(self.default, bool) else "int" if isinstance(self.default, int) else "text"

    def shown(self, value: Any) -> Any:
        """The value as people read it."""
        return value if self.kind != "bool" or value is None else _("Yes") if value else _("No")


OPTIONS: dict[str, Option] = {}


def define(*options: Option) -> None:
    """Add settings to the table; called from `AppConfig.ready`."""
    for option in options:
        OPTIONS[option.key] = option


def value(key: str, project_id: int | None = None) -> Any:
    """The project's value, else the company's, else the default."""
    found = {
        row.project_id: row.value for row in Setting.objects.filter(key=key) if row.project_id in (project_id, None)
    }
    return found.get(project_id, found.get(None, OPTIONS[key].default))


def values(project_id: int | None = None) -> dict[str, Any]:
    """All settings at once, in one query."""
    found = {key: option.default for key, option in OPTIONS.items()}
    rows = Setting.objects.filter(key__in=OPTIONS)
    for row in sorted(rows, key=lambda item: item.project_id is not None):
        if row.project_id in (None, project_id):
            found[row.key] = row.value
    return found


@transaction.atomic
def change(*, by, project_id: int | None, changes: dict[str, Any]) -> list[Setting]:
    """Store values (checked against kind and bounds) with history; returns the rows that changed. The caller checks the right."""
    changed = []
    now = values(project_id)
    for key, new in changes.items():
        _check(OPTIONS[key], new)
        if new != now[key]:
            row = Setting.objects.filter(project_id=project_id, key=key).first() or Setting(
                project_id=project_id, key=key
            )
            row.value = new
            changed.append(save_tracked(row, action="setting.change", by=by))
    return changed


def _check(option: Option, new: Any) -> None:
    if option.kind == "int" and not (
        (option.low is None or new >= option.low) and (option.high is None or new <= option.high)
    ):
        message = _("Enter a whole number from %(low)s to %(high)s.") % {"low": option.low, "high": option.high}
        raise Refusal(message, fields={option.key: [message]})
    if option.check:
        option.check(new)


define(
    Option(
        "hold.lock_minutes",
        "claims",
        gettext_lazy("Lock while a deal is being written"),
        10,
        gettext_lazy("minutes"),
        1,
        60,
    ),
    Option("hold.lock_renewals", "claims", gettext_lazy("Renewals of that lock"), 2, "", 0, 10),
    Option("hold.hours", "claims", gettext_lazy("Hold for a customer"), 24, gettext_lazy("hours"), 1, 240),
    Option("hold.extensions", "claims", gettext_lazy("Extensions by the specialist"), 1, "", 0, 5),
    Option("hold.per_salesperson", "claims", gettext_lazy("Active holds per salesperson"), 3, "", 1, 50),
    Option("hold.per_customer", "claims", gettext_lazy("Active holds per customer"), 2, "", 1, 50),
    Option(
        "hold.cool_down_hours",
        "claims",
        gettext_lazy("Wait before holding again for the same customer"),
        12,
        gettext_lazy("hours"),
        0,
        240,
    ),
    Option(
        "hold.offer_hours",
        "claims",
        gettext_lazy("Offer to the next in the waiting list"),
        2,
        gettext_lazy("hours"),
        1,
        48,
    ),
    Option(
        "small_deposit.days", "claims", gettext_lazy("Small deposit: days to top up"), 3, gettext_lazy("days"), 1, 30
    ),
    Option(
        "signing.days", "deals", gettext_lazy("Signing deadline after subscription"), 7, gettext_lazy("days"), 1, 90
    ),
    Option("deposit.ceiling_percent", "deals", gettext_lazy("Deposit ceiling"), 20, "%", 1, 100),
    Option(
        "loan.commercial_days",
        "deals",
        gettext_lazy("Commercial loan arrives within"),
        30,
        gettext_lazy("days"),
        1,
        365,
    ),
    Option(
        "loan.provident_days",
        "deals",
        gettext_lazy("Provident fund loan arrives within"),
        60,
        gettext_lazy("days"),
        1,
        365,
    ),
    Option(
        "small_deposit.least", "deals", gettext_lazy("Least small deposit"), 10000, gettext_lazy("yuan"), 0, 10000000
    ),
    Option(
        "deposit.least",
        "deals",
        gettext_lazy("Least deposit of a full subscription"),
        50000,
        gettext_lazy("yuan"),
        0,
        10000000,
    ),
    Option("signing.working_days", "deals", gettext_lazy("Count the signing deadline in working days"), False),
    Option("filing.days", "deals", gettext_lazy("A contract is filed within"), 30, gettext_lazy("days"), 1, 365),
    Option("filing.warn_days", "deals", gettext_lazy("Warned of it after"), 20, gettext_lazy("days"), 1, 365),
    Option("area.tolerance_percent", "deals", gettext_lazy("Area tolerance"), 3, "%", 0, 20),
    Option(
        "customer.phone_days",
        "customers",
        gettext_lazy("A caller stays with the salesperson for"),
        15,
        gettext_lazy("days"),
        1,
        365,
    ),
    Option(
        "customer.visit_days",
        "customers",
        gettext_lazy("A visitor stays with the salesperson for"),
        30,
        gettext_lazy("days"),
        1,
        365,
    ),
    Option(
        "customer.warn_days",
        "customers",
        gettext_lazy("The salesperson is warned before that"),
        3,
        gettext_lazy("days"),
        0,
        30,
    ),
    Option(
        "contract.entry_hours",
        "deals",
        gettext_lazy("Contract details are entered within"),
        36,
        gettext_lazy("hours"),
        1,
        240,
    ),
    Option("lending.days", "archive", gettext_lazy("An original is lent for"), 2, gettext_lazy("working days"), 1, 30),
    Option(
        "lending.confidential_days",
        "archive",
        gettext_lazy("A confidential paper is lent for"),
        5,
        gettext_lazy("working days"),
        1,
        30,
    ),
    Option(
        "lending.top_secret_days",
        "archive",
        gettext_lazy("A top secret paper is lent for"),
        3,
        gettext_lazy("working days"),
        1,
        30,
    ),
    Option(
        "report.daily_at",
        "reports",
        gettext_lazy("The daily report is due at"),
        "21:00",
        help=gettext_lazy("24-hour time, such as 21:00."),
    ),
    Option(
        "access.grant_hours",
        "security",
        gettext_lazy("A granted look beyond one's rights lasts"),
        24,
        gettext_lazy("hours"),
        1,
        720,
    ),
    Option(
        "office.opens_at",
        "hours",
        gettext_lazy("The room opens at"),
        "09:00",
        help=gettext_lazy("24-hour time, such as 09:00."),
    ),
    Option(
        "office.closes_at",
        "hours",
        gettext_lazy("The room closes at"),
        "18:00",
        help=gettext_lazy("24-hour time, such as 18:00."),
    ),
)
GROUPS = {
    "hours": gettext_lazy("Opening hours"),
    "claims": gettext_lazy("Holds and small deposits"),
    "deals": gettext_lazy("Subscriptions and contracts"),
    "customers": gettext_lazy("Customers"),
    "archive": gettext_lazy("Archive and lending"),
    "reports": gettext_lazy("Reports"),
    "security": gettext_lazy("Security"),
}
