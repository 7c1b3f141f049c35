"""The addresses of people: signing in, one's own page, accounts, deputies, settings."""

from django.urls import path

from security.views import me, sign_in

app_name = "security"
urlpatterns = [
    path("sign-in/", sign_in.SignIn.as_view(), name="sign_in"),
    path("sign-out/", sign_in.SignOut.as_view(), name="sign_out"),
    path("second-factor/", sign_in.SecondFactor.as_view(), name="second_factor"),
    path("one-time/<str:token>/", sign_in.OneTime.as_view(), name="one_time"),
    path("language/", sign_in.Language.as_view(), name="language"),
    path("me/", me.Me.as_view(), name="me"),
    path("me/password/", me.Password.as_view(), name="password"),
    path("me/second-factor/", me.SecondFactorSet.as_view(), name="second_factor_set"),
    path("me/second-factor/remove/", me.SecondFactorRemove.as_view(), name="second_factor_remove"),
    path("me/sessions/", me.Sessions.as_view(), name="sessions"),
    path("sessions/<uuid:number>/end/", me.SessionEnd.as_view(), name="session_end"),
]
