"""From options to a running console, and back to an exit status."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from platformdirs import user_state_path

from tui_ingest.conf import get_settings
from tui_ingest.flag import Flag
from tui_ingest.ingest.events import Event, SessionEnded
from tui_ingest.ingest.target import Target
from tui_ingest.models import DeadLetter
from tui_ingest.oplog.addresses import is_stream, name_of
from tui_ingest.oplog.records import RecordLocation
from tui_ingest.running.attaching import ConsoleSession
from tui_ingest.running.exit_status import FATAL
from tui_ingest.running.options import IngestOptions
from tui_ingest.running.starting import handling, open_log, spare_the_collector
from tui_ingest.tui.app import ConsoleApp
from tui_ingest.tui.keys import keymap
from tui_ingest.tui.view.all_logs import AllLogs
from tui_ingest.tui.view.log_view import LogAccess, LogView
from tui_ingest.tui.view.logs import routed
from tui_ingest.tui.view.one_of_many import Address, RunSession
from tui_ingest.tui.view.view_memory import ViewMemory
from tui_ingest.words.terminal_safe import terminal_safe

LONG_SECONDS = 3600.0  # between two looks of who is woken in any case
SWITCH_SECONDS = 0.0005  # before a thread that computes hands the interpreter on; Python has 5 ms
GARBAGE_OBJECTS = 50_000  # to look through 200,000 stops the screen for 0.1 s
GRACE_SECONDS = 3.0  # for the screen to be put away, once the session is over


def launch(options: IngestOptions) -> int:
    """Run one session under the console, in a terminal; return the process's exit status."""
    memory = ViewMemory(user_state_path("tui-ingest", appauthor=False) / "view.json")
    memory.load(reset=options.reset_view)
    try:
        app = build(options, prepare=partial(spare_the_collector, GARBAGE_OBJECTS), memory=memory)
    except ImproperlyConfigured as error:
        sys.stderr.write(f"tui-ingest: {error}\n")
        return FATAL
    view = app.view
    sys.setswitchinterval(SWITCH_SECONDS)
    with _ended_by_signals(view), routed(view.feed):
        app.run()
    memory.close()
    gone = _let_go_of_a_terminal_that_is_gone()
    for line in view.farewell():
        sys.stderr.write(f"tui-ingest: {line}\n")
    ended = view.status.ended
    if ended is not None and ended.error:
        sys.stderr.write(f"tui-ingest: {terminal_safe(ended.error)}\n")
    if gone:  # what the screen made of that is no news of the session
        return view.exit_status
    return app.return_code or view.exit_status


def build(
    options: IngestOptions,
    *,
    prepare: Callable[[], None] | None = None,
    memory: ViewMemory | None = None,
) -> ConsoleApp:
    """Return the console of a session, ready to run.

    Args:
        prepare: called in the session's thread before it begins.
        memory: of how somebody likes to look; None begins with the default.

    Raises:
        ImproperlyConfigured: `TUI_INGEST["KEYS"]` cannot be had.
    """

    view, work = (
        _all_logs(options) if options.are_many else _one_log(options, only_look=options.attach)
    )

    def run_session(report: Callable[[Event], None]) -> SessionEnded:
        if prepare is not None:
            prepare()
        return work(report)

    settings = get_settings()
    return ConsoleApp(
        view, run_session, keymap=keymap(settings.keys), memory=memory, rings=settings.bell
    )


def _one_log(options: IngestOptions, *, only_look: bool) -> tuple[LogView, RunSession]:
    """Return the view of a log, and what runs behind it.

    Args:
        only_look: who looks may not take the log over.
    """
    behind = ConsoleSession(options)
    return LogView(_access(options, only_look=only_look), behind), behind.run


def _all_logs(options: IngestOptions) -> tuple[AllLogs, RunSession]:
    def make_view(address: Address, attach: bool) -> tuple[LogView, RunSession]:
        one = replace(options, path=address, more=(), attach=attach)
        return _one_log(one, only_look=options.attach)

    logs = AllLogs(_access(options, only_look=options.attach), options.named, make_view)
    return logs, logs.run


def _access(options: IngestOptions, *, only_look: bool) -> LogAccess:
    vendor = connections[options.database].vendor
    # First what must not be cut off.
    words = ["DRY RUN" if options.dry_run else "", options.project, f"{options.database} {vendor}"]
    return LogAccess(
        path="" if options.are_many else name_of(options.path),
        target=Target(options.database),
        dry_run=options.dry_run,
        only_look=only_look,
        project=" · ".join(terminal_safe(word) for word in words if word),
        open_log=lambda: open_log(options),
        read_again=partial(_read_of_any if options.are_many else _read_again, options),
    )


def _read_again(options: IngestOptions, location: RecordLocation) -> bytes | None:
    with contextlib.closing(open_log(options)) as log:
        return log.line_at(location)


def _read_of_any(options: IngestOptions, location: RecordLocation) -> bytes | None:
    """Return the line of a dead letter, of whichever log that is."""
    letters = Target(options.database).rows(DeadLetter).select_related("file")
    letter = letters.filter(generation=location.generation, position=location.start).first()
    if letter is None:
        return None
    path = letter.file.file_path
    one = replace(options, path=path if is_stream(path) else Path(path), more=())
    return _read_again(one, location)


@contextlib.contextmanager
def _ended_by_signals(view: LogView) -> Iterator[None]:
    """Have signals, and a terminal that goes away, end the session, and then the screen."""
    told, gone = Flag(), threading.Event()
    # Before there is a signal: starting a thread takes locks that its handler may find taken.
    threading.Thread(target=_leave, args=(view, told, gone), daemon=True).start()

    def stop(_: int) -> None:
        _let_go_of_a_terminal_that_is_gone()
        told.set()
        view.stop()

    try:
        with handling(stop, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            yield
    finally:
        gone.set()


def _let_go_of_a_terminal_that_is_gone() -> bool:
    """Draw and speak to nobody from now on: each write to it would be an error, up to the last.

    Return whether it is gone; standard input was a terminal when the console began.
    """
    if os.isatty(0):
        return False
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    return True


def _leave(view: LogView, told: Flag, gone: threading.Event) -> None:
    """End the process if it is told to and the screen cannot end: all is committed by then."""
    while not told.wait(timeout=LONG_SECONDS):
        pass
    view.session_over.wait()
    if not gone.wait(GRACE_SECONDS):
        os._exit(view.exit_status)
