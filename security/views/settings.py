"""Settings: the company's values, a project's own, their history, and the calendar."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory.models import Project
from salescontrol.core import clock, options
from salescontrol.core.errors import NotVisible
from salescontrol.core.forms import Form
from salescontrol.core.models import Holiday
from salescontrol.core.permissions import Permission
from salescontrol.core.views import ActionPage, DetailPage, FormPage, Page
from security import acts
from security.forms.settings import HolidayForm, SettingsForm
from security.queries import holidays_of, knows, own_settings, setting_changes, years_to_show
from security.services import settings as services


class SettingsPage(Page):
    """The base: the company's settings, or those of the project that the address names (for its supervisor; else 404)."""

    def prepare(self) -> None:
        code = self.kwargs.get("code")
        access = self.request.access
        self.permission = Permission.PROJECT_SETTINGS if code else Permission.COMPANY_SETTINGS
        mine = Project.objects.filter(access.projects(Permission.PROJECT_SEE, "pk"))
        self.project = get_object_or_404(mine, code=code) if code else None

    @property
    def project_id(self) -> int | None:
        return self.project.pk if self.project else None

    def address(self, name: str, **kwargs) -> str:
        """The address of a settings page, of this project or of the company."""
        if self.project:
            return reverse(f"security:project_{name}", kwargs={"code": self.project.code, **kwargs})
        return reverse(f"security:{name}", kwargs=kwargs)


class Settings(SettingsPage, FormPage):
    """All values of the company or of a project, by group."""

    template_name = "security/settings.html"
    form_class = SettingsForm
    submit_label = gettext_lazy("Save")

    def get_title(self) -> str:
        return (
            _("Deadlines and hours of %(project)s") % {"project": self.project.name} if self.project else _("Settings")
        )

    def get_initial(self) -> dict:
        return options.values(self.project_id)

    def get_context(self) -> dict:
        own = own_settings(self.project_id) if self.project else {}
        company = options.values(None)
        return {
            "project": self.project,
            "own": [
                {
                    "label": options.OPTIONS[key].label,
                    "company": options.OPTIONS[key].shown(company[key]),
                    "url": self.address("setting_reset", key=key),
                }
                for key in own
                if key in options.OPTIONS
            ],
            "changes_url": self.address("settings_history"),
        }

    def perform(self, form: SettingsForm):
        return services.change_settings(by=self.request.user, project_id=self.project_id, changes=form.cleaned_data)

    def get_success(self, result) -> str:
        return _("Saved: %(count)s changed.") % {"count": len(result)} if result else _("Nothing was different.")

    def get_success_url(self, result) -> str:
        return self.address("settings")


class SettingReset(SettingsPage, ActionPage):
    """Lets the company's value hold again in a project."""

    form_class = Form
    submit_label = gettext_lazy("Use the company's value")
    success = gettext_lazy("The company's value holds again.")

    def prepare(self) -> None:
        super().prepare()
        if self.kwargs["key"] not in options.OPTIONS:
            raise NotVisible(_("There is no such setting."))
        self.option = options.OPTIONS[self.kwargs["key"]]

    def get_title(self) -> str:
        return str(self.option.label)

    def get_sentence(self) -> str:
        value = options.value(self.option.key)
        return _("From then on the company's value holds here: %(value)s %(unit)s") % {
            "value": self.option.shown(value),
            "unit": self.option.unit,
        }

    def get_back_url(self) -> str:
        return self.address("settings")

    def perform(self, form: Form):
        return services.reset_setting(by=self.request.user, project_id=self.project_id, key=self.option.key)

    def get_success_url(self, result) -> str:
        return self.address("settings")


class SettingsHistory(SettingsPage, DetailPage):
    """Every change of these settings: when, who, from what to what."""

    title = gettext_lazy("Changes of the settings")
    template_name = "security/settings_history.html"

    def get_context(self) -> dict:
        page = Paginator(setting_changes(self.project_id), 50).get_page(self.request.GET.get("page"))
        return {"page": page, "lines": [_change_line(row) for row in page], "back_url": self.address("settings")}


