"""Addresses of enquiries outside a project: a salesperson's day, and the calendar for devices, which nobody signs in for."""

from django.urls import path

from enquiries.views import calendar

urlpatterns = [
    path("day/", calendar.MyDay.as_view(), name="my_day"),
    path("me/calendar/make/", calendar.CalendarMake.as_view(), name="calendar_make"),
    path("me/calendar/revoke/", calendar.CalendarRevoke.as_view(), name="calendar_revoke"),
    path("calendar/<str:secret>.ics", calendar.CalendarFeed.as_view(), name="calendar_feed"),
]
