"""Customers, calls, visits and viewings."""

from django.apps import AppConfig


class EnquiriesConfig(AppConfig):
    name = "enquiries"

    def ready(self) -> None:
        from enquiries import setup

        setup.register()