def _change_line(row) -> dict:
    option = options.OPTIONS.get(row.key)
    shown = option.shown if option else str
    new = "" if row.history_type == "-" else shown(row.value)
    details = ((option.label if option else row.key, "" if row.old is None else shown(row.old), new),)
    return {
        "at": row.history_date,
        "by": row.history_user,
        "act": acts.label(row.history_change_reason),
        "details": details,
    }


class CalendarPage(Page):
    """The base of the calendar's pages."""

    permission = Permission.COMPANY_SETTINGS


class Holidays(CalendarPage, DetailPage):
    """A year's exceptions from Monday–Friday; POST takes the official calendar over."""

    template_name = "security/holidays.html"
    title = gettext_lazy("Holidays and worked weekends")

    @property
    def year(self) -> int:
        wanted = self.request.POST.get("year") or self.request.GET.get("year", "")
        return int(wanted) if wanted.isdecimal() and 2000 <= int(wanted) <= 2100 else clock.today().year

    def get_context(self) -> dict:
        this = clock.today().year
        return {
            "year": self.year,
            "years": years_to_show(self.year),
            "days": list(holidays_of(self.year)),
            "official": knows(self.year),
            "unknown": [year for year in (this, this + 1) if not knows(year) and not holidays_of(year).exists()],
            "history": [
                _day_line(row)
                for row in Holiday.history.filter(day__year=self.year).select_related("history_user")[:50]
            ],
        }

    def post(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        count = services.take_over_calendar(by=request.user, year=self.year)
        messages.success(request, _("Days taken over: %(count)s.") % {"count": count})
        return HttpResponseRedirect(f"{reverse('security:holidays')}?year={self.year}")


def _day_line(row: Holiday) -> dict:
    state = _("worked") if row.working else _("off")
    return {
        "at": row.history_date,
        "by": row.history_user,
        "act": acts.label(row.history_change_reason),
        "details": ((f"{row.day}", "", f"{row.name} · {state}"),),
    }


class HolidayEdit(CalendarPage, FormPage):
    """Adds a day, or changes the one that the address names."""

    title = gettext_lazy("A day of the calendar")
    form_class = HolidayForm
    success = gettext_lazy("Saved.")

    def prepare(self) -> None:
        self.holiday = get_object_or_404(Holiday, pk=self.kwargs["pk"]) if "pk" in self.kwargs else None

    def get_initial(self) -> dict:
        if self.holiday is None:
            return {"day": self.request.GET.get("day", "")}
        return {
            "day": self.holiday.day,
            "working": "worked" if self.holiday.working else "off",
            "name": self.holiday.name,
        }

    def get_context(self) -> dict:
        return {"back_url": reverse("security:holidays")}

    def perform(self, form: HolidayForm) -> Holiday:
        return services.save_holiday(by=self.request.user, holiday=self.holiday, **form.cleaned_data)

    def get_success_url(self, result: Holiday) -> str:
        return f"{reverse('security:holidays')}?year={result.day.year}"


class HolidayRemove(CalendarPage, ActionPage):
    """Takes a day out of the calendar."""

    form_class = Form
    submit_label = gettext_lazy("Remove the day")
    success = gettext_lazy("The day is removed.")

    def prepare(self) -> None:
        self.holiday = get_object_or_404(Holiday, pk=self.kwargs["pk"])
        self.year = self.holiday.day.year

    def get_title(self) -> str:
        return str(self.holiday)

    def get_sentence(self) -> str:
        return _("From then on this day counts like every other of its weekday. The history keeps it.")

    def get_back_url(self) -> str:
        return f"{reverse('security:holidays')}?year={self.year}"

    def perform(self, form: Form):
        return services.remove_holiday(by=self.request.user, holiday=self.holiday)

    def get_success_url(self, result) -> str:
        return self.get_back_url()
