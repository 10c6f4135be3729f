"""A console over a scripted session, and one over a real log and database."""

from contextlib import asynccontextmanager

import pytest

from tests.tui.scripted import ScriptedSession, console, until
from tui_ingest.ingest.control import Control
from tui_ingest.ingest.events import State
from tui_ingest.options import IngestOptions
from tui_ingest.tui.launching import build


class Desk:
    """The console, its session and the keys."""

    def __init__(self, app, session, pilot):
        self.app, self.session, self.pilot = app, session, pilot

    @property
    def screen(self):
        return self.app.screen

    @property
    def log(self):
        return self.app.main.log_pane

    @property
    def control(self):
        return self.app.control

    async def press(self, *keys):
        await self.pilot.press(*keys)
        for _ in range(2):
            await self.pilot.pause(0)

    async def until(self, condition):
        await until(self.pilot, condition)

    async def seen(self):
        """Wait until everything reported so far is on the screen."""
        self.app.look()
        # A change of content may change the layout, and that what is in sight.
        for _ in range(3):
            await self.pilot.pause(0)

    def text(self):
        """The screen as a person reads it, line by line."""
        width, height = self.app.size
        lines = [""] * height
        for y, strip in enumerate(self.screen._compositor.render_strips()):
            lines[y] = strip.text[:width].rstrip()
        return "\n".join(lines)


@pytest.fixture
def desk():
    """Open a console: `async with desk(size=…) as d`."""

    @asynccontextmanager
    async def opened(*, size=(120, 36), paused=False, stop_on_error=False, **target):
        session = ScriptedSession()
        control = Control(paused=paused, stop_on_error=stop_on_error)
        app = console(session, control, **target)
        async with app.run_test(size=size, notifications=True) as pilot:
            desk = Desk(app, session, pilot)
            await desk.until(session.started.is_set)
            await desk.seen()
            yield desk
            control.stop()

    return opened


@pytest.fixture
def working_desk(tmp_path):
    """Open a console on a log of these lines: `async with working_desk(lines) as d`.

    Mark the test with `django_db(transaction=True)`.
    """

    @asynccontextmanager
    async def opened(lines=b"", *, size=(120, 36), **options):
        path = tmp_path / "oplog.log"
        path.write_bytes(lines)
        app = build(IngestOptions(path=path, project="tests", **options))
        async with app.run_test(size=size, notifications=True) as pilot:
            desk = Desk(app, None, pilot)
            desk.path = path
            settled = {State.CAUGHT_UP, State.PAUSED, State.STOPPED_ON_ERROR, State.FINISHED}
            await desk.until(lambda: app.snapshot.state in settled)
            await desk.seen()
            yield desk
            app.control.stop()
            await desk.until(app.session_over.is_set)

    return opened
