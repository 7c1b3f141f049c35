"""How figures, moments and icons look on every page."""

from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from django import template
from django.template.defaultfilters import date as format_date
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from lucide.templatetags.lucide import lucide as draw_icon

from salescontrol.core.words import listed

register = template.Library()
SYMBOLS = {"CNY": "¥", "TWD": "NT$", "HKD": "HK$"}


@register.simple_tag
@lru_cache(maxsize=1000)
def lucide(name: str, *, size: int | None = 24, **attributes: str) -> str:
    """An icon as lucide draws it, but drawn once: writing its XML is slow, and a page has dozens."""
    drawn: str = draw_icon(name, size=size, **attributes)
    return drawn


@register.filter
def money(value, currency: str = "CNY") -> str:
    """An amount in full: `¥2,706,624`, with fen only when there are any."""
    if value is None or value == "":
        return "–"
    value = Decimal(str(value))
    text = f"{value:,.2f}"
    return SYMBOLS.get(currency, "") + (text[:-3] if text.endswith(".00") else text)


@register.filter
def amount(value) -> str:
    """An amount in a table: no symbol, thousand separators, fen only when there are any."""
    return money(value, "")


@register.filter
def wan(value) -> str:
    """An amount in 万元, rounded: `271`."""
    return "" if value is None else f"{(Decimal(str(value)) / 10000).quantize(Decimal(1), ROUND_HALF_UP):,}"


@register.filter
def area(value) -> str:
    """An area with two decimals; the unit ㎡ stands beside it."""
    return "–" if value in (None, "") else f"{Decimal(str(value)):,.2f}"


@register.filter
def moment(value) -> str:
    """A moment in the project's zone: today as `14:32`, this year as `11-22 14:32`, else with the year."""
    if not value:
        return "–"
    here, now = timezone.localtime(value), timezone.localtime()
    if here.date() == now.date():
        return format_date(here, "H:i")
    return format_date(here, "m-d H:i" if here.year == now.year else "Y-m-d H:i")


@register.filter
def day(value) -> str:
    return format_date(value, "Y-m-d") if value else "–"


@register.filter
def percent(value, digits: int = 1) -> str:
    return "–" if value is None else f"{value:.{digits}f}%"


@register.filter
def dash(value):
    """An empty value as a dash."""
    return "–" if value in (None, "") else value


@register.filter
def in_a_row(values) -> str:
    """The values with the comma of the language between them."""
    return listed(values)


@register.filter
def yes_no(value) -> str:
    return _("Yes") if value else _("No")


@register.simple_tag(takes_context=True)
def query(context, **changes) -> str:
    """The query string of this page with some parameters changed; an empty value removes one."""
    params = context["request"].GET.copy()
    for name, value in changes.items():
        params.pop(name, None)
        if value not in (None, ""):
            params[name] = value
    return f"?{params.urlencode()}" if params else "?"


@register.simple_tag
def stamp(value) -> str:
    """A `<time>` element: the moment for people, ISO for machines."""
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), moment(value)) if value else "–"
