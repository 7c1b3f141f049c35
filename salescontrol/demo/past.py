"""The demonstration's past: what was done some time ago is done now, at a clock that stands as long ago."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db.models import Value
from django.db.models.expressions import DatabaseDefault
from django.db.models.functions import Now
from django.utils import timezone

from salescontrol.core import clock


@contextmanager
def hours_ago(hours: float) -> Iterator[None]:
    """What is done inside was done so many hours ago: by the product's clock, by the one of the histories, and by what the
    database fills in itself."""
    real, real_histories, real_default = clock.now, timezone.now, DatabaseDefault.as_sql

    def default(self, compiler, connection):
        if isinstance(self.expression, Now):
            return compiler.compile(Value(clock.now(), output_field=self.expression.output_field))
        return real_default(self, compiler, connection)

    clock.now = lambda: real() - timedelta(hours=hours)
    timezone.now = lambda: real_histories() - timedelta(hours=hours)
    DatabaseDefault.as_sql = default  # type: ignore[method-assign]
    try:
        yield
    finally:
        clock.now, timezone.now, DatabaseDefault.as_sql = real, real_histories, real_default  # type: ignore[method-assign]
