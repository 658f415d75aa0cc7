"""Reads configuration from the environment, and makes the secrets of a local copy once.

A local copy (DEPLOYMENT=local, the default) needs no preparation: its random keys are
written to var/local.env on the first start. In production every secret must be given.
"""

import os
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(os.environ.get("VAR_DIR", BASE_DIR / "var"))
LOCAL_FILE = VAR_DIR / "local.env"
SECRETS = ("SECRET_KEY", "CODE_KEYS")


def deployment():
    """Return "local" or "production"; anything else is refused."""
    name = os.environ.get("DEPLOYMENT", "local")
    if name not in {"local", "production"}:
        raise ImproperlyConfigured(f"DEPLOYMENT must be local or production, not {name!r}.")
    return name


def secret(name):
    """Return the secret of that name; raise ImproperlyConfigured in production when it is missing."""
    value = os.environ.get(name) or (_local_secrets().get(name) if deployment() == "local" else None)
    if not value:
        raise ImproperlyConfigured(f"Set {name} in the environment; docs/running.md says how.")
    return value


def flag(name, default):
    """Return True for 1, true, yes or on."""
    return os.environ.get(name, str(default)).strip().lower() in {"1", "true", "yes", "on"}


def words(name, default=""):
    """Return the comma-separated words of a setting as a list."""
    return [word.strip() for word in os.environ.get(name, default).split(",") if word.strip()]


def _local_secrets():
    if not LOCAL_FILE.exists():
        VAR_DIR.mkdir(parents=True, exist_ok=True)
        text = "".join(f"{name}={_new_secret(name)}\n" for name in SECRETS)
        try:
            # O_EXCL: two commands started together must not write two different sets of keys.
            handle = os.open(LOCAL_FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            pass
        else:
            with os.fdopen(handle, "w") as file:
                file.write(text)
    lines = LOCAL_FILE.read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def _new_secret(name):
    key = secrets.token_urlsafe(48)
    # Code keys carry an id, so that a key can be followed by a newer one: "k1:…,k2:…".
    return f"k1:{key}" if name == "CODE_KEYS" else key
