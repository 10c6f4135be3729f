"""One picture of the main screen at each of three sizes. What they say is tested elsewhere."""

import time

import pytest

from tests.tui.scripted import NOW, ScriptedSession, console, record, text_of, until
from tui_ingest.ingest.session.control import Control
from tui_ingest.oplog.records import Operation
from tui_ingest.tui.view.rates import RateHistory, Trend


class FixedRates(RateHistory):
    """Ten seconds of traffic that never change."""

    now = 1240.0

    def __init__(self):
        super().__init__()
        self.bars.extend([300, 700, 1100, 1612, 900, 1300, 1000, 1500, 1250, 1240])
        self.peak = 1612

    def sample(self, now, records):
        pass


class FixedTrend(Trend):
    """Too early to say, however long the test takes."""

    def sample(self, now, remaining):
        pass


@pytest.fixture
def utc(monkeypatch):
    """Times of day on the screen are this machine's."""
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize("size", ["80x24", "120x40", "200x50"])
def test_main_screen(snap_compare, size, utc):
    session = ScriptedSession()
    app = console(session, Control())
    app.view.rates = FixedRates()
    app.view.trend = FixedTrend()

    async def prepare(pilot):
        await until(pilot, session.started.is_set)
        deletion = record(900, model="polls.choice", operation=Operation.DELETE, at=NOW - 192)
        session.apply(*(record(n, at=NOW - 192) for n in range(900)), deletion, failing=(880,))
        session.progress(
            offset=10_231_402,
            generation_size=50_112_000,
            remaining_bytes=38 * 2**20,
            older_generations=2,
        )
        await until(pilot, lambda: "20 %" in text_of(app) and "polls.choice 900" in text_of(app))

    assert snap_compare(app, terminal_size=tuple(map(int, size.split("x"))), run_before=prepare)
    session.control.stop()
