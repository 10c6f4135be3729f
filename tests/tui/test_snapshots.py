"""Pictures of screens, each at three sizes. What they say is tested elsewhere."""

import time

import pytest

from tests.support.lines import choice, question
from tests.tui.scripted import NOW, ScriptedSession, console, record, seen, text_of, until
from tui_ingest.demo.polls.models import Choice
from tui_ingest.ingest.events import State
from tui_ingest.ingest.session.control import Control
from tui_ingest.oplog.records import Operation
from tui_ingest.running.options import IngestOptions
from tui_ingest.tui.launching import build
from tui_ingest.tui.screens.history import HistoryScreen
from tui_ingest.tui.view.database import in_thread
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

    def sample(self, now, remaining, last_record_time=None):
        pass


@pytest.fixture
def utc(monkeypatch):
    """Times of day on the screen are this machine's."""
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


sizes = pytest.mark.parametrize("size", ["80x24", "120x36", "200x50"])


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
        await seen(app, pilot)

    assert snap_compare(app, terminal_size=tuple(map(int, size.split("x"))), run_before=prepare)
    session.control.stop()


@sizes
@pytest.mark.django_db(transaction=True, reset_sequences=True)
def test_history(snap_compare, size, utc, tmp_path, monkeypatch):
    """A row that changed, failed, was deleted and came back; a file of the log is gone."""
    monkeypatch.chdir(tmp_path)
    at = iter(range(1_698_395_500, 1_698_500_000, 3600))

    def said(**fields):
        return choice(101, of=1, at=next(at), **fields)

    oldest = question(1, at=next(at)) + said(text="tea") + said(text="tea", votes=3)
    (tmp_path / "oplog.log.3").write_bytes(oldest + said(text="green tea, if there is any left"))
    failed = said(text="tea").replace(b'"votes": 0', b'"votes": "many"')
    (tmp_path / "oplog.log.1").write_bytes(failed + said(operation="DELETE"))
    (tmp_path / "oplog.log").write_bytes(said(text="tea") + said(text="tea", votes=9))
    app = build(IngestOptions(path=tmp_path / "oplog.log", project="shop.settings"))

    async def prepare(pilot):
        await until(pilot, lambda: app.view.status.state is State.CAUGHT_UP)
        await in_thread(lambda: Choice.objects.update(votes=77))
        await pilot.press("h")
        await until(pilot, lambda: isinstance(app.screen, HistoryScreen))
        await until(pilot, lambda: app.screen.so_far.is_over)
        await seen(app, pilot)

    assert snap_compare(app, terminal_size=tuple(map(int, size.split("x"))), run_before=prepare)
    app.view.stop()
