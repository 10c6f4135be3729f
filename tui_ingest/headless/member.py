"""The session of one log among many: its thread, and whether it could take the log over."""

from __future__ import annotations

import threading
from collections.abc import Callable

from tui_ingest.ingest.events import Event, Progressed, SessionEnded, State, StateChanged
from tui_ingest.ingest.leases import Owner
from tui_ingest.ingest.session.control import Control
from tui_ingest.oplog.addresses import name_of
from tui_ingest.running.exit_status import APPLIED
from tui_ingest.running.options import IngestOptions
from tui_ingest.running.starting import run_beside_others, session, status_of


class Member:
    """One log, and the thread of its session.

    Attributes:
        log: what the log is called in the database.
        control: orders to its session.
        status: of the process, if this were its only session; known once the thread has ended.

    Args:
        tell: listens to the session, in its thread.
    """

    def __init__(self, options: IngestOptions, tell: Callable[[Event], None]) -> None:
        self.log = name_of(options.path)
        self.control = Control(stop_on_error=options.stop_on_error)
        self.status = APPLIED
        self._options = options
        self._tell = tell
        self._owner: Owner | None = None
        self._state = State.STARTING
        self._can_read = False
        self.thread = threading.Thread(target=self._work, name=f"session {options.path}")

    @property
    def heir(self) -> Owner | None:
        """The session, while it stands by and could begin at once."""
        is_ready = self._state is State.STANDING_BY and self._can_read
        return self._owner if is_ready and self.thread.is_alive() else None

    def _work(self) -> None:
        ended = run_beside_others(self._options.path, self._run, self._tell)
        self.status = status_of(ended)

    def _run(self) -> SessionEnded:
        made = session(self._options, self.control, self._listen)
        self._owner = made.owner
        return made.run()

    def _listen(self, event: Event) -> None:
        match event:
            case StateChanged():
                self._state = event.state
            case Progressed():
                self._can_read = event.backlog.exists and event.backlog.readable
        self._tell(event)
