"""`manage.py ingest_prune --older-than 90d`: remove what nobody will read any more."""

from __future__ import annotations

import argparse
from collections import Counter
from typing import Any

from django.core.management.base import CommandParser

from tui_ingest.ingest import retention
from tui_ingest.ingest.target import Target
from tui_ingest.management.targets import TargetCommand


class Command(TargetCommand):
    help = (
        "Remove old events, answered orders, resolved dead letters, and the totals of logs that"
        " are gone. Checkpoints, open dead letters and gaps stay."
    )
    then = "What is left will go next time."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the age."""
        parser.add_argument(
            "--older-than", metavar="DAYS", type=_days, required=True, help="such as 90d"
        )
        parser.add_argument("--dry-run", action="store_true", help="only say what would go")
        self.add_database(parser)

    def act(self, target: Target, options: dict[str, Any]) -> int:
        """Remove it, and say how much that was."""
        days = options["older_than"]
        removed: Counter[str] = Counter()
        if options["dry_run"]:
            removed = retention.count(target, days)
        else:
            for part in retention.prune(target, days):
                removed += part
        what = ", ".join(f"{number:,} {name}" for name, number in removed.items() if number)
        verb = "Would remove" if options["dry_run"] else "Removed"
        self.stdout.write(f"{verb}: {what or 'nothing'}.")
        return 0


def _days(text: str) -> int:
    number = text.removesuffix("d")
    if not (text.endswith("d") and number.isascii() and number.isdecimal() and int(number)):
        raise argparse.ArgumentTypeError(f"not a number of days, such as 90d: {text!a}")
    return int(number)
