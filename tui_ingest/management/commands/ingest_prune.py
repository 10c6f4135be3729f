"""`manage.py ingest_prune --older-than 90d`: remove what nobody will read any more."""

from __future__ import annotations

import argparse
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error

from tui_ingest.ingest import retention
from tui_ingest.ingest.target import Target
from tui_ingest.running.errors import BootstrapError
from tui_ingest.running.verification import verify


class Command(BaseCommand):
    help = (
        "Remove old events, answered orders, resolved dead letters, and the totals of logs that"
        " are gone. Checkpoints, open dead letters and gaps stay."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the age."""
        parser.add_argument(
            "--older-than", metavar="DAYS", type=_days, required=True, help="such as 90d"
        )
        parser.add_argument("--dry-run", action="store_true", help="only say what would go")
        parser.add_argument("--database", metavar="ALIAS", default="default")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002  # Django's signature
        """Remove it, and say how much that was.

        Raises:
            CommandError: the database cannot be used.
        """
        target, days = Target(options["database"]), options["older_than"]
        removed: Counter[str] = Counter()
        try:
            verify(database=target.database, settings="this project")
            if options["dry_run"]:
                removed = retention.count(target, days)
            else:
                for part in retention.prune(target, days):
                    removed += part
        except BootstrapError as error:
            raise CommandError(str(error), returncode=error.status) from error
        except Error as error:
            raise CommandError(
                f"Database '{target.database}' cannot be used now: {error}. What is left will go"
                " next time."
            ) from error
        what = ", ".join(f"{number:,} {name}" for name, number in removed.items() if number)
        verb = "Would remove" if options["dry_run"] else "Removed"
        self.stdout.write(f"{verb}: {what or 'nothing'}.")


def _days(text: str) -> int:
    number = text.removesuffix("d")
    if not (text.endswith("d") and number.isascii() and number.isdecimal() and int(number)):
        raise argparse.ArgumentTypeError(f"not a number of days, such as 90d: {text!a}")
    return int(number)
