"""One's own page: language, password, second factor, sessions."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from salescontrol.core import panels
from salescontrol.core.errors import NotVisible
from salescontrol.core.forms import Form
from salescontrol.core.views import ActionPage, DetailPage, FormPage
from security import passwords
from security.forms.sign_in import ChangePasswordForm, ConfirmForm, EnrolForm
from security.models import User
from security.queries import needs_second_factor, roles_in_words, second_factor_of, session_of, sessions_of
from security.services import passwords as password_services
from security.services import second_factor, sessions
from security.services import sign_in as services
from security.views.sign_in import enrol_key, local_next, picture_of


class Me(DetailPage):
    """Who I am here, and what I may change about it."""

    title = gettext_lazy("My page")
    template_name = "security/me.html"

    def get_context(self) -> dict:
        user = self.request.user
        return {
            "person": user,
            "roles": roles_in_words(user, self.request.access),
            "second_factor": second_factor_of(user),
            "second_factor_needed": needs_second_factor(user),
            "rules": passwords.rules(),
            "deputy_for": self.request.access.deputy_of,
            "sections": panels.sections("me", self.request.access, user),
        }


class OwnPage(FormPage):
    """A form about one's own account that asks for the present password; five wrong ones end the session."""

    def show(self, status: int = 200, **extra) -> HttpResponse:
        if self.request.user.is_authenticated:
            return super().show(status, **extra)
        messages.error(self.request, _("Five wrong passwords: this session was ended."))
        return HttpResponseRedirect(reverse("security:sign_in"))

    def get_success_url(self, result) -> str:
        return reverse("security:me")


class Password(OwnPage):
    """A new password; the first thing to do with a new account."""

    title = gettext_lazy("Change password")
    template_name = "security/password.html"
    form_class = ChangePasswordForm
    submit_label = gettext_lazy("Change password")
    success = gettext_lazy("The password is changed. Your other sessions were ended.")

    def get_context(self) -> dict:
        return {
            "rules": passwords.rules(),
            "due": "password" in self.request.session.get("duties", ()),
            "next": local_next(self.request),
        }

    def perform(self, form: ChangePasswordForm) -> User:
        data = form.cleaned_data
        return password_services.change_own_password(
            request=self.request, by=self.request.user, present=data["present"], new=data["new"]
        )

    def get_success_url(self, result) -> str:
        return local_next(self.request) or resolve_url("security:me")


class SecondFactorSet(OwnPage):
    """Sets up a phone as second factor, or another phone in its place."""

    title = gettext_lazy("Set up a second factor")
    template_name = "security/second_factor_set.html"
    form_class = EnrolForm
    submit_label = gettext_lazy("Confirm")
    success = gettext_lazy("The second factor is set up. It is asked for at every sign-in.")

    def get_context(self) -> dict:
        return picture_of(self.request, self.request.user)

    def perform(self, form: EnrolForm):
        services.check_own_password(request=self.request, user=self.request.user, password=form.cleaned_data["present"])
        device = second_factor.enrol(
            user=self.request.user, key=enrol_key(self.request), code=form.cleaned_data["code"]
        )
        self.request.session.pop("second_factor_key")
        return device


class SecondFactorRemove(OwnPage):
    """Gives the second factor up, where no role needs it."""

    title = gettext_lazy("Remove the second factor")
    template_name = "components/action_page.html"
    form_class = ConfirmForm
    submit_label = gettext_lazy("Remove")
    success = gettext_lazy("The second factor is removed.")

    def get_context(self) -> dict:
        return {
            "sentence": _("From then on the password alone opens your account."),
            "final": True,
            "back_url": reverse("security:me"),
        }

    def perform(self, form: ConfirmForm):
        services.check_own_password(request=self.request, user=self.request.user, password=form.cleaned_data["present"])
        return second_factor.remove_own(by=self.request.user)


class Sessions(DetailPage):
    """Where I am signed in, and where I was; one or all others can be ended."""

    title = gettext_lazy("My sessions")
    template_name = "security/sessions.html"

    def get_context(self) -> dict:
        return sessions_of(self.request.user, current=self.request.session.session_key)

    def post(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        count = sessions.end_other_sessions(by=request.user, keep=request.session.session_key)
        messages.success(request, _("Other sessions ended: %(count)s.") % {"count": count})
        return HttpResponseRedirect(reverse("security:sessions"))


class SessionEnd(ActionPage):
    """Ends one session: one's own, or (as administrator) anybody's."""

    title = gettext_lazy("End this session")
    submit_label = gettext_lazy("End the session")
    success = gettext_lazy("The session is ended.")
    form_class = Form
    final = True

    def prepare(self) -> None:
        self.session = session_of(self.request.access, self.kwargs["number"])
        if self.session is None:
            raise NotVisible(_("There is no such session."))

    def get_sentence(self) -> str:
        return _("Whoever works there is signed out at once; what was saved stays.")

    def get_back_url(self) -> str:
        if self.session.user_id == self.request.user.pk:
            return reverse("security:sessions")
        return reverse("security:account", args=[self.session.user_id])

    def perform(self, form):
        return sessions.end_session(session=self.session, by=self.request.user)

    def get_success_url(self, result) -> str:
        return self.get_back_url()
