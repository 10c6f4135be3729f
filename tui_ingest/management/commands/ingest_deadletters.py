"""`manage.py ingest_deadletters list|show|retry|edit|discard|export`: what was set aside."""

from __future__ import annotations

from argparse import SUPPRESS
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from tui_ingest.ingest.deadletters import DeadLetterError
from tui_ingest.ingest.reasons import Reason
from tui_ingest.ingest.target import Target
from tui_ingest.management.deadletter_actions import ACTIONS
from tui_ingest.management.targets import TargetCommand
from tui_ingest.models import DeadLetter
from tui_ingest.oplog.records import MalformedReason
from tui_ingest.running.options import log_path

REASONS = [*map(str, Reason), *map(str, MalformedReason)]


class Command(TargetCommand):
    help = (
        "List, show, retry, edit, discard or export dead letters: the records that could not be"
        " applied. Exit status: 0, 1 if a retry failed, 2 for a mistake in the arguments."
    )
    mistakes = (DeadLetterError,)
    then = "What was not printed was not done; try again."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take an action and which dead letters it is about."""
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        listing = actions.add_parser("list", help="one line each, in log order")
        showing = actions.add_parser("show", help="all that is known about one")
        retrying = actions.add_parser("retry", help="apply them now, in log order")
        editing = actions.add_parser("edit", help="put another line in place, to be retried")
        discarding = actions.add_parser("discard", help="give them up; they stay visible")
        exporting = actions.add_parser("export", help="one line of JSON each, exact bytes included")
        for action in (showing, editing):
            action.add_argument("ids", metavar="ID", nargs=1, type=int)
        for action in (retrying, discarding, exporting):
            action.add_argument("ids", metavar="ID", nargs="*", type=int)
        for action in (retrying, discarding):
            action.add_argument("--all", action="store_true", help="all open ones that match")
        for action in (listing, retrying, discarding, exporting):
            action.add_argument("--file", metavar="LOG", type=log_path, help="of this log only")
            action.add_argument(
                "--reason",
                metavar="REASON",
                choices=REASONS,
                help="with this reason only, such as missing_parent",
            )
            action.add_argument("--model", metavar="APP.MODEL", help="of this model only")
        for action in (listing, exporting):
            action.add_argument("--status", choices=DeadLetter.Status.values, help="default: all")
        for action in (listing, showing, retrying, discarding):
            action.add_argument("--json", action="store_true", help="for programs")
        exporting.add_argument("--json", action="store_true", help="what it prints in any case")
        discarding.add_argument("--why", default="", help="kept with them; required")
        editing.add_argument("--from", dest="source", type=Path, help="default: standard input")
        for action in actions.choices.values():
            self.add_database(action)
            _take_django_options(action)

    def act(self, target: Target, options: dict[str, Any]) -> int:
        """Do it; 1 after all were tried, if a retry failed."""
        return int(ACTIONS[options["action"]](target, options, self.stdout.write))


def _take_django_options(action: CommandParser) -> None:
    """Let an action take what Django lets only the command itself take.

    What is not given after the action leaves what was given before it.
    """
    action.add_argument(
        "-v", "--verbosity", type=int, choices=range(4), default=SUPPRESS, help=SUPPRESS
    )
    for name in ("--settings", "--pythonpath"):
        action.add_argument(name, default=SUPPRESS, help=SUPPRESS)
    for name in ("--traceback", "--no-color", "--force-color", "--skip-checks"):
        action.add_argument(name, action="store_true", default=SUPPRESS, help=SUPPRESS)
