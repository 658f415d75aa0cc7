"""Providers as a Django application."""

from django.apps import AppConfig


class ProvidersConfig(AppConfig):
    name = "providers"
