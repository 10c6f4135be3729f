"""A session without a screen: for a terminal, a pipe or a service."""

from __future__ import annotations

import gc
import sys

from django.db import connections

from tui_ingest.conf import get_settings
from tui_ingest.headless.bar import BarOutput
from tui_ingest.headless.lines import LastFailure
from tui_ingest.headless.output import Output, Sink
from tui_ingest.headless.plain import PlainOutput
from tui_ingest.headless.signals import stop_on_signals
from tui_ingest.ingest.display import inert
from tui_ingest.ingest.events import Event, SessionEnded, State
from tui_ingest.ingest.session import Session
from tui_ingest.ingest.session.control import Control
from tui_ingest.oplog.opening import open_log
from tui_ingest.options import IngestOptions

__all__ = ["run"]

APPLIED = 0
FATAL = 1
SET_ASIDE = 3
GARBAGE_OBJECTS = 200_000  # more than a batch has, before the collector looks for cycles
INTERRUPTED = 130  # as a shell says of a process that SIGINT ended


def run(options: IngestOptions) -> int:
    """Run one session in this thread and return the exit status of the process.

    SIGINT and SIGTERM end it after the running batch. A second SIGINT ends it at once; the
    database undoes the batch. Lines go to standard output, the reason of a failure to standard
    error.

    Call it in the main thread, with Django set up and the project verified.
    """
    control = Control(stop_on_error=options.stop_on_error)
    sink = Sink(sys.stdout, on_broken=control.stop)
    output = BarOutput(options, sink) if sink.can_redraw() else PlainOutput(options, sink)
    last_failure = LastFailure()
    # Django and the project stay for good, and a batch is tens of thousands of objects without a
    # cycle: looking through them over and over for garbage cost a fifth of the time.
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_OBJECTS)
    try:
        with stop_on_signals(control), output:
            ended = _session(options, control, output, last_failure).run()
    except KeyboardInterrupt:
        return INTERRUPTED
    finally:
        connections.close_all()
    if ended.error:
        _complain(f"{ended.error} {last_failure}".rstrip())
    elif sink.broken:
        _complain("Nobody reads the output any more; stopped after the running batch.")
    return _status(ended, broken=sink.broken)


def _session(
    options: IngestOptions, control: Control, output: Output, last_failure: LastFailure
) -> Session:
    def report(event: Event) -> None:
        last_failure.take(event)
        output(event)

    settings = get_settings()
    log = open_log(
        options.path,
        max_record_bytes=settings.max_record_bytes,
        poll_seconds=options.poll_seconds,
    )
    return Session(
        log,
        database=options.database,
        control=control,
        report=report,
        start=options.start,
        once=options.once,
        dry_run=options.dry_run,
        settings=settings,
    )


def _status(ended: SessionEnded, *, broken: bool) -> int:
    if ended.error or broken:
        return FATAL
    return SET_ASIDE if ended.state is State.FINISHED and ended.set_aside else APPLIED


def _complain(message: str) -> None:
    if sys.stderr is not None:  # closed by whoever started this
        sys.stderr.write(f"tui-ingest: {inert(message)}\n")
