"""A session in a thread, as the console runs it, and a way to wait for what it reports."""

import contextlib
import threading
import time

from django.db import connections

from tests.support.patience import DEADLINE_SECONDS
from tui_ingest.ingest.events import Progressed, SessionEnded, StateChanged
from tui_ingest.ingest.session import Session
from tui_ingest.ingest.session.control import Control
from tui_ingest.oplog.files.reading import FileLog


class Running:
    """A session at work and everything it has reported so far."""

    def __init__(self, path, *, control=None, log=None, **options):
        self.control = control or Control()
        self.events = []
        self.result = None
        self.error = None
        self._log = log or FileLog(str(path))
        self._options = options
        self._news = threading.Condition()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.control.stop()
        self._thread.join(DEADLINE_SECONDS)
        assert not self._thread.is_alive(), "the session does not stop"
        if self.error is not None:
            raise self.error

    def _run(self):
        try:
            session = Session(
                self._log, control=self.control, report=self._receive, **self._options
            )
            self.result = session.run()
        except Exception as error:
            self.error = error
        finally:
            connections.close_all()
            with self._news:
                self._news.notify_all()

    def _receive(self, event):
        with self._news:
            self.events.append(event)
            self._news.notify_all()

    def all(self, kind):
        with self._news:
            return [event for event in self.events if isinstance(event, kind)]

    def wait_for(self, kind, condition=lambda event: True):
        """The first event of that kind, past or to come, that meets the condition."""

        def found():
            return next((e for e in self.events if isinstance(e, kind) and condition(e)), None)

        with self._news:
            self._news.wait_for(
                lambda: found() or not self._thread.is_alive(), timeout=DEADLINE_SECONDS
            )
            event = found()
        told = [event for event in self.events if not isinstance(event, Progressed)]
        assert event is not None, f"no such {kind.__name__} among {told[-5:]} ({self.error!r})"
        return event

    def wait_for_state(self, state):
        return self.wait_for(StateChanged, lambda event: event.state is state)

    def forget(self):
        """Wait only for what is reported from now on."""
        with self._news:
            self.events.clear()


def ingest(path, **options):
    """Apply what is there, in this thread; the result and all events."""
    events = []
    result = Session(FileLog(str(path)), report=events.append, once=True, **options).run()
    assert isinstance(events[-1], SessionEnded)
    return result, events


def eventually(condition, *, what):
    """Poll a condition until it holds; its value."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    pause = threading.Event()
    while time.monotonic() < deadline:
        with contextlib.suppress(ConnectionError):
            if value := condition():
                return value
        pause.wait(0.002)
    raise AssertionError(f"did not happen in {DEADLINE_SECONDS:.0f} s: {what}")
