"""A console over a scripted session, and one over a real log and database."""

from contextlib import asynccontextmanager

import pytest

from tests.tui.scripted import ScriptedSession, console, seen, text_of, until
from tui_ingest.ingest.events import State
from tui_ingest.ingest.session.control import Control
from tui_ingest.ingest.session.idle import WaitingLetters
from tui_ingest.running.options import IngestOptions
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
        return self.session.control

    async def press(self, *keys):
        """Press keys, each when what the one before did is done: it may have opened a screen."""
        for key in keys:
            await self.pilot.press(key)
            await self.pilot.pause(0)

    async def until(self, condition):
        await until(self.pilot, condition)

    async def at(self, screen):
        """Wait until a screen of this class is in front."""
        await self.until(lambda: isinstance(self.screen, screen))

    async def shows(self, *texts, gone=""):
        """Wait until the texts are on the screen, and another is not."""

        def shown():
            now = self.text()
            return all(text in now for text in texts) and not (gone and gone in now)

        await until(self.pilot, shown, lambda: f"not {texts} without {gone!r}:\n{self.text()}")

    async def seen(self):
        """Wait until everything reported so far has reached the widgets."""
        await seen(self.app, self.pilot)

    def text(self):
        return text_of(self.app)


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
def only_by_hand(monkeypatch):
    """Sessions do not look for rows that a test makes in order to retry dead letters itself."""
    monkeypatch.setattr(WaitingLetters, "is_due", False)


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
            await desk.until(lambda: app.view.status.state in settled)
            await desk.seen()
            yield desk
            app.view.stop()
            await desk.until(app.view.session_over.is_set)

    return opened
