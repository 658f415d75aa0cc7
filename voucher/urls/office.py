"""The addresses of the administrator and the auditor: people, settings, history."""

from django.urls import path

from voucher.views import audit as audit_pages
from voucher.views import people as people_pages
from voucher.views import scheme_settings

audit = [
    path("", audit_pages.history_list, name="history"),
    path("history.csv", audit_pages.history_csv, name="history_csv"),
]

people = [
    path("", people_pages.people_list, name="list"),
    path("invite/", people_pages.invite, name="invite"),
    path("scheme/", scheme_settings.scheme, name="scheme"),
    path("<int:pk>/", people_pages.person, name="person"),
    path("<int:pk>/roles/<slug:kind>/remove/", people_pages.remove_role, name="remove_role"),
    path("<int:pk>/posts/<int:provider>/remove/", people_pages.remove_post, name="remove_post"),
    path("<int:pk>/close/", people_pages.close, name="close"),
    path("<int:pk>/reopen/", people_pages.reopen, name="reopen"),
    path("<int:pk>/second-step/reset/", people_pages.reset, name="reset"),
]
