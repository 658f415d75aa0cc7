"""Every address of the site; each page has its Welsh twin below /cy/, at the same path."""

from django.conf.urls.i18n import i18n_patterns
from django.urls import include, path

public = []

my = []

provider = []

team = []

finance = []

audit = []

people = []

urlpatterns = [
    # Addresses without a language: health, web hooks, files.
]

urlpatterns += i18n_patterns(
    path("", include(public)),
    path("my/", include((my, "my"))),
    path("provider/", include((provider, "provider"))),
    path("team/", include((team, "team"))),
    path("finance/", include((finance, "finance"))),
    path("audit/", include((audit, "audit"))),
    path("people/", include((people, "people"))),
    path("account/", include("allauth.urls")),
    prefix_default_language=False,
)
