"""Makes the first administrator, who then gives roles to everybody else."""

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.utils import timezone

from accounts import people


class Command(BaseCommand):
    help = "Makes the first administrator. It prints how to sign in."

    def add_arguments(self, parser):
        parser.add_argument("email", help="the person's e-mail address")

    def handle(self, *args, email, **options):
        try:
            validate_email(email)
            people.create_administrator(email=email, now=timezone.now())
        except ValidationError:
            raise CommandError(f"{email} is not an e-mail address.") from None
        except people.AlreadyKnown:
            raise CommandError(f"Somebody signs in as {email} already.") from None
        self.stdout.write(
            f"{email.lower()} is an administrator now. To sign in, open {people.sign_in_address()}, ask for a code "
            "by e-mail, and set up the second step."
        )
