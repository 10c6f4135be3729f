"""`manage.py ingest_deadletters list|show|retry|edit|discard|export`: what was set aside."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error

from tui_ingest.ingest.deadletters import DeadLetterError
from tui_ingest.ingest.reasons import Reason
from tui_ingest.management.deadletter_actions import ACTIONS
from tui_ingest.management.django_options import take_django_options
from tui_ingest.models import DeadLetter
from tui_ingest.oplog.records import MalformedReason
from tui_ingest.running.errors import BootstrapError
from tui_ingest.running.exit_status import USAGE
from tui_ingest.running.options import log_path
from tui_ingest.running.verification import verify

REASONS = [*map(str, Reason), *map(str, MalformedReason)]


class Command(BaseCommand):
    help = (
        "List, show, retry, edit, discard or export dead letters: the records that could not be"
        " applied. Exit status: 0, 1 if a retry failed, 2 for a mistake in the arguments."
    )

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
            action.add_argument("--database", metavar="ALIAS", default="default")
            take_django_options(action)

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002  # Django's signature
        """Do it.

        Raises:
            CommandError: there is no such dead letter, or the database cannot be used.
            SystemExit: status 1 after all were tried, if a retry failed.
        """
        database = options["database"]
        try:
            verify(database=database, settings="this project")
            failed = ACTIONS[options["action"]](database, options, self.stdout.write)
            self.stdout.flush()
        except BootstrapError as error:
            raise CommandError(str(error), returncode=error.status) from error
        except DeadLetterError as error:
            raise CommandError(str(error), returncode=USAGE) from error
        except BrokenPipeError:  # `| head`: what would still be printed is not wanted any more
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(1)
        except Error as error:
            raise CommandError(
                f"Database '{database}' cannot be used now: {error}. What was not printed was not"
                " done; try again."
            ) from error
        if failed:
            sys.exit(1)
