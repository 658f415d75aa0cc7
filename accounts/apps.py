"""People, sign-in and history as a Django application."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self):
        from accounts import checks, sign_in_history

        checks.register()
        sign_in_history.listen()
