from django.apps import AppConfig


class SecurityConfig(AppConfig):
    name = "security"

    def ready(self) -> None:
        from salescontrol.core import logs
        from security import setup

        logs.configure()
        setup.register()
