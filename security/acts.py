"""The names of what is done to accounts, as readers of a history see them."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

ACTS = {
    "account.first": gettext_lazy("Account opened at the first start"),
    "account.open": gettext_lazy("Account opened"),
    "account.change": gettext_lazy("Account changed"),
    "account.roles": gettext_lazy("Roles changed"),
    "account.suspend": gettext_lazy("Suspended at once"),
    "account.deactivate": gettext_lazy("Account closed"),
    "account.reactivate": gettext_lazy("Account opened again"),
    "account.language": gettext_lazy("Language chosen"),
    "role.grant": gettext_lazy("Role given"),
    "role.revoke": gettext_lazy("Role taken away"),
    "password.set": gettext_lazy("Password set"),
    "password.change": gettext_lazy("Password changed"),
    "password.set_by_link": gettext_lazy("Password set by a one-time link"),
    "password.link": gettext_lazy("One-time link made"),
    "password.wrong": gettext_lazy("Wrong password inside a session"),
    "password.rehash": gettext_lazy("Password stored with a newer method"),
    "second_factor.enrol": gettext_lazy("Second factor set up"),
    "second_factor.remove": gettext_lazy("Second factor removed"),
    "second_factor.reset": gettext_lazy("Second factor reset"),
    "second_factor.failure": gettext_lazy("Wrong code"),
    "sign_in": gettext_lazy("Signed in"),
    "sign_in.failure": gettext_lazy("Failed sign-in"),
    "sign_in.locked": gettext_lazy("Locked for 15 minutes after failed sign-ins"),
    "sign_out": gettext_lazy("Signed out"),
    "session.end": gettext_lazy("Session ended"),
    "session.end_others": gettext_lazy("Other sessions ended"),
    "session.moved": gettext_lazy("Session moved to another device"),
    "deputy.name": gettext_lazy("Deputy named"),
    "deputy.end": gettext_lazy("Deputyship ended early"),
    "setting.change": gettext_lazy("Setting changed"),
    "setting.reset": gettext_lazy("Back to the company's value"),
    "holiday.change": gettext_lazy("Day changed"),
    "holiday.remove": gettext_lazy("Day removed"),
    "holiday.take_over": gettext_lazy("Taken over from the official calendar"),
}


def label(action: str) -> str:
    """The act in the reader's language."""
    return str(ACTS.get(action, "")) or _("Changed")
