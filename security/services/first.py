"""The first start: one administrator and one management account, each with a one-time link (decisions 6)."""

from django.db import transaction
from django.utils.translation import gettext as _

from salescontrol.core.errors import Conflict
from salescontrol.core.history import save_tracked
from salescontrol.core.permissions import Role
from security.models import User
from security.models.user import normal_employee_no
from security.services.grants import set_roles
from security.services.passwords import make_link


@transaction.atomic
def open_first_accounts(*, people: dict[Role, tuple[str, str]]) -> dict[Role, str]:
    """Open the account of `(employee number, name)` for each role; returns the token of its link. Raises Conflict later on."""
    if User.objects.filter(groups__name=Role.ADMINISTRATOR.value, is_active=True).exists():
        raise Conflict(
            _("There is an administrator already; accounts are proposed on the page Accounts."), code="not_first"
        )
    tokens = {}
    for role, (number, name) in people.items():
        user = User(employee_no=normal_employee_no(number), name=name.strip())
        user.set_unusable_password()
        user.full_clean(exclude=["password", "password_changed_at"])
        save_tracked(user, action="account.first", by=None)
        set_roles(user=user, project_id=None, roles=[role], by=None)
        tokens[role] = make_link(user=user, by=None)
    return tokens
