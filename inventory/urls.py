"""Addresses of a project's units; all stand below /p/<project code>/."""

from django.urls import path

app_name = "inventory"
urlpatterns = []
