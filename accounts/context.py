"""What every template knows: the scheme, and the same page in the other language."""

from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import get_language

from accounts.models import Scheme

WELSH_PREFIX = "/cy/"


@dataclass(frozen=True)
class Twin:
    """The same page in one language: its code, the language's own name, and the address."""

    code: str
    name: str
    path: str

    @property
    def url(self):
        """The whole address without what was asked of the page, for search engines."""
        return settings.SITE_URL + self.path.partition("?")[0]


def site(request):
    """Give every template `scheme`, `here` and `other` (this page in its own and in the other language)."""
    english, welsh = twins(request)
    here, other = (welsh, english) if (get_language() or "en").startswith("cy") else (english, welsh)
    # A provider's pages speak of the council it belongs to.
    council = getattr(request, "council", None) or getattr(getattr(request, "provider", None), "council", None)
    return {
        # Where the page knows no council, a scheme as it comes; voucher.carers_teams knows the reader's.
        "scheme": council.scheme if council and hasattr(council, "scheme") else Scheme(),
        "here": here,
        "other": other,
        "demo": settings.DEMO,
    }


def twins(request):
    """Return this page as English and as Welsh Twin: the same path and the same question mark's worth."""
    path = request.path
    bare = path[len(WELSH_PREFIX) - 1 :] if path.startswith(WELSH_PREFIX) else path
    query = f"?{query}" if (query := request.META.get("QUERY_STRING", "")) else ""
    return (
        Twin("en", "English", bare + query),
        Twin("cy", "Cymraeg", WELSH_PREFIX.rstrip("/") + bare + query),
    )
