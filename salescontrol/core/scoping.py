"""Rows that not everybody may see answer only through the function that says who may (architecture rule 4, quality P3).

A guarded model has two managers. `objects` answers inside a request only for queries that come from a `…_visible_to(access)`
function, which marks them with `scoped()`; anything else raises `ScopeError` when it is evaluated. `every` is the door for
rules that must look at all rows (uniqueness, locking a row whose visibility was checked, what a decision touches): services use
it, and the few queries that the architecture test names. Commands, jobs and the prompt are no requests: they read freely.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Self, TypeVar

from django.db import models

Row = TypeVar("Row", bound=models.Model, covariant=True)
_in_request: ContextVar[bool] = ContextVar("in_request", default=False)


class ScopeError(RuntimeError):
    """A query in a request was about to read rows without asking who may see them: a mistake in the code, not of the user."""


@contextmanager
def request_running() -> Iterator[None]:
    """Everything inside is part of a request: guarded models answer scoped queries only."""
    token = _in_request.set(True)
    try:
        yield
    finally:
        _in_request.reset(token)


class GuardedQuerySet(models.QuerySet[Row]):
    """A query that knows whether it starts from what its reader may see; whatever is derived from it knows it too."""

    _scoped = False

    def scoped(self) -> Self:
        """The same rows, declared to be what the reader may see. Said by `…_visible_to` functions only."""
        clone: Any = self._chain()
        clone._scoped = True
        return clone

    def _clone(self) -> Self:
        clone = super()._clone()
        clone._scoped = self._scoped
        return clone

    def _check(self) -> None:
        if self._scoped or not _in_request.get() or self.query.is_empty():
            return
        name = self.model.__name__
        raise ScopeError(
            f"A query on {name} in a request does not start from a visible_to function. "
            f"Pages start from one; rules that must look at every row say {name}.every."
        )

    def _fetch_all(self) -> None:
        if self._result_cache is None:
            self._check()
        super()._fetch_all()

    def iterator(self, *args: Any, **kwargs: Any) -> Iterator[Any]:
        self._check()
        return super().iterator(*args, **kwargs)

    def count(self) -> int:
        self._check()
        return super().count()

    def exists(self) -> bool:
        self._check()
        return super().exists()

    def aggregate(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        self._check()
        return super().aggregate(*args, **kwargs)

    def explain(self, **kwargs: Any) -> str:
        self._check()
        return super().explain(**kwargs)

    def update(self, **kwargs: Any) -> int:
        self._check()
        return super().update(**kwargs)

    def delete(self) -> tuple[int, dict[str, int]]:
        self._check()
        return super().delete()

    def __or__(self, other: Any) -> Self:
        return self._together(super().__or__(other), other)

    def __xor__(self, other: Any) -> Self:
        return self._together(super().__xor__(other), other)

    def union(self, *others: Any, **kwargs: Any) -> Self:
        return self._together(super().union(*others, **kwargs), *others)

    def _together(self, both: Any, *others: Any) -> Self:
        """Rows of several queries are what the reader may see only if all of them are."""
        both._scoped = self._scoped and all(getattr(other, "_scoped", False) for other in others)
        return both


class GuardedManager(models.Manager.from_queryset(GuardedQuerySet)[Row]):
    """The default manager of a guarded model, and of the related managers that lead to it."""


class EveryManager(GuardedManager[Row]):
    """All rows, whoever asks."""

    def get_queryset(self) -> Any:
        return super().get_queryset().scoped()
