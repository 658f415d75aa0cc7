"""What must be true of the settings before the site starts."""

from django.conf import settings
from django.core import checks

from accounts import channels

NOTIFY_NEEDS = {
    "MESSAGES_EMAIL": {"NOTIFY_API_KEY", "NOTIFY_EMAIL_TEMPLATE", "NOTIFY_EMAIL_FILE_TEMPLATE"},
    "MESSAGES_TEXT": {"NOTIFY_API_KEY", "NOTIFY_TEXT_TEMPLATE"},
    "MESSAGES_POST": {"NOTIFY_API_KEY"},
}


def register():
    checks.register(demonstration_stays_at_home, checks.Tags.security)
    checks.register(messages_have_a_way_out, checks.Tags.security)


def demonstration_stays_at_home(app_configs, **options):
    """Refuse to start in production with the demonstration page, which tells everybody how to sign in."""
    if settings.PRODUCTION and settings.DEMO:
        return [checks.Error("DEMO must be off in production: its page shows passwords.", id="accounts.E001")]
    return []


def messages_have_a_way_out(app_configs, **options):
    """Refuse a way that a kind of message cannot take, files in production, and Notify without what it needs."""
    errors = []
    needed = set()
    for name, ways in channels.WAYS.values():
        way = getattr(settings, name)
        if way not in ways:
            errors.append(checks.Error(f"{name} must be one of {', '.join(ways)}, not {way!r}.", id="accounts.E002"))
        elif settings.PRODUCTION and way == "files":
            errors.append(
                checks.Error(f"{name}=files writes to nobody: production needs another way.", id="accounts.E003")
            )
        elif way == "notify":
            needed |= NOTIFY_NEEDS[name]
    missing = sorted(name for name in needed if not getattr(settings, name))
    return errors + [checks.Error(f"GOV.UK Notify needs {name}.", id="accounts.E004") for name in missing]
