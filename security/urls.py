"""The addresses of people: signing in, one's own page, accounts, deputies, settings."""

from django.urls import path

from security.views import accounts, deputies, me, settings, sign_in, trail

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
    path("people/accounts/", accounts.AccountList.as_view(), name="account_list"),
    path("people/accounts/open/", accounts.AccountOpen.as_view(), name="account_open"),
    path("people/accounts/<int:pk>/", accounts.Account.as_view(), name="account"),
    path("people/accounts/<int:pk>/change/", accounts.AccountChange.as_view(), name="account_change"),
    path("people/accounts/<int:pk>/roles/", accounts.AccountRoles.as_view(), name="account_roles"),
    path("people/accounts/<int:pk>/close/", accounts.AccountClose.as_view(), name="account_close"),
    path("people/accounts/<int:pk>/reopen/", accounts.AccountReopen.as_view(), name="account_reopen"),
    path("people/accounts/<int:pk>/suspend/", accounts.AccountSuspend.as_view(), name="account_suspend"),
    path("people/accounts/<int:pk>/second-factor/", accounts.SecondFactorReset.as_view(), name="account_second_factor"),
    path("people/accounts/<int:pk>/link/", accounts.AccountLink.as_view(), name="account_link"),
    path("people/deputies/", deputies.DeputyList.as_view(), name="deputies"),
    path("people/deputies/name/", deputies.DeputyName.as_view(), name="deputy_name"),
    path("people/deputies/<int:pk>/end/", deputies.DeputyEnd.as_view(), name="deputy_end"),
    path("records/", trail.Trail.as_view(), name="trail"),
    path("records/seen/", trail.Seen.as_view(), name="seen"),
    path("records/check/", trail.Consistency.as_view(), name="consistency"),
    path("records/check/now/", trail.CheckNow.as_view(), name="check_now"),
    path("records/check/units/<int:pk>/lift/", trail.FreezeLift.as_view(), name="freeze_lift"),
    path("settings/", settings.Settings.as_view(), name="settings"),
    path("settings/history/", settings.SettingsHistory.as_view(), name="settings_history"),
    path("settings/holidays/", settings.Holidays.as_view(), name="holidays"),
    path("settings/holidays/add/", settings.HolidayEdit.as_view(), name="holiday_add"),
    path("settings/holidays/<int:pk>/", settings.HolidayEdit.as_view(), name="holiday_edit"),
    path("settings/holidays/<int:pk>/remove/", settings.HolidayRemove.as_view(), name="holiday_remove"),
    path("settings/p/<slug:code>/", settings.Settings.as_view(), name="project_settings"),
    path("settings/p/<slug:code>/history/", settings.SettingsHistory.as_view(), name="project_settings_history"),
    path("settings/p/<slug:code>/<str:key>/reset/", settings.SettingReset.as_view(), name="project_setting_reset"),
]
