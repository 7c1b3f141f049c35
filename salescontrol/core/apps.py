from django.apps import AppConfig
from django.core.checks import Tags, register
from django.db.models.signals import post_migrate


class CoreConfig(AppConfig):
    name = "salescontrol.core"
    label = "core"

    def ready(self) -> None:
        from salescontrol.core import append_only, durability, guards, keys, setup

        # SQLite drops triggers whenever a migration rebuilds the table, so they are laid again after every migrate.
        post_migrate.connect(append_only.install, dispatch_uid="append-only")
        post_migrate.connect(guards.install, dispatch_uid="guards")
        register(durability.check, Tags.database)
        register(keys.check, Tags.database)
        setup.register()
