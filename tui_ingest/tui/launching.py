"""From options to a running console, and back to an exit status."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.core.exceptions import ImproperlyConfigured
from django.db import connections

from tui_ingest.conf import get_settings
from tui_ingest.ingest.events import Event, SessionEnded
from tui_ingest.ingest.session.control import Control
from tui_ingest.oplog.files.rereading import line_at
from tui_ingest.running.exit_status import FATAL
from tui_ingest.running.options import IngestOptions
from tui_ingest.running.signals import handling
from tui_ingest.running.starting import open_log, session, spare_the_collector
from tui_ingest.tui.app import ConsoleApp, Target
from tui_ingest.tui.keys import keymap
from tui_ingest.tui.logs import routed
from tui_ingest.words.terminal_safe import terminal_safe

GRACE_SECONDS = 3.0  # for the screen to be put away, once the session is over


def launch(options: IngestOptions) -> int:
    """Run one session under the console, in a terminal; return the process's exit status."""
    try:
        app = build(options, prepare=spare_the_collector)
    except ImproperlyConfigured as error:
        sys.stderr.write(f"tui-ingest: {error}\n")
        return FATAL
    with _ended_by_signals(app), routed(app.feed):
        app.run()
    ended = app.snapshot.ended
    if ended is not None and ended.error:
        sys.stderr.write(f"tui-ingest: {terminal_safe(ended.error)}\n")
    return app.return_code or app.status


def build(options: IngestOptions, *, prepare: Callable[[], None] | None = None) -> ConsoleApp:
    """Return the console of a session, ready to run.

    Args:
        prepare: called in the session's thread before it begins.

    Raises:
        ImproperlyConfigured: `TUI_INGEST["KEYS"]` cannot be had.
    """

    def run_session(control: Control, report: Callable[[Event], None]) -> SessionEnded:
        if prepare is not None:
            prepare()
        return session(options, control, report, interactive=True).run()

    control = Control(paused=options.paused, stop_on_error=options.stop_on_error)
    keys = keymap(get_settings().keys)
    return ConsoleApp(run_session, control, _target(options), keymap=keys)


def _target(options: IngestOptions) -> Target:
    vendor = connections[options.database].vendor
    words = [options.project, f"{options.database} {vendor}"]
    if options.dry_run:
        words.append("dry run")
    return Target(
        path=os.path.abspath(options.path),  # noqa: PTH100  # as the log calls itself
        database=options.database,
        project=" · ".join(terminal_safe(word) for word in words if word),
        open_log=lambda: open_log(options),
        read_again=lambda location: line_at(options.path, location),
    )


@contextmanager
def _ended_by_signals(app: ConsoleApp) -> Iterator[None]:
    """Have signals, and a terminal that goes away, end the session, and then the screen."""
    gone = threading.Event()

    def stop(_: int) -> None:
        if not app.control.stopping:
            threading.Thread(target=_leave, args=(app, gone), daemon=True).start()
        app.control.stop()

    try:
        with handling(stop, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            yield
    finally:
        gone.set()


def _leave(app: ConsoleApp, gone: threading.Event) -> None:
    """End the process if the screen cannot: everything worth keeping is committed by then."""
    app.session_over.wait()
    if not gone.wait(GRACE_SECONDS):
        os._exit(app.status)
