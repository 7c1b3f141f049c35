"""`manage.py generate_docs`: write docs/permissions.md and docs/domain.md; `--check` says whether they are current."""

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from security.documents import DOCUMENTS


class Command(BaseCommand):
    help = "Write the documents that are made from the code."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing; fail when a document is not current")

    def handle(self, *args, check: bool, **options) -> None:
        folder = Path(settings.BASE_DIR) / "docs"
        for name, make in DOCUMENTS.items():
            path, text = folder / name, make()
            if check and (not path.exists() or path.read_text() != text):
                raise CommandError(f"docs/{name} is not current; run `make docs`.")
            if not check:
                path.write_text(text)
