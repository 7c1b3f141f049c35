"""Addresses of the company's projects as a whole; all stand below /projects/."""

from django.urls import path

from inventory.views import projects

app_name = "company"
urlpatterns = [
    path("", projects.ProjectList.as_view(), name="project_list"),
    path("new/", projects.ProjectOpen.as_view(), name="project_open"),
]
