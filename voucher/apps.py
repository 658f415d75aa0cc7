"""The money and the site itself as a Django application."""

from django.apps import AppConfig


class VoucherConfig(AppConfig):
    name = "voucher"
