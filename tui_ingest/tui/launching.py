"""From options to a running console, and back to an exit status."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable

from django.core.exceptions import ImproperlyConfigured
from django.db import connections

from tui_ingest.conf import get_settings
from tui_ingest.ingest.display import inert
from tui_ingest.ingest.events import Event, SessionEnded
from tui_ingest.ingest.session import Session
from tui_ingest.ingest.session.control import Control
from tui_ingest.oplog.files.rereading import line_at
from tui_ingest.oplog.log import Log
from tui_ingest.oplog.opening import open_log
from tui_ingest.options import IngestOptions
from tui_ingest.tui.app import ConsoleApp, Target
from tui_ingest.tui.keys import keymap
from tui_ingest.tui.logs import routed
from tui_ingest.tui.signals import stop_on_signals

GARBAGE_OBJECTS = 200_000  # more than a batch has, before the collector looks for cycles


def launch(options: IngestOptions) -> int:
    """Run one session under the console, in a terminal; return the process's exit status."""
    try:
        app = build(options, prepare=_spare_the_collector)
    except ImproperlyConfigured as error:
        sys.stderr.write(f"tui-ingest: {error}\n")
        return 1
    with stop_on_signals(app), routed(app.feed):
        app.run()
    ended = app.snapshot.ended
    if ended is not None and ended.error:
        sys.stderr.write(f"tui-ingest: {inert(ended.error)}\n")
    return app.return_code or app.status


def build(options: IngestOptions, *, prepare: Callable[[], None] | None = None) -> ConsoleApp:
    """Return the console of a session, ready to run.

    Args:
        prepare: called in the session's thread before it begins.

    Raises:
        ImproperlyConfigured: `TUI_INGEST["KEYS"]` cannot be had.
    """
    control = Control(paused=options.paused, stop_on_error=options.stop_on_error)
    keys = keymap(get_settings().keys)
    return ConsoleApp(_session_of(options, prepare), control, _target(options), keymap=keys)


def _spare_the_collector() -> None:
    """Keep what is there now out of every garbage collection to come.

    Screens and models are a few hundred thousand objects that live as long as the process. Going
    through them again and again took a quarter of the time of a session at full speed.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_OBJECTS)


def _open_log(options: IngestOptions) -> Log:
    return open_log(
        options.path,
        max_record_bytes=get_settings().max_record_bytes,
        poll_seconds=options.poll_seconds,
    )


def _session_of(
    options: IngestOptions, prepare: Callable[[], None] | None
) -> Callable[[Control, Callable[[Event], None]], SessionEnded]:
    def run_session(control: Control, report: Callable[[Event], None]) -> SessionEnded:
        if prepare is not None:
            prepare()
        return Session(
            _open_log(options),
            database=options.database,
            control=control,
            report=report,
            start=options.start,
            once=options.once,
            dry_run=options.dry_run,
            interactive=True,
        ).run()

    return run_session


def _target(options: IngestOptions) -> Target:
    vendor = connections[options.database].vendor
    words = [options.project, f"{options.database} {vendor}"]
    if options.dry_run:
        words.append("dry run")
    return Target(
        path=os.path.abspath(options.path),  # noqa: PTH100  # as the log calls itself
        database=options.database,
        project=" · ".join(inert(word) for word in words if word),
        open_log=lambda: _open_log(options),
        read_again=lambda location: line_at(options.path, location),
    )
