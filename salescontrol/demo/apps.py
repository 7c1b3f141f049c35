from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "salescontrol.demo"
    label = "demo"
