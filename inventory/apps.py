from django.apps import AppConfig
from django.db.models.signals import post_migrate


class InventoryConfig(AppConfig):
    name = "inventory"

    def ready(self) -> None:
        from inventory import feed, setup

        # SQLite drops triggers whenever a migration rebuilds the table, so they are laid again after every migrate.
        post_migrate.connect(feed.install, sender=self, dispatch_uid="board-feed")
        setup.register()
