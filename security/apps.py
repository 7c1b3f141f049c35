from django.apps import AppConfig


class SecurityConfig(AppConfig):
    name = "security"

    def ready(self) -> None:
        from django.db.models.signals import post_migrate

        from salescontrol.core import logs
        from security import polls, remembered, setup

        post_migrate.connect(remembered.install, sender=self, dispatch_uid="rights")
        post_migrate.connect(polls.install, sender=self, dispatch_uid="polls")
        logs.configure()
        setup.register()
