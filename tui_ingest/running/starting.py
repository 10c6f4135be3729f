"""The session that options ask for, and a process made ready for it."""

from __future__ import annotations

import gc
import logging
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import close_old_connections, connections

from tui_ingest import opening
from tui_ingest.ingest.events import Event, SessionEnded, State
from tui_ingest.ingest.session import Session
from tui_ingest.ingest.session.control import Control
from tui_ingest.oplog.log import Log
from tui_ingest.running.exit_status import APPLIED, FATAL, SET_ASIDE, describe
from tui_ingest.running.options import IngestOptions

logger = logging.getLogger(__name__)

GARBAGE_OBJECTS = 200_000  # more than a batch has


def open_log(options: IngestOptions) -> Log:
    """Return a reader of the log; the caller closes it."""
    return opening.open_log(options.path, poll_seconds=options.poll_seconds)


def session(
    options: IngestOptions,
    control: Control,
    report: Callable[[Event], None],
    *,
    interactive: bool = False,
) -> Session:
    """Return a session that is ready to run.

    Args:
        interactive: somebody is there to decide about errors; otherwise they end the session.
    """
    return Session(
        open_log(options),
        database=options.database,
        control=control,
        report=report,
        start=options.start,
        once=options.once,
        dry_run=options.dry_run,
        interactive=interactive,
    )


def run_beside_others(
    path: object, run: Callable[[], SessionEnded], report: Callable[[Event], None]
) -> SessionEnded:
    """Run one session of several, in a thread of its own; if it crashes, the others go on.

    Args:
        path: of its log.
        report: is told of a crash, as of any end.
    """
    close_old_connections()
    try:
        return run()
    except Exception as error:
        logger.exception("The session of %s crashed; the others go on.", path)
        said = f"The session crashed: {describe(error)}"
        ended = SessionEnded(at=time.time(), state=State.STOPPED, error=said)
        report(ended)
        return ended
    finally:
        connections.close_all()


def spare_the_collector(objects: int = GARBAGE_OBJECTS) -> None:
    """Keep what is there now out of every garbage collection to come.

    Django, the project and the screens stay for good, and a batch is tens of thousands of objects
    without a cycle: going through them over and over took a fifth of the time of a session.

    Args:
        objects: new ones, before the collector looks for cycles among them.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(objects)


@contextmanager
def handling(handle: Callable[[int], None], *signals: signal.Signals) -> Iterator[None]:
    """Have signals call a function in the main thread, wherever that is just then.

    A plain handler and not an event loop's: the loop may be blocked in writing to a terminal that
    nobody reads, and a plain handler runs even then.
    """

    previous = {one: signal.signal(one, lambda number, _: handle(number)) for one in signals}
    try:
        yield
    finally:
        for number, before in previous.items():
            signal.signal(number, before)


def status_of(ended: SessionEnded) -> int:
    """Return the exit status of a process whose session ended so."""
    if ended.error:
        return FATAL
    return SET_ASIDE if ended.state is State.FINISHED and ended.set_aside else APPLIED
