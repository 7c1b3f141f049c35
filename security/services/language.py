"""The language of a user: kept with the account and used at once in this session."""

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from salescontrol.core.errors import Refusal
from salescontrol.core.history import save_tracked
from security.models import User


def choose_language(*, request: HttpRequest, code: str) -> str:
    """Remember the language for the account (when signed in); raises Refusal for one that we do not speak. Returns its code."""
    if code not in dict(settings.LANGUAGES):
        raise Refusal(_("This language is not available."), code="unknown_language")
    if request.user.is_authenticated:
        request.session["language"] = code
        user = User.objects.get(pk=request.user.pk)
        if user.language != code:
            user.language = code
            save_tracked(user, action="account.language", by=user, fields=["language"])
    return code
