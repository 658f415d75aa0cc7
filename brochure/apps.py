from django.apps import AppConfig


class BrochureConfig(AppConfig):
    name = "brochure"
