"""Accounts: the list, one account with its history, and what may be proposed about it."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from salescontrol.core import approvals
from salescontrol.core.forms import Form, ids
from salescontrol.core.permissions import Permission
from salescontrol.core.tables import Column
from salescontrol.core.views import ActionPage, DetailPage, FormPage, ListPage, Page
from security.forms.accounts import AccountForm, PersonForm, ReasonForm, RolesForm
from security.forms.filters import AccountFilter
from security.models import User
from security.queries import (
    account_history,
    account_list,
    accounts_visible_to,
    projects_to_staff,
    roles_in_words,
    roles_line,
    roles_of,
    second_factor_of,
    sessions_of,
    waiting_about,
)
from security.services import accounts, passwords


def account_url(user: User) -> str:
    return reverse("security:account", args=[user.pk])


class AccountList(ListPage):
    """Everybody this reader keeps or decides about."""

    permission = Permission.ACCOUNT_SEE
    template_name = "security/account_list.html"
    title = gettext_lazy("Accounts")
    filterset_class = AccountFilter
    default_order = ("employee_no",)
    export_permission = Permission.ACCOUNT_SEE
    empty = gettext_lazy(
        "No accounts yet. An account belongs to one person; the administrator proposes it, a supervisor decides."
    )
    columns = (
        Column("employee_no", gettext_lazy("Employee number"), link=account_url, sort=("employee_no",)),
        Column("name", pgettext_lazy("of a person", "Name"), sort=("name", "employee_no")),
        Column("roles", gettext_lazy("Roles"), roles_line),
        Column("seen_at", gettext_lazy("Last seen"), format="moment", sort=("seen_at", "employee_no")),
        Column(
            "is_active",
            gettext_lazy("Account"),
            lambda row: _("open") if row.is_active else _("closed"),
            sort=("is_active", "employee_no"),
            tone=lambda row: "available" if row.is_active else "withheld",
        ),
    )

    def get_rows(self):
        return account_list(self.request.access)

    def get_context(self) -> dict:
        may = self.request.access.can(Permission.ACCOUNT_PROPOSE)
        actions = (
            [{"url": reverse("security:account_open"), "label": _("Propose an account"), "style": "primary"}]
            if may
            else []
        )
        return {"actions": [*actions, {"url": reverse("security:deputies"), "label": _("Deputies")}]}


class AccountPage(Page):
    """The base of pages about one account: found among those that the reader may see, else 404."""

    permission = Permission.ACCOUNT_SEE

    def prepare(self) -> None:
        self.account = get_object_or_404(accounts_visible_to(self.request.access), pk=self.kwargs["pk"])

    def get_back_url(self) -> str:
        return account_url(self.account)


class Account(AccountPage, DetailPage):
    """One account: who, roles, where signed in, what waits, everything that happened."""

    template_name = "security/account.html"

    def get_title(self) -> str:
        return self.account.name

    def get_context(self) -> dict:
        access, account = self.request.access, self.account
        return {
            "account": account,
            "roles": roles_in_words(account, access),
            "second_factor": second_factor_of(account),
            "waiting": [
                {"approval": item, "kind": approvals.KINDS[item.kind].label, "url": approvals.page_url(item)}
                for item in waiting_about(account, access)
            ],
            "history": account_history(account, access),
            "may": self.actions(),
            **(sessions_of(account) if access.can(Permission.SESSION_END) else {}),
            "may_end": access.can(Permission.SESSION_END),
            "places": self.places(),
        }

    def actions(self) -> dict[str, bool]:
        """What this reader may do about this account now."""
        other = self.account.pk != self.request.user.pk
        proposes = other and self.request.access.can(Permission.ACCOUNT_PROPOSE)
        active = self.account.is_active
        return {
            "propose": proposes,
            "link": proposes and active,
            "close": proposes and active,
            "reopen": proposes and not active,
        }

    def places(self) -> list[dict]:
        """Where roles can be proposed: the company, and each project."""
        url = "security:account_roles"
        company = {"label": _("Whole company"), "url": reverse(url, args=[self.account.pk])}
        return [
            company,
            *({"label": item.name, "url": f"{company['url']}?project={item.pk}"} for item in projects_to_staff()),
        ]


class AccountOpen(FormPage):
    """Proposes a new account."""

    permission = Permission.ACCOUNT_PROPOSE
    title = gettext_lazy("Propose an account")
    form_class = AccountForm
    submit_label = gettext_lazy("Send the proposal")
    success = gettext_lazy(
        "The proposal was sent. When it is approved, open the account and make a one-time link for its owner."
    )

    def get_form_kwargs(self) -> dict:
        return {"projects": list(projects_to_staff())}

    def get_context(self) -> dict:
        return {"back_url": reverse("security:account_list")}

    def perform(self, form: AccountForm):
        data = dict(form.cleaned_data)
        return accounts.propose_account(by=self.request.user, project_id=data.pop("project"), **data)

    def get_success_url(self, result) -> str:
        return approvals.page_url(result)


class Proposal(AccountPage, ActionPage):
    """The base of the actions about one account that somebody else decides."""

    permission = Permission.ACCOUNT_PROPOSE
    form_class = ReasonForm
    submit_label = gettext_lazy("Send the proposal")
    success = gettext_lazy("The proposal was sent to whoever decides.")

    def get_success_url(self, result) -> str:
        return approvals.page_url(result)

    def get_context(self) -> dict:
        return {**super().get_context(), "context_line": f"{self.account.name} · {self.account.employee_no}"}


class AccountRoles(Proposal):
    """Proposes the roles of an account in one project (`?project=`) or company-wide."""

    title = gettext_lazy("Change roles")
    form_class = RolesForm

    def prepare(self) -> None:
        super().prepare()
        wanted = self.request.GET.get("project", "")
        self.place = get_object_or_404(projects_to_staff(), pk__in=ids([wanted])) if wanted else None

    @property
    def place_id(self) -> int | None:
        return self.place.pk if self.place else None

    def get_sentence(self) -> str:
        where = self.place.name if self.place else _("the whole company")
        return _("These will be all the roles of this account in %(place)s. When it is decided, its sessions end.") % {
            "place": where
        }

    def get_form_kwargs(self) -> dict:
        return {"company": self.place is None}

    def get_initial(self) -> dict:
        return {"roles": [role.value for role in roles_of(self.account, self.place_id)]}

    def perform(self, form: RolesForm):
        return accounts.propose_roles(
            by=self.request.user, user=self.account, project_id=self.place_id, **form.cleaned_data
        )


class AccountClose(Proposal):
    """Proposes that an account be closed."""

    title = gettext_lazy("Close the account")

    def get_sentence(self) -> str:
        return _(
            "When it is decided, its sessions end and nobody can sign in with it. What its owner did stays on record."
        )

    def perform(self, form: ReasonForm):
        return accounts.propose_active(by=self.request.user, user=self.account, active=False, **form.cleaned_data)


class AccountReopen(Proposal):
    """Proposes that a closed account be opened again."""

    title = gettext_lazy("Open the account again")

    def get_sentence(self) -> str:
        return _("When it is decided, its owner can sign in again with the roles it had.")

    def perform(self, form: ReasonForm):
        return accounts.propose_active(by=self.request.user, user=self.account, active=True, **form.cleaned_data)


class SecondFactorReset(Proposal):
    """Proposes that a lost phone be forgotten."""

    title = gettext_lazy("Reset the second factor")

    def get_sentence(self) -> str:
        return _("When it is decided, its sessions end and its owner sets up a new phone at the next sign-in.")

    def perform(self, form: ReasonForm):
        return accounts.propose_second_factor_reset(by=self.request.user, user=self.account, **form.cleaned_data)


class AccountSuspend(Proposal):
    """Closes an account at once, in an emergency."""

    title = gettext_lazy("Suspend at once")
    submit_label = gettext_lazy("Suspend")
    success = gettext_lazy("The account is closed and its sessions are ended. Supervisors and management were told.")
    final = True

    def get_sentence(self) -> str:
        return _(
            "For an emergency: it works at once, and supervisors and management are told. Opening the account again needs their decision."
        )

    def perform(self, form: ReasonForm):
        return accounts.suspend(by=self.request.user, user=self.account, **form.cleaned_data)

    def get_success_url(self, result) -> str:
        return account_url(result)


class AccountChange(AccountPage, FormPage):
    """Corrects name, phone, e-mail."""

    permission = Permission.ACCOUNT_PROPOSE
    title = gettext_lazy("Change name and phone")
    form_class = PersonForm
    success = gettext_lazy("Saved.")

    def get_initial(self) -> dict:
        return {"name": self.account.name, "phone": self.account.phone, "email": self.account.email}

    def get_context(self) -> dict:
        return {"back_url": account_url(self.account)}

    def perform(self, form: PersonForm):
        return accounts.change_details(by=self.request.user, user=self.account, **form.cleaned_data)

    def get_success_url(self, result) -> str:
        return account_url(result)


class AccountLink(Proposal):
    """Makes a one-time link and shows it once; the administrator never learns the password (ASVS 6.4.6)."""

    title = gettext_lazy("Make a one-time link")
    form_class = Form
    submit_label = gettext_lazy("Make the link")

    def get_sentence(self) -> str:
        return _(
            "The link works once, for 24 hours, and replaces earlier ones. Hand it to the owner only; they and the supervisors are told."
        )

    def post(self, request, *args, **kwargs) -> HttpResponse:
        token = passwords.make_link(user=self.account, by=request.user)
        link = request.build_absolute_uri(reverse("security:one_time", args=[token]))
        self.template_name = "security/one_time_made.html"
        return self.show(link=link, hours=passwords.LINK_HOURS)
