"""Addresses of wall displays, which need nobody to be signed in; all stand below /wall/."""

from django.urls import path

from inventory.views import displays

urlpatterns = [
    path("<str:secret>/", displays.DisplayWall.as_view(), name="display"),
    path("<str:secret>/changes/", displays.DisplayChanges.as_view(), name="display_changes"),
]
