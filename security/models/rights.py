"""A stamp that changes whenever anybody's rights do, so that rights may be remembered between requests and still end at once."""

from django.db import models


class Rights(models.Model):
    """One row. The database itself writes a new random stamp with every change of a role, a deputyship or an account's
    being active; a stamp never comes back, also not after a rollback."""

    stamp = models.CharField(max_length=36)

    class Meta:
        verbose_name = "rights"

    def __str__(self) -> str:
        return self.stamp
