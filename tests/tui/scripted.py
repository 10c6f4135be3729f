"""A session that does what a test says, in a thread of its own as the real one does."""

import asyncio
import threading
import time
from functools import partial

from tests.support.lines import line, serialized
from tests.support.patience import DEADLINE_SECONDS
from tui_ingest.ingest.events import (
    BatchApplied,
    Counts,
    ModelVerified,
    OrdersTaken,
    Outcome,
    Progressed,
    RecordSetAside,
    SessionEnded,
    SessionStarted,
    State,
    StateChanged,
)
from tui_ingest.ingest.session.control import StepTo
from tui_ingest.ingest.target import Target
from tui_ingest.ingest.totals import NO_MODEL
from tui_ingest.oplog.log import Backlog, Position
from tui_ingest.oplog.records import Operation, Record, RecordLocation
from tui_ingest.tui.app import ConsoleApp
from tui_ingest.tui.view.log_view import LogAccess, LogView

NOW = 1_700_000_000.0  # where the clock of the console stands
PATH = "/var/log/shop/oplog.log"


def record(
    number, *, operation=Operation.SAVE, model="polls.question", pk=None, fields=None, at=NOW
):
    fields = fields or {"question_text": f"Q{number}"}
    changed = serialized(model, number if pk is None else pk, fields)
    raw = line(operation, changed, at=at).rstrip(b"\n")
    location = RecordLocation("generation", number * 100, 100)
    return Record(at, operation, [changed], raw, location)


class ScriptedSession:
    """Reports what the test says; obeys pause, resume, step and stop by itself."""

    def __init__(self):
        self.control = None
        self.started = threading.Event()
        self.stepped = []
        self.seeks = []
        self.decisions = []
        self._report = None
        self._state = State.RUNNING
        self._orders = (False, False)  # paused, stop on error: as told last

    def __call__(self, control, report):
        self.control, self._report = control, report
        self.begin()
        self.state(State.RUNNING)
        self.started.set()
        while not control.stopping:
            self._obey()
            control.wait(0.5)
        return self.end()

    def begin(self, **facts):
        """Report what the database said; again if it is not for the first time."""
        known = {"totals": {}, "dead_letters": 0, "gaps": 0, "last_record_time": None}
        self.report(
            SessionStarted(
                at=NOW, path=PATH, database="default", position=Position(), **(known | facts)
            )
        )

    def _obey(self):
        if self.control.paused and self._state in {State.RUNNING, State.CAUGHT_UP}:
            self.state(State.PAUSED)
        elif not self.control.paused and self._state is State.PAUSED:
            self.state(State.RUNNING)
        orders = self.control.paused, self.control.stop_on_error
        if orders != self._orders:
            self._orders = paused, stop_on_error = orders
            self.report(OrdersTaken(at=NOW, paused=paused, stop_on_error=stop_on_error))
        while (step := self.control.take_step()) is not None:
            self.stepped.append(step)
            if step is StepTo.RECORD:
                self.apply(record(len(self.stepped)))
        while (seek := self.control.take_seek()) is not None:
            self.seeks.append(seek.start)
        while (decision := self.control.take_decision()) is not None:
            self.decisions.append(decision)

    def end(self, **facts):
        ended = SessionEnded(at=NOW, **{"state": State.STOPPED, **facts})
        self.report(ended)
        return ended

    def report(self, event):
        self._report(event)

    def state(self, state, **facts):
        self._state = state
        self.report(StateChanged(at=NOW, state=state, **facts))

    def verified(self, model, verdict):
        """Say what a DIGEST has said of a model."""
        self._report(ModelVerified(at=time.time(), model=model, verdict=verdict))

    def apply(self, *records, failing=(), reason="bad_value", error="It is wrong.", outcomes=None):
        """Report a batch; the records at the places in `failing` become dead letters."""
        unusual = dict(outcomes or {}) | dict.fromkeys(failing, Outcome.FAILED)
        counts = {}
        for index, entry in enumerate(records):
            label = entry.objects[0]["model"] if isinstance(entry, Record) else NO_MODEL
            if label or index in failing:
                column = unusual.get(index) or (
                    Outcome.DELETED if entry.operation == "DELETE" else Outcome.SAVED
                )
                counts[label] = counts.get(label, Counts()) + Counts(**{column.value: 1})
        self.report(
            BatchApplied(
                at=NOW,
                entries=records,
                unusual=unusual,
                counts=counts,
                position=Position(generation="generation", offset=records[-1].location.end),
                last_record_time=getattr(records[-1], "timestamp", None),
                seconds=0.01,
            )
        )
        for index in failing:
            entry = records[index]
            self.report(
                RecordSetAside(
                    at=NOW,
                    dead_letter=entry.location.start,
                    location=entry.location,
                    operation=getattr(entry, "operation", ""),
                    model=entry.objects[0]["model"] if isinstance(entry, Record) else "",
                    pk=str(entry.objects[0]["pk"]) if isinstance(entry, Record) else "",
                    reason=reason,
                    error=error,
                )
            )

    def progress(self, **backlog):
        position = Position(generation="generation", offset=backlog.pop("offset", 0))
        facts = {"exists": True, **backlog}
        self.report(Progressed(at=NOW, backlog=Backlog(**facts), position=position))


class NoFiles:
    """A log of which nothing is to be seen."""

    def layout(self):
        return ()

    def close(self):
        pass


def console(
    session,
    control,
    *,
    clock=lambda: NOW,
    open_log=NoFiles,
    database="default",
    keymap=None,
    memory=None,
):
    access = LogAccess(
        path=PATH,
        target=Target(database),
        project="shop.settings · default sqlite",
        open_log=open_log,
        read_again=lambda location: None,
    )
    view = LogView(access, control, clock=clock)
    return ConsoleApp(view, partial(session, control), keymap=keymap, memory=memory)


async def until(pilot, condition, complaint=lambda: "It did not become true in time."):
    """Wait for something to become true. The app works meanwhile; if it fails, this does.

    `pilot.pause()` waits for every widget, and draws: once at the end, so that a test may look at
    the rest of the screen, too. Each time that somebody looks, it would be most of what tests do.
    """
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, complaint()
        await asyncio.sleep(0.01)
        if pilot.app._exception is not None:
            await pilot.pause(0)
    if pilot.app.is_running:
        await pilot.pause(0)


async def seen(app, pilot):
    """Wait until everything reported so far has reached the widgets."""
    widgets = (widget for screen in app.screen_stack for widget in screen.query("*"))
    parts = [widget for widget in widgets if hasattr(widget, "throttle")]
    for _ in range(2):  # lines of a flood come with the second look
        await until(pilot, lambda: not any(part.throttle.is_resting for part in parts))
        app.look()
    await pilot.pause(0)


def text_of(app):
    """The screen as a person reads it, line by line."""
    strips = app.screen._compositor.render_strips()
    return "\n".join(strip.text[: app.size.width].rstrip() for strip in strips)
