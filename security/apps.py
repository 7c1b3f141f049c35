from django.apps import AppConfig


class SecurityConfig(AppConfig):
    name = "security"

    def ready(self) -> None:
        from django.db.models.signals import post_migrate

        from salescontrol.core import logs
        from security import remembered, setup

        post_migrate.connect(remembered.install, sender=self, dispatch_uid="rights")
        logs.configure()
        setup.register()
