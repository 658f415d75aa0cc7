"""The brochure as a Django application."""

from django.apps import AppConfig


class BrochureConfig(AppConfig):
    name = "brochure"
