"""What must be true of the settings before the site starts."""

from django.conf import settings
from django.core import checks


def register():
    checks.register(demonstration_stays_at_home, checks.Tags.security)


def demonstration_stays_at_home(app_configs, **options):
    """Refuse to start in production with the demonstration page, which tells everybody how to sign in."""
    if settings.PRODUCTION and settings.DEMO:
        return [checks.Error("DEMO must be off in production: its page shows passwords.", id="accounts.E001")]
    return []
