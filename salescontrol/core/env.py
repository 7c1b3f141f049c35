"""Reads the environment once and stops early with a sentence that says what to do."""

import os
import secrets
from pathlib import Path
from urllib.parse import unquote, urlsplit

from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured
from environs import Env

from salescontrol.core.postgres import PooledConnection

BASE_DIR = Path(__file__).resolve().parent.parent.parent

env = Env()


def private_dir(path: Path) -> Path:
    """Make the folder, readable by its owner only, and return it; refuse a place that cannot be written."""
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise ImproperlyConfigured(
            f"{path} cannot be created ({error.strerror}). Set VAR_DIR to a folder that can be written."
        ) from error
    if not os.access(path, os.W_OK):
        raise ImproperlyConfigured(f"{path} is not writable. Set VAR_DIR to a folder that this user can write.")
    return path


def secret(name: str, var_dir: Path, *, make=lambda: secrets.token_urlsafe(50)) -> str:
    """The secret kept in the file that `<NAME>_FILE` names; without it, a trial's own file in VAR_DIR (mode 0600)."""
    given = env.str(f"{name}_FILE", "")
    path = Path(given) if given else var_dir / name.lower()
    if not path.exists():
        if given:
            raise ImproperlyConfigured(f"{name}_FILE names {path}, which does not exist. Create it with mode 0600.")
        _write_private(path, make())
    value = path.read_text().strip()
    if not value:
        raise ImproperlyConfigured(f"{path} is empty. Put the secret for {name} into it.")
    return value


def field_key() -> str:
    return Fernet.generate_key().decode()


def _write_private(path: Path, value: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(value + "\n")


def database(url: str, var_dir: Path, *, persistent: bool = False) -> dict:
    """Django's settings of one database: SQLite in VAR_DIR when `url` is empty, else `postgres://user:password@host:port/name`."""
    if not url:
        return _sqlite(var_dir / "salescontrol.sqlite3")
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return _sqlite(Path(unquote(parts.path)))
    if parts.scheme not in ("postgres", "postgresql") or not parts.path.strip("/"):
        raise ImproperlyConfigured(
            "DATABASE_URL must look like postgres://user:password@host:5432/name (or be unset for a trial)."
        )
    most = env.int("DATABASE_POOL", 8)
    # One is kept open: the pool takes turns with those it has, and a server process that is asked seldom has forgotten everything.
    pool = {"min_size": 1, "max_size": most, "timeout": 10, "connection_class": PooledConnection}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 0,
        # A connection that the server ended meanwhile is not handed out again: after a restart nobody pays for the old ones.
        # `PooledConnection` knows it without asking the server.
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {} if persistent else {"pool": pool},
    }


def mail(url: str) -> dict:
    """Django's settings of the mail server: none when `url` is empty, else `smtp://`, `smtps://` (TLS) or `smtp+tls://` (STARTTLS)."""
    if not url:
        return {"EMAIL_HOST": ""}
    parts = urlsplit(url)
    if parts.scheme not in ("smtp", "smtps", "smtp+tls") or not parts.hostname:
        raise ImproperlyConfigured("EMAIL_URL must look like smtp+tls://user:password@host:587 (or be unset).")
    return {
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or {"smtp": 25, "smtps": 465, "smtp+tls": 587}[parts.scheme],
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_USE_TLS": parts.scheme == "smtp+tls",
    }


def _sqlite(path: Path) -> dict:
    # IMMEDIATE and the long timeout: with Django's default DEFERRED most concurrent writers fail as "database is locked".
    pragmas = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        "CONN_MAX_AGE": None,
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": pragmas},
    }
