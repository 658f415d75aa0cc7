"""Every address of the site, one module an audience; each page has its Welsh twin below /cy/, at the same path."""

from django.conf.urls.i18n import i18n_patterns
from django.urls import include, path, re_path

from voucher.urls import my, office
from voucher.views import brochure as brochure_pages
from voucher.views import photos as photo_pages
from voucher.views import public as public_pages
from voucher.views import webhooks
from voucher.views.provider import feed

urlpatterns = [
    # Addresses without a language: health, web hooks, files.
    path("healthz", public_pages.healthz),
    path("readyz", public_pages.readyz),
    path("webhooks/stripe/", webhooks.stripe, name="stripe_events"),
    # A calendar reads it in the language of the person whose it is.
    path("calendar/<str:token>.ics", feed.calendar, name="calendar_feed"),
    re_path(
        r"^brochure/editions/(?P<number>\d{1,6})/(?P<language>en|cy)\.pdf$",
        brochure_pages.edition_file,
        name="edition_file",
    ),
    re_path(
        r"^brochure/editions/(?P<number>\d{1,6})/(?P<language>en|cy)-large-print\.pdf$",
        brochure_pages.edition_file,
        {"large_print": True},
        name="edition_file_large",
    ),
    re_path(r"^photos/(?P<key>[\w-]{22})-(?P<size>small|large)\.jpg$", photo_pages.photo, name="photo"),
]

urlpatterns += i18n_patterns(
    path("", include("voucher.urls.public")),
    path("my/", include((my.my, "my"))),
    path("helping/", include((my.helping, "helping"))),
    path("provider/", include(("voucher.urls.provider", "provider"))),
    path("team/", include(("voucher.urls.team", "team"))),
    path("finance/", include(("voucher.urls.finance", "finance"))),
    path("audit/", include((office.audit, "audit"))),
    path("people/", include((office.people, "people"))),
    path("account/", include("accounts.sign_in_urls")),
    prefix_default_language=False,
)
