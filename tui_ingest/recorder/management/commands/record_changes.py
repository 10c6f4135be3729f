"""`manage.py record_changes`: writes the changes of this project to its log."""

from __future__ import annotations

import json
import os
import signal
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.db import DEFAULT_DB_ALIAS, Error, connections

from tui_ingest.errors import TuiIngestError
from tui_ingest.flag import Flag
from tui_ingest.recorder.conf import RecorderSettings, get_settings
from tui_ingest.recorder.errors import ModelsChangedError, RecorderError
from tui_ingest.recorder.installing import is_migrated
from tui_ingest.recorder.management import orders, showing
from tui_ingest.recorder.relaying.relay import Relay
from tui_ingest.recorder.status import metrics, read_status

_RESTART_SECONDS = 5.0  # before a process with newer code is tried


class Command(BaseCommand):
    """The relay of one database, and questions about it."""

    help = "Writes committed changes to the operation log, until it is told to stop."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--database", default=DEFAULT_DB_ALIAS, help="alias (default: default)")
        action = parser.add_mutually_exclusive_group()
        action.add_argument("--once", action="store_true", help="write what is pending, and end")
        action.add_argument("--status", action="store_true", help="say what is pending")
        action.add_argument("--metrics", action="store_true", help="the same for Prometheus")
        orders.add_arguments(parser, action)
        parser.add_argument("--json", action="store_true", help="with --status: as JSON")

    def handle(self, **options: Any) -> None:
        database = options["database"]
        try:
            settings = get_settings()
            if database not in connections.settings:
                known = ", ".join(sorted(connections.settings))
                raise RecorderError(
                    f"There is no database '{database}' in DATABASES. Known: {known}."
                )
            if not is_migrated(database):
                raise RecorderError(
                    f"The recorder has no tables in the database '{database}'. Run python manage.py"
                    f" migrate --database {database}."
                )
            self._act(settings, database, options)
        except (TuiIngestError, ImproperlyConfigured, Error, OSError) as error:
            raise CommandError(str(error)) from error

    def _act(self, settings: RecorderSettings, database: str, options: dict[str, Any]) -> None:
        if options["status"] or options["metrics"]:
            self._tell_status(settings, database, options)
        elif not orders.obey(options, database, self.stdout.write):
            self._relay(settings, database, once=options["once"])

    def _tell_status(
        self, settings: RecorderSettings, database: str, options: dict[str, Any]
    ) -> None:
        status = read_status(settings, database)
        if options["metrics"]:
            self.stdout.write("\n".join(metrics(status)))
        elif options["json"]:
            self.stdout.write(json.dumps(asdict(status)))
        else:
            self.stdout.write("\n".join(showing.status_lines(status)))

    def _relay(self, settings: RecorderSettings, database: str, *, once: bool) -> None:
        stop = Flag()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        with showing.shown(self.stdout) as report:
            relay = Relay(settings, database, report=report, stop=stop)
            try:
                relay.drain() if once else relay.follow()
                return
            except ModelsChangedError as changed:
                if once:
                    raise
                report.restarting(str(changed))
        if not stop.wait(_RESTART_SECONDS):
            # The code of this process is older than the database. On the disk is the new one.
            os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606
