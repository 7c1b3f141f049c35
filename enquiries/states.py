"""Codes and choices of customers."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from salescontrol.core.numbering import random_code


def new_number() -> str:
    """The public number of a customer, such as `K7M2QX9A`."""
    return random_code()


class Purpose(TextChoices):
    """What a phone number is unmasked for (decisions 30)."""

    CALL = "CALL", _("Call the customer")
    PAPERS = "PAPERS", _("Fill in papers")
    CHECK = "CHECK", _("Check that the number is right")
    CLASH = "CLASH", _("Settle whose customer it is")
