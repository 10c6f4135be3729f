"""`manage.py ingest_console LOG`: apply an operation log in the console."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tui_ingest.cli import run_session
from tui_ingest.running.exit_status import USAGE, BootstrapError
from tui_ingest.running.options import add_arguments, conflict, conflict_without_log
from tui_ingest.running.verification import verify, verify_logs


class Command(BaseCommand):
    """Runs one session in the project of this manage.py; the exit status says how it ended."""

    help = "Watch an operation log being applied to this project's database; pause and repair it."
    always_headless = False

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the options of `tui-ingest`; Django adds --settings and --pythonpath."""
        add_arguments(parser, log_required=self.always_headless)

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002  # Django's signature
        """Check the project, run the session, and exit with its status if that is not 0.

        Raises:
            CommandError: the project is not fit for a session.
            SystemExit: the session's exit status.
        """
        namespace = argparse.Namespace(**options)
        namespace.headless = namespace.headless or self.always_headless
        missing = "" if namespace.logs else conflict_without_log(namespace)
        if problem := missing or conflict(namespace):
            raise CommandError(problem, returncode=USAGE)
        settings = os.environ.get("DJANGO_SETTINGS_MODULE", "this project's settings")
        try:
            verify(database=namespace.database, settings=settings)
            verify_logs(namespace.logs, once=namespace.once, database=namespace.database)
        except BootstrapError as error:
            raise CommandError(str(error), returncode=error.status) from error
        if status := run_session(namespace, settings):
            sys.exit(status)
