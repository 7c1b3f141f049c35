"""Signing in and out, the second factor at the door, one-time links, the language: everything before the workbench."""

import segno
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import View

from salescontrol.core.errors import NotVisible, Refusal
from salescontrol.core.middleware import client_ip
from salescontrol.core.views import FormPage
from security import passwords
from security.forms.sign_in import CodeForm, NewPasswordForm, SignInForm
from security.queries import second_factor_of
from security.services import language, second_factor
from security.services import passwords as password_services
from security.services import sign_in as services

# A sign-in form is a few hundred bytes; a body beyond this is refused before anything is hashed (abuse 49).
LARGEST_BODY = 20_000
public = method_decorator(login_not_required, name="dispatch")


def local_next(request: HttpRequest) -> str:
    """The page to go on to: an address on this site, or nothing (abuse 43)."""
    target = request.POST.get(REDIRECT_FIELD_NAME) or request.GET.get(REDIRECT_FIELD_NAME, "")
    return (
        target if url_has_allowed_host_and_scheme(target, allowed_hosts=None, require_https=request.is_secure()) else ""
    )


def with_next(url_name: str, request: HttpRequest) -> str:
    """An address that keeps where the user wanted to go."""
    target = local_next(request)
    return reverse(url_name) + (f"?{urlencode({REDIRECT_FIELD_NAME: target})}" if target else "")


def locked_out(request: HttpRequest, response: HttpResponse | None, credentials: dict | None) -> HttpResponse:
    """The page after five failures: how long it lasts, and who can help (429)."""
    minutes = round(settings.AXES_COOLOFF_TIME * 60)
    page = render(
        request, "security/locked_out.html", {"title": _("Locked for a while"), "minutes": minutes}, status=429
    )
    page["Retry-After"] = str(minutes * 60)
    return page


def form_expired(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The page for a form without a valid token (403): from another site, or older than the last sign-in in this browser."""
    text = _(
        "This form is too old, or does not come from this site. Nothing was saved. Open its page again and repeat it."
    )
    return render(request, "refusal.html", {"refusal": text}, status=403)


@public
class SignIn(FormPage):
    """Employee number and password."""

    title = gettext_lazy("Sign in")
    template_name = "security/sign_in.html"
    form_class = SignInForm
    submit_label = gettext_lazy("Sign in")

    def dispatch(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST_BODY:
            return HttpResponse(_("This is not a sign-in."), status=400, content_type="text/plain; charset=utf-8")
        if request.method == "GET" and request.user.is_authenticated:
            return HttpResponseRedirect(local_next(request) or resolve_url(settings.LOGIN_REDIRECT_URL))
        return super().dispatch(request, *args, **kwargs)

    def get_context(self) -> dict:
        return {"next": local_next(self.request)}

    def perform(self, form: SignInForm):
        return services.sign_in(request=self.request, **form.cleaned_data)

    def get_success_url(self, result) -> str:
        if result is None:
            return with_next("security:second_factor", self.request)
        return local_next(self.request) or resolve_url(settings.LOGIN_REDIRECT_URL)


@public
class SignOut(View):
    """Ends this browser's session and clears what the browser kept of it."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        services.sign_out(request=request)
        response = HttpResponseRedirect(reverse("security:sign_in"))
        response["Clear-Site-Data"] = '"cache", "storage"'
        return response


@public
class SecondFactor(FormPage):
    """The code from the phone, after the right password; who must have a second factor and has none sets it up here."""

    title = gettext_lazy("Second factor")
    template_name = "security/second_factor.html"
    form_class = CodeForm
    submit_label = gettext_lazy("Go on")

    def dispatch(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        self.user = services.pending_user(request)
        if self.user is None:
            return HttpResponseRedirect(with_next("security:sign_in", request))
        self.enrolled = second_factor_of(self.user) is not None
        return super().dispatch(request, *args, **kwargs)

    def get_context(self) -> dict:
        return {"next": local_next(self.request), **({} if self.enrolled else picture_of(self.request, self.user))}

    def perform(self, form: CodeForm):
        if self.enrolled:
            second_factor.verify(user=self.user, code=form.cleaned_data["code"])
        else:
            second_factor.enrol(user=self.user, key=enrol_key(self.request), code=form.cleaned_data["code"])
            self.request.session.pop("second_factor_key")
        return services.complete(request=self.request, user=self.user)

    def get_success_url(self, result) -> str:
        return local_next(self.request) or resolve_url(settings.LOGIN_REDIRECT_URL)


def enrol_key(request: HttpRequest) -> str:
    """The secret that is being set up in this session; it stays on the server until it is confirmed."""
    if "second_factor_key" not in request.session:
        request.session["second_factor_key"] = second_factor.new_key()
    return request.session["second_factor_key"]


def picture_of(request: HttpRequest, user) -> dict:
    """What the page shows to set up a phone: a picture to scan and the secret to type."""
    key = enrol_key(request)
    picture = segno.make(second_factor.address_of(user, key), error="m").svg_data_uri(scale=5, border=2)
    return {"picture": picture, "key": second_factor.key_for_typing(key)}


@public
class OneTime(FormPage):
    """Sets a password by a link that works once (new account, or reset by an administrator)."""

    title = gettext_lazy("Choose your password")
    template_name = "security/one_time.html"
    form_class = NewPasswordForm
    submit_label = gettext_lazy("Set the password")
    success = gettext_lazy("The password is set. Sign in with it.")

    def get(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        try:
            self.link = password_services.live_link(kwargs["token"])
        except NotVisible as refusal:
            return render(
                request,
                "security/dead_link.html",
                {"title": _("This link does not work"), "refusal": refusal.message},
                status=404,
            )
        return super().get(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        try:
            self.link = password_services.live_link(kwargs["token"])
        except NotVisible:
            return self.get(request, *args, **kwargs)
        return super().post(request, *args, **kwargs)

    def get_context(self) -> dict:
        return {"rules": passwords.rules(), "who": self.link.user}

    def perform(self, form: NewPasswordForm):
        return password_services.use_link(
            token=self.kwargs["token"], new=form.cleaned_data["new"], source=client_ip(self.request)
        )

    def get_success_url(self, result) -> str:
        return reverse("security:sign_in")


@public
class Language(View):
    """The language switch of every page, for everybody."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        response = HttpResponseRedirect(local_next(request) or resolve_url(settings.LOGIN_REDIRECT_URL))
        try:
            code = language.choose_language(request=request, code=request.POST.get("language", ""))
        except Refusal as refusal:
            messages.error(request, refusal.message)
            return response
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            code,
            max_age=365 * 24 * 3600,
            secure=settings.LANGUAGE_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
        return response
