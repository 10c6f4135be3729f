"""A session without a screen: for a terminal, a pipe or a service.

output      what becomes of events: lines for people or for programs, as long as somebody reads them
bar         the same for a terminal, below which a bar is drawn
lines       which events are worth a line, where a session stands, and the words of both
many        sessions of many logs
supervisor  signs of life for systemd
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from threading import Lock

from django.db import connections

from tui_ingest.headless.bar import BarOutput
from tui_ingest.headless.lines import LastFailure
from tui_ingest.headless.many import Fleet
from tui_ingest.headless.output import JsonOutput, Output, PlainOutput, Sink
from tui_ingest.headless.supervisor import Supervisor
from tui_ingest.ingest.events import Event, SessionEnded
from tui_ingest.ingest.session.control import Control
from tui_ingest.running.exit_status import FATAL, INTERRUPTED
from tui_ingest.running.options import IngestOptions
from tui_ingest.running.starting import handling, session, spare_the_collector, status_of
from tui_ingest.words.terminal_safe import terminal_safe

__all__ = ["run"]


def run(options: IngestOptions) -> int:
    """Run one session in this thread and return the exit status of the process.

    SIGINT and SIGTERM end it after the running batch. A second SIGINT ends it at once; the
    database undoes the batch. Lines go to standard output, the reason of a failure to standard
    error.

    Call it in the main thread, with Django set up and the project verified.
    """
    if options.are_many:
        return _run_many(options)
    control = Control(stop_on_error=options.stop_on_error)
    sink = Sink(sys.stdout, on_broken=control.stop)
    output = _output(options, sink)
    last_failure, supervisor = LastFailure(), Supervisor()

    def report(event: Event) -> None:
        last_failure.take(event)
        supervisor.take(event)
        output(event)

    def stop(number: int) -> None:
        if control.stopping and number == signal.SIGINT:
            raise KeyboardInterrupt  # somebody who asks twice does not want to wait
        control.stop()

    spare_the_collector()
    try:
        with handling(stop, signal.SIGINT, signal.SIGTERM), output:
            ended = session(options, control, report).run()
    except KeyboardInterrupt:
        return INTERRUPTED
    finally:
        connections.close_all()
    if ended.error:
        _complain(f"{ended.error} {last_failure}".rstrip())
    elif sink.broken:
        _complain("Nobody reads the output any more; stopped after the running batch.")
    return FATAL if sink.broken else status_of(ended)


def _run_many(options: IngestOptions) -> int:
    """Run a session for each log, in threads; this one waits for signals."""
    lock, supervisor, fleet = Lock(), Supervisor(), Fleet(options)
    sink = Sink(sys.stdout, on_broken=fleet.stop)

    def report_of(one: IngestOptions) -> Callable[[Event], None]:
        log = str(one.path)
        with lock:
            supervisor.expect(log)
        output = JsonOutput(one, sink) if one.json else PlainOutput(one, sink, label=log)
        last_failure = LastFailure()

        def report(event: Event) -> None:
            with lock:
                last_failure.take(event)
                supervisor.take(event, log=log)
                output(event)
                if isinstance(event, SessionEnded) and event.error:
                    _complain(f"{log}: {event.error} {last_failure}".rstrip())

        return report

    def stay() -> None:
        with lock:
            supervisor.stay()

    def stop(number: int) -> None:
        if fleet.stopping and number == signal.SIGINT:
            os._exit(INTERRUPTED)  # the databases undo the running batches
        fleet.stop()

    spare_the_collector()
    with handling(stop, signal.SIGINT, signal.SIGTERM):
        status = fleet.run(report_of, between_looks=stay, complain=_complain)
    return FATAL if sink.broken else status


def _output(options: IngestOptions, sink: Sink) -> Output:
    if options.json:
        return JsonOutput(options, sink)
    return BarOutput(options, sink) if sink.can_redraw() else PlainOutput(options, sink)


def _complain(message: str) -> None:
    if sys.stderr is not None:  # closed by whoever started this
        sys.stderr.write(f"tui-ingest: {terminal_safe(message)}\n")
