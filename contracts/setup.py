"""What contracts contributes to the kernel's and to inventory's registries."""

from django.utils.translation import gettext_lazy as _

from contracts import tasks as tasks  # the handlers of background work make themselves known when they are imported
from contracts.services import claims
from inventory.services import expiry
from salescontrol.core import notices

NOTICES = {
    "claim.held": _("%(unit)s is held for your customer"),
    "claim.extended": _("The hold on %(unit)s for your customer was extended"),
    "claim.released": _("The hold on %(unit)s for your customer was released"),
    "claim.expired": _("The hold on %(unit)s for your customer has run out"),
}


def register() -> None:
    """Called once when the apps are ready."""
    expiry.register(claims.write_expiry)
    for code, text in NOTICES.items():
        notices.register(code, text)
