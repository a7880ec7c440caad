"""Lets somebody sign in with their password alone again who has lost their second factor."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import second_factor
from accounts.models import User


class Command(BaseCommand):
    """For whoever runs the system, where nobody is left to do it in the admin."""

    help = "Turn off two-factor sign-in of a user who has lost their phone and recovery codes."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError(f"There is no user {options['username']}.")
        if not user.has_second_factor:
            raise CommandError(f"{user} has no second factor.")
        second_factor.turn_off(user)
        self.stdout.write(f"{user} signs in with the password alone.")
